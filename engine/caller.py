"""A number → candidates → class → priority → one answer (`docs/callers.md`, 2).

Law: never raises for any text; the first class with a visible hit answers; ties are settled by
source priority, kind of line, newest change and key, so that the same index gives the same name.

Over 400 lines: the classes are tried one behind the other and are read so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import msgspec

from engine.contact import (
    KIND_RANK,
    Contact,
    ContactName,
    PhoneLine,
)
from engine.errors import InvalidNumber
from engine.holding import (
    BEHIND_VERSION,
    COMPANY,
    MAILBOXES,
    NAME,
    NO_COMPANY,
    NO_NAME,
    RANK,
    SOURCE_BYTES,
    TAIL_CLASS_DIGITS,
    VERSION,
    age_of,
    kind_of,
)
from engine.numbertable import Behind, Sources
from engine.phone import PhoneNumber, Reading, read_number
from engine.query import CallerMatch, CallerQuery, Known
from engine.reader import Reader
from engine.rights import Principal
from engine.tokens import fold, name_key
from engine.trunk import MARK, company_of, may_stand_behind, shortest_trunk

EXTENSION, EXACT, SHARED, TRUNK_CLASS, TAIL_CLASS = 1, 2, 3, 4, 5

WINDOW = 64
"""Holders of one number that are looked at, the best of each source first; runners-up are counted
up to it."""

Rank = tuple[int, int, int, str, str]
"""Source priority, kind of line, age, source and key of a candidate; the least is the best."""

_BEHIND_ALL = b"\xff"
"""Stands behind every kind of line."""

_ALONE: Rank = (0, 0, 0, "", "")


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A visible contact and the line of it that was found; `rank` sorts the best first."""

    contact: Contact
    line: PhoneLine
    rank: Rank


class Found(msgspec.Struct, frozen=True, gc=False):
    """The class that answers and its candidates, best first; never empty."""

    match_class: int
    candidates: list[Candidate]


class TrunkFound(msgspec.Struct, frozen=True, gc=False):
    """The trunk before a number.

    Attributes:
        trunk: E.164 digits, "" for none that is visible.
        holder: the record whose company answers; None where none does, or they disagree.
        where: why that record.
    """

    trunk: str
    holder: Contact | None
    where: str


NO_TRUNK = TrunkFound("", None, "")


class _Priorities(dict[bytes, int]):
    """The priority of each source by its number in the table, negated; looked up once."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, number: bytes) -> int:
        reader = self._reader
        priority = self[number] = -reader.priority(reader.numbers.source_of(number))
        return priority


class CallerLookup:
    """Caller look-up over one fixed state of the index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._priorities = _Priorities(reader)

    def answer(self, query: CallerQuery) -> CallerMatch | None:
        """Return the one answer, or None.

        Flat for a number with one holder, since nearly every known caller is one.
        """
        try:
            reading = read_number(query.number, query.plan)
        except InvalidNumber:
            return None
        reader = self._reader
        numbers, visible = reader.numbers, reader.number_sources(query.principal)
        alone = EXTENSION if reading.internal else EXACT
        for number in reading.numbers:
            holders = numbers.holders(number.key, visible, WINDOW)
            if len(holders) == 1:
                if alone not in query.classes:
                    continue
                holder = holders[0]
                name, identity = numbers.shown(holder)
                if name:
                    read = numbers.unread(holder)
                    return CallerMatch(name, alone, number, kind_of(holder), identity, read)
            elif holders:
                holders = self._window(holders, number, visible)
                match = self._one_of(holders, number, alone)
                if match is not None and match.match_class in query.classes:
                    return match
        return self._beyond(reading, query, visible)

    def holders(self, query: CallerQuery, limit: int) -> list[Contact]:
        """Return the contacts of the answering class, best first."""
        return self._answering(query)[: max(limit, 0)]

    def holding(self, number: PhoneNumber, principal: Principal) -> list[Contact]:
        """Return the visible contacts that have exactly this number, at most `WINDOW`."""
        numbers, visible = self._reader.numbers, self._reader.number_sources(principal)
        holders = numbers.holders(number.key, visible, WINDOW)
        return list(map(numbers.contact, self._window(holders, number, visible)))

    def holders_of(self, number: PhoneNumber, contacts: Sequence[Contact]) -> list[Candidate]:
        """Return those of the contacts that can be shown for exactly this number, best first."""
        return self._ranked(contacts, lambda contact: _best_line(contact, number))

    def behind_trunk(self, number: PhoneNumber, principal: Principal) -> TrunkFound:
        """Return the longest visible trunk before a number, and who answers for it (class 4)."""
        behind = self._behind(number, self._reader.number_sources(principal))
        if behind is None:
            return NO_TRUNK
        if not behind.entries:
            return TrunkFound(behind.trunk, None, "")
        where = "on the trunk line" if behind.on_line else "the same for all"
        version = self._behind_all(behind)[BEHIND_VERSION]
        return TrunkFound(behind.trunk, self._reader.numbers.contact(version), where)

    def _behind(self, number: PhoneNumber, visible: Sources) -> Behind | None:
        if number.extension:
            return None
        digits = number.digits
        behind = self._reader.numbers.behind(digits, shortest_trunk(digits), visible)
        # asked last: most numbers have no trunk, and some countries' rules are slow
        if behind is None or not may_stand_behind(number):
            return None
        return behind

    def _behind_all(self, behind: Behind) -> bytes:
        """Return the entry whose company answers for a trunk, of those that may."""
        entries = behind.entries
        if len(entries) == 1:
            return entries[0]
        best = min({entry[:SOURCE_BYTES] for entry in entries}, key=self._source_rank)
        of_best = [entry for entry in entries if entry.startswith(best)]
        return min(of_best, key=lambda entry: self._reader.numbers.company(entry)[1].key)

    def _source_rank(self, number: bytes) -> tuple[int, str]:
        """Return where a source stands among others, the best first."""
        source = self._reader.numbers.source_of(number)
        return -self._reader.priority(source), source

    def on_trunk(self, trunk: str, principal: Principal) -> list[Contact]:
        """Return visible records that stand behind a trunk, at most `WINDOW`, by company."""
        reader = self._reader
        return reader.numbers.standing_behind(trunk, reader.number_sources(principal), WINDOW)

    def ending_alike(self, number: PhoneNumber, principal: Principal) -> list[Candidate]:
        """Return the visible contacts whose last digits equal the number's, best first."""
        reader, tail = self._reader, number.digits[-TAIL_CLASS_DIGITS:]
        visible = reader.number_sources(principal)
        return self._alike(reader.numbers.ending(tail, visible, WINDOW), tail)

    def _alike(self, found: list[tuple[str, bytes]], tail: str) -> list[Candidate]:
        versions = dict.fromkeys(holder[VERSION] for _, holder in found)
        contacts = list(map(self._reader.numbers.contact, versions))
        return self._ranked(contacts, lambda contact: _best_ending(contact, tail))

    def _answering(self, query: CallerQuery) -> list[Contact]:
        """Return the contacts of the answering class, best first, every one of them read."""
        try:
            reading = read_number(query.number, query.plan)
        except InvalidNumber:
            return []
        for number in reading.numbers:
            exact = self.holders_of(number, self.holding(number, query.principal))
            if exact:
                found = exact_class(exact, internal=reading.internal)
                if found.match_class in query.classes:
                    return [candidate.contact for candidate in exact]
        match = self._beyond(reading, query, self._reader.number_sources(query.principal))
        if match is None:
            return []
        if not match.runners_up:
            return [match.contact]
        alike = self.ending_alike(reading.numbers[0], query.principal)
        return [candidate.contact for candidate in alike]

    def _window(self, holders: list[bytes], number: PhoneNumber, visible: Sources) -> list[bytes]:
        """Return a window of the holders of a number: of many, those of the first sources.

        Sorted as the table gives them.
        """
        if len(holders) < WINDOW:
            return holders
        numbers, found = self._reader.numbers, list[bytes]()
        asked = numbers.every_source() if visible is None else visible
        for source in sorted(asked, key=lambda each: (self._priorities[each], each)):
            if not found and holders[0].startswith(source) and holders[-1].startswith(source):
                return holders
            found += numbers.holders_in(source, number.key, WINDOW - len(found))
            if len(found) == WINDOW:
                break
        found.sort()
        return found

    def _one_of(self, holders: list[bytes], number: PhoneNumber, alone: int) -> CallerMatch | None:
        """Return the class 1 to 3 of several holders; the best one alone is decoded."""
        numbers = self._reader.numbers
        named = [holder for holder in holders if holder[NAME] != NO_NAME]
        if not named:
            return None
        best = self._best_of(named)
        (name, identity), match_class = numbers.shown(best), alone
        if self._is_shared(best, named):
            match_class = SHARED
            companies = {holder[COMPANY] for holder in named}
            if len(companies) == 1 and best[COMPANY] != NO_COMPANY:
                name = company_of(numbers.name(best))
            else:
                name = f"{name} +{len({holder[NAME] for holder in named}) - 1}"
        read, kind = numbers.unread(best), kind_of(best)
        return CallerMatch(name, match_class, number, kind, identity, read, len(named) - 1)

    def _is_shared(self, best: bytes, holders: list[bytes]) -> bool:
        """Tell whether one of the holders is another person than the best; few have to be read."""
        name, mailboxes = best[NAME], best[MAILBOXES]
        others = []
        for holder in holders:
            if holder[NAME] != name:
                if not holder[MAILBOXES] & mailboxes:
                    return True
                others.append(holder)
        if not others:
            return False
        numbers = self._reader.numbers
        contact = numbers.contact(best)
        return any(_no_address_shared(contact, numbers.contact(holder)) for holder in others)

    def _best_of(self, holders: list[bytes]) -> bytes:
        """Return the best holder by the rules of `_rank`; those that tie are told by their keys.

        Args:
            holders: sorted as the table gives them, the best of each source first.
        """
        numbers, priorities = self._reader.numbers, self._priorities
        firsts, place = list[tuple[int, bytes, int]](), 0
        while place < len(holders):
            first = holders[place]
            source = first[:SOURCE_BYTES]
            firsts.append((priorities[source], first[RANK], place))
            place = bisect_left(holders, source + _BEHIND_ALL, place)
        least = min(firsts)[:2]
        tied = list[bytes]()
        for priority, rank, first_place in firsts:
            if (priority, rank) == least:
                beginning = holders[first_place][: RANK.stop]
                for holder in holders[first_place:]:
                    if not holder.startswith(beginning):
                        break
                    tied.append(holder)
        if len(tied) == 1:
            return tied[0]
        return min(tied, key=lambda holder: _identity(numbers.name(holder)))

    def _beyond(self, reading: Reading, query: CallerQuery, visible: Sources) -> CallerMatch | None:
        """Classes 4 and 5, for a number that nobody holds."""
        if TRUNK_CLASS in query.classes:
            for number in reading.numbers:
                behind = self._behind(number, visible)
                if behind is not None and behind.entries:
                    numbers, entry = self._reader.numbers, self._behind_all(behind)
                    company, identity = numbers.company(entry)
                    line, read = PhoneNumber(behind.trunk), numbers.unread(entry[BEHIND_VERSION])
                    return CallerMatch(MARK + company, TRUNK_CLASS, line, "company", identity, read)
        if TAIL_CLASS in query.classes and not tail_bar(reading):
            return self._tail(reading.numbers[0], visible)
        return None

    def _tail(self, number: PhoneNumber, visible: Sources) -> CallerMatch | None:
        """Class 5: equal last digits, if one person or company alone fits. Flat for one record."""
        numbers, tail = self._reader.numbers, number.digits[-TAIL_CLASS_DIGITS:]
        endings = numbers.ending(tail, visible, WINDOW)
        if len(endings) > 1:
            candidates = self._alike(endings, tail)
            return match_of(Found(TAIL_CLASS, candidates)) if fits_one(candidates) else None
        for digits, holder in endings:
            (name, identity), line = numbers.shown(holder), PhoneNumber(digits)
            if name:
                read = numbers.unread(holder)
                return CallerMatch(name, TAIL_CLASS, line, kind_of(holder), identity, read)
        return None

    def _ranked(
        self, contacts: Sequence[Contact], best: Callable[[Contact], PhoneLine | None]
    ) -> list[Candidate]:
        """Return the contacts that have a name and a best line, best first."""
        alone = len(contacts) == 1
        candidates = []
        for contact in contacts:
            line = best(contact)
            if line is not None and contact.name:
                rank = _ALONE if alone else self._rank(contact, line)
                candidates.append(Candidate(contact, line, rank))
        candidates.sort(key=_by_rank)
        return candidates

    def _rank(self, contact: Contact, line: PhoneLine) -> Rank:
        return (
            -self._reader.priority(contact.id.source),
            KIND_RANK[line.kind],
            age_of(contact),
            contact.id.source,
            contact.id.key,
        )


def _best_line(contact: Contact, number: PhoneNumber) -> PhoneLine | None:
    """Return the best of the lines with exactly this number; None if there is none."""
    best = None
    for line in contact.phones:
        if line.number == number and (best is None or _line_rank(line) < _line_rank(best)):
            best = line
    return best


def _best_ending(contact: Contact, tail: str) -> PhoneLine | None:
    """Return the best of the lines without an extension apart that end so; None if none does."""
    best = None
    for line in contact.phones:
        number = line.number
        if (
            number.digits.endswith(tail)
            and not number.extension
            and (best is None or _line_rank(line) < _line_rank(best))
        ):
            best = line
    return best


def _identity(contact: ContactName) -> tuple[str, str]:
    return contact.id.source, contact.id.key


def _no_address_shared(one: Contact, other: Contact) -> bool:
    return set(map(str.casefold, one.emails)).isdisjoint(map(str.casefold, other.emails))


def _by_rank(candidate: Candidate) -> Rank:
    return candidate.rank


def _line_rank(line: PhoneLine) -> int:
    return KIND_RANK[line.kind]


def match_of(found: Found) -> CallerMatch:
    """Choose what to show for the candidates of the answering class."""
    candidates = found.candidates
    best = candidates[0]
    name = best.contact.name
    if len(candidates) > 1 and is_shared(candidates):
        others = len({name_key(candidate.contact.name) for candidate in candidates}) - 1
        name = shared_company(candidates) or f"{name} +{others}"
    return CallerMatch(
        name=name,
        match_class=found.match_class,
        number=best.line.number,
        kind=best.line.kind,
        id=best.contact.id,
        read=Known(best.contact),
        runners_up=len(candidates) - 1,
    )


def fits_one(candidates: list[Candidate]) -> bool:
    """Tell whether candidates of the tail class are one person or one company."""
    return bool(candidates) and (not is_shared(candidates) or bool(shared_company(candidates)))


def tail_bar(reading: Reading) -> str:
    """Return why the last digits of a number must not be looked for, "" if they may."""
    number = reading.numbers[0]
    if reading.explicit_country:
        return "the number has a country code"
    if reading.internal:
        return "an extension"
    if number.extension:
        return "the number has an extension apart"
    if len(number.digits) < TAIL_CLASS_DIGITS:
        return f"fewer than {TAIL_CLASS_DIGITS} digits"
    return ""


def exact_class(candidates: list[Candidate], *, internal: bool) -> Found:
    """Return the class of those who hold a number exactly: 3 for several people, else 1 or 2."""
    if is_shared(candidates):
        return Found(SHARED, candidates)
    return Found(EXTENSION if internal else EXACT, candidates)


def is_shared(candidates: list[Candidate]) -> bool:
    """Tell whether the candidates are several people: records of one person count once."""
    if len(candidates) == 1:
        return False
    first = candidates[0].contact
    key = name_key(first.name)
    return any(
        name_key(other.contact.name) != key and _no_address_shared(first, other.contact)
        for other in candidates[1:]
    )


def shared_company(candidates: list[Candidate]) -> str:
    """Return the company all candidates name (as the best one that has it writes it), else ""."""
    names = [company_of(candidate.contact) for candidate in candidates]
    if not all(names) or len(set(map(fold, names))) != 1:
        return ""
    return names[0]
