"""Who is near to the asker: his own address book, his company, his department.

Law: told from what the asker may see. The levels part every class of an answer; each has a query
for the index and a rule for one contact, which say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import tantivy

from engine.contact import Contact
from engine.likeness import begins, is_whole
from engine.matching import words_of
from engine.questions import all_of, any_of, start, whole
from engine.reader import any_source
from engine.schema import COMPANY, OTHER, term
from engine.scope import Scope
from engine.terms import MARKS
from engine.tokens import LEGAL_FORMS, typed_words

PRIVATE, COLLEAGUE, NEAR, OTHERS = range(4)
"""The asker's own book; company and department; one of both; everybody else."""

MAX_OWN_CHARS = 100

_MUST = tantivy.Occur.Must
_MUST_NOT = tantivy.Occur.MustNot


class Level(msgspec.Struct, frozen=True):
    """One level, and the query that tells it from the better ones; None: all that is left."""

    level: int
    question: tantivy.Query | None
    better: list[tantivy.Query]

    @property
    def is_all(self) -> bool:
        """Whether there is no other level."""
        return self.question is None and not self.better

    def of(self, question: tantivy.Query) -> tantivy.Query:
        """Return the part of a question's answers that is on this level."""
        if self.is_all:
            return question
        parts = [(_MUST, question)]
        if self.question is not None:
            parts.append((_MUST, self.question))
        return tantivy.Query.boolean_query([*parts, *((_MUST_NOT, each) for each in self.better)])


class Nearness:
    """What is known of one asker."""

    def __init__(self, scope: Scope, company: str, department: str) -> None:
        """Take what the asker sees, and the names of the own company and department or ""."""
        self._scope = scope
        typed = typed_words(company[:MAX_OWN_CHARS]) if company else []
        self._company = [word for word in typed if word not in LEGAL_FORMS]
        self._department = typed_words(department[:MAX_OWN_CHARS]) if department else []

    def level(self, contact: Contact) -> int:
        """Return the level of a contact, as the asker sees it."""
        if contact.id.source in self._scope.private:
            return PRIVATE
        if not self._company and not self._department:
            return OTHERS
        has = words_of(contact, self._scope.searched[contact.id.source])
        company = bool(self._company) and all(
            any(is_whole(word, own) for word in has.company) for own in self._company
        )
        department = bool(self._department) and all(
            any(field == "department" and begins(word, own) for field, word in has.others)
            for own in self._department
        )
        if company and (department or not self._department):
            return COLLEAGUE
        return NEAR if company or department else OTHERS

    def levels(self) -> Iterator[Level]:
        """Give the levels that there can be, the best first."""
        better: list[tantivy.Query] = []
        for level, question in self._questions():
            yield Level(level, question, list(better))
            if question is not None:
                better.append(question)

    def _questions(self) -> Iterator[tuple[int, tantivy.Query | None]]:
        if self._scope.private:
            yield PRIVATE, any_source(sorted(self._scope.private))
        company = [term(COMPANY, whole(word)) for word in self._company]
        department = self._in_department() if self._department else None
        if company and department is not None:
            yield COLLEAGUE, all_of([*company, department])
            yield NEAR, any_of([all_of(company), department])
        elif company:
            yield COLLEAGUE, all_of(company)
        elif department is not None:
            yield NEAR, department
        yield OTHERS, None

    def _in_department(self) -> tantivy.Query:
        mark = MARKS["department"]
        seen = [
            source
            for source, searched in self._scope.searched.items()
            if "department" in searched.fields
        ]
        return all_of(
            [*(term(OTHER, mark + start(word)) for word in self._department), any_source(seen)]
        )
