"""What real drivers do beyond the standard: each trap that was found is a test here."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.drivers import MARIADB, prepare_drivers
from connectors.errors import Cancelled, SourceFailed
from connectors.kinds.odbc import PROBE, OdbcOptions
from connectors.registry import open_source
from connectors.settings import SecretRef
from engine.source import Complete, Present, RejectedRecord, Upsert
from tests.connectors.conformance import PROBES
from tests.connectors.making import field_names, sent, settings
from tests.connectors.testdata import real_file
from tests.e2e.mariadb import MariaDb
from tests.e2e.mariadb import odbc_string as mariadb_string
from tests.e2e.postgres import Postgres


@pytest.fixture(autouse=True, scope="module")
def own_drivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODBCSYSINI", "")
        prepare_drivers(tmp_path_factory.mktemp("run"))
        yield


class Opened:
    """Makes sources whose connection strings stand in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        connection: str,
        query: str,
        *,
        key: str | tuple[str, ...] = "id",
        name: str = "name",
        **options: Any,
    ) -> Any:
        secret = self._folder / "dsn"
        secret.write_text(connection)
        made = OdbcOptions(connection=SecretRef(file=secret), query=query, **options)
        rules = {"display_name": name}
        keys = (key,) if isinstance(key, str) else key
        return open_source(settings(kind="odbc", key=keys, map=rules, options=made))


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path)


def failure(source: Any) -> str:
    with pytest.raises(SourceFailed) as failed:
        sent(source)
    assert "\n" not in str(failed.value)
    return str(failed.value)


def cancel_many_times(opened: Opened, connection_string: str, query: str) -> None:
    """Cancel sources while another thread fetches rows from them.

    A driver that frees what is being fetched from ends the whole process: no test can catch that.
    """
    for moment in range(60):
        source = opened(connection_string, query)
        fetched = threading.Event()

        def read(
            rows_before: int = 37 * moment,
            fetched: threading.Event = fetched,
            database: Any = source._database,
        ) -> None:
            with database.session() as connection, contextlib.suppress(SourceFailed, Cancelled):
                while True:
                    rows = database.rows(database.execute(connection, query))
                    deque(islice(rows, rows_before), maxlen=0)
                    fetched.set()
                    deque(rows, maxlen=0)

        reader = threading.Thread(target=read)
        reader.start()
        assert fetched.wait(30)
        source.cancel()
        reader.join(30)
        assert not reader.is_alive()


def check_cancel_of_a_mute_server(server: Postgres | MariaDb, source: Any, sleepers: str) -> None:
    """Cancel a statement while the server says nothing, not even to those who come to cancel it.

    `sleepers` asks the server how many statements sleep.
    """

    def read() -> None:
        with contextlib.suppress(SourceFailed):
            sent(source)

    reader = threading.Thread(target=read)
    reader.start()
    deadline = time.monotonic() + 30
    while server.run(f"SELECT count(*) FROM {sleepers}") == "0":
        assert time.monotonic() < deadline
    server.program.signal(signal.SIGSTOP)
    try:
        canceller = threading.Thread(target=source.cancel, daemon=True)
        canceller.start()
        canceller.join(5)
        assert not canceller.is_alive()
    finally:
        server.program.signal(signal.SIGCONT)
    reader.join(30)
    assert not reader.is_alive()


@pytest.fixture
def people(mariadb: MariaDb) -> Iterator[MariaDb]:
    """MariaDB with names that its driver is known to cut."""
    rows = ", ".join(f"('{name}', {number})" for number, name in enumerate(PROBES))
    mariadb.run(
        "CREATE TABLE staff (name varchar(255), id int, text longtext, `größe 対` int, `付` int);"
        f"INSERT INTO staff (name, id) VALUES {rows};"
        "GRANT SELECT ON crm.staff TO crm"
    )
    yield mariadb
    mariadb.run("DROP TABLE staff; REVOKE ALL PRIVILEGES, GRANT OPTION FROM crm")


# MariaDB


def test_mariadb_gives_every_name_whole(people: MariaDb, opened: Opened) -> None:
    source = opened(people.connection, "SELECT * FROM staff ORDER BY id")
    assert [event.record["name"] for event in sent(source)[:-1]] == list(PROBES)


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_statements_for_mariadb_hold_characters_outside_ascii_in_any_locale(
    people: MariaDb, locale: str, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text(people.connection)
    code = (
        "import sys; from pathlib import Path; from tests.connectors.test_databases import *;"
        "prepare_drivers(Path(sys.argv[1]));"
        "source = Opened(Path(sys.argv[1]))(Path(sys.argv[1], 'dsn').read_text(),"
        " \"SELECT id, name, `größe 対` FROM staff WHERE name = 'Ústí nad Labem'\");"
        "print(ascii((field_names(source), [e.record for e in sent(source)[:-1]],"
        " source.check().warnings)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "LC_ALL": locale, "ODBCSYSINI": ""},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [{"id": "3", "name": "Ústí nad Labem"}]
    assert done.stdout.strip() == ascii((("id", "name", "größe 対"), found, ()))


def test_a_name_that_the_driver_of_mariadb_cannot_send_is_refused(
    people: MariaDb, opened: Opened
) -> None:
    """It would read memory behind the statement, send it, and now and then fail or abort."""
    assert "MariaDB: its ODBC driver cannot send '付' in a name" in failure(
        opened(people.connection, "SELECT id, name, `付` FROM staff")
    )
    named_by_the_map = opened(people.connection, "SELECT * FROM staff", name="付")
    assert "view that names the column or table without it" in failure(named_by_the_map)


def test_names_of_postgresql_are_right_in_a_plain_locale(
    postgres: Postgres, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text(postgres.connection)
    code = (
        "import sys; from pathlib import Path; from tests.connectors.test_databases import *;"
        "prepare_drivers(Path(sys.argv[1]));"
        "source = Opened(Path(sys.argv[1]))(Path(sys.argv[1], 'dsn').read_text(),"
        " f\"SELECT 1 AS id, '{PROBE}' AS name\");"
        "print(ascii((sent(source)[0].record['name'], source.check().warnings)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "LC_ALL": "C", "ODBCSYSINI": ""},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ascii((PROBE, ()))


def test_the_check_notices_a_driver_that_changes_characters(
    people: MariaDb, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what the profile says of MariaDB, its driver cuts texts: the check has to tell."""
    bare = msgspec.structs.replace(MARIADB, utf8=False)
    monkeypatch.setattr("connectors.databases.profile_of", lambda _: bare)
    source = opened(people.connection, "SELECT id, name FROM staff")
    report = source.check()
    assert any("characters outside ASCII" in text for text in report.warnings), report
    names = [event.record["name"] for event in sent(source)[:-1] if isinstance(event, Upsert)]
    assert "Øystei" in names, "else the driver was mended, and the profile can be simpler"


def test_pages_of_mariadb_pass_over_no_record(people: MariaDb, opened: Opened) -> None:
    # keys that MariaDB holds for equal stand on both sides of a page's end; keys of 128 characters
    # and with Ø cannot be parameters
    keys = ["a", "A", "ä", "Ä", "b", "B", "Ø" * 200, "ØÛ付", "付", "z" * 128]
    rows = ", ".join(f"('{key}', '{key[:9]}')" for key in keys)
    people.run(
        "CREATE TABLE paged (id varchar(255), name varchar(255));"
        f"INSERT INTO paged VALUES {rows}, (NULL, 'lost'), ('付', '付');"
        "GRANT SELECT ON crm.paged TO crm"
    )
    for fetch in (5, 6, 7, 12, 100):
        events = sent(opened(people.connection, "SELECT * FROM paged", fetch=fetch))
        found = [event.key for event in events if isinstance(event, Upsert)]
        assert sorted(found) == sorted([*keys, "付", ""])
        assert events[-1] == Complete(full=True)
    assert "the same key" in failure(opened(people.connection, "SELECT * FROM paged", fetch=2))
    people.run("DROP TABLE paged")


def test_a_result_of_mariadb_is_not_held_in_memory(people: MariaDb, opened: Opened) -> None:
    """Its driver ignores every wish to stream: whole, this one would take gigabytes."""
    people.run("CREATE VIEW wide AS SELECT seq AS id, repeat('x', 3000) AS name"
               " FROM seq_1_to_1000000; GRANT SELECT ON crm.wide TO crm")  # fmt: skip
    try:
        before = peak_mib()
        events = opened(people.connection, "SELECT id, name FROM wide").read(b"")
        assert len(list(islice(events, 4_000))) == 4_000
        events.close()
        assert peak_mib() - before < 200
    finally:
        people.run("DROP VIEW wide")


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_pages_may_have_a_key_of_several_columns(people: MariaDb, opened: Opened) -> None:
    query = "SELECT id DIV 3 AS a, id MOD 3 AS b, id, name FROM staff"
    source = opened(people.connection, query, fetch=2)
    source._settings = settings(key=("a", "b"), map={"display_name": "name"})
    events = sent(source)
    assert [event.key for event in events[:4]] == ["0|0", "0|1", "0|2", "1|0"]
    assert len(events) == len(PROBES) + 1


def test_a_long_text_is_whole(people: MariaDb, postgres: Postgres, opened: Opened) -> None:
    people.run("UPDATE staff SET text = repeat('ä', 70000) WHERE id = 0")
    query = "SELECT 0 AS id, text AS name FROM staff WHERE id = 0"
    assert sent(opened(people.connection, query))[0].record["name"] == "ä" * 70_000
    query = "SELECT 0 AS id, repeat('ä', 70000) AS name"
    assert sent(opened(postgres.connection, query))[0].record["name"] == "ä" * 70_000


def test_a_slow_statement_of_mariadb_is_given_up(people: MariaDb, opened: Opened) -> None:
    slow = "SELECT id, benchmark(2000000000, md5('x')) AS name FROM staff"
    assert "max_statement_time exceeded" in failure(opened(people.connection, slow, timeout_s=1))


def test_a_mute_mariadb_is_given_up(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        connection = mariadb_string(mute.getsockname()[1], "x")
        began = time.monotonic()
        source = opened(connection, "SELECT 1 AS id, 2 AS name", connect_timeout_s=2)
        assert "cannot connect" in failure(source)
        assert time.monotonic() - began < 20


def test_a_mariadb_that_falls_silent_is_given_up(people: MariaDb, opened: Opened) -> None:
    source = opened(people.connection, "SELECT id, name FROM staff", timeout_s=1)
    with source._database.session() as connection:
        people.program.signal(signal.SIGSTOP)
        try:
            with pytest.raises(SourceFailed, match="Lost connection"):
                source._database.execute(connection, "SELECT id, name FROM staff")
        finally:
            people.program.signal(signal.SIGCONT)


def test_cancel_stops_a_statement_of_mariadb(people: MariaDb, opened: Opened) -> None:
    source = opened(
        people.connection, "SELECT id, benchmark(2000000000, md5('x')) AS name FROM staff"
    )
    timer = threading.Timer(0.5, source.cancel)
    timer.start()
    began = time.monotonic()
    assert "interrupted" in failure(source)
    assert time.monotonic() - began < 5
    timer.join()


def test_a_cancel_between_two_rows_of_mariadb_harms_nothing(
    people: MariaDb, opened: Opened
) -> None:
    people.run("INSERT INTO staff (name, id) SELECT 'Name', seq FROM seq_1_to_4000")
    query = "SELECT id, name FROM staff"
    cancel_many_times(opened, people.connection, query)


def test_a_cancel_does_not_wait_for_a_mariadb_that_is_mute(people: MariaDb, opened: Opened) -> None:
    query = "SELECT id, sleep(40) AS name FROM staff"
    sleepers = "information_schema.processlist WHERE state = 'User sleep'"
    check_cancel_of_a_mute_server(people, opened(people.connection, query), sleepers)


def test_the_session_of_mariadb_cannot_write(people: MariaDb, opened: Opened) -> None:
    people.run("GRANT INSERT ON crm.staff TO crm")
    source = opened(people.connection, "SELECT id, name FROM staff")
    with source._database.session() as connection, pytest.raises(Exception, match="READ ONLY"):
        connection.execute("INSERT INTO staff (id) VALUES (-1)")


@pytest.mark.parametrize(
    "right",
    ["INSERT ON crm.staff", "UPDATE (name) ON crm.staff", "DELETE ON crm.*", "ALL ON *.*"],
)
def test_the_check_warns_of_a_login_of_mariadb_that_can_write(
    people: MariaDb, opened: Opened, right: str
) -> None:
    source = opened(people.connection, "SELECT id, name FROM staff")
    assert source.check().warnings == ()
    people.run(f"GRANT {right} TO crm")
    assert "can write" in source.check().warnings[0]


def test_the_check_warns_of_a_column_of_postgresql_that_can_be_written(
    postgres: Postgres, opened: Opened
) -> None:
    postgres.run("CREATE TABLE own (id int, name text); GRANT SELECT ON own TO crm")
    source = opened(postgres.connection, "SELECT id, name FROM own")
    assert source.check().warnings == ()
    postgres.run("GRANT UPDATE (name) ON own TO crm")
    assert "can write" in source.check().warnings[0]
    postgres.run("DROP TABLE own")


def test_no_statement_is_open_while_rights_are_asked_for(
    postgres: Postgres, opened: Opened
) -> None:
    """SQL Server runs one statement at a time on a connection (no MARS)."""
    source = opened(postgres.connection, "SELECT n AS id, n AS name FROM generate_series(1, 9) n")
    database = source._database
    with database.session() as connection:
        cursor = database.execute(connection, "SELECT 1 FROM generate_series(1, 9)")
        assert database.can_write(connection) is False
        with pytest.raises(Exception, match="closed cursor"):
            cursor.fetchone()


def test_several_statements_never_reach_a_database() -> None:
    for query in (
        "SELECT 1; INSERT INTO k VALUES (1)",
        "WITH x AS (INSERT INTO k VALUES (1) RETURNING *) SELECT * FROM x",
        "CALL wipe()",
    ):
        with pytest.raises(ValueError, match="query: "):
            OdbcOptions(connection="DSN=x", query=query)


# PostgreSQL


def test_a_cancel_between_two_rows_of_postgresql_harms_nothing(
    postgres: Postgres, opened: Opened
) -> None:
    query = "SELECT n AS id, 'Name' AS name FROM generate_series(1, 4000) n"
    cancel_many_times(opened, postgres.connection, query)


def test_an_insert_inside_a_query_is_refused_by_the_session(
    postgres: Postgres, opened: Opened
) -> None:
    """The driver's own ReadOnly looks at the first word only."""
    postgres.run("CREATE TABLE written (id int); GRANT SELECT, INSERT ON written TO crm")
    query = "WITH x AS (INSERT INTO written VALUES (1) RETURNING id) SELECT id, id AS name FROM x"
    database = opened(postgres.connection, "SELECT 1 AS id, 2 AS name")._database
    try:
        with (
            database.session() as connection,
            pytest.raises(SourceFailed, match=r"data-modifying statements|read-only transaction"),
        ):
            database.execute(connection, query)
        assert postgres.run("SELECT count(*) FROM written") == "0"
    finally:
        postgres.run("DROP TABLE written")


def test_a_cancel_at_the_moment_a_statement_begins_is_not_lost(
    postgres: Postgres, opened: Opened
) -> None:
    """A driver knows of nothing to cancel until it has sent the statement."""
    for _ in range(6):
        database = opened(postgres.connection, "SELECT 1 AS id, 2 AS name")._database

        def read(database: Any = database) -> None:
            with database.session() as connection, contextlib.suppress(SourceFailed):
                database.execute(connection, "SELECT pg_sleep(60)")

        reader = threading.Thread(target=read)
        reader.start()
        deadline = time.monotonic() + 30
        while database._cursor is None:
            assert time.monotonic() < deadline
        database.cancel()
        reader.join(20)
        assert not reader.is_alive()


def test_a_cancel_does_not_wait_for_a_postgresql_that_is_mute(
    postgres: Postgres, opened: Opened
) -> None:
    query = "SELECT 1 AS id, pg_sleep(40)::text AS name"
    sleepers = "pg_stat_activity WHERE wait_event = 'PgSleep'"
    check_cancel_of_a_mute_server(postgres, opened(postgres.connection, query), sleepers)


# SQLite


def test_a_cancel_between_two_rows_of_sqlite_harms_nothing(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "crm.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT)")
        database.executemany("INSERT INTO staff VALUES (?, 'Name')", [(n,) for n in range(4_000)])
    connection = f"Driver={{SQLite3}};Database={path}"
    query = "SELECT id, name FROM staff"
    cancel_many_times(opened, connection, query)


# Following changes


def test_an_uncommitted_change_is_read_once_it_is_committed(
    postgres: Postgres, opened: Opened
) -> None:
    postgres.run(
        "CREATE TABLE own (id int, name text); GRANT SELECT ON own TO crm;"
        "INSERT INTO own SELECT n, 'old' FROM generate_series(1, 5) n"
    )
    source = opened(postgres.connection, "SELECT xmin AS version, * FROM own", version="version")
    first = sent(source)[-1]
    assert isinstance(first, Complete)
    with source._database.session() as connection:  # stands in for any open transaction
        held = connection.execute("SELECT pg_current_xact_id()").fetchone()[0]
        postgres.run("UPDATE own SET name = 'new' WHERE id = 1")
        events = sent(source, first.bookmark)
        assert [event.record["name"] for event in events if isinstance(event, Upsert)] == ["new"]
        # the mark lies before the transaction that is still open
        assert str(held).encode() in events[-1].bookmark
    postgres.run("DROP TABLE own")


def test_a_rising_number_is_followed(people: MariaDb, opened: Opened) -> None:
    source = opened(people.connection, "SELECT id, name FROM staff", version="id")
    first = sent(source)[-1]
    people.run("INSERT INTO staff (id, name) VALUES (900, 'Neu')")
    events = sent(source, first.bookmark)
    found = [event.record["name"] for event in events if isinstance(event, Upsert)]
    assert found == [PROBES[-1], "Neu"]  # the last one seen is read again
    text = opened(people.connection, "SELECT id, name FROM staff", version="name")
    assert "no column of numbers" in failure(text)


def test_a_time_of_change_in_the_future_hides_nothing(people: MariaDb, opened: Opened) -> None:
    query = "SELECT id, name, CASE id WHEN 0 THEN '2099-01-01' ELSE now() END AS t FROM staff"
    source = opened(people.connection, query, changed="t")
    first = sent(source)[-1]
    assert b"2099" not in first.bookmark


def test_of_keys_that_double_while_they_are_followed_the_first_is_read_once_they_change(
    people: MariaDb, opened: Opened
) -> None:
    source = opened(people.connection, "SELECT id, name FROM staff", version="id")
    first = sent(source)
    people.run("INSERT INTO staff (id, name) VALUES (900, 'Neu'), (900, 'Doppelt')")
    whole = sent(source, first[-1].bookmark)
    assert len(whole) == len(first) + 2
    events = sent(source, whole[-1].bookmark)  # nothing changed: the stored one stays
    rejected = [event for event in events if not isinstance(event, Present | Complete)]
    assert rejected == [RejectedRecord("900", "duplicate key", key="900")] * 2
    people.run("DELETE FROM staff WHERE name = 'Neu'")
    left = [event.record["name"] for event in sent(source, events[-1].bookmark)[:-1]]
    assert "Doppelt" in left
    assert len(left) == len(first)


def test_of_composite_keys_with_an_empty_part_the_first_one_stays_while_they_are_followed(
    people: MariaDb, opened: Opened
) -> None:
    people.run(
        "CREATE TABLE parts (id int, branch int, person int, name text);"
        "GRANT SELECT ON crm.parts TO crm;"
        "INSERT INTO parts VALUES (1, 1, 1, 'Own'), (2, NULL, 7, 'First'), (3, NULL, 7, 'Second')"
    )
    query = "SELECT id, branch, person, name FROM parts"
    source = opened(people.connection, query, key=("branch", "person"), version="id")
    first = sent(source)
    assert [event.record["name"] for event in first[:-1]] == ["First", "Second", "Own"]
    events = sent(source, first[-1].bookmark)
    rejected = [event for event in events if not isinstance(event, Present | Complete)]
    assert rejected == [RejectedRecord("|7", "duplicate key", key="|7")]
    people.run("DELETE FROM parts WHERE name = 'First'")
    left = [event.record["name"] for event in sent(source, events[-1].bookmark)[:-1]]
    assert left == ["Second", "Own"]
    people.run("DROP TABLE parts")


# Access


@pytest.fixture
def northwind() -> str:
    return f"Driver={{MDBTools}};DBQ={real_file('nwind.mdb')}"


def test_a_table_of_access_is_read(northwind: str, opened: Opened) -> None:
    source = opened(northwind, "SELECT * FROM Customers", key="CustomerID", name="CompanyName")
    events = sent(source)
    assert len(events) == 92
    assert events[-1] == Complete(full=True)
    assert events[0].record == {"CustomerID": "ALFKI", "CompanyName": "Alfreds Futterkiste"}
    assert "Phone" in field_names(source)
    report = source.check()
    assert (report.faults, report.warnings) == ((), ())


def test_access_may_lie_in_a_folder_of_any_name(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "Kunden (alt), [2]" / "n@w.mdb"
    path.parent.mkdir()
    path.write_bytes(real_file("nwind.mdb").read_bytes())
    connection = f"Driver={{MDBTools}};DBQ={path}"
    source = opened(connection, "SELECT * FROM Customers", key="CustomerID", name="CompanyName")
    assert len(sent(source)) == 92


def test_umlauts_of_access_are_right(northwind: str, opened: Opened) -> None:
    source = opened(northwind, "SELECT * FROM Customers", key="CustomerID", name="Address")
    addresses = {event.key: event.record["Address"] for event in sent(source)[:-1]}
    assert addresses["BERGS"] == "Berguvsvägen  8"


def test_what_access_cannot_do_is_a_fault_of_the_run(northwind: str, opened: Opened) -> None:
    sorted_ = opened(northwind, "SELECT * FROM Customers ORDER BY City", key="CustomerID")
    assert "Couldn't parse SQL" in failure(sorted_)
    assert "no such file" in failure(opened("Driver={MDBTools};DBQ=/none.mdb", "SELECT * FROM x"))


# SQL Server: the drivers only, there is no server


def test_freetds_says_in_one_line_that_nobody_answers(opened: Opened) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    connection = f"Driver={{FreeTDS}};Server=127.0.0.1;Port={port};Database=x;UID=a;PWD={{s;e}}"
    words = failure(opened(connection, "SELECT 1 AS id, 2 AS name", connect_timeout_s=2))
    assert words.startswith("SQL Server: cannot connect: ")
    assert "s;e" not in words


def test_change_tracking_is_of_sql_server_only(people: MariaDb, opened: Opened) -> None:
    source = opened(people.connection, "SELECT id, name FROM staff", tracked="dbo.staff")
    assert "only SQL Server" in failure(source)
    with pytest.raises(ValueError, match="no name of a table"):
        OdbcOptions(connection="DSN=x", query="SELECT 1", tracked="x; DROP TABLE y")
