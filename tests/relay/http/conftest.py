from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from litestar import Litestar

from engine.index import ContactIndex
from engine.rights import SourcePolicy
from relay.http.app import create_app
from relay.local import LocalDirectory
from relay.settings import RelaySettings
from tests.engine.building import Directory
from tests.relay.http.asking import CLIENTS, CONTACTS

SETTINGS = RelaySettings(host="127.0.0.1", port=0)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDirectory]:
    """The test's callers in a real index."""
    made = Directory(
        tmp_path_factory.mktemp("relay"),
        crm=SourcePolicy("crm", 500),
        hr=SourcePolicy("hr", 900, ("personnel",)),
        old=SourcePolicy("old", 100),
    )
    yield LocalDirectory(made.hold(*CONTACTS))
    made.close()


@pytest.fixture
def app(local: LocalDirectory) -> Litestar:
    return create_app(local, lambda: CLIENTS, SETTINGS)


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Litestar]:
    """The application where no source was ever read."""
    index = ContactIndex.open(tmp_path / "index", {})
    yield create_app(LocalDirectory(index), lambda: CLIENTS, SETTINGS)
    index.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return all that was logged at any level, without what the asking client logs itself."""
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.CRITICAL, name)
    caplog.set_level(logging.DEBUG)  # last: it is the level of the capture as well
    return lambda: "".join(
        f"{record.name} {record.getMessage()} {record.exc_info or ''}\n"
        for record in caplog.records
    )
