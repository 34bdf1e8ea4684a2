"""Who follows requests as they are answered, and the log of searches.

Law: what holds names and numbers goes to followers alone, who are administrators of this machine;
the log gets what `traced.log_fields` leaves. A follower that reads too slowly misses requests, and
is told how many: nobody is answered later for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence

import msgspec

from engine.errors import InvalidNumber
from engine.phone import DialPlan, read_number
from ldapd.protocol.messages import LdapMessage, SearchRequest
from ldapd.traced import Following, Traced, TraceRequest, log_fields
from ldapd.watching import Lookup, Watched, told

MAX_WAITING = 1_000
"""Requests that wait for a follower to read: a second of a busy SBC."""

_log = logging.getLogger(__name__)


class _Follower:
    """One who follows, and what waits for him."""

    def __init__(self, wish: TraceRequest) -> None:
        self.wish = wish
        self.waiting: asyncio.Queue[Traced] = asyncio.Queue(MAX_WAITING)
        self._missed = 0

    def tell(self, traced: Traced) -> None:
        """Let a request wait to be read."""
        try:
            self.waiting.put_nowait(msgspec.structs.replace(traced, missed=self._missed))
        except asyncio.QueueFull:
            self._missed += 1
        else:
            self._missed = 0


class Tracing:
    """The followers of one server, and its log of searches.

    Attributes:
        logs: whether a line is logged for each search.
    """

    def __init__(self, watched: Watched, clock: Callable[[], float]) -> None:
        """Trace; `clock` is that of `watched`."""
        self.logs = False
        self._watched = watched
        self._clock = clock
        self._followers: set[_Follower] = set()

    @property
    def is_wanted(self) -> bool:
        """Whether anybody wants to hear of requests."""
        return self.logs or bool(self._followers)

    def tell(self, traced: Traced, message: LdapMessage, lookups: Sequence[Lookup]) -> None:
        """Pass a request on to whom it concerns."""
        request = message.request
        if self.logs and isinstance(request, SearchRequest):
            _log.info("search", extra={"fields": log_fields(traced, request.filter)})
        self.pass_on(traced, lookups)

    def pass_on(self, traced: Traced, lookups: Sequence[Lookup]) -> None:
        """Tell those who follow its client and one of the numbers that it looked up."""
        for follower in self._followers:
            wish = follower.wish
            if wish.client and wish.client != traced.client:
                continue
            if wish.number and not any(_is_same(wish.number, each) for each in lookups):
                continue
            follower.tell(traced)

    def remembered(self, wish: TraceRequest) -> list[Traced]:
        """Return the look-ups that are remembered, oldest first."""
        names = [wish.client] if wish.client else list(self._watched.recent)
        lookups = [
            (each, name)
            for name in names
            for each in map(told, self._watched.recent.get(name, ()))
            if not wish.number or _is_same(wish.number, each)
        ]
        lookups.sort(key=lambda pair: pair[0][0])
        offset_s = time.time() - self._clock()
        return [
            Traced(
                at=at_s + offset_s,
                operation="look-up",
                client=client,
                number=number,
                name=name,
                match_class=match_class,
                runners_up=runners_up,
            )
            for (at_s, number, _, name, match_class, runners_up), client in lookups
        ]

    async def follow(
        self, wish: TraceRequest, changed: Callable[[], None]
    ) -> AsyncGenerator[Traced | Following, None]:
        """Give what is remembered, then, if that is wished, each request until it is closed.

        Args:
            wish: see there.
            changed: called when somebody began or ceased to follow.
        """
        follower = _Follower(wish)
        if wish.follow:
            self._followers.add(follower)
            changed()
        try:
            for traced in self.remembered(wish):
                yield traced
            yield Following()
            while wish.follow:
                yield await follower.waiting.get()
        finally:
            self._followers.discard(follower)
            changed()


def _is_same(wanted: str, lookup: Lookup) -> bool:
    """Tell whether a number means one that was looked up, both read as its asker reads them."""
    _, asked, plan, *_ = lookup
    return wanted == asked or not _subscribers(wanted, plan).isdisjoint(_subscribers(asked, plan))


def _subscribers(text: str, plan: DialPlan) -> set[str]:
    try:
        return {number.key for number in read_number(text, plan).numbers}
    except InvalidNumber:
        return set()
