from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.rights import SourcePolicy
from relay.local import LocalDirectory
from tests.engine.building import Directory
from tests.relay.http.asking import CONTACTS
from tests.relay.tunnel.ends import Site


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDirectory]:
    """The test's callers in a real index."""
    made = Directory(
        tmp_path_factory.mktemp("tunnel"),
        crm=SourcePolicy("crm", 500),
        hr=SourcePolicy("hr", 900, ("personnel",)),
        old=SourcePolicy("old", 100),
    )
    yield LocalDirectory(made.hold(*CONTACTS))
    made.close()


@pytest.fixture
def site(tmp_path: Path, local: LocalDirectory) -> Site:
    return Site(tmp_path / "keys", local)
