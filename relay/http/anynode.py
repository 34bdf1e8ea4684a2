"""Who calls, as a route's question of an anynode SBC: `POST /v1/caller/anynode`.

Law: a question that can be read is answered by 200 and lets the call go on, whether somebody was
found or not. What the question holds beside the display name comes back as it was sent, octet for
octet: values are kept in their JSON notation and never read.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.response.base import ASGIResponse

from engine.client import Client
from engine.query import CallerMatch
from relay.directory import Directory
from relay.errors import DirectoryUnavailable, MalformedRequest
from relay.http.accept import JSON, PROBLEM
from relay.http.authentication import Authenticator, basic_authentication
from relay.schema import Problem
from relay.settings import RelaySettings

SOURCE = "sourceAddress"
DIAL_STRING = "dialString"
DISPLAY_NAME = "displayName"
CONTINUE = "routeContinue"

Members = dict[str, msgspec.Raw]
"""A JSON object whose values are not read; the last of equal names counts."""

_read_members = msgspec.json.Decoder(Members).decode
_read_text = msgspec.json.Decoder(str | None).decode
_encode = msgspec.json.Encoder().encode
_TRUE = msgspec.Raw(b"true")

_log = logging.getLogger(__name__)


class RouteQuestion(msgspec.Struct, frozen=True):
    """One question.

    Attributes:
        number: what the caller dialled from, any text; "" if there is none.
        members: the whole question.
        source: its `sourceAddress`.
    """

    number: str
    members: Members
    source: Members


def read_question(body: bytes) -> RouteQuestion:
    """Read a question.

    Args:
        body: a JSON object (RFC 8259) in UTF-8 with an object `sourceAddress`, whose `dialString`
            and `displayName` are texts, null, or absent.

    Raises:
        MalformedRequest: it is not; says what is wrong and where, and quotes nothing.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"the body is not UTF-8 (byte {error.start})") from None
    members = _object("the body", body)
    if SOURCE not in members:
        raise MalformedRequest(f"{SOURCE} is missing")
    source = _object(SOURCE, members[SOURCE])
    _text(source, DISPLAY_NAME)
    return RouteQuestion(_text(source, DIAL_STRING), members, source)


def write_answer(question: RouteQuestion, name: str) -> bytes:
    """Return the question as the answer: the call goes on, under `name` unless that is ""."""
    source = question.source
    if name:
        source = source | {DISPLAY_NAME: msgspec.Raw(_encode(name))}
    rest = {key: value for key, value in question.members.items() if key != CONTINUE}
    return _encode({CONTINUE: _TRUE, **rest, SOURCE: source})


def anynode_routes(
    directory: Directory, authenticator: Authenticator[Client], settings: RelaySettings
) -> Router:
    """Return the route that anynode asks, for authenticated clients only."""
    find = _Finder(directory, settings.max_number_chars)

    @post("/caller/anynode", status_code=200, responses=_ANSWERS)
    async def caller_of_a_route(request: Request[Client, Any, Any]) -> ASGIResponse:
        """Look the caller of a route up; the answer is the question with the display name."""
        question = read_question(await request.body())
        started = time.perf_counter()
        match = find(question.number, request.user)
        lookup_ms = (time.perf_counter() - started) * 1e3
        return ASGIResponse(
            body=write_answer(question, match.name if match else ""),
            headers={"server-timing": f"lookup;dur={lookup_ms:.3f}"},
            media_type=JSON,
        )

    return Router(
        "/v1",
        route_handlers=[caller_of_a_route],
        middleware=[basic_authentication(authenticator)],
        tags=["caller"],
        security=[{"client": []}],
    )


class _Finder:
    """Asks the directory; one that cannot answer knows nobody, so that calls go on."""

    def __init__(self, directory: Directory, max_chars: int) -> None:
        self._directory = directory
        self._max_chars = max_chars
        self._away = False

    def __call__(self, number: str, client: Client) -> CallerMatch | None:
        if not number or len(number) > self._max_chars:
            return None
        try:
            match = self._directory.caller(number, client)
        except DirectoryUnavailable as error:
            if not self._away:  # once, not with every call
                _log.warning("calls of %r go on without names: %s", client.name, error.reason)
            self._away = True
            return None
        self._away = False
        return match


def _object(what: str, notation: bytes | msgspec.Raw) -> Members:
    try:
        return _read_members(notation)
    except msgspec.ValidationError:
        raise MalformedRequest(f"{what} is no JSON object") from None
    except msgspec.DecodeError as error:  # its words name a byte, never what stands there
        raise MalformedRequest(f"{what} cannot be read: {error}") from None
    except RecursionError:
        raise MalformedRequest(f"{what} is nested too deeply") from None


def _text(source: Members, name: str) -> str:
    """Return the text of a member; "" where it is null or absent."""
    if name not in source:
        return ""
    try:
        return _read_text(source[name]) or ""
    except msgspec.ValidationError:
        raise MalformedRequest(f"{SOURCE}.{name} is neither a text nor null") from None


class RouteAddress(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """For the OpenAPI description: who calls. Further members come back as they were sent."""

    dial_string: str | None = None
    display_name: str | None = None


class RouteAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """For the OpenAPI description: the question, with `routeContinue` and the display name."""

    route_continue: bool
    source_address: RouteAddress


_ANSWERS = {
    200: ResponseSpec(
        data_container=RouteAnswer,
        generate_examples=False,
        description="The question; displayName is the caller's name if the caller is known.",
        media_type=JSON,
    ),
    **{
        status: ResponseSpec(
            data_container=Problem,
            generate_examples=False,
            description=description,
            media_type=PROBLEM,
        )
        for status, description in (
            (400, "The question cannot be read; `detail` says why."),
            (401, "Name or password of the client are missing or wrong."),
            (413, "The question is too large."),
            (503, "Too many new passwords are being verified; see Retry-After."),
        )
    },
}
