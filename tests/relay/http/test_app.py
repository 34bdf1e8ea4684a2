from __future__ import annotations

from collections.abc import Callable

import pytest
from litestar import Litestar

from tests.relay.http.asking import asker

EVERY_PATH = [
    "/v1/caller/+498999998123",
    "/v1/caller",
    "/v1/caller/anynode",
    "/healthz",
    "/readyz",
    "/schema",
    "/v1/me",
    "/v1/people/crm:1",
    "/v1/people/crm:1/vcard",
    "/nowhere",
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", EVERY_PATH)
async def test_no_answer_may_be_stored_or_sniffed(app: Litestar, method: str, path: str) -> None:
    async with asker(app) as ask:
        answer = await ask.request(method, path)
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.parametrize("path", EVERY_PATH)
async def test_options_is_answered_to_everybody_and_tells_the_methods(
    app: Litestar, path: str
) -> None:
    async with asker(app, authorization=None) as ask:
        answer = await ask.options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Allow"] in {"GET, HEAD, OPTIONS", "OPTIONS, POST", "OPTIONS"}
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_body_over_the_bound_is_refused(app: Litestar) -> None:
    async with asker(app, accept="application/json") as ask:
        fits = await ask.request("GET", "/v1/caller/+498999998123", content=b"x" * 16 * 1024)
        large = await ask.request("GET", "/v1/caller/+498999998123", content=b"x" * (16 * 1024 + 1))
    assert fits.status_code == 200
    assert large.status_code == 413
    assert large.headers["Connection"] == "close"
    assert large.json()["type"] == "urn:rufname:problem:too-large"


@pytest.mark.parametrize("length", ["99999999999999999999999", "-1", "x", "1" * 5000])
async def test_a_length_that_is_none_is_refused(app: Litestar, length: str) -> None:
    async with asker(app) as ask:
        answer = await ask.get("/healthz", headers={"Content-Length": length})
    assert answer.status_code == 413


async def test_a_body_of_unknown_length_is_refused(app: Litestar) -> None:
    async with asker(app, accept="application/json") as ask:
        answer = await ask.get("/healthz", headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411
    assert answer.json()["type"] == "urn:rufname:problem:length-required"


async def test_the_schema_names_our_routes_and_no_others(app: Litestar) -> None:
    async with asker(app, authorization=None) as ask:
        for path in ("/schema", "/schema/openapi.json"):
            schema = (await ask.get(path)).json()
            assert set(schema["paths"]) == {
                "/v1/caller",
                "/v1/caller/{number}",
                "/v1/caller/anynode",
                "/v1/me",
                "/v1/people/search",
                "/v1/people/{identity}",
                "/v1/people/{identity}/vcard",
                "/v1/sign-in",
                "/healthz",
                "/readyz",
            }
    anynode = schema["paths"]["/v1/caller/anynode"]["post"]
    assert anynode["security"] == [{"client": []}]
    assert set(anynode["responses"]) == {"200", "400", "401", "413", "503"}
    caller = schema["paths"]["/v1/caller/{number}"]["get"]
    assert caller["security"] == [{"client": []}]
    assert set(caller["responses"]) == {"200", "400", "401", "404", "503"}
    assert set(schema["components"]["schemas"]["CallerAnswer"]["properties"]) == {
        "name",
        "class",
        "number",
        "id",
        "source",
        "runners_up",
    }


async def test_nothing_is_logged_for_a_request(app: Litestar, log: Callable[[], str]) -> None:
    async with asker(app) as ask:
        for path in EVERY_PATH:
            await ask.get(path)
    assert "relay" not in log()
    assert "litestar" not in log()
    assert "99998123" not in log()
