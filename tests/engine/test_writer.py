"""The index follows the store: nothing lost, nothing twice, whatever was killed in between."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import generation as folders
from engine.contact import decode_contact, encode_contact
from engine.errors import CorruptIndex, CorruptStore, IndexUnwritable
from engine.index import ContactIndex, verify_index
from engine.rights import LOCAL_ADMIN, SourcePolicy
from engine.selection import Everyone
from engine.store import ContactStore
from engine.writer import IndexWriter
from tests.engine.building import Directory, contact, put, remove


def names(index: ContactIndex) -> list[str]:
    index.refresh()
    return sorted(each.name for each in index.select(Everyone(), LOCAL_ADMIN, 4_000).contacts)


def test_changes_are_applied_once_and_settled(directory: Directory) -> None:
    first, second = contact("1", "Anna"), contact("2", "Ben")
    directory.hold(first, second)
    directory.hold(contact("1", "Anna Two"))
    remove(directory.store, second)
    assert directory.writer.catch_up() == directory.store.last_seq()
    assert names(directory.index) == ["Anna Two"]
    assert directory.store.settled_seq() == directory.store.last_seq()
    assert directory.store.changes(0, 10)[-1].body is not None  # the tombstone is purged


def test_nothing_is_committed_when_nothing_changed(directory: Directory) -> None:
    directory.hold(contact("1", "Anna"))
    meta = (directory.index_dir / folders.CURRENT / folders.META).stat().st_mtime_ns
    directory.writer.catch_up()
    assert (directory.index_dir / folders.CURRENT / folders.META).stat().st_mtime_ns == meta


def test_progress_ends_at_the_whole(directory: Directory) -> None:
    put(directory.store, [contact(str(n), f"N{n}") for n in range(7)])
    seen: list[tuple[int, int]] = []
    directory.writer.catch_up(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (7, 7)
    directory.writer.rebuild(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (7, 7)


def test_what_is_written_during_a_rebuild_is_indexed_once_and_after_it(
    directory: Directory,
) -> None:
    put(directory.store, [contact(str(n), f"N{n}") for n in range(3)])
    late = iter([[contact("9", "Late"), contact("1", "Changed")]])
    seen: list[tuple[int, int]] = []

    def write_meanwhile(done: int, total: int) -> None:
        seen.append((done, total))
        put(directory.store, next(late, []))

    directory.writer.rebuild(write_meanwhile)
    assert max(done for done, _ in seen) == 3
    assert directory.writer.applied_seq == directory.store.last_seq()
    assert names(directory.index) == ["Changed", "Late", "N0", "N2"]


def test_a_writer_resumes_where_the_index_stands(directory: Directory) -> None:
    directory.hold(contact("1", "Anna"))
    directory.writer.close()
    put(directory.store, [contact("2", "Ben")])
    directory.writer = IndexWriter.open(directory.index_dir, directory.store)
    directory.writer.catch_up()
    assert names(directory.index) == ["Anna", "Ben"]


@pytest.mark.parametrize("damage", ["cut", "format", "meta", "other store", "behind", "ahead"])
def test_an_unusable_index_is_rebuilt_from_the_store(
    directory: Directory, damage: str, tmp_path: Path
) -> None:
    gone = contact("3", "Gone")
    directory.hold(contact("1", "Anna"), contact("2", "Ben"), gone)
    directory.writer.close()
    folder = folders.current_generation(directory.index_dir)
    assert folder is not None
    if damage == "cut":
        victim = next(path for path in folder.iterdir() if path.suffix == ".term")
        victim.unlink()
    elif damage == "format":
        folder.rename(folder.with_name("0-1"))
        folders.publish(directory.index_dir, folder.with_name("0-1"))
    elif damage == "meta":
        (folder / folders.META).write_text("{")
    elif damage == "behind":
        remove(directory.store, gone)
        directory.store.settle(directory.store.last_seq())
    else:
        directory.store.close()
        directory.store = ContactStore.open(tmp_path / "second.sqlite")
        put(directory.store, [contact("1", "Anna"), contact("2", "Ben")])
        if damage == "other store":
            put(directory.store, [contact("1", "Anna 2"), contact("1", "Anna")])
    directory.writer = IndexWriter.open(directory.index_dir, directory.store)
    expected = ["Anna", "Ben"] if damage in {"behind", "ahead", "other store"} else None
    assert names(directory.index) == (expected or ["Anna", "Ben", "Gone"])
    verify_index(directory.index_dir)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 5_000, 100_000])
def test_a_full_disk_keeps_the_former_commit_and_is_made_up_for(
    directory: Directory, room: int
) -> None:
    directory.hold(contact("1", "Anna"))
    put(directory.store, [contact(str(n), f"N{n}") for n in range(2, 3_000)])
    with files_end_at(room), pytest.raises(IndexUnwritable, match="cannot be written"):
        directory.writer.catch_up()
    assert names(directory.index) == ["Anna"]
    directory.writer.close()
    with closing(IndexWriter.open(directory.index_dir, directory.store)) as writer:
        assert writer.catch_up() == directory.store.last_seq()
        assert len(names(directory.index)) == 2_999


@pytest.mark.parametrize("room", [0, 5_000, 100_000])
def test_a_rebuild_on_a_full_disk_leaves_the_old_index_and_nothing_else(
    directory: Directory, room: int
) -> None:
    directory.hold(*[contact(str(n), f"N{n}") for n in range(3_000)])
    with files_end_at(room), pytest.raises(IndexUnwritable, match="cannot be written"):
        directory.writer.rebuild()
    served = (directory.index_dir / folders.CURRENT).readlink()
    assert {path.name for path in directory.index_dir.iterdir()} == {folders.CURRENT, str(served)}
    assert len(names(directory.index)) == 3_000
    directory.writer.rebuild()
    assert len(names(directory.index)) == 3_000


def test_a_folder_that_cannot_be_made_is_named(directory: Directory, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexUnwritable, match=r"file/index cannot be written: .*Not a directory"):
        IndexWriter.open(tmp_path / "file" / "index", directory.store)


def test_a_rebuild_without_room_for_it_is_not_begun(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.hold(contact("1", "Anna"))
    usage = shutil.disk_usage(directory.index_dir)
    monkeypatch.setattr("engine.writer.shutil.disk_usage", lambda _: usage._replace(free=5_000))
    with pytest.raises(IndexUnwritable, match=r"no room for a new index of about .* MiB: 0 MiB"):
        directory.writer.rebuild()
    assert names(directory.index) == ["Anna"]


def test_what_takes_no_further_file_is_told_apart_from_what_has_no_room(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = os.statvfs(directory.index_dir)
    taken = SimpleNamespace(f_files=65_536, f_favail=0, f_bavail=found.f_bavail)

    def unwritable(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.writer.folders.new_generation", unwritable)
    with pytest.raises(IndexUnwritable, match=r"No space left on device$"):
        directory.writer.rebuild()
    monkeypatch.setattr("engine.writer.os.statvfs", lambda _: taken)
    monkeypatch.setattr("engine.writer.shutil.disk_usage", lambda _: SimpleNamespace(free=10**12))
    with pytest.raises(IndexUnwritable, match=r"the disk takes no further file\)$"):
        directory.writer.rebuild()


def test_a_rebuild_has_room_for_the_number_table_twice(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.hold(contact("1", "Anna"))
    served = directory.index_dir / (directory.index_dir / folders.CURRENT).readlink()
    size = sum(path.stat().st_blocks * 512 for path in served.rglob("*"))
    table = (served / "numbers" / "data.mdb").stat().st_blocks * 512
    usage = shutil.disk_usage(directory.index_dir)
    free = [size + table - 1]
    monkeypatch.setattr("engine.writer.shutil.disk_usage", lambda _: usage._replace(free=free[0]))
    with pytest.raises(IndexUnwritable, match="no room"):
        directory.writer.rebuild()
    free[0] += 1
    directory.writer.rebuild()
    assert names(directory.index) == ["Anna"]


def test_a_file_that_vanishes_while_the_room_is_counted_is_no_fault(directory: Directory) -> None:
    directory.hold(contact("1", "Anna"))
    served = directory.index_dir / (directory.index_dir / folders.CURRENT).readlink()
    (served / "merged.7.del").symlink_to("collected")  # listed, but gone when it is looked at
    directory.writer.rebuild()
    assert names(directory.index) == ["Anna"]


def served_by(directory: Directory) -> Path:
    return directory.index_dir / (directory.index_dir / folders.CURRENT).readlink()


def hold_many(directory: Directory, count: int, begin: int = 0) -> None:
    """Hold contacts whose numbers come in no order, in several commits, as a first run does."""
    for first in range(begin, begin + count, 500):
        made = [
            contact(str(n), f"N{n}", f"4989{n * 7919 % 1_000_003:07}")
            for n in range(first, first + 500)
        ]
        rows = [(each.id.key, b"d", encode_contact(each)) for each in made]
        directory.store.apply("crm", rows)
        directory.writer.catch_up()


def table_octets(directory: Directory) -> int:
    return (served_by(directory) / "numbers" / "data.mdb").stat().st_blocks * 512


def test_a_first_run_ends_with_a_number_table_in_full_pages(directory: Directory) -> None:
    hold_many(directory, 3_000)
    directory.index.refresh()
    before, loose = served_by(directory), table_octets(directory)
    directory.writer.pack()
    assert served_by(directory) != before
    assert not before.exists()
    assert table_octets(directory) < loose * 0.75
    assert len(names(directory.index)) == 3_000
    folders.verify_generation(served_by(directory))
    with closing(ContactIndex.open(directory.index_dir, {"crm": SourcePolicy("crm")})) as fresh:
        assert sorted(names(fresh)) == sorted(f"N{n}" for n in range(3_000))
    directory.hold(contact("7", "Renamed"))
    assert "Renamed" in names(directory.index)
    assert len(names(directory.index)) == 3_000


def test_no_lengths_of_fields_are_kept(directory: Directory) -> None:
    hold_many(directory, 1_000)
    kept = list(served_by(directory).glob("*.fieldnorm"))
    assert kept
    assert sum(path.stat().st_size for path in kept) < 1_000


def test_a_table_is_written_anew_only_once_it_has_grown_by_a_quarter(directory: Directory) -> None:
    hold_many(directory, 500)
    small = served_by(directory)
    directory.writer.pack()
    assert served_by(directory) == small
    hold_many(directory, 1_000, begin=500)
    directory.writer.pack()
    packed = served_by(directory)
    assert packed != small
    hold_many(directory, 500, begin=1_500)
    directory.writer.pack()
    again = served_by(directory)
    assert again != packed
    hold_many(directory, 500, begin=1_000)
    directory.writer.pack()
    assert served_by(directory) == again
    directory.writer.rebuild()
    rebuilt = served_by(directory)
    directory.writer.pack()
    assert served_by(directory) == rebuilt


def test_a_table_without_room_for_a_second_one_stays(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_many(directory, 1_500)
    before = served_by(directory)
    usage = shutil.disk_usage(directory.index_dir)
    with monkeypatch.context() as patched:
        patched.setattr("engine.writer.shutil.disk_usage", lambda _: usage._replace(free=5_000))
        directory.writer.pack()
    assert served_by(directory) == before
    with files_end_at(100_000):
        directory.writer.pack()
    assert served_by(directory) == before
    assert {path.name for path in directory.index_dir.iterdir()} == {folders.CURRENT, before.name}
    directory.hold(contact("late", "Late"))
    assert len(names(directory.index)) == 1_501


def test_files_are_copied_where_they_cannot_have_a_second_name(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_many(directory, 1_000)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("engine.generation.os.link", refuse)
    before = served_by(directory)
    directory.writer.pack()
    assert served_by(directory) != before
    assert len(names(directory.index)) == 1_000
    folders.verify_generation(served_by(directory))


def test_a_contact_that_cannot_be_decoded_stops_the_commit_and_keeps_the_rest(
    directory: Directory,
) -> None:
    directory.hold(contact("1", "Anna"))
    directory.store.apply("crm", [("2", b"x" * 16, b"\xc1 no contact")], [])
    with pytest.raises(CorruptStore, match="crm"):
        directory.writer.catch_up()
    assert names(directory.index) == ["Anna"]
    put(directory.store, [contact("2", "Ben")])
    directory.writer.catch_up()
    assert names(directory.index) == ["Anna", "Ben"]


@pytest.mark.parametrize("reopened", [True, False])
def test_a_contact_that_went_and_came_back_around_a_failed_commit_is_there_once(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, *, reopened: bool
) -> None:
    anna = contact("1", "Anna", "493023125101")
    directory.hold(anna, contact("2", "Ben"))
    remove(directory.store, anna)
    with monkeypatch.context() as patch:
        patch.setattr(IndexWriter, "_commit", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            directory.writer.catch_up()
    put(directory.store, [contact("1", "Anna Two", "493023125101")])
    if reopened:
        directory.writer.close()
        with closing(IndexWriter.open(directory.index_dir, directory.store)) as writer:
            writer.catch_up()
    else:
        directory.writer.catch_up()
    assert names(directory.index) == ["Anna Two", "Ben"]
    assert directory.index.status().documents == 2


def test_what_an_index_never_held_is_not_removed_from_it(directory: Directory) -> None:
    directory.hold(contact("1", "Anna"), contact("2", "Ben"))
    removed: list[object] = []

    class Watched:
        """tantivy's writer, asked what it removes."""

        def __init__(self, writer: object) -> None:
            self._writer = writer

        def __getattr__(self, name: str) -> object:
            return getattr(self._writer, name)

        def delete_documents_by_term(self, field: str, value: object) -> None:
            removed.append(value)
            self._writer.delete_documents_by_term(field, value)  # type: ignore[attr-defined]

    directory.writer._writer = Watched(directory.writer._writer)  # type: ignore[assignment]
    put(directory.store, [contact(str(n), f"N{n}") for n in range(2, 100)])
    directory.writer.catch_up()
    assert len(removed) == 2  # the contact that was there, and the note of the last commit
    assert len(names(directory.index)) == 99


def test_the_search_index_holds_what_contacts_are_found_by_and_no_contact(
    directory: Directory,
) -> None:
    many = 2_000
    directory.hold(*(contact(str(n), f"Name {n}", notes=f"{n} " * 99) for n in range(many)))
    served = folders.current_generation(directory.index_dir)
    assert served is not None
    stored = [path.stat().st_size for path in served.glob("*.store")]
    assert stored
    assert sum(stored) < 16 * many  # octets: tantivy keeps an empty document for each


def test_two_writers_cannot_open_one_index(directory: Directory) -> None:
    directory.hold(contact("1", "Anna"))
    second = IndexWriter(directory.index_dir, directory.store)
    folder = folders.current_generation(directory.index_dir)
    assert folder is not None
    with pytest.raises(CorruptIndex, match=r"[Ll]ock"):
        second._attach(folder)


KILLED = """
import os, sys
from pathlib import Path
from tests.engine.building import contact, put, remove
from engine.store import ContactStore
from engine.writer import IndexWriter
folder, begin = Path(sys.argv[1]), int(sys.argv[2])
store = ContactStore.open(folder / "contacts.sqlite")
writer = IndexWriter.open(folder / "index", store)
for number in range(begin, 10_000):
    put(store, [contact(str(number % 50), f"Name {number}")])
    if number % 3 == 0:
        remove(store, contact(str((number - 7) % 50), ""))
    print(number, flush=True)
    writer.catch_up()
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_loses_no_contact(tmp_path: Path) -> None:
    rng, stored = random.Random(11), 0
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(stored)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        ) as process:  # fmt: skip
            assert process.stdout
            for _ in range(rng.randrange(1, 25)):
                stored = int(process.stdout.readline()) + 1
            process.kill()
            rest = process.stdout.read().split()
            if rest:
                stored = int(rest[-1]) + 1
    store = ContactStore.open(tmp_path / "contacts.sqlite")
    writer = IndexWriter.open(tmp_path / "index", store)
    writer.catch_up()
    index = ContactIndex.open(tmp_path / "index", {"crm": SourcePolicy("crm")})
    live = [change.body for change in store.changes(0, 1_000) if change.body is not None]
    assert store.last_seq() >= stored
    assert names(index) == sorted(decode_contact(body).name for body in live)
    assert index.status().documents == len(live)
    writer.close()
    store.close()
    verify_index(tmp_path / "index")
