"""One database over ODBC: how it is connected to, asked, cancelled, and what it says goes wrong.

Law: opens one connection for a `with` block and closes it; sets the session read-only. The driver
module comes in from `connectors.registry`; nothing here imports it. What a driver needs beyond the
standard stands in `connectors.drivers`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
from connectors.errors import Cancelled, ConnectorError, DriverMissing, SourceFailed
from connectors.queries import hex_literals, taken_for_half
from connectors.settings import SecretRef
from connectors.values import date_of, moment_of

PATIENCE_S = 5
"""So much longer than a statement may take, the driver waits for a server that is gone."""

SETTLED_S = 0.1
"""A statement that began so long ago has been sent: asked to cancel it sooner, a driver finds
nothing to cancel (PostgreSQL), or trips over what another thread sets up (FreeTDS 1.3)."""

_NO_DRIVER = re.compile(r"Can't open lib '([^']*)'|IM002|IM003")


class Database:
    """A database as a source's options describe it; connected for a `session` only.

    Attributes:
        profile: of the driver, once it is known.
        quote: what quotes an identifier, once connected.
    """

    def __init__(
        self,
        driver: Any,
        *,
        connection: SecretRef | str,
        password: SecretRef | None,
        fetch: int,
        timeout_s: int,
        connect_timeout_s: int,
    ) -> None:
        """Keep the settings; `driver` is the module pyodbc, or one that does as it does."""
        self.profile = UNKNOWN
        self.quote = '"'
        self._driver = driver
        self._text = connection
        self._password = password
        self._fetch = fetch
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._cursor: Any = None
        self._idle_cursor: Any = None  # cancelled instead, where `DriverProfile.cancel_closes`
        self._began = 0.0  # the statement that runs
        self._cancelled = False

    @contextlib.contextmanager
    def session(self) -> Iterator[Any]:
        """Connect for a `with` block: read-only, with the driver's own settings.

        Yields:
            The driver's connection.

        Raises:
            SourceFailed: no connection, wrong password; one line without secrets.
            Cancelled: it was.
            DriverMissing: naming the Debian package.
            SecretUnavailable: the connection string or password cannot be read.
        """
        connection = self._connect()
        try:
            try:
                self._set_up(connection)
                if self.profile.cancel_closes:
                    self._idle_cursor = connection.cursor()
            except self._driver.Error as error:
                raise self._failure(error, "while setting up the session") from None
            yield connection
        finally:
            self._release()
            with self._lock:
                self._idle_cursor = None
            # A connection that is broken cannot be closed in an orderly way.
            with contextlib.suppress(self._driver.Error):
                connection.close()

    def execute(self, connection: Any, statement: str, *values: object) -> Any:
        """Run a statement and return its cursor; the cursor before it is closed.

        Raises:
            SourceFailed: it fails, is cancelled meanwhile, returns no rows at all, or holds a
                character that the driver cannot send.
            Cancelled: it was cancelled before.
        """
        self._release()
        if self.profile.text_literals:
            statement = hex_literals(statement)
            lost = taken_for_half(statement)
            if lost:
                raise SourceFailed(
                    f"{self.profile.name}: its ODBC driver cannot send {lost!r} in a name, nor in a"
                    " text beside a backslash: let the query read from a view that names the"
                    " column or table without it"
                )
        try:
            cursor = connection.cursor()
            with self._lock:
                self._require_going_on()
                self._cursor, self._began = cursor, time.monotonic()
            cursor.execute(statement, *values)
        except self._driver.Error as error:
            raise self._failure(error, "the query failed") from None
        if cursor.description is None:
            raise SourceFailed("the query returns no rows at all: it is no SELECT")
        return cursor

    def value(self, connection: Any, statement: str, *values: object) -> Any:
        """Return the one value of a statement; raises like `execute`."""
        cursor = self.execute(connection, statement, *values)
        try:
            row = cursor.fetchone()
        except self._driver.Error as error:
            raise self._failure(error, "the query failed") from None
        return row[0] if row else None

    def bound(self, values: Sequence[object]) -> tuple[list[str], list[object]]:
        """Return what stands in a statement for values, and those that are its parameters."""
        if not self.profile.text_literals:
            return ["?"] * len(values), list(values)
        literals = [_literal(value) for value in values]
        rest = [value for value, text in zip(values, literals, strict=True) if not text]
        return [text or "?" for text in literals], rest

    def rows(self, cursor: Any) -> Iterator[Any]:
        """Yield each row; None for one with a value that cannot be read.

        Raises:
            SourceFailed: the database, or the way to it, broke.
        """
        number = 0
        fetch, error_type = cursor.fetchone, self._driver.Error
        while True:
            try:
                row = fetch()  # one by one, so that a value that cannot be read costs its row alone
            except error_type as error:
                raise self._failure(error, f"after {number:,} rows") from None
            except ValueError:  # one value: text in a wrong encoding, a date outside the calendar
                number += 1
                yield None
                continue
            if row is None:
                return
            number += 1
            yield row

    def pages(self, cursor: Any, size: int) -> Iterator[list[Any]]:
        """Yield the rows of a cursor in lists of at most `size`, each value of them readable.

        Raises:
            SourceFailed: the database, or the way to it, broke, or a value cannot be read.
        """
        number = 0
        while True:
            try:
                page = cursor.fetchmany(size)
            except self._driver.Error as error:
                raise self._failure(error, f"after {number:,} rows") from None
            except ValueError:
                raise SourceFailed(f"{self.profile.name}: a value cannot be read") from None
            if not page:
                return
            number += len(page)
            yield page

    def columns(self, cursor: Any) -> list[str]:
        """Return the names of a cursor's columns."""
        # Drivers count a name's bytes where characters are asked for: NULs fill the rest.
        names = [str(column[0]).rstrip("\0") for column in cursor.description]
        return [_mended(name) for name in names] if self.profile.utf8_queries else names

    def can_write(self, connection: Any) -> bool | None:
        """Tell whether the login has more rights than to read; None: it cannot be found out."""
        if not self.profile.rights:
            return False
        self._release()  # SQL Server runs one statement at a time on a connection
        try:
            connection.rollback()
            if self.profile.one_transaction:
                self._begin(connection)
            return bool(connection.execute(self.profile.rights).fetchone()[0])
        except self._driver.Error:
            return None

    def changes_characters(self, connection: Any, text: str) -> str:
        """Return what comes of a text without quotes that is sent to the database and back.

        Returns:
            "" if it came back as it was, else what is wrong, in one line.
        """
        try:
            if self.value(connection, f"SELECT '{text}'") == text:
                return ""
        except SourceFailed as failure:
            return f"the driver could not be tried with characters outside ASCII: {failure}"
        except ValueError:
            return "the driver breaks characters outside ASCII: records will be rejected"
        return "the driver changes characters outside ASCII: names will be wrong"

    def cancel(self) -> None:
        """Ask the driver to stop the statement that runs (SQLCancel); none begins any more.

        Never waits: drivers ask over a new connection, and wait for ever for a server that is mute.
        """
        if not self._cancelled:  # a second time would free what a failed statement tells its reader
            self._cancelled = True
            threading.Thread(target=self._interrupt, name="cancel", daemon=True).start()

    def _interrupt(self) -> None:
        time.sleep(max(0.0, self._began + SETTLED_S - time.monotonic()))
        with self._lock:  # nobody closes the cursor meanwhile
            if self._cursor is not None:
                with contextlib.suppress(self._driver.Error):
                    (self._idle_cursor or self._cursor).cancel()

    def _release(self) -> None:
        """Close the cursor that is open: it keeps a SQLite file locked."""
        with self._lock:
            cursor, self._cursor = self._cursor, None
        if cursor is not None:
            with contextlib.suppress(self._driver.Error):
                cursor.close()

    def _require_going_on(self) -> None:
        if self._cancelled:
            raise Cancelled("cancelled")

    def _connect(self) -> Any:
        self._require_going_on()
        attributes = self._attributes()
        self._secrets = secrets_in(attributes)
        named = {name.lower(): value for name, value in attributes}
        self.profile = profile_of(named.get("driver", ""))
        if "ansi" in named.get("driver", "").lower() and self.profile.name == "PostgreSQL":
            raise SourceFailed('use the driver "PostgreSQL Unicode": the ANSI one loses characters')
        if self.profile.file:
            _require_file(self.profile, named.get(self.profile.file.lower(), ""))
        connection = self._open(attributes)
        if "driver" not in named:  # a DSN hides its driver; what that one needs is known only now
            self.profile = profile_of(connection.getinfo(self._driver.SQL_DRIVER_NAME))
            if self.profile.attributes:
                connection.close()
                connection = self._open(attributes)
        return connection

    def _attributes(self) -> Attributes:
        text = self._text
        attributes = parse_connection(text if isinstance(text, str) else text.read())
        if self._password is not None:
            attributes = (*attributes, ("PWD", self._password.read()))
        return attributes

    def _open(self, attributes: Attributes) -> Any:
        set_already = {name.lower() for name, _ in attributes}
        added = [
            (name, self._filled(value))
            for name, value in self.profile.attributes
            if name.lower() not in set_already
        ]
        try:
            return self._driver.connect(
                format_connection([*attributes, *added], self.profile.file),
                timeout=self._connect_timeout_s,
                readonly=self.profile.readonly,
                autocommit=self.profile.autocommit,
            )
        except self._driver.Error as error:
            raise self._failure(error, "cannot connect") from None

    def _filled(self, template: str) -> str:
        return template.format(
            fetch=self._fetch,
            seconds=self._timeout_s,
            milliseconds=self._timeout_s * 1_000,
            patience_seconds=self._timeout_s + PATIENCE_S,
            connect_seconds=self._connect_timeout_s,
        )

    def _set_up(self, connection: Any) -> None:
        driver, profile = self._driver, self.profile
        if profile.utf8:
            connection.setdecoding(driver.SQL_CHAR, encoding="utf-8")
            connection.setdecoding(driver.SQL_WCHAR, encoding="utf-8")
        if profile.utf8_queries:
            connection.setencoding(encoding="utf-8")
        if profile.dates_in_digits:
            connection.add_output_converter(driver.SQL_TYPE_DATE, date_of)
            connection.add_output_converter(driver.SQL_TYPE_TIMESTAMP, moment_of)
        if profile.own_timeout:
            with contextlib.suppress(driver.Error):  # a hint that a driver may refuse
                connection.timeout = self._timeout_s
        with contextlib.suppress(driver.Error):
            self.quote = connection.getinfo(driver.SQL_IDENTIFIER_QUOTE_CHAR) or " "
        self._begin(connection)
        if not profile.one_transaction:
            connection.commit()

    def _begin(self, connection: Any) -> None:
        """Run what the profile says stands before the first query."""
        if self.profile.session:
            cursor = connection.cursor()
            for statement in self.profile.session:
                cursor.execute(self._filled(statement))
            cursor.close()

    def _failure(self, error: Exception, when: str) -> ConnectorError:
        """Return a driver's error in one line, without what it says about secrets."""
        words = redacted(str(error.args[-1] if error.args else error), self._secrets)
        words = re.sub(r"^\[\w{5}\] ?|(?: \(\d+\))? \(SQL\w+\)$", "", words)
        missing = _NO_DRIVER.search(str(error.args))
        if missing:
            return _driver_missing(self.profile, missing[1] or "")
        state = error.args[0] if len(error.args) > 1 else ""
        return SourceFailed(f"{self.profile.name}: {when}: {words} [{state}]")


def _literal(value: object) -> str:
    """Return what of MariaDB's driver would get lost as a parameter, as a literal; "" for others.

    Texts are cut, whole numbers above 2**63 do not fit, fractions of a second are dropped, and what
    is compared with bits has to be a number: as such a literal counts where one is wanted.
    """
    if isinstance(value, bytes | bytearray) and value:
        return f"0x{value.hex()}"
    if isinstance(value, str):
        return f"_utf8mb4 x'{value.encode('utf-8', 'surrogatepass').hex()}'"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP'{value.isoformat(' ')}'"
    return str(value) if type(value) is int else ""


def _mended(name: str) -> str:
    """Return a name whose UTF-8 was read byte by byte (by a driver manager without locale)."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _require_file(profile: DriverProfile, database: str) -> None:
    """Make sure that a database's file is there: the driver's own words would not name it."""
    is_uri = database.startswith("file:")  # of SQLite
    path = database.removeprefix("file:").partition("?")[0] if is_uri else database
    if not path:
        raise SourceFailed(f"{profile.name}: the connection string has no {profile.file}=PATH")
    if not Path(path).is_file():
        raise SourceFailed(f"{profile.name}: {path}: no such file")


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
