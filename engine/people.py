"""Text → ranked hits: every word a prefix, in any order; and bounded set questions for LDAP.

Law: scores are constants of classes, never statistics, so that records the asker may not see do not
move what he sees. Queries are built as objects of bounded depth; outside text never meets a parser.
"""

from __future__ import annotations

from time import perf_counter_ns

import tantivy

from engine.contact import Contact
from engine.errors import InvalidNumber, UnsupportedQuery
from engine.phone import read_number
from engine.query import (
    MAX_HITS,
    AllOf,
    AnyOf,
    Everyone,
    Explanation,
    ExplanationStep,
    NumberIs,
    NumberPrefix,
    NumberTail,
    PeopleQuery,
    PersonHit,
    Prefix,
    Selected,
    Selection,
)
from engine.reader import MAX_WINDOW, Reader
from engine.rights import Principal
from engine.schema import (
    MAX_PREFIX,
    MAX_TAIL,
    MIN_TAIL,
    NAME,
    NUMBER,
    OTHER,
    TAIL,
    WORD,
    schema,
    tail_term,
    term,
)
from engine.tokens import fold, index_words, words

MAX_QUERY_WORDS = 8
"""More words than a name, a company and a city have; the rest of a pasted text is left out."""

WINDOW = 200
"""Hits ranked by the alphabet among equal scores before the best are read."""

MAX_DEPTH = 16
MAX_PARTS = 256

NAME_SCORE, OTHER_SCORE, WHOLE_WORD_SCORE = 4.0, 1.0, 2.0

_SEPARATORS = " +-/().\u00a0"
_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_Query = tantivy.Query


class PeopleSearch:
    """People search over one fixed state of the index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, query: PeopleQuery) -> list[PersonHit]:
        """Return the best hits, best first."""
        limit = min(max(query.limit, 1), MAX_HITS)
        asked = words(query.text)[:MAX_QUERY_WORDS]
        digits = _digits(query.text)
        if digits:
            question = number_part_query(digits)
        elif asked:
            question = _all_of([ranked_word_query(word) for word in asked])
        else:
            return []
        window = max(WINDOW, limit)
        found = self._reader.search(question, query.principal, window)
        hits = [
            self._hit(self._reader.contact(address), score, asked, digits)
            for score, address in self._reader.best_first(found)[:limit]
        ]
        hits.sort(key=self._order)
        return hits

    def explain(self, query: PeopleQuery) -> tuple[list[PersonHit], Explanation]:
        """Return the hits, and how the text was read and each hit was found."""
        started = perf_counter_ns()
        hits = self.answer(query)
        took_us = (perf_counter_ns() - started) / 1_000
        digits = _digits(query.text)
        asked = " and ".join(f"{word}*" for word in words(query.text)[:MAX_QUERY_WORDS])
        steps = [
            ExplanationStep("asked", repr(query.text[:200])),
            ExplanationStep("read", f"number part {digits}" if digits else asked or "nothing"),
            ExplanationStep("searched", f"{len(hits)} shown", took_us),
        ]
        steps += [
            ExplanationStep(
                f"hit {place}",
                f"{hit.contact.name!r} from {hit.contact.id}: score {hit.score:g}, "
                f"matched {', '.join(hit.matched)}",
            )
            for place, hit in enumerate(hits, 1)
        ]
        return hits, Explanation(tuple(steps))

    def select(self, selection: Selection, principal: Principal, limit: int) -> Selected:
        """Return the visible contacts of a set question in alphabetical order."""
        limit = min(max(limit, 1), MAX_WINDOW - 1)
        question = selection_query(selection)
        hits = self._reader.search(question, principal, limit + 1, ordered=True)
        contacts = tuple(self._reader.contact(address) for _, address in hits[:limit])
        return Selected(contacts, complete=len(hits) <= limit)

    def _hit(self, contact: Contact, score: float, asked: list[str], digits: str) -> PersonHit:
        matched = matched_fields(contact, asked, digits)
        return PersonHit(contact=contact, matched=matched, score=score)

    def _order(self, hit: PersonHit) -> tuple[float, int, str, str, str]:
        contact = hit.contact
        return (
            -hit.score,
            -self._reader.priority(contact.id.source),
            fold(contact.name),
            contact.id.source,
            contact.id.key,
        )


def matched_fields(contact: Contact, asked: list[str], digits: str) -> tuple[str, ...]:
    """Name the fields of a contact in which an asked word begins a word, or the digits stand."""
    if digits:
        return tuple(
            dict.fromkeys(
                f"phones.{line.kind}" for line in contact.phones if digits in line.number.digits
            )
        )
    fields = {
        "display_name": contact.display_name,
        "given_name": contact.given_name,
        "surname": contact.surname,
        "company": contact.company,
        "department": contact.department,
        "job": contact.job,
        "city": contact.address.city,
        "emails": " ".join(contact.emails),
        "custom": " ".join(contact.custom.values()),
    }
    return tuple(
        field
        for field, text in fields.items()
        if text and any(word.startswith(tuple(asked)) for word in index_words(text))
    )


def ranked_word_query(word: str) -> _Query:
    """Return the query for one folded word as a prefix: name before the rest, whole before part."""
    if len(word) > MAX_PREFIX:
        return _Query.const_score_query(long_prefix_query(word), NAME_SCORE)
    parts = [
        (_SHOULD, _Query.const_score_query(term(NAME, word), NAME_SCORE)),
        (_SHOULD, _Query.const_score_query(term(OTHER, word), OTHER_SCORE)),
    ]
    found = _Query.boolean_query(parts)
    whole = _Query.const_score_query(term(WORD, word), WHOLE_WORD_SCORE)
    return _Query.boolean_query([(_MUST, found), (_SHOULD, whole)])


def word_query(word: str) -> _Query:
    """Return the query for one folded word as a prefix of any indexed word, without ranking."""
    if len(word) > MAX_PREFIX:
        return long_prefix_query(word)
    return _Query.boolean_query([(_SHOULD, term(NAME, word)), (_SHOULD, term(OTHER, word))])


def long_prefix_query(word: str) -> _Query:
    """Return the query for a prefix longer than the indexed ones, over the word dictionary."""
    return _Query.fuzzy_term_query(schema(), WORD, word, distance=0, prefix=True)


def number_part_query(digits: str) -> _Query:
    """Return the query for numbers that end in the digits (first) or begin with them."""
    national = digits.lstrip("0") or digits
    tail = _Query.const_score_query(_tail_query(national), NAME_SCORE)
    prefix = _Query.const_score_query(_number_prefix_query(national), OTHER_SCORE)
    return _Query.boolean_query([(_SHOULD, tail), (_SHOULD, prefix)])


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
            return _all_of([_selection(part, depth + 1, budget) for part in parts])
        case AnyOf(parts):
            return _any_of([_selection(part, depth + 1, budget) for part in parts])
        case Prefix(text):
            return _all_of([word_query(word) for word in words(text)[:MAX_QUERY_WORDS]])
        case Everyone():
            return everyone_query()
        case _:
            return _number_selection(selection)


def _number_selection(selection: NumberTail | NumberPrefix | NumberIs) -> _Query:
    match selection:
        case NumberTail(digits):
            return _tail_query(digits)
        case NumberPrefix(digits):
            return _number_prefix_query(digits)
        case NumberIs(number, plan):
            try:
                reading = read_number(number, plan)
            except InvalidNumber:
                return _Query.empty_query()
            return _any_of([term(NUMBER, each.key) for each in reading.numbers])


def everyone_query() -> _Query:
    """Return the query for every contact, without the document that holds the applied seq."""
    return _Query.range_query(schema(), "order", tantivy.FieldType.Unsigned, 0, 2**63)


def _tail_query(digits: str) -> _Query:
    if len(digits) < MIN_TAIL or not digits.isdigit():
        return _Query.empty_query()
    return term(TAIL, tail_term(digits))


def _number_prefix_query(digits: str) -> _Query:
    if not digits.isdigit():
        return _Query.empty_query()
    return _Query.fuzzy_term_query(schema(), NUMBER, digits, distance=0, prefix=True)


def _all_of(parts: list[_Query]) -> _Query:
    """Join queries by AND; none of them stands for everyone."""
    if not parts:
        return everyone_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_MUST, part) for part in parts])


def _any_of(parts: list[_Query]) -> _Query:
    """Join queries by OR; none of them stands for nobody."""
    if not parts:
        return _Query.empty_query()
    if len(parts) == 1:
        return parts[0]
    return _Query.boolean_query([(_SHOULD, part) for part in parts])


def _digits(text: str) -> str:
    """Return the digits of a text that is part of a number (at least three), else ""."""
    digits = "".join(letter for letter in text if letter not in _SEPARATORS)
    if len(digits) >= MIN_TAIL and digits.isdigit() and digits.isascii():
        return digits[-MAX_TAIL * 2 :]
    return ""
