"""The records that answer a text, best first, one after the other as they are wanted.

Law: the order is a total one and made of constants: class, likeness, the asker's own first, source
priority, the alphabet, the record's identity. Nothing in it depends on records the asker may not
see, or on how many there are. A class is read whole if it is small, else in parts that are each in
the index's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

import msgspec
import tantivy

from engine.contact import Contact
from engine.matching import (
    FULL_NAME,
    INITIALS,
    KEYS,
    NUMBER_BEGIN,
    NUMBER_END,
    NUMBER_PART,
    OTHER,
    SOUNDS,
    class_of,
    is_number_part,
    likeness,
    number_class,
    words_of,
)
from engine.nearness import Nearness
from engine.query import MAX_TOTAL, PeopleQuery
from engine.questions import CLASSES, Questions, all_of, any_of
from engine.reader import Reader, any_source
from engine.schema import ORIGIN, RANK, schema
from engine.terms import origin_of, rank_of
from engine.typed import Typed

FEW = 3
"""With so many hits as typed nobody is guessed at; guessing costs more than finding."""

GUESS_WINDOW = 100
"""Records that sound or are spelled alike and are compared with the text: the alphabet's first."""

COUNTED = (NUMBER_BEGIN, NUMBER_END, NUMBER_PART, FULL_NAME, OTHER, KEYS, INITIALS)
"""Classes in which everybody is who answers as typed; the others are parts of `OTHER`."""

MAX_DISCARDED = 500
"""Records read in vain for one answer: "1111111111" has the pieces of many numbers; some 8 ms."""

WINDOW = MAX_TOTAL + 1
"""Records fetched at once: enough to know that counting has come to its end."""

_MUST = tantivy.Occur.Must
_MUST_NOT = tantivy.Occur.MustNot
_MAX_U64 = 2**64 - 1

Address = tantivy.DocAddress


class Position(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Where a record stands in the answer to a text; smaller is better, equal to no other."""

    match_class: int
    cost: int
    level: int
    minus_priority: int
    rank: int
    source: str
    key: str


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """A record in the answer, without its hidden fields; `place` is its segment and document."""

    position: Position
    contact: Contact
    place: tuple[int, int]


class Ranking:
    """The answer to one question, made as far as it is read.

    Attributes:
        total: records counted so far, at most `MAX_TOTAL`; final once `ranked` has ended.
        guessed: whether records that sound or are spelled alike were looked for.
    """

    def __init__(
        self,
        reader: Reader,
        query: PeopleQuery,
        typed: Typed,
        *,
        after: Position | None = None,
        seen: int = 0,
    ) -> None:
        self._reader = reader
        self._principal = query.principal
        self._typed = typed
        self._scope = reader.scope(query.principal)
        self._questions = [
            (sources, Questions(typed, searched)) for sources, searched in self._scope.groups
        ]
        self._nearness = Nearness(self._scope, query.company, query.department)
        self._priorities: dict[int, list[str]] = {}
        for source in self._scope.sources:
            self._priorities.setdefault(-reader.priority(source), []).append(source)
        self._by_origin = {
            origin_of(source): minus_priority
            for minus_priority, sources in self._priorities.items()
            for source in sources
        }
        self._after = after
        self._found: set[tuple[int, int]] = set()
        self._passed: list[tantivy.Query] = []
        self._imprecise = bool(typed.digits) or any(map(is_number_part, typed.words))
        self._discarded = 0
        self.total = seen
        self.guessed = False

    def ranked(self, wanted: int) -> Iterator[Ranked]:
        """Give the records behind the position that was handed in, best first.

        Args:
            wanted: about how many will be read; more may be.
        """
        if not self._scope.sources:
            return
        for match_class in CLASSES:
            after = self._after
            guessed_before = after is not None and after.match_class >= match_class
            if match_class >= SOUNDS and self.total >= FEW and not guessed_before:
                return
            question = self.question(match_class)
            if question is None:
                continue
            if after is None or match_class >= after.match_class:
                yield from self._of_class(match_class, question, wanted)
            if after is not None and match_class <= after.match_class:
                self._passed.append(question)

    def question(self, match_class: int) -> tantivy.Query | None:
        """Return the query of a class over all that the asker may search."""
        return self._over_groups(lambda questions: questions.query(match_class))

    def _over_groups(
        self, make: Callable[[Questions], tantivy.Query | None]
    ) -> tantivy.Query | None:
        """Return one query out of those for each group of sources; None if none has one."""
        if len(self._questions) == 1:
            return make(self._questions[0][1])
        parts = []
        for sources, questions in self._questions:
            part = make(questions)
            if part is not None:
                parts.append(all_of([any_source(sources), part]))
        return any_of(parts) if parts else None

    def count(self) -> int:
        """Return how many records answer as typed, at most `MAX_TOTAL`."""
        if self.total >= MAX_TOTAL:
            return MAX_TOTAL
        parts = [self.question(each) for each in COUNTED]
        question = any_of([part for part in parts if part is not None])
        return min(self._reader.count_of(question, self._principal), MAX_TOTAL)

    def place(self, contact: Contact) -> Position | None:
        """Return where a visible record stands by the same rules, None if it does not answer."""
        searched = self._scope.searched[contact.id.source]
        found = class_of(self._typed, contact, searched)
        return self._position(found, 0, contact) if found else None

    def _of_class(self, match_class: int, question: tantivy.Query, wanted: int) -> Iterator[Ranked]:
        if self._passed:
            question = _without(question, self._passed)
        if match_class >= SOUNDS:
            self.guessed = True
            yield from self._guesses(match_class, question)
            return
        after = self._after
        for level in self._nearness.levels():
            behind = after is not None and match_class == after.match_class
            if after is not None and behind and level.level < after.level:
                continue
            part = level.of(question)
            entries, more = self._fetch(part, wanted, 0)
            if not more:
                entries.sort(key=_by_priority)
                self._tell(len(entries))
                yield from self._read((match_class, level.level), entries)
                continue
            self._tell(MAX_TOTAL)
            here = after if after is not None and behind and level.level == after.level else None
            place = (match_class, level.level)
            yield from self._of_many(place, part, entries, wanted, here)

    def _of_many(
        self,
        place: tuple[int, int],
        question: tantivy.Query,
        entries: list[Entry],
        wanted: int,
        after: Position | None,
    ) -> Iterator[Ranked]:
        """Give a part of a class that is too large to be sorted: by the sources' priority.

        `place` is its class and level, `entries` are its first by rank: those of the best sources
        among them are its best.
        """
        for minus_priority, sources in self._priorities.items():
            least = 0
            if after is not None:
                if minus_priority < after.minus_priority:
                    continue
                least = after.rank if minus_priority == after.minus_priority else 0
            elif entries:
                best = [entry for entry in entries if entry.minus_priority == minus_priority]
                yield from self._read(place, best)
                least, entries = entries[-1].rank, []
            part = question
            if len(self._priorities) > 1:
                part = all_of([question, any_source(sources)])
            yield from self._in_order(place, part, wanted, least)

    def _in_order(
        self, place: tuple[int, int], question: tantivy.Query, wanted: int, least: int
    ) -> Iterator[Ranked]:
        """Give records in the index's own order, from a rank on."""
        more = True
        while more and self._discarded < MAX_DISCARDED:
            entries, more = self._fetch(question, wanted, least)
            yield from self._read(place, entries)
            if not entries:
                return
            least = entries[-1].rank

    def _fetch(self, question: tantivy.Query, wanted: int, least: int) -> tuple[list[Entry], bool]:
        """Return the first records by rank that were not given yet, and whether there are more."""
        if least:
            question = all_of([question, _ranks_from(least)])
        limit = max(WINDOW, wanted + 1) + len(self._found)
        hits = self._reader.by_rank(question, self._principal, limit)
        fresh = hits
        if self._found:
            fresh = [hit for hit in hits if _place(hit[1]) not in self._found]
        more = len(hits) == limit
        return self._entries(fresh[: 2 * wanted] if more else fresh), more

    def _entries(self, fresh: list[tuple[int, Address]]) -> list[Entry]:
        """Return records with the priority of their source, told without reading them."""
        if len(self._priorities) == 1:
            (only,) = self._priorities
            return [Entry(only, rank, address) for rank, address in fresh]
        origins = self._reader.values(ORIGIN, [address for _, address in fresh])
        priorities = [self._by_origin.get(origin, 0) for origin in origins]
        return [
            Entry(minus_priority, rank, address)
            for minus_priority, (rank, address) in zip(priorities, fresh, strict=True)
        ]

    def _read(self, place: tuple[int, int], entries: list[Entry]) -> Iterator[Ranked]:
        """Read records as they are wanted; what is at or before the cursor is left out.

        Records of one rank (namesakes by rare chance) are put in order by their identity. `place`
        is their class and level.
        """
        match_class, level = place
        for _, group in groupby(entries, key=_by_priority):
            ranked = []
            for entry in group:
                contact = self._reader.visible(entry.address, self._scope)
                imprecise = self._imprecise and match_class < KEYS
                if imprecise and not self._is_of(match_class, contact):
                    self._discarded += 1
                    if self._discarded >= MAX_DISCARDED:
                        return
                    continue
                seen = _place(entry.address)
                self._found.add(seen)
                source, key = contact.id.source, contact.id.key
                position = Position(
                    match_class, 0, level, entry.minus_priority, entry.rank, source, key
                )
                if self._after is None or position > self._after:
                    ranked.append(Ranked(position, contact, seen))
            ranked.sort(key=_by_position)
            yield from ranked

    def _tell(self, found: int) -> None:
        """Count records."""
        self.total = min(self.total + found, MAX_TOTAL)

    def _is_of(self, match_class: int, contact: Contact) -> bool:
        searched = self._scope.searched[contact.id.source]
        if match_class <= NUMBER_PART:
            return number_class(self._typed, contact, searched) == match_class
        return class_of(self._typed, contact, searched) == match_class

    def _guesses(self, match_class: int, question: tantivy.Query) -> Iterator[Ranked]:
        """Give records that sound or are spelled alike, the likest first."""
        hits = self._reader.by_rank(question, self._principal, GUESS_WINDOW)
        if match_class == SOUNDS and len(hits) == GUESS_WINDOW:
            likely = self._over_groups(Questions.likely)
            if likely is not None:
                likely = _without(likely, self._passed) if self._passed else likely
                hits = [*self._reader.by_rank(likely, self._principal, GUESS_WINDOW), *hits]
        ranked = []
        for rank, address in hits:
            place = _place(address)
            if place in self._found:
                continue
            self._found.add(place)
            contact = self._reader.visible(address, self._scope)
            has = words_of(contact, self._scope.searched[contact.id.source])
            cost = likeness(self._typed, has)
            position = self._position(match_class, cost, contact, rank)
            if self._after is None or position > self._after:
                ranked.append(Ranked(position, contact, place))
        ranked.sort(key=_by_position)
        self._tell(len(ranked))
        yield from ranked

    def _position(
        self, match_class: int, cost: int, contact: Contact, rank: int | None = None
    ) -> Position:
        source, key = contact.id.source, contact.id.key
        return Position(
            match_class,
            cost,
            self._nearness.level(contact),
            -self._reader.priority(source),
            rank_of(contact) if rank is None else rank,
            source,
            key,
        )


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record found and not yet read."""

    minus_priority: int
    rank: int
    address: Address


def _place(address: Address) -> tuple[int, int]:
    """Return what tells a document of this searcher from all others."""
    return address.segment_ord, address.doc


def _by_priority(entry: Entry) -> tuple[int, int]:
    return entry.minus_priority, entry.rank


def _by_position(ranked: Ranked) -> Position:
    return ranked.position


def _without(question: tantivy.Query, passed: list[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(_MUST, question), *((_MUST_NOT, each) for each in passed)])


def _ranks_from(least: int) -> tantivy.Query:
    return tantivy.Query.range_query(schema(), RANK, tantivy.FieldType.Unsigned, least, _MAX_U64)
