"""Damage is noticed before it is served."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine import generation as folders
from engine.errors import CorruptIndex
from engine.index import verify_index
from engine.schema import FORMAT
from tests.engine.building import Directory, contact


def segment_files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in {".term", ".idx", ".pos", ".fast", ".fieldnorm", ".store", ".del"}
        and path.stat().st_size
    )


def served(directory: Directory) -> Path:
    folder = folders.current_generation(directory.index_dir)
    assert folder is not None
    return folder


@pytest.mark.parametrize("sealed", [True, False], ids=["by the manifest", "by tantivy's footer"])
def test_one_flipped_bit_in_any_file_is_noticed(directory: Directory, *, sealed: bool) -> None:
    gone = contact("0", "Gone", "498999998100")
    directory.hold(gone, *(contact(str(n), f"Name {n}", f"4989999981{n}") for n in range(10, 40)))
    directory.store.apply("crm", [], ["0"])
    directory.writer.catch_up()
    if sealed:
        directory.writer.close()
    folder = served(directory)
    verify_index(directory.index_dir)
    rng = random.Random(7)
    for path in segment_files(folder):
        whole = path.read_bytes()
        bits = bytearray(whole)
        # tantivy's footer does not sum itself: a flip there changes nothing that is read
        end = len(bits) if sealed else len(bits) - 8 - int.from_bytes(bits[-8:-4], "little")
        bits[rng.randrange(end)] ^= 1 << rng.randrange(8)
        path.write_bytes(bits)
        with pytest.raises(CorruptIndex, match=path.name):
            verify_index(directory.index_dir)
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(CorruptIndex, match=path.name):
            verify_index(directory.index_dir)
        path.write_bytes(whole)
    verify_index(directory.index_dir)


def test_a_missing_file_is_noticed(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel"))
    victim = next(path for path in segment_files(served(directory)) if path.suffix == ".term")
    victim.unlink()
    with pytest.raises(CorruptIndex, match=f"{victim.name} is missing"):
        verify_index(directory.index_dir)


@pytest.mark.parametrize("name", [folders.META, folders.MANIFEST])
def test_a_broken_list_of_files_is_noticed(directory: Directory, name: str) -> None:
    directory.hold(contact("1", "Anna Abel"))
    (served(directory) / name).write_bytes(b"\xff{")
    with pytest.raises(CorruptIndex, match=name):
        verify_index(directory.index_dir)


def test_a_sweep_leaves_only_what_is_served(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel"))
    keep = served(directory)
    folders.new_generation(directory.index_dir)
    (directory.index_dir / ".current.12345").symlink_to("1-99")
    folders.sweep(directory.index_dir)
    assert {path.name for path in directory.index_dir.iterdir()} == {keep.name, folders.CURRENT}


def test_generations_are_numbered_upwards(tmp_path: Path) -> None:
    first = folders.new_generation(tmp_path)
    second = folders.new_generation(tmp_path)
    assert (first.name, second.name) == (f"{FORMAT}-1", f"{FORMAT}-2")
    folders.publish(tmp_path, first)
    folders.publish(tmp_path, second)
    assert folders.current_generation(tmp_path) == second


def test_a_file_that_vanishes_while_the_manifest_is_written_is_no_fault(
    directory: Directory,
) -> None:
    directory.hold(contact("1", "Anna Abel"))
    folder = served(directory)
    merged = folder / f"{'0' * 32}.7.del"
    merged.symlink_to("collected")  # listed, but gone when it is opened
    folders.write_manifest(folder)
    manifest = folders.read_manifest(folder)
    assert manifest is not None
    assert merged.name not in manifest.files
    assert any(name.endswith(".term") for name in manifest.files)
