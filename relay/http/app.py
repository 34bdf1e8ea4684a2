"""The HTTP application: which routes there are, and what holds for every answer.

Law: it knows no socket (`relay.http.server` does) and no index (the port does). Nothing is logged
per request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Message, Scope
from typing_extensions import override

from engine.client import Client
from relay.accounts import Accounts
from relay.desk import Desk
from relay.directory import Directory
from relay.http.anynode import anynode_routes
from relay.http.asking import SignIn
from relay.http.authentication import Authenticator
from relay.http.bounds import JSON, RequestBounds, as_get, mark_answer
from relay.http.callerid import caller_routes
from relay.http.calling import CallerRoad
from relay.http.description import complete
from relay.http.health import health_routes
from relay.http.page import content_policy, page_routes
from relay.http.people import people_routes
from relay.http.problems import ANYNODE_PATH, CALLER_PATH, HANDLERS
from relay.http.searching import SEARCH_PATH, SearchRoad
from relay.http.signin import sign_in_routes
from relay.memberships import Memberships
from relay.sessions import Sessions
from relay.settings import RelaySettings

API_VERSION = "1"

_COUNTED = frozenset({"caller", "people"})

_BODIES = {
    SEARCH_PATH: (JSON, "OPTIONS, POST"),
    "/v1/sign-in": (JSON, "GET, HEAD, OPTIONS, POST"),
    ANYNODE_PATH: (b"", "OPTIONS, POST"),
}
_BELOW_CALLER = f"{CALLER_PATH}/"
_ANY_LENGTH = frozenset({ANYNODE_PATH})


class DirectoryApp(Litestar):
    """The framework's application, and the two roads that go past it."""

    __slots__ = ("_caller", "_search")

    def __init__(self, search: SearchRoad, caller: CallerRoad, **options: Any) -> None:
        self._search = search
        self._caller = caller
        super().__init__(**options)

    @override
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = as_get(scope)
        path = scope["path"] if scope["type"] == ScopeType.HTTP else ""
        if path == SEARCH_PATH:
            await self._search(scope, receive, send, super().__call__)
        elif path == CALLER_PATH or path.startswith(_BELOW_CALLER):
            await self._caller(scope, receive, send, super().__call__)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    directory: Directory,
    clients: Callable[[], tuple[Client, ...]],
    settings: RelaySettings,
    *,
    accounts: Callable[[], Accounts] = Accounts,
    sessions: Sessions | None = None,
    counts: Counter[str] | None = None,
    memberships: Memberships | None = None,
) -> Litestar:
    """Return the ASGI application.

    Args:
        directory: answers the questions.
        clients: returns the clients that may ask, as configured now; asked at every request.
        settings: bounds of requests, ways to sign in.
        accounts: returns the users of the app and the groups, as configured now; likewise.
        sessions: of users who signed in with a password; None: under a key of this application.
        counts: where answers are counted, by kind and class of status; for metrics.
        memberships: knows groups that a token does not tell; None: nobody does.
    """
    authenticator = Authenticator(clients)
    counted = counts if counts is not None else Counter()
    sign_in = SignIn(accounts, settings, sessions, memberships=memberships)
    desk = Desk(directory, settings)
    app = DirectoryApp(
        SearchRoad(desk, sign_in, settings.max_body_bytes, counted),
        CallerRoad(directory, authenticator, settings.max_number_chars, counted),
        route_handlers=[
            caller_routes(directory, authenticator, settings),
            anynode_routes(directory, authenticator, settings),
            people_routes(desk, sign_in),
            sign_in_routes(directory, sign_in, accounts, settings),
            page_routes(content_policy(settings)),
            health_routes(directory.ready),
        ],
        middleware=[RequestBounds(settings.max_body_bytes, _BODIES, _ANY_LENGTH)],
        request_max_body_size=settings.max_body_bytes,
        exception_handlers=HANDLERS,
        before_send=[mark_answer, _counting(counted)],
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


def _counting(counts: Counter[str]) -> Callable[[Message, Scope], Awaitable[None]]:
    async def count(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            counts[f"answers_{message['status'] // 100}xx"] += 1
            kind = scope["path"].split("/", 3)[2:3] if scope["path"].startswith("/v1/") else []
            if kind and kind[0] in _COUNTED:
                counts[f"{kind[0]}_requests"] += 1

    return count
