"""Not signed in, no rights, offline, directory away, busy: each is said as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.e2e.running import Rufname
from tests.e2e.tab.conftest import InTeams, Opened
from tests.e2e.tab.issuer import Issuer
from tests.e2e.tab.refusing import refuse
from tests.e2e.tab.world import ANNA, ERIKA, JOERG, OUTSIDER, address_of

pytestmark = pytest.mark.e2e


def test_a_password_signs_in_and_out(open_page: Opened) -> None:
    page = open_page(user="", locale="de-DE")
    expect(page.locator("h1")).to_have_text("Firmenkontakte")
    page.get_by_label("Benutzername").fill("erika")
    page.get_by_label("Passwort").fill("falsch")
    page.get_by_role("button", name="Anmelden", exact=True).click()
    expect(page.locator(".wrong")).to_have_text(
        "Diesen Benutzer mit diesem Passwort gibt es nicht."
    )
    page.get_by_label("Passwort").fill(ERIKA.password)
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator(".who")).to_have_text("erika")
    page.reload()
    expect(page.locator("#search")).to_be_focused()
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_label("Benutzername")).to_be_focused()
    page.reload()
    expect(page.get_by_label("Benutzername")).to_be_visible()


def test_a_session_that_ends_is_said(open_page: Opened) -> None:
    page = open_page()
    for path in ("**/v1/people/search", "**/v1/me"):
        page.route(path, lambda route: route.fulfill(status=401, body="{}"))
    page.locator("#search").fill("abel")
    expect(page.locator(".wrong")).to_have_text("Your session has ended. Sign in again.")


def test_whoever_signs_in_again_goes_on_with_the_text_and_nobody_else(open_page: Opened) -> None:
    page = open_page()
    for user, password, typed in (
        ("erika", ERIKA.password, "anna abel"),
        ("outsider", OUTSIDER.password, ""),
    ):
        refuse(page, 401, "")
        page.locator("#search").fill("anna abel")
        expect(page.locator(".wrong")).to_have_text("Your session has ended. Sign in again.")
        page.unroute("**/v1/people/search")
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        expect(page.locator("#search")).to_have_value(typed)
        expect(page.locator(".row .name")).to_have_text([ANNA.name] if typed else [])


HEED = """
window.heard = [];
const listen = document.addEventListener;
document.addEventListener = function (type, act, options) {
  if (type === "keydown" && options?.signal) window.heard.push(options.signal);
  else if (type === "keydown") window.heard.push({ aborted: false });
  listen.call(document, type, act, options);
};
"""
LISTENING = "window.heard.filter((signal) => !signal.aborted).length"


def test_whoever_signs_in_again_leaves_no_page_behind_that_listens(open_page: Opened) -> None:
    page = open_page()
    page.add_init_script(HEED)
    page.reload()
    expect(page.locator("#search")).to_be_focused()
    for _ in range(3):
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("User name").fill("erika")
        page.get_by_label("Password").fill(ERIKA.password)
        page.keyboard.press("Enter")
        expect(page.locator("#search")).to_be_focused()
    assert page.evaluate("window.heard.length") >= 4
    assert page.evaluate(LISTENING) == 1


def test_enter_pressed_again_while_one_signs_in_is_no_second_attempt(
    open_page: Opened,
) -> None:
    page = open_page(user="")
    held: list[Route] = []
    page.route("**/v1/sign-in", lambda route: held.append(route))  # noqa: PLW0108 - a built-in cannot be marked
    page.get_by_label("User name").fill("erika")
    page.get_by_label("Password").fill(ERIKA.password)
    for _ in range(4):  # or held down
        page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.go').hasAttribute('disabled')")
    held[0].continue_()
    expect(page.locator("#search")).to_be_focused()
    assert len(held) == 1


def test_a_late_refusal_of_a_session_before_ends_nothing(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("muster")
    late: list[Route] = []
    more = page.get_by_role("button", name="Show more")
    more.wait_for()
    page.route("**/v1/people/search", lambda route: late.append(route), times=1)  # noqa: PLW0108
    more.click()
    refusal = {"status": 401, "body": "{}"}
    page.route("**/v1/people/crm*", lambda route: route.fulfill(**refusal), times=2)
    page.locator(".row .person").first.click()
    page.get_by_label("User name").fill("erika")
    page.get_by_label("Password").fill(ERIKA.password)
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_have_value("muster")
    with page.expect_response("**/v1/people/search"):
        late[0].fulfill(**refusal)
    page.locator("#search").fill("anna abel")
    expect(page.locator(".row .name")).to_have_text([ANNA.name])
    assert page.get_by_label("User name").count() == 0


def test_a_host_without_a_token_and_a_token_that_is_refused_are_said(
    in_teams: InTeams, issuer: Issuer
) -> None:
    host = in_teams("")
    expect(host.tab.locator(".trouble")).to_contain_text("Teams could not sign you in")
    host.set_token(issuer.token(aud="somebody else"))
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator(".trouble")).to_contain_text("an administrator has to allow the app")
    host.set_token(issuer.token())
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator("#search")).to_be_focused()
    expect(host.tab.locator(".who")).to_have_text("Erika Beispiel")
    assert host.calls("appInitialization.success")


def test_a_host_that_is_silent_about_a_token_is_no_dead_end(
    in_teams: InTeams, browser_context: BrowserContext, issuer: Issuer
) -> None:
    browser_context.clock.install()
    host = in_teams("never", browser_context)
    host.wait_for("authentication.getAuthToken")
    expect(host.tab.locator(".gate fluent-spinner")).to_have_count(1)
    browser_context.clock.fast_forward("01:01")
    expect(host.tab.locator(".trouble")).to_contain_text("Teams could not sign you in")
    host.set_token(issuer.token())
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator(".who")).to_have_text("Erika Beispiel")


def test_a_token_that_ran_out_is_replaced_without_a_word(in_teams: InTeams) -> None:
    host = in_teams()
    expect(host.tab.locator("#search")).to_be_focused()
    before = len(host.calls("authentication.getAuthToken"))
    answered = []

    def refuse_once(route: Route) -> None:
        answered.append(route.request.url)
        if len(answered) == 1:
            route.fulfill(status=401, body="{}")
        else:
            route.continue_()

    host.page.route("**/v1/people/search", refuse_once)
    host.tab.locator("#search").fill("anna")
    expect(host.tab.locator(".row")).to_contain_text(ANNA.name)
    assert len(host.calls("authentication.getAuthToken")) == before + 1


def test_a_browser_of_some_years_searches_too(
    contexts: Callable[..., BrowserContext], server: Rufname
) -> None:
    context = contexts()
    context.add_init_script("delete AbortSignal.any")
    page = context.new_page()
    page.goto(address_of(server))
    page.get_by_label("User name").fill("erika")
    page.get_by_label("Password").fill(ERIKA.password)
    page.keyboard.press("Enter")
    page.locator("#search").fill("anna abel")
    expect(page.locator(".row .name")).to_have_text([ANNA.name])


def test_a_user_without_rights_is_told(open_page: Opened) -> None:
    page = open_page(OUTSIDER.name, OUTSIDER.password)
    expect(page.locator(".trouble")).to_contain_text("You may not see any source of contacts")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator("#search")).to_be_disabled()


def test_offline_is_said_and_ends_by_itself(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("anna")
    expect(page.locator(".row")).to_have_count(1)
    page.context.set_offline(True)
    page.locator("#search").fill("abel")
    expect(page.locator(".trouble")).to_contain_text("You are offline")
    expect(page.locator(".light")).to_have_text("Directory not reachable")
    expect(page.locator(".row")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator(".trouble")).to_have_count(0)
    expect(page.locator(".light")).to_have_text("Directory reachable")


def test_busy_is_said_and_tried_again(open_page: Opened) -> None:
    page = open_page()
    refuse(page, 429, "2")
    page.locator("#search").fill("anna")
    expect(page.locator(".trouble")).to_contain_text("It is tried again by itself in 2 seconds.")
    page.unroute("**/v1/people/search")
    expect(page.locator(".row")).to_contain_text(ANNA.name)


def test_a_card_that_has_to_wait_comes_by_itself(open_page: Opened) -> None:
    page = open_page(locale="de-DE")
    card = "**/v1/people/crm*"
    refuse(page, 429, "1", card)
    page.locator("#search").fill("grossmann")
    page.locator(".row .person").click()
    expect(page.locator(".gap")).to_contain_text("Es wird in 1 Sekunde von selbst wieder versucht.")
    page.unroute(card)
    expect(page.locator(".card h2")).to_have_text(JOERG.name)
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.locator(".row .person").click()
    expect(page.locator(".gap")).to_contain_text("Sie sind offline")
    page.context.set_offline(False)
    expect(page.locator(".card h2")).to_have_text(JOERG.name)


def test_a_fault_is_said(open_page: Opened) -> None:
    page = open_page(locale="de-AT")
    refuse(page, 500, "1")
    page.locator("#search").fill("anna")
    expect(page.locator(".trouble")).to_contain_text("Auf dem Server ist etwas schiefgegangen")
    page.unroute("**/v1/people/search")
    page.get_by_role("button", name="Noch einmal").click()
    expect(page.locator(".row")).to_contain_text(ANNA.name)


def test_a_contact_that_is_gone_can_be_removed(open_page: Opened) -> None:
    page = open_page()
    page.locator("#search").fill("grossmann")
    page.get_by_role("button", name=f"Add {JOERG.name} to favourites").click()
    page.locator("#search").fill("")
    page.route("**/v1/people/crm*", lambda route: route.fulfill(status=404, body="{}"))
    page.locator(".row .person").click()
    expect(page.locator(".gap")).to_contain_text("This contact is no longer there")
    page.get_by_role("button", name="Remove from the list").click()
    expect(page.locator(".row")).to_have_count(0)


def test_the_directory_goes_away_and_comes_back(in_teams: InTeams, server: Rufname) -> None:
    host = in_teams()
    expect(host.tab.locator("#search")).to_be_focused()
    server.stop()
    host.tab.locator("#search").fill("anna")
    expect(host.tab.locator(".trouble")).to_contain_text("The directory cannot be reached")
    expect(host.tab.locator(".light")).to_have_text("Directory not reachable")
    server.start()
    expect(host.tab.locator(".row")).to_contain_text(ANNA.name)
    expect(host.tab.locator(".light")).to_have_text("Directory reachable")


def test_teams_without_its_library_is_no_browser_to_sign_in_at(
    in_teams: InTeams, browser_context: BrowserContext
) -> None:
    library = "**/assets/teams-*"
    browser_context.route(library, lambda route: route.fulfill(status=404, body=""))
    host = in_teams(context=browser_context)
    expect(host.tab.locator(".trouble")).to_contain_text("The directory cannot be reached")
    browser_context.unroute(library)
    host.tab.get_by_role("button", name="Try again").click()
    expect(host.tab.locator(".who")).to_have_text("Erika Beispiel")


def test_a_page_that_is_older_than_its_directory_shows_what_it_knows(open_page: Opened) -> None:
    page = open_page()

    def newer(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["numbers"][0] |= {"kind": "satellite", "since": 2030}
        told["fields"].append({"name": "pronouns", "text": "er", "source": "crm"})
        route.fulfill(response=answer, json={**told, "mood": "fine"})

    page.route("**/v1/people/crm*", newer)
    page.locator("#search").fill("grossmann")
    page.locator(".row .person").click()
    expect(page.locator(".ways .label").first).to_have_text("Other")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("dialog .kind").first).to_have_text("Other")
