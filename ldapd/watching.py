"""Notices who asks for many numbers that nobody has: somebody may be trying numbers out.

Law: refuses nothing, delays nothing. It counts misses by client, for a day at a time, and says so
in the log once a day and client; what was asked is kept nowhere.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from engine.query import CallerMatch, CallerQuery

DAY_S = 86_400.0

_log = logging.getLogger(__name__)


class Callers(Protocol):
    """What is watched."""

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""


class Watched:
    """An index whose misses are counted; whatever else it can do, it does itself."""

    def __init__(self, index: Callers, clock: Callable[[], float], alarm_at: int) -> None:
        """Watch.

        Args:
            index: asked for callers, and for all else.
            clock: monotonic seconds.
            alarm_at: misses of one client in a day at which a warning is logged; 0 = never.
        """
        self.alarm_at = alarm_at
        self._index = index
        self._caller = index.caller
        self._clock = clock
        self._misses: Counter[str] = Counter()
        self._day_ends_s = clock() + DAY_S

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""
        match = self._caller(query)
        if match is None:
            self._miss(query.principal.name)
        return match

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def _miss(self, client: str) -> None:
        now_s = self._clock()
        if now_s >= self._day_ends_s:
            self._misses.clear()
            self._day_ends_s = now_s + DAY_S
        self._misses[client] += 1
        if self._misses[client] == self.alarm_at:
            fields = {"client": client, "misses": self.alarm_at}
            _log.warning("many look-ups of a client find nobody", extra={"fields": fields})
