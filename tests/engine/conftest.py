from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.rights import SourcePolicy
from tests.engine.building import Directory


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    """An empty store and index with the sources crm (all), hr (group personnel), old (low)."""
    made = Directory(
        tmp_path,
        crm=SourcePolicy("crm", 500),
        hr=SourcePolicy("hr", 900, ("personnel",)),
        old=SourcePolicy("old", 100),
    )
    yield made
    made.close()
