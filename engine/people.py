"""Text → people, best first: one page of hits, each person once, each field with its origin.

Law: synchronous, over one fixed state of the index. Matching, ranking, grouping, suggesting are
modules of their own; here they are put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from time import perf_counter_ns

from engine.contact import Contact, ContactId
from engine.cursor import read_cursor, write_cursor
from engine.grouping import MAX_RECORDS, Joined, linked, same_person
from engine.matching import SOUNDS
from engine.query import (
    MATCH_CLASSES,
    MAX_HITS,
    Explanation,
    ExplanationStep,
    PeoplePage,
    PeopleQuery,
    PersonEmail,
    PersonHit,
    PersonNumber,
)
from engine.ranking import Position, Ranked, Ranking
from engine.reader import Reader
from engine.suggesting import suggestion
from engine.typed import Typed, read_typed


class PeopleSearch:
    """People search over one fixed state of the index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, query: PeopleQuery) -> PeoplePage:
        """Return one page of hits.

        Raises:
            InvalidCursor: the query's cursor is damaged or belongs to another text.
        """
        limit = min(max(query.limit, 1), MAX_HITS)
        typed = read_typed(query.text, keys=query.t9)
        cursor = read_cursor(query.cursor, typed)
        if not typed or self._reader.searcher is None:
            return PeoplePage()
        ranking = Ranking(
            self._reader,
            query,
            typed,
            after=cursor.position if cursor else None,
            seen=cursor.total if cursor else 0,
        )
        people = list(islice(self._people(ranking, query, typed, limit + 1), limit + 1))
        shown = people[:limit]
        if cursor:
            total = cursor.total
        elif len(people) <= limit:
            total = ranking.total
        else:
            total = max(ranking.count(), ranking.total)
        hits = tuple(hit for _, hit in shown)
        guessed = cursor is None and (not hits or hits[0].match_class >= SOUNDS)
        return PeoplePage(
            hits,
            total=total,
            cursor=write_cursor(typed, shown[-1][0], total) if len(people) > limit else "",
            did_you_mean=suggestion(self._reader, query, typed, hits) if guessed else "",
        )

    def explain(self, query: PeopleQuery) -> tuple[PeoplePage, Explanation]:
        """Return the page, and how the text was read and each hit was found."""
        started = perf_counter_ns()
        page = self.answer(query)
        took_us = (perf_counter_ns() - started) / 1_000
        typed = read_typed(query.text, keys=query.t9)
        total = f"{page.total} found" if not page.cursor else f"{page.total} or more found"
        steps = [
            ExplanationStep("asked", repr(query.text[:200])),
            ExplanationStep("read", _reading(typed)),
            ExplanationStep("searched", f"{total}, {len(page.hits)} shown", took_us),
        ]
        if page.did_you_mean:
            steps.append(ExplanationStep("meant", repr(page.did_you_mean)))
        steps += [
            ExplanationStep(f"hit {place}", self._reason(hit))
            for place, hit in enumerate(page.hits, 1)
        ]
        return page, Explanation(tuple(steps))

    def _reason(self, hit: PersonHit) -> str:
        """Say which word matched which field how, and what else put a hit where it is."""
        answers = "; ".join(
            f"{answer.word} {_HOW[answer.how]} {answer.text!r} ({answer.field})"
            for answer in hit.answers
        )
        records = ", ".join(map(str, hit.records))
        return (
            f"{hit.name!r}: class {hit.match_class}, {MATCH_CLASSES[hit.match_class]}: {answers}; "
            f"priority {self._reader.priority(hit.id.source)}, from {records}"
        )

    def _people(
        self, ranking: Ranking, query: PeopleQuery, typed: Typed, wanted: int
    ) -> Iterator[tuple[Position, PersonHit]]:
        """Give people in the order of their best records, each once."""
        scope = self._reader.scope(query.principal)
        ranked = ranking.ranked(wanted)
        joined: set[ContactId] = set()
        several = len(scope.sources) > 1
        while batch := list(islice(ranked, wanted)):
            others = (
                linked(
                    self._reader,
                    [each.contact for each in batch],
                    query.principal,
                    {each.place for each in batch},
                )
                if several
                else []
            )
            for at, each in enumerate(batch):
                if each.contact.id in joined:
                    continue
                members = _members(each, [later.contact for later in batch[at + 1 :]], others)
                if any(self._is_better(ranking, each, member) for member in members[1:]):
                    continue  # it was shown with its better record, on this page or before
                joined.update(member.id for member in members)
                searched = scope.searched[each.contact.id.source].fields
                yield each.position, self._hit(each, members, typed, searched)

    def _is_better(self, ranking: Ranking, each: Ranked, member: Contact) -> bool:
        place = ranking.place(member)
        return place is not None and place < each.position

    def _hit(
        self, best: Ranked, members: list[Contact], typed: Typed, searched: frozenset[str]
    ) -> PersonHit:
        if len(members) > 1:
            members.sort(key=self._by_priority)
        person = Joined(members)
        return PersonHit(
            contact=person.contact,
            records=person.records,
            origins=person.origins,
            numbers=tuple(
                PersonNumber(line.kind, line.number, line.written, origin)
                for line, origin in person.lines.values()
            ),
            emails=tuple(
                PersonEmail(address, origin) for address, origin in person.emails.values()
            ),
            match_class=best.position.match_class,
            typed=typed,
            searched=searched,
        )

    def _by_priority(self, contact: Contact) -> tuple[int, str, str]:
        return (-self._reader.priority(contact.id.source), contact.id.source, contact.id.key)


_HOW = {
    "whole": "is",
    "begins": "begins",
    "part": "is part of",
    "keys": "is typed on the keys of",
    "initials": "are initials of",
    "sounds": "sounds like",
    "spelled": "is spelled like",
}


def _members(best: Ranked, later: list[Contact], others: list[Contact]) -> list[Contact]:
    """Return the records of one person: the best, and those that are the same person as one."""
    members = [best.contact]
    rest = [*others, *later]
    if not rest:
        return members
    for member in members:  # grows while it is read: a record may be joined by another
        for other in rest:
            if len(members) < MAX_RECORDS and other not in members and same_person(member, other):
                members.append(other)
    return members


def _reading(typed: Typed) -> str:
    """Say in words how a text was read."""
    parts = []
    if typed.digits:
        parts.append(f"part of a number: {typed.digits}")
        if typed.national:
            parts.append(f"beginning behind a country code: {typed.national}")
    if typed.words:
        parts.append("words: " + " and ".join(f"{word}*" for word in typed.words))
    if typed.keys:
        parts.append("letters on a phone's keys")
    return "; ".join(parts) or "nothing"
