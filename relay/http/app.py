"""The HTTP application: which routes there are, and what holds for every answer.

Law: it knows no socket (`relay.http.server` does) and no index (the port does). Nothing is logged
per request.
"""

from __future__ import annotations

from collections.abc import Callable

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
from relay.directory import Directory
from relay.http.anynode import anynode_routes
from relay.http.authentication import Authenticator
from relay.http.callerid import caller_routes
from relay.http.health import health_routes
from relay.http.problems import HANDLERS, is_anynode
from relay.settings import RelaySettings

API_VERSION = "1"

_EVERY_ANSWER = (
    (b"cache-control", b"no-store"),  # names of people stay out of caches
    (b"x-content-type-options", b"nosniff"),
)


def create_app(
    directory: Directory,
    clients: Callable[[], tuple[Client, ...]],
    settings: RelaySettings,
) -> Litestar:
    """Return the ASGI application.

    Args:
        directory: answers the questions.
        clients: returns the clients that may ask, as configured now; asked at every request.
        settings: bounds of requests.
    """
    authenticator = Authenticator(clients)
    return Litestar(
        route_handlers=[
            caller_routes(directory, authenticator, settings),
            anynode_routes(directory, authenticator, settings),
            health_routes(directory),
        ],
        middleware=[RequestBounds(settings.max_body_bytes)],
        request_max_body_size=settings.max_body_bytes,
        exception_handlers=HANDLERS,
        before_send=[_mark_every_answer],
        on_shutdown=[authenticator.close],
        openapi_config=OpenAPIConfig(
            title="Rufname",
            version=API_VERSION,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={"client": SecurityScheme(type="http", scheme="basic")}
            ),
        ),
        logging_config=None,  # exceptions are logged by `problems`, without the request
        debug=False,
        pdb_on_exception=False,
    )


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
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            methods = "OPTIONS, POST" if takes_body else "GET, OPTIONS"
            answer = ASGIResponse(status_code=204, headers={"allow": methods})
            await answer(scope, receive, send)
            return
        await next_app(scope, receive, send)

    def _admits(self, length: bytes) -> bool:
        """Tell whether a Content-Length is within the bound; what is no length is not."""
        return length.isdigit() and len(length) < 19 and int(length) <= self._max_body_bytes  # noqa: PLR2004 - below 2^63


async def _mark_every_answer(message: Message, _scope: Scope) -> None:
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *_EVERY_ANSWER]
