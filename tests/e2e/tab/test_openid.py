"""Tokens of a real OpenID provider, taken and refused by the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.processes import free_port, start_program
from tests.e2e.running import Row, Rufname, csv_source, running_rufname, write_rows
from tests.e2e.tab.issuer import CLIENT_ID, OID, TEAMS, TENANT, Issuer
from tests.e2e.tunnelled import running_house, running_relay
from tests.relay.web.node import install_packages, needs_node

pytestmark = [pytest.mark.e2e, needs_node]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    install_packages()
    port = free_port()
    script = Path(__file__).with_name("provider.mjs")
    folder = tmp_path_factory.mktemp("provider")
    program = start_program("provider", ["node", str(script), str(port)], folder)
    try:
        program.wait_for(lambda: "ready" in program.output(), timeout_s=30, what="the provider")
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill_all()


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("openid")
    rows = [Row("1", "Anna Abel", "+493023125101")]
    settings = {"tenant": TENANT, "client_id": CLIENT_ID, "authority": provider}
    with running_rufname(
        folder,
        sources=[csv_source(write_rows(folder / "c.csv", rows))],
        ldap=False,
        relay_settings=settings,
    ) as running:
        yield running


def token(provider: str, client: str = TEAMS, scope: str = "access_as_user") -> str:
    answer = httpx.post(
        f"{provider}/{TENANT}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": scope, "resource": "urn:api"},
        auth=(client, "secret"),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def ask(server: Rufname, bearer: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{server.http_port}/v1/me", headers={"Authorization": f"Bearer {bearer}"}
    )


def test_a_real_providers_token_signs_in_and_others_do_not(server: Rufname, provider: str) -> None:
    right = ask(server, token(provider))
    assert right.status_code == 200, right.text
    assert (right.json()["tenant"], right.json()["user"]) == (TENANT, OID)
    assert right.json()["name"] == "Erika Beispiel"
    assert [each["name"] for each in right.json()["sources"]] == ["phonelist"]
    for bad in (
        token(provider, client="foreign"),
        token(provider, scope="other"),
        token(provider)[:-2],
        "x",
    ):
        assert ask(server, bad).status_code == 401
    said = server.output()
    assert "a token was refused: the token was made for another client" in said
    assert "a token was refused: the token lacks the scope" in said
    assert "Erika" not in said


def sign_in(popup: Page) -> None:
    """Be somebody at the provider, and let the app know."""
    popup.locator("[name=login]").fill("erika")
    popup.locator("[name=password]").fill("any")
    popup.locator("button[type=submit]").click()
    popup.get_by_role("button", name="Continue").click()


def test_a_browser_outside_teams_signs_in_with_entra_in_a_window(
    contexts: Callable[..., BrowserContext], server: Rufname
) -> None:
    page = contexts().new_page()
    page.goto(f"http://127.0.0.1:{server.http_port}")
    button = page.get_by_role("button", name="Sign in with Microsoft")
    with page.expect_popup() as opened:
        button.click()
    opened.value.close()  # whoever closes it may try again
    with page.expect_popup() as opened:
        button.click()
    popup = opened.value
    popup.locator("[name=login]").wait_for()
    with popup.expect_event("close"):
        sign_in(popup)
    expect(page.locator(".who")).to_have_text("Erika Beispiel")
    page.locator("#search").fill("anna")
    expect(page.locator(".row")).to_contain_text("Anna Abel")
    page.reload()
    page.locator("#search").wait_for()
    assert "code=" not in page.url
    page.get_by_role("button", name="Sign out").click()
    button.wait_for()
    page.reload()
    button.wait_for()


def test_a_browser_outside_teams_asks_sealed_questions_over_a_relay(
    contexts: Callable[..., BrowserContext], provider: str, tmp_path: Path
) -> None:
    with running_relay(tmp_path / "relay", Issuer(provider)) as relay:
        rows = [Row("1", "Anna Abel", "+493023125101")]
        with running_house(tmp_path / "house", relay, rows):
            page = contexts().new_page()
            page.goto(relay.url)
            with page.expect_popup() as opened:
                page.get_by_role("button", name="Sign in with Microsoft").click()
            with opened.value.expect_event("close"):
                sign_in(opened.value)
            expect(page.locator(".who")).to_have_text("Erika Beispiel")
            with page.expect_request("**/v1/rpc") as asked:
                page.locator("#search").fill("anna")
            expect(page.locator(".row")).to_contain_text("Anna Abel")
            assert b"anna" not in (asked.value.post_data_buffer or b"anna")
            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("button", name="Sign in with Microsoft").wait_for()


def test_a_refusal_at_entra_and_a_forged_return_sign_nobody_in(
    contexts: Callable[..., BrowserContext], server: Rufname
) -> None:
    address = f"http://127.0.0.1:{server.http_port}/"
    context = contexts()
    page = context.new_page()
    page.goto(address)
    button = page.get_by_role("button", name="Sign in with Microsoft")
    with page.expect_popup() as opened:
        button.click()
    popup = opened.value
    popup.locator("[name=login]").wait_for()
    forged = context.new_page()
    forged.goto(f"{address}#code=stolen&state=guessed")
    expect(page.get_by_role("alert")).to_be_empty()
    button.wait_for()
    with popup.expect_event("close"):
        popup.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("You were not signed in")
    button.wait_for()


def test_a_browser_that_opens_no_window_is_told(
    contexts: Callable[..., BrowserContext], server: Rufname
) -> None:
    page = contexts().new_page()
    page.add_init_script("window.open = () => null")
    page.goto(f"http://127.0.0.1:{server.http_port}")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    expect(page.get_by_role("alert")).to_contain_text("opened no window")
