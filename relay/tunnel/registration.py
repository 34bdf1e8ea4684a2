"""Who speaks for a tenant? What its directory signs, and what the relay makes of it.

A directory makes its keys on site and gives orders, each signed by the tenant's identity key:
`register` (with the sign-in of an administrator of the tenant), `admit` and `dismiss` a node,
`keep` (throw out a registration that waits), `invite` a node, `remove` the tenant. Whoever comes
with another identity needs the signature of the one that is known, or waits three days: so a
stolen administrator's session cannot change keys silently. `docs/registration.md` has the form.

Law: pure: a record, an order and the time go in, the next record comes out. An order is good for
one relay, for two minutes, and once. Over 400 lines: a third are the orders, whose form and whose
effect are read side by side.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from relay.errors import UNREADABLE, BundleRefused, RegistrationRefused
from relay.octets import decode_octets, encode_octets
from relay.tokens import Identity
from relay.tunnel.frames import Name, Tid
from relay.tunnel.keys import (
    CLOCK_LEEWAY_S,
    REGISTRATION_LABEL,
    SignedBundle,
    TenantIdentity,
    fingerprint,
    is_signed,
)
from relay.tunnel.tenants import ConnectorKey, TenantRecord

WAIT_S = 72 * 3600
"""How long a registration by an unknown identity waits."""

INVITATION_S = 600
"""How long an invitation may be used."""

MAX_NODES = 16
MAX_ORDER_BYTES = 16 * 1024
MAX_HANDOVER_BYTES = 4096

ADMINISTRATORS = frozenset(
    {
        "62e90394-69f5-4237-9190-012177145e10",  # Global Administrator
        "69091246-20e8-4a56-aa4d-066075b2a7a8",  # Teams Administrator
    }
)
"""Entra's roles that may register a tenant: their template ids, the same in every tenant."""

_Key = Annotated[str, Meta(min_length=43, max_length=43)]
_Signature = Annotated[str, Meta(min_length=86, max_length=86)]
InvitationId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z", max_length=32)]


class _Order(
    msgspec.Struct, frozen=True, tag_field="do", tag=str.lower, forbid_unknown_fields=True
):
    """What is signed.

    Attributes:
        relay: the relay's name, lower case, without port.
        tid: the tenant.
        at_ms: milliseconds since the epoch.
    """

    relay: Annotated[str, Meta(min_length=1, max_length=255)]
    tid: Tid
    at_ms: Annotated[int, Meta(ge=0, le=2**53)]


class Register(_Order, frozen=True):
    """This is the tenant's directory, and this its first node.

    Attributes:
        identity: the public identity key.
        node: name of the node.
        key: its public connector key.
        bundle: the signed key bundle to begin with, JSON.
    """

    identity: _Key
    node: Name
    key: _Key
    bundle: Annotated[str, Meta(min_length=1, max_length=8192)]


class Admit(_Order, frozen=True):
    """A further node may connect; a node of this name gets another key.

    Attributes:
        node, key: as in `Register`.
        invitation: the invitation that it came with, "" for none.
        handover: the tenant's keys, sealed to that node; base64url.
    """

    node: Name
    key: _Key
    invitation: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z", max_length=32)] = ""
    handover: Annotated[str, Meta(max_length=MAX_HANDOVER_BYTES)] = ""


class Dismiss(_Order, frozen=True):
    """A node may not connect any more."""

    node: Name


class Keep(_Order, frozen=True):
    """Throw a registration out that waits: the tenant's directory stays this one."""


class Invite(_Order, frozen=True):
    """A node that knows the code may ask to be admitted, within ten minutes."""

    invitation: InvitationId


class Remove(_Order, frozen=True):
    """The tenant is no longer registered."""


Order = Register | Admit | Dismiss | Keep | Invite | Remove


class SignedOrder(msgspec.Struct, frozen=True, tag="order", forbid_unknown_fields=True):
    """An order as it is sent.

    Attributes:
        order: base64url of the very octets that are signed: JSON of an `Order`.
        signature: of these under `REGISTRATION_LABEL`, by the tenant's identity key, for `Register`
            by the one that it names.
        old: for `Register` with another identity: the same by the one that is registered; "" = it
            is lost.
    """

    order: Annotated[str, Meta(min_length=1, max_length=MAX_ORDER_BYTES)]
    signature: _Signature
    old: Annotated[str, Meta(max_length=86)] = ""


class Waiting(msgspec.Struct, frozen=True):
    """A registration that waits; `ready_at` in seconds since the epoch."""

    identity: bytes
    ready_at: int


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that is open.

    Attributes:
        id: who knows it knows the code.
        ends_at: seconds since the epoch.
        knock: what the node that asks to be admitted said; b"" = none has come yet.
        handover: what the inviting node sealed for it; b"" = nothing yet.
    """

    id: str
    ends_at: int
    knock: bytes = b""
    handover: bytes = b""


class Notes(msgspec.Struct, frozen=True):
    """What registration keeps in a record (`TenantRecord.extra`).

    Attributes:
        last_ms: the time of the last order that was obeyed.
        waiting: a registration that waits.
        invitation: the last one.
    """

    last_ms: int = 0
    waiting: Waiting | None = None
    invitation: Invitation | None = None


_encode = msgspec.json.Encoder().encode
_decode_order = msgspec.json.Decoder(Order).decode
_decode_notes = msgspec.msgpack.Decoder(Notes).decode
_encode_notes = msgspec.msgpack.Encoder().encode


def sign(order: Order, identity: TenantIdentity, old: TenantIdentity | None = None) -> SignedOrder:
    """Return an order with its signature; `old` is the identity that it replaces."""
    octets = _encode(order)
    return SignedOrder(
        encode_octets(octets),
        encode_octets(identity.sign(REGISTRATION_LABEL, octets)),
        encode_octets(old.sign(REGISTRATION_LABEL, octets)) if old is not None else "",
    )


def notes_of(record: TenantRecord) -> Notes:
    """Return what registration keeps in a record."""
    return _decode_notes(record.extra) if record.extra else Notes()


def with_notes(record: TenantRecord, notes: Notes) -> TenantRecord:
    """Return the record with other notes."""
    return msgspec.structs.replace(record, extra=_encode_notes(notes))


def read_order(signed: SignedOrder, relay: str, now_s: float) -> tuple[Order, bytes]:
    """Return an order and the octets that are signed; its signature is not looked at yet.

    Raises:
        RegistrationRefused: it cannot be read, is for another relay, or not of now.
    """
    try:
        octets = decode_octets(signed.order)
        order = _decode_order(octets)
    except UNREADABLE:
        raise RegistrationRefused("malformed", "the order cannot be read") from None
    if order.relay != relay:
        raise RegistrationRefused("other-relay", "the order is for another relay")
    if abs(order.at_ms / 1000 - now_s) > CLOCK_LEEWAY_S:
        raise RegistrationRefused(
            "clock", "the clocks of the directory and the relay differ by more than two minutes"
        )
    return order, octets


def decide(
    record: TenantRecord | None,
    signed: SignedOrder,
    administrator: Identity | None,
    relay: str,
    now_s: float,
) -> TenantRecord | None:
    """Return a tenant's record as it is after an order.

    Args:
        record: as it is now, None: not registered.
        signed: the order.
        administrator: who signed in with it, None: nobody.
        relay: this relay's name.
        now_s: seconds since the epoch.

    Returns:
        The record to store; None: the tenant is to be removed. A registration that has to wait is
        in its notes.

    Raises:
        RegistrationRefused: nothing is changed; says why.
    """
    order, octets = read_order(signed, relay, now_s)
    if record is not None and record.tid != order.tid:
        raise RegistrationRefused("malformed", "the order is another tenant's")
    if isinstance(order, Register):
        fresh = _fresh(order, octets, signed.signature, administrator, now_s)
        if record is None:
            return fresh
        _newer(notes_of(record), order, now_s)
        by_old = bool(signed.old) and _is_signed(record.identity, octets, signed.old)
        return _replaced(record, fresh, now_s, by_old=by_old)
    if record is None:
        raise RegistrationRefused("not-registered", "the tenant is not registered")
    _check_signature(record.identity, octets, signed.signature)
    notes = _newer(notes_of(record), order, now_s)
    match order:
        case Admit():
            record, notes = _admit(record, notes, order, now_s)
        case Dismiss():
            record = _dismiss(record, order.node)
        case Keep():
            notes = msgspec.structs.replace(notes, waiting=None)
        case Invite():
            invitation = Invitation(order.invitation, int(now_s) + INVITATION_S)
            notes = msgspec.structs.replace(notes, invitation=invitation)
        case Remove():
            return None
    return with_notes(record, notes)


def open_invitation(record: TenantRecord | None, identity: str, now_s: float) -> Invitation:
    """Return a tenant's invitation.

    Raises:
        RegistrationRefused: there is none of this id, or it has ended.
    """
    invitation = notes_of(record).invitation if record is not None else None
    if invitation is None or invitation.id != identity or invitation.ends_at <= now_s:
        raise RegistrationRefused("no-invitation", "there is no such invitation, or it has ended")
    return invitation


def knock(record: TenantRecord, identity: str, octets: bytes, now_s: float) -> TenantRecord:
    """Return the record with what a node said that was invited; the first one that comes counts.

    Raises:
        RegistrationRefused: there is no such invitation, or another node has used it.
    """
    invitation = open_invitation(record, identity, now_s)
    if invitation.knock not in (b"", octets):
        raise RegistrationRefused("used-invitation", "another node has used this invitation")
    invitation = msgspec.structs.replace(invitation, knock=octets)
    return with_notes(record, msgspec.structs.replace(notes_of(record), invitation=invitation))


def _fresh(
    order: Register, octets: bytes, signature: str, administrator: Identity | None, now_s: float
) -> TenantRecord:
    """Return the record that a registration asks for, if it may be asked for."""
    if administrator is None or administrator.tenant != order.tid:
        raise RegistrationRefused("not-signed-in", "an administrator of the tenant has to sign in")
    if not ADMINISTRATORS.intersection(administrator.roles):
        raise RegistrationRefused(
            "not-administrator", "the user is no Global Administrator or Teams Administrator"
        )
    identity, bundle = _octets_of(order.identity), order.bundle.encode()
    _check_signature(identity, octets, signature)
    try:
        SignedBundle.decode(bundle).verify(order.tid, identity)
    except BundleRefused as error:
        raise RegistrationRefused("malformed", str(error)) from None
    return TenantRecord(
        order.tid,
        identity,
        fingerprint(identity),
        (ConnectorKey(order.node, _octets_of(order.key), int(now_s)),),
        bundle,
        registered_at=int(now_s),
        extra=_encode_notes(Notes(last_ms=order.at_ms)),
    )


def _replaced(
    record: TenantRecord, fresh: TenantRecord, now_s: float, *, by_old: bool
) -> TenantRecord:
    """Return the record of a tenant that is registered already and registers anew.

    Args:
        record: as it is.
        fresh: as it is asked to be.
        now_s: seconds since the epoch.
        by_old: whether the identity of `record` signed it, too.
    """
    notes = notes_of(record)
    waiting = notes.waiting
    if fresh.identity == record.identity:
        record = _with_node(msgspec.structs.replace(record, bundle=fresh.bundle), *fresh.connectors)
        notes = msgspec.structs.replace(notes, last_ms=notes_of(fresh).last_ms, waiting=None)
        return with_notes(record, notes)
    if waiting is None or waiting.identity != fresh.identity:
        waiting = Waiting(fresh.identity, int(now_s) + WAIT_S)
    if by_old or waiting.ready_at <= now_s:
        return msgspec.structs.replace(fresh, revision=record.revision)
    return with_notes(record, msgspec.structs.replace(notes, waiting=waiting))


def close_invitation(record: TenantRecord, identity: str, now_s: float) -> TenantRecord:
    """Return the record without an invitation that has done its work.

    Raises:
        RegistrationRefused: there is none of this id, or it has ended.
    """
    open_invitation(record, identity, now_s)
    return with_notes(record, msgspec.structs.replace(notes_of(record), invitation=None))


def _admit(
    record: TenantRecord, notes: Notes, order: Admit, now_s: float
) -> tuple[TenantRecord, Notes]:
    if order.invitation:
        invitation = open_invitation(record, order.invitation, now_s)
        handover = _octets_of(order.handover)
        notes = msgspec.structs.replace(
            notes, invitation=msgspec.structs.replace(invitation, handover=handover)
        )
    return _with_node(record, ConnectorKey(order.node, _octets_of(order.key), int(now_s))), notes


def _dismiss(record: TenantRecord, name: str) -> TenantRecord:
    left = tuple(key for key in record.connectors if key.name != name)
    if len(left) == len(record.connectors):
        raise RegistrationRefused("no-node", "the tenant has no node of this name")
    return msgspec.structs.replace(record, connectors=left)


def _with_node(record: TenantRecord, node: ConnectorKey) -> TenantRecord:
    others = tuple(key for key in record.connectors if key.name != node.name)
    if len(others) >= MAX_NODES:
        raise RegistrationRefused("too-many-nodes", f"a tenant has at most {MAX_NODES} nodes")
    return msgspec.structs.replace(record, connectors=(*others, node))


def _newer(notes: Notes, order: Order, now_s: float) -> Notes:
    """Return the notes after an order; an invitation that has ended is forgotten."""
    if order.at_ms <= notes.last_ms:
        raise RegistrationRefused("replayed", "the order is older than the last one")
    invitation = notes.invitation
    if invitation is not None and invitation.ends_at <= now_s:
        invitation = None
    return msgspec.structs.replace(notes, last_ms=order.at_ms, invitation=invitation)


def _check_signature(identity: bytes, octets: bytes, signature: str) -> None:
    if not _is_signed(identity, octets, signature):
        raise RegistrationRefused("wrong-signature", "the order is not signed by this identity")


def _is_signed(identity: bytes, octets: bytes, signature: str) -> bool:
    return is_signed(identity, REGISTRATION_LABEL, octets, _octets_of(signature))


def _octets_of(text: str) -> bytes:
    try:
        return decode_octets(text)
    except ValueError:
        raise RegistrationRefused("malformed", "the order cannot be read") from None
