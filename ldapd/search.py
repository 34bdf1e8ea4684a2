"""The search operation: from a request to the octets of its answer.

Law: pure but for the index it asks; the clock is handed in and only bounds long searches. Profiles
decide what is answered:

- `sbc`: number look-ups alone, the one best entry, no size-limit error for them. Anything else is
  an empty success and counted: SBCs take an error for a dead server and turn to the next one or to
  none (AudioCodes stays down until it is set again); an empty answer shows the bare number.
- `phone`: a number gives the caller's answer first, then its other holders; names give entries.
- `addressbook`: every holder as itself; names give entries.

Source: RFC 4511 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from engine.contact import Contact, ContactId, contact_uuid_text
from engine.errors import UnsupportedQuery
from engine.query import CallerMatch, CallerQuery
from engine.rights import Principal
from engine.selection import Selected, Selection
from ldapd import planner
from ldapd.auth import Asker, Peer
from ldapd.counters import Counters
from ldapd.entries import SUBSCHEMA_DN, EntryNames, Shown, answer_of, entry_dn
from ldapd.naming import Naming, Place
from ldapd.planner import NumberQuestion, SetQuestion
from ldapd.protocol.messages import (
    SCOPE_BASE,
    SCOPE_ONE,
    SEARCH_DONE,
    ResultCode,
    SearchRequest,
    encode_result,
)
from ldapd.settings import LdapLimits

CHECKS_BETWEEN_CLOCKS = 64
"""Entries examined between two looks at the clock: some 0.3 ms."""

FIRST_WINDOW_FACTOR = 4
"""Candidates fetched at first, per entry wanted: most terms pass most of their candidates."""

_SUCCESS = 0
"""`ResultCode.SUCCESS` as a plain integer: an enumeration hashes ten times slower."""


class Directory(Protocol):
    """What the search asks; `engine.index.ContactIndex` is one."""

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        """Return the name for a caller."""

    def holders(self, query: CallerQuery, limit: int) -> list[Contact]:
        """Return the contacts of the class that answers, best first."""

    def select(self, selection: Selection, principal: Principal, limit: int) -> Selected:
        """Return the contacts of a set question; raises `UnsupportedQuery`."""

    def get(self, identity: ContactId, principal: Principal) -> Contact | None:
        """Return one visible contact."""

    def hides_fields(self, principal: Principal) -> bool:
        """Tell whether the asker does not see every field of what it sees."""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One search for contacts: who asks what, and the DN under which entries are named."""

    asker: Asker
    message_id: int
    request: SearchRequest
    base: str

    def encode(self, entries: Sequence[Shown], code: int) -> bytes:
        """Return entries and result as one run of octets."""
        encode = self.asker.entries.encode
        parts = [encode(self.message_id, each, self.request) for each in entries]
        parts.append(encode_result(self.message_id, SEARCH_DONE, code))
        return b"".join(parts)


class Searcher:
    """Answers searches for one set of settings."""

    def __init__(
        self,
        index: Directory,
        limits: LdapLimits,
        naming: Naming,
        *,
        names: EntryNames,
        counters: Counters,
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._limits = limits
        self._naming = naming
        self._names = names
        self._counters = counters
        self._clock = clock

    def search(self, peer: Peer, message_id: int, request: SearchRequest) -> bytes:
        """Return the entries and the result of a search."""
        self._counters.searches += 1
        place = self._naming.locate(request.base)
        asker = peer.asker
        if asker is None:
            return _unbound(message_id, request, place)
        if place.kind == "context" and request.scope != SCOPE_BASE:
            if asker.is_sbc:
                return self._call(asker, message_id, request, place.base)
            return self._below(Asked(asker, message_id, request, place.base))
        if place.kind == "entry":
            return self._single(Asked(asker, message_id, request, place.base), place)
        return _elsewhere(message_id, request, place)

    def contact_at(self, place: Place, principal: Principal) -> Contact | None:
        """Return the contact an entry's place names, None if it is unknown, gone or hidden."""
        identity = self._names.identity_of(place.entry_uuid)
        return None if identity is None else self._index.get(identity, principal)

    def _single(self, asked: Asked, place: Place) -> bytes:
        """Answer a search whose base is one entry."""
        asker, request = asked.asker, asked.request
        if asker.is_sbc:
            return self._refuse(asked.message_id)
        contact = self.contact_at(place, asker.principal)
        if contact is None:
            return _no_such_object(asked.message_id, place)
        compiled = planner.compile_filter(request.filter, asker.plan)
        if request.scope == SCOPE_ONE or compiled.check(contact) is not True:
            return asked.encode((), _SUCCESS)
        self._counters.entries += 1
        return asked.encode([Shown(contact, place.base)], _SUCCESS)

    def _below(self, asked: Asked) -> bytes:
        """Answer a client that is no SBC: names, and everybody who has a number."""
        asker = asked.asker
        question = planner.plan(asked.request.filter, asker.plan)
        if isinstance(question, SetQuestion):
            return self._set(asked, question)
        self._counters.lookups += 1
        for value in question.values:
            match = self._index.caller(
                CallerQuery(value, asker.plan, asker.principal, asker.client.classes)
            )
            if match is not None:
                self._counters.lookups_found += 1
                return self._holders(asked, question, match, value)
        if question.is_partial:
            return self._set(asked, planner.set_question(asked.request.filter, asker.plan))
        return asked.encode((), _SUCCESS)

    def _call(self, asker: Asker, message_id: int, request: SearchRequest, base: str) -> bytes:
        """Answer an SBC: one number, one entry. Flat, since every call passes here.

        Beside the index and the codec it takes some 5 µs for three attributes (2-core x86, 3.11).
        """
        question = planner.plan(request.filter, asker.plan)
        if isinstance(question, SetQuestion):
            return self._refuse(message_id)
        counters = self._counters
        counters.lookups += 1
        for value in question.values:
            match = self._index.caller(
                CallerQuery(value, asker.plan, asker.principal, asker.client.classes)
            )
            if match is None:
                continue
            counters.lookups_found += 1
            counters.entries += 1
            contact = answer_of(match)
            shown = Shown(
                contact,
                entry_dn(contact_uuid_text(contact.id), base),  # an SBC never reads it by DN
                match.number,
                value,
                question.attribute,
                match.match_class,
                match.runners_up,
            )
            entry = asker.entries.encode(message_id, shown, request)
            return entry + encode_result(message_id, SEARCH_DONE, _SUCCESS)
        return encode_result(message_id, SEARCH_DONE, _SUCCESS)

    def _refuse(self, message_id: int) -> bytes:
        """Answer what is outside an SBC's profile: nothing found."""
        self._counters.searches_refused += 1
        return encode_result(message_id, SEARCH_DONE, _SUCCESS)

    def _holders(
        self, asked: Asked, question: NumberQuestion, match: CallerMatch, value: str
    ) -> bytes:
        """Answer a look-up that found somebody: the caller's answer to a phone, all holders."""
        client, plan = asked.asker.client, asked.asker.plan
        wanted = self._wanted(asked.request)
        query = CallerQuery(value, plan, asked.asker.principal, client.classes)
        contacts = self._index.holders(query, wanted + 1)
        if client.profile == "phone":
            answer = answer_of(match)
            contacts = [answer, *(each for each in contacts if each.id != answer.id)]
        if question.check is not None:
            contacts = [each for each in contacts if question.check(each)]
        code: int = _SUCCESS
        if len(contacts) > wanted:
            code = ResultCode.SIZE_LIMIT_EXCEEDED
            self._counters.searches_limited += 1
            del contacts[wanted:]
        self._counters.entries += len(contacts)
        shown = [
            Shown(
                contact,
                entry_dn(self._names.uuid_of(contact.id), asked.base),
                match.number,
                value,
                question.attribute,
                match.match_class,
                match.runners_up,
            )
            for contact in contacts
        ]
        return asked.encode(shown, code)

    def _wanted(self, request: SearchRequest) -> int:
        most = self._limits.max_entries
        return min(request.size_limit or most, most)

    def _set(self, asked: Asked, question: SetQuestion) -> bytes:
        """Answer a set question within the limits of entries, examined entries and time."""
        try:
            contacts, code = self._examine(asked, question)
        except UnsupportedQuery:
            contacts, code = [], int(ResultCode.ADMIN_LIMIT_EXCEEDED)
        if code != _SUCCESS:
            self._counters.searches_limited += 1
        self._counters.entries += len(contacts)
        uuid_of = self._names.uuid_of
        return asked.encode(
            [Shown(each, entry_dn(uuid_of(each.id), asked.base)) for each in contacts], code
        )

    def _examine(self, asked: Asked, question: SetQuestion) -> tuple[list[Contact], int]:
        """Return what passes the check, and success or the limit that ended the search."""
        request, principal = asked.request, asked.asker.principal
        wanted, check = self._wanted(request), question.check
        if check is None and self._index.hides_fields(principal):
            # candidates may have been selected by what is hidden: what is shown must pass
            check = planner.compile_filter(request.filter, asked.asker.plan).check
        most = self._limits.max_examined
        deadline_s = self._clock() + self._limits.search_time_ms / 1_000
        if request.time_limit_s:
            deadline_s = min(deadline_s, self._clock() + request.time_limit_s)
        found: list[Contact] = []
        examined = 0
        first = wanted + 1 if check is None else wanted * FIRST_WINDOW_FACTOR + 16
        for window in dict.fromkeys((min(first, most), most)):
            selected = self._index.select(question.selection, principal, window)
            for contact in selected.contacts[examined:]:
                if examined % CHECKS_BETWEEN_CLOCKS == 0 and self._clock() > deadline_s:
                    return found, ResultCode.TIME_LIMIT_EXCEEDED
                examined += 1
                if check is None or check(contact):
                    if len(found) == wanted:
                        return found, ResultCode.SIZE_LIMIT_EXCEEDED
                    found.append(contact)
            if selected.complete:
                return found, _SUCCESS
        return found, ResultCode.ADMIN_LIMIT_EXCEEDED


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


def _no_such_object(message_id: int, place: Place) -> bytes:
    return encode_result(
        message_id, SEARCH_DONE, ResultCode.NO_SUCH_OBJECT, "no such entry", place.matched
    )
