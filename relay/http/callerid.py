"""Who calls? `GET /v1/caller/{number}` and `GET /v1/caller?number=`.

Law: nothing here waits; a question costs one index look-up. Who is not found, for whatever reason
that lies in the number, is answered by an empty 404: some PBXs show any body as the name.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from litestar import Request, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Parameter, QueryParameter
from litestar.response.base import ASGIResponse

from engine.client import Client
from engine.query import CallerMatch
from relay.directory import Directory
from relay.http.accept import JSON, PROBLEM, TEXT, wants_json
from relay.http.authentication import Authenticator, basic_authentication
from relay.schema import CallerAnswer, Problem, caller_answer
from relay.settings import RelaySettings

_LOST_PLUS = re.compile(r"(tel:|sips?:|callto:)? +(?=[1-9][\d .()/-]*\d)", re.IGNORECASE)
"""A "+" sent unescaped in a query arrives as a space (form encoding)."""

Form = Literal["", "text", "json"]
"""What the query asks for; "" leaves it to the Accept field."""

_encode = msgspec.json.Encoder().encode


def _problem(description: str) -> ResponseSpec:
    return ResponseSpec(
        data_container=Problem,
        generate_examples=False,
        description=description,
        media_type=PROBLEM,
    )


_ANSWERS = {
    200: ResponseSpec(
        data_container=CallerAnswer,
        generate_examples=False,
        description="The caller. As text/plain, unless application/json is asked for: the name.",
        media_type=JSON,
    ),
    400: _problem("The request cannot be read."),
    401: _problem("Name or password of the client are missing or wrong."),
    404: ResponseSpec(data_container=None, description="Nobody fits; the body is empty."),
    503: _problem("No answer now; see Retry-After."),
}
_NUMBER = Parameter(
    description="The caller's number in any spelling: +49..., 0049..., national, tel:, sip:.",
    examples=[Example(value="+498999998123")],
)
_FORM = QueryParameter(
    name="format",
    description="text or json, for clients that cannot choose their Accept field; absent: by that.",
)


def caller_routes(
    directory: Directory, authenticator: Authenticator[Client], settings: RelaySettings
) -> Router:
    """Return the routes under `/v1` that look callers up, for authenticated clients only."""

    def answer(request: Request[Client, Any, Any], number: str, form: Form) -> ASGIResponse:
        started = time.perf_counter()
        match = find(directory, request.user, number, settings.max_number_chars)
        lookup_ms = (time.perf_counter() - started) * 1e3
        headers = {"server-timing": f"lookup;dur={lookup_ms:.3f}"}
        if match is None:
            return ASGIResponse(status_code=404, headers=headers, media_type=TEXT)
        accept = request.headers.get("accept", "")
        if form == "json" or (not form and wants_json(accept)):
            body = _encode(caller_answer(match))
            return ASGIResponse(body=body, headers=headers, media_type=JSON)
        return ASGIResponse(body=match.name.encode(), headers=headers, media_type=TEXT)

    @get("/caller/{number:path}", sync_to_thread=False, responses=_ANSWERS)
    def caller_by_path(
        request: Request[Client, Any, Any],
        number: Annotated[str, _NUMBER],
        form: Annotated[Form, _FORM] = "",
    ) -> ASGIResponse:
        """Look a caller up; a slash within the number may be escaped or not."""
        return answer(request, number.removeprefix("/"), form)

    @get("/caller", sync_to_thread=False, responses=_ANSWERS)
    def caller_by_query(
        request: Request[Client, Any, Any],
        number: Annotated[str, _NUMBER] = "",
        form: Annotated[Form, _FORM] = "",
    ) -> ASGIResponse:
        """Look a caller up; for clients that can only append a query."""
        return answer(request, number, form)

    return Router(
        "/v1",
        route_handlers=[caller_by_path, caller_by_query],
        middleware=[basic_authentication(authenticator)],
        tags=["caller"],
        security=[{"client": []}],
    )


def find(directory: Directory, client: Client, number: str, max_chars: int) -> CallerMatch | None:
    """Return the match of the first reading of `number` that finds somebody, else None."""
    if len(number) > max_chars:
        return None
    for spelling in spellings(number):
        match = directory.caller(spelling, client)
        if match is not None:
            return match
    return None


def spellings(number: str) -> tuple[str, ...]:
    """Return what a number may have been before it was put into a URL, most likely first.

    Args:
        number: decoded once, as the server does it.

    Returns:
        One text, or two where a space in front may be a "+" that was not escaped.
    """
    if "%" in number:  # no number holds one: it was escaped twice
        number = unquote(number)
    lost = _LOST_PLUS.match(number)
    if lost is None:
        return (number,)
    rest = number[lost.end() :]
    return f"{lost[1] or ''}+{rest}", f"{lost[1] or ''}{rest}"
