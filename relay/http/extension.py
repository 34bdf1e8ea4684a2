"""The message extension of Teams: `POST /api/search`, where the relay opens what it carries.

Microsoft's service asks in a user's name, in clear, and cannot seal. So this node seals the
question to the directory and opens the answer, in memory, and keeps nothing; the manual says who
reads what then. A node offers it only if it is configured, and a directory answers only if it is.

Law: nothing of a question or an answer is logged or kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from relay.errors import (
    BundleRefused,
    DirectoryOffline,
    DirectoryTooSlow,
    EnvelopeRefused,
    NotAuthenticated,
    NotRegistered,
)
from relay.extension import OPERATION, ExtensionQuestion
from relay.http.accept import PROBLEM
from relay.http.problems import READS_JSON
from relay.http.rpc import REFUSALS, RpcDesk
from relay.problem import problem
from relay.tunnel.envelope import TOO_EARLY, Answer, Question, seal_question
from relay.tunnel.frames import Refusal
from relay.tunnel.keys import ExchangeKey, SignedBundle
from relay.tunnel.suites import Suite
from relay.tunnel.tenants import TenantRecords
from relay.verifying import TokenVerifier

SEARCH_PATH = "/api/search"

DEADLINE_S = 1.8
"""Teams gives up after 5 s, and the store asks for an answer within 2 s."""

_encode = msgspec.json.Encoder().encode


class ExtensionDesk:
    """Asks a directory in a user's name. Belongs to one event loop."""

    def __init__(
        self,
        rpc: RpcDesk,
        tokens: TokenVerifier,
        records: TenantRecords,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rpc = rpc
        self._tokens = tokens
        self._records = records
        self._now = now

    async def search(self, token: str, question: ExtensionQuestion) -> Answer:
        """Return what the directory of the token's tenant answers.

        Raises:
            NotAuthenticated: the token is refused.
            NotRegistered: the tenant has no directory here.
            TooOften: it is one question too many.
            TryLater: there is no answer now, or not in time.
        """
        tenant = (await self._tokens.identity(token)).tenant
        asked = Question(OPERATION, _encode(question), token)
        try:
            async with asyncio.timeout(DEADLINE_S):
                key = await self._key(tenant)
                answer, now = await self._ask(tenant, key, asked, self._now())
                if answer.status == TOO_EARLY:  # this node's clock is not the directory's
                    answer, _ = await self._ask(tenant, key, asked, now)
        except TimeoutError:
            raise DirectoryTooSlow from None
        return answer

    async def _ask(
        self, tenant: str, key: ExchangeKey, asked: Question, now_s: float
    ) -> tuple[Answer, float]:
        sealed = seal_question(asked, tenant, key, now_s)
        reply = await self._rpc.ask(asked.token, sealed.octets)
        if reply.refusal is not None:
            return _refused(reply.refusal), now_s
        try:
            opened = sealed.open_answer(reply.sealed)
        except EnvelopeRefused:
            return _refused("fault"), now_s
        return opened.answer, opened.now

    async def _key(self, tenant: str) -> ExchangeKey:
        record = await self._records.get(tenant)
        if record is None:
            raise NotRegistered("the tenant is not registered")
        try:
            bundle = SignedBundle.decode(record.bundle).verify(tenant, record.identity)
            return bundle.newest(Suite.X25519, self._now())
        except BundleRefused:  # none yet, or it ended: the directory was not here for two days
            raise DirectoryOffline from None


def _refused(refusal: Refusal) -> Answer:
    """Return the problem of a refusal; what blames the asker's seal is this node's own fault."""
    status, kind, wait_s = REFUSALS[refusal]
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        status, kind, wait_s = REFUSALS["fault"]
    return Answer(status, _encode(problem(status, kind=kind)), PROBLEM, wait_s)


def extension_routes(desk: ExtensionDesk) -> Router:
    """Return the route."""

    @post(SEARCH_PATH, status_code=200)
    async def search(
        request: Request[Any, Any, Any], data: JSONBody[ExtensionQuestion]
    ) -> ASGIResponse:
        """Find contacts for a chat message."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("no token")
        answer = await desk.search(token.strip(" "), data)
        wait = {"Retry-After": str(answer.retry_after_s)} if answer.retry_after_s else None
        return ASGIResponse(
            body=answer.body,
            status_code=answer.status,
            media_type=answer.media_type,
            headers=wait,
        )

    return Router("/", route_handlers=[search], exception_handlers=READS_JSON)
