"""What is mapped of a folder is marked as read at random, nothing else is."""

from __future__ import annotations

import mmap
import re
import sys
from pathlib import Path

import pytest

from engine import paging
from engine.paging import read_at_random
from tests.engine.building import Directory, contact

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="madvise of Linux")

RANDOM = "rr"
"""How Linux names it among a mapping's flags (proc(5), VmFlags)."""


def flags_of(file: Path) -> list[str]:
    """Return the flags of each mapping of a file in this process."""
    found, is_it = [], False
    for line in Path("/proc/self/smaps").read_text(errors="surrogateescape").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            is_it = line.endswith(f"{file}")
        elif is_it and line.startswith("VmFlags:"):
            found.append(line)
    return found


def test_files_of_the_folder_are_marked_and_those_beside_it_are_not(tmp_path: Path) -> None:
    inside, beside = tmp_path / "an index", tmp_path / "an index of others"
    maps = []
    for folder in (inside, beside):
        folder.mkdir()
        file = folder / "name with blänks"
        file.write_bytes(bytes(3 * mmap.PAGESIZE))
        with file.open("rb") as opened:
            maps.append(mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ))
    link = tmp_path / "current"
    link.symlink_to(inside)
    assert read_at_random(link) == 1
    assert read_at_random(link) == 1
    assert [RANDOM in line.split() for line in flags_of(inside / "name with blänks")] == [True]
    assert [RANDOM in line.split() for line in flags_of(beside / "name with blänks")] == [False]
    for each in maps:
        each.close()


def test_every_file_of_an_opened_index_is_read_at_random_after_each_commit(
    directory: Directory,
) -> None:
    for name in ("Anna", "Ben"):
        index = directory.hold(contact(name, name))
        generation = directory.index_dir / index.status().generation
        mapped = [
            line
            for file in generation.rglob("*")
            if file.suffix in (".term", ".idx", ".fast", ".mdb")
            for line in flags_of(file)
        ]
        assert mapped
        assert all(RANDOM in line.split() for line in mapped)


def test_a_system_without_proc_reads_as_it_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "_MAPS", tmp_path / "none")
    assert read_at_random(tmp_path) == 0
