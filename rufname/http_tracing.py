"""Callers who are looked up over HTTP, remembered and told as those over LDAP are.

Law: as that of `ldapd.watching`: delays nothing, logs nothing, forgets with the process. It stands
here because the faces never import each other.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from engine.index import ContactIndex
from engine.query import CallerMatch, CallerQuery
from ldapd.traced import Following, Traced, TraceRequest
from ldapd.tracing import Tracing
from ldapd.watching import Watched

OPERATION = "HTTP look-up"


class TracedIndex:
    """A contact index whose callers are remembered and told; all else it does itself.

    A number in a URL may be read in two ways: each is a look-up of its own.
    """

    def __init__(self, index: ContactIndex) -> None:
        self._index = index
        self._watched = Watched(index, time.monotonic, 0)
        self._tracing = Tracing(self._watched, time.monotonic)

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""
        if not self._tracing.is_wanted:
            return self._watched.caller(query)
        began_s = time.perf_counter()
        match = self._watched.caller(query)
        self._tell(query, match, (time.perf_counter() - began_s) * 1e6)
        return match

    def trace(self, wish: TraceRequest) -> AsyncGenerator[Traced | Following, None]:
        """Give the look-ups remembered, then each one as it is answered, until it is closed."""
        return self._tracing.follow(wish, lambda: None)

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def _tell(self, query: CallerQuery, match: CallerMatch | None, duration_us: float) -> None:
        name, match_class, runners_up = (
            (match.name, match.match_class, match.runners_up) if match else ("", 0, 0)
        )
        traced = Traced(
            at=time.time(),
            operation=OPERATION,
            client=query.principal.name,
            number=query.number,
            name=name,
            match_class=match_class,
            runners_up=runners_up,
            duration_us=duration_us,
        )
        lookup = (time.monotonic(), query.number, query.plan, name, match_class, runners_up)
        self._tracing.pass_on(traced, (lookup,))
