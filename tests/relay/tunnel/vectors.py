"""The test vectors of `docs/tunnel-protocol.md`: how they are made, and how they are read.

`python -m tests.relay.tunnel.vectors` writes them. Nothing in them is random, so that both sides
can be made to seal the very octets again. What is committed stays, since others test with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from relay.octets import decode_octets, encode_octets
from relay.tunnel import envelope
from relay.tunnel.envelope import (
    REQUEST_ID_BYTES,
    Answer,
    Envelope,
    Question,
    SealedQuestion,
    answer_info,
    request_info,
    seal_answer,
    seal_question,
)
from relay.tunnel.keys import ExchangeKey, KeyBundle, SignedBundle, TenantIdentity, fingerprint
from relay.tunnel.suites import PrivateKey, PublicKey, Suite, derive, public_octets
from tests.relay.tunnel.rfc9180 import seal_base

FILE = Path(__file__).parents[3] / "docs" / "tunnel-vectors.json"

TID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOW = 1_795_000_000
ENDS = NOW + 86_400
QUESTIONS = (
    Question("me", b"{}", "eyJh.eyJi.c2ln"),
    Question("people.search", '{"text":"Jörg Groß","limit":10}'.encode(), "eyJh.eyJi.c2ln"),
)
ANSWERS = (
    Answer(200, '{"name":"Zoë Özdemir"}'.encode()),
    Answer(429, b'{"type":"urn:rufname:problem:too-often"}', "application/problem+json", 3),
)


class FixedKeys:
    """One private key, as `Envelope` asks for it."""

    def __init__(self, suite: Suite, key: PrivateKey) -> None:
        self.suite, self.key = suite, key
        self.public = ExchangeKey.of(suite, public_octets(key), ENDS)

    def find(self, suite: Suite, key_id: bytes, _now_s: float) -> PrivateKey | None:
        return self.key if (suite, key_id) == (self.suite, self.public.id) else None


def private_octets(key: PrivateKey) -> bytes:
    if isinstance(key, X25519PrivateKey):
        return key.private_bytes_raw()
    return key.private_numbers().private_value.to_bytes(32, "big")


def read_private(suite: Suite, octets: bytes) -> PrivateKey:
    if suite is Suite.X25519:
        return X25519PrivateKey.from_private_bytes(octets)
    return ec.derive_private_key(int.from_bytes(octets, "big"), ec.SECP256R1())


def read() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def fixed(suite: Suite, label: str) -> PrivateKey:
    """Return a test key: what `derive` makes of SHA-256 of a label."""
    return derive(suite, hashlib.sha256(label.encode()).digest(), b"rufname/1 test vector")


@contextmanager
def without_chance(
    suite: Suite, rid: bytes, reply: PrivateKey, drawn: PrivateKey
) -> Iterator[None]:
    """Let the envelope seal with these in place of what it draws itself."""

    def seal(asked: Suite, plaintext: bytes, to: PublicKey, info: bytes) -> bytes:
        assert asked is suite
        return seal_base(suite, plaintext, to, info, drawn)

    with (
        mock.patch.object(envelope, "generate", return_value=reply),
        mock.patch.object(envelope.secrets, "token_bytes", return_value=rid),
        mock.patch.object(envelope, "seal", seal),
    ):
        yield


def make() -> dict[str, Any]:
    """Return the vectors; every octet string is base64url."""
    seed = bytes(range(32))
    identity = TenantIdentity(Ed25519PrivateKey.from_private_bytes(seed))
    keys = [FixedKeys(suite, fixed(suite, f"exchange {suite}")) for suite in Suite]
    bundle = KeyBundle(1, TID, NOW, tuple(each.public for each in keys))
    signed = SignedBundle.sign(bundle, identity)
    return {
        "tid": TID,
        "now": NOW,
        "identity": {
            "private": encode_octets(seed),
            "public": encode_octets(identity.public),
            "fingerprint": fingerprint(identity.public),
        },
        "bundle": json.loads(signed.encode()),
        "exchanges": [
            _exchange(key, question, answer)
            for key in keys
            for question, answer in zip(QUESTIONS, ANSWERS, strict=True)
        ],
    }


def _exchange(keys: FixedKeys, question: Question, answer: Answer) -> dict[str, Any]:
    suite, name = keys.suite, f"{keys.suite} {question.op}"
    rid = hashlib.sha256(f"rid {name}".encode()).digest()[:REQUEST_ID_BYTES]
    reply = fixed(suite, f"reply {name}")
    asked, answered = fixed(suite, f"request {name}"), fixed(suite, f"answer {name}")
    with without_chance(suite, rid, reply, asked):
        sealed = seal_question(question, TID, keys.public, NOW)
    opened = Envelope(TID, keys).open_request(sealed.octets, NOW)
    with without_chance(suite, rid, reply, answered):
        octets = seal_answer(opened.reply, answer, NOW)
    assert sealed.open_answer(octets).answer == answer
    return {
        "suite": int(suite),
        "exchange_private": encode_octets(private_octets(keys.key)),
        "exchange_public": keys.public.public,
        "key_id": encode_octets(keys.public.id),
        "request_info": encode_octets(request_info(TID, suite, keys.public.id)),
        "request_ephemeral": encode_octets(private_octets(asked)),
        "request": encode_octets(sealed.octets),
        "op": question.op,
        "args": json.loads(question.args),
        "token": question.token,
        "rid": encode_octets(rid),
        "reply_private": encode_octets(private_octets(reply)),
        "answer_info": encode_octets(answer_info(rid, sealed.octets)),
        "answer_ephemeral": encode_octets(private_octets(answered)),
        "answer": encode_octets(octets),
        "status": answer.status,
        "type": answer.media_type,
        "wait_s": answer.retry_after_s,
        "body": answer.body.decode(),
    }


def sealed_question(exchange: dict[str, Any], octets: bytes, rid: bytes) -> SealedQuestion:
    """Return the asker's end of an exchange."""
    suite = Suite(exchange["suite"])
    key = read_private(suite, decode_octets(exchange["reply_private"]))
    return SealedQuestion(octets, suite, key, rid)


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
