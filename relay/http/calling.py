"""`GET /v1/caller/{number}` past the framework, whose objects cost thirty times a look-up.

Law: one answer, whichever road it takes. Only what can be answered as it stands is answered here: a
client that is known, a number that needs no reading of the path or the query; anything else, errors
included, goes on to the framework as it came. Nothing here waits.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Literal
from urllib.parse import unquote, unquote_plus

import msgspec
from litestar.types import ASGIApp, HTTPScope, Receive, Send

from engine.client import Client
from engine.query import CallerMatch
from relay.directory import Directory
from relay.http.accept import JSON, TEXT, wants_json
from relay.http.authentication import Authenticator
from relay.http.plain import Field, Told, tell
from relay.http.problems import CALLER_PATH, is_anynode
from relay.schema import caller_answer

_LOST_PLUS = re.compile(r"(tel:|sips?:|callto:)? +(?=[1-9][\d .()/-]*\d)", re.IGNORECASE)
"""A "+" sent unescaped in a query arrives as a space (form encoding)."""

_PLAIN_NUMBER = re.compile(r"[\w+ .:;=@()*-]+", re.ASCII)
_PLAIN_QUERY = re.compile(rb"number=((?:[\w+.:;@()*/-]|%2[Bb]|%20)+)")
"""What the framework would read in the same way; it joins slashes, and knows more fields."""

_TYPES = {
    JSON: (b"content-type", JSON.encode()),
    TEXT: (b"content-type", b"text/plain; charset=utf-8"),
}

_encode = msgspec.json.Encoder().encode


def look_up(
    directory: Directory,
    client: Client,
    number: str,
    form: Literal["text", "json"],
    max_chars: int,
) -> tuple[int, bytes, str, Field]:
    """Return status, body, its media type, and how long it took, for both roads.

    Raises:
        DirectoryUnavailable: there is no answer now, not even "nobody".
    """
    started = time.perf_counter()
    match = find(directory, client, number, max_chars)
    took_ms = (time.perf_counter() - started) * 1e3
    timing = (b"server-timing", b"lookup;dur=%.3f" % took_ms)
    if match is None:
        return 404, b"", TEXT, timing
    if form == "json":
        return 200, _encode(caller_answer(match)), JSON, timing
    return 200, match.name.encode(), TEXT, timing


class CallerRoad:
    """Answers calls, and lets everything else go on."""

    def __init__(
        self,
        directory: Directory,
        authenticator: Authenticator[Client],
        max_number_chars: int,
        counts: Counter[str],
    ) -> None:
        self._directory = directory
        self._authenticator = authenticator
        self._max_number_chars = max_number_chars
        self._counts = counts

    async def __call__(
        self, scope: HTTPScope, receive: Receive, send: Send, framework: ASGIApp
    ) -> None:
        """Answer one request, here or there."""
        told = self._answer(scope)
        if told is None:
            await framework(scope, receive, send)
            return
        self._counts["caller_requests"] += 1
        await tell(send, told, self._counts)

    def _answer(self, scope: HTTPScope) -> Told | None:
        number = _number_of(scope) if scope["method"] == "GET" else None
        if number is None:
            return None
        authorization, accepts = "", []
        for field, value in scope["headers"]:
            if field == b"authorization":
                authorization = value.decode("latin-1")
            elif field == b"accept":
                accepts.append(value.decode("latin-1"))
            elif field in (b"content-length", b"transfer-encoding"):
                return None
        peer = scope["client"]
        client = self._authenticator.known(authorization, peer[0] if peer else "")
        if client is None or len(accepts) > 1:
            return None
        form: Literal["text", "json"] = "json" if wants_json("".join(accepts)) else "text"
        try:
            status, body, media_type, timing = look_up(
                self._directory, client, number, form, self._max_number_chars
            )
        except Exception:  # noqa: BLE001 - asked once more, told and logged by the framework
            return None
        return status, body, [timing, _TYPES[media_type]]


def _number_of(scope: HTTPScope) -> str | None:
    """Return the number that is asked for; None where the framework has to read it."""
    path, query = scope["path"], scope["query_string"]
    if path == CALLER_PATH:
        asked = _PLAIN_QUERY.fullmatch(query)
        return unquote_plus(asked[1].decode()) if asked else None
    number = path[len(CALLER_PATH) + 1 :]
    if query or is_anynode(path) or not _PLAIN_NUMBER.fullmatch(number):
        return None
    return number


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
