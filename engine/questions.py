"""A typed text → one index query for each class in which it may be answered.

Law: queries are objects of bounded depth; outside text never meets a parser. Every query asks only
for fields that the asker may search. What the index cannot tell apart (words beyond 12 letters,
parts of numbers beyond 3 digits) it answers with more than is asked: `engine.matching` decides.

Over 400 lines: a class is told by what the better ones have asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

import tantivy

from engine.leading import MANY as WORTH_A_LIMIT
from engine.leading import SOUNDS as SOUND_LIMITS
from engine.leading import Leading, leading_term
from engine.likeness import MIN_SOUND_START, sound_of, typos_allowed
from engine.matching import (
    COMPANY,
    COMPANY_WHOLE,
    FULL_NAME,
    INITIAL_LETTERS,
    INITIALS,
    KEYS,
    NAME,
    NAME_COMPANY,
    NAME_OTHER,
    NAME_WHOLE,
    NUMBER_BEGIN,
    NUMBER_END,
    NUMBER_PART,
    OTHER,
    SOUNDS,
    SPELLED,
)
from engine.schema import COMPANY as COMPANY_FIELD
from engine.schema import LEADING, PAIR, PERSON, RANK, SOUND, schema, term
from engine.schema import NAME as NAME_FIELD
from engine.schema import OTHER as OTHER_FIELD
from engine.scope import Searched
from engine.terms import ANY_PAIR, MAX_PREFIX, PAIR_LETTERS, PART_DIGITS, WHOLE, pair_of
from engine.typed import KEYS as PHONE_KEYS
from engine.typed import Typed, is_number_part

_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_Query = tantivy.Query

TWO_WORDS = 2

MANY_WORDS = 4
"""Texts of more words are not guessed at in every way: typos in companies, and to look for the
likeliest first, would take eight words 20 ms more."""

MANY = 2_000
"""Contacts with a beginning from which on it is quicker to ask for a pair of them too."""

VERY_MANY = 20_000
"""Contacts of one sound from which on it is quicker to compare the first of them one by one."""

Frequency = Callable[[str, str], int]
"""Index field and term → how many documents have it, of all and not only of the visible ones."""


class Part(NamedTuple):
    """A part of an answer: the query for all of it, and ones for its first in the alphabet.

    Attributes:
        all: finds all of it.
        first: each finds those of it that stand before some place of the one list (`RANK`), and
            nobody else; the one with the fewest first.
    """

    all: _Query
    first: tuple[_Query, ...] = ()

    def narrowed(self, narrow: Callable[[_Query], _Query]) -> Part:
        """Return a part of this part."""
        return Part(narrow(self.all), tuple(map(narrow, self.first)))


def first_of(
    beginning: str, leading: Leading, least: int, frequency: Frequency
) -> tuple[_Query, ...]:
    """Return the queries for the first contacts with a beginning: `Questions.first` of one word."""
    if frequency(NAME_FIELD, beginning) < WORTH_A_LIMIT:
        return ()
    return tuple([term(LEADING, name) for _, name in _levels(beginning, leading, least, frequency)])


def _levels(
    beginning: str, leading: Leading, least: int, frequency: Frequency
) -> list[tuple[int, str]]:
    """Return the levels of a beginning that are worth asking for, the highest first, by term.

    With fewer documents than `least` they are not.
    """
    terms = [(level, leading_term(level, beginning)) for level in leading.levels(beginning)]
    return [each for each in reversed(terms) if frequency(LEADING, each[1]) >= least]


class Questions:
    """The queries of one text for one set of fields; made when they are asked for.

    What no document has is left out beforehand: a look into the dictionary costs 1 µs, a term of
    a query 2, a class without answers 20. Only time is spared by it: the answers are the same.
    """

    def __init__(self, typed: Typed, searched: Searched, frequency: Frequency) -> None:
        self._typed = typed
        self._searched = searched
        self._frequency = frequency

    def query(self, match_class: int) -> _Query | None:
        """Return the query of a class, None if it cannot find more than better classes do.

        It finds all of the class that no better class finds, and none of a worse class.
        """
        if match_class <= NUMBER_PART:
            return self._numbers(match_class) if self._typed.digits else None
        if not self._typed.words:
            return None
        return self._words(match_class)

    def _words(self, match_class: int) -> _Query | None:  # noqa: PLR0911 - one line a class
        match match_class:
            case 4:
                return self._term(PERSON, "=" + self._typed.whole_name)
            case 5:
                return self._whole_names()
            case 6:
                return self._beginnings()
            case 7 | 8 if len(self._typed.words) < TWO_WORDS:
                return None
            case 7:
                return self._name_and(self._in_company)
            case 8:
                return self._name_and(self._elsewhere)
            case 9:
                return self._whole_words(COMPANY_FIELD, list)
            case 10:
                return _all_or_none(self._in_company)
            case 11:
                return _all_or_none(self._elsewhere)
            case _:
                return self._guesses(match_class)

    def _whole_words(self, field: str, beside: Callable[[], list[_Query | None]]) -> _Query | None:
        """Return the query for whole words.

        Few are typed: `beside`, what else is asked for, is made for these alone.
        """
        found: list[_Query | None] = []
        for word in self._typed.words:
            found.append(self._term(field, whole(word)))
            if found[-1] is None:  # as of most
                return None
        return _all_or_none([*found, *beside()])

    def _whole_names(self) -> _Query | None:
        """Return the query for names with all words, or the one with two letters turned round."""
        if not self._typed.turned:
            return self._whole_words(NAME_FIELD, lambda: self._paired)
        both = *self._typed.words, self._typed.turned
        return _any_or_none([self._term(NAME_FIELD, whole(each)) for each in both])

    def _beginnings(self) -> _Query | None:
        """Return the query for names with all beginnings: a pair alone tells two short ones."""
        if len(self._typed.words) == 1:
            return self._in_name[0]
        pair = self._pair
        if pair and self._is_pair:
            of_pair, of_many = self._term(PAIR, pair), self._term(PAIR, ANY_PAIR)
            if of_many is None:  # as in most indexes
                return of_pair
            return _any_or_none([of_pair, _all_or_none([*self._in_name, of_many])])
        return _all_or_none([*self._in_name, *self._paired])

    @property
    def _is_pair(self) -> bool:
        """Whether a pair alone tells all that was typed."""
        words = self._typed.words
        return len(words) == TWO_WORDS and max(map(len, words)) <= PAIR_LETTERS

    def _name_and(self, others: list[_Query | None]) -> _Query | None:
        """Return the query for texts of which a part is in the name, the rest somewhere else.

        Of two words one is in the name and the other is not: what has both in the name was found.
        """
        names = self._in_name
        if not any(names):
            return None
        if len(names) == TWO_WORDS:
            ways = [_all_or_none([names[0], others[1]]), _all_or_none([names[1], others[0]])]
            return _any_or_none(ways)
        found = _all_or_none(
            [_any_or_none([name, other]) for name, other in zip(names, others, strict=True)]
        )
        return _all_or_none([_any_or_none(names), found])

    def _guesses(self, match_class: int) -> _Query | None:
        words, guessed = self._typed.words, self._guessed
        match match_class:
            case 12 if self._typed.keys:
                return all_of([on_keys(word) for word in words])
            case 13 if len(words) == 1 and len(words[0]) == INITIAL_LETTERS:
                return self._term(PERSON, "~" + words[0])
            case 14 if any(map(sound_of, words)):
                return all_of([any_of([*as_typed, *_sounding(word)]) for as_typed, word in guessed])
            case 15 if len(words) == 1 and typos_allowed(words[0]):
                return any_of(self.misspelt())
            case 15 if any(map(typos_allowed, words)):
                fields = 1 if len(words) > MANY_WORDS else 2
                return all_of(
                    [
                        any_of([*as_typed, *_sounding(word), *misspelt[:fields]])
                        for as_typed, word in guessed
                        for misspelt in (_misspelt(word, typos_allowed(word)),)
                    ]
                )
            case _:
                return None

    @cached_property
    def _in_name(self) -> list[_Query | None]:
        return [self._term(NAME_FIELD, start(word)) for word in self._typed.words]

    @cached_property
    def _pair(self) -> str:
        """The term for names with two of the words, "" for none."""
        return pair_of(self._typed.words) if len(self._typed.words) > 1 else ""

    @cached_property
    def _paired(self) -> list[_Query | None]:
        """The query for names with two of the words, if that tells more than the words alone."""
        pair = self._pair
        if not pair or not all(self._in_name):
            return []
        rarest = min(self._frequency(NAME_FIELD, start(word)) for word in self._typed.words)
        if rarest < MANY:
            return []
        return [_any_or_none([self._term(PAIR, each) for each in (pair, ANY_PAIR)])]

    @cached_property
    def _in_company(self) -> list[_Query | None]:
        return [self._term(COMPANY_FIELD, start(word)) for word in self._typed.words]

    @cached_property
    def _beside_name(self) -> list[list[_Query | None]]:
        """For each word its queries in all fields but the name."""
        return [
            [company, *self._in_others(word)]
            for word, company in zip(self._typed.words, self._in_company, strict=True)
        ]

    @cached_property
    def _elsewhere(self) -> list[_Query | None]:
        return [_any_or_none(each) for each in self._beside_name]

    def _in_others(self, word: str) -> list[_Query | None]:
        first = start(word)
        places = [self._term(OTHER_FIELD, mark + first) for mark in self._searched.marks]
        if is_number_part(word):
            places += [_grams(field, word) for field in self._searched.parts]
        return places

    def _term(self, field: str, value: str) -> _Query | None:
        """Return the query for a term, None if no document has it."""
        return term(field, value) if self._frequency(field, value) else None

    def together(self) -> _Query | None:
        """Return the query for names and companies that are typed one behind the other; or None.

        It finds a part of class 7: those whose company does not stand between words of their name,
        and the other way round (`engine.matching.is_together`).
        """
        names, companies = self._in_name, self._in_company
        ways = []
        for at in range(1, len(names)):
            ways.append(_all_or_none([*names[:at], *companies[at:]]))
            ways.append(_all_or_none([*companies[:at], *names[at:]]))
        return _any_or_none(ways)

    def first(self, match_class: int, leading: Leading, least: int) -> tuple[_Query, ...]:
        """Return the queries for the first of a class (`Part`); () where few are in it.

        Args:
            match_class: one that names alone decide, which are never hidden.
            leading: the limits of the index.
            least: documents below which a query is not worth asking.
        """
        if match_class not in (NAME_WHOLE, NAME):
            return ()
        if match_class == NAME_WHOLE and self._typed.turned:
            return ()  # the limits are those of one word
        if len(self._typed.words) > 1:
            return self._first_of_pair(match_class, leading, least)
        (word,) = self._typed.words
        beginning = start(word) if match_class == NAME else whole(word)
        return first_of(beginning, leading, least, self._frequency)

    def first_sounding(self, leading: Leading, least: int) -> _Query | None:
        """Return the query for the first of those that sound like the one word; None where few do.

        None too where `likely` has no query. Arguments as in `first`.
        """
        (word,) = self._typed.words
        code = sound_of(word)
        if not code or not typos_allowed(word):
            return None
        sounding = _sound_term(code)
        if self._frequency(SOUND, sounding) < VERY_MANY:
            return None
        levels = self._levels(leading, SOUND_LIMITS + sounding, least)
        return term(LEADING, levels[-1][1]) if levels else None

    def _first_of_pair(self, match_class: int, leading: Leading, least: int) -> tuple[_Query, ...]:
        """Return what `first` returns for several words."""
        pair = self._pair
        levels = self._levels(leading, pair, least) if pair else []
        if not levels:
            return ()
        names = self._in_name
        if match_class == NAME_WHOLE:
            names = [self._term(NAME_FIELD, whole(word)) for word in self._typed.words]
        if not all(names):
            return ()
        told = [name for name in names if name is not None]
        of_many = self._term(PAIR, ANY_PAIR)
        found = []
        for level, name in levels:
            first = term(LEADING, name)
            if match_class != NAME or not self._is_pair:
                first = all_of([*told, first])
            if of_many is not None:
                limit = _ranks_to(leading.limit(level, pair))
                first = any_of([first, all_of([*told, of_many, limit])])
            found.append(first)
        return tuple(found)

    def _levels(self, leading: Leading, beginning: str, least: int) -> list[tuple[int, str]]:
        return _levels(beginning, leading, least, self._frequency)

    def likely(self) -> _Query | None:
        """Return the query for those whose names sound alike and are one typo away.

        It is a part of class 14: of many that sound alike these are compared first.
        """
        if not any(typos_allowed(word) and sound_of(word) for word in self._typed.words):
            return None
        return all_of(
            [
                any_of([*as_typed, all_of([*_sounding(word), _misspelt(word, 1)[0]])])
                if typos_allowed(word) and sound_of(word)
                else any_of(as_typed)
                for as_typed, word in self._guessed
            ]
        )

    def sounding(self) -> int:
        """Return how many documents may have a name that sounds like the one word, if it is one."""
        code = sound_of(self._typed.words[0]) if len(self._typed.words) == 1 else ""
        return self._frequency(SOUND, _sound_term(code)) if code else 0

    def misspelt(self) -> list[_Query]:
        """Return the queries for names, and for companies, in which the one word has a typo."""
        (word,) = self._typed.words
        return _misspelt(word, typos_allowed(word))

    @cached_property
    def _guessed(self) -> list[tuple[list[_Query], str]]:
        """Each word, and its queries as it was typed: of a single word they have been answered."""
        if len(self._typed.words) == 1:
            return [([], self._typed.words[0])]
        places = zip(self._in_name, self._beside_name, strict=True)
        return [
            ([part for part in (name, *others) if part is not None], word)
            for (name, others), word in zip(places, self._typed.words, strict=True)
        ]

    def _numbers(self, match_class: int) -> _Query:
        digits, fields = self._typed.digits, self._searched.parts
        if match_class == NUMBER_BEGIN:
            beginnings = [_grams(field, "^" + digits) for field in fields]
            if self._typed.national:
                beginnings += [_national(field, self._typed.national) for field in fields]
            return any_of(beginnings)
        if self._typed.begins:
            return _Query.empty_query()
        marked = digits + "$" if match_class == NUMBER_END else digits
        return any_of([_grams(field, marked) for field in fields])


CLASSES = (
    NUMBER_END, NUMBER_BEGIN, NUMBER_PART, FULL_NAME, NAME_WHOLE, NAME, NAME_COMPANY, NAME_OTHER,
    COMPANY_WHOLE, COMPANY, OTHER, KEYS, INITIALS, SOUNDS, SPELLED,
)  # fmt: skip
"""In the order in which they are asked."""

WORD_CLASSES = CLASSES[NUMBER_PART:]
"""Those that a text without part of a number can be answered in."""


def start(word: str) -> str:
    """Return the term for the beginning of a word."""
    return word[:MAX_PREFIX]


def whole(word: str) -> str:
    """Return the term for a whole word of a name or a company."""
    return (word + WHOLE)[:MAX_PREFIX]


def on_keys(digits: str) -> _Query:
    """Return the query for words of names whose letters lie on these keys: at most 4**12 of them.

    The pattern is built from digits alone and walks the dictionary of beginnings once.
    """
    letters = "".join(f"[{PHONE_KEYS[digit]}]" for digit in digits[:MAX_PREFIX])
    return _Query.regex_query(schema(), NAME_FIELD, letters)


def _sounding(word: str) -> list[_Query]:
    code = sound_of(word)
    if not code:
        return []
    return [term(SOUND, _sound_term(code))]


def _sound_term(code: str) -> str:
    """Return the term for words that sound so, short ones only as a whole."""
    return code if len(code) >= MIN_SOUND_START else code + WHOLE


def _misspelt(word: str, typos: int) -> list[_Query]:
    """Return the queries for beginnings of words that are one or two typos away; none for 0.

    The first is for names, the second for companies.
    """
    if not typos:
        return []
    return [
        _Query.fuzzy_term_query(schema(), field, start(word), distance=typos)
        for field in (NAME_FIELD, COMPANY_FIELD)
    ]


def _grams(field: str, text: str) -> _Query:
    """Return the query for numbers that have every three digits of a text; a superset."""
    grams = {text[at : at + PART_DIGITS] for at in range(max(len(text) - PART_DIGITS + 1, 1))}
    return all_of([term(field, gram) for gram in sorted(grams)])


def _national(field: str, digits: str) -> _Query:
    """Return the query for numbers that begin with the digits behind their country code."""
    first = term(field, "^" + digits[: PART_DIGITS - 1])
    if len(digits) < PART_DIGITS:
        return first
    return all_of([first, _grams(field, digits)])


def _ranks_to(limit: int) -> _Query:
    """Return the query for the contacts up to a place of the one list."""
    return _Query.range_query(schema(), RANK, tantivy.FieldType.Unsigned, 0, limit)


def _all_or_none(parts: list[_Query | None]) -> _Query | None:
    """Join by AND; None, which finds nobody, if one of them does."""
    wanted = [part for part in parts if part is not None]
    return all_of(wanted) if len(wanted) == len(parts) else None


def _any_or_none(parts: Iterable[_Query | None]) -> _Query | None:
    """Join those by OR that find somebody; None if none does."""
    wanted = [part for part in parts if part is not None]
    return any_of(wanted) if wanted else None


def all_of(parts: list[_Query]) -> _Query:
    """Join at least one query by AND."""
    return parts[0] if len(parts) == 1 else _Query.boolean_query([(_MUST, each) for each in parts])


def any_of(parts: list[_Query]) -> _Query:
    """Join queries by OR; none of them finds nobody."""
    if not parts:
        return _Query.empty_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_SHOULD, each) for each in parts])
