"""How a database is followed by change: the SQL of each rung, and the mark that is kept.

Law: pure, text and values only. No rung is trusted with deletions but Change Tracking: the others
are followed by a key sweep. Marks are taken before the first record is read, so that a record is
read twice rather than never.

The rungs, best first: Change Tracking (SQL Server), row version (SQL Server), xmin (PostgreSQL), a
rising number, the time of the last change with an overlap. Without any the whole query is read and
compared record by record.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Literal

import msgspec

from connectors.values import OutsideCalendar
from engine.source import Bookmark

Rung = Literal["tracking", "rowversion", "xmin", "number", "time"]

ALIAS = "rufname_q"

DAY_OVERLAP = dt.timedelta(days=2)
"""Of a column that holds days only: what changed later on its last day is read again."""

FUTURE = dt.timedelta(days=1)
"""A time of change so far ahead is a mistake of the source: it must not hide all later changes."""

XID_BITS = 32

BLANKS = " \t\n\r"

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?")

Value = dt.datetime | dt.date | int | bytes | str


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """What a bookmark holds.

    Attributes:
        rung: how it was made.
        query: a digest of the query and the column: another one is read in full.
        kind: the type of the value.
        text: the value.
        doubled: a digest of the records whose keys are not theirs alone, b"" for none.
    """

    rung: Rung
    query: bytes
    kind: Literal["time", "date", "number", "bytes", "text"]
    text: str
    doubled: bytes = b""

    @property
    def value(self) -> Value:
        """The value as the driver takes it for a parameter.

        Raises:
            ValueError: the text is none of its kind.
        """
        return _READERS[self.kind](self.text)


_READERS: dict[str, Callable[[str], Value]] = {
    "time": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "number": int,
    "bytes": bytes.fromhex,
    "text": str,
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Mark).decode


class Following(msgspec.Struct, frozen=True):
    """How one query is followed.

    Attributes:
        rung: by what.
        query: the query, without a ";" at its end.
        column: the quoted column that tells of changes; "" for Change Tracking.
        keys: the quoted key columns.
        overlap: how far behind a mark of time changes are read again.
        table: the tracked table (Change Tracking).
        compared: of each key the expression by which records are told to share it; (): the keys.
    """

    rung: Rung
    query: str
    column: str
    keys: tuple[str, ...]
    overlap: dt.timedelta = dt.timedelta(0)
    table: str = ""
    compared: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """What of the configuration a bookmark belongs to."""
        text = "\0".join((self.query, self.column, self.table, *self.keys))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def mark_statement(self, latest: str = "?") -> str:
        """Return the statement whose one value is the mark of a read that begins now.

        Args:
            latest: what stands for the latest time that can be right, where times are marks.
        """
        if self.rung == "tracking":
            return "SELECT CHANGE_TRACKING_CURRENT_VERSION()"
        if self.rung == "rowversion":
            return "SELECT MIN_ACTIVE_ROWVERSION()"
        if self.rung == "xmin":
            return "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
        newest = f"SELECT max({ALIAS}.{self.column}) FROM {wrapped(self.query)}"
        return (
            newest if self.rung == "number" else f"{newest} WHERE {ALIAS}.{self.column} <= {latest}"
        )

    def mark(self, value: object, doubled: bytes = b"") -> Bookmark:
        """Return the bookmark for the value of `mark_statement`; b"" where there is none yet.

        Args:
            value: what the database gave.
            doubled: of `Mark`.
        """
        if value is None or isinstance(value, OutsideCalendar):
            return b""
        kind: Literal["time", "date", "number", "bytes", "text"] = "text"
        text = str(value)
        if isinstance(value, dt.datetime):
            kind, text = "time", value.isoformat()
        elif isinstance(value, dt.date):
            kind, text = "date", value.isoformat()
        elif isinstance(value, bytes | bytearray):
            kind, text = "bytes", value.hex()
        elif self.rung in {"xmin", "number", "tracking"}:
            kind, text = "number", str(int(Decimal(text)))
        return _encode(Mark(self.rung, self.digest, kind, text, doubled))

    def since(self, bookmark: Bookmark, now: Bookmark) -> Value | None:
        """Return from where changes are to be read; None: everything has to be.

        Args:
            bookmark: of the last run.
            now: the mark of this run; one that lies behind it says that the database was put back,
                and one with other doubled records that another one may be the first of its key.
        """
        old, new = self._read(bookmark), self._read(now)
        if old is None or new is None or (old.kind, old.doubled) != (new.kind, new.doubled):
            return None
        before, after = old.value, new.value
        if type(before) is not type(after) or before > after:  # type: ignore[operator]  # of one type
            return None
        if self.rung == "xmin":
            assert isinstance(before, int)
            assert isinstance(after, int)
            # Rows keep 32 bits of it: once the counter ran over, numbers say nothing.
            over = before >> XID_BITS != after >> XID_BITS
            return None if over else before & (1 << XID_BITS) - 1
        if self.rung == "time":
            return earlier(before, self.overlap)
        return before

    def changed_statement(self, columns: Sequence[str], since: str = "?") -> str:
        """Return the statement for what changed.

        Args:
            columns: the quoted columns to read. Change Tracking puts before them whether the record
                is there (1) or gone (0), and its keys.
            since: what stands for the value that `since` returned.
        """
        if self.rung == "tracking":
            joined = " AND ".join(f"{ALIAS}.{key} = ct.{key}" for key in self.keys)
            listed = [*(f"ct.{key}" for key in self.keys), *(f"{ALIAS}.{c}" for c in columns)]
            there = f"CASE WHEN {ALIAS}.{self.keys[0]} IS NULL THEN 0 ELSE 1 END"
            return (
                f"SELECT {there}, {', '.join(listed)}"
                f" FROM CHANGETABLE(CHANGES {self.table}, {since}) AS ct"
                f" LEFT JOIN {wrapped(self.query)} ON {joined}"
            )
        column = f"{ALIAS}.{self.column}"
        compared = f"{column}::text::bigint" if self.rung == "xmin" else column
        listed = [f"{ALIAS}.{name}" for name in columns]
        # A record without a time of change is read every time: nobody knows when it changed.
        return (
            f"SELECT {', '.join(listed)} FROM {wrapped(self.query)}"
            f" WHERE {compared} >= {since} OR {column} IS NULL"
        )

    def sweep_statement(self) -> str:
        """Return the statement for the keys of all records there are."""
        listed = ", ".join(f"{ALIAS}.{key}" for key in self.keys)
        return f"SELECT {listed} FROM {wrapped(self.query)}"

    def doubled_statement(self) -> str:
        """Return the statement for the keys that more than one record has."""
        listed = ", ".join(f"{own} AS {key}" for own, key in zip(self._own, self.keys, strict=True))
        grouped = ", ".join(self._own)
        return f"SELECT {listed} FROM {wrapped(self.query)} GROUP BY {grouped} HAVING count(*) > 1"

    def equals_statement(self, columns: Sequence[str], *, nulls: bool = False) -> str:
        """Return the statement for all records of the keys that `doubled_statement` is about.

        A database may hold keys for equal that are not the same text (upper and lower case).

        Args:
            columns: the quoted columns to read.
            nulls: some of those keys have a part that is NULL, which is grouped but equals nothing.
                Costs a comparison of each record with each of them.
        """
        listed = ", ".join(f"{ALIAS}.{column}" for column in columns)
        same = "({0} = d.{1} OR ({0} IS NULL AND d.{1} IS NULL))" if nulls else "{0} = d.{1}"
        pairs = zip(self._own, self.keys, strict=True)
        joined = " AND ".join(same.format(own, key) for own, key in pairs)
        return (
            f"SELECT {listed} FROM {wrapped(self.query)} JOIN ({self.doubled_statement()}) d"
            f" ON {joined}"
        )

    @property
    def _own(self) -> tuple[str, ...]:
        """What of a record its keys are compared by."""
        return self.compared or tuple(f"{ALIAS}.{key}" for key in self.keys)

    def _read(self, bookmark: Bookmark) -> Mark | None:
        try:
            mark = _decode(bookmark)
            _ = mark.value
        except (msgspec.DecodeError, ValueError):
            return None
        return mark if (mark.rung, mark.query) == (self.rung, self.digest) else None


def trimmed(column: str, database: str) -> str:
    """Return what a database calls a text without blanks at its edge; the column is quoted."""
    own = f"{ALIAS}.{column}"
    # A backslash may mean something to the driver.
    if database == "PostgreSQL":
        return f"btrim({own}::text, ' ' || chr(9) || chr(10) || chr(13))"
    if database == "SQLite":
        return f"trim({own}, ' ' || char(9) || char(10) || char(13))"
    return f"REGEXP_REPLACE({own}, '^[[:space:]]+|[[:space:]]+$', '')"


def blanks_statement(query: str, keys: Sequence[str]) -> str:
    """Return the statement with a row where a key of texts has a blank at its edge (MariaDB)."""
    edges = [f"'{blank}%'" for blank in BLANKS] + [f"'%{blank}'" for blank in BLANKS]
    told = " OR ".join(f"{ALIAS}.{key} LIKE {edge}" for key in keys for edge in edges)
    return f"SELECT 1 FROM {wrapped(query)} WHERE {told} LIMIT 1"


def nulls_statement(query: str, keys: Sequence[str]) -> str:
    """Return the statement with a row where one of these keys is NULL."""
    told = " OR ".join(f"{ALIAS}.{key} IS NULL" for key in keys)
    return f"SELECT 1 FROM {wrapped(query)} WHERE {told} LIMIT 1"


def tracking_validity_statement() -> str:
    """Return the statement for the oldest mark that Change Tracking still honours, of one table.

    Its parameter is the table's name; NULL says that the table is not tracked.
    """
    return "SELECT CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(?))"


def type_statement(query: str, column: str) -> str:
    """Return the statement for the type of a quoted column, though there be no row (PostgreSQL)."""
    return (
        f"SELECT pg_typeof({ALIAS}.{column})::text"
        f" FROM (SELECT 1) one LEFT JOIN {wrapped(query)} ON false"
    )


def wrapped(query: str) -> str:
    """Return a query as a table in parentheses; its last line may be a comment."""
    return f"({query.strip().removesuffix(';')}\n) {ALIAS}"


def shape_statement(query: str) -> str:
    """Return the statement for the columns of a query, without a row."""
    return f"SELECT * FROM {wrapped(query)} WHERE 1 = 0"


def count_statement(query: str) -> str:
    """Return the statement for the number of records."""
    return f"SELECT count(*) FROM {wrapped(query)}"


def page_statement(
    query: str,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: int,
    first: Sequence[str] = (),
    *,
    labels: Sequence[str] = (),
) -> str:
    """Return the statement for one page by key, of records whose key has no NULL part.

    Keys that the database holds for equal (upper and lower case) could stand on both sides of a
    page's end: whoever reads leaves out what it has had.

    Args:
        query: the query.
        columns: the quoted columns to read.
        keys: the quoted key columns.
        rows: how many records a page has.
        first: what stands for the key that the page begins with, itself too; () = the first page.
        labels: those of the keys that may hold labels (`labels_statement`): ordered as texts.
    """
    listed = ", ".join(f"{ALIAS}.{name}" for name in columns)
    names = [f"{ALIAS}.{key}" for key in keys]
    order = ", ".join(
        f"CONCAT({name})" if key in labels else name for key, name in zip(keys, names, strict=True)
    )
    # Of two rows, the one with a NULL behind a greater part counts as the greater one.
    conditions = [f"{name} IS NOT NULL" for name in names if not first or len(names) > 1]
    if first:
        conditions.append(f"({order}) >= ({', '.join(first)})")
    return (
        f"SELECT {listed} FROM {wrapped(query)} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {order} LIMIT {rows}"
    )


def labels_statement(query: str, keys: Sequence[str]) -> str:
    """Return the statement with a row where a key is a label of MariaDB (ENUM, SET), not its text.

    Labels are put in order by their numbers and compared as texts: pages would pass over records.
    As a number, a text is what it begins with, and a label is its place in the column's list.
    """
    names = [f"{ALIAS}.{key}" for key in keys]
    differs = " OR ".join(f"{name} + 0 <> CONCAT({name}) + 0" for name in names)
    return f"SELECT 1 FROM {wrapped(query)} WHERE {differs} LIMIT 1"


def lost_times_statement(query: str, keys: Sequence[str]) -> str:
    """Return the statement with a row where a key is a TIME that MariaDB's driver does not give.

    It drops fractions of a second and the sign, and gives nothing at all from 24 hours on.
    """
    names = [f"{ALIAS}.{key}" for key in keys]
    lost = " OR ".join(
        f"MICROSECOND({name}) <> 0 OR {name} NOT BETWEEN TIME'00:00:00' AND TIME'23:59:59'"
        for name in names
    )
    return f"SELECT 1 FROM {wrapped(query)} WHERE {lost} LIMIT 1"


def keyless_statement(query: str, columns: Sequence[str], keys: Sequence[str]) -> str:
    """Return the statement for the records that pages by key do not meet: a part is NULL."""
    listed = ", ".join(f"{ALIAS}.{name}" for name in columns)
    # Of a column that is NOT NULL, MariaDB's IS NULL means zeros, too: those stand on a page.
    lost = " OR ".join(f"{ALIAS}.{key} <=> NULL" for key in keys)
    return f"SELECT {listed} FROM {wrapped(query)} WHERE {lost}"


def quoted(name: str, quote: str) -> str:
    """Return an identifier as the database quotes it (SQL_IDENTIFIER_QUOTE_CHAR; " " = never)."""
    mark = quote.strip()
    return f"{mark}{name.replace(mark, mark * 2)}{mark}" if mark else name


def latest_right(now: dt.datetime, column_type: object) -> Value:
    """Return the latest time of change that can be right, as its column holds times."""
    latest = now + FUTURE
    if column_type is dt.date:
        return latest.date()
    return latest if column_type is dt.datetime else latest.isoformat(" ", "seconds")


def earlier(value: Value, overlap: dt.timedelta) -> Value | None:
    """Return a time of change less the overlap, in its own form; None: it is no time."""
    if isinstance(value, dt.datetime):
        return value - overlap
    if isinstance(value, dt.date):
        return value - max(overlap, DAY_OVERLAP)
    if not isinstance(value, str) or not _ISO.fullmatch(value.strip()):
        return None
    text = value.strip()
    moment = dt.datetime.fromisoformat(text.replace(" ", "T"))
    if len(text) == len("2026-11-26"):
        return (moment - max(overlap, DAY_OVERLAP)).date().isoformat()
    # Texts are compared as such: the same separator, and no zone or fraction behind the seconds.
    return (moment - overlap).replace(tzinfo=None).isoformat(text[10], "seconds")
