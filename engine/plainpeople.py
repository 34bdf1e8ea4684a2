"""The short way of a people search: the first page of one or two plain words.

So begins nearly every search, and most end there. It gives what the long way gives
(`engine.people`), which a property test holds, in four fifths of the time for one word and nine
tenths for two: flat, where that is made of generators that can go on anywhere. Whatever
is rare is left to it: numbers, more words, what is near to the asker, fields that are hidden in
some sources, guesses. Of these it is told what was found before them.

Law: as `engine.ranking`.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from engine.bodykeys import body_key_of
from engine.contact import Contact, ContactId
from engine.cursor import write_cursor
from engine.grouping import MAX_JOINED, Crowds, Groups, alone, person_of
from engine.matching import (
    COMPANY,
    COMPANY_WHOLE,
    FULL_NAME,
    INITIALS,
    NAME,
    NAME_COMPANY,
    NAME_OTHER,
    NAME_WHOLE,
    OTHER,
    is_number_part,
)
from engine.nearness import OTHERS
from engine.query import MAX_TOTAL, PeoplePage, PeopleQuery, PersonHit
from engine.questions import TWO_WORDS, Part, Questions, first_of, start, whole
from engine.ranking import (
    FEW,
    TOGETHER,
    WINDOW,
    Address,
    AsTyped,
    Position,
    Ranking,
    place_of,
    step_of,
    window_of,
)
from engine.reader import Place, Reader
from engine.schema import COMPANY as COMPANY_FIELD
from engine.schema import MAX_SEQ, PERSON, SEQ_BITS, term
from engine.schema import NAME as NAME_FIELD
from engine.scope import Scope, Searched
from engine.typed import Typed

OF_TWO = (FULL_NAME, NAME_WHOLE, NAME, NAME_COMPANY, NAME_OTHER, COMPANY_WHOLE, COMPANY, OTHER)
"""The classes in which two words may be answered without guessing."""

_Found = tuple[int, int, int, int, Address]
"""A record that was found, before it is read: its class, and as in `engine.ranking.Entry`."""

_Asked = tuple[int, Part]
"""A class, and what finds those in it, and of those in better classes whom it will."""

_Last = tuple[_Found, ContactId]

_by_priority = itemgetter(1, 2)


def plain_page(  # noqa: C901, PLR0911, PLR0912, PLR0915 - flat for its speed
    reader: Reader, query: PeopleQuery, typed: Typed, limit: int
) -> PeoplePage | AsTyped | None:
    """Return the first page of an answer; less than that where it is to be found the long way.

    Args:
        reader: asked.
        query: who asks; its cursor is empty.
        typed: what was read of its text, something.
        limit: the most hits, at least 1.

    Returns:
        The page; all that was found as it was typed, if that is so little that the long way has to
        guess; None if it has to find that too.
    """
    words = typed.words
    if len(words) > TWO_WORDS or typed.digits or typed.keys or any(map(is_number_part, words)):
        return None
    is_turned = bool(typed.turned and reader.frequency(NAME_FIELD, whole(typed.turned)))
    scope = reader.scope(query.principal)
    if (
        is_turned
        or query.fold
        or query.company
        or query.department
        or scope.private
        or len(scope.groups) != 1
    ):
        return None
    wanted = limit + 1
    told: dict[int, int] = {}
    parts = _parts(reader, query, typed, scope, wanted, told=told)
    fields = scope.groups[0][1].fields
    hits: list[PersonHit] = []
    given: set[ContactId] = set()
    joined: set[ContactId] = set()
    so_far: list[_Found] = []
    waiting: list[_Found] = []
    crowds: Crowds = {}
    size, in_vain = wanted, 0
    last: _Last | None = None
    while True:
        while len(waiting) < size and (part := next(parts, None)) is not None:
            if not part:
                return None
            waiting += part
            so_far += part
        if len(waiting) < size and sum(told.values()) < FEW:
            return _by_class(so_far)
        if not waiting:
            break
        batch, waiting = waiting[:size], waiting[size:]
        size = step_of(wanted)
        versions = [body_key_of(rank, seq) for _, _, rank, seq, _ in batch]
        records = reader.records(versions, scope)
        groups = Groups(reader, scope, records, crowds)
        for each, record in zip(batch, records, strict=True):
            contact = record.contact
            identity = contact.id
            given.add(identity)
            if joined and identity in joined:
                continue
            members = None
            if record.twins != ():  # as few have
                members = groups.of(contact, lambda other: other.id in given)
                if not members:  # it was shown with its better record
                    in_vain += 1
                    if in_vain == MAX_JOINED:
                        return _cut(typed, tuple(hits), (each, identity), told)
                    continue
                joined.update([member.id for member in members])
            if last is not None and len(hits) == limit:
                return _cut(typed, tuple(hits), last, told)
            if members:
                hits.append(in_one(reader, members, each[0], typed, fields))
            else:
                hits.append(alone(contact, each[0], typed, fields))
            last = each, identity
    total = min(sum(told.values()), MAX_TOTAL)
    return PeoplePage(tuple(hits), total, total < MAX_TOTAL)


def _by_class(found: list[_Found]) -> AsTyped:
    classes: AsTyped = {}
    for match_class, minus_priority, rank, seq, at in found:
        classes.setdefault(match_class, []).append((minus_priority, rank, seq, at))
    return classes


def in_one(
    reader: Reader,
    members: list[Contact],
    match_class: int,
    typed: Typed,
    searched: frozenset[str],
) -> PersonHit:
    """Return the person of some records, of which those of the better sources show first."""
    if len(members) > 1:
        members.sort(
            key=lambda each: (-reader.priority(each.id.source), each.id.source, each.id.key)
        )
    return person_of(members, match_class=match_class, typed=typed, searched=searched)


def _cut(
    typed: Typed,
    hits: tuple[PersonHit, ...],
    last: _Last,
    told: dict[int, int],
) -> PeoplePage:
    """Return a page that others come behind.

    Args:
        typed: what was asked.
        hits: as many as were wanted, or fewer.
        last: the record behind which the next page begins.
        told: class → how many were counted in it.
    """
    (match_class, minus_priority, rank, _, _), identity = last
    position = Position(
        match_class, TOGETHER, OTHERS, minus_priority, rank, identity.source, identity.key
    )
    before = sum([counted for other, counted in told.items() if other < match_class])
    return PeoplePage(
        hits,
        min(sum(told.values()), MAX_TOTAL),
        total_is_exact=False,
        cursor=write_cursor(typed, position, min(before, MAX_TOTAL)),
    )


def _parts(  # noqa: C901, PLR0912 - as above
    reader: Reader,
    query: PeopleQuery,
    typed: Typed,
    scope: Scope,
    wanted: int,
    *,
    told: dict[int, int],
) -> Iterator[list[_Found]]:
    """Give who is found class by class, best first: what no better class has; [] to give up.

    Args:
        reader: asked.
        query: who asks.
        typed: what is asked.
        scope: what the asker sees.
        wanted: about how many will be read.
        told: class → how many were counted in it; filled.
    """
    by_origin, searched = scope.by_origin, scope.groups[0][1]
    best = next(iter(scope.priorities))
    most = max(WINDOW, wanted + 1)
    few = most
    if max(map(len, typed.words)) > 1:
        few = min(most, int(window_of(wanted) / scope.best_share) + 1)
    found: set[Place] = set()
    asked = _asked_of_one if len(typed.words) == 1 else _asked_of_two
    for match_class, part in asked(reader, typed, searched, found):
        hits: list[tuple[int, Address]] = []
        counted, limit = 0, most + len(found) if found else few
        for question in (*part.first, part.all):
            hits, counted = reader.counted_by_rank(question, scope, limit)
            if counted >= most + len(found):
                break
        is_cut = len(hits) == limit if found else counted > len(hits)
        entries: list[_Found] = []
        fresh, former = 0, -1
        for (rank, at), mark in zip(hits, reader.marks([at for _, at in hits]), strict=True):
            if found and place_of(at) in found:
                continue
            fresh += 1
            minus_priority = by_origin.get(mark >> SEQ_BITS, 0)
            if is_cut and minus_priority != best:
                continue  # of the first by rank those of the best sources are the best
            if rank == former:
                yield []  # the order of namesakes of one rank hangs on what is read
            former = rank
            entries.append((match_class, minus_priority, rank, mark & MAX_SEQ, at))
        told[match_class] = min(fresh + is_cut if found else counted, MAX_TOTAL)
        if not is_cut and len(scope.priorities) > 1:
            entries.sort(key=_by_priority)
        if entries:
            yield entries
        found.update([place_of(at) for *_, at in entries])
        if is_cut:
            ranking = Ranking(reader, query, typed, found=found)
            for rest in ranking.in_order(part, hits[-1][0], wanted):
                if len({rank for _, rank, _, _ in rest}) < len(rest):
                    yield []
                found.update([place_of(at) for *_, at in rest])
                yield [(match_class, *each) for each in rest]


def _asked_of_one(
    reader: Reader, typed: Typed, searched: Searched, found: set[Place]
) -> Iterator[_Asked]:
    """Give the classes in which one word may be answered, and what to ask for each.

    Args:
        reader: asked which terms there are.
        typed: the word.
        searched: the fields that may be searched.
        found: those in better classes; grows.
    """
    (word,) = typed.words
    beginning, ending = start(word), whole(word)
    frequency = reader.frequency
    if frequency(PERSON, "=" + word):
        yield FULL_NAME, Part(term(PERSON, "=" + word))
    if begun := frequency(NAME_FIELD, beginning):
        ended = frequency(NAME_FIELD, ending)
        for match_class, value in ((NAME_WHOLE, ending), (NAME, beginning)):
            # who has a whole word has its beginning: if as many do, nobody else does
            if ended if match_class == NAME_WHOLE else ended < begun:
                first = first_of(value, reader.leading, WINDOW + len(found), frequency)
                yield match_class, Part(term(NAME_FIELD, value), first)
    if begun := frequency(COMPANY_FIELD, beginning):
        ended = frequency(COMPANY_FIELD, ending)
        if ended:
            yield COMPANY_WHOLE, Part(term(COMPANY_FIELD, ending))
        if ended < begun:
            yield COMPANY, Part(term(COMPANY_FIELD, beginning))
    questions = Questions(typed, searched, frequency)
    for match_class in (OTHER, INITIALS):
        rest = questions.query(match_class)
        if rest is not None:
            yield match_class, Part(rest)


def _asked_of_two(
    reader: Reader, typed: Typed, searched: Searched, found: set[Place]
) -> Iterator[_Asked]:
    """Give the same for two words."""
    questions = Questions(typed, searched, reader.frequency)
    for match_class in OF_TWO:
        question = questions.query(match_class)
        if question is not None:
            first = questions.first(match_class, reader.leading, WINDOW + len(found))
            yield match_class, Part(question, first)
