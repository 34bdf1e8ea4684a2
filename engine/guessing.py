"""Who sounds like what was typed, or is spelled like it: which records are compared, and how like.

Law: a few hundred records at the most are compared with a text, the alphabet's first of a class,
and the likely ones before them. Which these are hangs on nothing that the asker may not see:
frequencies and limits of the index only spare searches. `engine.ranking` puts them in order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import tantivy

from engine.likeness import NEVER, Likeness, Nearby
from engine.matching import SOUNDS, SPELLED
from engine.questions import MANY_WORDS, Questions, all_of, any_of
from engine.reader import Place, Reader, any_source
from engine.recall import Record
from engine.scope import Scope
from engine.typed import Typed

GUESS_WINDOW = 100
"""Records that sound or are spelled alike and are compared with the text: the alphabet's first."""

MANY_GUESSES = 400
"""Records of one sound that are read to find so many; beyond them the index is asked."""

SOME_GUESSES = 25
"""Of them, those that are read at once: if few of these are near, the rest is left to the index."""

Address = tantivy.DocAddress

Groups = list[tuple[tuple[str, ...], Questions]]
"""The sources that may be searched in the same fields, and the questions for these fields."""

Guess = tuple[int, int, Record, Place]
"""How far a record is from the text (`engine.likeness`), its rank, itself, and its place."""

_MUST = tantivy.Occur.Must
_MUST_NOT = tantivy.Occur.MustNot


class Guessing:
    """The guesses at one text, for one asker."""

    def __init__(
        self,
        reader: Reader,
        scope: Scope,
        typed: Typed,
        groups: Groups,
        passed: list[tantivy.Query],
    ) -> None:
        """Take what is asked; `passed` finds what was given on the pages before."""
        self._reader = reader
        self._scope = scope
        self._typed = typed
        self._groups = groups
        self._passed = passed
        self._names = groups[0][1]  # whoever sees any source sees names

    def compared(self, match_class: int, question: tantivy.Query, found: set[Place]) -> list[Guess]:
        """Return what a class of guesses finds, and how like it is; in no order.

        Args:
            match_class: `SOUNDS` or worse.
            question: the query of the class, without what was given before.
            found: documents that are left out; those that are returned are added.
        """
        hits = self._to_compare(match_class, question)
        ranks: list[int] = []
        addresses: list[Address] = []
        places: list[Place] = []
        for rank, address in hits:
            place = address.segment_ord, address.doc
            if place not in found:
                found.add(place)
                ranks.append(rank)
                addresses.append(address)
                places.append(place)
        records = self._reader.records_of(addresses, self._scope, ranks)
        contacts = [record.contact for record in records]
        costs = Likeness(self._typed).of_each(contacts, self._scope.searched)
        guesses = zip(costs, ranks, records, places, strict=True)
        return [guess for guess in guesses if guess[0] < NEVER]  # parts of numbers find too many

    def _to_compare(self, match_class: int, question: tantivy.Query) -> list[tuple[int, Address]]:
        """Return the first in the alphabet of a class of guesses, those that are likely before."""
        if match_class == SPELLED and len(self._typed.words) == 1:
            return self._misspelt()
        if match_class != SOUNDS:
            return self._reader.by_rank(question, self._scope, GUESS_WINDOW)
        first, likeliest = self._likeliest()
        if likeliest:
            return likeliest
        is_many = self._names.sounding() >= GUESS_WINDOW
        if is_many and len(self._likely) == GUESS_WINDOW:
            return self._likely
        hits = first or self._reader.by_rank(question, self._scope, GUESS_WINDOW)
        if len(hits) < GUESS_WINDOW:
            return hits
        return self._likely if len(self._likely) == GUESS_WINDOW else [*self._likely, *hits]

    def _misspelt(self) -> list[tuple[int, Address]]:
        """Return the first whose names have the one word with a typo, then companies, if few do.

        A tenth of a directory may be one typo away, and as many companies: to put all of them in
        order takes twice as long, and names are likelier.
        """
        hits: list[tuple[int, Address]] = []
        for misspelt in self._names.misspelt():
            if len(hits) < GUESS_WINDOW:
                fresh = without(misspelt, self._passed)
                hits += self._reader.by_rank(fresh, self._scope, GUESS_WINDOW - len(hits))
        return hits

    @cached_property
    def _likely(self) -> list[tuple[int, Address]]:
        """Return the first that sound alike and are one typo away; nobody for very many words."""
        if len(self._typed.words) > MANY_WORDS:
            return []
        likely = over_groups(self._groups, Questions.likely)
        if likely is None:
            return []
        likely = without(likely, self._passed)
        return self._reader.by_rank(likely, self._scope, GUESS_WINDOW)

    def _likeliest(self) -> tuple[list[tuple[int, Address]], list[tuple[int, Address]]]:
        """Return the first and the likeliest, if very many sound like the one word; else nobody.

        To find them by their spelling among 100,000 of one sound takes 10 ms, to put all of these
        in order 5.
        """
        if len(self._typed.words) > 1 or self._passed:
            return [], []
        question = self._names.first_sounding(self._reader.leading, GUESS_WINDOW)
        if question is None:
            return [], []
        nearby = Nearby(self._typed.words[0])
        likeliest: list[tuple[int, Address]] = []
        hits = self._reader.by_rank(question, self._scope, MANY_GUESSES)
        first = hits[:GUESS_WINDOW] if len(hits) >= GUESS_WINDOW else []
        for start in range(0, len(hits), SOME_GUESSES):
            some = hits[start : start + SOME_GUESSES]
            contacts = self._reader.recalled([address for _, address in some], self._scope)
            likeliest += [
                hit for hit, contact in zip(some, contacts, strict=True) if nearby.has(contact)
            ]
            if len(likeliest) >= GUESS_WINDOW:
                return first, likeliest[:GUESS_WINDOW]
            if len(likeliest) * MANY_GUESSES < GUESS_WINDOW * (start + len(some)):
                break  # most sound alike and are spelled otherwise: "shmidt", "Sandra"
        return first, self._likely if len(self._likely) == GUESS_WINDOW else []


def over_groups(
    groups: Groups, make: Callable[[Questions], tantivy.Query | None]
) -> tantivy.Query | None:
    """Return one query out of those for each group of sources; None if none has one."""
    if len(groups) == 1:
        return make(groups[0][1])
    parts = []
    for sources, questions in groups:
        part = make(questions)
        if part is not None:
            parts.append(all_of([any_source(sources), part]))
    return any_of(parts) if parts else None


def without(question: tantivy.Query, passed: list[tantivy.Query]) -> tantivy.Query:
    """Return a query for what another finds and none of some others."""
    if not passed:
        return question
    return tantivy.Query.boolean_query([(_MUST, question), *((_MUST_NOT, each) for each in passed)])
