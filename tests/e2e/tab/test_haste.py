"""Fingers that are faster than answers, answers that are none, browsers that keep nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from tests.e2e.running import Rufname
from tests.e2e.tab.conftest import InTeams, Opened
from tests.e2e.tab.world import ANNA, ERIKA, JOERG, MAIL_ONLY, address_of

pytestmark = pytest.mark.e2e

SEARCH = "**/v1/people/search"
CARDS = "**/v1/people/crm*"


def hold(page: Page, path: str) -> list[Route]:
    """Keep the requests of a path waiting from now on; returns the list that they come into."""
    held: list[Route] = []
    page.route(path, lambda route: held.append(route))  # noqa: PLW0108 - a built-in cannot be marked
    return held


def let_go(page: Page, path: str, held: list[Route]) -> None:
    """Wait for a request that is held, and answer it and all that follow."""
    while not held:
        page.wait_for_timeout(10)
    page.unroute(path)
    release(held)


def release(held: list[Route]) -> None:
    """Answer requests, unless the page gave them up."""
    for route in held:
        with contextlib.suppress(Error):
            route.continue_()


def sign_in(page: Page, server: Rufname) -> None:
    page.goto(address_of(server))
    page.locator("#signin-name").fill(ERIKA.name)
    page.locator("#signin-password").fill(ERIKA.password)
    page.keyboard.press("Enter")
    page.locator("#search").wait_for()


def test_enter_before_the_answer_means_the_text_and_not_what_was_found_before(
    in_teams: InTeams,
) -> None:
    host = in_teams()
    box, name = host.tab.locator("#search"), host.tab.locator(".card h2")
    box.fill("zoë")
    expect(host.tab.locator(".row")).to_contain_text(MAIL_ONLY.name)
    held = hold(host.page, SEARCH)
    box.fill("anna")
    box.press("Enter")
    let_go(host.page, SEARCH, held)
    expect(name).to_have_text(ANNA.name)
    held = hold(host.page, SEARCH)
    box.fill("300 quast")
    box.press("Control+Enter")
    box.fill("anna abel")
    box.press("Control+Enter")
    let_go(host.page, SEARCH, held[-1:])
    host.wait_for("call.startCall")
    assert host.calls("call.startCall") == [[{"targets": ["4:+493023125102"]}]]


def test_whoever_goes_on_typing_after_enter_opens_nothing(open_page: Opened) -> None:
    page = open_page()
    held = hold(page, SEARCH)
    page.locator("#search").fill("anna")
    page.keyboard.press("Enter")
    page.locator("#search").fill("zoë")
    let_go(page, SEARCH, held)
    expect(page.locator(".row")).to_contain_text(MAIL_ONLY.name)
    expect(page.locator(".card")).to_have_count(0)


def test_whoever_types_on_while_a_card_is_fetched_keeps_every_letter(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("grossmann")
    expect(page.locator(".row")).to_contain_text(JOERG.name)
    held = hold(page, CARDS)
    page.keyboard.press("Enter")
    expect(page.locator(".row.opened")).to_have_count(1)
    page.keyboard.type(" x")
    let_go(page, CARDS, held)
    expect(page.locator(".row")).to_have_count(0)
    page.keyboard.press("Control+A")
    page.keyboard.type("zoë")
    expect(page.locator(".row")).to_contain_text(MAIL_ONLY.name)
    expect(page.locator("#search")).to_have_value("zoë")
    expect(page.locator(".card")).to_have_count(0)


def test_escape_gives_up_a_card_that_is_fetched_or_that_failed(open_page: Opened) -> None:
    page = open_page()
    box = page.locator("#search")
    box.fill("grossmann")
    expect(page.locator(".row")).to_contain_text(JOERG.name)
    held = hold(page, CARDS)
    page.locator(".row .person").click()
    expect(page.locator(".row.opened")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".row.opened")).to_have_count(0)
    expect(box).to_be_focused()
    let_go(page, CARDS, held)
    page.route(CARDS, lambda route: route.fulfill(status=404, body="{}"))
    page.keyboard.press("Enter")
    expect(page.locator(".gap")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".gap, .card")).to_have_count(0)
    expect(box).to_have_value("grossmann")


def test_more_hits_of_one_text_never_stand_under_another(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("muster")
    expect(page.locator(".row")).to_have_count(20)
    held: list[Route] = []
    page.route(
        SEARCH,
        lambda route: (
            held.append(route) if "cursor" in str(route.request.post_data) else route.continue_()
        ),
    )
    page.locator(".more").evaluate("button => { button.click(); button.click(); }")
    while len(held) < 2:
        page.wait_for_timeout(10)
    page.locator("#search").fill("zoë")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row")).to_contain_text(MAIL_ONLY.name)
    release(held)
    page.locator(".row .person").click()
    expect(page.locator(".card h2")).to_have_text(MAIL_ONLY.name)
    expect(page.locator(".row")).to_have_count(1)


def test_more_hits_by_key_leave_one_at_the_first_of_them(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("muster")
    page.locator(".more").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(40)
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator(".row").nth(20)).to_have_attribute("aria-selected", "true")


def test_behind_a_crowd_one_goes_on_where_the_server_was_too_busy(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("muster")
    expect(page.locator(".row")).to_have_count(20)
    asked: list[str] = []
    nobody = {"hits": [], "total": 100, "total_is_exact": False, "did_you_mean": "", "sources": []}
    last = {**nobody, "cursor": "", "hits": [{"id": "crm:1", "name": "Ulf", "sources": ["crm"]}]}

    def answer(route: Route) -> None:
        cursor = json.loads(route.request.post_data or "{}")["cursor"]
        asked.append(cursor if cursor in "123" else "0")
        if len(asked) == 3:
            route.fulfill(status=429, headers={"Retry-After": "1"}, body="{}")
        elif cursor == "3":
            route.fulfill(json=last)
        else:
            route.fulfill(json={**nobody, "cursor": str(int(asked[-1]) + 1)})

    page.route(SEARCH, answer)
    page.locator(".more").click()
    expect(page.locator(".row")).to_have_count(21)
    expect(page.locator(".row").last).to_contain_text("Ulf")
    assert asked == ["0", "1", "2", "2", "3"]


@pytest.mark.parametrize("path", ["**/v1/sign-in", "**/v1/me", SEARCH, CARDS])
def test_an_answer_of_somebody_else_is_none(open_page: Opened, path: str) -> None:
    """The sign-in page of a hotel's network, the words of a proxy, an answer that was cut."""
    page = open_page()
    page.route(path, lambda route: route.fulfill(content_type="text/html", body="<p>Welcome"))
    if path in (SEARCH, CARDS):
        page.locator("#search").fill("grossmann")
        if path == CARDS:
            page.locator(".row .person").click()
    else:
        page.reload()
    expect(page.locator(".trouble")).to_contain_text("The directory cannot be reached")
    page.unroute(path)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".trouble")).to_have_count(0)
    expect(page.locator("#search")).to_be_visible()


def test_a_proxy_that_leads_nowhere_is_no_contact_that_is_gone(open_page: Opened) -> None:
    page = open_page()
    page.route(SEARCH, lambda route: route.fulfill(status=404, body="<h1>Not Found"))
    page.locator("#search").fill("anna")
    expect(page.locator(".trouble")).to_contain_text("The directory cannot be reached")


def test_a_sign_in_page_is_saved_as_nobodys_vcard(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("grossmann")
    page.locator(".row .person").click()
    page.route("**/vcard", lambda route: route.fulfill(content_type="text/html", body="<p>Welcome"))
    page.get_by_role("button", name="Save as vCard").click()
    expect(page.locator(".toast")).to_have_text("The vCard could not be fetched")


def test_a_failure_that_lasts_stands_still(open_page: Opened) -> None:
    """Else it is read aloud with each attempt, and its button goes away under the finger."""
    page = open_page()
    attempts: list[str] = []

    def refuse(route: Route) -> None:
        attempts.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "1"}, body="{}")

    page.route(SEARCH, refuse)
    page.locator("#search").fill("anna")
    retry = page.get_by_role("button", name="Try again")
    retry.focus()
    while len(attempts) < 3:
        page.wait_for_timeout(50)
    expect(retry).to_be_focused()
    page.unroute(SEARCH)
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_contain_text(ANNA.name)
    expect(page.locator("#search")).to_be_focused()


@pytest.mark.parametrize("how", ["blocked", "full"])
def test_a_browser_that_keeps_nothing_works_as_long_as_the_page_is_open(
    contexts: Callable[..., BrowserContext], server: Rufname, how: str
) -> None:
    context = contexts()
    context.add_init_script(
        {
            "blocked": """for (const name of ["localStorage", "sessionStorage"])
              Object.defineProperty(window, name, {get() { throw new DOMException("") }});""",
            "full": "Storage.prototype.setItem = () => { throw new DOMException('') }",
        }[how]
    )
    page = context.new_page()
    sign_in(page, server)
    page.locator("#search").fill("grossmann")
    page.get_by_role("button", name=f"Add {JOERG.name} to favourites").click()
    expect(page.get_by_role("button", name=f"Remove {JOERG.name}")).to_be_visible()
    page.locator("#search").fill("")
    expect(page.locator("[role=rowgroup]")).to_contain_text(JOERG.name)


@pytest.mark.parametrize(
    "kept",
    [
        '[{"id": "crm:1", "name": 5}, {"id": "crm:2", "company": {}, "others": "crm:3"}]',
        '[null, 7, {"id": 7}, {"id": "crm:1", "name": []}, {"id": "crm:2", "others": [7, {}]}]',
    ],
)
def test_lists_that_another_version_wrote_are_read_as_far_as_they_go(
    browser_context: BrowserContext, server: Rufname, kept: str
) -> None:
    page = browser_context.new_page()
    sign_in(page, server)
    page.locator("#search").fill("grossmann")
    page.get_by_role("button", name=f"Add {JOERG.name} to favourites").click()
    page.evaluate(
        "kept => { for (const key of Object.keys(localStorage)) localStorage.setItem(key, kept) }",
        kept,
    )
    page.reload()
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator("[role=rowgroup]")).to_contain_text(JOERG.name)
    page.locator(".row .person").last.click()
    expect(page.locator(".card h2")).to_have_count(1)


def test_two_windows_never_undo_each_other(
    browser_context: BrowserContext, server: Rufname
) -> None:
    pages = browser_context.new_page(), browser_context.new_page()
    for page in pages:
        sign_in(page, server)
    for page in pages:
        page.locator("#search").fill("grossmann")
        expect(page.locator(".row")).to_have_count(1)
    for page in pages:
        page.get_by_role("button", name=f"Add {JOERG.name} to favourites").click()
        expect(page.get_by_role("button", name=f"Remove {JOERG.name}")).to_be_visible()
    for page in pages:
        page.locator("#search").fill("")
        expect(page.locator("[role=rowgroup]")).to_contain_text(JOERG.name)
    pages[0].get_by_role("button", name=f"Remove {JOERG.name} from favourites").click()
    expect(pages[1].locator(".row")).to_have_count(0)


def test_another_window_changes_no_row_that_was_chosen(
    browser_context: BrowserContext, server: Rufname
) -> None:
    page, other = browser_context.new_page(), browser_context.new_page()
    for each, text, name in ((page, "zoë", MAIL_ONLY.name), (other, "anna", ANNA.name)):
        sign_in(each, server)
        each.locator("#search").fill(text)
        expect(each.locator(".row")).to_contain_text(name)
    page.get_by_role("button", name=f"Add {MAIL_ONLY.name} to favourites").click()
    page.locator("#search").fill("")
    expect(page.locator(".row")).to_contain_text(MAIL_ONLY.name)
    page.keyboard.press("ArrowDown")
    page.evaluate("addEventListener('storage', () => { window.heard = true })")
    other.get_by_role("button", name=f"Add {ANNA.name} to favourites").click()  # stands above her
    while not page.evaluate("window.heard"):
        page.wait_for_timeout(10)
    page.keyboard.press("Enter")
    expect(page.locator(".card h2")).to_have_text(MAIL_ONLY.name)
    page.keyboard.press("Escape")
    expect(page.locator(".row .name").first).to_have_text(ANNA.name)


def test_many_favourites_leave_room_for_typing(
    contexts: Callable[..., BrowserContext], server: Rufname
) -> None:
    page = contexts().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/crm" in request.url else None)
    page.goto(address_of(server))
    kept = [{"id": f"crm:m{number}", "name": f"Martin {number}"} for number in range(60)]
    page.evaluate(
        "kept => localStorage.setItem('rufname:local:erika:favourites', kept)", json.dumps(kept)
    )
    sign_in(page, server)
    expect(page.locator(".row")).to_have_count(60)
    expect(page.locator(".row .number").first).to_be_visible()
    page.wait_for_timeout(1000)  # ten a second are allowed on average
    assert len(asked) < 20


@pytest.mark.parametrize(
    ("locale", "add", "words"),
    [
        ("en", "Add {} to favourites", "You have 200 favourites already. Remove one first"),
        ("de", "{} zu den Favoriten", "Sie haben schon 200 Favoriten. Entfernen Sie erst einen"),
    ],
)
def test_no_favourite_gives_way_to_the_201st(
    contexts: Callable[..., BrowserContext], server: Rufname, locale: str, add: str, words: str
) -> None:
    page = contexts(locale=locale).new_page()
    page.goto(address_of(server))
    kept = [{"id": f"crm:m{number}", "name": f"Martin {number}"} for number in range(200)]
    key = "rufname:local:erika:favourites"
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [key, json.dumps(kept)])
    sign_in(page, server)
    page.locator("#search").fill(JOERG.name)
    star = page.locator(".row").get_by_role("button", name=add.format(JOERG.name))
    star.click()
    expect(page.locator(".toast")).to_have_text(words)
    expect(star).to_have_attribute("aria-pressed", "false")
    left = json.loads(page.evaluate("key => localStorage.getItem(key)", key))
    assert [each["id"] for each in left] == [each["id"] for each in kept]


def test_a_favourite_whom_another_source_knows_now_stays_one(
    in_teams: InTeams, browser_context: BrowserContext
) -> None:
    tab = in_teams(context=browser_context, forgets=False).tab
    tab.locator("#search").fill("anna")
    tab.get_by_role("button", name=f"Add {ANNA.name} to favourites").click()

    def as_of_another_source(route: Route) -> None:
        person: dict[str, Any] = route.fetch(
            url=route.request.url.replace("ad%3A9", "crm%3A2")
        ).json()
        route.fulfill(json={**person, "id": "ad:9", "records": ["ad:9", "crm:2"]})

    host = in_teams(context=browser_context, forgets=False)
    host.page.route("**/v1/people/*", as_of_another_source)
    host.tab.locator("#search").fill(" ")
    expect(host.tab.locator(".row")).to_contain_text(ANNA.name)
    host.tab.locator(".row .person").click()
    card = host.tab.locator(".card")
    expect(card.get_by_role("button", name=f"Remove {ANNA.name} from favourites")).to_be_visible()
    expect(host.tab.locator("[role=rowgroup]")).to_have_count(1)
    assert '"id":"crm:2"' not in host.tab.evaluate("Object.values({...localStorage}).join()")


@pytest.mark.parametrize("forgets", [True, False])
def test_a_favourite_whom_another_source_still_knows_stays_one(
    in_teams: InTeams, browser_context: BrowserContext, *, forgets: bool
) -> None:
    def known_twice(route: Route) -> None:
        person: dict[str, Any] = route.fetch().json()
        route.fulfill(json={**person, "records": ["crm:2", "ad:9"]})

    first = in_teams(context=browser_context, forgets=forgets)
    first.page.route("**/v1/people/*", known_twice)
    first.tab.locator("#search").fill("anna")
    first.tab.get_by_role("button", name=f"Add {ANNA.name} to favourites").click()
    first.tab.locator("#search").fill("")
    expect(first.tab.locator(".row .number")).to_be_visible()
    first.page.close()

    def left_by_one(route: Route) -> None:
        url = route.request.url
        if "crm%3A2" in url:
            route.fulfill(status=404, body="{}", content_type="application/problem+json")
            return
        person = route.fetch(url=url.replace("ad%3A9", "crm%3A2")).json()
        route.fulfill(json={**person, "id": "ad:9", "records": ["ad:9"]})

    host = in_teams(context=browser_context, forgets=forgets)
    host.page.route("**/v1/people/*", left_by_one)
    host.tab.locator("#search").fill(" ")
    expect(host.tab.locator(".row .number")).to_be_visible()
    host.tab.locator(".row .person").click()
    card = host.tab.locator(".card")
    expect(card.get_by_role("button", name=f"Remove {ANNA.name} from favourites")).to_be_visible()
    assert "crm:2" not in host.tab.evaluate("JSON.stringify({...localStorage})")


@pytest.mark.parametrize("locale", [None, "de_DE"])
def test_a_host_of_no_or_another_spelling_of_a_language_is_understood(
    in_teams: InTeams, contexts: Callable[..., BrowserContext], locale: str | None
) -> None:
    tab = in_teams(context=contexts(locale="de-AT"), locale=locale).tab
    expect(tab.locator("#search")).to_have_attribute("placeholder", "Name, Firma oder Nummer")
