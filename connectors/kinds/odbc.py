"""`odbc`: one query of any database with an ODBC driver, streamed row by row.

Law: reads only (one SELECT, a session set read-only, a login that should only SELECT), opens one
connection for a run and closes it. The driver module comes in from `connectors.registry`; nothing
here imports it. What a driver needs beyond the standard stands in `connectors.drivers`.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from connectors.drivers import (
    UNKNOWN,
    Attributes,
    DriverProfile,
    format_connection,
    parse_connection,
    profile_of,
    redacted,
    secrets_in,
)
from connectors.errors import ConnectorError, DriverMissing, SourceFailed
from connectors.mapping import Mapping
from connectors.queries import query_fault
from connectors.rules import compile_key, require_columns
from connectors.settings import SecretRef, SourceSettings
from connectors.values import as_text
from engine.source import (
    Bookmark,
    CheckReport,
    Columns,
    Complete,
    ContactSource,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)

PROBE = "Ø Ù Ú Û 付款 ß Ł Ж Ω ع 😀 Ústí"
"""Characters that real drivers have lost; `check` sends them to the database and back."""

_PASSWORD = re.compile(r"(?:^|;)\s*(?:pwd|password)\s*=", re.IGNORECASE)
_NO_DRIVER = re.compile(r"Can't open lib '([^']*)'|IM002|IM003")


class OdbcOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "odbc"`.

    Attributes:
        connection: the connection string; as a plain text only without a password in it.
        query: one SELECT.
        password: added to the connection string as PWD.
        changed: the column with the time of a record's last change; it decides between equal
            matches ("newest"). Every run reads the whole query and writes what differs.
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
    fetch: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1_000
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    connect_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=600)] = 10

    def __post_init__(self) -> None:
        if isinstance(self.connection, str) and _PASSWORD.search(self.connection):
            raise ValueError(
                "connection holds a password: put the text into a file or the environment and write"
                ' connection = { file = "…" } or { env = "…" }, or name it by password = { … }'
            )
        fault = query_fault(self.query)
        if fault:
            raise ValueError(f"query: {fault}")


class OdbcSource(ContactSource):
    """One query over one connection."""

    def __init__(self, settings: SourceSettings, driver: Any) -> None:
        """Keep the settings; `driver` is the module pyodbc, or one that does as it does."""
        assert isinstance(settings.options, OdbcOptions)
        self._settings = settings
        self._options = settings.options
        self._driver = driver
        self._secrets: tuple[str, ...] = ()
        self._profile = UNKNOWN
        self._lock = threading.Lock()
        self._cursor: Any = None

    @override
    def check(self) -> CheckReport:
        """Connect, run the query for one row, send odd characters round, look at the rights."""
        warnings: list[str] = []
        try:
            mapping = Mapping(self._settings)
            with self._session() as connection:
                cursor = self._execute(connection, self._options.query)
                require_columns(mapping.columns, self._columns(cursor), "the query")
                cursor.fetchone()
                cursor.close()
                warnings += self._doubts(connection)
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        if self._options.changed:
            warnings.append(
                f"changed = {self._options.changed!r} tells which record is newest; every run still"
                " reads the whole query"
            )
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the query."""
        with self._session() as connection:
            cursor = self._execute(connection, self._options.query)
            return tuple(map(SourceField, self._columns(cursor)))

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first rows with all their columns."""
        with self._session() as connection:
            cursor = self._execute(connection, self._options.query)
            columns = self._columns(cursor)
            require_columns(Mapping(self._settings).columns, columns, "the query")
            found = self._records(cursor, columns)
            return [event for _, event in zip(range(rows), found, strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the whole query; its records hold the mapped columns only.

        Raises:
            SourceFailed: no connection, wrong password, a query that fails, a lost column, a
                connection that breaks; one line without secrets.
            DriverMissing: naming the Debian package.
            SecretUnavailable: the connection string or password cannot be read.
        """
        mapping = Mapping(self._settings)
        with self._session() as connection:
            cursor = self._execute(connection, self._options.query)
            columns = self._columns(cursor)
            require_columns(mapping.columns, columns, "the query")
            yield Columns(tuple(columns))
            yield from self._records(cursor, mapping.columns)
        yield Complete(full=True)

    @override
    def cancel(self) -> None:
        """Ask the driver to stop the statement that runs (SQLCancel), if there is one."""
        with self._lock:
            if self._cursor is not None:
                with contextlib.suppress(self._driver.Error):
                    self._cursor.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: a query does not tell how many rows will come."""
        return None

    def _records(self, cursor: Any, columns: Sequence[str]) -> Iterator[Upsert | RejectedRecord]:
        offered = self._columns(cursor)
        places = [offered.index(column) for column in columns]
        pick: Callable[[Any], tuple[Any, ...]] = (
            itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        )
        key_of = compile_key(self._settings.key)
        number = 0
        while True:
            number += 1
            try:
                row = cursor.fetchone()  # pyodbc has no block fetch: many at once saves nothing
            except self._driver.Error as error:
                raise self._failure(error, f"after {number - 1:,} rows") from None
            except ValueError:  # one value: text in a wrong encoding, a date outside the calendar
                yield RejectedRecord(f"row {number}", "the driver gave a value that cannot be read")
                continue
            if row is None:
                return
            record = {
                column: value if type(value) is str else as_text(value)
                for column, value in zip(columns, pick(row), strict=True)
            }
            yield Upsert(key_of(record), record, "")

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        """Connect for a `with` block: read-only, with the driver's own settings."""
        connection = self._connect()
        try:
            try:
                self._set_up(connection)
            except self._driver.Error as error:
                raise self._failure(error, "while setting up the session") from None
            yield connection
        finally:
            with self._lock:
                cursor, self._cursor = self._cursor, None
            # A connection that is broken cannot be closed in an orderly way.
            with contextlib.suppress(self._driver.Error):
                if cursor is not None:
                    cursor.close()  # an open one keeps a SQLite file locked
            with contextlib.suppress(self._driver.Error):
                connection.close()

    def _connect(self) -> Any:
        attributes = self._attributes()
        self._secrets = secrets_in(attributes)
        named = {name.lower(): value for name, value in attributes}
        self._profile = profile_of(named.get("driver", ""))
        if "ansi" in named.get("driver", "").lower() and self._profile.name == "PostgreSQL":
            raise SourceFailed('use the driver "PostgreSQL Unicode": the ANSI one loses characters')
        if self._profile.name == "SQLite":
            _require_file(named.get("database", ""))
        connection = self._open(attributes)
        if "driver" not in named:  # a DSN hides its driver; what that one needs is known only now
            self._profile = profile_of(connection.getinfo(self._driver.SQL_DRIVER_NAME))
            if self._profile.attributes:
                connection.close()
                connection = self._open(attributes)
        return connection

    def _attributes(self) -> Attributes:
        options = self._options
        text = options.connection
        attributes = parse_connection(text if isinstance(text, str) else text.read())
        if options.password is not None:
            attributes = (*attributes, ("PWD", options.password.read()))
        return attributes

    def _open(self, attributes: Attributes) -> Any:
        set_already = {name.lower() for name, _ in attributes}
        added = [
            (name, self._filled(value))
            for name, value in self._profile.attributes
            if name.lower() not in set_already
        ]
        try:
            return self._driver.connect(
                format_connection([*attributes, *added]),
                timeout=self._options.connect_timeout_s,
                readonly=True,
                autocommit=self._profile.autocommit,
            )
        except self._driver.Error as error:
            raise self._failure(error, "cannot connect") from None

    def _filled(self, template: str) -> str:
        options = self._options
        return template.format(
            fetch=options.fetch,
            seconds=options.timeout_s,
            milliseconds=options.timeout_s * 1_000,
            connect_seconds=options.connect_timeout_s,
        )

    def _set_up(self, connection: Any) -> None:
        driver, profile = self._driver, self._profile
        if profile.utf8:
            connection.setdecoding(driver.SQL_CHAR, encoding="utf-8")
            connection.setdecoding(driver.SQL_WCHAR, encoding="utf-8")
        if profile.utf8 or profile.utf8_queries:
            connection.setencoding(encoding="utf-8")
        if profile.own_timeout:
            with contextlib.suppress(driver.Error):  # a hint that a driver may refuse
                connection.timeout = self._options.timeout_s
        cursor = connection.cursor()
        for statement in profile.session:
            cursor.execute(self._filled(statement))
        cursor.close()
        connection.commit()

    def _execute(self, connection: Any, query: str) -> Any:
        try:
            cursor = connection.cursor()
            with self._lock:
                self._cursor = cursor
            cursor.execute(query)
        except self._driver.Error as error:
            raise self._failure(error, "the query failed") from None
        if cursor.description is None:
            raise SourceFailed("the query returns no rows at all: it is no SELECT")
        return cursor

    def _doubts(self, connection: Any) -> Iterator[str]:
        """Yield what is no fault, but should be mended."""
        try:
            probe = connection.execute(f"SELECT '{PROBE}'").fetchone()[0]
            if probe != PROBE:
                yield "the driver changes characters outside ASCII: names will be wrong"
        except (self._driver.Error, ValueError):
            yield "the driver could not be tried with characters outside ASCII"
        if not self._profile.rights:
            return
        try:
            connection.rollback()
            if connection.execute(self._profile.rights).fetchone()[0]:
                yield "the login can write to tables: give it the right to SELECT, and no other"
        except self._driver.Error:
            yield "whether the login can write could not be found out"

    def _columns(self, cursor: Any) -> list[str]:
        # Drivers count a name's bytes where characters are asked for: NULs fill the rest.
        names = [str(column[0]).rstrip("\0") for column in cursor.description]
        return [_mended(name) for name in names] if self._profile.utf8_queries else names

    def _failure(self, error: Exception, when: str) -> ConnectorError:
        """Return a driver's error in one line, without what it says about secrets."""
        words = redacted(str(error.args[-1] if error.args else error), self._secrets)
        words = re.sub(r"^\[\w{5}\] ?|(?: \(\d+\))? \(SQL\w+\)$", "", words)
        missing = _NO_DRIVER.search(str(error.args))
        if missing:
            return _driver_missing(self._profile, missing[1] or "")
        state = error.args[0] if len(error.args) > 1 else ""
        return SourceFailed(f"{self._profile.name}: {when}: {words} [{state}]")


def _mended(name: str) -> str:
    """Return a name whose UTF-8 was read byte by byte (by a driver manager without locale)."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _require_file(database: str) -> None:
    """Make sure that a SQLite file is there: the driver's own words would not name it."""
    path = database.removeprefix("file:").partition("?")[0]
    if not path:
        raise SourceFailed("SQLite: the connection string has no Database=PATH")
    if not Path(path).is_file():
        raise SourceFailed(f"SQLite: {path}: no such file")


def _driver_missing(profile: DriverProfile, library: str) -> DriverMissing:
    if not profile.package:
        return DriverMissing(
            f"no ODBC driver {library!r} is installed; the connection string needs Driver={{name}}"
            " of a driver on this machine"
        )
    return DriverMissing(
        f"the ODBC driver for {profile.name} is not installed: install the Debian package"
        f" {profile.package}"
    )
