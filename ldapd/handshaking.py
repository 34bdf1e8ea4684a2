"""The handshake of one connection: what exists as long as it lasts, and what becomes of it.

Law: no LDAP here. A connection has a handshake or it has none; whoever wants it gone aborts the
handshake and not what is under it, and is told the end in any case, once.

Sources: RFC 4511 4.14 (StartTLS).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress

from ldapd.tls import start_tls

Ended = Callable[[BaseException | None], None]
"""Told how a handshake ended: None = TLS is up; else why it is not."""


class Handshake:
    """A handshake that goes on."""

    __slots__ = ("_socket", "_task")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        shaking: Coroutine[None, None, None],
        ended: Ended,
        sock: socket.socket | None = None,
    ) -> None:
        """Let a handshake begin with the next turn of the loop.

        Args:
            loop: the running one.
            shaking: shakes hands; raises if it comes to nothing.
            ended: called in the loop when it is over.
            sock: the accepted socket under it; None: a transport in clear is.
        """
        self._socket = sock
        self._task = loop.create_task(shaking)
        self._task.add_done_callback(lambda task: ended(_error_of(task)))

    def abort(self) -> None:
        """Have it fail.

        A task that waits for an accepted socket is not cancelled: that would leave the socket to
        the loop, open. Its end is closed, and the loop cleans up.
        """
        if self._socket is None:
            self._task.cancel()  # `start_tls` on a closed transport would wait in vain
            return
        with suppress(OSError):  # the peer may have closed it
            self._socket.shutdown(socket.SHUT_RDWR)


class Securable(asyncio.Protocol):
    """A connection in clear that may go on inside TLS."""

    __slots__ = ()

    def take_secured(self, transport: asyncio.Transport) -> None:
        """Own the transport inside TLS from now on, as if nothing had been said before."""
        raise NotImplementedError


async def upgrade(
    connection: Securable,
    transport: asyncio.Transport,
    context: ssl.SSLContext,
    timeout_s: float,
) -> None:
    """Shake hands on a transport in clear and hand the connection what is inside.

    Args:
        connection: whose transport it is.
        transport: reading from it must be paused already, and stay so.
        context: a server's.
        timeout_s: for the whole handshake.

    Raises:
        OSError: as `ldapd.tls.start_tls`; the connection was told nothing.
    """
    secured, early = await start_tls(transport, context, timeout_s)
    connection.take_secured(secured)
    secured.set_protocol(connection)
    if early.octets:
        connection.data_received(early.octets)


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return ConnectionError() if task.cancelled() else task.exception()
