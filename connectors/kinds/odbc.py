"""`odbc`: one query of any database with an ODBC driver, followed by change where it tells of it.

Law: reads only (one SELECT, a session set read-only, a login that should only SELECT), opens one
connection for a run and closes it (`connectors.databases`). How changes are told stands in
`connectors.changes`, what a driver needs in `connectors.drivers`.

Over 400 lines: the ways of following changes share columns, keys and pages.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from connectors import changes
from connectors.changes import Following, Rung
from connectors.databases import Database
from connectors.errors import ConnectorError, SourceFailed
from connectors.mapping import Mapping
from connectors.queries import query_fault, sendable, table_fault
from connectors.rules import compile_key, require_columns
from connectors.settings import SecretRef, SettingFault, SourceSettings
from connectors.suggestions import DISCOVERED, may_be_key, tells_change
from connectors.values import as_text, listed
from engine.source import (
    Bookmark,
    CheckReport,
    Columns,
    Complete,
    ContactSource,
    Delete,
    Event,
    Present,
    Record,
    RejectedRecord,
    SourceField,
    Upsert,
)

PROBE = "Ø Ù Ú Û 付款 ß Ł Ж Ω ع 😀 Ústí"
"""Characters that real drivers have lost; `check` sends them to the database and back."""

SWEEP_KEYS = 2_000

MAX_DOUBLED = 1_000
"""Keys of several records up to which a query is followed by change; with more it is read whole."""

_MANY = b"many"

_PASSWORD = re.compile(r"(?:^|;)\s*(?:pwd|password)\s*=", re.IGNORECASE)
_ARRAYS = ("{", "[")
"""How they begin: of PostgreSQL, of JSON."""

_TYPES: dict[type, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "truth value",
    bytes: "bytes",
    bytearray: "bytes",
    dt.datetime: "time",
    dt.date: "date",
}


class OdbcOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "odbc"`.

    Attributes:
        connection: the connection string; as a plain text only without a password in it.
        query: one SELECT.
        password: added to the connection string as PWD.
        changed: the column with the time of a record's last change: later runs read what changed
            since, and it decides between equal matches ("newest").
        overlap_s: changes up to so long before the newest one that was seen are read again: long
            transactions, clocks that differ, the hour that comes twice in autumn; 0 to 604,800.
        version: instead of `changed`: a column with a number that rises with every change of any
            record: `xmin` of a PostgreSQL table, a `rowversion` of SQL Server, an own counter.
        tracked: instead of both: a table of SQL Server with Change Tracking, whose key columns are
            called in the query as they are in the table.
        follow: false reads the whole query every time.
        fetch: rows that the driver asks the server for at a time.
        timeout_s: one statement, or one fetch; 1 to 86,400.
        connect_timeout_s: 1 to 600.
    """

    connection: Annotated[
        SecretRef | str,
        msgspec.Meta(description='{ file = "…" }, { env = "…" }, or a text without a password'),
    ]
    query: Annotated[str, msgspec.Meta(description="one SELECT")]
    password: SecretRef | None = None
    changed: Annotated[str, msgspec.Meta(description="a column of the query")] = ""
    overlap_s: Annotated[int, msgspec.Meta(ge=0, le=604_800)] = 3_900
    version: Annotated[str, msgspec.Meta(description="a column of the query")] = ""
    tracked: Annotated[str, msgspec.Meta(description='a table such as "dbo.Contact"')] = ""
    follow: bool = True
    fetch: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1_000
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    connect_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=600)] = 10

    def __post_init__(self) -> None:
        if isinstance(self.connection, str) and _PASSWORD.search(self.connection):
            raise SettingFault(
                "connection",
                "holds a password: put the text into a file or the environment, or name the"
                " password by password = { … }",
            )
        fault = query_fault(self.query)
        if fault:
            raise SettingFault("query", fault)
        if self.tracked and table_fault(self.tracked):
            raise SettingFault("tracked", table_fault(self.tracked))
        if self.version and self.tracked:
            raise ValueError("version and tracked are two ways to follow changes; name one")


class OdbcSource(ContactSource):
    """One query over one connection."""

    def __init__(self, settings: SourceSettings, driver: Any) -> None:
        """Keep the settings; `driver` is the module pyodbc, or one that does as it does."""
        options = settings.options
        assert isinstance(options, OdbcOptions)
        self._settings = settings
        self._options = msgspec.structs.replace(options, query=sendable(options.query))
        self._database = Database(
            driver,
            connection=options.connection,
            password=options.password,
            fetch=options.fetch,
            timeout_s=options.timeout_s,
            connect_timeout_s=options.connect_timeout_s,
        )

    @override
    def check(self) -> CheckReport:
        """Connect, run the query for one row, send odd characters round, look at the rights."""
        database, query = self._database, self._options.query
        rows = None
        try:
            mapping = Mapping(self._settings)
            with database.session() as connection:
                cursor = database.execute(connection, query)
                columns = database.columns(cursor)
                require_columns(self._wanted(mapping), columns, "the query")
                next(database.rows(cursor), None)
                warnings = list(self._doubts(connection))
                if database.profile.subqueries:
                    self._require_right_times(connection)
                    self._following(connection, columns)
                    rows = int(database.value(connection, changes.count_statement(query)))
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        return CheckReport(warnings=tuple(warnings), estimated_rows=rows)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the query; what they may be is told from a thousand rows."""
        database = self._database
        with database.session() as connection:
            cursor = database.execute(connection, self._options.query)
            names = database.columns(cursor)
            types = [column[1] for column in cursor.description]
            rows = [row for row in islice(database.rows(cursor), DISCOVERED) if row]
        return tuple(
            SourceField(
                name,
                type=_TYPES.get(types[place], getattr(types[place], "__name__", "").lower()),
                key=may_be_key([row[place] for row in rows]),
                changed=types[place] in {dt.datetime, dt.date, bytes, bytearray}
                or tells_change(name),
            )
            for place, name in enumerate(names)
        )

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first rows with all their columns."""
        database = self._database
        with database.session() as connection:
            cursor = database.execute(connection, self._options.query)
            columns = database.columns(cursor)
            require_columns(Mapping(self._settings).columns, columns, "the query")
            pick = _picker(columns, columns)
            return list(islice(self._records(database.rows(cursor), columns, pick), rows))

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the query, or what changed in it; its records hold the mapped columns only.

        Raises:
            SourceFailed: no connection, wrong password, a query that fails, a lost column, a
                connection that breaks; one line without secrets.
            DriverMissing: naming the Debian package.
            SecretUnavailable: the connection string or password cannot be read.
        """
        database, query = self._database, self._options.query
        mapping = Mapping(self._settings)
        with database.session() as connection:
            if not database.profile.subqueries:
                cursor = database.execute(connection, query)
                columns = database.columns(cursor)
                require_columns(self._wanted(mapping), columns, "the query")
                yield Columns(tuple(columns))
                rows = database.rows(cursor)
                yield from self._records(rows, mapping.columns, _picker(columns, mapping.columns))
                yield Complete(full=True)
                return
            columns = database.columns(database.execute(connection, changes.shape_statement(query)))
            require_columns(self._wanted(mapping), columns, "the query")
            yield Columns(tuple(columns))
            self._require_right_times(connection)
            following = self._following(connection, columns)
            if following is None:
                yield from self._whole(connection, mapping)
                yield Complete(full=True)
            else:
                place = columns.index(self._options.changed) if following.rung == "time" else 0
                yield from self._follow(connection, mapping, following, bookmark, place)

    @override
    def cancel(self) -> None:
        """Ask the driver to stop the statement that runs (SQLCancel), if there is one."""
        self._database.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: a query does not tell how many rows will come."""
        return None

    def _wanted(self, mapping: Mapping) -> Sequence[str]:
        """Return every column that the configuration names."""
        version = self._options.version
        return [*mapping.columns, *([version] if version else [])]

    def _whole(self, connection: Any, mapping: Mapping) -> Iterator[Event]:
        """Read every record: as a stream, or in pages where the driver would hold them all."""
        database, query = self._database, self._options.query
        columns, keys = mapping.columns, self._settings.key
        pick = _picker(columns, columns)
        if not database.profile.pages:
            cursor = database.execute(connection, query)
            offered = database.columns(cursor)
            require_columns(columns, offered, "the query")
            yield from self._records(database.rows(cursor), columns, _picker(offered, columns))
            return
        names, places = self._quoted(columns), [columns.index(key) for key in keys]
        key_names = self._quoted(keys)
        lost = changes.keyless_statement(query, names, key_names)
        cursor = database.execute(connection, lost)
        texts = self._quoted([key for key in keys if _is_text(cursor, columns.index(key))])
        yield from self._records(database.rows(cursor), columns, pick)
        labels = texts if texts and self._has_labels(connection, texts) else []
        size = max(self._options.fetch, 2)  # a page begins with a record that was had
        first_page = changes.page_statement(query, names, key_names, size, labels=labels)
        cursor = database.execute(connection, first_page)
        had: Counter[tuple[Any, ...] | None] = Counter()
        while True:
            page = [row if row is None else tuple(row) for row in database.rows(cursor)]
            left, new = Counter(had), []
            for row in page:
                if left[row]:
                    left[row] -= 1
                else:
                    new.append(row)
            yield from self._records(iter(new), columns, pick)
            if len(page) < size:
                return
            if not any(new):
                raise SourceFailed(
                    f"{database.profile.name}: more than {size:,} rows have the same key, or it"
                    " cannot be read: key has to name a record"
                )
            unread = 0  # at the page's end: they come again
            while page[-1] is None:
                page.pop()
                unread += 1
            had = Counter(row for row in page if row is not None)
            had[None] = unread
            marks, values = database.bound([page[-1][place] for place in places])
            statement = changes.page_statement(query, names, key_names, size, marks, labels=labels)
            cursor = database.execute(connection, statement, *values)

    def _require_right_times(self, connection: Any) -> None:
        """Make sure that no key is a time of day of which the driver gives a part only."""
        database, query = self._database, self._options.query
        if database.profile.name != "MariaDB":
            return
        shape = database.execute(connection, changes.shape_statement(query))
        columns = database.columns(shape)
        types = dict(zip(columns, (column[1] for column in shape.description), strict=True))
        times = [key for key in self._settings.key if types[key] is dt.time]
        if not times:
            return
        lost = changes.lost_times_statement(query, self._quoted(times))
        if database.value(connection, lost) is not None:
            raise SourceFailed(
                f"key: {' and '.join(map(repr, times))}: of a TIME, the driver of MariaDB gives no"
                f" fraction, sign or hour from 24 on: write CAST({times[0]} AS CHAR) AS {times[0]}"
                " in the query"
            )

    def _has_labels(self, connection: Any, keys: Sequence[str]) -> bool:
        """Tell whether one of these quoted columns of texts holds labels instead."""
        database = self._database
        try:
            labels = database.value(connection, changes.labels_statement(self._options.query, keys))
        except SourceFailed:  # of a type that is no number either (UUID, INET6)
            return False
        return labels is not None

    def _follow(
        self,
        connection: Any,
        mapping: Mapping,
        following: Following,
        bookmark: Bookmark,
        place: int,
    ) -> Iterator[Event]:
        """Read what changed since the bookmark, or all of it.

        Args:
            connection: the open one.
            mapping: of the source.
            following: how.
            bookmark: of the last run.
            place: which column of the query has the time of change.
        """
        database = self._database
        latest: list[object] = []
        if following.rung == "time":
            now = dt.datetime.now()  # noqa: DTZ005 - columns without a zone are in somebody's local time
            latest.append(changes.latest_right(now, self._column_type(connection, place)))
        marks, values = database.bound(latest)
        statement = following.mark_statement(*marks)
        value = database.value(connection, statement, *values)
        doubled, digest = self._doubled(connection, following, mapping.columns)
        mark = following.mark(value, digest)
        since = None if doubled is None else following.since(bookmark, mark)
        if following.rung == "tracking" and since is not None:
            oldest = database.value(
                connection, changes.tracking_validity_statement(), following.table
            )
            if oldest is None:
                raise SourceFailed(f"{following.table}: Change Tracking is not switched on")
            since = since if since >= oldest else None
        if since is None or doubled is None:
            yield from self._whole(connection, mapping)
            yield Complete(full=True, bookmark=mark)
            return
        columns = mapping.columns
        marks, values = database.bound([since])
        statement = following.changed_statement(self._quoted(columns), *marks)
        rows = database.rows(database.execute(connection, statement, *values))
        if following.rung == "tracking":
            yield from self._tracked(rows, columns)
            yield Complete(full=False, bookmark=mark)
            return
        for record in self._records(rows, columns, _picker(columns, columns)):
            if isinstance(record, Upsert) and record.key in doubled:
                # In a full read the first one stays; which that is cannot be told from changes.
                yield RejectedRecord(record.key, "duplicate key", key=record.key)
            else:
                yield record
        yield from self._sweep(connection, following)
        yield Complete(full=True, bookmark=mark)

    def _tracked(self, rows: Iterator[Any], columns: Sequence[str]) -> Iterator[Event]:
        """Read the rows of Change Tracking: whether it is there, its key, its columns."""
        keys = self._settings.key
        key_of = compile_key(keys)
        pick = _picker(columns, columns)
        behind = 1 + len(keys)
        for row in rows:
            if row is not None and not row[0]:
                yield Delete(key_of(_record(keys, row[1:behind])))
            else:
                cut = None if row is None else row[behind:]
                yield from self._records(iter([cut]), columns, pick)

    def _doubled(
        self, connection: Any, following: Following, columns: Sequence[str]
    ) -> tuple[frozenset[str] | None, bytes]:
        """Return the keys that several records have, and a digest of those records.

        Of them a full read takes the first. Which one that is changes when any of them does, and
        when one goes nothing tells of the others: then the whole query is read.

        Returns:
            None for the keys where there are more than `MAX_DOUBLED`.
        """
        if following.rung == "tracking":  # it goes by the table's primary key
            return frozenset(), b""
        database = self._database
        rows = database.rows(database.execute(connection, following.doubled_statement()))
        equal = list(islice(rows, MAX_DOUBLED + 1))
        if not equal or len(equal) > MAX_DOUBLED:
            return (None, _MANY) if equal else (frozenset(), b"")
        nulls = any(row and None in row and any(part is not None for part in row) for row in equal)
        statement = following.equals_statement(self._quoted(columns), nulls=nulls)
        rows = database.rows(database.execute(connection, statement))
        met: Counter[str] = Counter()
        sums: Counter[str] = Counter()  # of the records' digests: they come in any order
        for record in self._records(rows, columns, _picker(columns, columns)):
            if isinstance(record, Upsert):
                met[record.key] += 1
                sums[record.key] += _number_of(record.record)
        doubled = frozenset(key for key, count in met.items() if count > 1)
        if not doubled:
            return doubled, b""
        told = repr([(key, sums[key]) for key in sorted(doubled)])
        return doubled, blake2b(told.encode("utf-8", "replace"), digest_size=16).digest()

    def _sweep(self, connection: Any, following: Following) -> Iterator[Event]:
        """Name the keys of all records, so that what is gone can be told."""
        database, keys = self._database, self._settings.key
        key_of = compile_key(keys)
        cursor = database.execute(connection, following.sweep_statement())
        for page in database.pages(cursor, SWEEP_KEYS):
            if len(keys) == 1:  # the whole table passes here
                yield Present(tuple([_text(value).strip() for (value,) in page]))
            else:
                yield Present(tuple([key_of(_record(keys, row)) for row in page]))
        yield Present(())  # of an empty table

    def _following(self, connection: Any, columns: Sequence[str]) -> Following | None:
        """Return how the query is followed by change; None: it is read as a whole."""
        options, database = self._options, self._database
        if not (options.follow and (options.tracked or options.version or options.changed)):
            return None
        rung: Rung = "time"
        column = options.version or options.changed
        if options.tracked:
            if database.profile.name != "SQL Server":
                raise SourceFailed("tracked: only SQL Server has Change Tracking")
            rung, column = "tracking", ""
        elif options.version:
            rung = self._version_rung(connection, columns)
        return Following(
            rung=rung,
            query=options.query,
            column=changes.quoted(column, database.quote) if column else "",
            keys=tuple(self._quoted(self._settings.key)),
            overlap=dt.timedelta(seconds=options.overlap_s),
            table=options.tracked,
            compared=() if options.tracked else self._compared(connection, columns),
        )

    def _compared(self, connection: Any, columns: Sequence[str]) -> tuple[str, ...]:
        """Return by what records are told to share a key; (): by the keys as they stand.

        A database tells texts apart by blanks at their edge, which no key has, and in a composite
        key NULL from "", which are the same there. MariaDB takes 35 times as long to compare
        without them: it is asked first whether there are any.
        """
        database, keys, query = self._database, self._settings.key, self._options.query
        name = database.profile.name
        if name not in {"PostgreSQL", "SQLite", "MariaDB"}:
            return ()
        types = [self._column_type(connection, columns.index(key)) for key in keys]
        quoted = self._quoted(keys)
        texts = [own for own, kind in zip(quoted, types, strict=True) if kind is str]
        if not texts:
            return ()
        trims, fills = True, len(keys) > 1
        if name == "MariaDB":
            blanks = changes.blanks_statement(query, texts)
            trims = database.value(connection, blanks) is not None
            if fills:
                nulls = changes.nulls_statement(query, texts)
                fills = database.value(connection, nulls) is not None
        if not (trims or fills):
            return ()
        compared = []
        for own in quoted:
            is_text = own in texts
            told = changes.trimmed(own, name) if trims and is_text else f"{changes.ALIAS}.{own}"
            compared.append(f"COALESCE({told}, '')" if fills and is_text else told)
        return tuple(compared)

    def _version_rung(self, connection: Any, columns: Sequence[str]) -> Rung:
        options, database = self._options, self._database
        if database.profile.name == "PostgreSQL":
            column = changes.quoted(options.version, database.quote)
            statement = changes.type_statement(options.query, column)
            if database.value(connection, statement) == "xid":
                return "xmin"
        kind = self._column_type(connection, columns.index(options.version))
        if kind in {bytes, bytearray}:
            if database.profile.name != "SQL Server":
                raise SourceFailed(f"version = {options.version!r} holds bytes, no rising number")
            return "rowversion"
        if kind not in {int, float} and getattr(kind, "__name__", "") != "Decimal":
            raise SourceFailed(f"version = {options.version!r} is no column of numbers")
        return "number"

    def _column_type(self, connection: Any, place: int) -> Any:
        shape = changes.shape_statement(self._options.query)
        return self._database.execute(connection, shape).description[place][1]

    def _quoted(self, columns: Sequence[str]) -> list[str]:
        return [changes.quoted(column, self._database.quote) for column in columns]

    def _records(
        self,
        rows: Iterator[Any],
        columns: Sequence[str],
        pick: Callable[[Any], Sequence[Any]],
    ) -> Iterator[Upsert | RejectedRecord]:
        key_of = compile_key(self._settings.key)
        several = self._several.intersection(columns)
        for number, row in enumerate(rows, 1):
            if row is None:
                yield RejectedRecord(f"row {number}", "the driver gave a value that cannot be read")
                continue
            record = _record(columns, pick(row))
            key = key_of(record)
            for column in several:
                if record[column][:1] in _ARRAYS:
                    record[column] = listed(record[column])
            yield Upsert(key, record, "")

    @cached_property
    def _several(self) -> frozenset[str]:
        """The columns of numbers and addresses, which may be arrays."""
        return Mapping(self._settings).several

    def _doubts(self, connection: Any) -> Iterator[str]:
        """Yield what is no fault, but should be mended."""
        database = self._database
        if database.profile.subqueries:
            doubt = database.changes_characters(connection, PROBE)
            if doubt:
                yield doubt
        writes = database.can_write(connection)
        if writes is None:
            yield "whether the login can write could not be found out"
        elif writes:
            yield "the login can write to tables: give it the right to SELECT, and no other"


def _record(columns: Sequence[str], values: Sequence[Any]) -> Record:
    return {
        column: value if type(value) is str else "" if value is None else as_text(value)
        for column, value in zip(columns, values, strict=True)
    }


def _number_of(record: Record) -> int:
    """Return a digest of a record as a number."""
    told = repr(record).encode("utf-8", "replace")
    return int.from_bytes(blake2b(told, digest_size=16).digest())


def _is_text(cursor: Any, place: int) -> bool:
    return cursor.description[place][1] is str


def _text(value: object) -> str:
    return value if type(value) is str else as_text(value)


def _picker(offered: Sequence[str], wanted: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """Return what takes the values of the wanted columns out of a row, in their order."""
    if list(offered) == list(wanted):
        return lambda row: row
    places = [list(offered).index(column) for column in wanted]
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places)
