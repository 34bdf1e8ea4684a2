"""The keys of Entra's tokens: fetched, kept, renewed, and kept on when Entra cannot be reached.

Law: one pinned address, no redirects, at most one fetch a minute whatever tokens arrive, and one in
ten seconds while there is no key at all; a fetch holds up only those who wait for a key that is not
known, and who is sent away is told when the next fetch is due.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable

import httpx

from relay.errors import DirectoryUnavailable
from relay.tokens import Key, read_keys

FETCH_PAUSE_S = 60.0
"""Tokens that name unknown keys, which anybody can make, cause no more fetches than this."""

EMPTY_PAUSE_S = 10.0
"""The same without any key, where nobody at all can sign in: it ends soon after the outage does."""

FRESH_S = 24 * 3600.0
"""Keys older than this are fetched anew, in the background."""

FETCH_TIMEOUT_S = 4.0
MAX_KEYS_BYTES = 256 * 1024

Fetch = Callable[[], Awaitable[bytes]]

_log = logging.getLogger(__name__)


class KeyCache:
    """The key set of one issuer. Belongs to one event loop."""

    def __init__(self, fetch: Fetch, now_s: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet.

        Args:
            fetch: returns the JWK set as it stands at its address.
            now_s: monotonic seconds.
        """
        self._fetch = fetch
        self._now_s = now_s
        self._keys: dict[str, Key] = {}
        self._fetched_s = 0.0
        self._tried_s = float("-inf")
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key | None:
        """Return the key of this id; None if the issuer has no such key.

        Raises:
            DirectoryUnavailable: it is not known and the issuer cannot be asked now.
        """
        found = self._keys.get(kid)
        if found is not None:
            if self._now_s() - self._fetched_s > FRESH_S:
                self._begin()
            return found
        fetching = self._begin()
        if fetching is not None:
            await asyncio.shield(fetching)
        found = self._keys.get(kid)
        if found is None and self._failed:
            wait_s = max(math.ceil(self._due_s() - self._now_s()), 1)
            raise DirectoryUnavailable("Entra's keys cannot be fetched", retry_after_s=wait_s)
        return found

    async def close(self) -> None:
        """Give up a fetch that runs."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _begin(self) -> asyncio.Task[None] | None:
        """Return the fetch that runs, a new one if it is time, else None."""
        if self._fetching is None or self._fetching.done():
            now_s = self._now_s()
            if now_s < self._due_s():
                return None
            self._tried_s = now_s
            self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    def _due_s(self) -> float:
        """Return the monotonic second from which the next fetch may begin."""
        return self._tried_s + (FETCH_PAUSE_S if self._keys else EMPTY_PAUSE_S)

    async def _renew(self) -> None:
        try:
            self._keys = read_keys(await self._fetch())
        except (OSError, ValueError, httpx.HTTPError) as error:
            self._failed = True
            kept = len(self._keys)
            _log.error("Entra's keys not fetched (%s); %d kept", type(error).__name__, kept)
        else:
            self._failed = False
            self._fetched_s = self._now_s()


def fetch_from(url: str) -> Fetch:
    """Return a fetch of `url`: no redirect is followed, time and size are bounded."""

    async def fetch() -> bytes:
        async with (
            httpx.AsyncClient(timeout=FETCH_TIMEOUT_S, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise ValueError(f"status {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAX_KEYS_BYTES:
                    raise ValueError("too large")
            return body

    return fetch
