"""What a connector and a relay node say to each other: msgpack frames in WebSocket messages.

    relay      → Hello      a nonce, and the relay's clock
    connector  → SignIn     tenant, connector, a signature over that nonce
    relay      → Welcome    from now on, and only then:
    relay      → Ask, Cancel           connector  → Answer, Refuse, Publish
    relay      → Drain      connect elsewhere; this line ends as soon as its questions are answered

Law: pure: octets in, values out. Both ends believe nothing before it is checked here; who may send
which frame when is decided by `relay.tunnel.line`. A frame is an array whose first element is its
name; unknown frames, missing and additional elements, values out of bounds and octets behind the
frame are refused. `docs/tunnel-protocol.md` describes them for other implementations.
"""

from __future__ import annotations

import re
import struct
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

SUBPROTOCOL = "rufname.v1"
"""Sec-WebSocket-Protocol (RFC 6455, 11.3.4): another version is another name."""

PATH = "/v1/connector"

MAX_QUESTION_BYTES = 64 * 1024
"""A sealed question: the largest padding bucket, with room for a token with 200 groups."""

MAX_ANSWER_BYTES = 512 * 1024
"""A sealed answer: below the 1 MiB that a NATS server takes by default."""

MAX_BUNDLE_BYTES = 16 * 1024
"""A signed key bundle: some 200 octets a key."""

_MARGIN_BYTES = 1024
MAX_FRAME_BYTES_TO_RELAY = MAX_ANSWER_BYTES + _MARGIN_BYTES
MAX_FRAME_BYTES_TO_CONNECTOR = MAX_QUESTION_BYTES + _MARGIN_BYTES

NONCE_BYTES = 32
MAX_ID = 2**53 - 1
"""Ids of questions rise by one on each line; no line lives so long."""

_LENGTH = struct.Struct(">H")

_TID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"

Refusal = Literal[
    "unknown-key",  # sealed to a key that has ended: fetch the bundle
    "cannot-open",  # damaged, or sealed for another tenant
    "replayed",  # the octets were here before
    "clock",  # the time in it is off, and no answer could be sealed
    "too-large",  # the answer is larger than a frame
    "busy",  # more questions than the window
    "too-late",  # not answered within the deadline
    "offline",  # the line was lost
    "fault",  # something went wrong in the directory
]
"""Why there is no answer. None of them tells anything about what was asked."""

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Tid = Annotated[str, Meta(pattern=_TID, min_length=36, max_length=36)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Text = Annotated[str, Meta(max_length=64)]


class _Frame(
    msgspec.Struct, frozen=True, array_like=True, tag=str.lower, forbid_unknown_fields=True
):
    """An array, its first element the name of the class in lower case."""


class Hello(_Frame, frozen=True):
    """The first frame of a line, from the relay.

    Attributes:
        nonce: random, to be signed; good for this line only.
        now: the relay's clock, seconds since the epoch: tells a connector that its own is wrong.
    """

    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
    now: Annotated[int, Meta(ge=0)]


class SignIn(_Frame, frozen=True):
    """The answer to `Hello`.

    Attributes:
        tid: the tenant that the connector speaks for.
        connector: its name, as registered.
        signature: of `sign_in_octets`, by the connector's Ed25519 key.
        window: how many questions it answers at a time on this line.
        version: of its program, for the relay's log.
    """

    tid: Tid
    connector: Name
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]
    window: Annotated[int, Meta(ge=1, le=1024)]
    version: Text = ""


class Welcome(_Frame, frozen=True):
    """The line is open: the relay takes questions for the tenant.

    Attributes:
        node: which node this is: a second line is better held to another one.
        bundle_digest: SHA-256 of the bundle that the relay publishes, b"" if it has none.
    """

    node: Text
    bundle_digest: Annotated[bytes, Meta(max_length=32)] = b""


class Ask(_Frame, frozen=True):
    """A question for the directory; see `relay.tunnel.bus.Question`."""

    id: Id
    deadline_ms: Annotated[int, Meta(ge=1, le=60_000)]
    sealed: Annotated[bytes, Meta(max_length=MAX_QUESTION_BYTES)]
    again: bool = False


class Cancel(_Frame, frozen=True):
    """Nobody waits for the answer to this question any more."""

    id: Id


class Answer(_Frame, frozen=True):
    """The directory's answer, sealed for the asker."""

    id: Id
    sealed: Annotated[bytes, Meta(min_length=1, max_length=MAX_ANSWER_BYTES)]


class Refuse(_Frame, frozen=True):
    """There is no answer to this question."""

    id: Id
    reason: Refusal


class Publish(_Frame, frozen=True):
    """A new key bundle, signed by the tenant's identity key, for the relay to hand out."""

    bundle: Annotated[bytes, Meta(min_length=1, max_length=MAX_BUNDLE_BYTES)]


class Drain(_Frame, frozen=True):
    """This node is going down: open another line now, then leave this one."""


ToConnector = Hello | Welcome | Ask | Cancel | Drain
ToRelay = SignIn | Answer | Refuse | Publish
Frame = ToConnector | ToRelay

_encoder = msgspec.msgpack.Encoder()
_to_connector: msgspec.msgpack.Decoder[ToConnector] = msgspec.msgpack.Decoder(ToConnector)
_to_relay: msgspec.msgpack.Decoder[ToRelay] = msgspec.msgpack.Decoder(ToRelay)


class BadFrame(Exception):
    """A frame that is none: close the line. The text quotes nothing of it."""


def is_tid(text: str) -> bool:
    """Tell whether a text is a tenant's id: a GUID in lower case."""
    return re.match(_TID, text) is not None


def encode(frame: Frame) -> bytes:
    """Return a frame as one WebSocket message."""
    return _encoder.encode(frame)


def decode_from_relay(octets: bytes) -> ToConnector:
    """Return the frame that a relay sent.

    Raises:
        BadFrame: it is none, or not a relay's.
    """
    try:
        return _to_connector.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadFrame("a frame that cannot be read") from None


def decode_from_connector(octets: bytes) -> ToRelay:
    """Return the frame that a connector sent.

    Raises:
        BadFrame: it is none, or not a connector's.
    """
    try:
        return _to_relay.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadFrame("a frame that cannot be read") from None


def sign_in_octets(host: str, tid: str, connector: str, nonce: bytes) -> bytes:
    """Return what a connector signs under `relay.tunnel.keys.CONNECTOR_LABEL`.

    Args:
        host: the relay's name as the tenant registered at it, lower case, without port: what is
            signed for one relay is worth nothing at another.
        tid: as in `SignIn`.
        connector: as in `SignIn`.
        nonce: of the line's `Hello`.
    """
    parts = (host.encode(), tid.encode(), connector.encode(), nonce)
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)
