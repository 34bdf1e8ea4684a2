"""What the index is asked for a plain word, remembered: the next letter asks for it again.

Of two words, who types the second has typed the first for some letters already, and given names are
few. What is asked for a word (a term for each field that any contact has it in) hangs on nothing
but the index and the fields that may be searched.

Law: as `engine.questions`, whose queries these are. It holds for one fixed state of the index.
"""

from __future__ import annotations

from functools import cached_property

import tantivy

from engine.questions import Frequency, any_of, start, whole
from engine.schema import COMPANY, NAME, OTHER, term
from engine.tokens import LEFT_OUT

MAX_WORDS = 2_048
"""Words that are remembered, some 1 KiB each."""

_Query = tantivy.Query


class PlainWord:
    """A word: how many documents have it where, and the queries for them; made when asked for.

    Queries are None where no document has the word.

    Attributes:
        whole_in_name: how many have it as a whole word of a name.
        may_be_whole: whether it may be part of a whole name (`engine.terms.person_terms`): each of
            its words is one of a name or a company, or left out.
    """

    def __init__(self, word: str, marks: tuple[str, ...], frequency: Frequency) -> None:
        """Take a folded word, and the marks of the fields that may be searched."""
        self._start = start(word)
        self._marks = marks
        self._frequency = frequency
        ending = whole(word)
        self.whole_in_name = frequency(NAME, ending)
        self.may_be_whole = bool(
            self.whole_in_name or word in LEFT_OUT or frequency(COMPANY, ending)
        )

    @cached_property
    def names(self) -> int:
        """How many documents have it in a name."""
        return self._frequency(NAME, self._start)

    @cached_property
    def companies(self) -> int:
        """How many have it in their company."""
        return self._frequency(COMPANY, self._start)

    @cached_property
    def name(self) -> _Query | None:
        """The query for it in names."""
        return term(NAME, self._start) if self.names else None

    @cached_property
    def company(self) -> _Query | None:
        """The query for it in companies."""
        return term(COMPANY, self._start) if self.companies else None

    @cached_property
    def _others(self) -> tuple[list[_Query], int]:
        """The queries for it in the other fields, and how many documents these find at the most."""
        places = [mark + self._start for mark in self._marks]
        held = [(place, self._frequency(OTHER, place)) for place in places]
        found = [term(OTHER, place) for place, count in held if count]
        return found, sum([count for _, count in held])

    @cached_property
    def anywhere(self) -> _Query | None:
        """The query for it in any field."""
        found, _ = self._others
        wanted = [each for each in (self.name, self.company, *found) if each is not None]
        return any_of(wanted) if wanted else None

    @property
    def most(self) -> int:
        """How many documents have it in any field, at the most."""
        return self.names + self.companies + self._others[1]


class PlainWords:
    """The words that were asked for lately."""

    def __init__(self, frequency: Frequency) -> None:
        """Take what tells of the index how many documents have a term; it is asked once a word."""
        self._frequency = frequency
        self._known: dict[tuple[str, ...], dict[str, PlainWord]] = {}
        self._count = 0

    def of(self, word: str, marks: tuple[str, ...]) -> PlainWord:
        """Return what is asked for a word in the fields with these marks."""
        known = self._known.get(marks)
        found = known.get(word) if known is not None else None
        if found is None:
            found = PlainWord(word, marks, self._frequency)
            if self._count >= MAX_WORDS:
                self._known.clear()
                self._count = 0
            self._known.setdefault(marks, {})[word] = found
            self._count += 1
        return found
