from __future__ import annotations

from litestar import Litestar

from tests.relay.http.asking import asker


async def test_a_running_loop_is_live_without_a_password(app: Litestar) -> None:
    async with asker(app, authorization=None) as ask:
        answer = await ask.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_loaded_index_is_ready(app: Litestar) -> None:
    async with asker(app, authorization=None) as ask:
        answer = await ask.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_without_an_index_it_is_live_but_not_ready(empty_app: Litestar) -> None:
    async with asker(empty_app, authorization=None) as ask:
        assert (await ask.get("/healthz")).status_code == 200
        answer = await ask.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert "no source has been read" in answer.json()["reason"]
    assert int(answer.headers["Retry-After"]) >= 1
