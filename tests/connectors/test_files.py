from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.errors import SourceFailed
from connectors.files import delete_same, deletion_doubts, identity, open_regular, read_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "contacts.bin"
    found.write_bytes(b"12345")
    return found


def test_a_file_is_read_whole_and_known_again(path: Path) -> None:
    data, read = read_whole(path, 5)
    assert data == b"12345"
    assert read == identity(path.stat())


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("none", "No such file"), ("", "is a folder"), ("pipe", "no regular file")):
        with pytest.raises(SourceFailed, match=words), open_regular(tmp_path / name):
            pass


def test_a_file_beyond_the_limit_is_refused(path: Path) -> None:
    with pytest.raises(SourceFailed, match="larger than 0 MiB"):
        read_whole(path, 4)


def test_only_the_file_that_was_read_is_deleted(path: Path) -> None:
    _, read = read_whole(path, 100)
    path.write_bytes(b"a newer one")
    delete_same(path, read)
    assert path.exists()
    delete_same(path, identity(path.stat()))
    assert not path.exists()
    delete_same(path, read)


def test_a_folder_that_can_be_written_raises_no_doubt(path: Path) -> None:
    assert deletion_doubts(path) == []
    assert deletion_doubts(path / "none" / "x") != []
