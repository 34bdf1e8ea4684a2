"""CSV files and databases over ODBC pass what every kind of source must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.drivers import prepare_drivers
from tests.connectors.conformance import Conformance
from tests.connectors.worlds import CsvWorld, MariaDbWorld, PostgresWorld, SqliteWorld, World
from tests.e2e.mariadb import MariaDb
from tests.e2e.postgres import Postgres


@pytest.fixture(autouse=True, scope="module")
def own_drivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As the program does: no logs are left behind in the temporary folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODBCSYSINI", "")
        prepare_drivers(tmp_path_factory.mktemp("run"))
        yield


class TestCsv(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return CsvWorld(tmp_path)


class TestSqlite(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return SqliteWorld(tmp_path)


class TestSqliteByTime(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return SqliteWorld(tmp_path, changed="updated")


class TestPostgres(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path, postgres: Postgres) -> World:
        return PostgresWorld(postgres, tmp_path / "dsn")


class TestPostgresByXmin(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path, postgres: Postgres) -> World:
        return PostgresWorld(postgres, tmp_path / "dsn", version="row_xmin")


class TestPostgresByTime(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path, postgres: Postgres) -> World:
        return PostgresWorld(postgres, tmp_path / "dsn", changed="updated")


class TestMariaDb(Conformance):
    many = 12_000  # what is read ahead, and whole pages

    @pytest.fixture
    def world(self, tmp_path: Path, mariadb: MariaDb) -> World:
        return MariaDbWorld(mariadb, tmp_path / "dsn")


class TestMariaDbByTime(Conformance):
    many = 12_000

    @pytest.fixture
    def world(self, tmp_path: Path, mariadb: MariaDb) -> World:
        return MariaDbWorld(mariadb, tmp_path / "dsn", changed="updated")
