"""Set questions → index queries → contacts: the bounded searches behind LDAP filters.

Law: queries are built as objects of bounded depth; outside text never meets a parser. The small
queries for words and numbers stand here too: people search ranks the same ones.
"""

from __future__ import annotations

import tantivy

from engine.errors import InvalidNumber, UnsupportedQuery
from engine.phone import read_number
from engine.reader import MAX_WINDOW, Reader
from engine.rights import Principal
from engine.schema import (
    COMPANY,
    MARKS,
    MAX_PREFIX,
    MIN_TAIL,
    NAME,
    NUMBER,
    OTHER,
    TAIL,
    schema,
    tail_term,
    term,
)
from engine.selection import (
    AllOf,
    AnyOf,
    Everyone,
    NumberIs,
    NumberPrefix,
    NumberTail,
    Prefix,
    Selected,
    Selection,
)
from engine.tokens import words

MAX_QUERY_WORDS = 8
"""More words than a name, a company and a city have; the rest of a pasted text is left out."""

MAX_DEPTH = 16
MAX_PARTS = 256

_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_Query = tantivy.Query


def select(reader: Reader, selection: Selection, principal: Principal, limit: int) -> Selected:
    """Return the visible contacts of a set question in alphabetical order."""
    limit = min(max(limit, 1), MAX_WINDOW - 1)
    question = selection_query(selection)
    hits = reader.search(question, principal, limit + 1, ordered=True)
    contacts = tuple(reader.contact(address) for _, address in hits[:limit])
    return Selected(contacts, complete=len(hits) <= limit)


def word_query(word: str) -> _Query:
    """Return the query for one folded word as a prefix of any indexed word, without ranking.

    A word longer than `MAX_PREFIX` is sought by its first letters: a superset.
    """
    start = word[:MAX_PREFIX]
    parts = [term(NAME, start), term(COMPANY, start)]
    parts += [term(OTHER, mark + start) for mark in MARKS.values()]
    return any_of(parts)


def selection_query(selection: Selection) -> _Query:
    """Return the query of a set question.

    Raises:
        UnsupportedQuery: nested deeper than 16 levels or more than 256 parts in all; deeper trees
            would end the process inside tantivy.
    """
    budget = [MAX_PARTS]
    return _selection(selection, 0, budget)


def _selection(selection: Selection, depth: int, budget: list[int]) -> _Query:
    budget[0] -= 1
    if depth > MAX_DEPTH or budget[0] < 0:
        raise UnsupportedQuery(f"nested deeper than {MAX_DEPTH} or more than {MAX_PARTS} parts")
    match selection:
        case AllOf(parts):
            return all_of([_selection(part, depth + 1, budget) for part in parts])
        case AnyOf(parts):
            return any_of([_selection(part, depth + 1, budget) for part in parts])
        case Prefix(text):
            return all_of([word_query(word) for word in words(text)[:MAX_QUERY_WORDS]])
        case Everyone():
            return everyone_query()
        case _:
            return _number_selection(selection)


def _number_selection(selection: NumberTail | NumberPrefix | NumberIs) -> _Query:
    match selection:
        case NumberTail(digits):
            return tail_query(digits)
        case NumberPrefix(digits):
            return number_prefix_query(digits)
        case NumberIs(number, plan):
            try:
                reading = read_number(number, plan)
            except InvalidNumber:
                return _Query.empty_query()
            return any_of([term(NUMBER, each.key) for each in reading.numbers])


def everyone_query() -> _Query:
    """Return the query for every contact, without the document that holds the applied seq."""
    return _Query.range_query(schema(), "order", tantivy.FieldType.Unsigned, 0, 2**63)


def tail_query(digits: str) -> _Query:
    """Return the query for numbers that end in the digits; fewer than `MIN_TAIL` find nobody."""
    if len(digits) < MIN_TAIL or not digits.isdigit():
        return _Query.empty_query()
    return term(TAIL, tail_term(digits))


def number_prefix_query(digits: str) -> _Query:
    """Return the query for numbers whose E.164 digits begin with these."""
    if not digits.isdigit():
        return _Query.empty_query()
    return _Query.fuzzy_term_query(schema(), NUMBER, digits, distance=0, prefix=True)


def all_of(parts: list[_Query]) -> _Query:
    """Join queries by AND; none of them stands for everyone."""
    if not parts:
        return everyone_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_MUST, part) for part in parts])


def any_of(parts: list[_Query]) -> _Query:
    """Join queries by OR; none of them stands for nobody."""
    if not parts:
        return _Query.empty_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_SHOULD, part) for part in parts])
