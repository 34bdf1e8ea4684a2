"""A browser's or a connector's connection to a node: parsed in C, bounded in size, number and time.

Law: as of `relay.http.server`, whose h11 takes half of a node's CPU. httptools itself bounds
neither a request's head nor how long it takes; this does.
"""

from __future__ import annotations

import asyncio

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_TIMEOUT_S = 10
"""How long a request may take to arrive, from the connection or its first octet on."""

MAX_HEAD_BYTES = 32 * 1024
"""Request line and header fields: a token with 200 groups has some 10 KiB."""


class NodeConnection(HttpToolsProtocol):
    """uvicorn's connection over httptools, with a bound and a deadline for each request."""

    max_connections = 50_000
    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _arriving = True
    _head_bytes = 0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._set_deadline()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.abort()
                return
        if self._arriving and not self.transport.is_closing():
            self._set_deadline()
        elif self._deadline is not None:
            self._lift_deadline()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lift_deadline()
        super().connection_lost(exc)

    @override
    def on_message_begin(self) -> None:
        self._in_head = self._arriving = True
        self._head_bytes = 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._arriving = False
        super().on_message_complete()

    @override
    def handle_websocket_upgrade(self) -> None:
        self._in_head = self._arriving = False  # the transport belongs to the WebSocket
        super().handle_websocket_upgrade()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.abort)

    def _lift_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class LineConnection(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which forgets its handshake once it is over: a third of its memory."""

    @override
    def start_keepalive(self) -> None:
        super().start_keepalive()
        self.request.headers.clear()  # the request itself is held by its parser
        del self.request, self.response
