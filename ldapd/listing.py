"""Lists: set questions answered in slices: whole, by pages, sorted, or a stretch of a sorted list.

Law: pure but for the index it asks; the clock is handed in. A list is a generator: it yields the
octets of a slice and returns the last ones, so that a long list holds up no call. Every slice takes
`SLICE_S` or one contact, whatever is longer. Entries come from one commit per window of candidates;
a page goes on behind the last entry's place in the one list of all, which no commit moves.

Over 400 lines: every form of a list ends in the same few ways.

Sources: RFC 4511 4.5 (limits), RFC 2696 (pages), RFC 2891 (sorting), virtual list view draft 09.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import cast

import msgspec

from engine.contact import Contact, ContactId
from engine.errors import UnsupportedQuery
from engine.selection import Position
from ldapd.asked import Asked, Candidates, SetDirectory, Turn
from ldapd.cookies import Bookmark, CookieSeal
from ldapd.counters import Counters
from ldapd.entries import listed
from ldapd.kept_entries import Kept, KeptEntries
from ldapd.planner import SetQuestion
from ldapd.protocol.messages import Control, ResultCode, encode_messages
from ldapd.protocol.search_controls import (
    OFFSET_RANGE_ERROR,
    SORT_CONTROL_MISSING,
    VlvRequest,
    page_response,
    sort_response,
    vlv_response,
)
from ldapd.settings import ProfileLimits
from ldapd.sortedlist import Refused, SortedList, SortedLists, place_behind, target_of

WINDOW_FACTOR = 4
"""How much larger each window of candidates is than the one before."""

MAX_WINDOW = 5_000
"""Candidates fetched at a time."""

MAX_AT_ONCE = 100
"""Candidates that are looked at without a look at the clock: a millisecond, if all must be read."""

READ_AHEAD = 24
"""Candidates whose cards are read together."""

TO_SPARE = 4
"""Candidates read beyond those wanted: one to know that there are more, the others do not fit."""

NO_LIMIT = 2**31 - 1
"""As many entries as an LDAP size limit can name."""

VLV_ERROR = 76
"""`virtualListViewError` (draft 09, section 2)."""

_SUCCESS = 0

Slices = Generator[bytes, None, bytes]
"""Yields the octets of each slice; returns the last octets, the result among them."""


START = Bookmark(0, 0, 0)
"""Where the first page begins."""


class _Walk:
    """Goes through the candidates of a question, window by window.

    Iterating gives contacts that pass the check, and None where a slice ends.

    Attributes:
        ended: why it ended: success, or the limit that was met.
    """

    def __init__(
        self,
        index: SetDirectory,
        asked: Asked,
        question: SetQuestion,
        limits: ProfileLimits,
        turn: Turn,
    ) -> None:
        self._index = index
        self._asked = asked
        self._question = question
        self._limits = limits
        self._turn = turn
        self._found: Candidates | None = None
        self._at = 0
        self._after: Position | None = None
        self._brief = question.brief and asked.asker.entries.is_brief(asked.request)
        self._cards: list[Contact] = []
        self._cards_from = 0
        self.ended = _SUCCESS

    @property
    def last(self) -> Position | None:
        """The position of the last candidate that was looked at; None before the first."""
        return self._after if self._found is None else self._found.position(self._at)

    def begin_behind(self, position: Position) -> None:
        """Leave out what stands up to a position."""
        self._after = position

    def go(self, window: int, found: Candidates | None = None) -> Iterator[Contact | None]:
        """Go on behind `last`.

        Args:
            window: how many candidates to fetch at first, or `found` has, if it is not all of them.
            found: these, if they were fetched already.
        """
        question, turn = self._question, self._turn
        principal, check = self._asked.asker.principal, question.check
        left = self._limits.max_examined
        state, begin = self._index.state, 0
        is_page = self._asked.controls.page is not None
        while True:
            window = min(max(window, 1), MAX_WINDOW)
            if found is None:
                after = None if begin else self.last
                found = self._index.candidates(question.selection, principal, window, after)
            for at in range(begin, len(found)):
                if turn.is_over():
                    yield None
                    # a page must get on, however slow all is: it always looks at one
                    if turn.is_late() and (self._found is not None or not is_page):
                        self.ended = ResultCode.TIME_LIMIT_EXCEEDED
                        return
                if check is not None:
                    if not left:
                        self.ended = ResultCode.ADMIN_LIMIT_EXCEEDED
                        return
                    left -= 1
                contact = self._read(found, at)
                fits = check is None or check(contact)
                self._found, self._at = found, at
                if fits:
                    yield contact
            if found.complete:
                return
            window *= WINDOW_FACTOR
            # to go on behind a position is for what was committed meanwhile: it takes milliseconds
            is_same = self._after is None and state is self._index.state and window <= MAX_WINDOW
            begin = len(found) if is_same else 0
            found = None
            self._cards.clear()

    def _read(self, found: Candidates, at: int) -> Contact:
        """Return a candidate, or its card where nobody needs more."""
        if not self._brief or found.hides:
            return found.read(at)
        place = at - self._cards_from
        if not 0 <= place < len(self._cards):
            self._cards_from, place = at, 0
            cards = found.cards(found.versions(at, READ_AHEAD))
            self._cards = cast("list[Contact]", cards)  # the check and the entry ask for no more
        return self._cards[place]


class Lister:
    """Answers set questions for one set of settings."""

    def __init__(
        self,
        index: SetDirectory,
        seal: CookieSeal,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._candidates = index.candidates  # bound once: whoever watches look-ups passes it on
        self._seal = seal
        self._counters = counters
        self._clock = clock
        self._lists = SortedLists(index)
        self._kept = KeptEntries()

    def answer(self, asked: Asked, question: SetQuestion, limits: ProfileLimits) -> Slices:
        """Give the entries of a set question and the result, slice by slice."""
        controls = asked.controls
        try:
            if controls.vlv is not None:
                return (yield from self._stretch(asked, question, limits, controls.vlv))
            if controls.sort:
                return (yield from self._sorted(asked, question, limits))
            return (yield from self._unsorted(asked, question, limits))
        except UnsupportedQuery:
            return self._end(asked, ResultCode.ADMIN_LIMIT_EXCEEDED)

    # --- in the order of the index --------------------------------------------------------------

    def _unsorted(
        self,
        asked: Asked,
        question: SetQuestion,
        limits: ProfileLimits,
        notes: tuple[Control, ...] = (),
    ) -> Slices:
        """Answer in the index's order; `notes` go with the result."""
        if asked.controls.page is not None:
            return (yield from self._page(asked, question, limits, notes))
        found = self._short(asked, question, limits)
        if found is not None:
            octets, found = self._at_once(asked, question, limits, found, notes)
            if octets:
                return octets
        return (yield from self._whole(asked, question, limits, notes, found))

    def _short(
        self, asked: Asked, question: SetQuestion, limits: ProfileLimits
    ) -> Candidates | None:
        """Return the first candidates of a list that may be answered at once; None: no such one."""
        window = self._first_window(most_entries(asked.request.size_limit, limits), question)
        if window > MAX_AT_ONCE or asked.keep is not None or question.likeliest() is not None:
            return None
        return self._candidates(question.selection, asked.asker.principal, window)

    def _whole(
        self,
        asked: Asked,
        question: SetQuestion,
        limits: ProfileLimits,
        notes: tuple[Control, ...],
        found: Candidates | None,
    ) -> Slices:
        """Answer the first that fit; what is likeliest first where the question knows it.

        `found`: the first candidates, if they were fetched already.
        """
        wanted = most_entries(asked.request.size_limit, limits)
        window = max(self._first_window(wanted, question), 0 if found is None else len(found))
        turn = self._turn(asked, limits)
        likeliest = question.likeliest()
        questions = [question]
        if likeliest is not None:
            questions.insert(0, likeliest)
        parts: list[bytes] = []
        count = 0
        seen: set[ContactId] = set()
        for each in questions:
            walk = _Walk(self._index, asked, each, limits, turn)
            for contact in walk.go(window, found):
                if contact is None:
                    yield b"".join(parts)
                    parts.clear()
                    continue
                if likeliest is not None:
                    if contact.id in seen:
                        continue
                    seen.add(contact.id)
                if count == wanted:
                    return self._end(asked, ResultCode.SIZE_LIMIT_EXCEEDED, parts, notes)
                parts.append(self._entry(asked, contact))
                count += 1
            if walk.ended != _SUCCESS:
                return self._end(asked, walk.ended, parts, notes)
        return self._end(asked, _SUCCESS, parts, notes)

    def _at_once(
        self,
        asked: Asked,
        question: SetQuestion,
        limits: ProfileLimits,
        found: Candidates,
        notes: tuple[Control, ...],
    ) -> tuple[bytes, Candidates]:
        """Answer a short list that is found among its first candidates, at most `MAX_AT_ONCE`.

        What `_whole` would say, in a third of the time: so are most lists while somebody types.

        Returns:
            The answer, b"" for any other list; and the candidates that were fetched.
        """
        wanted, check = most_entries(asked.request.size_limit, limits), question.check
        brief = question.brief and not found.hides
        kept, writer, state = self._kept, asked.asker.entries, self._index.state
        view = kept.view(state, writer, asked.request, asked.base, brief=brief)
        fitting: list[Kept] = []
        at = 0
        while len(fitting) <= wanted:
            if at == len(found):
                if found.complete:
                    break
                if at >= MAX_AT_ONCE:
                    return b"", found
                # nothing was awaited, so that no commit was taken: the first ones are the same
                principal = asked.asker.principal
                found = self._candidates(question.selection, principal, MAX_AT_ONCE)
            if check is not None and len(found) > limits.max_examined:
                return b"", found
            versions = found.versions(at, wanted - len(fitting) + TO_SPARE)
            at += len(versions)
            contacts = kept.contacts(view, found, versions)
            if check is not None:
                contacts = [each for each in contacts if check(each.contact)]
            fitting += contacts
        code: int = _SUCCESS if len(fitting) <= wanted else ResultCode.SIZE_LIMIT_EXCEEDED
        del fitting[wanted:]
        self._counters.entries += len(fitting)
        entries = encode_messages(asked.message_id, kept.entries(view, fitting))
        return self._end(asked, code, (entries,), notes), found

    def _page(
        self,
        asked: Asked,
        question: SetQuestion,
        limits: ProfileLimits,
        notes: tuple[Control, ...],
    ) -> Slices:
        """Answer a page (RFC 2696): it goes on behind the last entry of the one before.

        A page that meets a limit of time or of examined entries is a short one; the next goes on.
        """
        page = asked.controls.page
        assert page is not None
        bookmark = self._bookmark(asked, page.cookie)
        if bookmark is None:
            return foreign_cookie(asked)
        if not page.size:
            return asked.done(_SUCCESS, (*notes, page_response(b"")))
        most = most_entries(asked.request.size_limit, limits)
        wanted = page_size(page.size, most - bookmark.sent)
        walk = _Walk(self._index, asked, question, limits, self._turn(asked, limits))
        if page.cookie:
            walk.begin_behind(Position(bookmark.rank, bookmark.place))
        parts: list[bytes] = []
        count, last = 0, walk.last
        for contact in walk.go(self._first_window(wanted, question)):
            if contact is None:
                yield b"".join(parts)
                parts.clear()
                continue
            if count == wanted:
                if bookmark.sent + count >= most:
                    return self._end(asked, ResultCode.SIZE_LIMIT_EXCEEDED, parts, notes)
                break
            parts.append(self._entry(asked, contact))
            count += 1
            last = walk.last
        else:
            if walk.ended == _SUCCESS:
                return self._end(asked, _SUCCESS, parts, (*notes, page_response(b"")))
            last = walk.last
        assert last is not None
        mark = Bookmark(last.rank, last.place, bookmark.sent + count)
        cookie = self._seal.seal(mark, asked.asker.client.name, asked.digest_text())
        return self._end(asked, _SUCCESS, parts, (*notes, page_response(cookie)))

    # --- sorted ---------------------------------------------------------------------------------

    def _sorted(self, asked: Asked, question: SetQuestion, limits: ProfileLimits) -> Slices:
        """Answer in the order of the client's keys, whole or by pages."""
        found = yield from self._lists.find(asked, question, self._turn(asked, limits))
        if isinstance(found, Refused):
            if not asked.controls.sort_is_critical and found.may_go_on:
                unsorted = msgspec.structs.replace(asked.controls, sort=())
                return (
                    yield from self._unsorted(
                        msgspec.structs.replace(asked, controls=unsorted),
                        question,
                        limits,
                        (found.note,),
                    )
                )
            return self._end(asked, found.code, (), (found.note,))
        page = asked.controls.page
        bookmark = START if page is None else self._bookmark(asked, page.cookie)
        if bookmark is None:
            return foreign_cookie(asked)
        begin = place_behind(found, asked, bookmark) if page and page.cookie else 0
        most = most_entries(asked.request.size_limit, limits) - bookmark.sent
        wanted = most if page is None else page_size(page.size, most)
        yield from self._send(asked, found, begin, begin + wanted)
        left = len(found.hits) - begin - wanted
        notes: tuple[Control, ...] = (sort_response(_SUCCESS),)
        if left > 0 and wanted >= most:
            return self._end(asked, ResultCode.SIZE_LIMIT_EXCEEDED, (), notes)
        if page is not None:
            cookie = b""
            if left > 0 and wanted:
                _, rank, place, _, texts = found.hits[begin + wanted - 1]
                mark = Bookmark(rank, place, bookmark.sent + wanted, texts)
                cookie = self._seal.seal(mark, asked.asker.client.name, asked.digest_text())
            notes = (*notes, page_response(cookie))
        return self._end(asked, _SUCCESS, (), notes)

    def _stretch(
        self, asked: Asked, question: SetQuestion, limits: ProfileLimits, vlv: VlvRequest
    ) -> Slices:
        """Answer a virtual list view: the target entry and those around it."""
        if not asked.controls.sort or asked.controls.page is not None:
            if asked.controls.page is not None:  # two ways of cutting one list
                code = ResultCode.UNWILLING_TO_PERFORM
                return self._end(asked, code, (), (vlv_response(code),))
            return self._end(asked, VLV_ERROR, (), (vlv_response(SORT_CONTROL_MISSING),))
        found = yield from self._lists.find(asked, question, self._turn(asked, limits))
        if isinstance(found, Refused):
            return self._end(asked, found.code, (), (found.note, vlv_response(found.code)))
        count = len(found.hits)
        notes: tuple[Control, ...] = (sort_response(_SUCCESS),)
        target = target_of(vlv, found, asked)
        if not target:
            note = vlv_response(OFFSET_RANGE_ERROR, 0, count)
            return self._end(asked, VLV_ERROR, (), (*notes, note))
        begin, end = max(target - 1 - vlv.before, 0), min(target + vlv.after, count)
        if end - begin > most_entries(asked.request.size_limit, limits):
            code = ResultCode.ADMIN_LIMIT_EXCEEDED
            return self._end(asked, code, (), (*notes, vlv_response(code, target, count)))
        yield from self._send(asked, found, begin, end)
        return self._end(asked, _SUCCESS, (), (*notes, vlv_response(_SUCCESS, target, count)))

    def _send(self, asked: Asked, found: SortedList, begin: int, end: int) -> Iterator[bytes]:
        """Give the entries of a sorted list from one place to another."""
        turn = Turn(self._clock, 0)
        parts: list[bytes] = []
        for _, _, _, at, _ in found.hits[begin:end]:
            parts.append(self._entry(asked, found.found.read(at)))
            if turn.is_over():
                yield b"".join(parts)
                parts.clear()
                turn.is_late()
        yield b"".join(parts)

    # --- parts ----------------------------------------------------------------------------------

    def _turn(self, asked: Asked, limits: ProfileLimits) -> Turn:
        search_s = limits.search_time_ms / 1_000
        wish_s = asked.request.time_limit_s
        return Turn(self._clock, min(search_s, wish_s) if wish_s else search_s)

    def _first_window(self, wanted: int, question: SetQuestion) -> int:
        """Return how many candidates to fetch at first: of names that begin so nearly all pass."""
        return wanted + 1 if question.check is None else wanted + wanted // 4 + 4

    def _entry(self, asked: Asked, contact: Contact) -> bytes:
        self._counters.entries += 1
        return asked.entry(listed(contact, asked.base))

    def _bookmark(self, asked: Asked, cookie: bytes) -> Bookmark | None:
        """Return where a page begins; None for a cookie that is not for this search."""
        if not cookie:
            return START
        return self._seal.open(cookie, asked.asker.client.name, asked.digest_text())

    def _end(
        self,
        asked: Asked,
        code: int,
        parts: Sequence[bytes] = (),
        notes: Sequence[Control] = (),
    ) -> bytes:
        """Return the last octets of a list."""
        if code != _SUCCESS:
            self._counters.searches_limited += 1
        return b"".join((*parts, asked.done(code, notes)))


def most_entries(size_limit: int, limits: ProfileLimits) -> int:
    """Return how many entries one search may bring: the client's wish within its profile."""
    most = limits.max_entries or NO_LIMIT
    return min(size_limit or most, most)


def page_size(wished: int, left: int) -> int:
    """Return how many entries a page may bring; the limit may have fallen since the page before.

    Args:
        wished: entries of a page, as the client asks for.
        left: what the limit leaves of the whole; below 0 where more are out already.
    """
    return max(min(wished, left), 0)


def foreign_cookie(asked: Asked) -> bytes:
    """Refuse a cookie that was not made here for this search."""
    return asked.done(
        ResultCode.UNWILLING_TO_PERFORM, message="the cookie belongs to another search"
    )
