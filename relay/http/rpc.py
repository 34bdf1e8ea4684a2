"""Sealed questions of pages, the tenants' public keys, and the lines of directories.

Law: a question goes to the tenant of the verified token, whatever the request says besides; its
octets are not looked at. Nothing is logged per request.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, WebSocket, get, post, websocket
from litestar.params import Parameter
from litestar.response.base import ASGIResponse
from typing_extensions import override

from relay.errors import (
    DirectoryOffline,
    MalformedRequest,
    NotAuthenticated,
    NotFound,
    NotRegistered,
)
from relay.http.accept import JSON, PROBLEM
from relay.http.bounds import OCTETS
from relay.limits import Flights, Rate
from relay.nodesettings import NodeLimits
from relay.problem import Kind, problem
from relay.tunnel.bus import Reply
from relay.tunnel.exchange import Exchange
from relay.tunnel.frames import PATH, SUBPROTOCOL, BadFrame, Refusal
from relay.tunnel.held import LineClosed, LineSocket
from relay.tunnel.tenants import TenantRecords
from relay.verifying import TokenVerifier

RPC_PATH = "/v1/rpc"
KEYS_PATH = "/v1/keys"

MAX_USERS = 100_000
"""Users whose rate is remembered; who asked longest ago is forgotten first."""

ABORT_WATCH_S = 0.05
"""A page that goes away is noticed only while an answer takes longer than this: most are here
before, and need not be watched."""

KEYS_FOR_S = 60
"""How long a page may keep a key bundle: well below the day that an exchange key lives on."""

_OCTETS = OCTETS.decode()
_encode = msgspec.json.Encoder().encode

_REFUSALS: dict[Refusal, tuple[int, Kind, int]] = {
    "unknown-key": (409, ("unknown-key", "Sealed to a key that has ended; fetch the keys"), 0),
    "cannot-open": (400, ("cannot-open", "The directory cannot open this"), 0),
    "replayed": (409, ("replayed", "This was asked before"), 0),
    "clock": (409, ("clock", "The clocks of page and directory differ too much"), 0),
    "too-large": (502, ("too-large-answer", "The answer is too large"), 0),
    "busy": (503, ("directory-busy", "The directory is busy"), 1),
    "too-late": (504, ("directory-too-slow", "The directory did not answer in time"), 1),
    "offline": (503, ("directory-offline", "The directory is not connected"), 5),
    "fault": (502, ("directory-fault", "Something went wrong in the directory"), 1),
}
"""Status, type and seconds to wait, by what the directory says instead of an answer."""


class RpcDesk:
    """Lets verified users ask, each no more than allowed. Belongs to one event loop."""

    def __init__(
        self,
        exchange: Exchange,
        tokens: TokenVerifier,
        records: TenantRecords,
        limits: NodeLimits,
    ) -> None:
        self._exchange = exchange
        self._tokens = tokens
        self._records = records
        self._users = Rate(limits.user_rate, max_buckets=MAX_USERS)
        self._tenants = Rate(limits.tenant_rate, max_buckets=MAX_USERS)
        self._flights = Flights(limits.max_in_flight)

    async def ask(self, token: str, sealed: bytes) -> Reply:
        """Return the reply of the directory of the token's tenant.

        Raises:
            NotAuthenticated: the token is refused.
            NotRegistered: the tenant has no directory here.
            TooOften: it is one question too many.
            TryLater: there is no reply now, or not in time.
        """
        asker = await self._tokens.identity(token)
        key, now_s = f"{asker.tenant}/{asker.oid}", time.monotonic()
        self._users.take(key, now_s)
        self._tenants.take(asker.tenant, now_s)
        self._flights.begin(key)
        try:
            return await self._exchange.ask(asker.tenant, sealed)
        except DirectoryOffline:
            if await self._records.get(asker.tenant) is None:
                raise NotRegistered("the tenant is not registered") from None
            raise
        finally:
            self._flights.end(key)


def rpc_routes(desk: RpcDesk, exchange: Exchange, records: TenantRecords) -> Router:
    """Return the routes."""

    @post("/rpc", status_code=200, include_in_schema=False)
    async def rpc(request: Request[Any, Any, Any]) -> ASGIResponse:
        """Hand a sealed question to the directory of the user's tenant."""
        token = _bearer(request)
        sealed = await request.body()
        if not sealed:
            raise MalformedRequest("the body is empty")
        reply = await _while_wanted(request, desk.ask(token, sealed))
        if reply.refusal is None:
            return ASGIResponse(body=reply.sealed, media_type=_OCTETS)
        status, kind, wait_s = _REFUSALS[reply.refusal]
        headers = {"Retry-After": str(wait_s)} if wait_s else None
        body = _encode(problem(status, kind=kind))
        return ASGIResponse(body=body, status_code=status, media_type=PROBLEM, headers=headers)

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
    return Router("/v1", route_handlers=[rpc, keys, connector], tags=["tunnel"])


def _bearer(request: Request[Any, Any, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("no token")
    return token.strip(" ")


async def _while_wanted(request: Request[Any, Any, Any], asking: Any) -> Reply:
    """Return what is asked for; give it up when the page goes away."""
    task: asyncio.Task[Reply] = asyncio.ensure_future(asking)
    try:
        done, _ = await asyncio.wait((task,), timeout=ABORT_WATCH_S)
        if not done:
            await _until_gone_or_done(request, task)
        return await task
    except asyncio.CancelledError:
        task.cancel()
        raise


async def _until_gone_or_done(request: Request[Any, Any, Any], task: asyncio.Task[Reply]) -> None:
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
    finally:
        gone.cancel()


async def _gone(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


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
