from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contact import Contact, ContactId, PhoneLine, encode_contact
from engine.generation import current_generation
from engine.index import ContactIndex
from engine.numberfile import open_file
from engine.phone import PhoneNumber
from engine.store import ContactStore
from rufname import indexer as module
from rufname.drafting import MANY
from rufname.indexer import END_LIMIT_S, Indexer, IndexingFailed
from rufname.programs import family
from rufname.rundir import Lock, take_writer_lock


class Place:
    """A data folder with a store, its lock, and an indexer."""

    def __init__(self, folder: Path) -> None:
        self.store_path = folder / "contacts.sqlite"
        self.index_dir = folder / "index"
        self.store = ContactStore.open(self.store_path)
        self.lock: Lock = take_writer_lock(folder / "run")
        self.indexer = Indexer(
            self.store_path, self.index_dir, self.lock.descriptor, self.store.last_seq()
        )

    def add(self, first: int, count: int) -> None:
        rows = []
        for number in range(first, first + count):
            line = PhoneLine("work", PhoneNumber(f"4930231250{number:05}"))
            contact = Contact(ContactId("crm", f"{number}"), display_name="Ada", phones=(line,))
            rows.append((f"{number}", b"d", encode_contact(contact)))
        self.store.apply("crm", rows)

    def documents(self) -> int:
        index = ContactIndex.open(self.index_dir, {})
        try:
            return index.status().documents
        finally:
            index.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.indexer.close()
    made.store.close()
    made.lock.release()


def test_the_index_follows_the_store_and_tells_how_far_it_is(place: Place) -> None:
    place.indexer.catch_up()
    place.add(0, 1000)
    told: list[tuple[int, int]] = []
    assert place.indexer.catch_up(lambda done, total: told.append((done, total))) == 1000
    assert told[-1] == (1000, 1000)
    assert place.documents() == 1000


def test_it_follows_in_the_background_while_the_store_grows(place: Place) -> None:
    place.add(0, 10)
    place.indexer.begin_catch_up()
    place.add(10, 10)
    assert place.indexer.catch_up() == 20
    assert not place.indexer.busy
    assert place.documents() == 20


def test_what_ends_a_run_leaves_the_table_in_full_pages(place: Place) -> None:
    """Also where the index was made, and packed, while the run was under way."""
    for first in range(0, 1_500, 500):
        place.add(first, 500)
    place.indexer.begin_catch_up()
    while place.indexer.busy:
        pass
    for first in range(1_500, 3_000, 500):
        place.add(first, 500)
    place.indexer.begin_catch_up()
    while place.indexer.busy:
        pass
    table = "current/numbers/data.mdb"
    loose = (place.index_dir / table).stat().st_blocks
    place.indexer.catch_up()
    assert (place.index_dir / table).stat().st_blocks < loose
    assert place.documents() == 3_000


def test_a_rebuild_gives_the_same_contacts(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    assert place.indexer.rebuild() == 10
    assert place.documents() == 10


def test_a_killed_process_is_replaced_within_the_order(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    process = place.indexer._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    place.add(10, 10)
    assert place.indexer.catch_up() == 20
    assert place.documents() == 20


def test_a_process_started_ahead_of_its_first_order_carries_it_out(place: Place) -> None:
    place.indexer.start()
    ahead = place.indexer._process
    assert ahead is not None
    assert not place.indexer.busy
    place.add(0, 10)
    assert place.indexer.catch_up() == 10
    assert place.indexer._process is ahead


def test_a_process_killed_ahead_of_its_first_order_is_replaced(place: Place) -> None:
    place.indexer.start()
    ahead = place.indexer._process
    assert ahead is not None
    ahead.kill()
    ahead.wait()
    place.add(0, 10)
    assert place.indexer.catch_up() == 10


def test_after_its_end_the_next_order_starts_another(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    place.indexer.close()
    place.indexer.close()
    place.add(10, 10)
    assert place.indexer.catch_up() == 20


def test_a_fault_is_told_in_words_and_the_next_order_works(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    place.store.apply("crm", [("bad", b"d", b"\xc1 no contact")])
    with pytest.raises(IndexingFailed, match="contact crm"):
        place.indexer.catch_up()
    assert place.documents() == 10
    place.store.apply("crm", [], ["bad"])
    place.indexer.catch_up()
    assert place.documents() == 10


def test_a_version_that_was_installed_meanwhile_leaves_the_index_to_the_one_that_runs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    served = (place.index_dir / "current").readlink()
    place.indexer.close()
    place.add(10, 10)
    with monkeypatch.context() as running:
        running.setattr(module, "FORMATS", "1.1")
        for order in (place.indexer.catch_up, place.indexer.rebuild):
            with pytest.raises(IndexingFailed, match="restart `rufname serve`"):
                order()
    assert place.documents() == 10
    assert (place.index_dir / "current").readlink() == served
    place.indexer.close()
    assert place.indexer.catch_up() == 20


def test_a_disk_that_is_full_is_named_and_the_next_order_works(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    process = place.indexer._process
    assert process is not None
    limits = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    place.add(10, 2_000)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (50_000, limits[1]))
    with pytest.raises(IndexingFailed, match=r"index/.* cannot be written"):
        place.indexer.catch_up()
    assert place.documents() == 10
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    place.indexer.catch_up()
    assert place.documents() == 2_010
    assert place.indexer._process is process


def test_the_lock_is_held_until_both_processes_are_gone(place: Place, tmp_path: Path) -> None:
    lock_path = tmp_path / "run" / "writer.lock"
    place.indexer.catch_up()
    place.lock.release()
    assert Lock.take(lock_path) is None
    place.indexer.close()
    again = Lock.take(lock_path)
    assert again is not None
    place.lock = again


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_long_run_has_help_that_ends_with_the_process_however_that_ends(place: Place) -> None:
    for first in range(0, MANY + 2_000, 1_000):
        place.add(first, 1_000)
    assert place.indexer.catch_up() == MANY + 2_000
    assert place.documents() == MANY + 2_000
    process = place.indexer._process
    assert process is not None
    _, helper = family(process.pid)
    process.kill()
    deadline = time.monotonic() + 30
    while is_alive(helper):
        assert time.monotonic() < deadline
    place.add(MANY + 2_000, 10)
    assert place.indexer.catch_up() == MANY + 2_010
    assert place.documents() == MANY + 2_010


def test_the_index_is_the_same_though_its_helper_is_killed_on_the_way(place: Place) -> None:
    for first in range(0, MANY + 5_000, 1_000):
        place.add(first, 1_000)
    place.indexer.begin_catch_up()
    process = place.indexer._process
    assert process is not None
    deadline = time.monotonic() + 60
    while not (helpers := family(process.pid)[1:]):
        assert time.monotonic() < deadline
    for helper in helpers:
        os.kill(helper, signal.SIGKILL)
    assert place.indexer.catch_up() == MANY + 5_000
    assert place.indexer._process is process
    assert place.documents() == MANY + 5_000


def test_it_ends_soon_after_an_owner_that_was_killed(place: Place) -> None:
    place.add(0, 10)
    place.indexer.catch_up()
    served = current_generation(place.index_dir)
    assert served is not None
    table = open_file(served)
    with table.environment.begin(write=True):  # what it will wait for
        place.add(10, 10)
        place.indexer.begin_catch_up()
        process = place.indexer._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(END_LIMIT_S + 30.0) == 0
    assert place.indexer.catch_up() == place.store.last_seq()


PROGRAM = """
from rufname import indexer
class PanicException(BaseException):
    pass
def carry_out(*_):
    raise {error}("Ada +49 30 23125 001")
indexer._carry_out = carry_out
from rufname.cli import run
raise SystemExit(run(__import__("sys").argv[1:]))
"""
"""The indexing process with a defect whose exception holds what a contact says."""


@pytest.mark.parametrize(
    ("error", "orders", "code"), [("LookupError", 2, 0), ("PanicException", 1, 3)]
)
def test_what_goes_wrong_in_the_index_is_a_line_of_the_log_without_a_contact(
    place: Place, error: str, orders: int, code: int
) -> None:
    """After a panic of tantivy, which no `except Exception` meets, another process goes on."""
    place.add(0, 1)
    own = ["index", "--store", str(place.store_path), "--index", str(place.index_dir)]
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error), *own],
        input=2 * b'{"do":"catch_up"}\n',
        capture_output=True,
        check=False,
    )
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["event"] for line in lines] == orders * ["a job of the index failed"]
    assert b"Ada" not in run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert [answer["fault"] for answer in answers] == orders * [f"{error}: see the log"]
    assert run.returncode == code
