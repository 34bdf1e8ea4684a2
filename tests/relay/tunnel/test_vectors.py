"""The published vectors open here as they do elsewhere, and are sealed here octet for octet."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relay.errors import EnvelopeRefused
from relay.octets import decode_octets
from relay.tunnel.envelope import Answer, Envelope, answer_info, request_info
from relay.tunnel.keys import BUNDLE_LABEL, SignedBundle, TenantIdentity, fingerprint, is_signed
from relay.tunnel.suites import Suite, public_octets
from tests.relay.tunnel import vectors
from tests.relay.tunnel.vectors import FixedKeys, read_private, sealed_question

VECTORS = vectors.read()
EXCHANGES: list[dict[str, Any]] = VECTORS["exchanges"]


def keys_of(exchange: dict[str, Any]) -> FixedKeys:
    suite = Suite(exchange["suite"])
    return FixedKeys(suite, read_private(suite, decode_octets(exchange["exchange_private"])))


def test_the_published_bundle_is_signed_by_the_published_identity() -> None:
    said = VECTORS["identity"]
    key = Ed25519PrivateKey.from_private_bytes(decode_octets(said["private"]))
    public = decode_octets(said["public"])
    assert TenantIdentity(key).public == public
    assert fingerprint(public) == said["fingerprint"]
    signed = SignedBundle.decode(msgspec.json.encode(VECTORS["bundle"]))
    bundle = signed.verify(VECTORS["tid"], public)
    assert {key.public for key in bundle.keys} == {each["exchange_public"] for each in EXCHANGES}
    octets, signature = decode_octets(signed.bundle), decode_octets(signed.signature)
    assert is_signed(public, BUNDLE_LABEL, octets, signature)


def test_this_side_seals_the_published_questions_and_answers_octet_for_octet() -> None:
    assert vectors.make() == VECTORS


def test_there_are_vectors_of_every_suite() -> None:
    assert {each["suite"] for each in EXCHANGES} == {int(suite) for suite in Suite}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: f"{each['suite']}-{each['op']}")
def test_a_published_exchange_opens(exchange: dict[str, Any]) -> None:
    keys = keys_of(exchange)
    assert public_octets(keys.key) == decode_octets(exchange["exchange_public"])
    assert keys.public.id == decode_octets(exchange["key_id"])
    request, rid = decode_octets(exchange["request"]), decode_octets(exchange["rid"])
    info = request_info(VECTORS["tid"], keys.suite, keys.public.id)
    assert info == decode_octets(exchange["request_info"])
    opened = Envelope(VECTORS["tid"], keys).open_request(request, VECTORS["now"])
    assert opened.question.op == exchange["op"]
    assert json.loads(opened.question.args) == exchange["args"]
    assert opened.question.token == exchange["token"]
    assert opened.reply.info == answer_info(rid, request) == decode_octets(exchange["answer_info"])
    answer = sealed_question(exchange, request, rid).open_answer(decode_octets(exchange["answer"]))
    assert answer.now == VECTORS["now"]
    assert answer.answer == Answer(
        exchange["status"], exchange["body"].encode(), exchange["type"], exchange["wait_s"]
    )


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: f"{each['suite']}-{each['op']}")
def test_an_answer_does_not_open_for_another_question(exchange: dict[str, Any]) -> None:
    request, rid = decode_octets(exchange["request"]), decode_octets(exchange["rid"])
    for wrong in ((request[:-1] + b"\0", rid), (request, rid[::-1])):
        with pytest.raises(EnvelopeRefused):
            sealed_question(exchange, *wrong).open_answer(decode_octets(exchange["answer"]))
