"""One request and its answer: uvicorn's, with an answer that is whole written in one piece.

Law: a head waits for its body, as ASGI demands ("Response Start": the server must not send it until
the first "Response Body"). What is not a whole answer of a known length is uvicorn's business, and
what it would refuse to send, it refuses.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_FRAMING = frozenset({b"connection", b"transfer-encoding"})


class WholeAnswers(RequestResponseCycle):
    """Sends head and body with one write: one packet, and the peer wakes up once."""

    _head: Any = None

    @override
    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and not self.response_started:
            self._head = message  # a second one is uvicorn's own, after an error before any body
            return
        head, self._head = self._head, None
        octets = _whole(self, head, message) if head else b""
        if not octets:
            if head:
                await super().send(head)
            await super().send(message)
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = self.chunked_encoding = False
        self.transport.write(octets)
        self.message_event.set()
        self.on_response()


def _whole(cycle: RequestResponseCycle, head: Any, message: Any) -> bytes:
    """Return the octets of an answer, b"" where it is not whole, or more than head and body."""
    status, body = head["status"], message.get("body", b"")
    if (
        message["type"] != "http.response.body"
        or message.get("more_body", False)
        or not cycle.keep_alive
        or cycle.disconnected
        or cycle.flow.write_paused
        or cycle.scope["method"] == "HEAD"
        or status in _BODILESS
    ):
        return b""
    octets, length = [STATUS_LINE[status]], b""
    for name, value in (*cycle.default_headers, *head.get("headers", ())):
        begin = _begin(name)
        if not begin or HEADER_VALUE_RE.search(value):
            return b""
        if begin == b"content-length: ":
            length = value
        octets += (begin, value, b"\r\n")
    if length != b"%d" % len(body):
        return b""
    octets += (b"\r\n", body)
    return b"".join(octets)


@lru_cache(maxsize=256)
def _begin(name: bytes) -> bytes:
    """Return how a field's line begins, b"" where uvicorn has to look at it."""
    lowered = name.lower()
    return b"" if HEADER_RE.search(name) or lowered in _FRAMING else lowered + b": "
