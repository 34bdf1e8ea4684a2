"""Was this question asked before? The memory that refuses a question that comes a second time.

Law: pure; time is an argument. Nothing is forgotten before a question that is sent again would be
too old: where there is no room for a new one, the new one is refused.
"""

from __future__ import annotations

from heapq import heappop, heappush

from relay.errors import EnvelopeRefused

REPLAY_WINDOW_S = 120
"""How far a question's time may be from the directory's."""

REMEMBERED_FOR_S = 2 * REPLAY_WINDOW_S
"""A question that was dated ahead by a whole window stays fresh for two."""

MAX_REMEMBERED = 65_536
"""100 questions a second, a tenant's rate, are 24,000 in that time; an id takes some 150 octets."""


class ReplayWindow:
    """Remembers the ids of questions for as long as they are fresh."""

    def __init__(self, capacity: int = MAX_REMEMBERED) -> None:
        self._capacity = capacity
        self._known: set[bytes] = set()
        # the first to go in front, which is not the first that came where the clock was set back
        self._ends: list[tuple[float, bytes]] = []

    def admit(self, rid: bytes, now_s: float) -> None:
        """Remember a fresh question.

        Args:
            rid: its id, 16 random octets.
            now_s: seconds since the epoch.

        Raises:
            EnvelopeRefused: `replayed`, it was here before; `busy`, there is no room.
        """
        known, ends = self._known, self._ends
        while ends and ends[0][0] <= now_s:
            known.remove(heappop(ends)[1])
        if rid in known:
            raise EnvelopeRefused("replayed", "the question was asked before")
        if len(known) >= self._capacity:
            raise EnvelopeRefused("busy", "too many questions are remembered")
        known.add(rid)
        heappush(ends, (now_s + REMEMBERED_FOR_S, rid))

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._known)
