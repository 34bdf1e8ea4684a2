"""Real files of other people, where they stand beside the checkout; never part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = "shared/testdata"


def real_file(name: str) -> Path:
    """Return the path of a file; skips the test, with the reason, where it is not."""
    for parent in Path(__file__).resolve().parents:
        path = parent / _SHARED / name
        if path.is_file():
            return path
    pytest.skip(f"{name}: no folder {_SHARED} beside the checkout")
