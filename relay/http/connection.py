"""A client's connection: HTTP parsed in C, bounded in size, number and time.

Law: no route and no answer but refusals of what is no request, which have no body: PBXs show any
body as the caller's name. httptools bounds neither a request's head nor how long it takes, uvicorn
neither; this does. (h11, which bounds the head, takes a fifth of the CPU of a search.)
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from relay.http.cycle import WholeAnswers

HEAD_TIMEOUT_S = 10
"""How long a request may take to arrive, from the connection or its first octet on. uvicorn has no
such bound, so that a peer that sends an octet a minute would hold a connection for ever."""

MAX_BODY_BYTES = 1024 * 1024
"""Of a request whose length is not known before, its chunks and trailers: far above the bound of
every route, which answers what is too large; this one ends what goes on for ever."""

FIRST_REQUEST_S = 0.5
"""How long a server that ends waits for the first request of a connection: it is on its way, and
whoever called would have to call again. Below what a worker has to drain."""

_AROUND_LINE_BYTES = len("  HTTP/1.1\r\n") + len("\r\n")
_AROUND_FIELD_BYTES = len(": \r\n")
"""What a head has besides its method, target, names and values."""

_NO_BODY = b"content-length: 0\r\nconnection: close\r\n\r\n"


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection over httptools, with bounds and a deadline for each request."""

    max_connections: ClassVar[int] = 900
    """Later ones are closed at once: it stays below the usual 1,024 descriptors of a process."""

    max_head_bytes: ClassVar[int] = 16 * 1024
    """Request line, header fields and the empty line, however many reads bring them: the longest
    number and password need 4 KiB."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _arriving = True
    _ended_in_this_read = False
    _is_new = True
    _is_last = False
    _bytes = 0
    _refusal = 400

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._set_deadline()

    @override
    def data_received(self, data: bytes) -> None:
        self._ended_in_this_read = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._arriving:
            self._count(len(data))
        elif self.cycle is not None and self.cycle.response_complete:  # type: ignore[redundant-expr]  # None until the first request
            self._set_deadline()  # empty lines between requests lifted the one of uvicorn
        else:
            self._lift_deadline()

    def _count(self, size: int) -> None:
        """Hold a request that is not here as a whole to its bounds."""
        if not self._ended_in_this_read:  # else most of it belongs to the request before
            self._bytes += size
        most = self.max_head_bytes if self._in_head else self.max_head_bytes + MAX_BODY_BYTES
        if self._bytes > most:
            self._refuse(431 if self._in_head else 413)
        else:
            self._set_deadline()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lift_deadline()
        super().connection_lost(exc)

    @override
    def on_message_begin(self) -> None:
        self._in_head = self._arriving = True
        self._bytes = 0
        super().on_message_begin()

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer, which nobody reads
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        hosts = 0
        size = len(self.parser.get_method()) + len(self.url) + _AROUND_LINE_BYTES
        for name, value in self.headers:
            hosts += name == b"host"
            size += len(name) + len(value) + _AROUND_FIELD_BYTES
        if size > self.max_head_bytes:  # it came as a whole, or behind another request
            self._refusal = 431
            raise ValueError("too large a head")
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            raise ValueError("not one Host field")  # RFC 9112, 3.2: answered with 400
        self._in_head = self._is_new = False
        if self.parser.get_http_version() == "1.0":  # it knows no 100 (RFC 9110, 10.1.1)
            self.expect_100_continue = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # not so for a WebSocket
            self.cycle.__class__ = WholeAnswers  # uvicorn's has no more of its own, and no choice
            if self._is_last:
                self.cycle.keep_alive = False

    @override
    def on_message_complete(self) -> None:
        self._arriving = False
        self._ended_in_this_read = True
        super().on_message_complete()

    @override
    def shutdown(self) -> None:
        if not self._is_new:
            super().shutdown()
            return
        self._is_last = True
        self.loop.call_later(FIRST_REQUEST_S, self._close_unasked)

    def _close_unasked(self) -> None:
        if self._is_new:
            self.transport.close()

    @override
    def handle_websocket_upgrade(self) -> None:
        self._in_head = self._arriving = self._is_new = (
            False  # the transport belongs to the WebSocket
        )
        super().handle_websocket_upgrade()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal)

    def _refuse(self, status: int) -> None:
        self.transport.write(STATUS_LINE[status] + _NO_BODY)
        self.transport.close()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.abort)

    def _lift_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class NodeConnection(BoundedConnection):
    """A browser's or a directory's connection to a node of the relay."""

    max_connections = 50_000

    max_head_bytes = 32 * 1024
    """A token with 200 groups has some 10 KiB."""


LINGER_S = 10.0
"""How long a WebSocket may take to end once the application is done with it."""


class LineConnection(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, held to bounds where its peer does not read.

    It forgets its handshake once it is over: a third of its memory.
    """

    _pong = b""
    _end: asyncio.TimerHandle | None = None

    @override
    def start_keepalive(self) -> None:
        super().start_keepalive()
        self.request.headers.clear()  # the request itself is held by its parser
        del self.request, self.response

    @override
    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # uvicorn's would pile up; of many the last one is enough (RFC 6455, 5.5.3)
            for pong in self.conn.data_to_send():
                self._pong = pong

    @override
    def resume_writing(self) -> None:
        pong, self._pong = self._pong, b""
        super().resume_writing()
        if pong and not self.transport.is_closing():
            self.transport.write(pong)

    @override
    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()  # close() would wait until all is sent: to this peer for ever

    @override
    async def run_asgi(self) -> None:
        await super().run_asgi()
        if not self.disconnected:
            self._end = self.loop.call_later(LINGER_S, self.transport.abort)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()
