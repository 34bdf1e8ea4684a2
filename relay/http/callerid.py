"""Who calls? `GET /v1/caller/{number}` and `GET /v1/caller?number=`.

Law: nothing here waits; a question costs one index look-up. Who is not found, for whatever reason
that lies in the number, is answered by an empty 404: some PBXs show any body as the name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Request, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Parameter, QueryParameter
from litestar.response.base import ASGIResponse

from engine.client import Client
from relay.directory import Directory
from relay.http.accept import JSON, PROBLEM, wants_json
from relay.http.authentication import Authenticator, basic_authentication
from relay.http.calling import look_up
from relay.schema import CallerAnswer, Problem
from relay.settings import RelaySettings

Form = Literal["", "text", "json"]
"""What the query asks for; "" leaves it to the Accept field."""


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
        wanted = form or ("json" if wants_json(request.headers.get("accept", "")) else "text")
        found = look_up(directory, request.user, number, wanted, settings.max_number_chars)
        status, body, media_type, (field, value) = found
        headers = {field.decode(): value.decode()}
        return ASGIResponse(body=body, status_code=status, headers=headers, media_type=media_type)

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
