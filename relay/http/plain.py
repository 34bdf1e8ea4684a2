"""Answers without the framework, for the few roads where its objects cost as much as the answer.

Law: sizes, types, errors and header fields are as on every other route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from litestar.types import Receive, Send

from relay.errors import MalformedRequest, RelayError
from relay.http.accept import PROBLEM
from relay.http.bounds import NO_SNIFF, NO_STORE
from relay.http.problems import BEARER, log_fault
from relay.problem import problem, problem_of
from relay.schema import Problem

Field = tuple[bytes, bytes]

Told = tuple[int, bytes, Sequence[Field]]
"""Status, body, header fields; those that every answer has are not among them."""

_PROBLEM = (b"content-type", PROBLEM.encode())
_CHALLENGE = (b"www-authenticate", BEARER.encode())

_encode = msgspec.json.Encoder().encode


async def tell(send: Send, told: Told, counts: Counter[str]) -> None:
    """Send an answer, and count it by its class of status."""
    status, body, fields = told
    counts[f"answers_{status // 100}xx"] += 1
    headers = [*fields, (b"content-length", b"%d" % len(body)), NO_SNIFF, NO_STORE]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def problem_told(told: Problem, fields: Sequence[Field] = (), wait_s: int = 0) -> Told:
    """Return a problem as an answer; `wait_s`: when to ask again, 0 = not said."""
    wait = [(b"retry-after", b"%d" % wait_s)] if wait_s else []
    return told.status, _encode(told), [*fields, *wait, _PROBLEM]


def error_told(error: Exception) -> Told:
    """Return an error as an answer; what nobody raised on purpose is logged, and a fault."""
    if isinstance(error, RelayError):
        told, wait_s = problem_of(error)
        if told.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            challenge = [_CHALLENGE] if told.status == HTTPStatus.UNAUTHORIZED else []
            return problem_told(told, challenge, wait_s)
    log_fault(error)
    return problem_told(problem(500))


async def read_body(receive: Receive, most: int) -> bytes | None:
    """Return a body, None for one of more than `most` octets.

    Raises:
        MalformedRequest: it was cut.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise MalformedRequest("the body was cut")
        body += message["body"]
        if len(body) > most:
            return None
        if not message["more_body"]:
            return body
