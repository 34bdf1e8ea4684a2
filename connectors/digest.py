"""Digest, the login of HTTP that sends no password (RFC 7616): what sabre/dav asks for by default.

Law: standard library only; a challenge that cannot be met is none.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Self

_PARAMETER = r'[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,"]+)'
_CHALLENGE = re.compile(
    rf"(?:^|,)\s*Digest\s+({_PARAMETER}(?:\s*,\s*{_PARAMETER})*)", re.IGNORECASE
)
_PARTS = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ALGORITHMS = {"": "md5", "MD5": "md5", "SHA-256": "sha256"}


class Digest:
    """One challenge of a server, and what answers it for one user."""

    def __init__(self, challenge: dict[str, str], user: str, password: str) -> None:
        self._challenge = challenge
        self._user = user
        self._hash = _ALGORITHMS[challenge.get("algorithm", "").upper()]
        self._secret = self._hashed(f"{user}:{challenge['realm']}:{password}")
        self._count = 0

    @classmethod
    def of(cls, header: str, user: str, password: str) -> Self | None:
        """Return what answers a header WWW-Authenticate, None where nothing here does."""
        for found in _CHALLENGE.findall(header):
            challenge = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
                for name, quoted, plain in _PARTS.findall(found)
            }
            known = challenge.get("algorithm", "").upper() in _ALGORITHMS
            qualities = re.split(r"\s*,\s*", challenge.get("qop", "auth").lower())
            if known and "auth" in qualities and {"realm", "nonce"} <= challenge.keys():
                return cls(challenge, user, password)
        return None

    def header(self, method: str, target: str) -> str:
        """Return the header Authorization of a request for a path and query, as they are sent."""
        challenge = self._challenge
        asked = self._hashed(f"{method}:{target}")
        middle = ""
        own = [f'username="{_quoted(self._user)}"', f'uri="{_quoted(target)}"']
        if "qop" in challenge:
            self._count += 1
            count, cnonce = f"{self._count:08x}", secrets.token_hex(8)
            middle = f"{count}:{cnonce}:auth:"
            own += ["qop=auth", f"nc={count}", f'cnonce="{cnonce}"']
        answer = self._hashed(f"{self._secret}:{challenge['nonce']}:{middle}{asked}")
        own += [f'response="{answer}"']
        own += [
            f'{name}="{_quoted(challenge[name])}"'
            for name in ("realm", "nonce", "opaque")
            if name in challenge
        ]
        if "algorithm" in challenge:
            own.append(f"algorithm={challenge['algorithm']}")
        return f"Digest {', '.join(own)}"

    def _hashed(self, text: str) -> str:
        return hashlib.new(self._hash, text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
