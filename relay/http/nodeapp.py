"""The application of a relay in the cloud: what browsers and directories ask of a node.

Law: as of `relay.http.app`; and it has no index, no contact and no user of any directory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from litestar import Litestar, Router, get
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from relay.directory import Readiness
from relay.http.bounds import JSON, RequestBounds, as_get, mark_answer
from relay.http.extension import SEARCH_PATH, ExtensionDesk, extension_routes
from relay.http.health import health_routes
from relay.http.lines import LineRoute, key_routes
from relay.http.page import node_content_policy, page_routes
from relay.http.problems import HANDLERS
from relay.http.rpc import RPC_PATH, RpcDesk, RpcRoute
from relay.nodesettings import ANY_ORGANISATION, NodeSettings
from relay.persons import WaysAnswer
from relay.tunnel.exchange import Exchange
from relay.tunnel.frames import MAX_QUESTION_BYTES
from relay.tunnel.frames import PATH as LINE_PATH
from relay.tunnel.tenants import TenantRecords
from relay.verifying import TokenVerifier

REGISTRATION_PATH = "/v1/registration"

_BODIES = {
    REGISTRATION_PATH: (JSON, "OPTIONS, POST"),
    SEARCH_PATH: (JSON, "OPTIONS, POST"),
}


def create_node_app(
    exchange: Exchange,
    tokens: TokenVerifier,
    records: TenantRecords,
    settings: NodeSettings,
    *,
    ready: Callable[[], Readiness],
    more_routes: Sequence[Router] = (),
    counts: Counter[str] | None = None,
) -> ASGIApp:
    """Return the ASGI application of a node.

    Args:
        exchange: holds the lines, asks the directories.
        tokens: verifies users of every tenant.
        records: of the registered tenants.
        settings: bounds.
        ready: tells whether this node can do its work now.
        more_routes: registration.
        counts: where answers are counted by class of status; for metrics.
    """
    desk = RpcDesk(exchange, tokens, records, settings.limits)
    counted = counts if counts is not None else Counter()
    extension = ExtensionDesk(desk, tokens, records)
    app = Litestar(
        route_handlers=[
            key_routes(records),
            page_routes(node_content_policy(settings.authority)),
            ways_routes(settings),
            health_routes(ready),
            *([extension_routes(extension)] if settings.message_extension else []),
            *more_routes,
        ],
        middleware=[RequestBounds(MAX_QUESTION_BYTES, _BODIES)],
        request_max_body_size=MAX_QUESTION_BYTES,
        exception_handlers=HANDLERS,
        before_send=[mark_answer, _counting(counted)],
        on_shutdown=[tokens.close],
        openapi_config=None,
        logging_config=None,  # exceptions are logged by `problems`, without the request
        debug=False,
        pdb_on_exception=False,
    )
    rpc, line = RpcRoute(desk, counted), LineRoute(exchange)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"] == RPC_PATH:
            await rpc(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET and scope["path"] == LINE_PATH:
            await line(scope, receive, send)
        else:
            await app(as_get(scope), receive, send)

    return answer


def ways_routes(settings: NodeSettings) -> Router:
    """Return the route that tells the page that it is a relay's: questions have to be sealed.

    A browser outside Teams signs in at Entra as a member of any organisation: whose directory is
    asked says the token.
    """

    @get("/sign-in", sync_to_thread=False)
    def ways() -> WaysAnswer:
        return WaysAnswer(
            password=False,
            tenant=ANY_ORGANISATION,
            client_id=settings.client_id,
            authority=settings.authority,
            tunnel=True,
        )

    return Router("/v1", route_handlers=[ways])


def _counting(counts: Counter[str]) -> Callable[[Message, Scope], Awaitable[None]]:
    async def count(message: Message, _scope: Scope) -> None:
        if message["type"] == "http.response.start":
            counts[f"answers_{message['status'] // 100}xx"] += 1

    return count
