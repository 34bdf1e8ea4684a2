"""How does a second node get its tenant's keys, over a relay that must not have them?

The first node shows a code, the administrator types it at the second one. The code never passes the
relay: its id and a secret are derived from it. The second node says who it is and to which key the
tenant's keys may be sealed, under that secret; the first seals them (HPKE) to that key.

Law: pure; octets and values in, octets and values out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from relay.errors import RegistrationRefused
from relay.tunnel.frames import Name
from relay.tunnel.keyring import Handover
from relay.tunnel.suites import (
    PrivateKey,
    Suite,
    generate,
    public_octets,
    read_public,
    seal,
    unseal,
)

CODE_CHARS = 20
"""100 random bits: nobody finds it by trying, with the id in his hands."""

KNOCK_LABEL = b"rufname/1 knock"
HANDOVER_LABEL = b"rufname/1 handover"

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 signs of which none looks like another one."""

_MAC_BYTES = 32


class Knock(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the second node says.

    Attributes:
        node: its name.
        key: its public connector key, 32 octets.
        seal_to: an X25519 key, made for this once.
    """

    node: Name
    key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    seal_to: Annotated[bytes, Meta(min_length=32, max_length=32)]


_encode = msgspec.msgpack.Encoder().encode
_decode_knock = msgspec.msgpack.Decoder(Knock).decode
_decode_handover = msgspec.msgpack.Decoder(Handover).decode


class Code:
    """A code that was shown or typed.

    Attributes:
        text: as it is shown, in groups of four.
        id: what the relay knows it by, 32 hex digits.
    """

    def __init__(self, text: str) -> None:
        """Read a code; case, blanks and hyphens do not matter.

        Raises:
            ValueError: it is none.
        """
        letters = re.sub(r"[\s-]", "", text).upper()
        if len(letters) != CODE_CHARS or not set(letters) <= set(_ALPHABET):
            raise ValueError(f"a code has {CODE_CHARS} letters and digits")
        self.text = "-".join(letters[at : at + 4] for at in range(0, CODE_CHARS, 4))
        octets = HKDF(SHA256(), 48, None, b"rufname/1 invitation").derive(letters.encode())
        self.id = octets[:16].hex()
        self._secret = octets[16:]

    @classmethod
    def new(cls) -> Code:
        """Return a random one."""
        return cls("".join(secrets.choice(_ALPHABET) for _ in range(CODE_CHARS)))

    def seal_knock(self, knock: Knock) -> bytes:
        """Return what the second node sends: nobody without the code can say the same."""
        octets = _encode(knock)
        return self._mac(octets) + octets

    def open_knock(self, octets: bytes) -> Knock:
        """Return what the second node said.

        Raises:
            RegistrationRefused: it was not said by who knows the code.
        """
        mac, said = octets[:_MAC_BYTES], octets[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(said)):
            raise RegistrationRefused("wrong-code", "somebody answered who does not know the code")
        try:
            return _decode_knock(said)
        except msgspec.DecodeError:
            raise RegistrationRefused("wrong-code", "the answer cannot be read") from None

    def _mac(self, octets: bytes) -> bytes:
        return hmac.digest(self._secret, KNOCK_LABEL + b"\0" + octets, "sha256")

    def info(self, knock: bytes) -> bytes:
        """Return what binds a handover to this invitation and to what was said."""
        return HANDOVER_LABEL + b"\0" + self._secret + hashlib.sha256(knock).digest()


def new_box() -> tuple[PrivateKey, bytes]:
    """Return a key for one handover, and its public half."""
    key = generate(Suite.X25519)
    return key, public_octets(key)


def seal_handover(code: Code, knock: bytes, handover: Handover) -> bytes:
    """Return the tenant's keys, sealed for the node that knocked.

    Raises:
        RegistrationRefused: nobody who knows the code knocked.
    """
    said = code.open_knock(knock)
    try:
        public = read_public(Suite.X25519, said.seal_to)
        return seal(Suite.X25519, _encode(handover), public, code.info(knock))
    except ValueError:
        raise RegistrationRefused("wrong-code", "nothing can be sealed to that key") from None


def open_handover(code: Code, knock: bytes, box: PrivateKey, sealed: bytes) -> Handover:
    """Return the tenant's keys.

    Raises:
        RegistrationRefused: they were not sealed for this node by who knows the code.
    """
    octets = unseal(Suite.X25519, sealed, box, code.info(knock))
    try:
        if octets is not None:
            return _decode_handover(octets)
    except msgspec.DecodeError:
        pass
    raise RegistrationRefused("wrong-code", "what was handed over does not open")
