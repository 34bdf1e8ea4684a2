"""What is sent to askers, as JSON: one shape a question, the same on every road.

`rufname lookup --json` prints a `CallerAnswer` too, so that scripts read one object everywhere.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from engine.phone import DialPlan, format_number
from engine.query import CallerMatch

_ANY_PLAN = DialPlan()


class CallerAnswer(msgspec.Struct, frozen=True, rename={"match_class": "class"}):
    """The one answer to "who calls?".

    Attributes:
        name: what to show; never "".
        match_class: `class` in JSON, how the number was found: 1 extension of the own plan, 2 exact
            number, 3 number shared by several, 4 company line, 5 equal last digits. 0, nothing to
            look up, is never answered.
        number: the stored number that was found, E.164 with "+", `;ext=` before an extension apart.
        id: the record behind the answer, source id and key: `crm:1042`.
        source: the id of that record's source.
        runners_up: how many more visible records fit the number but lost.
    """

    name: Annotated[str, Meta(min_length=1, examples=["Erika Beispiel"])]
    match_class: Annotated[int, Meta(ge=0, le=5, examples=[2])]
    number: Annotated[str, Meta(examples=["+498999998123"])]
    id: Annotated[str, Meta(examples=["crm:1042"])]
    source: Annotated[str, Meta(examples=["crm"])]
    runners_up: Annotated[int, Meta(ge=0, examples=[0])]


def caller_answer(match: CallerMatch) -> CallerAnswer:
    """Return what is sent for a match."""
    identity = match.id
    return CallerAnswer(
        name=match.name,
        match_class=match.match_class,
        number=format_number(match.number, _ANY_PLAN, "e164"),
        id=str(identity),
        source=identity.source,
        runners_up=match.runners_up,
    )


class HealthAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of this process: `live`, `ready` or `not ready`; `reason` only in the last case."""

    status: str
    reason: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457, `application/problem+json`).

    Attributes:
        type: a URN that stays; programs compare it.
        title: the same words for the same type.
        status: the HTTP status again.
        detail: what is wrong with this request; "" is left out. It never quotes the request.
    """

    type: str
    title: str
    status: int
    detail: str = ""
