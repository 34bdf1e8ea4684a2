"""The records that answer a text, best first, one after the other as they are wanted.

Law: the order is a total one and made of constants: class, likeness, the asker's own first, source
priority, the alphabet, the record's identity. Nothing in it depends on records the asker may not
see, or on how many there are. A class is read whole if it is small, else in parts that are each in
the index's own order.

Over 400 lines: classes, levels and priorities are read by one order, and pages go on anywhere in
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from operator import itemgetter

import msgspec
import tantivy

from engine.bodykeys import body_key_of
from engine.contact import Contact, ContactId
from engine.guessing import Guess, Guessing, over_groups, without
from engine.likeness import FAR_COST
from engine.matching import (
    NAME_COMPANY,
    NUMBER_PART,
    SOUNDS,
    SPELLED,
    class_of,
    is_together,
    number_class,
)
from engine.nearness import OTHERS, Level, Nearness
from engine.query import MAX_TOTAL, PeopleQuery
from engine.questions import (
    CLASSES,
    MANY_WORDS,
    TWO_WORDS,
    WORD_CLASSES,
    Part,
    Questions,
    all_of,
    any_of,
)
from engine.reader import Place, Reader, any_source
from engine.recall import Record
from engine.schema import MAX_SEQ, RANK, SEQ_BITS, schema
from engine.terms import rank_of
from engine.typed import Typed, is_number_part

FEW = 3
"""With so many hits as typed nobody is guessed at; guessing costs more than finding. With so many
that sound alike and are spelled nearly so, typos are not looked for."""

MAX_DISCARDED = 500
"""Records read in vain for one answer: "1111111111" has the pieces of many numbers; some 8 ms."""

MAX_READ_AGAIN = MAX_DISCARDED // 2
"""Of them, those that were given on the pages before, and others that the same queries find."""

TOGETHER, APART = range(2)
"""The costs of names and companies that were typed in a row, and between each other."""

STEPS, MIN_STEP = 4, 3
"""Behind the first page a quarter of what was read is read at once, at least three records: of a
crowd of one person hundreds are read in vain, and each batch has its price."""

WINDOW = MAX_TOTAL + 1
"""Records fetched at once: enough to know that counting has come to its end."""

_MUST = tantivy.Occur.Must
_MUST_NOT = tantivy.Occur.MustNot
_MAX_U64 = 2**64 - 1

Address = tantivy.DocAddress

_Part = tuple[int, int, int]
"""What is counted at once: class, cost, level; guesses, which each have their own cost, as 0."""

Entry = tuple[int, int, int, Address]
"""A record that was found, before it is read: its source's priority, negative, its rank, the `seq`
of its version, and where it stands in the index."""


AsTyped = dict[int, list[Entry]]
"""Class → the records in it: all that answer without guessing, fewer than `FEW`."""


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
    """A record in the answer, without its hidden fields.

    Attributes:
        match_class: how it was found; with what follows of it, where it stands (`Position`).
        place: its segment and document.
    """

    match_class: int
    cost: int
    level: int
    minus_priority: int
    rank: int
    place: Place
    record: Record

    @property
    def position(self) -> Position:
        """Where it stands: put together for those alone of which it is asked."""
        place = self.match_class, self.cost, self.level, self.minus_priority, self.rank
        identity = self.record.contact.id
        return Position(*place, identity.source, identity.key)


class Ranking:
    """The answer to one question, made as far as it is read.

    Attributes:
        total: records counted so far, at most `MAX_TOTAL`; all there are once `batches` has ended.
        goes_on: whether this is not the beginning of the answer.
        guessed: whether records that sound or are spelled alike were looked for.
    """

    def __init__(
        self,
        reader: Reader,
        query: PeopleQuery,
        typed: Typed,
        *,
        after: Position | None = None,
        counted: int = 0,
        found: set[Place] | None = None,
        as_typed: AsTyped | None = None,
    ) -> None:
        """Take what is asked, and where an answer goes on.

        Args:
            reader: asked.
            query: who asks, and what is known of the asker.
            typed: what was read of the text.
            after: the last record that was given before; None = from the beginning.
            counted: records of the classes and levels before it, as `counted_before` says.
            found: those that were given already, if there is no `after`; grows with the answer.
            as_typed: all that is to be found before the guesses, if that is known already: by one
                or two plain words, by an asker who has nobody near.
        """
        self._reader = reader
        self._typed = typed
        self._scope = reader.scope(query.principal)
        self._near = query.company, query.department
        self._priorities = self._scope.priorities
        self._after = after
        self._found: set[Place] = set() if found is None else found
        self._far: list[Guess] = []
        self._guessed: dict[ContactId, Position] = {}
        self._passed: list[tantivy.Query] = []
        self._imprecise = bool(typed.digits) or any(map(is_number_part, typed.words))
        self._as_typed = as_typed
        self._discarded = 0
        self._unfit: set[tuple[int, Place]] = set()
        self._missing = MIN_STEP
        self._counts: list[tuple[_Part, int]] = []
        self._counted = counted
        self.goes_on = after is not None
        self.total = counted
        self.guessed = False

    @cached_property
    def _questions(self) -> list[tuple[tuple[str, ...], Questions]]:
        return [
            (sources, Questions(self._typed, searched, self._reader.frequency))
            for sources, searched in self._scope.groups
        ]

    @cached_property
    def _nearness(self) -> Nearness:
        return Nearness(self._scope, *self._near)

    @cached_property
    def _levels(self) -> list[Level]:
        return list(self._nearness.levels())

    def batches(self, wanted: int) -> Iterator[list[Ranked]]:
        """Give the records behind the position that was handed in, best first, some at once.

        Args:
            wanted: about how many will be read. The first batch has as many, those behind it are
                smaller: they make up for records that were joined.
        """
        batch: list[Ranked] = []
        read = 0
        size = self._missing = wanted
        for part in self._parts(wanted):
            batch += part
            while len(batch) >= size:
                yield batch[:size]
                batch = batch[size:]
                read += size
                size = step_of(read)
            self._missing = max(size - len(batch), MIN_STEP)
        if batch:
            yield batch

    def counted_before(self, position: Position) -> int:
        """Return how many records were counted in the classes and levels before a position's."""
        cost = position.cost if position.match_class < SOUNDS else 0  # guesses are counted as one
        place = position.match_class, cost, position.level
        before = sum(found for other, found in self._counts if other < place)
        return min(self._counted + before, MAX_TOTAL)

    def in_order(self, part: Part, least: int, wanted: int) -> Iterator[list[Entry]]:
        """Give the records of a part that is too large to be sorted, by the sources' priority.

        Args:
            part: finds them.
            least: the rank from which on those of the best sources are wanted, 0 for all.
            wanted: about how many will be read.

        Those in `found` are left out; whoever reads on has to have put the others there.
        """
        for _, of_sources in self._by_priority(part):
            more = True
            while more:
                entries, more = self._fetch(of_sources, window_of(wanted), least)
                if not entries:
                    break
                yield entries
                least = entries[-1][1]
            least = 0

    def finds_any(self) -> bool:
        """Tell whether anybody answers as typed."""
        for match_class in CLASSES:
            question = self.question(match_class) if match_class < SOUNDS else None
            if question is None:
                continue
            if not self._imprecise:
                if self._reader.by_rank(question, self._scope, 1):
                    return True
            elif any(self._of_class(match_class, TOGETHER, Part(question), 1)):
                return True  # digits find numbers that have them in pieces, too
        return False

    def as_typed(self) -> tantivy.Query | None:
        """Return the query for all who answer as typed, and perhaps some more; None for nobody."""
        classes = CLASSES if self._typed.digits else WORD_CLASSES
        asked = [self.question(each) for each in classes if each < SOUNDS]
        wanted = [each for each in asked if each is not None]
        return any_of(wanted) if wanted else None

    def place(self, contact: Contact) -> Position | None:
        """Return where a visible record stands by the same rules, None if it does not answer."""
        searched = self._scope.searched[contact.id.source]
        found = class_of(self._typed, contact, searched)
        if not found:
            return self._guessed.get(contact.id)
        is_apart = found == NAME_COMPANY and self._is_divided
        cost = APART if is_apart and not is_together(self._typed.words, contact) else TOGETHER
        level, minus_priority = self._nearness.level(contact), self._priority(contact)
        source, key = contact.id.source, contact.id.key
        return Position(found, cost, level, minus_priority, rank_of(contact), source, key)

    def question(self, match_class: int) -> tantivy.Query | None:
        """Return the query of a class over all that the asker may search."""
        if len(self._questions) == 1:
            return self._questions[0][1].query(match_class)
        return over_groups(self._questions, lambda questions: questions.query(match_class))

    def _parts(self, wanted: int) -> Iterator[list[Ranked]]:
        if not self._scope.sources:
            return
        after = self._after
        for match_class in CLASSES if self._typed.digits else WORD_CLASSES:
            guessed_before = after is not None and after.match_class >= match_class
            if match_class >= SOUNDS and self.total >= FEW and not guessed_before:
                return
            if self._as_typed is not None and match_class < SOUNDS:
                yield from self._known(match_class, self._as_typed.get(match_class, []))
                continue
            question = self.question(match_class)
            if question is None:
                continue
            if after is None or match_class >= after.match_class or match_class == SOUNDS:
                for cost, part in self._divided(match_class, question):
                    yield from self._of_class(match_class, cost, part, wanted)
            if after is not None and SOUNDS != match_class <= after.match_class:
                self._passed.append(question)

    def _known(self, match_class: int, entries: list[Entry]) -> Iterator[list[Ranked]]:
        """Give the records of a class that were found already."""
        place = match_class, TOGETHER, OTHERS
        self._tell(place, len(entries))
        yield from self._read(place, entries)

    @property
    def _is_divided(self) -> bool:
        """Whether words in a row count: of two they always are."""
        return TWO_WORDS < len(self._typed.words) <= MANY_WORDS

    def _divided(self, match_class: int, question: tantivy.Query) -> Iterator[tuple[int, Part]]:
        """Give the parts of a class with their costs: names and companies typed in a row first."""
        if match_class != NAME_COMPANY or not self._is_divided:
            yield TOGETHER, Part(question, self._first_of(match_class))
            return
        together = over_groups(self._questions, Questions.together)
        if together is not None:
            yield TOGETHER, Part(together)
            question = without(question, [together])
        yield APART, Part(question)

    def _first_of(self, match_class: int) -> tuple[tantivy.Query, ...]:
        """Return the queries for the first of a class; whoever sees any source sees names."""
        questions = self._questions[0][1]
        return questions.first(match_class, self._reader.leading, WINDOW + len(self._found))

    def _of_class(
        self, match_class: int, cost: int, answers: Part, wanted: int
    ) -> Iterator[list[Ranked]]:
        passed = self._passed_before(match_class)
        if passed:
            answers = answers.narrowed(lambda question: without(question, passed))
        if match_class >= SOUNDS:
            self.guessed = True
            yield self._guesses(match_class, answers.all)
            return
        after = self._after
        here = after if after is not None and after.match_class == match_class else None
        if here is not None and here.cost != cost:
            if here.cost > cost:
                return
            here = None
        for level in self._levels:
            if here is not None and level.level < here.level:
                continue
            place = match_class, cost, level.level
            part = answers if level.is_all else answers.narrowed(level.of)
            entries, found = self._first(part, wanted)
            self._tell(place, min(found, MAX_TOTAL))
            if found > len(entries):
                from_here = here if here is not None and level.level == here.level else None
                yield from self._of_many(place, part, entries, wanted, from_here)
            elif entries:
                if len(self._priorities) > 1:
                    entries.sort()
                yield from self._read(place, entries)

    def _passed_before(self, match_class: int) -> list[tantivy.Query]:
        """Return the queries for what was given on the pages before, to be left out of a class.

        A query for part of a number finds some of worse classes too, which would be lost. So those
        of better classes are read again and told one by one, as long as there are not many.
        """
        passed = self._passed
        if not passed or not self._imprecise or match_class >= SOUNDS:
            return passed
        found = self._reader.counted_by_rank(any_of(passed), self._scope, 1)[1]
        return passed if found > MAX_READ_AGAIN else []

    def _of_many(
        self,
        place: _Part,
        answers: Part,
        entries: list[Entry],
        wanted: int,
        after: Position | None,
    ) -> Iterator[list[Ranked]]:
        """Give a part of a class that is too large to be sorted: by the sources' priority.

        `place` is its class, cost and level, `entries` are its first by rank: those of the best
        sources among them are its best.
        """
        for minus_priority, part in self._by_priority(answers):
            least = 0
            if after is not None:
                if minus_priority < after.minus_priority:
                    continue
                least = after.rank if minus_priority == after.minus_priority else 0
            elif entries:
                best = [entry for entry in entries if entry[0] == minus_priority]
                yield from self._read(place, best)
                least, entries = entries[-1][1], []
            yield from self._in_order(place, part, wanted, least)

    def _by_priority(self, answers: Part) -> Iterator[tuple[int, Part]]:
        """Give the parts of each priority, negative, of a part."""
        for minus_priority, sources in self._priorities.items():
            if len(self._priorities) == 1:
                yield minus_priority, answers
            else:
                yield minus_priority, answers.narrowed(partial(_of_sources, sources=sources))

    def _in_order(
        self, place: _Part, part: Part, wanted: int, least: int
    ) -> Iterator[list[Ranked]]:
        """Give records in the index's own order, from a rank on."""
        more, window = True, window_of(wanted)
        while more and self._discarded < MAX_DISCARDED:
            discarded = self._discarded
            entries, more = self._fetch(part, window, least)
            yield from self._read(place, entries)
            if not entries:
                return
            least = entries[-1][1]
            if self._discarded > discarded:  # to ask once more costs more than to read on
                window = min(2 * window, MAX_DISCARDED)

    def _first(self, part: Part, wanted: int) -> tuple[list[Entry], int]:
        """Return the first records of a part by rank, and how many it has, as far as is counted.

        If these are more than are returned, enough of the best sources are most likely among them.
        """
        most = max(WINDOW, wanted + 1)
        if self._found:  # some of them may be of this part too, and do not count again
            entries, more = self._fetch(part, most, 0)
            return entries, len(entries) + more
        limit = most
        if self._typed.digits or max(map(len, self._typed.words)) > 1:  # else once more costs more
            limit = min(limit, int(window_of(wanted) / self._scope.best_share) + 1)
        hits: list[tuple[int, Address]] = []
        found = 0
        for question in (*part.first, part.all):
            hits, found = self._reader.counted_by_rank(question, self._scope, limit)
            if found >= most:
                break
        return self._entries(hits), found

    def _fetch(self, part: Part, most: int, least: int) -> tuple[list[Entry], bool]:
        """Return the first records by rank that were not given yet, and whether there are more."""
        limit = most + len(self._found)
        hits: list[tuple[int, Address]] = []
        for question in (*part.first, part.all):
            behind = all_of([question, _ranks_from(least)]) if least else question
            hits = self._reader.by_rank(behind, self._scope, limit)
            if len(hits) == limit:
                break
        fresh = hits
        if self._found:
            fresh = [hit for hit in hits if place_of(hit[1]) not in self._found]
        return self._entries(fresh), len(hits) == limit

    def _entries(self, fresh: list[tuple[int, Address]]) -> list[Entry]:
        """Return records with the priority of their source."""
        by_origin = self._scope.by_origin
        marks = self._reader.marks([at for _, at in fresh])
        return [
            (by_origin.get(mark >> SEQ_BITS, 0), rank, mark & MAX_SEQ, at)
            for (rank, at), mark in zip(fresh, marks, strict=True)
        ]

    def _read(self, place: _Part, entries: list[Entry]) -> Iterator[list[Ranked]]:
        """Read records as they are wanted; what is at or before the cursor is left out.

        Records of one rank (namesakes by rare chance) are read together and put in order by their
        identity. `place` is their class, cost and level.
        """
        start = 0
        while start < len(entries):
            end = start + self._missing
            while end < len(entries) and entries[end][:2] == entries[end - 1][:2]:
                end += 1
            discarded = self._discarded
            yield self._ranked(place, entries[start:end])
            if discarded < self._discarded >= MAX_DISCARDED:
                return
            start = end

    def _ranked(self, place: _Part, entries: list[Entry]) -> list[Ranked]:
        """Read some records; see `_read`."""
        match_class, cost, level = place
        imprecise = self._imprecise and match_class < SOUNDS
        after = self._after
        ranked: list[Ranked] = []
        former = None
        equal = False
        versions = [body_key_of(rank, seq) for _, rank, seq, _ in entries]
        records = self._reader.records(versions, self._scope)
        for (minus_priority, rank, _, at), record in zip(entries, records, strict=True):
            seen = place_of(at)
            if imprecise and not self._is_of(match_class, record.contact):
                self._discarded += 1
                if (match_class, seen) not in self._unfit:  # it may be read once more
                    self._unfit.add((match_class, seen))
                    self._untell()
                if self._discarded >= MAX_DISCARDED:
                    break
                continue
            self._found.add(seen)
            each = Ranked(match_class, cost, level, minus_priority, rank, seen, record)
            equal = equal or (minus_priority, rank) == former
            former = minus_priority, rank
            if after is None or each.position > after:
                ranked.append(each)
        if equal:
            ranked.sort(key=_by_position)
        return ranked

    def _tell(self, place: _Part, found: int) -> None:
        """Count records of a class, cost and level."""
        self._counts.append((place, found))
        self.total = min(self.total + found, MAX_TOTAL)

    def _untell(self) -> None:
        """Count one record less of those that were told last: read, it is none of them."""
        place, found = self._counts[-1]
        if found < MAX_TOTAL > self.total:  # else there may be more than were counted
            self._counts[-1] = place, found - 1
            self.total -= 1

    def _is_of(self, match_class: int, contact: Contact) -> bool:
        searched = self._scope.searched[contact.id.source]
        if match_class <= NUMBER_PART:
            return number_class(self._typed, contact, searched) == match_class
        return class_of(self._typed, contact, searched) == match_class

    @cached_property
    def _guessing(self) -> Guessing:
        return Guessing(self._reader, self._scope, self._typed, self._questions, self._passed)

    def _guesses(self, match_class: int, question: tantivy.Query) -> list[Ranked]:
        """Return records that sound or are spelled alike, the likest first."""
        guesses = list(self._guessing.compared(match_class, question, self._found))
        counted = 0
        if match_class == SPELLED:
            guesses += self._far
        elif self._is_typo_likelier(guesses):
            self._far = [guess for guess in guesses if guess[0] >= FAR_COST]
            guesses = [guess for guess in guesses if guess[0] < FAR_COST]
            if self._after is not None and self._after.match_class == SPELLED:
                counted = len(guesses)  # on the pages before
        self._tell((match_class, 0, OTHERS), len(guesses) - counted)
        ranked = []
        for cost, rank, record, place in guesses:
            contact = record.contact
            level, minus_priority = self._nearness.level(contact), self._priority(contact)
            source, key = contact.id.source, contact.id.key
            order = cost, level, minus_priority, rank, source, key  # as in `Position`
            each = Ranked(match_class, cost, level, minus_priority, rank, place, record)
            ranked.append((order, each))
        ranked.sort(key=itemgetter(0))
        after = self._after
        if after is not None:
            self._guessed.update([(each.record.contact.id, each.position) for _, each in ranked])
        return [each for _, each in ranked if after is None or each.position > after]

    def _is_typo_likelier(self, alike: list[Guess]) -> bool:
        """Tell whether few of those that sound alike are spelled nearly so.

        Then typos are looked for too, and come before the others.
        """
        if self._after is not None and self._after.match_class == SPELLED:
            return True
        near = sum(cost < FAR_COST for cost, *_ in alike)
        return self.total + near < FEW and self.question(SPELLED) is not None

    def _priority(self, contact: Contact) -> int:
        return self._scope.by_source[contact.id.source]


def step_of(read: int) -> int:
    """Return how many records are read at once behind others: few enough to read few in vain."""
    return max(read // STEPS, MIN_STEP)


def _of_sources(question: tantivy.Query, sources: tuple[str, ...]) -> tantivy.Query:
    return all_of([question, any_source(sources)])


def window_of(wanted: int) -> int:
    """Return how many records are fetched at once: some will be joined with others."""
    return wanted + wanted // 2 + 2


def place_of(address: Address) -> Place:
    """Return what tells a document from all others of one state of the index."""
    return address.segment_ord, address.doc


def _by_position(ranked: Ranked) -> Position:
    return ranked.position


def _ranks_from(least: int) -> tantivy.Query:
    return tantivy.Query.range_query(schema(), RANK, tantivy.FieldType.Unsigned, least, _MAX_U64)
