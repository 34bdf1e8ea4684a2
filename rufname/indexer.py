"""The indexing process: lets the index follow the store while its owner reads a source.

Two processes, since reading and indexing each fill a core; a third one, `rufname.drafting`, helps
with what is much.

Law: started only by a process that holds `run/writer.lock`, whose open file it inherits: the lock
is free only once both are gone. It takes one order a line on standard input and answers by lines
on standard output; the end of its input is its end; its priority is its owner's. The store is the
truth: killed at any point, the next one goes on from the last commit.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

import click
import msgspec

from engine.errors import EngineError
from engine.generation import published_at
from engine.schema import FORMAT
from engine.store import ContactStore
from engine.storefile import FORMAT_VERSION
from engine.writer import IndexWriter
from rufname.drafting import Drafter
from rufname.errors import OTHER_VERSION, RufnameError
from rufname.exits import FAULT
from rufname.garbage import collect_rarely
from rufname.telemetry import configure_logging

IndexProgress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""

PROGRESS_ROWS = 2_000
END_LIMIT_S = 3.0
"""How long it may go on after the end of its input; killed then, it is caught up with later."""


FORMATS = f"{FORMAT}.{FORMAT_VERSION}"
"""Of index and store. A version that was installed since its owner began may have others: it would
leave its owner, and the workers that answer, an index and a store that they cannot read."""


class IndexingFailed(RufnameError):
    """The index could not follow the store; what was committed before is served on."""


class _Order(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        do: which of two things.
        ends: no more is to be expected soon, so that there is time to tidy.
    """

    do: Literal["catch_up", "rebuild"]
    ends: bool = False


class _Answer(msgspec.Struct, frozen=True):
    """A step (`done` of `total`), or with `ended` the end of an order; `fault` is "" if it is done.

    `seq` is the last change of the store that the index holds.
    """

    done: int = 0
    total: int = 0
    ended: bool = False
    seq: int = 0
    fault: str = ""


_log = logging.getLogger("rufname.index")

_answer_of = msgspec.json.Decoder(_Answer).decode
_order_of = msgspec.json.Decoder(_Order).decode


class Indexer:
    """The indexing process as its owner sees it: started when first needed."""

    def __init__(self, store_path: Path, index_dir: Path, lock: int, known: int) -> None:
        """Prepare; nothing is started yet.

        Args:
            store_path: the contact store.
            index_dir: the folder of generations.
            lock: the open file of `run/writer.lock`.
            known: the last `seq` of the store when the lock was taken: an index that holds more is
                not of this store, which was restored from a backup.
        """
        self._store_path = store_path
        self._index_dir = index_dir
        self._lock = lock
        self._known: int | None = known
        self._process: subprocess.Popen[bytes] | None = None
        self._pending = b""
        self._busy = False
        self._fault = self._last_fault = ""
        self._seq = 0

    @property
    def busy(self) -> bool:
        """Whether an order is under way; takes in what the process has said meanwhile."""
        while self._busy and self._process is not None and self._readable():
            self._take(self._receive())
        return self._busy

    @property
    def has_index(self) -> bool:
        """Whether an index was made, of whatever state or version."""
        return published_at(self._index_dir) is not None

    @property
    def fault(self) -> str:
        """Why the index could not follow the last time that it was waited for; "": it could."""
        return self._last_fault

    def start(self) -> None:
        """Start the process where there is none: it loads while its owner reads.

        Raises:
            IndexingFailed: it cannot be started.
        """
        if self._process is None:
            self._process = self._launch()

    def begin_catch_up(self) -> None:
        """Let the index follow the store, without waiting for it; passed over while it works.

        Raises:
            IndexingFailed: the process cannot be started.
        """
        if not self.busy:
            self._send(_Order("catch_up"))

    def catch_up(self, progress: IndexProgress | None = None) -> int:
        """Let the index follow the store and wait for it.

        Returns:
            The last change of the store that the index holds.

        Raises:
            IndexingFailed: with the reason; the index is as it was.
        """
        self._wait(progress)
        self._fault = ""
        return self._carry_out(_Order("catch_up", ends=True), progress)

    def rebuild(self, progress: IndexProgress | None = None) -> int:
        """Build the index anew from the store, swap it in, wait for it; like `catch_up`."""
        self._wait(progress)
        self._fault = ""
        return self._carry_out(_Order("rebuild"), progress)

    def close(self) -> None:
        """End the process, which may finish a short commit first. A later order starts another."""
        process, self._process, self._busy, self._pending = self._process, None, False, b""
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(OSError):
            process.stdout.close()
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _carry_out(self, order: _Order, progress: IndexProgress | None) -> int:
        """Send an order, wait, and keep why it could not be carried out."""
        try:
            seq = self._obeyed(order, progress)
        except IndexingFailed as error:
            self._last_fault = str(error)
            raise
        self._last_fault = ""
        return seq

    def _obeyed(self, order: _Order, progress: IndexProgress | None) -> int:
        """Send an order and wait; a process that was killed meanwhile is started once more."""
        for last_try in (False, True):
            self._send(order)
            self._wait(progress)
            if self._process is not None or last_try:
                break
        if self._fault or self._process is None:
            raise IndexingFailed(self._fault or "the indexing process was killed twice")
        return self._seq

    def _send(self, order: _Order) -> None:
        self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._busy = True
        with contextlib.suppress(BrokenPipeError):  # its end is noticed while waiting
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()

    def _launch(self) -> subprocess.Popen[bytes]:
        own = ["--store", str(self._store_path), "--index", str(self._index_dir)]
        own += ["--formats", FORMATS]
        if self._known is not None:
            own += ["--known", str(self._known)]
        try:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "rufname", "index", *own],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(self._lock,),
            )
        except OSError as error:  # no more processes, files or memory are allowed
            reason = f"the indexing process cannot be started: {error.strerror}"
            raise IndexingFailed(reason) from None

    def _wait(self, progress: IndexProgress | None) -> None:
        """Take answers until the order under way has ended, or the process."""
        while self._busy:
            answer = self._receive()
            self._take(answer)
            if answer is not None and progress is not None and not answer.ended:
                progress(answer.done, answer.total)

    def _take(self, answer: _Answer | None) -> None:
        if answer is None:
            self.close()
        elif answer.ended:
            self._busy = False
            self._seq = answer.seq
            self._fault = answer.fault
            if not answer.fault:
                self._known = None  # the index is in step, and goes on from there

    def _receive(self) -> _Answer | None:
        """Return the next answer; None at the end of the process."""
        assert self._process is not None
        assert self._process.stdout is not None
        while b"\n" not in self._pending:
            data = os.read(self._process.stdout.fileno(), 65_536)
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return _answer_of(line)

    def _readable(self) -> bool:
        assert self._process is not None
        assert self._process.stdout is not None
        return b"\n" in self._pending or bool(select.select([self._process.stdout], [], [], 0)[0])


_PATH = click.Path(path_type=Path, readable=False)
"""What cannot be read is told by whoever opens it, as a fault of the work."""


@click.command(hidden=True)
@click.option("--store", "store_path", type=_PATH, required=True)
@click.option("--index", "index_dir", type=_PATH, required=True)
@click.option("--known", type=int, default=None)
@click.option("--formats", default=FORMATS)
def index(store_path: Path, index_dir: Path, known: int | None, formats: str) -> None:
    """Follow the store; only a process that writes starts it."""
    configure_logging("index", level="warning")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of the input ends it
    collect_rarely()
    threading.Thread(target=end_with_owner, args=(sys.stdin.fileno(),), daemon=True).start()
    answers = sys.stdout.buffer
    store: ContactStore | None = None
    writer: IndexWriter | None = None
    drafter = Drafter()
    try:
        for line in sys.stdin.buffer:
            order = _order_of(line)
            if formats != FORMATS:
                _say(answers, _Answer(ended=True, fault=OTHER_VERSION))
                continue
            try:
                store = store or ContactStore.open(store_path)
                if writer is None:
                    writer = IndexWriter.open(index_dir, store, drafter.draft, known)
                    known = None
                _say(answers, _carry_out(writer, order, answers))
            except (EngineError, OSError, ValueError) as error:
                _say(answers, _Answer(ended=True, fault=str(error) or type(error).__name__))
                _let_go(writer)
                writer = None  # the next order begins with what is on disk
            except Exception as error:  # noqa: BLE001 - its text may hold what a contact says
                _fail(answers, error)
                _let_go(writer)
                writer = None
            except BaseException as error:  # noqa: BLE001 - tantivy's panic is no Exception
                _fail(answers, error)
                writer = None  # whatever state it is in: the next order begins in a new process
                raise SystemExit(FAULT) from None
    except BrokenPipeError:  # the owner is gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        drafter.close()
        _let_go(writer)
        if store is not None:
            store.close()


def end_with_owner(orders: int, limit_s: float = END_LIMIT_S) -> None:
    """End this process `limit_s` after the other end of its orders, whatever it is at.

    An owner that ends in an orderly way kills what takes longer; one that was killed itself cannot,
    and a long rebuild would keep the lock from whoever writes next.
    """
    watched = select.poll()
    watched.register(orders, 0)  # the end is told unasked
    watched.poll()
    threading.Event().wait(limit_s)
    os._exit(0)


def _fail(answers: IO[bytes], error: BaseException) -> None:
    """Log the error being handled without its own text, and answer the order."""
    _log.exception("a job of the index failed")
    _say(answers, _Answer(ended=True, fault=f"{type(error).__name__}: see the log"))


def _let_go(writer: IndexWriter | None) -> None:
    """Close a writer; without a sealed manifest the index is as after a kill: checked at start."""
    if writer is not None:
        with contextlib.suppress(EngineError):
            writer.close()


def _carry_out(writer: IndexWriter, order: _Order, answers: IO[bytes]) -> _Answer:
    said = 0

    def progress(done: int, total: int) -> None:
        nonlocal said
        if done - said >= PROGRESS_ROWS or done == total:
            said = done
            _say(answers, _Answer(done=done, total=total))

    if order.do == "rebuild":
        writer.rebuild(progress)
    else:
        writer.catch_up(progress)
        if order.ends:
            writer.pack()
    return _Answer(ended=True, seq=writer.applied_seq)


def _say(answers: IO[bytes], answer: _Answer) -> None:
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()
