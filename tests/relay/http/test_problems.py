from __future__ import annotations

from collections.abc import Callable

import pytest
from litestar import Litestar

from engine.client import Client
from engine.query import CallerMatch
from relay.http.app import create_app
from relay.local import LocalDirectory
from tests.relay.http.asking import CLIENTS, asker
from tests.relay.http.conftest import SETTINGS

PROBLEM = "application/problem+json"


class Falling(LocalDirectory):
    """A directory with a fault whose words quote the number, as words of errors do."""

    def caller(self, number: str, client: Client) -> CallerMatch | None:
        raise ValueError(f"no such thing as {number} for {client.name}")


@pytest.mark.parametrize("path", ["/page", "/v1", "/v2/caller/1", "/callers", "/healthz/x", "/%00"])
async def test_an_unknown_path_is_a_problem_with_a_stable_type(app: Litestar, path: str) -> None:
    async with asker(app, authorization=None) as ask:
        answer = await ask.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json() == {
        "type": "urn:rufname:problem:no-such-page",
        "title": "There is nothing under this path",
        "status": 404,
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/v1/caller/1", "/v1/caller", "/healthz", "/readyz"])
async def test_only_get_is_taken(app: Litestar, method: str, path: str) -> None:
    async with asker(app, authorization=None, accept="application/json") as ask:
        answer = await ask.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Content-Type"] == PROBLEM


async def test_a_fault_is_a_500_that_quotes_nothing_not_even_in_the_log(
    local: LocalDirectory, log: Callable[[], str]
) -> None:
    app = create_app(Falling(local._index), lambda: CLIENTS, SETTINGS)
    async with asker(app, accept="application/json") as ask:
        answer = await ask.get("/v1/caller/+498999998123")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:rufname:problem:fault"
    assert "99998123" not in answer.text + log()
    assert "ValueError in caller" in log()


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "text/html,*/*"])
async def test_under_the_caller_path_an_error_has_words_for_askers_of_json_alone(
    app: Litestar, accept: str
) -> None:
    async with asker(app, authorization=None, accept=accept) as ask:
        for answer in (await ask.get("/v1/caller/1"), await ask.post("/v1/caller/1")):
            assert answer.status_code in {401, 405}
            assert answer.content == b""
            assert answer.headers["Content-Length"] == "0"
