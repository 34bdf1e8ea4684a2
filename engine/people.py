"""Text → ranked hits: every word a prefix, in any order.

Law: scores are constants of classes, never statistics, so that records the asker may not see do not
move what he sees. Queries are built as objects of bounded depth; outside text never meets a parser.
"""

from __future__ import annotations

from time import perf_counter_ns

import tantivy

from engine.contact import Contact
from engine.query import (
    MAX_HITS,
    MAX_TOTAL,
    Explanation,
    ExplanationStep,
    PeoplePage,
    PeopleQuery,
    PersonEmail,
    PersonHit,
    PersonNumber,
)
from engine.reader import Reader
from engine.schema import (
    MAX_PREFIX,
    MAX_TAIL,
    MIN_TAIL,
    NAME,
    WHOLE,
    term,
)
from engine.selecting import all_of, number_prefix_query, tail_query, word_query
from engine.tokens import fold, index_words, words

MAX_QUERY_WORDS = 8
"""More words than a name, a company and a city have; the rest of a pasted text is left out."""

WINDOW = 200
"""Hits ranked by the alphabet among equal scores before the best are read."""


NAME_SCORE, OTHER_SCORE, WHOLE_WORD_SCORE = 4.0, 1.0, 2.0

_SEPARATORS = " +-/().\u00a0"
_MUST = tantivy.Occur.Must
_SHOULD = tantivy.Occur.Should
_Query = tantivy.Query


class PeopleSearch:
    """People search over one fixed state of the index."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def answer(self, query: PeopleQuery) -> PeoplePage:
        """Return the best hits, best first."""
        limit = min(max(query.limit, 1), MAX_HITS)
        asked = words(query.text)[:MAX_QUERY_WORDS]
        digits = _digits(query.text)
        if digits:
            question = number_part_query(digits)
        elif asked:
            question = all_of([ranked_word_query(word) for word in asked])
        else:
            return PeoplePage()
        window = max(WINDOW, limit)
        found = self._reader.search(question, query.principal, window)
        scored = [
            (score, self._reader.contact(address))
            for score, address in self._reader.best_first(found)[:limit]
        ]
        scored.sort(key=self._order)
        hits = tuple(_hit(contact, asked, digits) for _, contact in scored)
        return PeoplePage(hits, total=min(len(found), MAX_TOTAL))

    def explain(self, query: PeopleQuery) -> tuple[PeoplePage, Explanation]:
        """Return the hits, and how the text was read and each hit was found."""
        started = perf_counter_ns()
        page = self.answer(query)
        took_us = (perf_counter_ns() - started) / 1_000
        digits = _digits(query.text)
        asked = " and ".join(f"{word}*" for word in words(query.text)[:MAX_QUERY_WORDS])
        steps = [
            ExplanationStep("asked", repr(query.text[:200])),
            ExplanationStep("read", f"number part {digits}" if digits else asked or "nothing"),
            ExplanationStep("searched", f"{len(page.hits)} shown", took_us),
        ]
        steps += [
            ExplanationStep(
                f"hit {place}", f"{hit.name!r} from {hit.id}: matched {', '.join(hit.matched)}"
            )
            for place, hit in enumerate(page.hits, 1)
        ]
        return page, Explanation(tuple(steps))

    def _order(self, scored: tuple[float, Contact]) -> tuple[float, int, str, str, str]:
        score, contact = scored
        return (
            -score,
            -self._reader.priority(contact.id.source),
            fold(contact.name),
            contact.id.source,
            contact.id.key,
        )


def _hit(contact: Contact, asked: list[str], digits: str) -> PersonHit:
    return PersonHit(
        contact=contact,
        records=(contact.id,),
        origins={},
        numbers=tuple(
            PersonNumber(line.kind, line.number, line.written, contact.id)
            for line in contact.phones
        ),
        emails=tuple(PersonEmail(address, contact.id) for address in contact.emails),
        match_class=23 if digits else 3,
        matched=matched_fields(contact, asked, digits),
        spans=(),
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
    start = word[:MAX_PREFIX]
    name = _Query.const_score_query(term(NAME, start), NAME_SCORE)
    found = _Query.boolean_query(
        [(_SHOULD, name), (_SHOULD, _Query.const_score_query(word_query(word), OTHER_SCORE))]
    )
    whole = _Query.const_score_query(term(NAME, (word + WHOLE)[:MAX_PREFIX]), WHOLE_WORD_SCORE)
    return _Query.boolean_query([(_MUST, found), (_SHOULD, whole)])


def number_part_query(digits: str) -> _Query:
    """Return the query for numbers that end in the digits (first) or begin with them."""
    national = digits.lstrip("0") or digits
    tail = _Query.const_score_query(tail_query(national), NAME_SCORE)
    prefix = _Query.const_score_query(number_prefix_query(national), OTHER_SCORE)
    return _Query.boolean_query([(_SHOULD, tail), (_SHOULD, prefix)])


def _digits(text: str) -> str:
    """Return the digits of a text that is part of a number (at least three), else ""."""
    digits = "".join(letter for letter in text if letter not in _SEPARATORS)
    if len(digits) >= MIN_TAIL and digits.isdigit() and digits.isascii():
        return digits[-MAX_TAIL * 2 :]
    return ""
