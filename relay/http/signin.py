"""Who am I, and how do I sign in? `/v1/me`, `/v1/sign-in`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from relay.accounts import Accounts
from relay.desk import Desk
from relay.directory import Directory
from relay.http.accept import JSON
from relay.http.asking import SignIn, asks, peer_of
from relay.http.people import AskerRequest, problems
from relay.http.problems import READS_JSON
from relay.persons import MeAnswer, SessionAnswer, SignInQuestion, WaysAnswer
from relay.settings import RelaySettings

_encode = msgspec.json.Encoder().encode

_ME = problems(
    p401="Nobody is signed in.",
    p429="Too many wrong passwords; see Retry-After.",
    p503="No answer now; see Retry-After.",
) | {
    200: ResponseSpec(MeAnswer, generate_examples=False, description="Who is signed in."),
}
_SESSION = problems(
    p400="The request cannot be read.",
    p401="No user has this name and password.",
    p413="The body is too large.",
    p415="The body is no JSON.",
    p429="Too many wrong passwords; see Retry-After.",
    p503="No answer now; see Retry-After.",
) | {
    200: ResponseSpec(SessionAnswer, generate_examples=False, description="A session."),
}


def sign_in_routes(
    directory: Directory,
    sign_in: SignIn,
    accounts: Callable[[], Accounts],
    settings: RelaySettings,
) -> Router:
    """Return the routes; all but `/v1/me` are open to everybody."""
    desk = Desk(directory, settings)

    @get("/me", middleware=[asks(sign_in)], responses=_ME, security=[{"user": []}, {"token": []}])
    async def me(request: AskerRequest) -> ASGIResponse:
        """Return who is signed in, and which sources that user may search."""
        return ASGIResponse(body=_encode(desk.me(request.user)), media_type=JSON)

    @get("/sign-in", sync_to_thread=False)
    def ways() -> WaysAnswer:
        """Return the ways to sign in here."""
        return WaysAnswer(
            password=any(user.password_hash for user in accounts().users),
            tenant=settings.tenant,
            client_id=settings.client_id,
            authority=settings.authority if settings.tenant else "",
        )

    @post("/sign-in", status_code=200, responses=_SESSION)
    async def open_session(
        request: Request[Any, Any, Any], data: JSONBody[SignInQuestion]
    ) -> ASGIResponse:
        """Open a session for a local user."""
        peer = peer_of(request.scope)
        _, session, ends_at = await sign_in.open_session(data.name, data.password, peer)
        return ASGIResponse(body=_encode(SessionAnswer(session, ends_at)), media_type=JSON)

    return Router(
        "/v1",
        route_handlers=[me, ways, open_session],
        exception_handlers=READS_JSON,
        tags=["sign-in"],
    )
