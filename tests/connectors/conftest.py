from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import ContactStore
from tests.e2e.mariadb import MariaDb, running_mariadb
from tests.e2e.postgres import Postgres, running_postgres


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContactStore]:
    opened = ContactStore.open(tmp_path / "var" / "contacts.sqlite")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own; it fails and names the Debian package where there is none."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB of our own; it fails and names the Debian package where there is none."""
    with running_mariadb() as server:
        yield server
