"""Cookies of pages: where a client goes on, in the client's own keeping.

Law: pure code, nothing is remembered here. A cookie is signed together with what was asked, so that
it neither can be made up nor serves another client or another search. Every worker of one
configuration makes the same key: pages outlive a connection, a worker and a commit.

Source: RFC 2696 3: a cookie that fits nothing is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import msgspec

SIGNATURE_OCTETS = 16

MAX_COOKIE_OCTETS = 4_096
"""Longer ones were not made here: sort keys are cut far below."""


class Bookmark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last entry of a page.

    Attributes:
        rank: its place in the list of all (`engine.selection.Position`).
        place: likewise.
        sent: entries of all pages so far.
        keys: what it was sorted by; () = not sorted.
    """

    rank: int
    place: int
    sent: int
    keys: tuple[str, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Bookmark).decode


class CookieSeal:
    """Signs bookmarks for the holders of a set of secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Derive the key.

        Args:
            secrets: the stored password hashes; an attacker who has none of them can sign nothing.
                Another password makes another key: cookies of before are refused.
        """
        joined = "\n".join(sorted(secrets)).encode()
        self._key = hashlib.blake2b(joined, digest_size=32, person=b"rufname-cookies").digest()

    def seal(self, bookmark: Bookmark, asked: bytes) -> bytes:
        """Return the cookie of a bookmark; `asked` stands for the search and who asks."""
        octets = _encode(bookmark)
        return self._sign(octets, asked) + octets

    def open(self, cookie: bytes, asked: bytes) -> Bookmark | None:
        """Return the bookmark in a cookie, None if it was not made here for this very search."""
        if not SIGNATURE_OCTETS < len(cookie) <= MAX_COOKIE_OCTETS:
            return None
        signature, octets = cookie[:SIGNATURE_OCTETS], cookie[SIGNATURE_OCTETS:]
        if not hmac.compare_digest(signature, self._sign(octets, asked)):
            return None
        return _decode(octets)

    def _sign(self, octets: bytes, asked: bytes) -> bytes:
        digest = hashlib.blake2b(octets, key=self._key, digest_size=SIGNATURE_OCTETS)
        digest.update(hashlib.blake2b(asked).digest())
        return digest.digest()
