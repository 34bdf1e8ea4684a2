"""Questions that go into the engine and answers that come out: values only."""

from __future__ import annotations

import msgspec

from engine.contact import Contact, PhoneKind
from engine.phone import DialPlan, PhoneNumber
from engine.rights import Principal

MAX_HITS = 1_000
"""The most contacts one question returns: limits are clamped to it, since tantivy allocates by
limit and aborts the process on the largest LDAP size limit."""


EVERY_CLASS = frozenset({1, 2, 3, 4, 5})


class CallerQuery(msgspec.Struct, frozen=True, gc=False):
    """Who is calling? `number` in any spelling, read under the asking client's dial plan.

    `classes` are the classes (DESIGN section 4) that may answer; what only a class left out of it
    would find is not found.
    """

    number: str
    plan: DialPlan
    principal: Principal
    classes: frozenset[int] = EVERY_CLASS


class CallerMatch(msgspec.Struct, frozen=True, gc=False):
    """The one answer to a `CallerQuery`.

    Attributes:
        name: what to show; never "".
        match_class: 1 extension, 2 exact, 3 shared line, 4 trunk, 5 tail (DESIGN section 4).
        number: the number that was found, as stored.
        contact: the best record behind the answer.
        kind: the kind of the line that matched.
        runners_up: visible contacts that matched as well but lost; counted up to the window.
    """

    name: str
    match_class: int
    number: PhoneNumber
    contact: Contact
    kind: PhoneKind
    runners_up: int = 0


class ExplanationStep(msgspec.Struct, frozen=True):
    """One step of an answer: what was done, what came out, and how long it took."""

    step: str
    result: str
    duration_us: float = 0.0


class Explanation(msgspec.Struct, frozen=True):
    """How an answer came about, step by step, for an administrator."""

    steps: tuple[ExplanationStep, ...]


class PeopleQuery(msgspec.Struct, frozen=True):
    """Who matches this text? Every word is a prefix, in any order; `limit` is clamped to 1–1000."""

    text: str
    principal: Principal
    limit: int = 10


class PersonHit(msgspec.Struct, frozen=True, gc=False):
    """One hit of a `PeopleQuery`; `matched` names the fields that matched, best first."""

    contact: Contact
    matched: tuple[str, ...]
    score: float
