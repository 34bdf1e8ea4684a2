"""The app's page as browsers get it: whole, small, and under a strict policy."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from relay.http.page import FOLDER, content_policy, node_content_policy
from relay.settings import RelaySettings
from tests.relay.http.asking import asker
from tests.relay.http.users import CLIENT_ID, TENANT

MAX_PAGE_BYTES = 100 * 1024


@pytest.fixture
async def ask(app: object) -> object:
    async with asker(app, authorization=None) as client:  # type: ignore[arg-type]
        yield client


def policy(text: str) -> dict[str, list[str]]:
    parts = [part.split() for part in text.split(";")]
    return {part[0]: part[1:] for part in parts}


async def test_the_page_and_all_it_names_are_served(ask: httpx.AsyncClient) -> None:
    page = await ask.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(named) >= 3
    for path in named:
        answer = await ask.get(path)
        assert answer.status_code == 200, path
        keeping = "public, max-age=31536000, immutable" if "-" in path else "no-cache"
        assert answer.headers["cache-control"] == keeping, path
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_one_build_lacks_is_not_remembered_as_missing(ask: httpx.AsyncClient) -> None:
    missing = await ask.get("/assets/index-00000000.js")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")


async def test_what_a_browser_has_is_not_sent_again(ask: httpx.AsyncClient) -> None:
    tag = (await ask.get("/")).headers["etag"]
    again = await ask.get("/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"]
    for known in (f"W/{tag}", f'"other", W/{tag}', "*"):  # a proxy that packs weakens tags
        assert (await ask.get("/", headers={"If-None-Match": known})).status_code == 304
    assert (await ask.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize("refusing", ["identity", "gzip;q=0", "br, GZIP ; Q=0.000", "*;q=0"])
async def test_what_does_not_take_gzip_gets_the_same_plain(
    ask: httpx.AsyncClient, refusing: str
) -> None:
    packed = await ask.get("/", headers={"Accept-Encoding": "gzip"})
    plain = await ask.get("/", headers={"Accept-Encoding": refusing})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


async def test_the_packed_form_has_a_tag_of_its_own(ask: httpx.AsyncClient) -> None:
    tags = {}
    for coding in ("gzip", "identity"):
        tag = tags[coding] = (await ask.get("/", headers={"Accept-Encoding": coding})).headers[
            "etag"
        ]
        known = {"Accept-Encoding": coding, "If-None-Match": tag}
        assert (await ask.get("/", headers=known)).status_code == 304
    assert tags["gzip"] != tags["identity"]
    other = {"Accept-Encoding": "identity", "If-None-Match": tags["gzip"]}
    assert (await ask.get("/", headers=other)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/none.js", "/assets/..%2Findex.html", "/assets/../../page.py",
             "/index.html", "/NOTICES.txt", "/assets/%2e%2e/index.html"]
)  # fmt: skip
async def test_nothing_else_of_the_disk_is_served(ask: httpx.AsyncClient, path: str) -> None:
    assert (await ask.get(path)).status_code == 404


async def test_scripts_come_from_here_only_and_frames_are_those_of_microsoft(
    ask: httpx.AsyncClient,
) -> None:
    rules = policy((await ask.get("/")).headers["content-security-policy"])
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["frame-src"] == ["'none'"]
    assert {
        "https://*.cloud.microsoft",
        "https://teams.microsoft.com",
        "https://*.teams.microsoft.com",
        "https://outlook.office.com",
    } <= set(rules["frame-ancestors"])
    assert not [word for words in rules.values() for word in words if word.startswith("'unsafe")]
    assert not {"*", "https:", "data:"} & {word for name in ("script-src", "connect-src",
                                           "frame-src") for word in rules[name]}  # fmt: skip


def test_the_customer_page_alone_may_be_framed_and_entra_alone_be_asked() -> None:
    settings = RelaySettings(
        "127.0.0.1", 80, customer_page="https://crm.example:8443/card?x=1", tenant=TENANT,
        client_id=CLIENT_ID,
    )  # fmt: skip
    rules = policy(content_policy(settings))
    assert rules["frame-src"] == ["https://crm.example:8443"]
    assert "https://login.microsoftonline.com" in rules["connect-src"]


def test_a_relays_page_may_frame_the_page_that_a_directory_names_and_asks_entra_besides() -> None:
    direct = policy(content_policy(RelaySettings("127.0.0.1", 80)))
    relayed = policy(node_content_policy("https://login.microsoftonline.com"))
    asked = [*direct["connect-src"], "https://login.microsoftonline.com"]
    assert relayed == direct | {"frame-src": ["https:"], "connect-src": asked}


def test_script_and_style_stay_below_a_hundred_kilobytes() -> None:
    files = [path for path in (FOLDER / "assets").iterdir() if path.suffix in {".js", ".css"}]
    assert len(files) >= 3
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MAX_PAGE_BYTES


def test_the_licences_of_what_is_bundled_lie_beside_it() -> None:
    notices = (FOLDER / "NOTICES.txt").read_text(encoding="utf-8")
    for package in ("@fluentui/web-components", "@fluentui/tokens", "@microsoft/fast-element",
                    "@microsoft/teams-js"):  # fmt: skip
        assert re.search(rf"^{package} \S+ \(MIT\)$", notices, re.MULTILINE), package
    assert notices.count("Permission is hereby granted") >= 4
