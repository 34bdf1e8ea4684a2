"""The tab over the tunnel: real relay, real directory, real Chromium; and relays that lie."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Request, Route, expect

from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import (
    ExchangeKey,
    KeyBundle,
    SignedBundle,
    TenantIdentity,
    fingerprint,
    grouped,
)
from relay.tunnel.suites import Suite, generate, public_octets
from tests.e2e.running import Row
from tests.e2e.tab.examining import examine
from tests.e2e.tab.fakehost import FakeTeams
from tests.e2e.tab.issuer import OID, TENANT, Issuer
from tests.e2e.tunnelled import House, Relay, running_house, running_relay
from tests.relay.web.node import needs_node

pytestmark = [pytest.mark.e2e, needs_node]

NAME = "Jörg Großmann-Weiß"
JOERG = Row("1", NAME, "+49 30 23125101", "Abel & Söhne GmbH", mail="joerg@firm.example")
ANNA = Row("2", "Anna Abel", "+49 30 23125102", "Abel & Söhne GmbH")
OTHER_TENANT = "22222222-2222-4333-8444-555555555555"
WRONG, OTHER = "0" * 64, "1" * 64

OpenTab = Callable[..., FakeTeams]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Relay]:
    with running_relay(tmp_path_factory.mktemp("relay"), issuer) as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, node: Relay) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), node, [JOERG, ANNA]) as running:
        yield running


@pytest.fixture(scope="module")
def ring(house: House) -> KeyRing:
    found = KeyRing.load(house.server.data / "keys")
    assert found is not None
    return found


@pytest.fixture
def open_tab(contexts: Callable[..., BrowserContext], house: House) -> OpenTab:
    """Open the relay's page in a fake Teams; `before` prepares the context."""

    def opened(
        before: Callable[[BrowserContext], object] = lambda _: None,
        token: str | None = None,
        **options: Any,
    ) -> FakeTeams:
        context = contexts()
        before(context)
        token = house.token() if token is None else token
        options = {"oid": OID, "tid": TENANT, **options}
        return FakeTeams(context.new_page(), house.relay.url, token, **options)

    return opened


def search(host: FakeTeams, text: str = "großmann", name: str = NAME) -> None:
    host.tab.locator("#search").fill(text)
    expect(host.tab.locator(".row")).to_contain_text(name)


def test_people_are_found_and_nothing_on_the_way_can_be_read(open_tab: OpenTab) -> None:
    requests: list[Request] = []
    seen: list[bytes] = []

    def watch(context: BrowserContext) -> None:
        context.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - a method of a list takes no attributes, as Playwright wants
        context.on("response", lambda answer: seen.append(answer.url.encode()))

    host = open_tab(watch)
    search(host)
    host.tab.locator(".row .person").click()
    expect(host.tab.locator(".card h2")).to_have_text(NAME)
    expect(host.tab.locator(".card")).to_contain_text("+49 30 23125101")
    with host.page.expect_download() as saved:
        host.tab.get_by_role("button", name="Save as vCard").click()
    assert "Großmann" in saved.value.path().read_text(encoding="utf-8")
    posted = [each for each in requests if each.method == "POST"]
    assert {each.url.rpartition("/v1/")[2] for each in posted} == {"rpc"}
    assert len(posted) >= 4
    for each in posted:
        answer = each.response()
        assert answer is not None
        seen += [each.post_data_buffer or b"", answer.body(), str(each.headers).encode()]
    readable = b"\n".join(seen).lower()
    for word in (
        "gro\u00dfmann",
        "grossmann",
        "gro%c3%9fmann",
        "23125101",
        "s\u00f6hne",
        "firm.ex",
    ):
        assert word.encode() not in readable


def test_the_digits_that_are_shown_are_the_directorys(
    open_tab: OpenTab, ring: KeyRing, axe: str
) -> None:
    host = open_tab(locale="de-de")
    host.page.set_viewport_size({"width": 320, "height": 640})
    host.tab.get_by_role("button", name="Versiegelt für Ihr Verzeichnis").click()
    digits = grouped(fingerprint(ring.identity.public))
    expect(host.tab.locator("dialog .digits")).to_have_text(digits)
    examine(host.tab, axe)
    host.page.keyboard.press("Escape")
    expect(host.tab.locator("dialog")).to_have_count(0)


def test_the_directory_that_the_app_package_names_is_asked(
    open_tab: OpenTab, ring: KeyRing
) -> None:
    search(open_tab(fragment=f"#fp={fingerprint(ring.identity.public)}"))


def test_an_app_package_may_name_the_present_and_the_next_directory(
    open_tab: OpenTab, ring: KeyRing
) -> None:
    named = fingerprint(ring.identity.public)
    search(open_tab(fragment=f"#fp={WRONG},{named}"))
    host = open_tab(fragment=f"#fp={WRONG},{OTHER}")
    digits = host.tab.locator(".changed .digits")
    expect(digits).to_have_text([grouped(WRONG), grouped(OTHER), grouped(named)])


def test_another_directory_than_the_app_package_names_is_asked_nothing(
    open_tab: OpenTab, ring: KeyRing, axe: str
) -> None:
    asked: list[str] = []
    host = open_tab(
        lambda context: context.on("request", lambda request: asked.append(request.url)),
        fragment=f"#fp={WRONG}",
    )
    changed = host.tab.locator(".changed")
    expect(changed).to_contain_text("names another directory")
    expect(changed.locator(".digits").first).to_have_text(grouped(WRONG))
    expect(changed.locator(".digits").last).to_have_text(grouped(fingerprint(ring.identity.public)))
    expect(changed.get_by_role("button")).to_have_count(1)
    assert not [url for url in asked if url.endswith("/v1/rpc")]
    host.page.set_viewport_size({"width": 320, "height": 640})
    examine(host.tab, axe)


def test_a_directory_that_changed_is_asked_only_once_the_user_has_said_so(
    open_tab: OpenTab, ring: KeyRing, house: House
) -> None:
    asked: list[str] = []

    def remember_another(context: BrowserContext) -> None:
        context.add_init_script(
            f"if (isSecureContext && !localStorage.getItem('rufname:{TENANT}:directory'))"
            f" localStorage.setItem('rufname:{TENANT}:directory', '{WRONG}')"
        )
        context.on("request", lambda request: asked.append(request.url))

    host = open_tab(remember_another)
    expect(host.tab.locator(".changed")).to_contain_text("Show your administrator these digits")
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator(".changed")).to_be_visible()
    assert not [url for url in asked if url.endswith("/v1/rpc")]
    host.tab.get_by_role("button", name="The new digits are right: go on").click()
    search(host)
    kept = host.tab.evaluate(f"localStorage.getItem('rufname:{TENANT}:directory')")
    assert kept == fingerprint(ring.identity.public)
    assert house.lines() == 2


def test_keys_that_the_directory_did_not_sign_are_refused(open_tab: OpenTab, ring: KeyRing) -> None:
    """The relay hands out a key of its own under the right identity."""
    mine = TenantIdentity.generate()
    key = ExchangeKey.of(Suite.X25519, public_octets(generate(Suite.X25519)), int(time.time()) + 99)
    forged = SignedBundle.sign(KeyBundle(1, TENANT, 0, (key,)), mine)
    honest = json.loads(ring.bundle(time.time()).encode())
    body = json.dumps({**json.loads(forged.encode()), "identity": honest["identity"]})
    host = open_tab(
        lambda context: context.route("**/v1/keys/*", lambda route: route.fulfill(body=body))
    )
    expect(host.tab.locator(".trouble")).to_contain_text("not your directory's")


def test_an_answer_that_the_relay_made_up_or_kept_is_thrown_away(open_tab: OpenTab) -> None:
    host = open_tab()
    search(host)
    kept: list[bytes] = []

    def tamper(route: Route) -> None:
        answer = route.fetch()
        if not kept:
            kept.append(answer.body())
            route.fulfill(response=answer)
        else:
            route.fulfill(response=answer, body=kept[0])

    host.page.route("**/v1/rpc", tamper)
    search(host, "anna", "Anna Abel")
    host.tab.locator("#search").fill("großmann")
    expect(host.tab.locator(".trouble")).to_contain_text("It was thrown away unread.")
    host.page.unroute("**/v1/rpc")
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator(".row")).to_contain_text(NAME)


def test_a_key_that_has_ended_is_fetched_anew_without_a_word(
    open_tab: OpenTab, ring: KeyRing
) -> None:
    ended = [
        ExchangeKey.of(suite, public_octets(generate(suite)), int(time.time()) + 9999)
        for suite in Suite
    ]
    old = SignedBundle.sign(KeyBundle(1, TENANT, 0, tuple(ended)), ring.identity)
    given: list[str] = []

    def once_old(route: Route) -> None:
        given.append(route.request.url)
        if len(given) == 1:
            route.fulfill(body=old.encode(), content_type="application/json")
        else:
            route.continue_()

    search(open_tab(lambda context: context.route("**/v1/keys/*", once_old)))
    assert len(given) == 2


def test_a_clock_that_is_ten_minutes_off_is_set_right_without_a_word(open_tab: OpenTab) -> None:
    for off_s in (-600, 600):
        ahead = time.time() + off_s
        search(open_tab(lambda context, ahead=ahead: context.clock.set_fixed_time(ahead)))


def test_a_clock_that_is_thirty_days_off_is_told(open_tab: OpenTab) -> None:
    ahead = time.time() + 30 * 86_400
    host = open_tab(lambda context: context.clock.set_fixed_time(ahead))
    expect(host.tab.locator(".trouble")).to_contain_text("The clock of this device is wrong")


def test_a_clock_that_is_set_right_while_the_tab_is_open_ends_nothing(open_tab: OpenTab) -> None:
    behind = time.time() - 30 * 86_400
    host = open_tab(lambda context: context.clock.set_fixed_time(behind))
    search(host)
    host.page.clock.set_fixed_time(time.time())
    host.tab.locator("#search").fill("gro")
    expect(host.tab.locator(".row mark")).to_have_text("Gro")


def test_a_browser_without_x25519_asks_by_p256(open_tab: OpenTab) -> None:
    suites: list[int] = []

    def look(request: Request) -> None:
        if request.url.endswith("/v1/rpc"):
            suites.append((request.post_data_buffer or b"\0\0")[1])

    def forget(context: BrowserContext) -> None:
        context.add_init_script(
            """if (isSecureContext) {
              const real = crypto.subtle.generateKey.bind(crypto.subtle);
              crypto.subtle.generateKey = (what, ...rest) => (what.name ?? what) === "X25519"
                ? Promise.reject(new DOMException("unknown", "NotSupportedError"))
                : real(what, ...rest);
            }"""
        )
        context.on("request", look)

    search(open_tab(forget))
    assert set(suites) == {Suite.P256}


def test_an_organisation_without_a_directory_is_told(open_tab: OpenTab, issuer: Issuer) -> None:
    token = issuer.token(tid=OTHER_TENANT, iss=f"{issuer.address}/{OTHER_TENANT}/v2.0")
    host = open_tab(token=token)
    expect(host.tab.locator(".trouble")).to_contain_text("has no directory here yet")


def test_a_token_that_is_refused_is_asked_for_once_more(
    open_tab: OpenTab, issuer: Issuer, house: House
) -> None:
    host = open_tab(token=issuer.token(aud="somebody else"))
    expect(host.tab.locator(".trouble")).to_contain_text("Teams could not sign you in")
    host.set_token(house.token())
    host.tab.get_by_role("button", name="Try again").click()
    search(host)


def test_outside_of_teams_the_page_lets_users_sign_in_with_entra_alone(
    contexts: Callable[..., BrowserContext], house: House, axe: str
) -> None:
    page = contexts().new_page()
    page.goto(house.relay.url)
    page.get_by_role("button", name="Sign in with Microsoft").wait_for()
    expect(page.locator("input")).to_have_count(0)
    examine(page, axe)


@pytest.mark.long
def test_a_directory_that_goes_away_is_told_and_comes_back_by_itself(
    open_tab: OpenTab, house: House
) -> None:
    host = open_tab()
    search(host)
    house.server.stop()
    try:
        host.tab.locator("#search").fill("anna")
        expect(host.tab.locator(".trouble")).to_contain_text("The directory cannot be reached")
        expect(host.tab.locator(".light")).to_have_text("Directory not reachable")
    finally:
        house.start()
    expect(host.tab.locator(".row")).to_contain_text("Anna Abel")
    expect(host.tab.locator(".light")).to_have_text("Directory reachable")
