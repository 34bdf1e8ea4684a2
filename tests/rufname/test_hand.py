from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Iterator

import pytest

from rufname import hand as module
from rufname.hand import Hand, drop_absent
from rufname.rundir import take_writer_lock
from rufname.writing import Writing
from tests.rufname.place import Place

CUT = """
[directory]
data_dir = "var"
"""


@pytest.fixture
def hand(place: Place) -> Iterator[Hand]:
    opened = threading.Event()
    made = Hand(place.config, opened.set)
    made.start()
    assert opened.wait(20)
    yield made
    made.finish()
    made.join(20)
    assert not made.is_alive()


def test_jobs_are_begun_in_their_order_and_each_is_done(hand: Hand) -> None:
    done: list[int] = []
    last = threading.Event()

    def do(number: int) -> None:
        done.append(number)
        if len(done) == 20:
            last.set()

    for number in range(20):
        hand.put(lambda _writing, number=number: do(number))  # type: ignore[misc]  # bound
    assert last.wait(10)
    assert sorted(done) == list(range(20))


def test_a_job_that_fails_is_logged_and_the_next_one_begins(
    hand: Hand, caplog: pytest.LogCaptureFixture
) -> None:
    begun, last = threading.Event(), threading.Event()

    def fail(_writing: Writing) -> None:
        begun.set()
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        hand.put(fail)
        hand.put(lambda _writing: last.set())
        assert begun.wait(10)
        assert last.wait(10)
        hand.finish()  # the next one may be done beside it, and before it has failed
        hand.join(20)
    assert "a job of the writer failed" in caplog.text


def test_idle_it_gives_memory_back(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST_AFTER_S", 0.01)
    rested = threading.Event()
    monkeypatch.setattr(Writing, "rest", lambda _self: rested.set())
    hand.put(lambda _writing: None)
    assert rested.wait(10)


def test_what_prevents_the_rest_is_logged_and_ends_no_thread(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "REST_AFTER_S", 0.01)
    tries, tried = threading.Semaphore(0), 2 * module.RUNS_AT_ONCE

    def fail(_self: Writing) -> None:
        tries.release()
        raise OSError(errno.EAGAIN, "not now")

    monkeypatch.setattr(Writing, "rest", fail)
    hand.put(lambda _writing: None)
    for _ in range(tried):
        assert tries.acquire(timeout=10)
    both = threading.Barrier(module.RUNS_AT_ONCE + 1)
    for _ in range(module.RUNS_AT_ONCE):
        hand.put(lambda _writing: (both.wait(10), None)[1])
    both.wait(10)
    assert "the indexing process could not be ended" in caplog.text


def test_the_end_gives_the_lock_back_and_forgets_waiting_jobs(place: Place, hand: Hand) -> None:
    begun, goes_on, forgotten = threading.Barrier(3), threading.Event(), threading.Event()

    def wait(_writing: Writing) -> None:
        begun.wait(10)
        goes_on.wait(10)

    for _ in range(2):
        hand.put(wait)
    hand.put(lambda _writing: forgotten.set())
    begun.wait(10)
    hand.finish()
    goes_on.set()
    hand.join(20)
    assert not forgotten.is_set()
    take_writer_lock(place.config.run_dir).release()


def test_for_a_file_that_was_cut_off_nothing_is_dropped(synced: Place) -> None:
    writing = Writing.open(synced.config)
    for text, left in (("", 3), ("# all that is left\n", 3), (CUT, 0)):
        synced.path.write_text(text, encoding="utf-8")
        drop_absent(writing, synced.config)
        assert writing.store.sources() == {"phonelist": left}
    writing.close()


def test_what_prevents_the_opening_is_kept_for_the_loop(place: Place) -> None:
    place.config.data_dir.mkdir()
    place.config.store_path.write_bytes(b"no database" * 1000)
    opened = threading.Event()
    failing = Hand(place.config, opened.set)
    failing.start()
    failing.join(20)
    assert opened.is_set()
    assert failing.failure is not None
    take_writer_lock(place.config.run_dir).release()


def test_two_jobs_are_done_at_once(hand: Hand) -> None:
    together = threading.Barrier(2)
    seen: list[str] = []
    last = threading.Event()

    def run(_writing: Writing) -> None:
        together.wait(20)
        seen.append("run")
        if len(seen) == 2:
            last.set()

    for _ in range(2):
        hand.put(run)
    assert last.wait(30)
