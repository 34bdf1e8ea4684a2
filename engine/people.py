"""Text → people, best first: one page of hits, each person once, each field with its origin.

Law: synchronous, over one fixed state of the index. Matching, ranking, grouping, suggesting are
modules of their own; here they are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from functools import partial
from time import perf_counter_ns

from msgspec.structs import replace

from engine.contact import Contact, ContactId
from engine.cursor import Cursor, read_cursor, write_cursor
from engine.errors import InvalidCursor
from engine.folding import page_of
from engine.grouping import MAX_JOINED, Crowds, Groups
from engine.joined import alone
from engine.matching import FULL_NAME, SOUNDS
from engine.plainpeople import in_one, plain_page
from engine.plainwords import PlainWords
from engine.query import (
    MATCH_CLASSES,
    MAX_HITS,
    MAX_TOTAL,
    Explanation,
    ExplanationStep,
    PeoplePage,
    PeopleQuery,
    PersonHit,
)
from engine.ranking import AsTyped, Position, Ranked, Ranking
from engine.reader import Reader
from engine.rights import Principal
from engine.suggesting import as_written, suggestion
from engine.typed import ADDRESSED, Typed, read_typed, without_courtesies

MAX_PAGES = 10
"""Pages of one question that is not asked page by page: some 3,000 records of one person."""


def pages_of(
    answer: Callable[[PeopleQuery], PeoplePage], query: PeopleQuery, most: int = MAX_PAGES
) -> Iterator[PeoplePage]:
    """Give the pages that together have as many hits as are wanted, or all that there are.

    One alone may end before, amid a crowd of one person. For faces that have no next page.

    Args:
        answer: answers with one page.
        query: the question; behind the first page what is left of its limit is asked for.
        most: after so many pages it ends in any case.
    """
    wanted = min(max(query.limit, 1), MAX_HITS)
    for _ in range(most):
        page = answer(query)
        yield page
        wanted -= len(page.hits)
        if not page.cursor or wanted <= 0:
            return
        query = replace(query, cursor=page.cursor, limit=wanted)


class PeopleSearch:
    """People search over one fixed state of the index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._words = PlainWords(reader.frequency)

    def answer(self, query: PeopleQuery) -> PeoplePage:
        """Return one page of hits.

        Raises:
            InvalidCursor: the query's cursor is damaged or belongs to another text.
        """
        return self._answered(query)[0]

    def _answered(self, query: PeopleQuery) -> tuple[PeoplePage, Typed]:
        """Return one page of hits, and the words that it answers.

        Where nobody was found as typed, these are the words without titles and the like.
        """
        typed = read_typed(query.text, keys=query.t9)
        plain = without_courtesies(typed)
        if plain is None:
            return self.page(query, typed), typed
        try:
            page = self.page(query, typed)
        except InvalidCursor:
            return self.page(query, plain), plain
        if query.cursor or (page.hits and page.hits[0].match_class < SOUNDS):
            if page.hits and not query.cursor and _is_begun_by_address(page.hits[0]):
                page = replace(page, did_you_mean=as_written(query, plain.words))
            return page, typed
        of_plain = self.page(query, plain)
        if of_plain.hits and (not page.hits or of_plain.hits[0].match_class < SOUNDS):
            if not of_plain.did_you_mean:
                meant = as_written(query, plain.words)
                of_plain = replace(of_plain, did_you_mean=meant)
            return of_plain, plain
        return page, typed

    def page(self, query: PeopleQuery, typed: Typed) -> PeoplePage:
        """Return one page of hits for what was read of a text.

        Raises:
            InvalidCursor: as `answer`.
        """
        limit = min(max(query.limit, 1), MAX_HITS)
        cursor = read_cursor(query.cursor, typed)
        if not typed or self._reader.searcher is None:
            return PeoplePage()
        as_typed = None
        if cursor is None:
            found = plain_page(self._reader, self._words, query, typed, limit)
            if isinstance(found, PeoplePage):
                return found
            as_typed = found
        return self.the_long_way(query, typed, cursor, as_typed)

    def the_long_way(
        self,
        query: PeopleQuery,
        typed: Typed,
        cursor: Cursor | None = None,
        as_typed: AsTyped | None = None,
    ) -> PeoplePage:
        """Return what `answer` returns, for any question that something was read of.

        `as_typed`: what `plain_page` has found.
        """
        limit = min(max(query.limit, 1), MAX_HITS)
        ranking = Ranking(
            self._reader,
            query,
            typed,
            after=cursor.position if cursor else None,
            counted=cursor.counted if cursor else 0,
            as_typed=as_typed,
        )
        people = self._people(ranking, query, typed, limit + 1)
        shown = page_of(people, limit, fold=query.fold)
        hits = shown.hits
        guessed = cursor is None and (not hits or hits[0].match_class >= SOUNDS)
        last = shown.last.position if shown.more and shown.last else None
        total, is_exact = ranking.total, not shown.more and ranking.total < MAX_TOTAL
        if cursor is not None and not is_exact:  # how far a page counts hangs on where it begins
            total = max(total, min(cursor.told, MAX_TOTAL))
        return PeoplePage(
            hits,
            total,
            is_exact,
            cursor=write_cursor(typed, last, ranking.counted_before(last), total) if last else "",
            did_you_mean=suggestion(self._reader, query, typed, hits) if guessed else "",
        )

    def explain(self, query: PeopleQuery) -> tuple[PeoplePage, Explanation]:
        """Return the page, and how the text was read and each hit was found."""
        started = perf_counter_ns()
        page, typed = self._answered(query)
        took_us = (perf_counter_ns() - started) / 1_000
        more = "" if page.total_is_exact else " or more"
        records = "record" if page.total == 1 and not more else "records"
        people = "person" if len(page.hits) == 1 else "people"
        shown = f"{page.total}{more} {records} found, {len(page.hits)} {people} shown"
        steps = [
            ExplanationStep("asked", repr(query.text[:200])),
            ExplanationStep("read", _reading(typed) + _left_out(query, typed)),
            ExplanationStep("searched", shown, took_us),
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
        folded = f"; {len(hit.folded)} of the company folded under it" if hit.folded else ""
        return (
            f"{hit.name!r}: class {hit.match_class}, {MATCH_CLASSES[hit.match_class]}: {answers}; "
            f"priority {self._reader.priority(hit.id.source)}, from {records}{folded}"
        )

    def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        """Return the person of a record: it and the visible records linked to it; None for none."""
        record = self._reader.find(identity, principal)
        if record is None:
            return None
        scope = self._reader.scope(principal)
        members = Groups(self._reader, scope, [record]).of(record.contact, lambda _: False)
        return in_one(self._reader, members, FULL_NAME, Typed(()), frozenset())

    def _people(
        self, ranking: Ranking, query: PeopleQuery, typed: Typed, wanted: int
    ) -> Iterator[tuple[Ranked, PersonHit | None]]:
        """Give people in the order of their best records, each once.

        None stands for nobody: where a page has read so many records of people that were given
        already that it ends there.
        """
        scope = self._reader.scope(query.principal)
        given: set[ContactId] = set()
        joined: set[ContactId] = set()
        searched_in = scope.searched
        crowds: Crowds = {}
        places: dict[ContactId, Position | None] = {}
        in_vain = 0
        as_typed = ranking.as_typed if ranking.goes_on else None
        for batch in ranking.batches(wanted):
            records = [each.record for each in batch]
            groups = Groups(self._reader, scope, records, crowds, as_typed)
            if ranking.goes_on:  # of these it is known
                places.update([(each.record.contact.id, each.position) for each in batch])
            for each in batch:
                contact = each.record.contact
                identity = contact.id
                given.add(identity)
                if identity in joined:
                    continue
                searched = searched_in[identity.source].fields
                if identity not in groups:  # most people have one record
                    yield each, alone(contact, each.match_class, typed, searched)
                    continue
                before = partial(_stands_before, ranking, each.position, given, places)
                members = groups.of(contact, before)
                if not members:  # it was shown with its better record, on this page or before
                    in_vain += 1
                    if in_vain == MAX_JOINED:
                        yield each, None
                    continue
                joined.update(member.id for member in members)
                yield each, in_one(self._reader, members, each.match_class, typed, searched)


def _is_begun_by_address(hit: PersonHit) -> bool:
    """Tell whether a form of address was taken for the beginning of a name: "Frau", Frauke."""
    return any(answer.word in ADDRESSED and answer.how == "begins" for answer in hit.answers)


def _stands_before(
    ranking: Ranking,
    position: Position,
    given: AbstractSet[ContactId],
    places: dict[ContactId, Position | None],
    member: Contact,
) -> bool:
    """Tell whether a record of the same person stands before a position, on this page or before it.

    All that stand before it since the cursor were given; `given` says which. `places` remembers
    where others stand: a crowd is asked for with each of its records that is shown.
    """
    identity = member.id
    if identity in given or not ranking.goes_on:
        return identity in given
    if identity not in places:
        places[identity] = ranking.place(member)
    place = places[identity]
    return place is not None and place < position


_HOW = {
    "whole": "is",
    "begins": "begins",
    "part": "is part of",
    "keys": "is typed on the keys of",
    "initials": "are initials of",
    "sounds": "sounds like",
    "spelled": "is spelled like",
}


def _left_out(query: PeopleQuery, typed: Typed) -> str:
    """Say which words a text was answered without, "" for none."""
    words = read_typed(query.text, keys=query.t9).words
    without = [word for word in words if word not in typed.words]
    return f"; left out, since nobody was found with it: {' and '.join(without)}" if without else ""


def _reading(typed: Typed) -> str:
    """Say in words how a text was read."""
    parts = []
    if typed.digits:
        parts.append(f"part of a number: {typed.digits}")
        if typed.national:
            parts.append(f"beginning behind a country code: {typed.national}")
    if typed.words:
        parts.append("words: " + " and ".join(f"{word}*" for word in typed.words))
    if typed.turned:
        parts.append(f"two letters turned round: {typed.turned}")
    if typed.keys:
        parts.append("letters on a phone's keys")
    return "; ".join(parts) or "nothing"
