from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyodbc
import pytest

from connectors.drivers import SQLITE, prepare_drivers
from connectors.errors import Cancelled, DriverMissing, SecretUnavailable, SourceFailed
from connectors.kinds.odbc import PROBE, OdbcOptions
from connectors.registry import open_source
from connectors.report import RunReport
from connectors.settings import SecretRef, SourceSettings
from connectors.sync import sync_source
from engine.source import Columns, Complete, ContactSource, Event, RejectedRecord, Upsert
from engine.store import ContactStore
from tests.connectors.making import field_names, sent, settings, stored
from tests.e2e.postgres import READER_PASSWORD, Postgres, odbc_string

ODD_NAMES = ["Øystein", "Ùab", "Úrsula", "Ústí nad Labem", "付款", "Groß Łódź", PROBE, "a'b\"c\\d"]

ENDLESS = "WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c)"


@pytest.fixture(autouse=True, scope="module")
def own_drivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As the program does: no logs are left behind in the temporary folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODBCSYSINI", "")
        prepare_drivers(tmp_path_factory.mktemp("run"))
        yield


def odbc(
    connection: Any, query: str, *, source: dict[str, Any] | None = None, **options: Any
) -> Any:
    made = OdbcOptions(connection=connection, query=query, **options)
    values = {"map": {"display_name": "name"}, "kind": "odbc", "options": made}
    return open_source(settings(**(values | (source or {}))))


def names(events: list[Event]) -> list[str]:
    return [event.record["name"] for event in events if isinstance(event, Upsert)]


def failure(source: ContactSource) -> str:
    with pytest.raises(SourceFailed) as failed:
        sent(source)
    text = str(failed.value)
    assert "\n" not in text
    return text


# SQLite over libsqliteodbc


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE k (id INTEGER PRIMARY KEY, name TEXT, n NUMERIC, d DATE)")
        database.executemany(
            "INSERT INTO k (name, n, d) VALUES (?, ?, '2026-11-05')",
            [(name, 498999998100 + n) for n, name in enumerate(ODD_NAMES)],
        )
    database.close()
    return path


def sqlite(path: Path, query: str = "SELECT * FROM k ORDER BY id", **rest: Any) -> Any:
    return odbc(f"Driver={{SQLite3}};Database={path}", query, **rest)


def test_sqlite_is_read_to_its_earned_end_with_every_character(crm: Path) -> None:
    events = sent(sqlite(crm))
    assert names(events) == ODD_NAMES
    assert events[0] == Upsert("1", {"id": "1", "name": "Øystein"})
    assert events[-1] == Complete(full=True)


def test_sqlite_may_be_opened_for_reading_only(crm: Path, tmp_path: Path) -> None:
    source = odbc(f"Driver={{SQLite3}};Database=file:{crm}?mode=ro", "SELECT * FROM k ORDER BY id")
    assert names(sent(source)) == ODD_NAMES
    none = tmp_path / "none.db"
    lost = odbc(f"Driver={{SQLite3}};Database=file:{none}?mode=ro", "SELECT 1 AS id, 2 AS name")
    assert failure(lost) == f"SQLite: {none}: no such file"


def test_sqlite_may_lie_in_a_folder_of_any_name(crm: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Kunden (alt) [2], {neu} @=!?*"
    folder.mkdir()
    path = crm.rename(folder / "crm.db")
    assert names(sent(sqlite(path))) == ODD_NAMES


def test_values_of_every_type_become_text(crm: Path) -> None:
    source = sqlite(crm, source={"map": {"display_name": "name", "notes": ("n", "d")}})
    first = sent(source)[0]
    assert first.record == {"id": "1", "name": "Øystein", "n": "498999998100", "d": "2026-11-05"}


NAMED = 'SELECT id, name AS "Straße", 7 AS "Имя 付款" FROM k ORDER BY id'


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_columns_of_sqlite_may_have_any_name_in_any_locale(crm: Path, locale: str) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.connectors.kinds.test_odbc import *;"
        "print(ascii(field_names(sqlite(Path(sys.argv[1]), NAMED))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(crm)],
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ascii(("id", "Straße", "Имя 付款"))


def test_columns_of_postgresql_may_have_any_name(table: Postgres) -> None:
    assert field_names(pg(table, NAMED)) == ("id", "Straße", "Имя 付款")


def test_a_query_without_rows_is_complete(crm: Path) -> None:
    assert sent(sqlite(crm, "SELECT * FROM k WHERE id < 0")) == [Complete(full=True)]


def test_columns_and_first_rows_can_be_looked_at(crm: Path) -> None:
    assert field_names(sqlite(crm)) == ("id", "name", "n", "d")
    shown = sqlite(crm).preview(2)
    assert [event.record["d"] for event in shown] == ["2026-11-05"] * 2


def test_a_lost_column_fails_before_any_record(crm: Path) -> None:
    source = sqlite(crm, "SELECT id, name AS full FROM k")
    assert failure(source) == "the query: no column 'name'; there are: id, full"


def test_a_query_that_fails_says_so_in_one_line(crm: Path) -> None:
    words = failure(sqlite(crm, "SELECT nope FROM k"))
    assert words.startswith("SQLite: the query failed: ")
    assert "no such column: nope" in words


def test_a_missing_database_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    assert failure(sqlite(path)) == f"SQLite: {path}: no such file"
    assert not path.exists()
    assert "no Database" in failure(odbc("Driver={SQLite3}", "SELECT 1"))


def test_a_file_that_is_no_database_fails(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    path.write_text("this is no database, but a text " * 100)
    assert "SQLite" in failure(sqlite(path))


def test_the_session_cannot_write(crm: Path) -> None:
    source = sqlite(crm)
    with source._database.session() as connection, pytest.raises(pyodbc.Error, match="readonly"):
        connection.execute("INSERT INTO k (name) VALUES ('x')")


def test_a_read_that_is_given_up_closes_its_connection(crm: Path) -> None:
    events = sqlite(crm).read(b"")
    next(events)
    events.close()
    with sqlite3.connect(crm, timeout=0.1) as database:
        database.execute("DELETE FROM k")
    database.close()


def test_memory_does_not_hold_the_result(crm: Path) -> None:
    events = sqlite(crm, f"{ENDLESS} SELECT id, 'x' AS name FROM c").read(b"")
    for _, event in zip(range(5_000), events, strict=False):
        assert isinstance(event, Columns) or event.record["name"] == "x"
    events.close()


def test_cancel_stops_a_query_that_runs(crm: Path) -> None:
    source = sqlite(crm, f"{ENDLESS} SELECT count(*) AS id, 'x' AS name FROM c")
    timer = threading.Timer(0.3, source.cancel)
    timer.start()
    began = time.monotonic()
    assert "SQLite" in failure(source)
    assert time.monotonic() - began < 5
    timer.join()


def test_a_source_that_was_cancelled_is_not_read(crm: Path) -> None:
    source = sqlite(crm)
    sent(source)
    assert source.share_read() is None
    source.cancel()
    source.cancel()
    with pytest.raises(Cancelled):
        sent(source)


def test_a_value_that_cannot_be_read_rejects_its_row_only(crm: Path) -> None:
    with sqlite3.connect(crm) as database:
        database.execute("UPDATE k SET d = '0000-01-01' WHERE id IN (2, 4)")
    database.close()
    events = sent(sqlite(crm, changed="d", follow=False))
    bad = [event.locator for event in events if isinstance(event, RejectedRecord)]
    assert bad == ["row 2", "row 4"]
    assert names(events) == [name for n, name in enumerate(ODD_NAMES, 1) if n not in {2, 4}]
    assert events[-1] == Complete(full=True)


def test_the_check_of_a_good_source_finds_nothing(crm: Path) -> None:
    report = sqlite(crm, changed="d").check()
    assert report.faults == report.warnings == ()
    assert report.estimated_rows == len(ODD_NAMES)


def test_the_check_names_what_is_wrong(crm: Path, tmp_path: Path) -> None:
    assert "no such file" in sqlite(tmp_path / "none.db").check().faults[0]
    assert "no column" in sqlite(crm, "SELECT 1 AS id").check().faults[0]


def test_the_time_of_change_is_read_and_must_be_there(crm: Path) -> None:
    assert sent(sqlite(crm, changed="d"))[0].record["d"] == "2026-11-05"
    assert "no column 'when'" in failure(sqlite(crm, changed="when"))


def followed(own: SourceSettings, store: ContactStore) -> RunReport:
    report = sync_source(own, store)
    assert report.state == "done", report.reason
    store.settle(store.last_seq())
    return report


@pytest.mark.parametrize("follow", [{"version": "n"}, {"changed": "t"}])
@pytest.mark.parametrize("copies", [2, 3])
def test_where_one_of_several_records_of_a_key_goes_the_next_one_is_served(
    tmp_path: Path, store: ContactStore, follow: dict[str, str], copies: int
) -> None:
    path = tmp_path / "crm.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE staff (id TEXT, name TEXT, n INTEGER, t TEXT)")
        rows = [("1", f"Name {n}", n, f"2026-11-2{n} 12:00:00") for n in range(copies)]
        rows.append(("2", "Zuletzt", 9, "2026-11-27 12:00:00"))
        database.executemany("INSERT INTO staff VALUES (?, ?, ?, ?)", rows)
        options = OdbcOptions(
            connection=f"Driver={{SQLite3}};Database={path}", query="SELECT * FROM staff", **follow
        )
        own = settings(kind="odbc", options=options, map={"display_name": "name"})
        followed(own, store)
        database.execute("DELETE FROM staff WHERE n = 0")
        report = followed(own, store)
        assert (report.changed, report.removed) == (1, 0)
        assert stored(store)["1"].display_name == "Name 1"
        assert followed(own, store).read <= copies


def test_a_table_that_was_empty_is_read_in_full_once_it_is_filled_again(
    tmp_path: Path, store: ContactStore
) -> None:
    path = tmp_path / "crm.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE staff (id TEXT, name TEXT, t TEXT)")
        rows = [(str(n), f"Name {n}", f"2026-11-{n} 12:00:00") for n in (10, 20, 25)]
        database.executemany("INSERT INTO staff VALUES (?, ?, ?)", rows)
        options = OdbcOptions(
            connection=f"Driver={{SQLite3}};Database={path}",
            query="SELECT * FROM staff",
            changed="t",
        )
        own = settings(kind="odbc", options=options, map={"display_name": "name"})
        followed(own, store)
        database.execute("DELETE FROM staff")
        refused = sync_source(own, store)
        assert sync_source(own, store, release=refused.run).removed == 3
        store.settle(store.last_seq())
        database.executemany("INSERT INTO staff VALUES (?, ?, ?)", rows)
        assert followed(own, store).added == 3


def test_a_data_source_name_gets_its_drivers_profile(
    crm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = tmp_path / "odbc.ini"
    ini.write_text(f"[crm]\nDriver=SQLite3\nDatabase={crm}\n")
    monkeypatch.setenv("ODBCINI", str(ini))
    source = odbc("DSN=crm", "SELECT * FROM k ORDER BY id")
    assert names(sent(source)) == ODD_NAMES
    assert source._database.profile is SQLITE


# Connection strings, secrets, drivers


def test_the_connection_may_stand_in_the_environment_or_a_file(
    crm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"Driver={{SQLite3}};Database={crm}"
    monkeypatch.setenv("CRM_DSN", text)
    (tmp_path / "dsn").write_text(text + "\n")
    for reference in (SecretRef(env="CRM_DSN"), SecretRef(file=tmp_path / "dsn")):
        assert len(sent(odbc(reference, "SELECT * FROM k"))) == len(ODD_NAMES) + 1
    monkeypatch.delenv("CRM_DSN")
    with pytest.raises(SecretUnavailable, match="CRM_DSN is not set"):
        sent(odbc(SecretRef(env="CRM_DSN"), "SELECT 1"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"connection": "DSN=a;PWD=x"}, "holds a password"),
        ({"connection": "DSN=a; password = {x}"}, "holds a password"),
        ({"connection": "DSN=a", "query": "DELETE FROM k"}, "neither SELECT nor WITH"),
        ({"connection": "DSN=a", "fetch": 0}, ">= 1"),
        ({"connection": "DSN=a", "timeout_s": 100_000}, "<= 86400"),
        ({"connection": {"file": "a", "env": "b"}}, "names several places"),
        ({"connection": "DSN=a", "colour": "red"}, "unknown field"),
    ],
)
def test_options_out_of_bounds_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(
            {"query": "SELECT 1", **options}, OdbcOptions, dec_hook=lambda _, value: Path(value)
        )


def test_a_malformed_connection_string_is_not_quoted() -> None:
    assert "s3cret" not in failure(odbc("Driver={SQLite3;s3cret", "SELECT 1"))


def test_a_driver_that_is_not_installed_is_named_with_its_package() -> None:
    with pytest.raises(DriverMissing, match="no ODBC driver 'Oracle 23'"):
        sent(odbc("Driver={Oracle 23};X=1", "SELECT 1"))
    with pytest.raises(DriverMissing, match="Debian package odbc-postgresql"):
        sent(odbc("Driver={PostgreSQL of yore};X=1", "SELECT 1"))
    assert "odbc-postgresql" in odbc("Driver={PostgreSQL of yore}", "SELECT 1").check().faults[0]
    with pytest.raises(DriverMissing):
        sent(odbc("DSN=nowhere", "SELECT 1"))


def test_the_ansi_driver_of_postgresql_is_refused() -> None:
    assert "PostgreSQL Unicode" in failure(odbc("Driver={PostgreSQL ANSI}", "SELECT 1"))


# PostgreSQL over Debian's driver


@pytest.fixture
def table(postgres: Postgres) -> Iterator[Postgres]:
    postgres.run(
        "CREATE TABLE k (id int PRIMARY KEY, name text, n numeric(20, 0), f float8, d date,"
        " t timestamptz, b bytea, yes boolean, c char(8)); GRANT SELECT ON k TO crm"
    )
    rows = ",".join(
        f"({n}, $odd${name}$odd$, 498999998{n:03}, {n}, '2026-11-05',"
        " '2026-11-05 14:30:00+01', '\\x01ff', true, 'ab')"
        for n, name in enumerate(ODD_NAMES)
    )
    postgres.run(f"INSERT INTO k VALUES {rows}")
    yield postgres
    postgres.run("DROP TABLE k")


def pg(server: Postgres, query: str = "SELECT * FROM k ORDER BY id", **rest: Any) -> Any:
    return known(odbc("DSN=replaced", query, **rest), server.connection)


def known(source: Any, connection: str) -> Any:
    """Let a source have a connection string with a password in it."""
    source._database._text = _Known(connection)
    return source


class _Known:
    """A secret that a test knows."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> str:
        return self._text


def test_postgresql_is_read_to_its_earned_end_with_every_character(table: Postgres) -> None:
    events = sent(pg(table))
    assert names(events) == ODD_NAMES
    assert events[-1] == Complete(full=True)


def test_values_of_postgresql_become_text(table: Postgres) -> None:
    first = pg(table).preview(1)[0]
    assert first.record == {
        "id": "0",
        "name": "Øystein",
        "n": "498999998000",
        "f": "0",
        "d": "2026-11-05",
        "t": "2026-11-05T13:30:00",
        "b": "01ff",
        "yes": "1",
        "c": "ab      ",
    }


def test_every_number_of_an_array_of_postgresql_counts(table: Postgres) -> None:
    query = (
        "SELECT id, name, ARRAY['089 99998 11', NULL, '+49 171 1234567'] AS phones,"
        ' \'["a@b.example", "c@d.example"]\'::jsonb AS mails, ARRAY[id, 7] AS n FROM k WHERE id = 1'
    )
    rules = {"display_name": "name", "phones.work": ("phones", "n"), "emails": "mails"}
    source = known(odbc("DSN=replaced", query, source={"map": rules}), table.connection)
    (record,) = [event.record for event in sent(source) if isinstance(event, Upsert)]
    assert record["phones"] == "089 99998 11\n+49 171 1234567"
    assert record["mails"] == "a@b.example\nc@d.example"
    assert record["n"] == "1\n7"


def test_nothing_of_the_session_stays_with_a_connection_of_postgresql(table: Postgres) -> None:
    """As PgBouncer hands it on with pool_mode = transaction."""
    source = pg(table)
    shown = ("transaction_read_only", "statement_timeout", "TimeZone")
    with source._database.session() as connection:
        set_now = [connection.execute(f"SHOW {name}").fetchone()[0] for name in shown]
        connection.commit()
        left = [connection.execute(f"SHOW {name}").fetchone()[0] for name in shown]
    assert set_now == ["on", "1min", "UTC"]
    assert left == ["off", "0", table.run("SHOW TimeZone")]


def test_the_check_of_postgresql_waits_as_long_as_the_source_says(table: Postgres) -> None:
    query = "SELECT id, name, pg_sleep(0.2) FROM k WHERE id = 1"
    table.run("ALTER ROLE crm SET statement_timeout = '100ms'")
    try:
        assert pg(table, query).check().faults == ()
    finally:
        table.run("ALTER ROLE crm RESET statement_timeout")


@pytest.mark.parametrize("end", [" -- all of them", "; -- all of them", ";"])
def test_a_query_of_postgresql_may_end_in_a_comment(table: Postgres, end: str) -> None:
    source = pg(table, f"SELECT * FROM k ORDER BY id{end}")
    assert source.check().faults == ()
    assert names(sent(source)) == ODD_NAMES


def test_the_session_of_postgresql_cannot_write(table: Postgres) -> None:
    table.run("GRANT INSERT ON k TO crm")
    with (
        pg(table)._database.session() as connection,
        pytest.raises(pyodbc.Error, match="read-only"),
    ):
        connection.execute("INSERT INTO k (id) VALUES (-1)")


def test_the_check_warns_of_a_login_that_can_write(table: Postgres) -> None:
    assert pg(table).check().warnings == ()
    table.run("GRANT INSERT ON k TO crm")
    assert "can write" in pg(table).check().warnings[0]


def test_a_wrong_password_is_one_line_that_does_not_show_it(table: Postgres) -> None:
    source = known(pg(table), odbc_string(table.port, "wrong; {one}"))
    words = failure(source)
    assert words.startswith("PostgreSQL: cannot connect: ")
    assert "password authentication failed" in words
    assert "wrong; " not in words
    assert READER_PASSWORD not in words


def test_a_password_may_be_referred_to_apart(
    table: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_PASSWORD", READER_PASSWORD)
    connection, _, _ = table.connection.partition(";Pwd=")
    source = odbc(connection, "SELECT * FROM k", password=SecretRef(env="CRM_PASSWORD"))
    assert len(sent(source)) == len(ODD_NAMES) + 1


def test_a_table_without_rights_fails(table: Postgres) -> None:
    table.run("REVOKE SELECT ON k FROM crm")
    assert "permission denied" in failure(pg(table))


def test_a_dead_server_fails(table: Postgres) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "Connection refused" in failure(known(pg(table), odbc_string(port, "x")))


def test_a_server_that_stays_mute_is_given_up(table: Postgres) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        source = known(pg(table, connect_timeout_s=2), odbc_string(mute.getsockname()[1], "x"))
        began = time.monotonic()
        assert "cannot connect" in failure(source)
        assert time.monotonic() - began < 10


def test_a_slow_statement_is_given_up(table: Postgres) -> None:
    slow = "SELECT id, name FROM k, pg_sleep(20)"
    assert "statement timeout" in failure(pg(table, slow, timeout_s=1))


def test_cancel_stops_a_statement_of_postgresql(table: Postgres) -> None:
    source = pg(table, "SELECT id, name FROM k, pg_sleep(20)")
    timer = threading.Timer(0.5, source.cancel)
    timer.start()
    began = time.monotonic()
    assert "user request" in failure(source)
    assert time.monotonic() - began < 5
    timer.join()


def test_a_backend_killed_in_mid_read_is_a_failure_not_an_end(table: Postgres) -> None:
    table.run("INSERT INTO k (id, name) SELECT n, 'x' FROM generate_series(1000, 20000) n")
    events = pg(table).read(b"")
    read = [next(events) for _ in range(2_500)]
    table.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crm'")
    with pytest.raises(SourceFailed, match=r"PostgreSQL: after [\d,]+ rows: .*terminat"):
        read.extend(events)
    assert Complete(full=True) not in read


def test_the_result_is_not_held_in_memory(table: Postgres) -> None:
    query = "SELECT n AS id, repeat('x', 1000) AS name FROM generate_series(1, 10000000) n"
    events = pg(table, query, timeout_s=30).read(b"")
    assert len([next(events) for _ in range(3_000)]) == 3_000
    events.close()


READ_ALONE = """
import os, sys
from pathlib import Path
from connectors.drivers import prepare_drivers
prepare_drivers(Path(sys.argv[1]))
import pyodbc
pyodbc.connect(sys.argv[2]).execute("SELECT 1").fetchall()
print(os.getpid())
"""


def test_no_log_is_left_by_the_driver(table: Postgres, tmp_path: Path) -> None:
    # in a process of its own: the driver manager reads its settings once a process
    alone = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(tmp_path), table.connection],
        cwd=Path(__file__).parents[3],
        env={name: value for name, value in os.environ.items() if name != "ODBCSYSINI"},
        capture_output=True,
        text=True,
        check=True,
    )
    logs = Path(tempfile.gettempdir()).glob(f"psqlodbc*{alone.stdout.strip()}.log")
    assert list(logs) == []
