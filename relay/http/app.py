"""The HTTP application: which routes there are, and what holds for every answer.

Law: it knows no socket (`relay.http.server` does) and no index (the port does). Nothing is logged
per request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from engine.client import Client
from relay.accounts import Accounts
from relay.directory import Directory
from relay.http.anynode import anynode_routes
from relay.http.asking import SignIn
from relay.http.authentication import Authenticator
from relay.http.callerid import caller_routes
from relay.http.description import complete
from relay.http.health import health_routes
from relay.http.page import page_routes
from relay.http.people import people_routes
from relay.http.problems import HANDLERS, is_anynode
from relay.http.signin import sign_in_routes
from relay.sessions import Sessions
from relay.settings import RelaySettings

API_VERSION = "1"

_NO_STORE = (b"cache-control", b"no-store")  # names of people stay out of caches
_NO_SNIFF = (b"x-content-type-options", b"nosniff")

_COUNTED = frozenset({"caller", "people"})

_POSTS = {"/v1/people/search": "OPTIONS, POST", "/v1/sign-in": "GET, OPTIONS, POST"}
"""Methods of the paths that take a body, but for anynode's."""


def create_app(
    directory: Directory,
    clients: Callable[[], tuple[Client, ...]],
    settings: RelaySettings,
    *,
    accounts: Callable[[], Accounts] = Accounts,
    sessions: Sessions | None = None,
    counts: Counter[str] | None = None,
) -> Litestar:
    """Return the ASGI application.

    Args:
        directory: answers the questions.
        clients: returns the clients that may ask, as configured now; asked at every request.
        settings: bounds of requests, ways to sign in.
        accounts: returns the users of the app and the groups, as configured now; likewise.
        sessions: of users who signed in with a password; None: under a key of this application.
        counts: where answers are counted, by kind and class of status; for metrics.
    """
    authenticator = Authenticator(clients)
    counted = counts if counts is not None else Counter()
    sign_in = SignIn(accounts, settings, sessions)
    app = Litestar(
        route_handlers=[
            caller_routes(directory, authenticator, settings),
            anynode_routes(directory, authenticator, settings),
            people_routes(directory, sign_in, settings),
            sign_in_routes(directory, sign_in, accounts, settings),
            page_routes(settings),
            health_routes(directory),
        ],
        middleware=[RequestBounds(settings.max_body_bytes)],
        request_max_body_size=settings.max_body_bytes,
        exception_handlers=HANDLERS,
        before_send=[_mark_every_answer, _counting(counted)],
        on_shutdown=[authenticator.close, sign_in.close],
        openapi_config=OpenAPIConfig(
            title="Rufname",
            version=API_VERSION,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={
                    "client": SecurityScheme(type="http", scheme="basic"),
                    "user": SecurityScheme(type="http", scheme="basic"),
                    "token": SecurityScheme(type="http", scheme="bearer"),
                }
            ),
        ),
        logging_config=None,  # exceptions are logged by `problems`, without the request
        debug=False,
        pdb_on_exception=False,
    )
    complete(app.openapi_schema)
    return app


class RequestBounds(ASGIMiddleware):
    """Refuses a body that is too large, or of unknown length where no route takes one.

    It answers OPTIONS itself, to everybody: SBCs keep a connection alive with it, and may take a
    server that refuses it for dead.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        takes_body = is_anynode(scope["path"])
        for field, value in scope["headers"]:
            if field == b"content-length" and not self._admits(value):
                raise HTTPException(status_code=413, headers={"Connection": "close"})
            if field == b"transfer-encoding" and not takes_body:
                raise HTTPException(status_code=411, headers={"Connection": "close"})
        if scope["type"] != ScopeType.HTTP:
            return
        if scope["path"] in _POSTS and scope["method"] == "POST" and not _is_json(scope):
            raise HTTPException(status_code=415)
        if scope["method"] == "OPTIONS":
            methods = _POSTS.get(scope["path"], "OPTIONS, POST" if takes_body else "GET, OPTIONS")
            answer = ASGIResponse(status_code=204, headers={"allow": methods})
            await answer(scope, receive, send)
            return
        await next_app(scope, receive, send)

    def _admits(self, length: bytes) -> bool:
        """Tell whether a Content-Length is within the bound; what is no length is not."""
        return length.isdigit() and len(length) < 19 and int(length) <= self._max_body_bytes  # noqa: PLR2004 - below 2^63


def _is_json(scope: Scope) -> bool:
    """Tell whether a body says that it is JSON: a form of another site never does (CSRF)."""
    kinds = [value for field, value in scope["headers"] if field == b"content-type"]
    return len(kinds) == 1 and kinds[0].partition(b";")[0].strip().lower() == b"application/json"


def _counting(counts: Counter[str]) -> Callable[[Message, Scope], Awaitable[None]]:
    async def count(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            counts[f"answers_{message['status'] // 100}xx"] += 1
            kind = scope["path"].split("/", 3)[2:3] if scope["path"].startswith("/v1/") else []
            if kind and kind[0] in _COUNTED:
                counts[f"{kind[0]}_requests"] += 1

    return count


async def _mark_every_answer(message: Message, _scope: Scope) -> None:
    if message["type"] == "http.response.start":
        fields = [*message["headers"], _NO_SNIFF]
        if not any(name == b"cache-control" for name, _ in fields):
            fields.append(_NO_STORE)
        message["headers"] = fields
