"""Passwords of clients: how they are kept, verified, and remembered for a while.

Law: pure code, no I/O, no clock (time is an argument), no log. Verifying costs tens of
milliseconds of CPU and the memory the hash names: callers do it in a worker thread, with a bounded
queue, and ask `Verified` first. Nothing here quotes a password or a hash in an error.

Sources: RFC 9106 (Argon2), the PHC string format, OWASP's minimum for Argon2id (19 MiB, t=2, p=1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import unicodedata

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.errors import InvalidCredential

MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1

MAX_MEMORY_KIB = 256 * 1024
MAX_ITERATIONS = 10
MAX_LANES = 8
"""A stored hash must not be a weapon: more work than this is refused before any is done
(389-ds CVE-2024-5953 and CVE-2026-11790 had no such bounds)."""

MAX_PASSWORD_BYTES = 1024
"""Longer ones are refused: no client has one, and it bounds what a peer makes us hash."""

DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$pV818NX8Mm8b2V3EmNdBGQ"
    "$4YjvqHs73c9QS9RVeJ0jFDvHclD94tVIcSDgTpwkcAI"
)
"""The hash of a random password nobody knows: verified for unknown names, so that the time an
answer takes does not tell which names exist."""

_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})",
    re.ASCII,
)
_SALT_BYTES = 16
_TAG_BYTES = 32
_KEY_BYTES = 32


def hash_password(password: str) -> str:
    """Hash a password for the configuration; the salt is random, so no two results are equal.

    Args:
        password: 1 to 1,024 octets in UTF-8; brought to NFC first (RFC 8265, 4.2.2).

    Returns:
        An Argon2id string in PHC form (19 MiB, two passes, one lane), one line of ASCII.

    Raises:
        ValueError: the password is empty or too long.
    """
    secret = _prepare(password.encode())
    if not 0 < len(secret) <= MAX_PASSWORD_BYTES:
        raise ValueError(f"a password has 1 to {MAX_PASSWORD_BYTES} octets, not {len(secret)}")
    return Argon2id(
        salt=os.urandom(_SALT_BYTES),
        length=_TAG_BYTES,
        iterations=ITERATIONS,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    ).derive_phc_encoded(secret)


def check_hash(stored: str) -> None:
    """Check that a stored hash is well-formed and within bounds; does none of its work.

    Raises:
        InvalidCredential: it is not; the reason does not quote it.
    """
    found = _PHC.fullmatch(stored)
    if found is None:
        raise InvalidCredential("no Argon2id hash: make one with `rufname password`")
    memory_kib, iterations, lanes = int(found[1]), int(found[2]), int(found[3])
    if memory_kib > MAX_MEMORY_KIB or iterations > MAX_ITERATIONS or lanes > MAX_LANES:
        raise InvalidCredential(
            f"the hash asks for too much work: at most m={MAX_MEMORY_KIB}, t={MAX_ITERATIONS}, "
            f"p={MAX_LANES}"
        )
    if memory_kib < 8 * lanes:  # RFC 9106, 3.1
        raise InvalidCredential("the hash names less than 8 KiB of memory a lane")
    for part in (found[4], found[5]):
        try:
            base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
        except binascii.Error:
            raise InvalidCredential("the hash is cut or damaged: its base64 does not end") from None


def verify_password(stored: str, password: bytes) -> bool:
    """Tell whether `password` is the one behind `stored`; releases the interpreter lock.

    Args:
        stored: what `hash_password` returned, or another Argon2id string within the bounds.
        password: as the peer sent it; UTF-8 is brought to NFC, anything else compared as it is.
            Empty or longer than 1,024 octets: False at once.

    Raises:
        InvalidCredential: the stored hash is malformed or asks for too much work.
    """
    check_hash(stored)
    if len(password) > MAX_PASSWORD_BYTES:
        return False
    secret = _prepare(password)
    if not secret:
        return False
    try:
        Argon2id.verify_phc_encoded(secret, stored)
    except InvalidKey:
        return False
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidCredential("the stored hash cannot be computed here") from error
    return True


class Verified:
    """Remembers successes for a while, since an SBC sends the same password with every question.

    Keeps no password: only BLAKE2b values (RFC 7693) under a random key of this object, over
    account, stored hash and password together. A changed hash is thus a new question. Failures are
    not remembered. Not locked: one object belongs to one thread.
    """

    def __init__(self, capacity: int = 4096, lifetime_s: float = 600.0) -> None:
        """Make an empty memory of at most `capacity` successes, each kept for `lifetime_s`."""
        self._capacity = capacity
        self._lifetime_s = lifetime_s
        self._key = os.urandom(_KEY_BYTES)
        self._until_s: dict[bytes, float] = {}

    def __len__(self) -> int:
        """Return how many successes are kept, those past their time included."""
        return len(self._until_s)

    def fingerprint(self, account: str, password: bytes, stored: str) -> bytes:
        """Return 32 octets that stand for this attempt, of use only in this process."""
        parts = (account.encode(errors="surrogatepass"), stored.encode(), password)
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hashlib.blake2b(message, key=self._key, digest_size=_TAG_BYTES).digest()

    def knows(self, fingerprint: bytes, now_s: float) -> bool:
        """Tell whether this attempt succeeded less than the lifetime ago (`now_s`: monotonic)."""
        until_s = self._until_s.get(fingerprint)
        if until_s is None:
            return False
        if now_s < until_s:
            return True
        del self._until_s[fingerprint]
        return False

    def remember(self, fingerprint: bytes, now_s: float) -> None:
        """Keep a success from `now_s` on; the oldest one makes room when the memory is full."""
        self._until_s.pop(fingerprint, None)
        if len(self._until_s) >= self._capacity:
            del self._until_s[next(iter(self._until_s))]
        self._until_s[fingerprint] = now_s + self._lifetime_s


def _prepare(password: bytes) -> bytes:
    """Bring UTF-8 to NFC, so that one password typed on two systems is the same."""
    if password.isascii():
        return password
    try:
        text = password.decode()
    except UnicodeDecodeError:
        return password
    return unicodedata.normalize("NFC", text).encode()
