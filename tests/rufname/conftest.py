from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rufname.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def synced(place: Place, capfd: pytest.CaptureFixture[str]) -> Place:
    assert place.run("sync") == 0
    capfd.readouterr()
    return place


@pytest.fixture(autouse=True)
def kept_logging() -> Iterator[None]:
    """Keep what a test does to logging to that test."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    logging.captureWarnings(capture=False)
