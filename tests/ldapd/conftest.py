from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.index import ContactIndex
from tests.engine.building import Directory
from tests.ldapd.house import EVERYBODY, POLICIES
from tests.ldapd.serving import Serving


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContactIndex]:
    """Everybody of the house in a real index; nobody changes it."""
    directory = Directory(tmp_path_factory.mktemp("house"), **POLICIES)
    yield directory.hold(*EVERYBODY)
    directory.close()


@pytest.fixture(scope="session")
def serving(index: ContactIndex) -> Iterator[Serving]:
    """A server with the default settings."""
    with Serving(index) as running:
        yield running
