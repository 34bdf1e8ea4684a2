"""Writes log lines without ever waiting for whoever reads them.

Law: a pipe or a terminal that nobody reads (a log shipper that hangs, a container's log driver,
Ctrl-S) holds up no process that answers. While it takes nothing, lines wait in memory; what is too
much is left out and counted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
import time
from typing import TextIO

from typing_extensions import override

MAX_WAITING = 1_000
"""Lines that are kept while nobody reads, some 300 octets each."""

END_LIMIT_S = 1.0
"""How long the end of a process waits for lines that nobody has read."""

_LOGGER = "rufname.log"


class PatientHandler(logging.Handler):
    """Writes at once where that cannot block, else in a thread of its own, in the same order."""

    def __init__(self, stream: TextIO) -> None:
        """Prepare; `stream` without a descriptor (a text in memory) is written to as it is."""
        super().__init__()
        self._stream = stream
        self._descriptor = _descriptor(stream)
        self._waiting: queue.Queue[bytes] = queue.Queue()
        self._left_out = 0
        self._is_torn = False
        self._thread: threading.Thread | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, or let it wait; the caller holds this handler's lock."""
        try:
            text = f"{self.format(record)}\n"
            if self._descriptor is None:
                self._stream.write(text)
                self._stream.flush()
                return
            line = text.encode("utf-8", "backslashreplace")
            waiting = self._waiting.unfinished_tasks
            if not waiting and len(line) <= select.PIPE_BUF and _is_writable(self._descriptor):
                self._write(line)
            elif waiting >= MAX_WAITING:
                self._left_out += 1
            else:
                self._waiting.put(line)
                self._have_thread()
        except Exception:  # noqa: BLE001 - as of every handler: a log that fails ends nothing
            self.handleError(record)

    @override
    def flush(self) -> None:
        """Wait for the lines that wait, `END_LIMIT_S` at most."""
        deadline = time.monotonic() + END_LIMIT_S
        with self._waiting.all_tasks_done:
            while self._waiting.unfinished_tasks:
                left_s = deadline - time.monotonic()
                if left_s <= 0 or not self._waiting.all_tasks_done.wait(left_s):
                    return

    def _have_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_waiting, name="log", daemon=True)
            self._thread.start()

    def _write_waiting(self) -> None:
        while True:
            line = self._waiting.get()
            with contextlib.suppress(OSError):  # closed, or a full disk
                self._write(line)
            if self._waiting.empty():
                self._tell_left_out()
            self._waiting.task_done()

    def _tell_left_out(self) -> None:
        """Write how many lines are missing, once there is room again."""
        with contextlib.suppress(OSError):
            self.acquire()
            try:
                left_out, self._left_out = self._left_out, 0
                told = self.format(_left_out(left_out)) if left_out else ""
            finally:
                self.release()
            if told:
                self._write(f"{told}\n".encode("utf-8", "backslashreplace"))

    def _write(self, line: bytes) -> None:
        """Write a line whole; after one that a full disk took a part of, on a line of its own.

        Never called by two at once: who does not wait writes while nothing waits.
        """
        assert self._descriptor is not None
        rest = b"\n" + line if self._is_torn else line
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
            self._is_torn = bool(rest)


def is_journal(stream: TextIO) -> bool:
    """Tell whether what is written goes to the journal of systemd itself (systemd.exec(5)).

    `JOURNAL_STREAM` outlives a redirection into a file: device and inode have to be the stream's.
    """
    try:
        found = os.fstat(stream.fileno())
    except (OSError, AttributeError):  # a text in memory
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def logs() -> bool:
    """Tell whether this process logs, as services do; a command at a terminal does not."""
    return any(isinstance(each, PatientHandler) for each in logging.getLogger().handlers)


def _left_out(lines: int) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": _LOGGER,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "nobody read the log: lines left out",
            "fields": {"lines": lines},
        }
    )


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
        return None


def _is_writable(descriptor: int) -> bool:
    """Tell whether `select.PIPE_BUF` octets can be written without waiting, or it fails at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
