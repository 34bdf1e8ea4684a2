"""ODBC drivers: what each needs beyond the standard, which there are, and their connection strings.

Law: no driver is loaded here. What a driver needs was found by trying it (a driver that cuts texts,
one that hangs, one that holds the whole table in memory), so it stands in one table by driver.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import msgspec

from connectors.errors import SourceFailed

SYSTEM_FOLDER = Path("/etc")
"""Where the system keeps its `odbcinst.ini` and `odbc.ini`."""

LIBRARY_GLOB = "/usr/lib/*/odbc/{library}"
MARKER = "# Made by Rufname at each start; change the system's odbcinst.ini instead.\n"

Attributes = tuple[tuple[str, str], ...]


class DriverProfile(msgspec.Struct, frozen=True):
    """What one driver needs.

    In `attributes` and `session`, {fetch} stands for rows, {seconds} and {milliseconds} for the
    timeout of a statement, {patience_seconds} for a little more, {connect_seconds} for that of the
    connection.

    Attributes:
        name: the database.
        marks: parts of the driver's name or library, lower case.
        package: the Debian package that brings it.
        library: the driver's library as Debian names it.
        title: the driver's name in `odbcinst.ini`.
        attributes: added to the connection string where it does not set them itself.
        session: statements run behind the connection; they make the session read-only.
        one_transaction: they hold for the transaction that they begin, and all is read in it:
            nothing is left to whom a pool gives the server's connection next.
        utf8: texts come as UTF-8.
        dates_in_digits: asked for bytes it gives dates as digits; else a date without year, month
            or day fails its whole row.
        text_literals: texts to compare with are written into the statement, as hexadecimal digits:
            as parameters they get lost.
        utf8_queries: queries are sent as UTF-8, and names of columns may come back as its bytes.
        autocommit: the query runs outside a transaction.
        cancel_closes: cancelling a statement that is just being fetched from closes it, under the
            thread that fetches; a second statement of the connection is cancelled instead, which
            stops whatever the connection runs.
        own_timeout: the driver takes `Connection.timeout`.
        readonly: the driver is asked for a connection to read from; a hint at best.
        subqueries: it knows `SELECT … FROM (SELECT …) q WHERE … ORDER BY …`.
        pages: it holds a whole result in memory, so that records are read in pages by key.
        file: the attribute that names the database's file; "" for a server.
        rights: a query that returns a row with a number above 0 if the login can write; "" = none.
    """

    name: str
    marks: tuple[str, ...] = ()
    package: str = ""
    library: str = ""
    title: str = ""
    attributes: Attributes = ()
    session: tuple[str, ...] = ()
    one_transaction: bool = False
    utf8: bool = False
    dates_in_digits: bool = False
    text_literals: bool = False
    utf8_queries: bool = False
    own_timeout: bool = True
    autocommit: bool = False
    cancel_closes: bool = False
    readonly: bool = True
    subqueries: bool = True
    pages: bool = False
    file: str = ""
    rights: str = ""


POSTGRESQL = DriverProfile(
    name="PostgreSQL",
    marks=("psqlodbc", "postgres"),
    package="odbc-postgresql",
    library="psqlodbcw.so",
    title="PostgreSQL Unicode",
    # Without a declared cursor the driver holds the whole result in memory. A peer that vanished
    # is given up after a minute.
    attributes=(
        ("UseDeclareFetch", "1"),
        ("Fetch", "{fetch}"),
        ("pqopt", "keepalives_idle=30 keepalives_interval=10 keepalives_count=3"),
    ),
    # Behind PgBouncer (pool_mode = transaction) what is set for a session stays with the server's
    # connection: other programs with this login could no longer write, nor work for a minute.
    session=(
        "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout = {milliseconds}",
        "SET LOCAL TIME ZONE 'UTC'",
    ),
    one_transaction=True,
    own_timeout=False,  # it answers "not supported"
    rights=(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT LIKE 'pg\\_%'"
        " AND n.nspname <> 'information_schema'"
        " AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
        " OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))"
    ),
)
MARIADB = DriverProfile(
    name="MariaDB",
    marks=("maodbc", "mariadb", "myodbc", "mysql"),
    package="odbc-mariadb",
    library="libmaodbc.so",
    title="MariaDB Unicode",
    # It ignores the login timeout of ODBC and would wait for a mute server for ever.
    # The server's own limit goes first; the other one is for a server that is gone.
    attributes=(("CONN_TIMEOUT", "{connect_seconds}"), ("READ_TIMEOUT", "{patience_seconds}")),
    session=(
        "SET SESSION TRANSACTION READ ONLY",
        "SET SESSION max_statement_time = {seconds}",
        "SET time_zone = '+00:00'",
    ),
    # With pyodbc's UTF-16, version 3.1.15 drops the last character of texts with Ø, Ú, 付 and
    # others, and fails at parameters of 128 characters. Statements are right in UTF-16 only.
    utf8=True,
    dates_in_digits=True,
    text_literals=True,
    own_timeout=False,
    cancel_closes=True,
    # 3.1.15 ignores every flag to stream a result.
    pages=True,
    rights=(
        "SELECT count(*) FROM"
        " (SELECT grantee, privilege_type FROM information_schema.user_privileges"
        " UNION ALL SELECT grantee, privilege_type FROM information_schema.schema_privileges"
        " UNION ALL SELECT grantee, privilege_type FROM information_schema.table_privileges"
        " UNION ALL SELECT grantee, privilege_type FROM information_schema.column_privileges) g"
        " WHERE g.privilege_type IN ('INSERT', 'UPDATE', 'DELETE')"
        " AND g.grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"
    ),
)
SQLITE = DriverProfile(
    name="SQLite",
    marks=("sqlite",),
    package="libsqliteodbc",
    library="libsqlite3odbc.so",
    title="SQLite3",
    # StepAPI streams instead of holding the result, but outside a transaction only (inside, an
    # endless result ended in a segmentation fault). NoCreat: a wrong path makes no empty database.
    attributes=(("StepAPI", "1"), ("NoCreat", "1"), ("Timeout", "{milliseconds}")),
    session=("PRAGMA query_only = 1",),
    autocommit=True,
    cancel_closes=True,
    # Of a query in UTF-16 it keeps the low byte of each character.
    utf8_queries=True,
    file="Database",
)
_SQL_SERVER_RIGHTS = "SELECT IS_SRVROLEMEMBER('sysadmin') + " + " + ".join(
    f"HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', '{right}')"
    for right in ("INSERT", "UPDATE", "DELETE", "ALTER")
)
FREETDS = DriverProfile(
    name="SQL Server",
    marks=("freetds", "tdsodbc"),
    package="tdsodbc",
    library="libtdsodbc.so",
    title="FreeTDS",
    # Without these it speaks an old protocol, and the machine's locale instead of Unicode.
    # Read in its source (1.3), never tried against a server: SQLCancel of a statement that runs
    # only sends word to the server, of one between two rows waits for the statement's own mutex; a
    # second statement of the connection would stop nothing, so that `cancel_closes` stays off.
    attributes=(("TDS_Version", "7.4"), ("ClientCharset", "UTF-8")),
    session=("SET LOCK_TIMEOUT {milliseconds}",),
    rights=_SQL_SERVER_RIGHTS,
)
MSODBCSQL = DriverProfile(
    name="SQL Server",
    marks=("msodbcsql", "sql server"),
    package="msodbcsql18",
    attributes=(("ApplicationIntent", "ReadOnly"),),
    session=("SET LOCK_TIMEOUT {milliseconds}",),
    rights=_SQL_SERVER_RIGHTS,
)
MDBTOOLS = DriverProfile(
    name="Access",
    marks=("mdbtools", "mdbodbc"),
    package="odbc-mdbtools",
    library="libmdbodbc.so",
    title="MDBTools",
    # It reads one table with a simple WHERE: no JOIN, no ORDER BY, no subquery.
    subqueries=False,
    own_timeout=False,
    autocommit=True,
    readonly=False,
    file="DBQ",
)
PROFILES = (POSTGRESQL, MARIADB, SQLITE, FREETDS, MSODBCSQL, MDBTOOLS)
UNKNOWN = DriverProfile(name="the database")


def profile_of(driver: str) -> DriverProfile:
    """Return the profile of a driver by its name, library or path; UNKNOWN for all others."""
    name = driver.lower()
    return next((p for p in PROFILES if any(mark in name for mark in p.marks)), UNKNOWN)


def parse_connection(text: str) -> Attributes:
    """Split a connection string into attributes; {braces} are removed, "}}" in them is "}".

    Raises:
        SourceFailed: it is malformed; never quotes it.
    """
    found: list[tuple[str, str]] = []
    rest = text.strip()
    while rest:
        part = _ATTRIBUTE.match(rest)
        if part is None:
            raise SourceFailed(
                "the connection string is malformed: it is made of name=value parts with ; between;"
                " a value with ; or } in it stands in { }, with each } in it doubled"
            )
        braced, plain = part["braced"], part["plain"]
        value = braced.replace("}}", "}") if braced is not None else plain.strip()
        found.append((part["name"].strip(), value))
        rest = rest[part.end() :].lstrip("; \r\n\t")
    return tuple(found)


_ATTRIBUTE = re.compile(
    r"\s*(?P<name>[^=;{}]+)=\s*(?:\{(?P<braced>(?:[^}]|\}\})*)\}\s*(?=;|$)|(?P<plain>[^;{][^;]*|))"
)


def format_connection(attributes: Iterable[tuple[str, str]], file: str = "") -> str:
    """Write a connection string; a value that needs braces gets them.

    Args:
        attributes: as `parse_connection` returns them.
        file: the attribute that names a database's file: the drivers of files (SQLite, Access) take
            it as it stands, braces too.

    Raises:
        SourceFailed: a semicolon in the file's name, which would end it.
    """
    parts = []
    for name, value in attributes:
        if file and name.lower() == file.lower():
            if ";" in value:
                raise SourceFailed(f"{value}: the driver takes no file with ; in its name")
            parts.append(f"{name}={value}")
        elif _NEEDS_BRACES.search(value):
            parts.append(f"{name}={{{value.replace('}', '}}')}}}")
        else:
            parts.append(f"{name}={value}")
    return ";".join(parts)


_NEEDS_BRACES = re.compile(r"[;{}\[\]()?*=!@,]|^\s|\s$")
_SECRETS = frozenset({"pwd", "password"})


def secrets_in(attributes: Attributes) -> tuple[str, ...]:
    """Return the passwords in a connection string; () if it has none."""
    return tuple(value for name, value in attributes if name.lower() in _SECRETS and value)


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return a driver's words on one line, without passwords, in whatever form they stand there."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***").replace(secret.replace("}", "}}"), "***")
    text = re.sub(r"(?i)\b(pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;\s]*)", r"\1=***", text)
    return " ".join(text.split())


def prepare_drivers(run_dir: Path, system_dir: Path = SYSTEM_FOLDER) -> Path:
    """Write an own list of ODBC drivers, unless it is there, and make the driver manager use it.

    It holds the system's drivers without their logging (Debian's list makes the PostgreSQL driver
    leave world-readable logs), those of Debian's packages that the list lacks, and no pooling. Call
    it before the first connection of the process; child processes inherit it.

    Args:
        run_dir: `<data_dir>/run`, which exists.
        system_dir: where the system keeps its list, unless ODBCSYSINI names another folder.

    Returns:
        The written file.

    Raises:
        OSError: there is none, and none can be written; with the name of the file.
    """
    named = os.environ.get("ODBCSYSINI", "")
    if named and Path(named).absolute() != run_dir.absolute():
        system_dir = Path(named)
    drivers = configparser.RawConfigParser(strict=False, interpolation=None)
    drivers.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    try:
        drivers.read(system_dir / "odbcinst.ini", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        drivers.clear()  # a broken list: Debian's own drivers are found by their place
    for section in drivers.sections():
        for option in drivers.options(section):
            if option.lower() in {"commlog", "debug", "trace", "tracefile"}:
                drivers.remove_option(section, option)
    for profile in PROFILES:
        if profile.title and profile.title not in drivers and _installed(profile.library):
            drivers[profile.title] = {"Driver": profile.library}
    drivers["ODBC"] = {"Trace": "No", "Pooling": "No"}
    text = StringIO(MARKER)
    text.seek(0, os.SEEK_END)
    drivers.write(text, space_around_delimiters=False)
    path = run_dir / "odbcinst.ini"
    _write_list(path, text.getvalue())
    _link_sources(run_dir / "odbc.ini", system_dir / "odbc.ini")
    os.environ["ODBCSYSINI"] = str(run_dir.absolute())
    return path


def _write_list(path: Path, text: str) -> None:
    """Let a list be this text; where it cannot be written an older one of ours stays."""
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        before = ""
    if before == text:  # as nearly always, and then a full disk keeps nobody from reading
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        if not before.startswith(MARKER):
            raise OSError(error.errno, error.strerror, str(path)) from error


def _installed(library: str) -> bool:
    pattern = LIBRARY_GLOB.format(library=library)
    return any(Path("/").glob(pattern.lstrip("/")))


def _link_sources(link: Path, target: Path) -> None:
    """Keep the system's data sources (DSN=…) reachable: their list lies beside that of drivers."""
    wanted = target.absolute()
    if link.is_symlink() and (not target.exists() or link.readlink() != wanted):
        link.unlink()
    if target.exists() and not os.path.lexists(link):
        with contextlib.suppress(OSError):  # a full disk: sources that name no data source go on
            link.symlink_to(wanted)
