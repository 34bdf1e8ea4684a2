"""The number table's file: opened once a process, and told if it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import CorruptIndex
from engine.numberfile import DATA, FOLDER, create_file, open_file


def test_a_file_is_opened_once_in_a_process(tmp_path: Path) -> None:
    create_file(tmp_path).environment.close()
    assert open_file(tmp_path) is open_file(tmp_path)


def test_a_table_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    create_file(tmp_path).environment.close()
    with pytest.raises(CorruptIndex, match=FOLDER):
        create_file(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "no table"])
def test_a_table_that_cannot_be_opened_is_a_corrupt_index(tmp_path: Path, damage: str) -> None:
    if damage == "no table":
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / DATA).write_bytes(b"no LMDB file" * 1000)
    with pytest.raises(CorruptIndex, match=FOLDER):
        open_file(tmp_path)
