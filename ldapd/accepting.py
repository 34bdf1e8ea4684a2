"""Accepts connections that begin with TLS: counted and judged before their handshake.

Law: no LDAP. The loops' own servers call nobody before a handshake is over, so that silent peers
could hold as many descriptors as they like; here each is known from the moment it is accepted.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

ACCEPTS_A_TURN = 16
"""Connections taken before others are served: a storm of handshakes must not stop the calls."""

PAUSE_S = 1.0
"""How long nothing is accepted after the system ran out of descriptors or memory."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log = logging.getLogger(__name__)


class Acceptor:
    """Takes connections from one listening socket, which other processes may share."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        backlog: int,
        welcome: Callable[[socket.socket, object], None],
    ) -> None:
        """Accept from now on.

        Args:
            loop: the running loop.
            sock: bound; owned from now on.
            backlog: see `socket.listen`.
            welcome: called with each connected socket, which it then owns, and its peer's name.
        """
        self._loop = loop
        self._socket = sock
        self._welcome = welcome
        self._pause: asyncio.TimerHandle | None = None
        sock.settimeout(0.0)
        sock.listen(backlog)
        self._resume()

    def close(self) -> None:
        """Accept no more."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                sock, name = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                _log.error("cannot accept connections: %s", error)
                self._loop.remove_reader(self._socket.fileno())
                self._pause = self._loop.call_later(PAUSE_S, self._resume)
                return
            sock.settimeout(0.0)
            self._welcome(sock, name)
