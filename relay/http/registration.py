"""Tenants and their directories come and go: `/v1/registration`.

Law: whatever an order says is decided by `relay.tunnel.registration`; here it is read, the
administrator's token verified, the record stored. Nothing of a body is logged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Router, get, post
from litestar.params import Parameter
from litestar.response.base import ASGIResponse
from msgspec import Meta

from relay.errors import (
    UNREADABLE,
    MalformedRequest,
    NotAuthenticated,
    NotFound,
    RegistrationRefused,
    TryLater,
)
from relay.http.accept import JSON
from relay.limits import Rate
from relay.octets import decode_octets, encode_octets
from relay.tokens import Identity
from relay.tunnel.frames import Tid, is_tid
from relay.tunnel.keys import fingerprint
from relay.tunnel.registration import (
    InvitationId,
    Register,
    SignedOrder,
    close_invitation,
    decide,
    knock,
    notes_of,
    open_invitation,
    read_order,
)
from relay.tunnel.tenants import OutdatedRecord, TenantRecord, TenantRecords
from relay.verifying import TokenVerifier

TENANT_RATE, NODE_RATE = 4, 40
"""Changes a second of one tenant's record, and of all together: each is written through to a disk.

Only what is obeyed counts: else anybody who knows a tenant's id, or sends what he likes, could put
off the registrations of others. Reading is as open and as cheap as it is with a tenant's keys."""

TRIES = 5
"""Records are changed by other nodes meanwhile, by a new key bundle for example."""

_log = logging.getLogger(__name__)


Moment = Annotated[int, Meta(ge=0, le=2**38)]
"""Seconds since the epoch, of a year that calendars know."""


class WaysAnswer(msgspec.Struct, frozen=True):
    """How an administrator signs in.

    Attributes:
        relay: the relay's name: what orders are signed for.
        authority: where Entra is.
        client_id: the relay's application.
        scope: what to ask for.
    """

    relay: str
    authority: str
    client_id: str
    scope: str


class Said(msgspec.Struct, frozen=True, tag="knock", forbid_unknown_fields=True):
    """A node that was invited asks to be admitted; `said` is base64url."""

    tid: Tid
    invitation: InvitationId
    said: Annotated[str, Meta(min_length=1, max_length=1024)]


class Look(msgspec.Struct, frozen=True, tag="look", forbid_unknown_fields=True):
    """What has become of an invitation?"""

    tid: Tid
    invitation: InvitationId


class Close(msgspec.Struct, frozen=True, tag="close", forbid_unknown_fields=True):
    """An invitation has done its work."""

    tid: Tid
    invitation: InvitationId


class InvitationAnswer(msgspec.Struct, frozen=True):
    """Attributes: `said` by the invited node, `handover` for it; base64url, "" = not yet."""

    said: str
    handover: str


class StandingAnswer(msgspec.Struct, frozen=True):
    """How a tenant is registered.

    Attributes:
        tid: the tenant.
        state: "waiting" if a registration by another identity waits.
        fingerprint: of the identity that is registered, 64 hex digits.
        registered_at: seconds since the epoch.
        nodes: names of the nodes that may connect; told to those who may give orders only.
        waiting_fingerprint: of the identity that waits, "" for none.
        waiting_until: seconds since the epoch, 0 for none.
    """

    tid: str
    state: Literal["registered", "waiting", "removed"]
    fingerprint: str = ""
    registered_at: Moment = 0
    nodes: tuple[str, ...] = ()
    waiting_fingerprint: str = ""
    waiting_until: Moment = 0


_encode = msgspec.json.Encoder().encode
_Body = SignedOrder | Said | Look | Close
_decoder: msgspec.json.Decoder[_Body] = msgspec.json.Decoder(_Body)


class RegistrationDesk:
    """Obeys orders. Belongs to one event loop."""

    def __init__(
        self,
        records: TenantRecords,
        tokens: TokenVerifier,
        relay: str,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Prepare.

        Args:
            records: of all tenants.
            tokens: verifies administrators of every tenant (`NodeSettings.registration_rules`).
            relay: this relay's name, lower case, without port.
            now_s: seconds since the epoch.
        """
        self._records = records
        self._tokens = tokens
        self._relay = relay
        self._now_s = now_s
        self._tenants = Rate(TENANT_RATE)
        self._all = Rate(NODE_RATE)

    async def obey(self, signed: SignedOrder, token: str) -> StandingAnswer:
        """Obey an order; return how the tenant is registered then.

        Args:
            signed: the order.
            token: of the administrator, "" if nobody signed in.

        Raises:
            RegistrationRefused: it is not to be obeyed.
            NotAuthenticated: the token is refused.
            TryLater: the records cannot be stored now.
            TooOften: the tenant, or all together, change too much.
        """
        order, _ = read_order(signed, self._relay, self._now_s())
        administrator: Identity | None = None
        if isinstance(order, Register) and token:
            administrator = await self._tokens.identity(token)

        def change(record: TenantRecord | None) -> TenantRecord | None:
            return decide(record, signed, administrator, self._relay, self._now_s())

        record = await self._change(order.tid, change)
        by = f", administrator {administrator.oid}" if administrator else ""
        _log.info("tenant %s: %s%s", order.tid, type(order).__name__.lower(), by)
        if record is None:
            return StandingAnswer(order.tid, "removed")
        return _standing(record)

    async def knock(self, said: Said) -> None:
        """Keep what an invited node says for the node that invited it.

        Raises:
            RegistrationRefused: there is no such invitation, or another node has used it.
        """
        octets = _octets(said.said)

        def change(record: TenantRecord | None) -> TenantRecord:
            open_invitation(record, said.invitation, self._now_s())
            assert record is not None
            return knock(record, said.invitation, octets, self._now_s())

        await self._change(said.tid, change)

    async def look(self, asked: Look) -> InvitationAnswer:
        """Return what has become of an invitation.

        Raises:
            RegistrationRefused: there is no such invitation.
        """
        record = await self._records.get(asked.tid)
        invitation = open_invitation(record, asked.invitation, self._now_s())
        return InvitationAnswer(encode_octets(invitation.knock), encode_octets(invitation.handover))

    async def close(self, asked: Close) -> None:
        """Forget an invitation and what was handed over.

        Raises:
            RegistrationRefused: there is no such invitation.
        """

        def change(record: TenantRecord | None) -> TenantRecord:
            open_invitation(record, asked.invitation, self._now_s())
            assert record is not None
            return close_invitation(record, asked.invitation, self._now_s())

        await self._change(asked.tid, change)

    async def standing(self, tid: str) -> StandingAnswer:
        """Return how a tenant is registered.

        Raises:
            NotFound: it is not.
        """
        record = await self._records.get(tid) if is_tid(tid) else None
        if record is None:
            raise NotFound("no such tenant")
        return msgspec.structs.replace(_standing(record), nodes=())

    def _take(self, tid: str) -> None:
        now_s = time.monotonic()
        self._all.take("", now_s)
        self._tenants.take(tid, now_s)

    async def _change(
        self, tid: str, change: Callable[[TenantRecord | None], TenantRecord | None]
    ) -> TenantRecord | None:
        """Store what `change` makes of a record; again if it was changed meanwhile."""
        for turn in range(TRIES):
            changed = change(await self._records.get(tid))
            if not turn:  # behind what refuses an order, and once for each
                self._take(tid)
            try:
                if changed is None:
                    await self._records.delete(tid)
                    return None
                return await self._records.put(changed)
            except OutdatedRecord:
                continue
        raise TryLater("the tenant's record is being changed")


def registration_routes(desk: RegistrationDesk, ways: WaysAnswer) -> Router:
    """Return the routes."""

    @get("/", sync_to_thread=False)
    def sign_in() -> WaysAnswer:
        """Return how an administrator signs in."""
        return ways

    @get("/{tid:str}")
    async def standing(tid: Annotated[str, Parameter(max_length=64)]) -> StandingAnswer:
        """Return how a tenant is registered; open to everybody, as its keys are."""
        return await desk.standing(tid.lower())

    @post("/", status_code=200)
    async def order(request: Request[Any, Any, Any]) -> ASGIResponse:
        """Obey an order, or help an invited node."""
        answer: msgspec.Struct | None = None
        match _read(await request.body()):
            case SignedOrder() as signed:
                answer = await desk.obey(signed, _bearer(request))
            case Said() as said:
                await desk.knock(said)
            case Look() as look:
                answer = await desk.look(look)
            case Close() as close:
                await desk.close(close)
        body = _encode(answer) if answer is not None else b"{}"
        return ASGIResponse(body=body, media_type=JSON)

    return Router("/v1/registration", route_handlers=[sign_in, standing, order])


def _read(body: bytes) -> _Body:
    try:
        return _decoder.decode(body)
    except UNREADABLE:
        raise MalformedRequest("the body is no order") from None


def _octets(text: str) -> bytes:
    try:
        return decode_octets(text)
    except ValueError:
        raise RegistrationRefused("malformed", "no base64url") from None


def _bearer(request: Request[Any, Any, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise NotAuthenticated("no token")
    return token.strip(" ")


def _standing(record: TenantRecord) -> StandingAnswer:
    waiting = notes_of(record).waiting
    return StandingAnswer(
        record.tid,
        "waiting" if waiting else "registered",
        record.fingerprint,
        record.registered_at,
        tuple(key.name for key in record.connectors),
        fingerprint(waiting.identity) if waiting else "",
        waiting.ready_at if waiting else 0,
    )
