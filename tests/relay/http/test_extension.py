"""`POST /api/search`: what the OpenAPI file of the app package says is what the route does."""

from __future__ import annotations

import io
import json
import logging
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from engine.rights import SourcePolicy
from relay.errors import DirectoryTooSlow
from relay.http import extension
from relay.http.extension import SEARCH_PATH
from relay.local import LocalDirectory
from relay.nodesettings import NodeLimits
from relay.teams.package import AppSettings, app_package
from relay.tunnel.bus import Question, Reply
from relay.tunnel.frames import Refusal
from relay.tunnel.keys import KeyBundle, SignedBundle, TenantIdentity
from relay.tunnel.tenants import TenantRecord
from tests.engine.building import Directory, contact
from tests.relay.http.asking import CONTACTS
from tests.relay.http.users import CLIENT_ID, TENANT, claims, signed
from tests.relay.test_tokens import BAD_CLAIMS, BAD_TOKENS
from tests.relay.tunnel.ends import Cloud, Site

PACKAGE = app_package(AppSettings("relay.example", CLIENT_ID, message_extension=True))
API = json.loads(zipfile.ZipFile(io.BytesIO(PACKAGE)).read("openapi.json"))
[(PATH, METHODS)] = API["paths"].items()
OPERATION = METHODS["post"]

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDirectory]:
    made = Directory(
        tmp_path_factory.mktemp("extension"),
        crm=SourcePolicy("crm", 500),
        hr=SourcePolicy("hr", 900, ("personnel",)),
    )
    yield LocalDirectory(made.hold(*CONTACTS))
    made.close()


@pytest.fixture
def site(tmp_path: Path, local: LocalDirectory) -> Site:
    return Site(tmp_path / "keys", local, message_extension=True)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud(message_extension=True)
    yield made
    made.listener.close()


@pytest.fixture
async def ask(cloud: Cloud) -> AsyncIterator[Ask]:
    """Ask the route; whatever it answers has to be what the OpenAPI file says."""
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # the framework types its scopes more narrowly
    async with httpx.AsyncClient(transport=transport, base_url="https://relay.test") as client:

        async def asked(text: object = "beispiel", **given: Any) -> httpx.Response:
            headers = {"Authorization": f"Bearer {signed(claims())}", **given.pop("headers", {})}
            given = given or {"json": {"text": text}}
            answer = await client.post(PATH, headers=headers, **given)
            as_described(answer)
            return answer

        yield asked


def as_described(answer: httpx.Response) -> None:
    described = OPERATION["responses"].get(str(answer.status_code))
    assert described is not None, f"{answer.status_code} is not in the file: {answer.text}"
    kind = answer.headers["content-type"].partition(";")[0]
    schema = described["content"][kind]["schema"]
    whole = {**schema, "components": API["components"]}
    assert jsonschema_rs.is_valid(whole, answer.json()), answer.text


async def connect(cloud: Cloud, site: Site, tid: str = TENANT) -> None:
    """Let a directory answer, as if it held a line to this node."""
    bundle = site.ring.bundle(time.time()).encode()
    record = TenantRecord(tid, site.ring.identity.public, "", bundle=bundle)
    await cloud.records.put(record)
    await cloud.exchange._bus.serve(tid, site.answerer.answer)


async def test_the_file_describes_this_path_and_no_other(cloud: Cloud) -> None:
    assert PATH == SEARCH_PATH
    assert list(METHODS) == ["post"]
    assert cloud.settings.message_extension


async def test_a_search_finds_what_the_tab_would_find(cloud: Cloud, site: Site, ask: Ask) -> None:
    await connect(cloud, site)
    answer = await ask("abel")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    first = answer.json()["contacts"][0]
    assert (first["name"], first["details"]) == ("Anna Abel", "Abel GmbH")
    assert first["call"] == "https://teams.microsoft.com/l/call/0/0?users=4:%2B493023125002"
    assert (await ask("niemand heißt so")).json() == {"contacts": []}


async def test_whoever_stands_behind_a_crowd_of_one_person_is_found(
    tmp_path: Path, cloud: Cloud, ask: Ask
) -> None:
    made = Directory(tmp_path)
    crowd = [contact(f"q{key:03}", "Quirin Quast", "493023125300") for key in range(700)]
    directory = LocalDirectory(made.hold(*crowd, contact("q", "Xaver Quastel")))
    await connect(cloud, Site(tmp_path / "keys", directory, message_extension=True))
    found = (await ask("quast")).json()["contacts"]
    assert [each["name"] for each in found] == ["Quirin Quast", "Xaver Quastel"]
    made.close()


async def test_the_users_rights_hold(cloud: Cloud, site: Site, ask: Ask) -> None:
    await connect(cloud, site)
    assert (await ask("geheime")).json() == {"contacts": []}


@pytest.mark.parametrize(
    "given",
    [
        {"json": {}}, {"json": {"text": ""}}, {"json": {"text": "x" * 201}}, {"json": {"text": 1}},
        {"json": {"text": None}}, {"json": {"text": "a", "more": 1}}, {"json": []},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"\xff", "headers": {"Content-Type": "application/json"}},
        {"content": b'{"text":"\xff"}', "headers": {"Content-Type": "application/json"}},
    ],
)  # fmt: skip
async def test_a_body_of_another_form_is_refused_as_described(
    cloud: Cloud, site: Site, ask: Ask, given: dict[str, Any]
) -> None:
    await connect(cloud, site)
    assert (await ask(**given)).status_code == 400


async def test_bodies_of_other_sizes_and_kinds_are_refused_as_described(ask: Ask) -> None:
    large = {"json": {"text": "x" * 70_000}}
    assert (await ask(**large)).status_code == 413
    form = {"content": b"text=a", "headers": {"Content-Type": "text/plain"}}
    assert (await ask(**form)).status_code == 415

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"text": "a"}'

    unknown = {"content": pieces(), "headers": {"Content-Type": "application/json"}}
    assert (await ask(**unknown)).status_code == 411


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "Bearer x.y.z"])
async def test_without_a_token_nobody_is_asked(
    cloud: Cloud, site: Site, ask: Ask, authorization: str
) -> None:
    await connect(cloud, site)
    answer = await ask(headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert site.answerer.counts == {}


async def test_no_bad_token_is_taken(cloud: Cloud, site: Site, ask: Ask) -> None:
    await connect(cloud, site)
    bad = {name: make() for name, make in BAD_TOKENS.items()}
    for name, each in BAD_CLAIMS.items():
        bad[name] = signed(json.dumps(claims(**each)).encode())
    assert len(bad) >= 40
    for name, token in bad.items():
        answer = await ask(headers={"Authorization": f"Bearer {token}"})
        # a right token of another tenant is that tenant's, and it has no directory here
        assert answer.status_code == (403 if name == "of another tenant" else 401), name
    assert site.answerer.counts == {}


async def test_a_directory_that_does_not_allow_the_extension_refuses(
    cloud: Cloud, local: LocalDirectory, tmp_path: Path, ask: Ask
) -> None:
    await connect(cloud, Site(tmp_path / "other", local))
    answer = await ask()
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:rufname:problem:not-allowed"


async def test_a_node_without_the_setting_has_no_such_path(site: Site) -> None:
    cloud = Cloud()
    await connect(cloud, site)
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # the framework types its scopes more narrowly
    async with httpx.AsyncClient(transport=transport, base_url="https://relay.test") as client:
        answer = await client.post(PATH, json={"text": "a"})
    assert answer.status_code in (404, 405)
    cloud.listener.close()


async def test_a_tenant_without_a_directory_is_told(ask: Ask) -> None:
    answer = await ask()
    assert (answer.status_code, answer.json()["type"]) == (
        403, "urn:rufname:problem:not-registered",
    )  # fmt: skip


async def test_a_directory_that_is_away_is_told(cloud: Cloud, site: Site, ask: Ask) -> None:
    record = TenantRecord(TENANT, site.ring.identity.public, "")
    record = await cloud.records.put(record)  # registered, no keys yet
    assert (await ask()).status_code == 503
    await connect_keys(cloud, record, site.ring.bundle(time.time()))
    answer = await ask()  # keys, but no line
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def connect_keys(cloud: Cloud, record: TenantRecord, bundle: SignedBundle) -> None:
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    await cloud.records.put(TenantRecord(**{**fields, "bundle": bundle.encode()}))


async def test_keys_that_the_identity_did_not_sign_are_not_sealed_to(
    cloud: Cloud, site: Site, ask: Ask
) -> None:
    honest = site.ring.bundle(time.time()).verify(TENANT, site.ring.identity.public)
    forged = SignedBundle.sign(KeyBundle(1, TENANT, 0, honest.keys), TenantIdentity.generate())
    record = TenantRecord(TENANT, site.ring.identity.public, "", bundle=forged.encode())
    await cloud.records.put(record)
    await cloud.exchange._bus.serve(TENANT, site.answerer.answer)
    assert (await ask()).status_code == 503
    assert site.answerer.counts == {}


@pytest.mark.parametrize(
    "refusal",
    ["unknown-key", "cannot-open", "replayed", "clock", "too-large", "busy", "too-late", "offline",
     "fault"],
)  # fmt: skip
async def test_what_a_directory_refuses_is_told_as_described(
    cloud: Cloud, site: Site, ask: Ask, refusal: Refusal
) -> None:
    await connect(cloud, site)

    async def refuse(_: Question) -> Reply:
        return Reply(refusal=refusal)

    await cloud.exchange._bus.serve(TENANT, refuse)
    assert (await ask()).status_code in (502, 503, 504)


async def test_an_answer_that_does_not_open_is_a_fault(cloud: Cloud, site: Site, ask: Ask) -> None:
    await connect(cloud, site)

    async def lie(_: Question) -> Reply:
        return Reply(b"\1\1" + bytes(400))

    await cloud.exchange._bus.serve(TENANT, lie)
    assert (await ask()).status_code == 502


async def test_a_slow_directory_is_not_waited_for(
    cloud: Cloud, site: Site, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extension, "DEADLINE_S", 0.05)
    await connect(cloud, site)

    async def never(_: Question) -> Reply:
        raise DirectoryTooSlow

    await cloud.exchange._bus.serve(TENANT, never)
    assert (await ask()).status_code == 504


async def test_a_node_whose_clock_is_off_asks_once_more(
    cloud: Cloud, local: LocalDirectory, tmp_path: Path, ask: Ask
) -> None:
    ahead = Site(tmp_path / "ahead", local, now=lambda: time.time() + 600, message_extension=True)
    ahead.tokens._now = time.time  # Entra's clock is the node's
    await connect(cloud, ahead)
    assert (await ask()).status_code == 200


async def test_users_who_ask_too_often_are_told(site: Site) -> None:
    cloud = Cloud(limits=NodeLimits(user_rate=1, tenant_rate=0), message_extension=True)
    await connect(cloud, site)
    transport = httpx.ASGITransport(cloud.app)  # type: ignore[arg-type]  # the framework types its scopes more narrowly
    async with httpx.AsyncClient(transport=transport, base_url="https://relay.test") as client:
        headers = {"Authorization": f"Bearer {signed(claims())}"}
        answers = [await client.post(PATH, json={"text": "a"}, headers=headers) for _ in range(5)]
    for answer in answers:
        as_described(answer)
    assert answers[-1].status_code == 429
    cloud.listener.close()


async def test_nothing_of_a_question_or_an_answer_is_logged(
    cloud: Cloud, site: Site, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await connect(cloud, site)
    assert len((await ask("abel")).json()["contacts"]) >= 1
    assert "abel" not in caplog.text.lower()
