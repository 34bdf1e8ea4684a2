"""Dates that MariaDB keeps and no calendar has, as values, keys and times of change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.drivers import prepare_drivers
from engine.source import RejectedRecord, Upsert
from tests.connectors.making import sent
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
    mariadb.run("GRANT SELECT ON crm.* TO crm")
    yield mariadb
    mariadb.run("REVOKE ALL PRIVILEGES, GRANT OPTION FROM crm")


def test_a_date_of_mariadb_without_a_month_or_a_year_costs_no_record(
    people: MariaDb, opened: Opened
) -> None:
    people.run(
        "SET sql_mode = '';"
        " CREATE TABLE born (id int PRIMARY KEY, name text, d date, t datetime(6));"
        " INSERT INTO born VALUES"
        " (1, 'Anna', '2026-02-03', '2026-02-03 04:05:06.5'), (2, 'Bea', '0000-05-03', NULL),"
        " (3, 'Cem', '1980-00-00', '1980-00-00 00:00:00'), (4, 'Dora', '0000-00-00', 0)"
    )
    try:
        events = opened(people.connection, "SELECT * FROM born").preview(9)
    finally:
        people.run("DROP TABLE born")
    assert [(event.record["d"], event.record["t"]) for event in events] == [
        ("2026-02-03", "2026-02-03T04:05:06.500000"),
        ("0000-05-03", ""),
        ("1980-00-00", "1980-00-00 00:00:00.000000"),
        ("", ""),
    ]


@pytest.mark.parametrize("fetch", [2, 3, 100])
@pytest.mark.parametrize("key", [("id", "since"), ("since", "id")])
@pytest.mark.parametrize("null", ["NULL", "NOT NULL"])
def test_keys_with_dates_that_no_calendar_has_are_read_once_each(
    people: MariaDb, opened: Opened, null: str, key: tuple[str, ...], fetch: int
) -> None:
    dates = ("0000-00-00", "0000-05-03", "2020-01-01", "2026-00-00")
    rows = ", ".join(f"({id_}, '{since}', 'Anna')" for id_ in (1, 2, 3) for since in dates)
    people.run(
        f"SET sql_mode = ''; CREATE OR REPLACE TABLE posts (id int, since date {null}, name text);"
        f" INSERT INTO posts VALUES {rows}"
    )
    events = sent(opened(people.connection, "SELECT * FROM posts", key=key, fetch=fetch))
    people.run("DROP TABLE posts")
    assert not any(isinstance(event, RejectedRecord) for event in events)
    keys = [event.key for event in events if isinstance(event, Upsert)]
    assert len(keys) == len(set(keys)) == 3 * len(dates)


def test_a_time_of_change_that_no_calendar_has_is_no_mark(people: MariaDb, opened: Opened) -> None:
    people.run(
        "SET sql_mode = ''; CREATE OR REPLACE TABLE dated (id int, name text, changed datetime);"
        " INSERT INTO dated VALUES (1, 'Anna', '0000-00-00'), (2, 'Bea', '0000-00-00')"
    )
    source = opened(people.connection, "SELECT * FROM dated", changed="changed")
    for changed in ("0000-00-00", "2026-11-00"):
        people.run(f"SET sql_mode = ''; UPDATE dated SET changed = '{changed}'")
        first = sent(source)
        again = sent(source, first[-1].bookmark)
        assert [event.key for event in again if isinstance(event, Upsert)] == ["1", "2"]
    people.run("DROP TABLE dated")
