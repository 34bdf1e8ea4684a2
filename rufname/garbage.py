"""When a process looks for circles of garbage: a worker while nobody asks, one that writes rarely.

Law: questions leave none behind (what counts references frees all of it), and looking for them
walks through everything that is remembered of earlier ones: up to 30 ms in the middle of an answer,
and a thirtieth of the CPU, when Python chooses the moment. So the worker does.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

MANY, TOO_MANY = 20_000, 500_000
"""Objects that came and did not go: so many are worth a look, and so many are looked through
whoever is waiting. A circle has some 100 bytes an object."""

ALLOCATIONS_A_COLLECTION = 500_000
"""Reading and indexing make and drop objects by the thousand and no circles: Python's own 700 cost
a fifth of the time, and 50,000, which are alive at once in a batch, still a thirtieth."""


def collect_rarely() -> None:
    """Let this process, which writes, look for circles of garbage less often."""
    gc.set_threshold(ALLOCATIONS_A_COLLECTION)


class QuietCollector:
    """Looks for garbage where a process stopped Python doing so."""

    def __init__(self, many: int = MANY, too_many: int = TOO_MANY) -> None:
        """Take how many objects are worth a look in a quiet second, and in any."""
        self._many = many
        self._too_many = too_many
        self._counted: Mapping[str, int] = {}

    def look(self, counted: Mapping[str, int]) -> bool:
        """Collect if it is time to.

        Args:
            counted: what the work has counted; the same as a second ago if nobody asked.

        Returns:
            Whether it collected; never where Python does so itself.
        """
        if gc.isenabled():
            return False
        is_quiet, self._counted = counted == self._counted, dict(counted)
        made = gc.get_count()[0]  # counted on while Python's own collections are off
        if made < (self._many if is_quiet else self._too_many):
            return False
        gc.collect()
        return True
