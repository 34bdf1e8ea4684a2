"""What lets this directory in at a relay: the file that registration leaves in the keys folder.

Law: private keys stay in files of mode 0600 (`relay.tunnel.keyring` reads and writes those).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from relay.errors import KeysUnusable
from relay.tunnel.frames import Name, Tid, sign_in_octets
from relay.tunnel.keyring import read_secret, write_secret
from relay.tunnel.keys import CONNECTOR_LABEL, TenantIdentity

FILE = "tunnel-connector.json"


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: Literal[1]
    relay: Annotated[str, Meta(min_length=1, max_length=512)]
    tid: Tid
    connector: Name
    key: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Stored).decode


class Enrolment:
    """Where this node is registered, as whom, and the key that proves it.

    Attributes:
        relay: the relay's address, `https://HOST[:PORT]`.
        tid: the tenant, lower case.
        connector: the name of this node.
    """

    def __init__(self, relay: str, tid: str, connector: str, key: TenantIdentity) -> None:
        self.relay = relay
        self.tid = tid
        self.connector = connector
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> Enrolment | None:
        """Return what registration left in the keys folder, None if nothing.

        Raises:
            KeysUnusable: the file is damaged, or others may read it.
        """
        path = folder / FILE
        if not path.exists():
            return None
        try:
            stored = _decode(read_secret(path))
            key = TenantIdentity.from_pem(stored.key.encode())
        except (msgspec.DecodeError, ValueError) as error:
            raise KeysUnusable(f"{path}: damaged: register again") from error
        return cls(stored.relay, stored.tid, stored.connector, key)

    def store(self, folder: Path) -> None:
        """Write it to the keys folder, in place of what was there.

        Raises:
            KeysUnusable: the folder cannot be written.
        """
        pem = self._key.to_pem().decode()
        stored = _Stored(1, self.relay, self.tid, self.connector, pem)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_secret(folder / FILE, _encode(stored))
        except OSError as error:
            raise KeysUnusable(f"{folder / FILE}: {error.strerror}") from error

    @property
    def public(self) -> bytes:
        """The key to register: an Ed25519 public key, 32 octets."""
        return self._key.public

    @property
    def host(self) -> str:
        """The relay's name, lower case, without port."""
        return urlsplit(self.relay).hostname or ""

    def sign_in(self, nonce: bytes) -> bytes:
        """Return the signature that opens a line, 64 octets."""
        octets = sign_in_octets(self.host, self.tid, self.connector, nonce)
        return self._key.sign(CONNECTOR_LABEL, octets)
