"""The driver against a server of a few lines that behaves as each test wants it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice

import pytest

from rufname import load_driver
from rufname.load_driver import Bounds, Outcome, poisson, put_load
from rufname.load_line import Line, open_line
from rufname.load_questions import Question
from rufname.load_speech import HttpSpeech, LoadRefused

Behaviour = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAda"
QUESTIONS = (Question("known", "+491", "Ada"), Question("unknown", "+492", None))


@contextmanager
def _server(behave: Behaviour) -> Iterator[tuple[str, int]]:
    """Serve each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(peer: socket.socket) -> None:
        with peer:
            try:
                behave(peer)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(peer,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(20)
            assert not thread.is_alive()


def _answer(peer: socket.socket) -> None:
    while peer.recv(4096):
        peer.sendall(OK)


def _swallow(peer: socket.socket) -> None:
    while peer.recv(4096):
        pass


def _put(address: tuple[str, int], questions: tuple[Question, ...] = QUESTIONS,
         **bounds: float) -> Outcome:  # fmt: skip
    def connect() -> Line:
        return open_line(address, HttpSpeech("x", "Basic eA=="))

    limits = {"rate": 400.0, "seconds": 20.0, "count": 40, "connections": 2, **bounds}
    limited = Bounds(
        limits["rate"], limits["seconds"], int(limits["count"]), int(limits["connections"])
    )
    return put_load(connect, cycle(questions), limited)


def test_gaps_are_exponential_with_the_mean_of_the_rate_and_the_same_each_time() -> None:
    gaps = list(islice(poisson(50, 7), 20_000))
    assert gaps == list(islice(poisson(50, 7), 20_000))
    assert sum(gaps) / len(gaps) == pytest.approx(1 / 50, rel=0.05)
    longer = sum(gap > 1 / 50 for gap in gaps) / len(gaps)
    assert longer == pytest.approx(0.3679, abs=0.02)  # 1/e


def test_every_question_is_answered_and_counted_by_its_kind() -> None:
    with _server(_answer) as address:
        outcome = _put(address)
    assert (outcome.asked, outcome.answered, outcome.latency.count) == (40, 40, 40)
    assert not outcome.stopped
    assert outcome.faults == {}
    assert outcome.kinds["known"].asked == outcome.kinds["known"].named == 20
    assert all(count.other == 0 for count in outcome.kinds.values())


def test_another_name_than_expected_is_counted_and_shown() -> None:
    with _server(_answer) as address:
        outcome = _put(address, (Question("known", "+491", "Bert"),))
    assert outcome.kinds["known"].other == 40
    assert outcome.examples == ("+491: Ada, expected was Bert",) * 3


def test_the_time_bounds_what_the_count_does_not() -> None:
    with _server(_answer) as address:
        outcome = _put(address, rate=100, seconds=0.3, count=100_000)
    assert 5 <= outcome.asked <= 80


def test_waiting_for_a_free_connection_is_part_of_the_latency() -> None:
    gate = threading.Event()

    def slow(peer: socket.socket) -> None:
        while peer.recv(4096):
            gate.wait(0.02)
            peer.sendall(OK)

    with _server(slow) as address:
        outcome = _put(address, rate=2_000, count=30, connections=1)
    assert outcome.answered == 30
    assert outcome.latency.max_ms > 25 * 20


def test_a_server_that_never_answers_is_a_fault_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_driver, "ANSWER_LIMIT_S", 0.05)
    with _server(_swallow) as address:
        outcome = _put(address, count=6)
    assert outcome.faults == {"no answer within 0.05 s": 6}
    assert outcome.answered == 0


def test_a_server_that_falls_behind_ends_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_driver, "WAITING_S", 0.0)
    monkeypatch.setattr(load_driver, "MIN_WAITING", 5)
    with _server(_swallow) as address:
        outcome = _put(address, rate=5_000, count=1_000)
    assert "does not keep up" in outcome.stopped


def test_a_server_that_hangs_up_ends_the_load_after_some_faults() -> None:
    with _server(lambda peer: peer.recv(4096) and None) as address:
        outcome = _put(address, rate=5_000, count=1_000)
    assert outcome.stopped == "100 faults"
    assert sum(outcome.faults.values()) >= 100


def test_an_idle_connection_that_was_closed_is_opened_again() -> None:
    def once(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(OK)

    with _server(once) as address:
        outcome = _put(address, rate=20, count=5, connections=1)
    assert outcome.answered == 5
    assert outcome.faults == {}
    assert outcome.reconnected >= 4


def test_nobody_there_is_told_before_anything_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(LoadRefused, match=f"port {address[1]}: Connection refused"):
        _put(address)
