"""Sorted lists: everybody a question finds, in the order of the client's keys.

Law: pure but for the index that is asked. A list is sorted in slices, as it is sent (`asked.Turn`).
The newest lists are remembered as long as nothing is committed: who scrolls, asks again and again.

Sources: RFC 2891; virtual list view draft 09, section 5.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence

import msgspec

from engine.contact import Contact
from ldapd.asked import Asked, Candidates, SetDirectory, Turn
from ldapd.cookies import Bookmark
from ldapd.planner import SetQuestion
from ldapd.protocol.messages import Control, ResultCode
from ldapd.protocol.search_controls import SortKey, VlvRequest, sort_response
from ldapd.sorting import KeyOf, SortValue, UnsortableKey, directed, key_function, sort_text
from ldapd.terms import Check

MAX_SORTED = 20_000
"""The most visible hits that are sorted."""

MAX_REMEMBERED_LISTS = 4
"""Sorted lists kept in one process for clients that scroll; some 3 MB each at most."""

RUN = 256
"""Entries sorted at a time: 0.2 ms."""

Hit = tuple[SortValue, int, int, int, tuple[str, ...]]
"""One entry of a sorted list: what it is compared by, its rank and place in the list of all, where
it is read, and the texts of its keys."""


class SortedList(msgspec.Struct, frozen=True, eq=False):
    """A sorted list: its entries in order, and where they are read."""

    hits: list[Hit]
    found: Candidates
    state: object


class Refused(msgspec.Struct, frozen=True):
    """No sorted list: the result to answer with, and what the sort response says.

    Attributes:
        may_go_on: an unsorted answer is worth trying.
    """

    code: int
    note: Control
    may_go_on: bool = True


class SortedLists:
    """Sorts, and remembers."""

    def __init__(self, index: SetDirectory) -> None:
        self._index = index
        self._lists: OrderedDict[bytes, SortedList] = OrderedDict()

    def find(
        self, asked: Asked, question: SetQuestion, turn: Turn
    ) -> Generator[bytes, None, SortedList | Refused]:
        """Sort everybody a question finds, in slices; the newest lists are remembered."""
        name = asked.digest_text()
        known = self._lists.get(name)
        if known is not None and known.state is self._index.state:
            self._lists.move_to_end(name)
            return known
        keys = asked.controls.sort
        try:
            key_of = key_function(keys)
        except UnsortableKey as error:
            code = ResultCode.UNAVAILABLE_CRITICAL_EXTENSION
            return Refused(code, sort_response(error.code, error.attribute))
        state = self._index.state
        found = self._index.candidates(question.selection, asked.asker.principal, MAX_SORTED)
        if not found.complete:
            code = ResultCode.ADMIN_LIMIT_EXCEEDED
            return Refused(code, sort_response(code))
        hits = yield from _sorted_hits(found, question.check, _row_of(key_of, keys), turn)
        if hits is None:
            code = ResultCode.TIME_LIMIT_EXCEEDED
            return Refused(code, sort_response(code), may_go_on=False)
        made = SortedList(hits, found, state)
        self._lists[name] = made
        if len(self._lists) > MAX_REMEMBERED_LISTS:
            self._lists.popitem(last=False)
        return made


def _row_of(key_of: KeyOf, keys: Sequence[SortKey]) -> Callable[[Candidates, int, Contact], Hit]:
    def row(found: Candidates, at: int, contact: Contact) -> Hit:
        texts, position = key_of(contact), found.position(at)
        return directed(texts, keys), position.rank, position.place, at, texts

    return row


def _sorted_hits(
    found: Candidates,
    check: Check | None,
    row: Callable[[Candidates, int, Contact], Hit],
    turn: Turn,
) -> Generator[bytes, None, list[Hit] | None]:
    """Read, check and sort candidates in slices; None if that takes too long.

    They are sorted in short runs that are merged one by one: sorting 20,000 at once takes 20 ms.
    """
    runs: list[list[Hit]] = [[]]
    for at in range(len(found)):
        if turn.is_over():
            yield b""
            if turn.is_late():
                return None
        contact = found.read(at)
        if check is None or check(contact):
            runs[-1].append(row(found, at, contact))
            if len(runs[-1]) == RUN:
                runs[-1].sort()
                runs.append([])
    runs[-1].sort()
    hits: list[Hit] = []
    for hit in heapq.merge(*runs):
        if turn.is_over():
            yield b""
            if turn.is_late():
                return None
        hits.append(hit)
    return hits


def place_behind(found: SortedList, asked: Asked, bookmark: Bookmark) -> int:
    """Return where a sorted list goes on behind a bookmark, whose entry may be gone by now."""
    keys = directed(bookmark.keys, asked.controls.sort)
    return bisect_right(found.hits, (keys, bookmark.rank, bookmark.place), key=lambda hit: hit[:3])


def target_of(vlv: VlvRequest, found: SortedList, asked: Asked) -> int:
    """Return the place of the target entry from 1; 0 for an offset that is none.

    By offset it is scaled where the client believes the list to be longer or shorter than it is
    (draft 09, section 5); by value one more than the list where all entries stand before.
    """
    count = len(found.hits)
    if vlv.value is not None:
        first = asked.controls.sort[0]
        wanted = directed((sort_text(first, vlv.value.decode(errors="replace")),), (first,))
        return bisect_left(found.hits, wanted, key=lambda hit: hit[0][:1]) + 1
    if not vlv.offset:
        return 0
    if vlv.content_count in (0, count):
        return min(vlv.offset, count + 1)
    if vlv.offset >= vlv.content_count:
        return max(count, 1)
    return max(round(vlv.offset * count / vlv.content_count), 1)
