"""What directories ask of a node: a line, and that their public keys are handed out.

Law: who may hold a line is decided by `relay.tunnel.exchange`; a browser never may.
"""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Router, WebSocket, get, websocket
from litestar.params import Parameter
from litestar.response.base import ASGIResponse
from typing_extensions import override

from relay.errors import NotFound
from relay.http.accept import JSON
from relay.tunnel.exchange import Exchange
from relay.tunnel.frames import PATH, SUBPROTOCOL, BadFrame
from relay.tunnel.held import LineClosed, LineSocket
from relay.tunnel.tenants import TenantRecords

KEYS_FOR_S = 60
"""How long a page may keep a key bundle: well below the day that an exchange key lives on."""


def line_routes(exchange: Exchange, records: TenantRecords) -> Router:
    """Return the routes of directories, and that of their keys."""

    @get("/keys/{tid:str}", include_in_schema=False)
    async def keys(tid: Annotated[str, Parameter(max_length=64)]) -> ASGIResponse:
        """Return a tenant's key bundle, signed by its directory; open to everybody."""
        record = await records.get(tid.lower())
        if record is None or not record.bundle:
            raise NotFound("no keys of this tenant")
        return ASGIResponse(
            body=record.bundle,
            media_type=JSON,
            headers={"cache-control": f"public, max-age={KEYS_FOR_S}"},
        )

    @websocket("/connector")
    async def connector(socket: WebSocket[Any, Any, Any]) -> None:
        """Hold the line of a directory."""
        offered = socket.headers.get("sec-websocket-protocol", "")
        protocols = [each.strip() for each in offered.split(",")]
        if "origin" in socket.headers or SUBPROTOCOL not in protocols:
            await socket.close(code=1008)  # before the handshake: HTTP 403
            return
        await socket.accept(subprotocols=SUBPROTOCOL)
        await exchange.attend(_Socket(socket))

    assert PATH == "/v1/connector"
    return Router("/v1", route_handlers=[keys, connector], tags=["tunnel"])


class _Socket(LineSocket):
    """A WebSocket of the framework as the exchange knows it."""

    __slots__ = ("_closed", "_socket")

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket
        self._closed = False

    @override
    async def send(self, octets: bytes) -> None:
        if self._closed:
            raise LineClosed
        try:
            await self._socket.send({"type": "websocket.send", "bytes": octets, "text": None})
        except (OSError, RuntimeError):  # the server's own words for a closed socket
            self._closed = True
            raise LineClosed from None

    @override
    async def receive(self) -> bytes:
        if self._closed:
            raise LineClosed
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            self._closed = True
            raise LineClosed
        octets = message.get("bytes")
        if octets is None:
            raise BadFrame("a text message")
        return octets

    @override
    async def close(self, code: int, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._socket.send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            return
