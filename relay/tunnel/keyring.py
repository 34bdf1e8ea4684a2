"""Where do the private keys live, and when do they end?

The identity stays. Exchange keys change every day: each day's keys are derived from a secret of the
day, and the next day's secret from it by a one-way function; a secret is overwritten as soon as
nothing that was sealed under it has to open any more. So nodes of one tenant hold the same keys
without talking to each other, and who takes the file today opens nothing of the days before.

Law: files are of mode 0600, written beside and swapped in; one that others may read is refused.
Time is an argument.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from msgspec import Meta

from relay.errors import KeysUnusable
from relay.octets import decode_octets, encode_octets
from relay.tunnel.keys import ExchangeKey, KeyBundle, SignedBundle, TenantId, TenantIdentity, key_id
from relay.tunnel.suites import PrivateKey, Suite, derive, public_octets

IDENTITY_FILE = "tunnel-identity.pem"
EXCHANGE_FILE = "tunnel-exchange.json"

PERIOD_S = 86_400
"""How long a key is the newest; it opens for as long again."""

MAX_DAYS = 36_500
"""How far the clock may be ahead of the file: a wrong clock must not cost the keys or minutes."""

SECRET_BYTES = 32

_NEXT_LABEL = b"rufname/1 next day"
_KEY_LABEL = b"rufname/1 exchange key"


class _Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: whose keys, the oldest day that still opens (days since the epoch), its secret."""

    v: Literal[1]
    tid: TenantId
    day: Annotated[int, Meta(ge=0, le=10**7)]
    secret: Annotated[str, Meta(min_length=43, max_length=43)]


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a second node of the tenant needs; whoever holds it is the directory.

    Attributes:
        identity: PEM of the identity.
        exchange: the content of the file with the exchange secret.
    """

    identity: bytes
    exchange: bytes


class KeyRing:
    """The keys of one tenant's directory. Belongs to one thread."""

    def __init__(self, folder: Path, identity: TenantIdentity, exchange: _Exchange) -> None:
        """Use `create`, `load` or `receive`."""
        self._path = folder / EXCHANGE_FILE
        self.identity = identity
        self._exchange = exchange
        self._keys: dict[bytes, tuple[Suite, PrivateKey, int]] = {}

    @classmethod
    def create(cls, folder: Path, tid: str, now_s: float) -> KeyRing:
        """Make the keys of a tenant; the folder is made, too.

        Raises:
            KeysUnusable: there are keys already, or the folder cannot be written.
        """
        identity = TenantIdentity.generate()
        secret = encode_octets(secrets.token_bytes(SECRET_BYTES))
        exchange = _Exchange(v=1, tid=tid, day=max(0, _day(now_s) - 1), secret=secret)
        return cls._settle(folder, identity, exchange)

    @classmethod
    def receive(cls, folder: Path, handover: Handover) -> KeyRing:
        """Take the keys over that another node of the tenant gave.

        Raises:
            KeysUnusable: they are damaged, there are keys already, or the folder cannot be written.
        """
        identity, exchange = _read(handover.identity, handover.exchange, "what was handed over")
        return cls._settle(folder, identity, exchange)

    @classmethod
    def _settle(cls, folder: Path, identity: TenantIdentity, exchange: _Exchange) -> KeyRing:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in (IDENTITY_FILE, EXCHANGE_FILE):
                if (folder / name).exists():
                    raise KeysUnusable(f"{folder / name} is there already: this directory has keys")
            write_secret(folder / EXCHANGE_FILE, _encode(exchange))
            write_secret(folder / IDENTITY_FILE, identity.to_pem())  # last: with it all is there
        except OSError as error:
            raise KeysUnusable(f"{folder}: keys cannot be written: {error.strerror}") from error
        return cls(folder, identity, exchange)

    @classmethod
    def load(cls, folder: Path) -> KeyRing | None:
        """Return the keys of a folder; None if it holds none.

        Raises:
            KeysUnusable: they are damaged or incomplete, or others may read them.
        """
        if not (folder / IDENTITY_FILE).exists():
            return None
        pem = read_secret(folder / IDENTITY_FILE)
        identity, exchange = _read(pem, read_secret(folder / EXCHANGE_FILE), str(folder))
        return cls(folder, identity, exchange)

    @property
    def tid(self) -> str:
        """The tenant."""
        return self._exchange.tid

    def hand_over(self) -> Handover:
        """Return what another node of the tenant needs; to be sealed to that node."""
        return Handover(self.identity.to_pem(), _encode(self._exchange))

    def find(self, suite: Suite, key_id: bytes, now_s: float) -> PrivateKey | None:
        """Return the key of this id if it is valid now.

        Raises:
            KeysUnusable: an old secret cannot be overwritten.
        """
        self._advance(now_s)
        found = self._keys.get(key_id)
        if found is None or found[0] is not suite or found[2] <= now_s:
            return None
        return found[1]

    def bundle(self, now_s: float) -> SignedBundle:
        """Return the public keys to publish now; to be published again every `PERIOD_S`.

        Raises:
            KeysUnusable: an old secret cannot be overwritten.
        """
        self._advance(now_s)
        keys = [
            ExchangeKey.of(suite, public_octets(key), not_after)
            for suite, key, not_after in self._keys.values()
        ]
        keys.sort(key=lambda key: (key.suite, -key.not_after))
        bundle = KeyBundle(v=1, tid=self.tid, issued=int(now_s), keys=tuple(keys))
        return SignedBundle.sign(bundle, self.identity)

    def _advance(self, now_s: float) -> None:
        """Overwrite the secrets of days that are over; derive the keys of those that are not.

        Where the clock was set back the newest keys stay: an old secret cannot come again.
        """
        oldest = max(self._exchange.day, _day(now_s) - 1)
        if self._keys and oldest == self._exchange.day:
            return
        if oldest - self._exchange.day > MAX_DAYS:
            raise KeysUnusable(f"{self._path}: the keys are of another century, or the clock is")
        secret = decode_octets(self._exchange.secret)
        for _ in range(oldest - self._exchange.day):
            secret = _next(secret)
        exchange = msgspec.structs.replace(self._exchange, day=oldest, secret=encode_octets(secret))
        if exchange != self._exchange:
            try:
                write_secret(self._path, _encode(exchange))
            except OSError as error:
                raise KeysUnusable(
                    f"{self._path}: an old key cannot be overwritten: {error.strerror}"
                ) from error
        self._exchange, self._keys = exchange, _derive(exchange.tid, oldest, secret)


def write_secret(path: Path, octets: bytes) -> None:
    """Write a file that only its owner may read; all of it or nothing, also after a crash.

    Raises:
        OSError: it cannot be written; what was there before stays.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path) -> bytes:
    """Read a file that only its owner may read.

    Raises:
        KeysUnusable: it is not there, cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeysUnusable(f"{path}: others may read it (mode {mode:o}, needs 600)")
            return file.read()
    except OSError as error:
        raise KeysUnusable(f"{path}: {error.strerror}") from error


_encode = msgspec.json.Encoder().encode
_read_exchange = msgspec.json.Decoder(_Exchange).decode


def _read(pem: bytes, exchange: bytes, where: str) -> tuple[TenantIdentity, _Exchange]:
    try:
        identity = TenantIdentity.from_pem(pem)
        read = _read_exchange(exchange)
        decode_octets(read.secret)  # 43 digits that are base64url are 32 octets
    except (ValueError, msgspec.DecodeError) as error:
        raise KeysUnusable(f"{where}: the keys are damaged") from error
    return identity, read


def _day(now_s: float) -> int:
    return int(now_s // PERIOD_S)


def _next(secret: bytes) -> bytes:
    return HKDFExpand(SHA256(), SECRET_BYTES, _NEXT_LABEL).derive(secret)


def _derive(tid: str, day: int, secret: bytes) -> dict[bytes, tuple[Suite, PrivateKey, int]]:
    """Return suite, key and end by key id, of a day and the one after it.

    A key is published for its own day and opens until the end of the next.
    """
    keys = {}
    for each in (day, day + 1):
        for suite in Suite:
            key = derive(suite, secret, _KEY_LABEL + b"\0" + tid.encode() + bytes((suite,)))
            not_after = (each + 2) * PERIOD_S
            keys[key_id(suite, public_octets(key))] = (suite, key, not_after)
        secret = _next(secret)
    return keys
