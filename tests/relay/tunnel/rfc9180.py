"""HPKE sealing with a given ephemeral key, written down from RFC 9180: what makes vectors repeat.

Law: base mode, the two suites of the tunnel, one message; no library for HPKE is asked, so that
what agrees with this agrees with the RFC.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from relay.tunnel.suites import PrivateKey, PublicKey, Suite, public_octets, read_public

KEM_ID = {Suite.X25519: b"\x00\x20", Suite.P256: b"\x00\x10"}
KDF_ID, AEAD_ID = b"\x00\x01", b"\x00\x02"  # HKDF-SHA256, AES-256-GCM
HASH_BYTES, KEY_BYTES, NONCE_BYTES = 32, 32, 12


def seal_base(
    suite: Suite, plaintext: bytes, to: PublicKey, info: bytes, ephemeral: PrivateKey
) -> bytes:
    """Return `enc || ciphertext` (RFC 9180, 6.1), with the ephemeral key that Encap would draw."""
    enc = public_octets(ephemeral)
    secret = _encapsulated(suite, ephemeral, to, enc)
    suite_id = b"HPKE" + KEM_ID[suite] + KDF_ID + AEAD_ID
    # 5.1, KeySchedule: mode_base is 0, without psk and psk_id
    context = b"\0" + b"".join(
        _extract(suite_id, b"", label, value)
        for label, value in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    secret = _extract(suite_id, secret, b"secret", b"")
    key = _expand(suite_id, secret, b"key", context, KEY_BYTES)
    nonce = _expand(suite_id, secret, b"base_nonce", context, NONCE_BYTES)
    return enc + AESGCM(key).encrypt(nonce, plaintext, b"")


def _encapsulated(suite: Suite, ephemeral: PrivateKey, to: PublicKey, enc: bytes) -> bytes:
    """Return the shared secret (4.1, Encap and ExtractAndExpand)."""
    if isinstance(ephemeral, X25519PrivateKey):
        assert isinstance(to, X25519PublicKey)
        shared, recipient = ephemeral.exchange(to), to.public_bytes_raw()
    else:
        assert isinstance(to, ec.EllipticCurvePublicKey)
        shared = ephemeral.exchange(ec.ECDH(), to)
        numbers = to.public_numbers()
        recipient = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        assert read_public(suite, recipient) == to
    suite_id = b"KEM" + KEM_ID[suite]
    return _expand(
        suite_id, _extract(suite_id, b"", b"eae_prk", shared), b"shared_secret", enc + recipient,
        HASH_BYTES,
    )  # fmt: skip


def _extract(suite_id: bytes, salt: bytes, label: bytes, value: bytes) -> bytes:
    """Return LabeledExtract of section 4."""
    return HKDF.extract(SHA256(), salt or bytes(HASH_BYTES), b"HPKE-v1" + suite_id + label + value)


def _expand(suite_id: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """Return LabeledExpand of section 4."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info
    return HKDFExpand(SHA256(), length, labelled).derive(secret)
