"""What a user gets for a right password: a session, sent along with each later request.

Law: pure; time is an argument. A session is a signed text, of which nothing is kept but that its
signature was right: it ends at its time, with the key of this process, or when the user's password
is changed or the user is removed.
"""

from __future__ import annotations

import hashlib
import hmac
import os

import msgspec

from relay.accounts import Accounts, User
from relay.errors import NotAuthenticated
from relay.octets import decode_octets, encode_octets

LIFETIME_S = 12 * 3600
"""A working day."""

PREFIX = "rs1."
"""Tells a session from a token of Entra (`eyJ…`), and its form from a later one."""

MAX_SESSION_CHARS = 1024

MAX_READ = 4096
"""Sessions that were found right, remembered by their hash; the oldest makes room. The end is
looked at every time, user and password once for each accounts object, which never changes."""

_MAC_BYTES = 32


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What is signed: the user, a mark of its password hash, the end (seconds since the epoch)."""

    name: str
    mark: bytes
    ends_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Content).decode


class _Read(msgspec.Struct, frozen=True, gc=False):
    """A session that was found right: what it says, whose it is, and by which accounts."""

    content: _Content
    user: User
    accounts: Accounts


class Sessions:
    """Makes and reads sessions under one key."""

    def __init__(self, key: bytes | None = None) -> None:
        """Take a key of 32 octets; None: a random one, known to this object only."""
        self._key = key or os.urandom(32)
        self._read: dict[bytes, _Read] = {}

    def open(self, user: User, now: float) -> tuple[str, int]:
        """Return a session for a user who has just signed in, and when it ends."""
        ends_at = int(now) + LIFETIME_S
        body = _encode(_Content(user.name, self._mark(user), ends_at))
        return PREFIX + encode_octets(body + self._mac(body)), ends_at

    def read(self, session: str, accounts: Accounts, now: float) -> User:
        """Return whose session this is.

        Raises:
            NotAuthenticated: it is none, has ended, or its user or password is another by now.
        """
        # not by OpenSSL, whose set-up takes longer than so short a text
        mark = hashlib.blake2b(session.encode("utf-8", "replace"), digest_size=32).digest()
        known = self._read.get(mark)
        content = self._verified(session) if known is None else known.content
        if content.ends_at <= now:
            raise NotAuthenticated("the session has ended")
        if known is not None and known.accounts is accounts:
            return known.user
        user = accounts.local(content.name)
        if user is None or not hmac.compare_digest(content.mark, self._mark(user)):
            raise NotAuthenticated("the session's user has changed")
        if known is None and len(self._read) >= MAX_READ:
            del self._read[next(iter(self._read))]
        self._read[mark] = _Read(content, user, accounts)
        return user

    def _verified(self, session: str) -> _Content:
        """Return what a session says that was signed here."""
        octets = _octets(session)
        body, mac = octets[:-_MAC_BYTES], octets[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise NotAuthenticated("no session of this directory")
        return _decode(body)

    def _mark(self, user: User) -> bytes:
        return hmac.digest(self._key, b"user\0" + user.password_hash.encode(), "sha256")[:16]

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"session\0" + body, "sha256")


def _octets(session: str) -> bytes:
    text = session.removeprefix(PREFIX)
    if len(session) > MAX_SESSION_CHARS or not session.isascii() or text == session:
        raise NotAuthenticated("no session")
    try:
        return decode_octets(text)
    except ValueError:
        raise NotAuthenticated("no session") from None
