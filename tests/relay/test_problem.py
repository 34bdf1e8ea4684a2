"""Every error has one status and type; none quotes what was asked."""

from __future__ import annotations

import pytest

from relay import errors
from relay.problem import problem, problem_of


@pytest.mark.parametrize(
    ("error", "status", "slug", "wait_s"),
    [
        (errors.NotAuthenticated("the token has expired"), 401, "not-signed-in", 0),
        (errors.NotRegistered("x"), 403, "not-registered", 0),
        (errors.NotAllowed("x"), 403, "not-allowed", 0),
        (errors.NotFound("x"), 404, "no-such-person", 0),
        (errors.StaleCursor("x"), 409, "stale-cursor", 0),
        (errors.MalformedRequest("the body is empty"), 400, "bad-request", 0),
        (errors.TooOften("too many requests", 7), 429, "too-often", 7),
        (errors.DirectoryOffline(), 503, "directory-offline", 5),
        (errors.DirectoryTooSlow(), 504, "directory-too-slow", 1),
        (errors.Overloaded("full", 2), 503, "try-later", 2),
        (errors.RelayError("a secret"), 500, "fault", 0),
    ],
)
def test_an_error_is_told_by_its_status_and_type(
    error: errors.RelayError, status: int, slug: str, wait_s: int
) -> None:
    told, wait = problem_of(error)
    assert (told.status, told.type, wait) == (status, f"urn:rufname:problem:{slug}", wait_s)
    assert told.title
    assert "secret" not in told.title + told.detail


def test_a_status_without_a_type_of_its_own_is_told_by_its_phrase() -> None:
    told = problem(418)
    assert (told.type, told.title) == ("urn:rufname:problem:http-418", "I'm a Teapot")
