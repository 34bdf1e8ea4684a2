"""Whose token is it? Checked against Entra's keys, and remembered while it lives.

Law: a verdict is remembered by the token's hash, no longer than the token lives; a refused token is
not logged with anything of it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable

from relay.errors import NotAuthenticated
from relay.keycache import KeyCache
from relay.tokens import LEEWAY_S, Identity, TokenRules, check_token, claimed_tenant, key_id

MAX_VERDICTS = 4096

_log = logging.getLogger(__name__)


class TokenVerifier:
    """Knows whom a token names. Belongs to one event loop."""

    def __init__(
        self,
        rules: Callable[[str], TokenRules],
        keys: KeyCache,
        now: Callable[[], float] = time.time,
        max_verdicts: int = MAX_VERDICTS,
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            rules: returns what a token must say that claims to be of this tenant.
            keys: of Entra's tokens.
            now: seconds since the epoch.
            max_verdicts: how many are remembered; the oldest makes room.
        """
        self._rules = rules
        self._keys = keys
        self._now = now
        self._max_verdicts = max_verdicts
        self._verdicts: dict[bytes, Identity] = {}

    async def identity(self, token: str) -> Identity:
        """Return whom a token names.

        Raises:
            NotAuthenticated: it is refused; the reason quotes nothing of it.
            DirectoryUnavailable: Entra's keys are needed and cannot be fetched now.
        """
        mark = hashlib.blake2b(token.encode("latin-1", "replace"), digest_size=32).digest()
        identity = self._verdicts.get(mark)
        if identity is not None and identity.expires_at + LEEWAY_S > self._now():
            return identity
        identity = await self._check(token)
        if len(self._verdicts) >= self._max_verdicts:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[mark] = identity
        return identity

    async def close(self) -> None:
        """Give up a fetch that runs."""
        await self._keys.close()

    async def _check(self, token: str) -> Identity:
        try:
            key = await self._keys.key(key_id(token))
            return check_token(token, key, self._rules(claimed_tenant(token)), self._now())
        except NotAuthenticated as error:
            _log.warning("a token was refused: %s", str(error))
            raise
