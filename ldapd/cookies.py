"""Cookies of pages: where a client goes on, in the client's own keeping.

Law: pure code, nothing is remembered here. A cookie is signed together with what was asked, so that
it neither can be made up nor serves another client or another search. Every worker of one
configuration makes the same key: pages outlive a connection, a worker and a commit.

Source: RFC 2696 3: a cookie that fits nothing is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

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
    """Signs bookmarks, for each client with a key of its own."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Derive the keys.

        Args:
            secrets: client → its stored password hash, which an attacker has not. Another password
                makes another key: cookies of before are refused, those of other clients are not.
                Whoever has no password has the key of all together.
        """
        self._shared = _key("\n".join(sorted(secrets.values())))
        self._keys = {name: _key(secret) for name, secret in secrets.items() if secret}

    def seal(self, bookmark: Bookmark, client: str, asked: bytes) -> bytes:
        """Return the cookie of a bookmark for a client; `asked` stands for the search."""
        octets = _encode(bookmark)
        return self._sign(octets, client, asked) + octets

    def open(self, cookie: bytes, client: str, asked: bytes) -> Bookmark | None:
        """Return the bookmark in a cookie, None if it was not made for this client and search."""
        if not SIGNATURE_OCTETS < len(cookie) <= MAX_COOKIE_OCTETS:
            return None
        signature, octets = cookie[:SIGNATURE_OCTETS], cookie[SIGNATURE_OCTETS:]
        if not hmac.compare_digest(signature, self._sign(octets, client, asked)):
            return None
        return _decode(octets)

    def _sign(self, octets: bytes, client: str, asked: bytes) -> bytes:
        key = self._keys.get(client, self._shared)
        digest = hashlib.blake2b(octets, key=key, digest_size=SIGNATURE_OCTETS)
        digest.update(hashlib.blake2b(asked).digest())
        return digest.digest()


def _key(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"rufname-cookies").digest()
