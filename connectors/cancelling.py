"""How a read that blocks is ended from another thread.

Law: a cancel makes the wait of the thread that reads come to its end, and never waits itself; what
is closed and freed, that thread closes and frees. A source that was cancelled stays so: a cancel
that comes before there is anything to wait for is not lost.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from connectors.errors import Cancelled


class Cancellable(Protocol):
    """What can be told to stop waiting."""

    def cancel(self) -> None:
        """Make whatever waits end with an error; never waits itself."""


_Waiting = TypeVar("_Waiting", bound=Cancellable)


class Cancelling:
    """What a cancel of one source reaches: all that its read waits for just then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reached: list[Cancellable] = []
        self._cancelled = False

    @contextmanager
    def reaching(self, waiting: _Waiting) -> Iterator[_Waiting]:
        """Let a cancel reach something for a `with` block.

        Raises:
            Cancelled: the source was cancelled before.
        """
        with self._lock:
            if self._cancelled:
                raise Cancelled("cancelled")
            self._reached.append(waiting)
        try:
            yield waiting
        finally:
            with self._lock:
                self._reached.remove(waiting)

    def cancel(self) -> None:
        """Cancel all that is waited for, and whatever would be from now on."""
        with self._lock:
            self._cancelled = True
            for waiting in self._reached:
                waiting.cancel()


def break_wire(wire: socket.socket | None) -> None:
    """Make whoever waits for a socket see its end; nothing is closed. None: there is none yet.

    `SSLSocket.shutdown` forgets the TLS first: a thread that reads would get what is still
    encrypted, and one that sends would send it in clear.
    """
    if wire is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
