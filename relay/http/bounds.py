"""Which requests get as far as a route: bounded bodies of a known length, of the kind it takes.

Law: it knows no route; the application says which paths take what.
"""

from __future__ import annotations

from collections.abc import Mapping

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

JSON = b"application/json"
OCTETS = b"application/octet-stream"

_READ = "GET, HEAD, OPTIONS"
NO_STORE = (b"cache-control", b"no-store")  # names of people stay out of caches
NO_SNIFF = (b"x-content-type-options", b"nosniff")


class RequestBounds(ASGIMiddleware):
    """Refuses a body that is too large, of unknown length, or of another kind than the path takes.

    It answers OPTIONS itself, to everybody: SBCs keep a connection alive with it, and may take a
    server that refuses it for dead.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(
        self,
        max_body_bytes: int,
        bodies: Mapping[str, tuple[bytes, str]],
        any_length: frozenset[str] = frozenset(),
    ) -> None:
        """Take the bounds.

        Args:
            max_body_bytes: the largest body.
            bodies: by path, of those that take a body: its media type (b"" = any), and the methods
                of the path as `Allow` tells them. A form of another site never has one of these
                types (CSRF).
            any_length: paths whose body may come without a Content-Length; without a final slash.
        """
        self._max_body_bytes = max_body_bytes
        self._bodies = bodies
        self._any_length = any_length

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        path = scope["path"]
        for field, value in scope["headers"]:
            if field == b"content-length" and not is_length_within(value, self._max_body_bytes):
                raise HTTPException(status_code=413, headers={"Connection": "close"})
            if field == b"transfer-encoding" and path.rstrip("/") not in self._any_length:
                raise HTTPException(status_code=411, headers={"Connection": "close"})
        if scope["type"] != ScopeType.HTTP:
            return
        kind, methods = self._bodies.get(path) or self._bodies.get(path.rstrip("/"), (b"", _READ))
        if kind and scope["method"] == "POST" and not _is(kind, scope):
            raise HTTPException(status_code=415)
        if scope["method"] == "OPTIONS":
            await ASGIResponse(status_code=204, headers={"allow": methods})(scope, receive, send)
            return
        await next_app(scope, receive, send)


def as_get(scope: Scope) -> Scope:
    """Return the scope of a HEAD as that of a GET, and any other as it is.

    The server, whose scope stays that of a HEAD, leaves the body of the answer out (RFC 9110,
    9.3.2): monitors and balancers ask so whether a service is well.
    """
    if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
        return {**scope, "method": "GET"}
    return scope


def is_length_within(length: bytes, most: int) -> bool:
    """Tell whether a Content-Length is within a bound; what is no length is not."""
    return length.isdigit() and len(length) < 19 and int(length) <= most  # noqa: PLR2004 - below 2^63


def _is(kind: bytes, scope: Scope) -> bool:
    """Tell whether a body says that it is of a kind."""
    kinds = [value for field, value in scope["headers"] if field == b"content-type"]
    return len(kinds) == 1 and kinds[0].partition(b";")[0].strip().lower() == kind


async def mark_answer(message: Message, _scope: Scope) -> None:
    """Keep an answer out of caches unless its route says otherwise, and its type from guesses."""
    if message["type"] == "http.response.start":
        fields = [*message["headers"], NO_SNIFF]
        if not any(name == b"cache-control" for name, _ in fields):
            fields.append(NO_STORE)
        message["headers"] = fields
