"""The drafting process: makes the documents of contacts on a core of its own.

Of a first sync's Python, half goes into documents. The indexing process, which has the number table
and tantivy to feed, would fill one core with it while another idles.

Law: started by the indexing process once there is much to do; it touches no file and knows nothing
but what it is sent, so that it may be killed at any time: what it owes is made by its owner. Both
speak over one pair of sockets, four octets of length before each message; the end of one is the
end of the other. Threads of the owner send and receive, since each side may wait for the other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from queue import SimpleQueue

import click
import msgspec

from engine.drafts import Documents, documents_of, draft_here
from engine.errors import CorruptStore
from engine.leading import NO_LIMITS, Leading
from engine.store import Change
from rufname.garbage import collect_rarely

MANY = 5_000
"""Changes that are made without the process: it takes half a second to load."""

LEAST_CORES = 2

END_LIMIT_S = 3.0

_LENGTH_BYTES = 4


class _Order(msgspec.Struct, frozen=True, array_like=True):
    """Changes, and the limits of the index where they are others than those of the order before."""

    changes: Sequence[Change]
    leading: bytes | None = None


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """The documents of one order; `fault` is "" if they are all there."""

    documents: list[str]
    fault: str = ""


_encode = msgspec.msgpack.Encoder().encode
_order_of = msgspec.msgpack.Decoder(_Order).decode
_answer_of = msgspec.msgpack.Decoder(_Answer).decode


class ProcessEnded(Exception):
    """The process is gone and owes an answer."""


class Drafter:
    """Orders documents: the first ones here, those of a long run from a process of its own."""

    def __init__(self, cores: int | None = None) -> None:
        """Prepare; nothing is started yet.

        Args:
            cores: how many this process may use, None to ask the system.
        """
        cores = len(os.sched_getaffinity(0)) if cores is None else cores
        self._process: _Process | None = None
        self._made_here = 0
        self._alone = cores < LEAST_CORES
        self._leading: Leading | None = None

    def draft(self, changes: Sequence[Change], leading: Leading) -> Documents:
        """Order the documents of changes (`engine.drafts.Draft`)."""
        process = self._process or self._begin(len(changes))
        if process is None:
            return draft_here(changes, leading)
        told = None if leading is self._leading else leading.encode()
        self._leading = leading
        answer = process.order(_Order(changes, told))

        def wait() -> list[str]:
            try:
                made = answer.result()
            except ProcessEnded:
                return documents_of(changes, leading)
            if made.fault:
                raise CorruptStore(made.fault)
            return made.documents

        return wait

    def close(self) -> None:
        """End the process; what it still owes is dropped."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _begin(self, changes: int) -> _Process | None:
        self._made_here += changes
        if not self._alone and self._made_here > MANY:
            try:
                self._process = _Process()
            except OSError:  # no room for another process
                self._alone = True
        return self._process


class _Process:
    """The process as its owner sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as kept:
            kept.enter_context(ours)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "rufname", "draft"], stdin=theirs.fileno()
                )
            kept.pop_all()
        self._socket = ours
        self._orders = SimpleQueue[bytes | None]()
        self._owed = deque[Future[_Answer]]()
        self._lock = threading.Lock()
        self._has_ended = False
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._send, self._receive)
        ]
        for thread in self._threads:
            thread.start()

    def order(self, order: _Order) -> Future[_Answer]:
        """Order documents; they come in the order of the orders."""
        answer = Future[_Answer]()
        with self._lock:
            if self._has_ended:
                answer.set_exception(ProcessEnded())
            else:
                self._owed.append(answer)
                self._orders.put(_encode(order))
        return answer

    def close(self) -> None:
        self._orders.put(None)
        with contextlib.suppress(OSError):  # it has ended
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _send(self) -> None:
        with contextlib.suppress(OSError):  # its end is noticed by `_receive`
            while (order := self._orders.get()) is not None:
                _say(self._socket, order)

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while (data := _hear(self._socket)) is not None:
                self._owed.popleft().set_result(_answer_of(data))
        with self._lock:
            self._has_ended = True
        for answer in self._owed:
            answer.set_exception(ProcessEnded())


def _say(connection: socket.socket, message: bytes) -> None:
    connection.sendall(len(message).to_bytes(_LENGTH_BYTES, "big") + message)


def _hear(connection: socket.socket) -> bytes | None:
    """Return the next message, None at the end of the other side.

    Whole in one call each: a thread that has to ask for the interpreter's lock after each piece
    would let the other side wait.
    """
    head = _receive_all(connection, _LENGTH_BYTES)
    return None if head is None else _receive_all(connection, int.from_bytes(head, "big"))


def _receive_all(connection: socket.socket, length: int) -> bytes | None:
    """Return so many octets, None where the other side ends before."""
    data = connection.recv(length, socket.MSG_WAITALL)
    while 0 < len(data) < length:  # a process that was stopped and goes on has a part of them
        more = connection.recv(length - len(data), socket.MSG_WAITALL)
        if not more:
            break
        data += more
    return data if len(data) == length else None


@click.command(hidden=True)
def draft() -> None:
    """Make documents; only the indexing process starts it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of its owner ends it
    collect_rarely()
    leading = NO_LIMITS
    # what else goes wrong is told by its owner, who then makes the documents itself: the text of an
    # exception may hold what a contact says
    with socket.socket(fileno=sys.stdin.fileno()) as owner, contextlib.suppress(Exception):
        while (data := _hear(owner)) is not None:
            order = _order_of(data)
            if order.leading is not None:
                leading = Leading.decode(order.leading)
            _say(owner, _encode(_carried_out(order.changes, leading)))


def _carried_out(changes: Sequence[Change], leading: Leading) -> _Answer:
    try:
        return _Answer(documents_of(changes, leading))
    except CorruptStore as error:
        return _Answer([], str(error))
