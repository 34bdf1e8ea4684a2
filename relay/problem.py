"""What went wrong, as askers are told (RFC 9457): one status and type an error, on every road.

Law: values only. No problem quotes what was asked.
"""

from __future__ import annotations

from http import HTTPStatus

from relay.errors import (
    DirectoryOffline,
    DirectoryTooSlow,
    MalformedRequest,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotRegistered,
    RegistrationRefused,
    RelayError,
    StaleCursor,
    TooOften,
    TryLater,
)
from relay.schema import Problem

URN = "urn:rufname:problem:"

Kind = tuple[str, str]
"""Slug of a type, and its title."""

OF_STATUS: dict[int, Kind] = {
    400: ("bad-request", "The request cannot be read"),
    401: ("not-authenticated", "Name and password of a client are needed"),
    403: ("not-allowed", "This may not be asked by this user"),
    404: ("no-such-page", "There is nothing under this path"),
    405: ("method-not-allowed", "This path does not take this method"),
    409: ("stale-cursor", "The cursor does not belong to this search; ask for the first page"),
    411: ("length-required", "A request body needs a Content-Length"),
    413: ("too-large", "The request body is too large"),
    415: ("no-json", "The request body has to be application/json"),
    429: ("too-often", "Too many requests; ask again later"),
    500: ("fault", "Something went wrong on this side"),
    503: ("try-later", "No answer now; ask again later"),
}
NO_SUCH_PERSON: Kind = ("no-such-person", "There is no such contact, or not for this user")
NOT_SIGNED_IN: Kind = ("not-signed-in", "Sign in first")

_OF_ERROR: tuple[tuple[type[RelayError], int, Kind | None], ...] = (
    (NotAuthenticated, 401, NOT_SIGNED_IN),
    (NotRegistered, 403, ("not-registered", "This organisation has no directory here")),
    (NotAllowed, 403, None),
    (NotFound, 404, NO_SUCH_PERSON),
    (StaleCursor, 409, None),
    (MalformedRequest, 400, None),
    (TooOften, 429, None),
    (DirectoryOffline, 503, ("directory-offline", "The directory is not connected")),
    (DirectoryTooSlow, 504, ("directory-too-slow", "The directory did not answer in time")),
    (TryLater, 503, None),
)


def problem(status: int, *, detail: str = "", kind: Kind | None = None) -> Problem:
    """Return the problem of a status.

    Args:
        status: HTTP's.
        detail: more than the title says.
        kind: None: that of the status, or its standard phrase.
    """
    slug, title = kind or OF_STATUS.get(status) or (f"http-{status}", HTTPStatus(status).phrase)
    return Problem(type=URN + slug, title=title, status=status, detail=detail)


def problem_of(error: RelayError) -> tuple[Problem, int]:
    """Return the problem of an error, and the seconds after which to ask again (0 = not said).

    What no asker can cause is a fault (500).
    """
    if isinstance(error, RegistrationRefused):
        return problem(403, detail=error.reason, kind=(error.code, "The order is not obeyed")), 0
    for known, status, kind in _OF_ERROR:
        if isinstance(error, known):
            detail = error.reason if isinstance(error, (MalformedRequest, TryLater)) else ""
            wait_s = error.retry_after_s if isinstance(error, TryLater) else 0
            return problem(status, detail=detail, kind=kind), wait_s
    return problem(500), 0
