"""Watches look-ups: remembers the last ones of each client, and notices who tries numbers out.

Law: refuses nothing, delays nothing, and forgets with the process: `rufname trace` reads what is
remembered, no log and no file ever holds it. Of misses only digests are kept, a day at a time, and
a warning is logged once a day and client.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from engine.caller import EXACT
from engine.phone import DialPlan
from engine.plaincalls import NOBODY, Named, PlainCaller
from engine.query import CallerMatch, CallerQuery

DAY_S = 86_400.0

MAX_REMEMBERED = 100
"""Look-ups of one client: some 50 KiB, what rang within the last minutes."""

Lookup = tuple[float, str, DialPlan, str, int, int]
"""When (clock), the number as asked, under which plan, name ("" = nobody), class, runners-up."""

Remembered = tuple[float, str | bytes, DialPlan, str | bytes, int, int]
"""The same as it came: digits behind a "+" and a name in UTF-8, where the short way found it.

A plain tuple, since every call makes one; few are ever read.
"""

_log = logging.getLogger(__name__)


class Callers(Protocol):
    """What is watched."""

    @property
    def state(self) -> object:
        """What is another object after every commit."""

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""

    def plain_caller(self, like: CallerQuery) -> PlainCaller:
        """Return what answers as `caller` does in nearly every call."""


def told(remembered: Remembered) -> Lookup:
    """Return a look-up that is remembered as it is told."""
    at_s, number, plan, name, match_class, runners_up = remembered
    if isinstance(number, bytes):
        number = f"+{number.decode()}"
    if isinstance(name, bytes):
        name = name.decode()
    return at_s, number, plan, name, match_class, runners_up


class Watched:
    """An index whose look-ups are watched; whatever else it can do, it does itself."""

    def __init__(self, index: Callers, clock: Callable[[], float], alarm_at: int) -> None:
        """Watch.

        Args:
            index: asked for callers, and for all else.
            clock: monotonic seconds.
            alarm_at: different numbers asked by one client in a day, all of nobody, at which a
                warning is logged; 0 = never.
        """
        self.alarm_at = alarm_at
        self.recent: defaultdict[str, deque[Remembered]] = defaultdict(
            partial(deque[Remembered], maxlen=MAX_REMEMBERED)
        )
        self._index = index
        self._caller = index.caller
        self._clock = clock
        self._missed: defaultdict[str, set[int]] = defaultdict(set)
        self._alarmed: set[str] = set()
        self._day_ends_s = clock() + DAY_S

    @property
    def state(self) -> object:
        """What is another object after every commit; here, since every list asks for it."""
        return self._index.state

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller. Flat, since every call passes here."""
        match = self._caller(query)
        client, number, now_s = query.principal.name, query.number, self._clock()
        if match is not None:
            self.recent[client].append(
                (now_s, number, query.plan, match.name, match.match_class, match.runners_up)
            )
            return match
        self.recent[client].append((now_s, number, query.plan, "", 0, 0))
        if self.alarm_at:
            self._miss(client, number, now_s)
        return None

    def plain_caller(self, like: CallerQuery) -> PlainCaller:
        """Return what asks the index's `plain_caller`, and watches as `caller` does."""
        find, clock, plan, client = (
            self._index.plain_caller(like),
            self._clock,
            like.plan,
            like.principal.name,
        )
        remember = self.recent[client].append

        def plain(digits: bytes) -> Named | None:
            found = find(digits)
            if found is NOBODY:
                now_s = clock()
                remember((now_s, digits, plan, "", 0, 0))
                if self.alarm_at and (client not in self._alarmed or now_s >= self._day_ends_s):
                    self._miss(client, f"+{digits.decode()}", now_s)
            elif found is not None:
                remember((clock(), digits, plan, found[0], EXACT, 0))
            return found

        return plain

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def _miss(self, client: str, number: str, now_s: float) -> None:
        """Count a number once a day; Python's digests are keyed anew in every process."""
        if now_s >= self._day_ends_s:
            self._missed.clear()
            self._alarmed.clear()
            self._day_ends_s = now_s + DAY_S
        if client in self._alarmed:
            return
        missed = self._missed[client]
        missed.add(hash(number))
        if len(missed) >= self.alarm_at:
            self._alarmed.add(client)
            del self._missed[client]
            fields = {"client": client, "numbers": self.alarm_at}
            _log.warning("a client asks for many numbers of nobody", extra={"fields": fields})
