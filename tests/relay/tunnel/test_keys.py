"""Identity, fingerprint, signatures, bundles: what is signed is taken, all else is refused."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BundleRefused
from relay.octets import decode_octets, encode_octets
from relay.tunnel.keys import (
    BUNDLE_LABEL,
    CONNECTOR_LABEL,
    ExchangeKey,
    KeyBundle,
    SignedBundle,
    TenantIdentity,
    fingerprint,
    grouped,
    is_signed,
)
from relay.tunnel.suites import Suite, generate, public_octets

TID = "11111111-2222-4333-8444-555555555555"
OTHER_TID = "99999999-2222-4333-8444-555555555555"
NOW = 1_800_000_000
ME = TenantIdentity.generate()
KEYS = tuple(
    ExchangeKey.of(suite, public_octets(generate(suite)), NOW + ends)
    for suite in Suite
    for ends in (1000, 2000)
)
BUNDLE = KeyBundle(1, TID, NOW, KEYS)
SIGNED = SignedBundle.sign(BUNDLE, ME)


def test_a_bundle_is_read_by_whoever_knows_the_identity() -> None:
    read = SignedBundle.decode(SIGNED.encode())
    assert read.verify(TID, ME.public) == BUNDLE
    assert read.public == ME.public


def test_the_newest_key_of_a_suite_is_sealed_to_until_it_ends() -> None:
    assert BUNDLE.newest(Suite.X25519, NOW) == KEYS[1]
    assert BUNDLE.newest(Suite.P256, NOW + 1999) == KEYS[3]
    with pytest.raises(BundleRefused, match="no key of suite 2 is valid any more"):
        BUNDLE.newest(Suite.P256, NOW + 2000)


def test_a_bundle_of_another_tenant_or_identity_is_refused() -> None:
    with pytest.raises(BundleRefused, match="another tenant's"):
        SIGNED.verify(OTHER_TID, ME.public)
    with pytest.raises(BundleRefused, match="another directory's"):
        SIGNED.verify(TID, TenantIdentity.generate().public)


def test_a_bundle_that_claims_an_identity_without_its_signature_is_refused() -> None:
    forged = SignedBundle.sign(BUNDLE, TenantIdentity.generate())
    forged = msgspec.structs.replace(forged, identity=SIGNED.identity)
    with pytest.raises(BundleRefused, match="not signed"):
        forged.verify(TID, ME.public)


def test_a_signature_under_another_label_is_no_bundle() -> None:
    octets = decode_octets(SIGNED.bundle)
    other = encode_octets(ME.sign(CONNECTOR_LABEL, octets))
    with pytest.raises(BundleRefused, match="not signed"):
        msgspec.structs.replace(SIGNED, signature=other).verify(TID, ME.public)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"tid": TID.upper().replace("1", "A")},
        {"keys": []},
        {"more": 1},
        {"keys": [{"suite": 3, "public": "AA", "not_after": 1}]},
        {"keys": [{"suite": 1, "public": "AA", "not_after": 1}]},
        {"keys": [{"suite": 1, "public": "*", "not_after": 1}]},
        {"keys": [{"suite": 2, "public": encode_octets(b"\4" + bytes(64)), "not_after": 1}]},
    ],
)
def test_signed_keys_of_another_form_are_refused(change: dict[str, object]) -> None:
    octets = msgspec.json.encode(msgspec.to_builtins(BUNDLE) | change)
    signature = encode_octets(ME.sign(BUNDLE_LABEL, octets))
    signed = SignedBundle(encode_octets(ME.public), encode_octets(octets), signature)
    with pytest.raises(BundleRefused):
        signed.verify(TID, ME.public)


@given(st.binary(max_size=300))
def test_octets_that_are_no_bundle_are_refused(octets: bytes) -> None:
    with pytest.raises(BundleRefused):
        SignedBundle.decode(octets)


@given(st.data())
def test_a_bundle_with_one_changed_octet_is_refused(data: st.DataObject) -> None:
    octets = bytearray(SIGNED.encode())
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BundleRefused):
        SignedBundle.decode(bytes(octets)).verify(TID, ME.public)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_signature_holds_for_its_label_and_octets_only(octets: bytes, other: bytes) -> None:
    signature = ME.sign(b"label", octets)
    assert is_signed(ME.public, b"label", octets, signature)
    assert is_signed(ME.public, b"label", other, signature) == (other == octets)
    assert not is_signed(ME.public, b"labe", b"l" + octets, signature)
    assert not is_signed(ME.public, b"label", octets, signature[:-1])
    assert not is_signed(ME.public[:-1], b"label", octets, signature)
    assert not is_signed(bytes(32), b"label", octets, signature)


def test_a_fingerprint_is_read_aloud_in_groups_of_four() -> None:
    text = fingerprint(bytes(32))
    assert text == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
    assert grouped(text)[:14] == "6668 7aad f862"
    assert grouped(text).replace(" ", "") == text


def test_an_identity_survives_its_file_and_a_key_of_another_kind_is_refused() -> None:
    assert TenantIdentity.from_pem(ME.to_pem()).public == ME.public
    other = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for text in (b"", b"no key", other):
        with pytest.raises(ValueError, match=r"."):
            TenantIdentity.from_pem(text)


@given(st.binary(max_size=70))
def test_octets_as_text_come_back_and_have_one_spelling(octets: bytes) -> None:
    text = encode_octets(octets)
    assert decode_octets(text) == octets
    assert "=" not in text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A+", "A/", "Ä", "AA\n", " AA", "AAAA="])
def test_a_text_that_is_no_strict_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|left over"):
        decode_octets(text)
