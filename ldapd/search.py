"""The search operation: from a request to the octets of its answer.

Law: pure but for the index it asks; the clock is handed in and only bounds long searches. Profiles
decide what is answered:

- `sbc`: number look-ups alone, the one best entry, no size-limit error for them. Anything else is
  an empty success and counted: SBCs take an error for a dead server and turn to the next one or to
  none (AudioCodes stays down until it is set again); an empty answer shows the bare number. So it
  is while there is no index yet, where all others are told so: whoever keeps a copy would empty it.
- `phone`: a number gives the caller's answer first, then its other holders; names give entries.
- `addressbook`: every holder as itself; names give entries.
- `bulk`: what is stored, number terms like all others, in pages without an end: for programs that
  keep a copy.

Over 400 lines: the profiles answer by the same steps, which differ in a line or two.

Source: RFC 4511 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from engine.caller import SHARED, WINDOW
from engine.contact import Contact, contact_uuid_text
from engine.people import pages_of
from engine.plaincalls import NOBODY, PlainCaller
from engine.query import (
    MAX_HITS,
    CallerMatch,
    CallerQuery,
    PeoplePage,
    PeopleQuery,
)
from engine.rights import Principal
from engine.selection import EntryIs
from ldapd import planner
from ldapd.asked import Asked, SetDirectory
from ldapd.auth import Asker, Peer
from ldapd.cookies import Bookmark, CookieSeal
from ldapd.counters import Counters
from ldapd.entries import SUBSCHEMA_DN, Shown, answer_of, entry_dn, listed, uuid_of
from ldapd.errors import ProtocolError, RequestRefused
from ldapd.known_lists import KnownLists
from ldapd.listing import START, Lister, Slices, most_entries
from ldapd.lookup_pages import LookUpPages
from ldapd.matched_values import keep_values
from ldapd.naming import Naming, Place
from ldapd.planner import NumberQuestion, SetQuestion
from ldapd.protocol.ber import message_end
from ldapd.protocol.filters import Filter
from ldapd.protocol.messages import (
    SCOPE_BASE,
    SCOPE_ONE,
    SEARCH_DONE,
    Control,
    ResultCode,
    SearchRequest,
    encode_done,
    encode_result,
)
from ldapd.protocol.search_controls import (
    SearchControls,
    SortKey,
    page_response,
    read_search_controls,
    sort_response,
)
from ldapd.settings import Profiles
from ldapd.sorting import UnsortableKey, directed, key_function

_SUCCESS = 0
"""`ResultCode.SUCCESS` as a plain integer: an enumeration hashes ten times slower."""


class Directory(SetDirectory, Protocol):
    """What the search asks; `engine.index.ContactIndex` is one."""

    @property
    def is_built(self) -> bool:
        """Whether there is an index yet."""

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""

    def plain_caller(self, like: CallerQuery) -> PlainCaller:
        """Return what answers as `caller` does in nearly every call."""

    def holders(self, query: CallerQuery, limit: int) -> list[Contact]:
        """Return the contacts of the class that answers, best first."""

    def people(self, query: PeopleQuery) -> PeoplePage:
        """Return the people a text finds, best first."""

    def hides_fields(self, principal: Principal) -> bool:
        """Tell whether the asker does not see every field of what it sees."""


class LongAnswer(msgspec.Struct, eq=False):
    """An answer that takes more than one slice.

    Attributes:
        message_id: the search's.
        first: the octets of the first slice.
        rest: gives those of the other slices.
    """

    message_id: int
    first: bytes
    rest: Slices


class Searcher:
    """Answers searches for one set of settings."""

    def __init__(
        self,
        index: Directory,
        profiles: Profiles,
        naming: Naming,
        *,
        seal: CookieSeal,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._profiles = profiles
        self._naming = naming
        self._counters = counters
        self._lister = Lister(index, seal, counters, clock)
        self._pages = LookUpPages(seal)
        self._lists = KnownLists(index)
        self._listed = b""  # the last answer to a search for names
        self._plain_callers: dict[Asker, PlainCaller] = {}

    def search(
        self,
        peer: Peer,
        message_id: int,
        request: SearchRequest,
        controls: Sequence[Control] = (),
    ) -> bytes | LongAnswer:
        """Return the entries and the result of a search, or the first of many."""
        self._counters.searches += 1
        place = self._naming.locate(request.base)
        asker = peer.asker
        if asker is None:
            return _unbound(message_id, request, place)
        if place.kind == "context" and request.scope != SCOPE_BASE:
            if asker.is_sbc:
                return self._call(asker, message_id, request, place.base)
            if not controls:
                return self._below(Asked(asker, message_id, request, place.base))
            asked = _with_controls(asker, message_id, request, place.base, controls)
            return asked if isinstance(asked, bytes) else self._below(asked)
        if place.kind == "entry":
            asked = _with_controls(asker, message_id, request, place.base, controls)
            return asked if isinstance(asked, bytes) else self._single(asked, place)
        return _elsewhere(message_id, request, place)

    def contact_at(self, place: Place, principal: Principal) -> Contact | None:
        """Return the contact an entry's place names, None if it is unknown, gone or hidden."""
        found = self._index.candidates(EntryIs(place.entry_uuid), principal, 1)
        return found.read(0) if len(found) else None

    def _single(self, asked: Asked, place: Place) -> bytes:
        """Answer a search whose base is one entry."""
        asker, request = asked.asker, asked.request
        if asker.is_sbc:
            return self._refuse(asked.message_id)
        if not self._index.is_built:
            return _not_built(asked)
        contact = self.contact_at(place, asker.principal)
        if contact is None:
            return _no_such_object(asked.message_id, place)
        search_filter = planner.with_dn_terms(_wish(asker, request), place.base)
        compiled = planner.compile_filter(search_filter, asker.plan)
        notes = self._notes(asked)
        if request.scope == SCOPE_ONE or compiled.check(contact) is not True:
            return asked.done(_SUCCESS, notes)
        self._counters.entries += 1
        return asked.entry(Shown(contact, place.base)) + asked.done(_SUCCESS, notes)

    def _below(self, asked: Asked) -> bytes | LongAnswer:
        """Answer a client that is no SBC: names, and everybody who has a number."""
        if not self._index.is_built:
            return _not_built(asked)
        asker, wish = asked.asker, _wish(asked.asker, asked.request)
        question = _number_question(asker, wish)
        mark = self._pages.begin(asked)
        if question is None or mark is None:
            people = None if asker.client.profile == "bulk" else self._people(asked, wish)
            if people is None:
                people = self._list(asked, self._set_question(asked, wish))
            self._listed = people if isinstance(people, bytes) else b""
            return people
        self._counters.lookups += 1
        match, value = self._best_match(asker, question.values)
        if match is not None:
            self._counters.lookups_found += 1
            return self._holders(asked, question, match, value, mark)
        if mark is START:  # else nobody has the number any more
            people = self._people(asked, wish)  # part of a number, or letters on a phone's keys
            if people is not None:
                return people
            asks_more = question.is_partial or question.check is not None
            if asks_more or asked.controls.vlv is not None:
                return self._list(asked, self._set_question(asked, wish))
        return asked.done(_SUCCESS, self._notes(asked))

    def _call(self, asker: Asker, message_id: int, request: SearchRequest, base: str) -> bytes:
        """Answer an SBC: one number, one entry."""
        question = planner.number_question(request.filter)
        if question is None:
            return self._refuse(message_id)
        return self._look_up(asker, message_id, request, base, question.values, question.attribute)

    def known_call(self, asker: Asker, data: bytes) -> bytes | None:
        """Answer received octets that differ from an earlier call's in number and ID; else None."""
        known = asker.calls.find(data)
        if known is None:
            return None
        counters = self._counters
        counters.searches += 1
        call, identifier, value, digits = known
        if not call.names:
            message_id = int.from_bytes(identifier[2:], "big")
            values = (value.decode(),)
            return self._look_up(asker, message_id, call.request, call.base, values, call.attribute)
        counters.lookups += 1
        if digits:
            plain_caller = self._plain_callers.get(asker)
            if plain_caller is None:
                plain_caller = self._index.plain_caller(asker.query)
                self._plain_callers[asker] = plain_caller
            found = plain_caller(digits)
            if found is NOBODY:
                return encode_done(identifier)
            if found is not None:
                counters.lookups_found += 1
                counters.entries += 1
                name, entry_uuid = found
                return call.answer(identifier, entry_uuid, name)
        number = value.decode()
        match = self._index.caller(
            CallerQuery(number, asker.plan, asker.principal, asker.client.classes)
        )
        if match is None:
            return encode_done(identifier)
        counters.lookups_found += 1
        counters.entries += 1
        return call.answer(identifier, uuid_of(match), match.name.encode())

    def known_list(self, asker: Asker, data: bytes) -> bytes | None:
        """Answer received octets that are an earlier list's, IDs apart, as then; else None."""
        found = self._lists.find(asker, data)
        if found is None:
            return None
        known, identifier = found
        counters = self._counters
        counters.searches += 1
        counters.entries += known.entries
        counters.searches_limited += known.is_limited
        return known.answer(identifier)

    def known_answers(self, asker: Asker, data: bytes, most: int) -> tuple[bytes, int]:
        """Answer the first of several messages as long as they are known, at most `most`.

        Returns:
            The answers and how many octets were read: whole messages, perhaps none.
        """
        known_answer = self.known_call if asker.is_sbc else self.known_list
        answers: list[bytes] = []
        pos = 0
        while len(answers) < most:
            end = message_end(data, pos)
            answer = known_answer(asker, data[pos:end]) if end else None
            if answer is None:
                break
            answers.append(answer)
            pos = end
        return b"".join(answers), pos

    def learn_call(self, asker: Asker, data: bytes, request: SearchRequest) -> None:
        """Remember the shape of an SBC's search that asks for one number."""
        place = self._naming.locate(request.base)
        if place.kind != "context" or request.scope == SCOPE_BASE:
            return
        question = planner.number_question(request.filter)
        if question is not None and len(question.values) == 1:
            names = asker.entries.names_only(request)
            asker.calls.learn(data, request, place.base, question.attribute, names)

    def learn_list(self, asker: Asker, data: bytes, answer: bytes) -> None:
        """Remember the answer to a search for names; look-ups are counted and watched each time.

        Args:
            asker: who asked, no SBC.
            data: the request's octets, which nothing stood behind; it had no controls.
            answer: what `search` has just returned.
        """
        if answer is self._listed:
            self._lists.learn(asker, data, answer)

    def _look_up(  # noqa: PLR0917 - by position, since every call passes here
        self,
        asker: Asker,
        message_id: int,
        request: SearchRequest,
        base: str,
        values: tuple[str, ...],
        attribute: str,
    ) -> bytes:
        """Return the one entry for the number, or for the best known of several."""
        counters = self._counters
        counters.lookups += 1
        match, value = self._best_match(asker, values)
        if match is None:
            return encode_result(message_id, SEARCH_DONE, _SUCCESS)
        counters.lookups_found += 1
        counters.entries += 1
        contact = answer_of(match)
        shown = Shown(
            contact,
            entry_dn(contact_uuid_text(contact.id), base),  # an SBC never reads it by DN
            match.number,
            value,
            attribute,
            match.match_class,
            match.runners_up,
        )
        entry = asker.entries.encode(message_id, shown, request)
        return entry + encode_result(message_id, SEARCH_DONE, _SUCCESS)

    def _best_match(self, asker: Asker, values: tuple[str, ...]) -> tuple[CallerMatch | None, str]:
        """Return the answer to the first number that somebody has, else the first guess at one.

        A company behind another spelling of the number must not hide who has the number itself.
        """
        guess: CallerMatch | None = None
        guessed = ""
        for value in values:
            match = self._index.caller(
                CallerQuery(value, asker.plan, asker.principal, asker.client.classes)
            )
            if match is not None and match.match_class <= SHARED:
                return match, value
            if guess is None:
                guess, guessed = match, value
        return guess, guessed

    def _refuse(self, message_id: int) -> bytes:
        """Answer what is outside an SBC's profile: nothing found."""
        self._counters.searches_refused += 1
        return encode_result(message_id, SEARCH_DONE, _SUCCESS)

    def _holders(
        self,
        asked: Asked,
        question: NumberQuestion,
        match: CallerMatch,
        value: str,
        mark: Bookmark,
    ) -> bytes | LongAnswer:
        """Answer a look-up that found somebody: the caller's answer to a phone, all holders.

        Of a number that more have than a look-up reads, there is a list instead, or the answer and
        the first of them.
        """
        client, plan = asked.asker.client, asked.asker.plan
        query = CallerQuery(value, plan, asked.asker.principal, client.classes)
        contacts = self._index.holders(query, WINDOW)
        is_cut = len(contacts) == WINDOW and match.match_class <= SHARED
        is_list = asked.controls.vlv is not None
        if is_cut and mark is START and not is_list:
            answers = client.profile == "phone" and question.check is None
            is_list = not answers or asked.controls.page is not None
        if is_list:
            return self._list(asked, self._set_question(asked, _wish(asked.asker, asked.request)))
        if client.profile == "phone":
            answer = answer_of(match)
            contacts = [answer, *(each for each in contacts if each.id != answer.id)]
        if question.check is not None:
            contacts = [each for each in contacts if question.check(each)]
        found: Sequence[Shown] = [
            Shown(
                contact,
                entry_dn(contact_uuid_text(contact.id), asked.base),
                match.number,
                value,
                question.attribute,
                match.match_class,
                match.runners_up,
            )
            for contact in contacts
        ]
        notes: tuple[Control, ...] = ()
        if asked.controls.sort:
            found, notes = _sorted(found, asked.controls.sort)
        most = most_entries(asked.request.size_limit, self._profiles.of(client.profile))
        found, code, note = self._pages.cut(asked, found, most, mark)
        if code == _SUCCESS and is_cut and self._has_more(asked):
            code = ResultCode.SIZE_LIMIT_EXCEEDED
        if code != _SUCCESS:
            self._counters.searches_limited += 1
        self._counters.entries += len(found)
        return b"".join((*map(asked.entry, found), asked.done(code, (*notes, *note))))

    def _has_more(self, asked: Asked) -> bool:
        """Tell whether more have a number than the look-up reads."""
        selection = self._set_question(asked, _wish(asked.asker, asked.request)).selection
        return not self._index.candidates(selection, asked.asker.principal, WINDOW).complete

    def _people(self, asked: Asked, wish: Filter) -> bytes | LongAnswer | None:
        """Answer what somebody types as people search does, in its order; None for other filters.

        A client that wants pages, a list or an order of its own gets what the filter says instead.
        """
        text = planner.people_text(wish)
        controls = asked.controls
        if not text or controls.page is not None or controls.vlv is not None or controls.sort:
            return None
        client = asked.asker.client
        wanted = most_entries(asked.request.size_limit, self._profiles.of(client.profile))
        query = PeopleQuery(
            text, asked.asker.principal, min(wanted, MAX_HITS), t9=client.profile == "phone"
        )
        return _begun(asked, self._found(asked, query))

    def _found(self, asked: Asked, query: PeopleQuery) -> Slices:
        """Give the people of a search and the result; nearly every one is a single slice."""
        parts: list[bytes] = []
        page = PeoplePage()
        for page in pages_of(self._index.people, query):
            if parts:
                yield b"".join(parts)
            self._counters.entries += len(page.hits)
            parts = [asked.entry(listed(hit.contact, asked.base)) for hit in page.hits] or [b""]
        code: int = _SUCCESS
        if page.cursor:
            code = ResultCode.SIZE_LIMIT_EXCEEDED
            self._counters.searches_limited += 1
        return b"".join((*parts, asked.done(code)))

    def _notes(self, asked: Asked) -> tuple[Control, ...]:
        """Return the response controls of one entry or none."""
        keys = asked.controls.sort
        notes = _sorted((), keys)[1] if keys else ()
        return notes if asked.controls.page is None else (*notes, page_response(b""))

    def _set_question(self, asked: Asked, wish: Filter) -> SetQuestion:
        """Return a filter as a set question.

        Whoever does not see every field is not told by the index what holds for hidden ones.
        """
        asker = asked.asker
        trusting = not self._index.hides_fields(asker.principal)
        return planner.set_question(wish, asker.plan, asked.base, trusting=trusting)

    def _list(self, asked: Asked, question: SetQuestion) -> bytes | LongAnswer:
        """Answer a set question; what takes longer than a slice goes on later."""
        limits = self._profiles.of(asked.asker.client.profile)
        return _begun(asked, self._lister.answer(asked, question, limits))


def _begun(asked: Asked, slices: Slices) -> bytes | LongAnswer:
    """Return an answer that is made slice by slice, as a whole if it has but one."""
    try:
        first = next(slices)
    except StopIteration as end:
        return bytes(end.value)
    return LongAnswer(asked.message_id, first, slices)


def _sorted(
    found: Sequence[Shown], keys: Sequence[SortKey]
) -> tuple[Sequence[Shown], tuple[Control, ...]]:
    """Return the few entries of a look-up in the order of keys, and the response control."""
    try:
        key_of = key_function(keys)
    except UnsortableKey as error:
        return found, (sort_response(error.code, error.attribute),)
    ordered = sorted(found, key=lambda each: directed(key_of(each.contact), keys))
    return ordered, (sort_response(_SUCCESS),)


def _wish(asker: Asker, request: SearchRequest) -> Filter:
    """Return what a client that is no SBC asks for."""
    wish = request.filter
    return planner.with_mail(wish) if asker.client.mail_domain else wish


def _number_question(asker: Asker, wish: Filter) -> NumberQuestion | None:
    """Return the look-up that a filter amounts to; to who keeps a copy numbers are as all else."""
    return None if asker.client.profile == "bulk" else planner.number_question(wish)


def _with_controls(
    asker: Asker, message_id: int, request: SearchRequest, base: str, controls: Sequence[Control]
) -> Asked | bytes:
    """Return what is asked with its controls read, or the answer that refuses them."""
    try:
        wish = read_search_controls(controls)
    except ProtocolError as error:
        code = error.code if isinstance(error, RequestRefused) else ResultCode.PROTOCOL_ERROR
        return encode_result(message_id, SEARCH_DONE, code, error.reason)
    refusal = _unsortable(wish)
    if refusal is not None:
        code = ResultCode.UNAVAILABLE_CRITICAL_EXTENSION
        return encode_result(message_id, SEARCH_DONE, code, controls=(refusal,))
    keep = keep_values(wish.value_filters, asker.plan) if wish.value_filters else None
    return Asked(asker, message_id, request, base, wish, keep)


def _unsortable(wish: SearchControls) -> Control | None:
    """Return the sort response that refuses a search (RFC 2891 2), None where there is an order.

    Whoever can do without is answered unsorted; to a virtual list view its own control says it.
    """
    if not wish.sort or not wish.sort_is_critical or wish.vlv is not None:
        return None
    try:
        key_function(wish.sort)
    except UnsortableKey as error:
        return sort_response(error.code, error.attribute)
    return None


def _unbound(message_id: int, request: SearchRequest, place: Place) -> bytes:
    """Answer a peer nobody knows: the root DSE and the subschema, nothing of anybody."""
    own = place.own
    if own is not None and request.scope == SCOPE_BASE and own.dn in ("", SUBSCHEMA_DN):
        return _own_entry(message_id, request, place)
    return encode_result(
        message_id, SEARCH_DONE, ResultCode.INSUFFICIENT_ACCESS_RIGHTS, "bind first"
    )


def _own_entry(message_id: int, request: SearchRequest, place: Place) -> bytes:
    done = encode_result(message_id, SEARCH_DONE, _SUCCESS)
    own = place.own
    if own is None or request.scope == SCOPE_ONE or own.matches(request.filter) is not True:
        return done
    return own.encode(message_id, request) + done


def _elsewhere(message_id: int, request: SearchRequest, place: Place) -> bytes:
    """Answer a search whose base is no contact and holds none."""
    if place.own is not None:
        return _own_entry(message_id, request, place)
    if place.kind == "invalid":
        return encode_result(message_id, SEARCH_DONE, ResultCode.INVALID_DN_SYNTAX, "no DN")
    return _no_such_object(message_id, place)


def _not_built(asked: Asked) -> bytes:
    """Answer a client that would take an empty answer for "there is nobody" (RFC 4511 A.2)."""
    message = "there is no contact index yet"
    return encode_result(asked.message_id, SEARCH_DONE, ResultCode.UNAVAILABLE, message)


def _no_such_object(message_id: int, place: Place) -> bytes:
    return encode_result(
        message_id, SEARCH_DONE, ResultCode.NO_SUCH_OBJECT, "no such entry", place.matched
    )
