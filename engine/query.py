"""Questions that go into the engine and answers that come out: values only."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.contact import Contact, ContactId, PhoneKind
from engine.highlight import Span, WordAnswer, answers_of, spans_in_name, spans_of, texts_of
from engine.phone import DialPlan, PhoneNumber
from engine.rights import Principal
from engine.typed import Typed

MAX_HITS = 1_000
"""The most contacts one question returns: limits are clamped to it, since tantivy allocates by
limit and aborts the process on the largest LDAP size limit."""

MAX_TOTAL = 100
"""Where counting ends: nobody pages further, and counting on would cost more than finding."""

MATCH_CLASSES = {
    1: "end of a number",
    2: "beginning of a number",
    3: "part of a number",
    4: "the whole name",
    5: "whole words of the name",
    6: "beginnings of words of the name",
    7: "name and company",
    8: "name and other fields",
    9: "whole words of the company",
    10: "beginnings of words of the company",
    11: "other fields",
    12: "keys of a phone",
    13: "initials",
    14: "sounds alike",
    15: "spelled alike",
}
"""How a hit was found, the best first; `engine.matching` says how each is told."""


EVERY_CLASS = frozenset({1, 2, 3, 4, 5})


class CallerQuery(msgspec.Struct, frozen=True, gc=False):
    """Who is calling? `number` in any spelling, read under the asking client's dial plan.

    `classes` are the classes (`docs/callers.md`, 2) that may answer; what only a class left out of
    it would find is not found.
    """

    number: str
    plan: DialPlan
    principal: Principal
    classes: frozenset[int] = EVERY_CLASS


class CallerMatch(msgspec.Struct, frozen=True, gc=False):
    """The one answer to a `CallerQuery`.

    Attributes:
        name: what to show; never "".
        match_class: 1 extension, 2 exact, 3 shared line, 4 trunk, 5 tail.
        number: the number that was found, as stored.
        kind: the kind of the line that matched.
        id: of the best record behind the answer.
        read: gives that record: a call wants its name and id alone, which stand with the number.
        runners_up: visible contacts that matched as well but lost; counted up to the window.
    """

    name: str
    match_class: int
    number: PhoneNumber
    kind: PhoneKind
    id: ContactId
    read: Callable[[], Contact]
    runners_up: int = 0

    @property
    def contact(self) -> Contact:
        """The best record behind the answer, read anew each time."""
        return self.read()


class Known(msgspec.Struct, frozen=True, gc=False):
    """A record that was read already, as `CallerMatch.read` gives it."""

    contact: Contact

    def __call__(self) -> Contact:
        """Return it."""
        return self.contact


class ExplanationStep(msgspec.Struct, frozen=True):
    """One step of an answer: what was done, what came out, and how long it took."""

    step: str
    result: str
    duration_us: float = 0.0


class Explanation(msgspec.Struct, frozen=True):
    """How an answer came about, step by step, for an administrator."""

    steps: tuple[ExplanationStep, ...]


class PeopleQuery(msgspec.Struct, frozen=True):
    """Who matches this text? Every word is the beginning of a word, in any order.

    Attributes:
        text: anything a person may type; an empty one finds nobody.
        principal: who asks.
        limit: the most hits wanted; clamped to 1-1000.
        cursor: `PeoplePage.cursor` of the page before, "" for the first; survives commits.
        company: the asker's own company, whose people come first among equals; "" if unknown.
        department: the asker's own department, likewise.
        t9: words of the digits 2-9 are also read as the letters of a phone's keys ("634" = "mei").
        fold: people who are found by their company's name stand folded under it.
    """

    text: str
    principal: Principal
    limit: int = 10
    cursor: str = ""
    company: str = ""
    department: str = ""
    t9: bool = False
    fold: bool = False


class PersonNumber(msgspec.Struct, frozen=True, gc=False):
    """A visible number of a person, and the record that it comes from."""

    kind: PhoneKind
    number: PhoneNumber
    written: str
    origin: ContactId


class PersonEmail(msgspec.Struct, frozen=True, gc=False):
    """A visible e-mail address of a person, and the record that it comes from."""

    address: str
    origin: ContactId


class PersonField(msgspec.Struct, frozen=True, gc=False):
    """A visible field of a person, named as in a source's map, and the record it comes from."""

    name: str
    text: str
    origin: ContactId


class PersonHit(msgspec.Struct, frozen=True, gc=False):
    """One person or company that was found: visible records of the same person are one hit.

    Attributes:
        contact: the best record, its blanks filled from the others; only what the asker may see.
        records: every record in it, the best first; never empty.
        origins: the record a field of `contact` comes from, where that is not the best one.
        number_origins: the record each of the contact's phones comes from, () for the best one.
        email_origins: the record each of its addresses comes from, likewise.
        match_class: how it was found, `MATCH_CLASSES` says the words; lower is better.
        typed: what it was found by.
        searched: the fields that were searched, beside names and company.
        folded: further people of the same company, where that was asked for, best first.
    """

    contact: Contact
    records: tuple[ContactId, ...]
    origins: dict[str, ContactId]
    number_origins: tuple[ContactId, ...]
    email_origins: tuple[ContactId, ...]
    match_class: int
    typed: Typed = Typed(())
    searched: frozenset[str] = frozenset()
    folded: tuple[PersonHit, ...] = ()

    @property
    def numbers(self) -> tuple[PersonNumber, ...]:
        """Every number once, in the order of the records."""
        origins = self.number_origins or (self.contact.id,) * len(self.contact.phones)
        return tuple(
            PersonNumber(line.kind, line.number, line.written, origin)
            for line, origin in zip(self.contact.phones, origins, strict=True)
        )

    @property
    def emails(self) -> tuple[PersonEmail, ...]:
        """Every address once, likewise."""
        origins = self.email_origins or (self.contact.id,) * len(self.contact.emails)
        return tuple(map(PersonEmail, self.contact.emails, origins))

    @property
    def answers(self) -> list[WordAnswer]:
        """Which typed words were found where and how, in the order they were typed."""
        return answers_of(self.typed, self.contact, self.searched, self.match_class)

    @property
    def spans(self) -> list[Span]:
        """What to highlight, in the order of the words; worked out when it is read."""
        spans = spans_in_name(self.typed, self.contact, self.match_class)
        return spans_of(self.answers) if spans is None else spans

    @property
    def matched(self) -> tuple[str, ...]:
        """The fields in which a word or the digits were found, best first."""
        return tuple(dict.fromkeys(answer.field for answer in self.answers))

    @property
    def id(self) -> ContactId:
        """The best record."""
        return self.contact.id

    @property
    def name(self) -> str:
        """What to show."""
        return self.contact.name

    @property
    def company(self) -> str:
        """The company, "" if unknown."""
        return self.contact.company

    def fields(self) -> list[PersonField]:
        """Return every text that is not empty with its origin; without numbers and e-mails."""
        return [
            PersonField(name, text, self.origins.get(name, self.contact.id))
            for name, text in texts_of(self.contact)
            if text
        ]


class PeoplePage(msgspec.Struct, frozen=True, gc=False):
    """The answer to a `PeopleQuery`.

    Attributes:
        hits: at most `limit`, best first.
        total: how many records were found, at most `MAX_TOTAL`.
        total_is_exact: these are all; False: worse classes than those of the hits were not counted.
        cursor: asks for the next page, which there may be behind one without hits; "" if this is
            the last.
        did_you_mean: a text that finds more, where nothing matched as it was typed; else "".
    """

    hits: tuple[PersonHit, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    cursor: str = ""
    did_you_mean: str = ""
