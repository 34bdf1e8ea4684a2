"""Sealed questions of pages: `POST /v1/rpc`.

Law: a question goes to the tenant of the verified token, whatever the request says besides; its
octets are not looked at. Nothing is logged per request.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from relay.errors import (
    DirectoryOffline,
    DirectoryUnavailable,
    MalformedRequest,
    NotAuthenticated,
    NotRegistered,
)
from relay.http.bounds import OCTETS
from relay.http.plain import Told, error_told, problem_told, read_body, tell
from relay.limits import Flights, Rate
from relay.nodesettings import NodeLimits
from relay.problem import Kind, problem
from relay.tunnel.bus import Reply
from relay.tunnel.exchange import Exchange
from relay.tunnel.frames import MAX_QUESTION_BYTES, Refusal
from relay.tunnel.tenants import TenantRecords
from relay.verifying import TokenVerifier

RPC_PATH = "/v1/rpc"

MAX_USERS = 100_000
"""Users whose rate is remembered; who asked longest ago is forgotten first."""

ABORT_WATCH_S = 0.05
"""A page that goes away is noticed only while an answer takes longer than this: most are here
before, and need not be watched."""

_OCTETS = (b"content-type", OCTETS)
_ALLOW = (b"allow", b"OPTIONS, POST")
_MAX_LENGTH_DIGITS = 9

REFUSALS: dict[Refusal, tuple[int, Kind, int]] = {
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


class RpcRoute:
    """`POST /v1/rpc`, without the framework: its routing and its objects cost as much as the rest.

    Sizes, types and errors are as on every other route.
    """

    def __init__(self, desk: RpcDesk, counts: Counter[str]) -> None:
        self._desk = desk
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of this path, whatever its method."""
        assert scope["type"] == ScopeType.HTTP
        match scope["method"]:
            case "POST":
                told = await self._answer(scope, receive)
            case "OPTIONS":
                told = (204, b"", [_ALLOW])
            case _:
                told = problem_told(problem(405), [_ALLOW])
        await tell(send, told, self._counts)

    async def _answer(self, scope: Scope, receive: Receive) -> Told:
        try:
            token = _read_fields(scope)
            sealed = await _read_body(receive)
            reply = await _while_wanted(receive, self._desk.ask(token, sealed))
        except _BadRequest as error:
            return problem_told(problem(error.status), [(b"connection", b"close")])
        except Exception as error:  # noqa: BLE001 - told and logged, without the request
            return error_told(error)
        if reply.refusal is None:
            return 200, reply.sealed, [_OCTETS]
        status, kind, wait_s = REFUSALS[reply.refusal]
        return problem_told(problem(status, kind=kind), wait_s=wait_s)


class _BadRequest(Exception):
    """A request that is not read any further; `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _read_fields(scope: Scope) -> str:
    """Return the token of a request whose body may be read.

    Raises:
        _BadRequest: the body is too large, of unknown length or of another type.
        NotAuthenticated: there is no token.
    """
    token = kind = length = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            token = value
        elif name == b"content-type":
            kind = value
        elif name == b"content-length":
            length = value
        elif name == b"transfer-encoding":
            raise _BadRequest(411)
    if not length.isdigit():
        raise _BadRequest(411)
    if len(length) > _MAX_LENGTH_DIGITS or int(length) > MAX_QUESTION_BYTES:
        raise _BadRequest(413)
    if kind.partition(b";")[0].strip().lower() != OCTETS:
        raise _BadRequest(415)
    scheme, _, credentials = token.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("no token")
    return credentials.strip(" ")


async def _read_body(receive: Receive) -> bytes:
    """Return the body; the connection holds it to the length that was read before."""
    body = await read_body(receive, MAX_QUESTION_BYTES)
    if body is None:
        raise _BadRequest(413)
    if not body:
        raise MalformedRequest("the body is empty")
    return body


async def _while_wanted(receive: Receive, asking: Coroutine[Any, Any, Reply]) -> Reply:
    """Return what is asked for; give it up when the page goes away."""
    task: asyncio.Task[Reply] = asyncio.create_task(asking)
    try:
        done, _ = await asyncio.wait((task,), timeout=ABORT_WATCH_S)
        if not done:
            await _until_gone_or_done(receive, task)
        return await task
    except asyncio.CancelledError:
        if task.cancelled():
            raise DirectoryUnavailable("nobody waits for the answer") from None
        task.cancel()
        raise


async def _until_gone_or_done(receive: Receive, task: asyncio.Task[Reply]) -> None:
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
