"""What went wrong, as HTTP says it: `application/problem+json` (RFC 9457) with stable type URNs.

Law: which status and type an error has stands in `relay.problem`. No answer and no log line quotes
the request, since paths and queries hold the numbers of people. Under `/v1/caller` the words go to
askers of JSON alone: PBXs (Asterisk's CURL, FreeSWITCH's mod_cidlookup) show any body, whatever its
status, as the caller's name.
"""

from __future__ import annotations

import logging
import re
import traceback
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.types import ExceptionHandlersMap

from relay.errors import NotAuthenticated, RelayError
from relay.http.accept import PROBLEM, TEXT, wants_json
from relay.problem import NOT_SIGNED_IN, URN, Kind, problem_of
from relay.problem import problem as problem_of_status

CALLER_PATH = "/v1/caller"
ANYNODE_PATH = "/v1/caller/anynode"
"""Its asker reads JSON only, and no PBX shows a body of it."""

BEARER = 'Bearer realm="rufname"'
"""For the app: a browser asks for a password of its own accord where it is offered Basic."""

_CHALLENGE = 'Basic realm="rufname", charset="UTF-8"'
"""RFC 7617, 2.1: names and passwords are sent in UTF-8."""

_OUTSIDE = {"data": "the body", "form": "format"}
"""What requests call parameters that have another name here."""

_QUOTED_VALUE = re.compile(r"(Invalid enum value) .*", re.DOTALL)

_log = logging.getLogger(__name__)


def problem(
    request: Request[Any, Any, Any],
    status: int,
    *,
    detail: str = "",
    headers: dict[str, str] | None = None,
    kind: Kind | None = None,
) -> Response[Any]:
    """Return the answer for a status.

    Args:
        request: what it answers.
        status: HTTP's.
        detail: more than the title says.
        headers: further header fields.
        kind: slug and title of the type; None: that of the status, or its standard phrase.
    """
    path = request.scope["path"]
    silent = path.startswith(CALLER_PATH) and not is_anynode(path)
    if silent and not wants_json(request.headers.get("accept", "")):
        return Response(None, status_code=status, media_type=TEXT, headers=headers)
    return Response(
        problem_of_status(status, detail=detail, kind=kind),
        status_code=status,
        media_type=PROBLEM,
        headers=headers,
    )


def is_anynode(path: str) -> bool:
    """Tell whether a path is the one that anynode posts to."""
    return path.rstrip("/") == ANYNODE_PATH


def _framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if request.method == "OPTIONS" and error.status_code == HTTPStatus.NOT_FOUND:
        return Response(None, status_code=204, headers={"Allow": "OPTIONS"})  # a keep-alive of "*"
    if isinstance(error, ValidationException):
        return problem(request, 400, detail=_faulty_field(error))
    if isinstance(error.__cause__, SerializationException):
        fault = error.detail.removeprefix("JSON is malformed: ")  # a place, no words of the request
        return problem(request, error.status_code, detail=f"the body is no JSON: {fault}")
    headers = {name.title(): value for name, value in (error.headers or {}).items()}
    if "Allow" in headers:  # the framework gives it another order with every start
        methods = {method.strip() for method in headers["Allow"].split(",")}
        methods |= {"HEAD"} if "GET" in methods else set()  # answered as one (`bounds.as_get`)
        headers["Allow"] = ", ".join(sorted(methods))
    return problem(request, error.status_code, headers=headers)


def _faulty_field(error: ValidationException) -> str:
    """Return which field of a body is wrong and what it has to be, without what it is; "" else."""
    for each in error.extra if isinstance(error.extra, list) else ():
        if isinstance(each, dict) and each.get("key"):
            key, message = str(each["key"]), str(each.get("message", ""))
            if "unknown field" in message:  # its name is the request's own words
                return "an unknown field"
            if message == "'data'":
                return "the body is empty"
            message = _QUOTED_VALUE.sub(r"\1", message)
            return f"{_OUTSIDE.get(key, key)}: {message}"
    return ""


def _not_text(request: Request[Any, Any, Any], _error: UnicodeDecodeError) -> Response[Any]:
    return problem(request, 400, detail="the body is not UTF-8")


def _too_deep(request: Request[Any, Any, Any], _error: RecursionError) -> Response[Any]:
    return problem(request, 400, detail="the body is nested too deep")


def _not_authenticated(request: Request[Any, Any, Any], _error: NotAuthenticated) -> Response[Any]:
    if request.scope["path"].startswith(CALLER_PATH):
        return problem(request, 401, headers={"WWW-Authenticate": _CHALLENGE})
    return problem(request, 401, headers={"WWW-Authenticate": BEARER}, kind=NOT_SIGNED_IN)


def _told(request: Request[Any, Any, Any], error: RelayError) -> Response[Any]:
    told, wait_s = problem_of(error)
    if told.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _fault(request, error)
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    kind = (told.type.removeprefix(URN), told.title)
    return problem(request, told.status, detail=told.detail, headers=headers, kind=kind)


def _fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer 500."""
    log_fault(error)
    return problem(request, 500)


def log_fault(error: Exception) -> None:
    """Log where it happened, without the error's words: they may quote a number."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown"
    _log.error("a request failed: %s in %s", type(error).__name__, place)


HANDLERS: ExceptionHandlersMap = {
    HTTPException: _framework,
    NotAuthenticated: _not_authenticated,
    RelayError: _told,
    Exception: _fault,
}
"""For the application: every error has a handler, so none reaches the server's own log."""

READS_JSON: ExceptionHandlersMap = {UnicodeDecodeError: _not_text, RecursionError: _too_deep}
"""For routes whose body the framework decodes: msgspec raises these for octets that are no UTF-8,
and for brackets within brackets by the thousand."""
