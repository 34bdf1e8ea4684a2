"""Keys of databases that are hard to read page by page, or to follow."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from connectors.drivers import prepare_drivers
from connectors.errors import SourceFailed
from connectors.kinds.odbc import OdbcSource
from engine.source import RejectedRecord, Upsert
from tests.connectors.conformance import PROBES
from tests.connectors.making import sent, settings
from tests.connectors.test_databases import Opened
from tests.e2e.mariadb import MariaDb


@pytest.fixture(autouse=True, scope="module")
def own_drivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODBCSYSINI", "")
        prepare_drivers(tmp_path_factory.mktemp("run"))
        yield


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return Opened(tmp_path)


@pytest.fixture
def people(mariadb: MariaDb) -> Iterator[MariaDb]:
    mariadb.run(
        "CREATE OR REPLACE TABLE staff AS SELECT seq AS id, concat('Name ', seq) AS name"
        f" FROM seq_1_to_{len(PROBES)}; GRANT SELECT ON crm.* TO crm"
    )
    yield mariadb
    mariadb.run("DROP TABLE staff; REVOKE ALL PRIVILEGES, GRANT OPTION FROM crm")


def test_pages_of_mariadb_pass_over_no_record_whose_key_is_a_label(
    people: MariaDb, opened: Opened
) -> None:
    # in order by their places in the list, compared as texts
    people.run(
        "CREATE OR REPLACE TABLE labelled (kind enum('person', 'company'), id int, name text);"
        "INSERT INTO labelled SELECT 'person', seq, 'P' FROM seq_1_to_30;"
        "INSERT INTO labelled SELECT 'company', seq, 'C' FROM seq_1_to_30;"
    )
    source = opened(people.connection, "SELECT * FROM labelled", fetch=4)
    source._settings = settings(key=("kind", "id"), map={"display_name": "name"})
    found = [event.key for event in sent(source) if isinstance(event, Upsert)]
    people.run("DROP TABLE labelled")
    assert found == [f"{kind}|{n}" for kind in ("company", "person") for n in range(1, 31)]


def test_a_key_with_a_null_part_is_read_once(people: MariaDb, opened: Opened) -> None:
    query = "SELECT id AS a, IF(id MOD 3 = 2, NULL, id) AS b, name FROM staff"
    source = opened(people.connection, query, fetch=2)
    source._settings = settings(key=("a", "b"), map={"display_name": "name"})
    found = [event.key for event in sent(source) if isinstance(event, Upsert)]
    assert len(found) == len(set(found)) == len(PROBES)


@pytest.mark.parametrize(
    "key",
    [
        "18446744073709551000 + id",  # a snowflake; a parameter has 63 bits
        "TIMESTAMP'2026-11-05 08:00:00.000001' + INTERVAL id MICROSECOND",
        "CAST(uuid() AS uuid)",
        "CAST(to_base64(id) AS binary(8))",
        "TIME'08:00:00' + INTERVAL id SECOND",
        "CAST(TIME'-08:00:00' + INTERVAL id MICROSECOND AS char)",
    ],
)
def test_pages_of_mariadb_go_on_behind_keys_that_cannot_be_parameters(
    people: MariaDb, opened: Opened, key: str
) -> None:
    people.run(f"CREATE OR REPLACE TABLE keyed AS SELECT {key} AS id, name FROM staff")
    events = sent(opened(people.connection, "SELECT * FROM keyed", fetch=2))
    people.run("DROP TABLE keyed")
    assert len({event.key for event in events if isinstance(event, Upsert)}) == len(PROBES)


@pytest.mark.parametrize("type_", ["bit(40)", "bit(64)", "bit(8)"])
def test_keys_of_bits_are_read_page_by_page(people: MariaDb, opened: Opened, type_: str) -> None:
    people.run(
        f"CREATE OR REPLACE TABLE flags (id {type_}, name text);"
        "INSERT INTO flags SELECT id + 100, name FROM staff"
    )
    events = sent(opened(people.connection, "SELECT * FROM flags", fetch=2))
    people.run("DROP TABLE flags")
    keys = [int(event.key, 16) for event in events if isinstance(event, Upsert)]
    assert keys == [n + 100 for n in range(1, len(PROBES) + 1)]


@pytest.mark.parametrize("time", ["00:00:01.000002", "-00:00:01", "24:00:00"])
def test_a_key_that_is_a_time_which_the_driver_cuts_is_refused(
    people: MariaDb, opened: Opened, time: str
) -> None:
    # two people would have one key
    people.run(
        "CREATE OR REPLACE TABLE hours (id time(6), name text);"
        f"INSERT INTO hours VALUES ('00:00:01', 'Ada'), ('{time}', 'Bo')"
    )
    source = opened(people.connection, "SELECT * FROM hours")
    with pytest.raises(
        SourceFailed, match=r"key: 'id': of a TIME.* write CAST\(id AS CHAR\) AS id"
    ):
        sent(source)
    assert "of a TIME" in source.check().faults[0]
    cast = opened(people.connection, "SELECT CAST(id AS CHAR) AS id, name FROM hours", fetch=1)
    found = {event.key for event in sent(cast) if isinstance(event, Upsert)}
    people.run("DROP TABLE hours")
    assert found == {"00:00:01.000000", time if "." in time else f"{time}.000000"}


@pytest.mark.parametrize("fetch", [4, 7])
def test_a_value_that_cannot_be_read_costs_its_record_at_the_end_of_a_page_too(
    people: MariaDb, opened: Opened, fetch: int
) -> None:
    hours = "IF(id IN (3, 4, 8), '25:00:00', '08:00:00')"  # a duration, no time of day
    people.run(
        "CREATE OR REPLACE TABLE shifts (id int, name text, hours time);"
        f"INSERT INTO shifts SELECT id, name, {hours} FROM staff"
    )
    source = opened(people.connection, "SELECT * FROM shifts", fetch=fetch, name="hours")
    events = sent(source)
    people.run("DROP TABLE shifts")
    keys = [event.key for event in events if isinstance(event, Upsert)]
    assert keys == [str(n) for n in range(1, len(PROBES) + 1) if n not in {3, 4, 8}]
    assert sum(isinstance(event, RejectedRecord) for event in events) == 3


def test_keys_that_a_database_holds_for_equal_are_followed(people: MariaDb, opened: Opened) -> None:
    # ids of Salesforce differ in case alone, and MariaDB's usual collation knows none
    people.run(
        "CREATE OR REPLACE TABLE cased (id varchar(18), name varchar(255), changed datetime);"
        "INSERT INTO cased VALUES ('003aB', 'Ada', '2026-01-01'), ('003Ab', 'Bo', '2026-01-01'),"
        " ('x', 'one', '2026-01-01'), ('x', 'other', '2026-01-01')"
    )
    source = opened(people.connection, "SELECT * FROM cased", changed="changed")
    first = sent(source)[-1]
    people.run(
        "UPDATE cased SET name = concat(name, ' Neu'), changed = '2026-03-01' WHERE id <> 'x'"
    )
    events = sent(source, first.bookmark)
    people.run("DROP TABLE cased")
    found = {event.key: event.record["name"] for event in events if isinstance(event, Upsert)}
    assert found == {"003aB": "Ada Neu", "003Ab": "Bo Neu"}
    assert [event.key for event in events if isinstance(event, RejectedRecord)] == ["x", "x"]


QUERY = "SELECT n, part, id, name FROM blanks"
BLANKED = ("A7", "A7 ", " A7", "A7\t")
IN_PARTS = ("A7", "A7 ", None, "")


def kept_as_doubled(source: OdbcSource, run: Callable[[str], object], doubled: set[str]) -> None:
    """Follow the table `blanks`, of whose first four records some share a key."""
    first = sent(source)
    run("UPDATE blanks SET n = 100, name = 'Changed' WHERE n IN (1, 2)")
    whole = sent(source, first[-1].bookmark)  # the first one may be another now
    keys = [event.key for event in whole if isinstance(event, Upsert)]
    assert {key for key in keys if keys.count(key) > 1} == doubled
    events = sent(source, whole[-1].bookmark)
    run("DROP TABLE blanks")
    assert {event.key for event in events if isinstance(event, RejectedRecord)} <= doubled
    assert not any(isinstance(event, Upsert) for event in events)


def filled_by(keys: Sequence[str | None]) -> str:
    """Return the statements that make the table `blanks`, with these keys."""
    texts = ["NULL" if key is None else f"'{key}'" for key in keys]
    rows = ", ".join(f"({n}, 'x', {key}, 'Name {n}')" for n, key in enumerate(texts))
    return (
        "CREATE TABLE blanks (n int, part varchar(20), id varchar(20), name varchar(20));"
        f"INSERT INTO blanks VALUES {rows}, (90, 'x', 'B', 'Other');"
    )


@pytest.mark.parametrize(
    ("keys", "key", "doubled"),
    [(BLANKED, "id", {"A7"}), (IN_PARTS, ("part", "id"), {"x|A7", "x|"})],
)
@pytest.mark.parametrize("kind", ["PostgreSQL", "MariaDB", "MariaDB NO PAD", "SQLite"])
def test_keys_that_differ_by_blanks_or_null_are_doubled_while_they_are_followed(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    opened: Opened,
    *,
    kind: str,
    keys: Sequence[str | None],
    key: str | tuple[str, ...],
    doubled: set[str],
) -> None:
    made = filled_by(keys)
    if kind == "SQLite":
        path = tmp_path / "blanks.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(made)
            source = opened(f"Driver={{SQLite3}};Database={path}", QUERY, key=key, version="n")
            kept_as_doubled(source, database.execute, doubled)
        return
    server = request.getfixturevalue("postgres" if kind == "PostgreSQL" else "people")
    if kind == "MariaDB NO PAD":
        made = made.replace("id varchar(20)", "id varchar(20) COLLATE utf8mb4_nopad_bin")
    grant = "GRANT SELECT ON blanks TO crm" if kind == "PostgreSQL" else "SELECT 1"
    server.run(made + grant)
    source = opened(server.connection, QUERY, key=key, version="n")
    kept_as_doubled(source, server.run, doubled)
