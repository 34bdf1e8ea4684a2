"""`POST /v1/rpc` at a node: who may ask, how much, and what is told when there is no answer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from relay.errors import DirectoryTooSlow
from relay.http import rpc
from relay.nodesettings import NodeLimits
from relay.tunnel.bus import Question, Reply
from relay.tunnel.frames import MAX_QUESTION_BYTES, Refusal
from relay.tunnel.tenants import TenantRecord
from tests.relay.http.users import OID, TENANT, claims, signed
from tests.relay.test_tokens import BAD_CLAIMS, BAD_TOKENS
from tests.relay.tunnel.ends import Cloud, wait_for

SECRET = b"sealed octets \x00\xff"


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
async def page(cloud: Cloud) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # the framework types its scopes more narrowly
    headers = {"Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://relay.test", headers=headers
    ) as client:
        yield client
    cloud.listener.close()


def bearer(token: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token or signed(claims())}"}


async def serve(cloud: Cloud, reply: Reply, tid: str = TENANT) -> list[bytes]:
    """Answer a tenant's questions with one reply; return what was asked."""
    asked = []

    async def handler(question: Question) -> Reply:
        asked.append(question.sealed)
        return reply

    await cloud.exchange._bus.serve(tid, handler)
    return asked


async def test_sealed_octets_go_to_the_tenants_directory_and_back(
    cloud: Cloud, page: httpx.AsyncClient
) -> None:
    asked = await serve(cloud, Reply(b"answer \xfe"))
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    assert (answer.status_code, answer.content) == (200, b"answer \xfe")
    assert asked == [SECRET]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", BAD_CLAIMS)
async def test_a_token_with_other_claims_asks_nothing(
    cloud: Cloud, page: httpx.AsyncClient, name: str
) -> None:
    asked = await serve(cloud, Reply(b"x"))
    token = signed(json.dumps(claims(**BAD_CLAIMS[name])).encode())
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer(token))
    # a right token of another tenant is that tenant's, and it has no directory here
    assert answer.status_code == (403 if name == "of another tenant" else 401)
    assert asked == []


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_what_is_no_token_asks_nothing(
    cloud: Cloud, page: httpx.AsyncClient, name: str
) -> None:
    asked = await serve(cloud, Reply(b"x"))
    headers = {"Authorization": f"Bearer {BAD_TOKENS[name]()}"}
    answer = await page.post("/v1/rpc", content=SECRET, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:rufname:problem:not-signed-in"
    assert asked == []


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "bearer ", "x y z"])
async def test_without_a_token_nobody_asks(page: httpx.AsyncClient, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = await page.post("/v1/rpc", content=SECRET, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="rufname"'


async def test_a_tenant_reaches_its_own_directory_only(
    cloud: Cloud, page: httpx.AsyncClient
) -> None:
    mine, theirs = await serve(cloud, Reply(b"1")), await serve(cloud, Reply(b"2"), OID)
    other = claims(tid=OID, iss=f"https://login.microsoftonline.com/{OID}/v2.0")
    for headers, expected in ((bearer(), b"1"), (bearer(signed(other)), b"2")):
        for more in ({}, {"X-Tenant": TENANT}, {"X-Tenant": OID}):
            answer = await page.post(
                f"/v1/rpc?tid={OID}", content=SECRET, headers={**headers, **more}
            )
            assert answer.content == expected
    assert (len(mine), len(theirs)) == (3, 3)


async def test_a_tenant_without_a_directory_is_told_so(
    cloud: Cloud, page: httpx.AsyncClient
) -> None:
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "urn:rufname:problem:not-registered",
    )
    await cloud.records.put(TenantRecord(TENANT, b"i" * 32, "fp"))
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:rufname:problem:directory-offline"
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("refusal", Refusal.__args__)  # type: ignore[attr-defined]  # typing's own
async def test_each_refusal_of_a_directory_has_its_problem(
    cloud: Cloud, page: httpx.AsyncClient, refusal: Refusal
) -> None:
    await serve(cloud, Reply(refusal=refusal))
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    status, (slug, title), wait_s = rpc.REFUSALS[refusal]
    assert answer.status_code == status
    assert answer.json() == {
        "type": f"urn:rufname:problem:{slug}", "title": title, "status": status,
    }  # fmt: skip
    assert answer.headers.get("retry-after", "0") == str(wait_s)


async def test_a_directory_that_is_too_slow_is_told_so(
    cloud: Cloud, page: httpx.AsyncClient
) -> None:
    async def slow(_question: Question) -> Reply:
        raise DirectoryTooSlow

    await cloud.exchange._bus.serve(TENANT, slow)
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    assert answer.status_code == 504


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 400),
        (b"x" * (MAX_QUESTION_BYTES + 1), {}, 413),
        (b"x", {"Content-Type": "application/json"}, 415),
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"x", {"Content-Length": "99999999999999999999"}, 413),
        (b"x", {"Content-Length": "-1"}, 411),
        (b"x", {"Transfer-Encoding": "chunked"}, 411),
    ],
)
async def test_other_bodies_are_refused(
    page: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await page.post("/v1/rpc", content=content, headers={**bearer(), **headers})
    assert answer.status_code == status


async def test_other_methods_are_told_which_there_is(page: httpx.AsyncClient) -> None:
    answer = await page.options("/v1/rpc")
    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = await page.request(method, "/v1/rpc", headers=bearer())
        assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("limits", [NodeLimits(user_rate=1), NodeLimits(tenant_rate=1)])
async def test_users_and_tenants_ask_no_more_than_allowed(limits: NodeLimits) -> None:
    cloud = Cloud(limits=limits)
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # as above
    await serve(cloud, Reply(b"x"))
    async with httpx.AsyncClient(transport=transport, base_url="https://relay.test") as client:
        headers = {**bearer(), "Content-Type": "application/octet-stream"}
        answers = [await client.post("/v1/rpc", content=b"x", headers=headers) for _ in range(4)]
    cloud.listener.close()
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"


async def test_a_user_waits_for_so_many_answers_at_a_time() -> None:
    cloud = Cloud(limits=NodeLimits(user_rate=0, tenant_rate=0, max_in_flight=1))
    go_on = asyncio.Event()

    async def waiting(_question: Question) -> Reply:
        await go_on.wait()
        return Reply(b"x")

    await cloud.exchange._bus.serve(TENANT, waiting)
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # as above
    async with httpx.AsyncClient(transport=transport, base_url="https://relay.test") as client:
        headers = {**bearer(), "Content-Type": "application/octet-stream"}
        first = asyncio.create_task(client.post("/v1/rpc", content=b"x", headers=headers))
        await wait_for(lambda: cloud.exchange.counts["asked"], "the first question")
        assert (await client.post("/v1/rpc", content=b"x", headers=headers)).status_code == 429
        go_on.set()
        assert (await first).status_code == 200
    cloud.listener.close()


async def test_keys_are_handed_out_to_everybody(cloud: Cloud, page: httpx.AsyncClient) -> None:
    for path in (f"/v1/keys/{TENANT}", "/v1/keys/x", f"/v1/keys/{'x' * 100}"):
        assert (await page.get(path)).status_code in (400, 404)
    await cloud.records.put(TenantRecord(TENANT, b"i" * 32, "fp", bundle=b'{"bundle": 1}'))
    answer = await page.get(f"/v1/keys/{TENANT}")
    assert (answer.status_code, answer.content) == (200, b'{"bundle": 1}')
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_what_is_no_tenants_id_is_asked_of_no_store(
    cloud: Cloud, page: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NATS takes it for a subject, whose signs mean something."""

    async def unasked(tid: str) -> TenantRecord | None:
        raise AssertionError(tid)

    monkeypatch.setattr(cloud.records, "get", unasked)
    for tid in ("*", ">", "a.b", "a b", "x%0a", f"{TENANT}%0a", f"{TENANT}%0d%0aPUB x 0"):
        assert (await page.get(f"/v1/keys/{tid}")).status_code in (400, 404)


async def test_health_is_open_to_all(page: httpx.AsyncClient) -> None:
    assert (await page.get("/healthz")).json() == {"status": "live"}
    assert (await page.head("/readyz")).status_code == 200
    assert (await page.get("/readyz")).json() == {"status": "ready"}


async def test_a_defect_is_told_and_logged_without_the_request(
    cloud: Cloud, page: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_question: Question) -> Reply:
        raise ValueError("secret octets")

    await cloud.exchange._bus.serve(TENANT, broken)
    caplog.set_level(logging.DEBUG)
    answer = await page.post("/v1/rpc", content=SECRET, headers=bearer())
    assert answer.status_code == 500
    assert "ValueError in broken" in caplog.text
    assert "secret" not in caplog.text
    assert "Bearer" not in caplog.text
