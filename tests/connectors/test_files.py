from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.errors import SourceFailed
from connectors.files import (
    ImportedFile,
    delete_same,
    deletion_doubts,
    identity,
    open_regular,
    read_whole,
)


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


def test_a_file_whose_records_were_rejected_is_kept_and_says_so(path: Path) -> None:
    imported = ImportedFile(path, delete_after=True)
    imported.was_read(identity(path.stat()))
    assert imported.delete(3) == "contacts.bin: not deleted, since 3 records were rejected"
    assert path.exists()
    assert not imported.is_done
    assert imported.delete(0) == ""
    assert imported.is_done
    assert imported.done_report().warnings == (f"{path}: not there; it will be read once it is",)


def test_a_file_that_is_not_to_be_deleted_stays(path: Path) -> None:
    imported = ImportedFile(path, delete_after=False)
    imported.was_read(identity(path.stat()))
    assert imported.delete(0) == imported.delete(1) == ""
    assert path.exists()
    path.unlink()
    assert not imported.is_done


def test_what_belongs_to_a_file_goes_with_it(path: Path) -> None:
    memo, newer = path.with_suffix(".fpt"), path.with_suffix(".dbt")
    memo.write_bytes(b"memo")
    newer.write_bytes(b"memo")
    imported = ImportedFile(path, delete_after=True, beside=lambda: [memo, newer])
    imported.was_read(identity(path.stat()))
    newer.write_bytes(b"a newer one")
    imported.delete(0)
    assert [path.exists(), memo.exists(), newer.exists()] == [False, False, True]
