"""One search for contacts, what it asks of the index, and the time it may take.

Law: values and protocols; the clock is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from engine.contact import Card, Contact
from engine.rights import Principal
from engine.selection import Position, Selection
from ldapd.auth import Asker
from ldapd.entries import Shown
from ldapd.matched_values import KeepValues
from ldapd.protocol.filters import format_filter
from ldapd.protocol.messages import SEARCH_DONE, Control, SearchRequest, encode_result
from ldapd.protocol.search_controls import SearchControls

SLICE_S = 0.002
"""How long a list may hold the worker at a time; a call takes some 50 µs and waits this long."""

NO_CONTROLS = SearchControls()


class Candidates(Protocol):
    """Contacts of a set question in their order, read as needed (`engine.selecting.Candidates`)."""

    complete: bool
    lasting: bool

    def __len__(self) -> int:
        """Return how many there are."""

    def read(self, at: int) -> Contact:
        """Return one of them."""

    @property
    def hides(self) -> bool:
        """Whether the asker does not see every field of them."""

    def versions(self, begin: int, count: int) -> list[bytes]:
        """Return what tells so many of them from a place on, fewer at the end, from all others."""

    def cards(self, versions: Sequence[bytes]) -> list[Card]:
        """Return contacts with all of their fields, as far as a card has them."""

    def seen(self, versions: Sequence[bytes]) -> list[Contact]:
        """Return contacts without their hidden fields."""

    def position(self, at: int) -> Position:
        """Return where one of them stands."""


class SetDirectory(Protocol):
    """What a list asks; `engine.index.ContactIndex` is one."""

    @property
    def state(self) -> object:
        """What is another object after every commit."""

    def candidates(
        self,
        selection: Selection,
        principal: Principal,
        limit: int,
        after: Position | None = None,
    ) -> Candidates:
        """Return the contacts of a set question behind a position."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One search for contacts: who asks what, and the DN under which entries are named."""

    asker: Asker
    message_id: int
    request: SearchRequest
    base: str
    controls: SearchControls = NO_CONTROLS
    keep: KeepValues | None = None

    def entry(self, shown: Shown) -> bytes:
        """Return one entry, with the values alone that are asked for."""
        if self.keep is None:
            return self.asker.entries.encode(self.message_id, shown, self.request)
        return self.asker.entries.encode_kept(self.message_id, shown, self.request, self.keep)

    def done(self, code: int, controls: Sequence[Control] = (), message: str = "") -> bytes:
        """Return the result."""
        return encode_result(self.message_id, SEARCH_DONE, code, message, controls=controls)

    def digest_text(self) -> bytes:
        """Return what makes this search the one it is: a cookie serves no other."""
        request = self.request
        parts = (
            self.asker.client.name,
            self.base.lower(),
            str(request.scope),
            format_filter(request.filter),
            repr(self.controls.sort),
        )
        return "\0".join(parts).encode()


class Turn:
    """The time of one list: when a slice ends, and when the whole must.

    Time between slices does not count: others were answered then, or the peer did not read.
    """

    def __init__(self, clock: Callable[[], float], search_s: float) -> None:
        self._clock = clock
        now_s = clock()
        self._slice_end_s = now_s + SLICE_S
        self._stopped_s = now_s
        self._deadline_s = now_s + search_s

    def is_over(self) -> bool:
        """Tell whether the slice has lasted long enough."""
        self._stopped_s = self._clock()
        return self._stopped_s > self._slice_end_s

    def is_late(self) -> bool:
        """Begin a new slice; tell whether the whole has lasted too long."""
        now_s = self._clock()
        self._slice_end_s = now_s + SLICE_S
        self._deadline_s += now_s - self._stopped_s
        return now_s > self._deadline_s
