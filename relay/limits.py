"""How much one user, and all users of a tenant together, may ask.

Law: pure; time is an argument. Memory is bounded: who asked nothing for a while is forgotten.
"""

from __future__ import annotations

from relay.errors import TooOften

BURST_S = 2.0
"""Requests of so many seconds may come at once: a card opened while hits are being found."""

MAX_BUCKETS = 10_000


class Rate:
    """A token bucket for each key: `per_s` requests a second on average, 0 = no limit."""

    def __init__(
        self, per_s: float, burst_s: float = BURST_S, max_buckets: int = MAX_BUCKETS
    ) -> None:
        self._per_s = per_s
        self._max_buckets = max_buckets
        self._burst = max(1.0, per_s * burst_s)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, now: float) -> None:
        """Count one request.

        Args:
            key: who asks.
            now: monotonic seconds.

        Raises:
            TooOften: this one is too much; says when the next one is not.
        """
        if not self._per_s:
            return
        left, seen = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - seen) * self._per_s)
        if left < 1.0:
            self._keep(key, left, now)
            raise TooOften("too many requests", retry_after_s=int((1.0 - left) / self._per_s) + 1)
        self._keep(key, left - 1.0, now)

    def require(self, key: str, now: float) -> None:
        """Raise `TooOften` as `take` would, but count nothing."""
        left, seen = self._left.get(key, (self._burst, now))
        left += (now - seen) * self._per_s
        if self._per_s and left < 1.0:
            raise TooOften("too many attempts", retry_after_s=int((1.0 - left) / self._per_s) + 1)

    def _keep(self, key: str, left: float, now: float) -> None:
        """Keep a bucket as the newest; the oldest one makes room."""
        if len(self._left) >= self._max_buckets:
            del self._left[next(iter(self._left))]
        self._left[key] = (left, now)


class Flights:
    """Requests of one user that are being answered, at most `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[str, int] = {}

    def begin(self, key: str) -> None:
        """Count a request in.

        Raises:
            TooOften: too many of this user run already.
        """
        running = self._running.get(key, 0)
        if running >= self._most:
            raise TooOften("too many requests at a time")
        self._running[key] = running + 1

    def end(self, key: str) -> None:
        """Count a request out."""
        left = self._running[key] - 1
        if left:
            self._running[key] = left
        else:
            del self._running[key]
