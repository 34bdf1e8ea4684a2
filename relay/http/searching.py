"""`POST /v1/people/search` past the framework, whose objects cost a third of a search.

Law: one answer, whichever road it takes. Only a question that can be read as it stands is answered
here; anything else, and every other path, goes on to the framework, octet for octet.
"""

from __future__ import annotations

import time
from collections import Counter

import msgspec
from litestar.types import ASGIApp, HTTPRequestEvent, HTTPScope, Receive, Send

from relay.accounts import Asker
from relay.desk import Desk
from relay.errors import UNREADABLE
from relay.http.asking import SignIn
from relay.http.bounds import JSON, is_length_within
from relay.http.plain import Field, Told, error_told, read_body, tell
from relay.persons import SearchQuestion

SEARCH_PATH = "/v1/people/search"

_JSON = (b"content-type", JSON)

_decode = msgspec.json.Decoder(SearchQuestion).decode
_encode = msgspec.json.Encoder().encode


async def answer_search(desk: Desk, asker: Asker, question: SearchQuestion) -> tuple[bytes, Field]:
    """Return a page as JSON, and how long it took, for both roads.

    Raises:
        RelayError: there is no answer.
    """
    started = time.perf_counter_ns()
    page = await desk.search(asker, question)
    took_us = (time.perf_counter_ns() - started) // 1_000
    return _encode(page), (b"server-timing", b"search;dur=%d.%03d" % divmod(took_us, 1_000))


class SearchRoad:
    """Answers searches, and lets everything else go on."""

    def __init__(
        self, desk: Desk, sign_in: SignIn, max_body_bytes: int, counts: Counter[str]
    ) -> None:
        self._desk = desk
        self._sign_in = sign_in
        self._max_body_bytes = max_body_bytes
        self._counts = counts

    async def __call__(
        self, scope: HTTPScope, receive: Receive, send: Send, framework: ASGIApp
    ) -> None:
        """Answer one request, here or there."""
        if not self._takes(scope):
            await framework(scope, receive, send)
            return
        try:
            asker = await self._sign_in.who(scope)
            body = await read_body(receive, self._max_body_bytes) or b""
        except Exception as error:  # noqa: BLE001 - told and logged, without the request
            told = error_told(error)
        else:
            question = _read_question(body)
            if question is None:  # it tells what is wrong
                await framework(scope, _once_more(body, receive), send)
                return
            told = await self._answer(asker, question)
        self._counts["people_requests"] += 1
        await tell(send, told, self._counts)

    def _takes(self, scope: HTTPScope) -> bool:
        """Tell whether a request is a search with a body as it has to be."""
        if scope["method"] != "POST":
            return False
        lengths = kinds = 0
        for field, value in scope["headers"]:
            if field == b"content-type":
                kinds += 1 if value == JSON else 2
            elif field == b"content-length":
                lengths += 1 if is_length_within(value, self._max_body_bytes) else 2
            elif field == b"transfer-encoding":
                return False
        return lengths == kinds == 1

    async def _answer(self, asker: Asker, question: SearchQuestion) -> Told:
        try:
            body, timing = await answer_search(self._desk, asker, question)
        except Exception as error:  # noqa: BLE001 - told and logged, without the request
            return error_told(error)
        return 200, body, [timing, _JSON]


def _read_question(body: bytes) -> SearchQuestion | None:
    try:
        return _decode(body)
    except UNREADABLE:
        return None


def _once_more(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read already, and then what comes after it."""
    left: list[HTTPRequestEvent] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> HTTPRequestEvent:
        return left.pop() if left else await receive()  # type: ignore[return-value]  # or a disconnection

    return read
