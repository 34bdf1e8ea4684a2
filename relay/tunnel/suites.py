"""Which ciphers seal, and how their keys are written: HPKE (RFC 9180), base mode, single shot.

Law: pure. Two suites, alike but for the key exchange; both of them stay, since web views of older
phones know no X25519. The octet of a suite is part of the wire format and never changes.
"""

from __future__ import annotations

import enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = X25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = X25519PublicKey | ec.EllipticCurvePublicKey

TAG_BYTES = 16
"""What AES-256-GCM adds."""

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SP 800-186, 3.2.1.3)."""


class Suite(enum.IntEnum):
    """A key exchange; HKDF-SHA256 and AES-256-GCM belong to each (RFC 9180, section 7)."""

    X25519 = 1
    P256 = 2


_HPKE = {
    Suite.X25519: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
    Suite.P256: hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM),
}

PUBLIC_BYTES = {Suite.X25519: 32, Suite.P256: 65}
"""Length of a public key, and of what HPKE puts before a ciphertext (RFC 9180, 7.1: Npk, Nenc)."""


def generate(suite: Suite) -> PrivateKey:
    """Return a new private key."""
    if suite is Suite.X25519:
        return X25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def derive(suite: Suite, secret: bytes, label: bytes) -> PrivateKey:
    """Return the private key that a secret gives under a label; always the same.

    Args:
        suite: which key exchange.
        secret: 32 random octets.
        label: what the key is for.
    """
    octets = HKDFExpand(SHA256(), 48, label).derive(secret)
    if suite is Suite.X25519:
        return X25519PrivateKey.from_private_bytes(octets[:32])
    # 16 octets more than the order has: the bias is below 2^-128 (FIPS 186-5, A.2.1)
    scalar = int.from_bytes(octets, "big") % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def public_octets(key: PrivateKey) -> bytes:
    """Return the public half: 32 octets, or 65 (SEC 1, 2.3.3, uncompressed)."""
    if isinstance(key, X25519PrivateKey):
        return key.public_key().public_bytes_raw()
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_public(suite: Suite, octets: bytes) -> PublicKey:
    """Return a public key.

    Raises:
        ValueError: the octets are none of this suite.
    """
    if len(octets) != PUBLIC_BYTES[suite]:
        raise ValueError("a public key of another length")
    if suite is Suite.X25519:
        return X25519PublicKey.from_public_bytes(octets)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets)


def seal(suite: Suite, plaintext: bytes, to: PublicKey, info: bytes) -> bytes:
    """Return `enc || ciphertext` (RFC 9180, 6.1, SealBase).

    Raises:
        ValueError: the key is one that nothing can be sealed to (a point of small order).
    """
    return _HPKE[suite].encrypt(plaintext, to, info=info)


def unseal(suite: Suite, octets: bytes, key: PrivateKey, info: bytes) -> bytes | None:
    """Return the plaintext, None if the octets were not sealed to this key under this `info`."""
    try:
        return _HPKE[suite].decrypt(octets, key, info=info)
    except (InvalidTag, ValueError):
        return None
