"""What directories ask of a node: a line, and that their public keys are handed out.

Law: who may hold a line is decided by `relay.tunnel.exchange`; a browser never may. A line is held
without the framework, whose objects would take as much memory as the rest of it.
"""

from __future__ import annotations

from typing import Annotated, cast

from litestar import Router, get
from litestar.enums import ScopeType
from litestar.params import Parameter
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from typing_extensions import override

from relay.errors import NotFound
from relay.http.accept import JSON
from relay.tunnel.exchange import Exchange
from relay.tunnel.frames import SUBPROTOCOL, BadFrame, is_tid
from relay.tunnel.held import LineClosed, LineSocket
from relay.tunnel.tenants import TenantRecords

KEYS_FOR_S = 60
"""How long a page may keep a key bundle: well below the day that an exchange key lives on."""


def key_routes(records: TenantRecords) -> Router:
    """Return the route of the tenants' keys."""

    @get("/keys/{tid:str}", include_in_schema=False)
    async def keys(tid: Annotated[str, Parameter(max_length=64)]) -> ASGIResponse:
        """Return a tenant's key bundle, signed by its directory; open to everybody."""
        tid = tid.lower()
        record = await records.get(tid) if is_tid(tid) else None
        if record is None or not record.bundle:
            raise NotFound("no keys of this tenant")
        return ASGIResponse(
            body=record.bundle,
            media_type=JSON,
            headers={"cache-control": f"public, max-age={KEYS_FOR_S}"},
        )

    return Router("/v1", route_handlers=[keys], tags=["tunnel"])


class LineRoute:
    """`WS /v1/connector`: holds the line of a directory."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold one line from its handshake to its end."""
        assert scope["type"] == ScopeType.WEBSOCKET
        await receive()  # websocket.connect
        is_browser = any(name == b"origin" for name, _ in scope["headers"])
        if is_browser or SUBPROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})  # HTTP 403
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL, "headers": []})
        cast(
            "dict[str, object]", scope
        ).clear()  # for as long as the line is held, it would hold the handshake
        await self._exchange.attend(_Socket(receive, send))


class _Socket(LineSocket):
    """A WebSocket as the exchange knows it."""

    __slots__ = ("_closed", "_receive", "_send")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._closed = False

    @override
    async def send(self, octets: bytes) -> None:
        if self._closed:
            raise LineClosed
        try:
            await self._send({"type": "websocket.send", "bytes": octets, "text": None})
        except (OSError, RuntimeError):  # the server's own words for a closed socket
            self._closed = True
            raise LineClosed from None

    @override
    async def receive(self) -> bytes:
        if self._closed:
            raise LineClosed
        message = await self._receive()
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
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            return
