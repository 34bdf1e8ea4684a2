"""Whose directory is it? The tenant's identity key, and the exchange keys that it vouches for.

Law: pure; no file, no clock: time is an argument. An identity key (Ed25519, RFC 8032) signs nothing
but a label, a zero octet and octets, so that no signature means something else elsewhere. The form
of all this is public: `docs/tunnel-protocol.md`.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Meta

from relay.errors import BundleRefused
from relay.octets import decode_octets, encode_octets
from relay.tunnel.suites import PublicKey, Suite, read_public

PUBLIC_IDENTITY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8

BUNDLE_LABEL = b"rufname/1 bundle"
REGISTRATION_LABEL = b"rufname/1 registration"
CONNECTOR_LABEL = b"rufname/1 connector"

CLOCK_LEEWAY_S = 120
"""How far the clocks of a page and of a directory may differ."""

MAX_BUNDLE_BYTES = 4096
MAX_KEYS = 16
"""Two suites, today's key and tomorrow's, leave room."""

TenantId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", max_length=36)
]
"""The tenant's id in Entra, lower case."""


class TenantIdentity:
    """A private Ed25519 key: who a tenant's directory is. It is made on site and stays there."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> TenantIdentity:
        """Return a new identity."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, text: bytes) -> TenantIdentity:
        """Return the identity of a file (PKCS #8, RFC 5958 and 8410).

        Raises:
            ValueError: it is no such file, or holds another kind of key.
        """
        key = load_pem_private_key(text, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the key is no Ed25519 key")  # noqa: TRY004 - the file's fault
        return cls(key)

    def to_pem(self) -> bytes:
        """Return the private key for a file; nobody else may read it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> bytes:
        """The public half, 32 octets."""
        return self._public

    def sign(self, label: bytes, octets: bytes) -> bytes:
        """Return the signature of octets under a label, 64 octets."""
        return self._key.sign(_signed(label, octets))


def is_signed(public: bytes, label: bytes, octets: bytes, signature: bytes) -> bool:
    """Tell whether the owner of a public identity key signed octets under a label.

    Whatever is no key or no signature is False.
    """
    if len(public) != PUBLIC_IDENTITY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(label, octets))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """Return what people and pages compare: SHA-256 of a public identity key, 64 hex digits."""
    return hashlib.sha256(public).hexdigest()


def grouped(text: str) -> str:
    """Return a fingerprint as it is shown: groups of four digits, to be read aloud."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def key_id(suite: Suite, public: bytes) -> bytes:
    """Return the 8 octets that name an exchange key in a question."""
    return hashlib.sha256(bytes([suite]) + public).digest()[:KEY_ID_BYTES]


class ExchangeKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key that questions are sealed to.

    Attributes:
        suite: the octet of its suite.
        public: base64url of the key.
        not_after: seconds since the epoch; later nothing sealed to it opens any more.
    """

    suite: Literal[1, 2]
    public: Annotated[str, Meta(max_length=88)]
    not_after: Annotated[int, Meta(ge=0, le=2**48)]

    @classmethod
    def of(cls, suite: Suite, public: bytes, not_after: int) -> ExchangeKey:
        """Return the key for octets."""
        return cls(1 if suite is Suite.X25519 else 2, encode_octets(public), not_after)

    @property
    def id(self) -> bytes:
        """The 8 octets that name the key in a question."""
        return key_id(Suite(self.suite), decode_octets(self.public))

    def read(self) -> PublicKey:
        """Return the public key.

        Raises:
            BundleRefused: it is none of the suite.
        """
        try:
            return read_public(Suite(self.suite), decode_octets(self.public))
        except ValueError:
            raise BundleRefused("an exchange key is none of its suite") from None


class KeyBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The exchange keys of a directory, the best first.

    Attributes:
        v: 1.
        tid: the tenant they belong to.
        issued: seconds since the epoch.
        keys: of each suite, the newest first.
    """

    v: Literal[1]
    tid: TenantId
    issued: Annotated[int, Meta(ge=0, le=2**48)]
    keys: Annotated[tuple[ExchangeKey, ...], Meta(min_length=1, max_length=MAX_KEYS)]

    def newest(self, suite: Suite, now_s: float) -> ExchangeKey:
        """Return the key to seal to.

        Raises:
            BundleRefused: every key of the suite has ended.
        """
        usable = (key for key in self.keys if key.suite == suite and key.not_after > now_s)
        found = max(usable, key=lambda key: key.not_after, default=None)
        if found is None:
            raise BundleRefused(f"no key of suite {suite.value} is valid any more")
        return found


class SignedBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bundle as it is published: the very octets that are signed, in base64url.

    Attributes:
        identity: the public identity key, base64url of 32 octets.
        bundle: base64url of the JSON of a `KeyBundle`.
        signature: base64url of 64 octets, by `identity` under `BUNDLE_LABEL`.
    """

    identity: Annotated[str, Meta(min_length=43, max_length=43)]
    bundle: Annotated[str, Meta(min_length=1, max_length=MAX_BUNDLE_BYTES)]
    signature: Annotated[str, Meta(min_length=86, max_length=86)]

    @classmethod
    def sign(cls, bundle: KeyBundle, identity: TenantIdentity) -> SignedBundle:
        """Return a bundle with its signature."""
        octets = _encode(bundle)
        signature = identity.sign(BUNDLE_LABEL, octets)
        return cls(encode_octets(identity.public), encode_octets(octets), encode_octets(signature))

    @classmethod
    def decode(cls, octets: bytes) -> SignedBundle:
        """Read what was published; nothing of it is believed yet.

        Raises:
            BundleRefused: it is no signed bundle.
        """
        try:
            return _read_signed(octets)
        except _UNREADABLE as error:
            raise BundleRefused("no signed key bundle") from error

    def encode(self) -> bytes:
        """Return the JSON to publish."""
        return _encode(self)

    @property
    def public(self) -> bytes:
        """The public identity key that the bundle names.

        Raises:
            BundleRefused: it is none.
        """
        return _octets_of(self.identity)

    def verify(self, tid: str, identity: bytes) -> KeyBundle:
        """Return the bundle, if this identity signed it for this tenant.

        Args:
            tid: the tenant that is meant, lower case.
            identity: the public identity key that is known or pinned, 32 octets.

        Raises:
            BundleRefused: another identity, a wrong signature, another tenant, no keys.
        """
        if self.public != identity:
            raise BundleRefused("the keys are another directory's")
        octets = _octets_of(self.bundle)
        if not is_signed(identity, BUNDLE_LABEL, octets, _octets_of(self.signature)):
            raise BundleRefused("the keys are not signed by the directory")
        try:
            bundle = _read_bundle(octets)
        except _UNREADABLE as error:
            raise BundleRefused("the signed keys cannot be read") from error
        if bundle.tid != tid:
            raise BundleRefused("the keys are another tenant's")
        for key in bundle.keys:
            key.read()
        return bundle


_encode = msgspec.json.Encoder().encode
_read_bundle = msgspec.json.Decoder(KeyBundle).decode
_read_signed = msgspec.json.Decoder(SignedBundle).decode

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
"""The second for names of fields that are no UTF-8."""


def _octets_of(text: str) -> bytes:
    try:
        return decode_octets(text)
    except ValueError as error:
        raise BundleRefused("no signed key bundle") from error


def _signed(label: bytes, octets: bytes) -> bytes:
    return label + b"\0" + octets
