"""The records that answer a text, best first, one after the other as they are wanted.

Law: the order is a total one and made of constants: class, likeness, the asker's own first, source
priority, the alphabet, the record's identity. Nothing in it depends on records the asker may not
see, or on how many there are. A class is read whole if it is small, else in parts that are each in
the index's own order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import tantivy

from engine.contact import Contact
from engine.matching import (
    COMPANY,
    FULL_NAME,
    INITIALS,
    KEYS,
    NUMBER_BEGIN,
    NUMBER_END,
    NUMBER_PART,
    OTHER,
    SOUNDS,
    begins,
    class_of,
    is_number_part,
    is_whole,
    likeness,
    number_class,
    words_of,
)
from engine.query import MAX_TOTAL, PeopleQuery
from engine.questions import CLASSES, Questions, all_of, any_of, start, whole
from engine.reader import Reader, any_source
from engine.schema import COMPANY as COMPANY_FIELD
from engine.schema import OTHER as OTHER_FIELD
from engine.schema import RANK, schema, term
from engine.terms import MARKS, rank_of
from engine.tokens import LEGAL_FORMS, typed_words
from engine.typed import Typed

FEW = 3
"""With so many hits as typed nobody is guessed at; guessing costs more than finding."""

GUESS_WINDOW = 100
"""Records that sound or are spelled alike and are compared with the text: the alphabet's first."""

COUNTED = (NUMBER_BEGIN, NUMBER_END, NUMBER_PART, FULL_NAME, OTHER, KEYS, INITIALS)
"""Classes in which everybody is who answers as typed; the others are parts of `OTHER`."""

DENSE_LETTERS = 3
"""One word this short has more hits than a page: it is asked part by part at once."""

PRIVATE, COLLEAGUE, NEAR, OTHERS = range(4)
"""The asker's own book; company and department; one of both; everybody else."""

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
        self._own_company = [
            word for word in typed_words(query.company[:100]) if word not in LEGAL_FORMS
        ]
        self._own_department = typed_words(query.department[:100])
        self._after = after
        self._found: set[tuple[int, int]] = set()
        self._passed: list[tantivy.Query] = []
        self._imprecise = bool(typed.digits) or any(map(is_number_part, typed.words))
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
        words = self._typed.words
        dense = len(words) == 1 and len(words[0]) <= DENSE_LETTERS and match_class <= COMPANY
        if not dense:
            fresh, more = self._fetch(question, wanted, 0)
            if not more:
                yield from self._sorted(match_class, fresh)
                return
        after = self._after
        for part in self._parts():
            here = 0
            if after is not None and match_class == after.match_class:
                place = (after.level, after.minus_priority)
                if (part.level, part.minus_priority) < place:
                    continue
                if (part.level, part.minus_priority) == place:
                    here = after.rank
            yield from self._in_order(match_class, part.of(question), wanted, here)

    def _in_order(
        self, match_class: int, question: tantivy.Query, wanted: int, least: int
    ) -> Iterator[Ranked]:
        """Give a part of a class, in which the index's own order is the right one."""
        while True:
            fresh, more = self._fetch(question, wanted, least)
            yield from self._sorted(match_class, fresh)
            if not more or not fresh:
                return
            least = fresh[-1][0]

    def _fetch(
        self, question: tantivy.Query, wanted: int, least: int
    ) -> tuple[list[tuple[int, Address]], bool]:
        """Return the first records by rank that were not given yet, and whether there are more."""
        if least:
            question = all_of([question, _ranks_from(least)])
        limit = wanted + 1 + len(self._found)
        hits = self._reader.by_rank(question, self._principal, limit)
        fresh = [
            (rank, address)
            for rank, address in hits
            if (address.segment_ord, address.doc) not in self._found
        ]
        return fresh, len(hits) == limit

    def _sorted(self, match_class: int, hits: list[tuple[int, Address]]) -> Iterator[Ranked]:
        """Read records and give them in order; those at or before the cursor are left out."""
        ranked = []
        for rank, address in hits:
            place = (address.segment_ord, address.doc)
            contact = self._reader.visible(address, self._scope)
            if self._imprecise and not self._is_of(match_class, contact):
                continue
            self._found.add(place)
            position = self._position(match_class, 0, contact, rank)
            if self._after is None or position > self._after:
                ranked.append(Ranked(position, contact, place))
        yield from self._told(ranked)

    def _told(self, ranked: list[Ranked]) -> list[Ranked]:
        """Count records and return them in order."""
        self.total = min(self.total + len(ranked), MAX_TOTAL)
        ranked.sort(key=_by_position)
        return ranked

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
            place = (address.segment_ord, address.doc)
            if place in self._found:
                continue
            self._found.add(place)
            contact = self._reader.visible(address, self._scope)
            has = words_of(contact, self._scope.searched[contact.id.source])
            cost = likeness(self._typed, has)
            position = self._position(match_class, cost, contact, rank)
            if self._after is None or position > self._after:
                ranked.append(Ranked(position, contact, place))
        yield from self._told(ranked)

    def _position(
        self, match_class: int, cost: int, contact: Contact, rank: int | None = None
    ) -> Position:
        source, key = contact.id.source, contact.id.key
        return Position(
            match_class,
            cost,
            self._level(contact),
            -self._reader.priority(source),
            rank_of(contact) if rank is None else rank,
            source,
            key,
        )

    def _level(self, contact: Contact) -> int:
        if contact.id.source in self._scope.private:
            return PRIVATE
        if not self._own_company and not self._own_department:
            return OTHERS
        searched = self._scope.searched[contact.id.source]
        has = words_of(contact, searched)
        company = bool(self._own_company) and all(
            any(is_whole(word, own) for word in has.company) for own in self._own_company
        )
        department = bool(self._own_department) and all(
            any(field == "department" and begins(word, own) for field, word in has.others)
            for own in self._own_department
        )
        if company and (department or not self._own_department):
            return COLLEAGUE
        return NEAR if company or department else OTHERS

    def _parts(self) -> Iterator[Part]:
        """Give the parts of a class in order: by level, then by the sources' priority."""
        earlier: list[tantivy.Query] = []
        for level, question in self._levels():
            for minus_priority, sources in self._by_priority():
                musts = [] if question is None else [question]
                if sources:
                    musts.append(any_source(sources))
                yield Part(level, minus_priority, musts, list(earlier))
            if question is not None:
                earlier.append(question)

    def _levels(self) -> Iterator[tuple[int, tantivy.Query | None]]:
        if self._scope.private:
            yield PRIVATE, any_source(sorted(self._scope.private))
        company = [term(COMPANY_FIELD, whole(word)) for word in self._own_company]
        department = self._in_department()
        if company and department is not None:
            yield COLLEAGUE, all_of([*company, department])
            yield NEAR, any_of([all_of(company), department])
        elif company:
            yield COLLEAGUE, all_of(company)
        elif department is not None:
            yield NEAR, department
        yield OTHERS, None

    def _in_department(self) -> tantivy.Query | None:
        if not self._own_department:
            return None
        mark = MARKS["department"]
        here = all_of([term(OTHER_FIELD, mark + start(word)) for word in self._own_department])
        seen = [
            source
            for source, searched in self._scope.searched.items()
            if "department" in searched.fields
        ]
        return all_of([here, any_source(seen)])

    def _by_priority(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Give the sources of each priority, the highest first; () for all if there is but one."""
        groups: dict[int, list[str]] = {}
        for source in self._scope.sources:
            groups.setdefault(-self._reader.priority(source), []).append(source)
        for minus_priority in sorted(groups):
            yield minus_priority, tuple(groups[minus_priority]) if len(groups) > 1 else ()


class Part(msgspec.Struct, frozen=True):
    """One part of a class: records of one level and one priority, in the index's own order."""

    level: int
    minus_priority: int
    musts: list[tantivy.Query]
    nots: list[tantivy.Query]

    def of(self, question: tantivy.Query) -> tantivy.Query:
        """Return the query for this part of a class."""
        if not self.musts and not self.nots:
            return question
        return tantivy.Query.boolean_query(
            [
                (_MUST, question),
                *((_MUST, each) for each in self.musts),
                *((_MUST_NOT, each) for each in self.nots),
            ]
        )


def _by_position(ranked: Ranked) -> Position:
    return ranked.position


def _without(question: tantivy.Query, passed: list[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(_MUST, question), *((_MUST_NOT, each) for each in passed)])


def _ranks_from(least: int) -> tantivy.Query:
    return tantivy.Query.range_query(schema(), RANK, tantivy.FieldType.Unsigned, least, _MAX_U64)
