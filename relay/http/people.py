"""People, for the app: search, cards, vCards.

Law: every question is bounded: in size, in rate, in number at a time, in time. Nothing is logged,
and texts that were searched stand in bodies, never in addresses.
"""

from __future__ import annotations

import time
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Request, Router, get, post
from litestar.exceptions import ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody, Parameter
from litestar.response.base import ASGIResponse

from relay.accounts import Asker
from relay.desk import Desk
from relay.http.accept import JSON, PROBLEM
from relay.http.asking import SignIn, asks
from relay.http.problems import READS_JSON
from relay.http.searching import answer_search
from relay.persons import (
    PageAnswer,
    PersonAnswer,
    SearchQuestion,
)
from relay.schema import Problem
from relay.vcard import MEDIA_TYPE, file_name, vcard

AskerRequest = Request[Asker, Any, Any]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(SearchQuestion).decode


def problems(**titles: str) -> dict[int, ResponseSpec]:
    """Return what OpenAPI says of answers that are problems; keys are `p400` and so on."""
    return {
        int(status[1:]): ResponseSpec(
            data_container=Problem,
            generate_examples=False,
            description=title,
            media_type=PROBLEM,
        )
        for status, title in titles.items()
    }


_REFUSALS = {
    "p400": "The request cannot be read.",
    "p401": "Nobody is signed in.",
    "p429": "Too many requests of this user or tenant; see Retry-After.",
    "p503": "No answer now; see Retry-After.",
}
_FOUND = problems(
    **_REFUSALS,
    p409="The cursor does not belong to this search.",
    p413="The body is too large.",
    p415="The body is no JSON.",
) | {
    200: ResponseSpec(PageAnswer, generate_examples=False, description="Hits, best first."),
}
_ONE = problems(**_REFUSALS, p404="There is no such contact, or not for this user.")
_CARD = _ONE | {200: ResponseSpec(PersonAnswer, generate_examples=False, description="The card.")}
_VCARD = _ONE | {
    200: ResponseSpec(
        bytes, generate_examples=False, description="A vCard 3.0.", media_type="text/vcard"
    )
}
_ID = Parameter(
    description="Id of a record, as a search gives it; escaped once more, as a path demands.",
    examples=[Example(value="crm:1042")],
)


def people_routes(desk: Desk, sign_in: SignIn) -> Router:
    """Return the routes under `/v1/people`, for signed-in users only."""

    @post("/search", status_code=200, responses=_FOUND)
    async def search(request: AskerRequest, data: JSONBody[SearchQuestion]) -> ASGIResponse:
        """Find people and companies: beginnings of words in any order, or part of a number."""
        _refuse_text_for_numbers(await request.body())
        body, (field, value) = await answer_search(desk, request.user, data)
        headers = {field.decode(): value.decode()}
        return ASGIResponse(body=body, headers=headers, media_type=JSON)

    @get("/{identity:str}", responses=_CARD)
    async def person(request: AskerRequest, identity: Annotated[str, _ID]) -> ASGIResponse:
        """Return all that the user may see of one person or company."""
        started = time.perf_counter()
        hit = await desk.person(request.user, identity)
        headers = _timing(started)
        return ASGIResponse(body=_encode(desk.card(hit)), headers=headers, media_type=JSON)

    @get("/{identity:str}/vcard", responses=_VCARD)
    async def person_vcard(request: AskerRequest, identity: Annotated[str, _ID]) -> ASGIResponse:
        """Return a person as a vCard, to be kept in an address book."""
        started = time.perf_counter()
        hit = await desk.person(request.user, identity)
        timing = _timing(started)
        name = file_name(hit)
        plain = name.encode("ascii", "replace").decode().replace("?", "_")
        return ASGIResponse(
            body=vcard(hit),
            headers={
                **timing,
                "content-disposition": f'attachment; filename="{plain}.vcf"; '
                f"filename*=UTF-8''{quote(name)}.vcf",
            },
            media_type=MEDIA_TYPE,
        )

    return Router(
        "/v1/people",
        route_handlers=[search, person, person_vcard],
        middleware=[asks(sign_in)],
        exception_handlers=READS_JSON,
        tags=["people"],
        security=[{"user": []}, {"token": []}],
    )


def _refuse_text_for_numbers(body: bytes) -> None:
    """Refuse what the framework takes for a number, and the other road does not: "20".

    20.0 is a whole number as JSON Schema has it, and 20.5 the framework refuses.
    """
    try:
        _decode(body)
    except msgspec.ValidationError as error:
        if "got `float`" in str(error):
            return
        message, _, place = str(error).partition(" - at `$.")
        fault = {"key": place.rstrip("`"), "message": message}
        raise ValidationException(extra=[fault]) from None


def _timing(started: float) -> dict[str, str]:
    return {"server-timing": f"search;dur={(time.perf_counter() - started) * 1e3:.3f}"}
