"""What do a page and a directory say to each other that nobody between them reads?

A question is sealed to an exchange key of the directory; it holds a fresh public key of the page,
to which the answer is sealed. Only who opened the question knows that key, so an answer that opens
comes from the directory, and belongs to this question alone. The form is public:
`docs/tunnel-protocol.md`, with test vectors.

Law: pure; no socket, no clock, no log: octets and values in, octets and values out; time is an
argument. No error quotes what was sealed.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from relay.errors import UNREADABLE, EnvelopeRefused
from relay.octets import decode_octets, encode_octets
from relay.tunnel.keys import KEY_ID_BYTES, ExchangeKey
from relay.tunnel.replay import REPLAY_WINDOW_S, ReplayWindow
from relay.tunnel.suites import (
    PUBLIC_BYTES,
    TAG_BYTES,
    PrivateKey,
    PublicKey,
    Suite,
    generate,
    public_octets,
    read_public,
    seal,
    unseal,
)

VERSION = 1
REQUEST_LABEL = b"rufname/1 request"
ANSWER_LABEL = b"rufname/1 answer"

REQUEST_ID_BYTES = 16
REQUEST_HEADER_BYTES = 2 + KEY_ID_BYTES
ANSWER_HEADER_BYTES = 2
LENGTH_BYTES = 4

BUCKETS = (256, 1024, 2048, 4096, 8192, 16384)
"""Sizes of a plaintext with its length and padding; above the last one, multiples of it."""

MAX_REQUEST_PLAIN = 3 * BUCKETS[-1]
MAX_REQUEST_BYTES = 64 * 1024
"""A token with 200 groups takes 12 KiB, a search 2 KiB."""

MAX_ANSWER_PLAIN = 31 * BUCKETS[-1]
MAX_ANSWER_BYTES = 512 * 1024
"""200 hits of 2 KiB; below half of what a message of NATS holds (1 MiB)."""

TOO_EARLY = 425
"""Status of the answer to a question whose time is off (RFC 8470: it might be replayed)."""

JSON = "application/json"


class Question(msgspec.Struct, frozen=True):
    """What is asked.

    Attributes:
        op: the operation, `people.search`.
        args: its arguments, the octets of a JSON object.
        token: the user's access token for the directory.
    """

    op: str
    args: bytes
    token: str


class Answer(msgspec.Struct, frozen=True):
    """What is answered; statuses as in HTTP.

    Attributes:
        status: 200, or what went wrong.
        body: octets of the media type.
        media_type: of the body.
        retry_after_s: whole seconds after which to ask again; 0 = not said.
    """

    status: int
    body: bytes
    media_type: str = JSON
    retry_after_s: int = 0


class ReplyTo(msgspec.Struct, frozen=True):
    """What seals the answer to one question: the page's key, and what ties the two together."""

    suite: Suite
    key: PublicKey
    info: bytes


class OpenedRequest(msgspec.Struct, frozen=True):
    """A question that opened, is fresh and was not here before; who asks is not checked yet."""

    question: Question
    reply: ReplyTo


class OpenedAnswer(msgspec.Struct, frozen=True):
    """An answer that opened: by the directory, to this question.

    Attributes:
        answer: what it says.
        now: the directory's time, seconds since the epoch.
    """

    answer: Answer
    now: int


class ExchangeKeys(Protocol):
    """The private keys of a directory."""

    def find(self, suite: Suite, key_id: bytes, now_s: float) -> PrivateKey | None:
        """Return the key of this id if it is valid now."""


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plaintext of a question."""

    v: Literal[1]
    rid: Annotated[str, Meta(min_length=22, max_length=22)]
    ts: Annotated[int, Meta(ge=0, le=2**48)]
    op: Annotated[str, Meta(pattern=r"^[a-z]+(\.[a-z]+)?\Z", max_length=32)]
    args: msgspec.Raw
    rpk: Annotated[str, Meta(max_length=88)]
    tok: Annotated[str, Meta(max_length=16 * 1024)]


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of an answer's plaintext; the body follows it."""

    v: Literal[1]
    now: Annotated[int, Meta(ge=0, le=2**48)]
    status: Annotated[int, Meta(ge=100, le=599)]
    type: Annotated[str, Meta(max_length=128)]
    wait_s: Annotated[int, Meta(ge=0, le=86_400)]


_encode = msgspec.json.Encoder().encode
_read_request = msgspec.json.Decoder(_Request).decode
_read_head = msgspec.json.Decoder(_Head).decode


class Envelope:
    """The directory's end: opens questions and remembers them. One a process and tenant."""

    def __init__(self, tid: str, keys: ExchangeKeys, window: ReplayWindow | None = None) -> None:
        self._tid = tid
        self._keys = keys
        self._window = window if window is not None else ReplayWindow()

    def open_request(self, octets: bytes, now_s: float) -> OpenedRequest:
        """Open a question.

        Args:
            octets: what the relay passed on.
            now_s: seconds since the epoch.

        Raises:
            EnvelopeRefused: `cannot-open`, it was never a question to this tenant; `unknown-key`,
                the page has to fetch the keys again; `clock`, its time is off, and the error's
                `answer` tells the page so; `replayed`; `busy`.
        """
        suite, key_id = _read_header(octets)
        key = self._keys.find(suite, key_id, now_s)
        if key is None:
            raise EnvelopeRefused("unknown-key", "sealed to a key that is not there any more")
        sealed = octets[REQUEST_HEADER_BYTES:]
        plain = unseal(suite, sealed, key, request_info(self._tid, suite, key_id))
        if plain is None:
            raise EnvelopeRefused("cannot-open", "the question does not open")
        asked, rid, reply_key = _read_question(suite, unpad(plain))
        reply = ReplyTo(suite, reply_key, answer_info(rid, octets))
        if abs(asked.ts - now_s) > REPLAY_WINDOW_S:
            answer = seal_answer(reply, Answer(TOO_EARLY, b"{}"), now_s)
            raise EnvelopeRefused("clock", "the question's time is off", answer)
        self._window.admit(rid, now_s)
        return OpenedRequest(Question(asked.op, bytes(asked.args), asked.tok), reply)


def seal_answer(reply: ReplyTo, answer: Answer, now_s: float) -> bytes:
    """Return the sealed answer to a question.

    Args:
        reply: of the opened question.
        answer: what to say; at most some 490 KiB.
        now_s: seconds since the epoch.

    Raises:
        EnvelopeRefused: `cannot-open`, nothing can be sealed to the page's key; `too-large`.
    """
    head = _Head(1, int(now_s), answer.status, answer.media_type, answer.retry_after_s)
    plain = pad(_encode(head) + b"\n" + answer.body, MAX_ANSWER_PLAIN)
    try:
        sealed = seal(reply.suite, plain, reply.key, reply.info)
    except ValueError:
        raise EnvelopeRefused("cannot-open", "nothing can be sealed to the page's key") from None
    return bytes((VERSION, reply.suite)) + sealed


class SealedQuestion:
    """The asker's end: one question, and the key that opens its answer. Made by `seal_question`.

    Attributes:
        octets: what to send.
        suite, key, rid: suite and reply key, and the question's id; they stay with the asker.
    """

    def __init__(self, octets: bytes, suite: Suite, key: PrivateKey, rid: bytes) -> None:
        self.octets = octets
        self.suite = suite
        self.key = key
        self.rid = rid

    def open_answer(self, octets: bytes) -> OpenedAnswer:
        """Open the answer.

        Raises:
            EnvelopeRefused: `cannot-open`, it is none of this directory's to this question.
        """
        if len(octets) > MAX_ANSWER_BYTES or octets[:2] != bytes((VERSION, self.suite)):
            raise EnvelopeRefused("cannot-open", "no answer")
        info = answer_info(self.rid, self.octets)
        plain = unseal(self.suite, octets[ANSWER_HEADER_BYTES:], self.key, info)
        if plain is None:
            raise EnvelopeRefused("cannot-open", "the answer does not open")
        line, _, body = unpad(plain).partition(b"\n")
        try:
            head = _read_head(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EnvelopeRefused("cannot-open", "the answer cannot be read") from error
        return OpenedAnswer(Answer(head.status, body, head.type, head.wait_s), head.now)


def seal_question(question: Question, tid: str, key: ExchangeKey, now_s: float) -> SealedQuestion:
    """Seal a question to a directory.

    Args:
        question: what to ask; `args` is JSON.
        tid: the tenant's id, lower case.
        key: one of the verified bundle.
        now_s: seconds since the epoch.

    Raises:
        BundleRefused: the key is none of its suite.
        EnvelopeRefused: `too-large`.
    """
    suite = Suite(key.suite)
    reply_key = generate(suite)
    rid = secrets.token_bytes(REQUEST_ID_BYTES)
    request = _Request(
        v=1,
        rid=encode_octets(rid),
        ts=int(now_s),
        op=question.op,
        args=msgspec.Raw(question.args),
        rpk=encode_octets(public_octets(reply_key)),
        tok=question.token,
    )
    plain = pad(_encode(request), MAX_REQUEST_PLAIN)
    sealed = seal(suite, plain, key.read(), request_info(tid, suite, key.id))
    octets = bytes((VERSION, suite)) + key.id + sealed
    return SealedQuestion(octets, suite, reply_key, rid)


def request_info(tid: str, suite: Suite, key_id: bytes) -> bytes:
    """Return what a question is bound to: the tenant, the suite, the key."""
    return REQUEST_LABEL + b"\0" + tid.encode("ascii") + bytes((suite,)) + key_id


def answer_info(rid: bytes, request: bytes) -> bytes:
    """Return what an answer is bound to: the octets of its question, and what only they hide."""
    return ANSWER_LABEL + b"\0" + rid + hashlib.sha256(request).digest()


def pad(message: bytes, limit: int) -> bytes:
    """Return length, message and zeros up to the next bucket.

    Raises:
        EnvelopeRefused: `too-large`, the bucket is larger than the limit.
    """
    size = LENGTH_BYTES + len(message)
    last = BUCKETS[-1]
    bucket = next((each for each in BUCKETS if each >= size), -(-size // last) * last)
    if bucket > limit:
        raise EnvelopeRefused("too-large", "the message is too large to be sealed")
    return len(message).to_bytes(LENGTH_BYTES, "big") + message + bytes(bucket - size)


def unpad(plain: bytes) -> bytes:
    """Return the message of a padded plaintext.

    Raises:
        EnvelopeRefused: `cannot-open`, the length is wrong, the padding is not what it has to be.
    """
    end = LENGTH_BYTES + int.from_bytes(plain[:LENGTH_BYTES], "big")
    in_bucket = len(plain) in BUCKETS or (len(plain) and len(plain) % BUCKETS[-1] == 0)
    if not in_bucket or end > len(plain) or plain.count(0, end) != len(plain) - end:
        raise EnvelopeRefused("cannot-open", "the padding is wrong")
    return plain[LENGTH_BYTES:end]


def _read_header(octets: bytes) -> tuple[Suite, bytes]:
    """Return suite and key id of a question."""
    if len(octets) > MAX_REQUEST_BYTES or octets[:1] != bytes((VERSION,)):
        raise EnvelopeRefused("cannot-open", "no question")
    try:
        suite = Suite(octets[1])
    except (IndexError, ValueError):
        raise EnvelopeRefused("cannot-open", "sealed under an unknown suite") from None
    if len(octets) < REQUEST_HEADER_BYTES + PUBLIC_BYTES[suite] + TAG_BYTES:
        raise EnvelopeRefused("cannot-open", "the question is cut")
    return suite, octets[2:REQUEST_HEADER_BYTES]


def _read_question(suite: Suite, message: bytes) -> tuple[_Request, bytes, PublicKey]:
    """Return the request, its id and the page's key."""
    try:
        request = _read_request(message)
        rid = decode_octets(request.rid)
        key = read_public(suite, decode_octets(request.rpk))
    except UNREADABLE:
        raise EnvelopeRefused("cannot-open", "the question cannot be read") from None
    return request, rid, key
