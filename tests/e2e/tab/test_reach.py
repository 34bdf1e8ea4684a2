"""Calling, chatting, mailing from the tab: what the host is asked for, literally."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.e2e.tab.conftest import InTeams, Opened
from tests.e2e.tab.world import ANNA, JOERG, MAIL_ONLY

pytestmark = pytest.mark.e2e


def card_of(tab: Frame | Page, text: str, name: str) -> None:
    tab.locator("#search").fill(text)
    tab.locator(".row", has_text=name).locator(".person").click()
    expect(tab.locator(".card h2")).to_have_text(name)


def button(tab: Frame | Page, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def test_teams_is_asked_to_call_chat_and_mail(in_teams: InTeams) -> None:
    host = in_teams()
    card_of(host.tab, "anna", ANNA.name)
    button(host.tab, "Call")
    expect(host.tab.locator(".card")).to_be_visible()
    host.wait_for("call.startCall")
    assert host.calls("call.startCall") == [[{"targets": ["4:+493023125102"]}]]
    button(host.tab, "Mail")
    host.wait_for("mail.composeMail")
    assert host.calls("mail.composeMail")[0][0]["toRecipients"] == [ANNA.mail]
    assert not host.tab.get_by_role("button", name="Chat", exact=True).count()

    card_of(host.tab, "zoë", MAIL_ONLY.name)
    button(host.tab, "Chat")
    host.wait_for("chat.openChat")
    assert host.calls("chat.openChat")[0][0]["members"] == [MAIL_ONLY.mail]
    assert not host.tab.get_by_role("button", name="Call", exact=True).count()


def test_one_of_several_numbers_is_chosen_and_a_fax_is_none(in_teams: InTeams) -> None:
    host = in_teams()
    host.tab.locator("#search").fill("grossmann")
    button(host.tab, f"Call {JOERG.name}")
    choice = host.tab.get_by_role("dialog", name=f"Which number of {JOERG.name}?")
    expect(choice.locator(".number")).to_have_text(["Work+49 30 23125101", "Mobile+49 171 3920011"])
    choice.locator(".number").nth(1).click()
    expect(choice).to_have_count(0)
    host.wait_for("call.startCall")
    assert host.calls("call.startCall") == [[{"targets": ["4:+491713920011"]}]]
    host.tab.page.keyboard.press("Escape")


def test_a_host_that_cannot_call_is_given_the_deep_links(in_teams: InTeams) -> None:
    host = in_teams(supports=["pages"])
    card_of(host.tab, "grossmann", JOERG.name)
    button(host.tab, "Call +49 30 23125101")
    button(host.tab, "Chat")
    host.wait_for("executeDeepLink", 2)
    assert [args[0] for args in host.calls("executeDeepLink")] == [
        "https://teams.microsoft.com/l/call/0/0?users=4:%2B493023125101",
        f"https://teams.microsoft.com/l/chat/0/0?users={JOERG.mail.replace('@', '%40')}",
    ]


def test_a_host_that_follows_no_link_leaves_it_to_a_window(in_teams: InTeams) -> None:
    host = in_teams(supports=["mail", "pages"], name="Outlook")
    host.page.evaluate("answers.executeDeepLink = () => [false, 'not here']")
    host.tab.evaluate(FOLLOWED)
    card_of(host.tab, "grossmann", JOERG.name)
    button(host.tab, "Call +49 30 23125101")
    button(host.tab, "Chat")
    host.tab.wait_for_function("followed.length === 2")
    assert host.tab.evaluate("followed") == [
        "_blank noopener https://teams.microsoft.com/l/call/0/0?users=4:%2B493023125101",
        "_blank noopener https://teams.microsoft.com/l/chat/0/0?users=joerg.grossmann%40firm.example",
    ]
    expect(host.tab.locator(".toast")).to_have_text("")


FOLLOWED = """() => { window.followed = [];
  HTMLAnchorElement.prototype.click = function () { followed.push(this.href); };
  window.open = (address, target, features) => { followed.push(`${target} ${features} ${address}`);
    return null; }; }"""


@pytest.mark.parametrize("client", ["android", "ios"])
def test_a_phone_is_given_the_number_itself(in_teams: InTeams, client: str) -> None:
    host = in_teams(client=client)
    host.tab.evaluate(FOLLOWED)
    card_of(host.tab, "anna", ANNA.name)
    button(host.tab, "Call")
    assert host.tab.evaluate("followed") == ["tel:+493023125102"]
    assert host.calls("call.startCall") == []


def test_a_browser_is_given_links(open_page: Opened) -> None:
    page = open_page()
    page.evaluate(FOLLOWED)
    card_of(page, "grossmann", JOERG.name)
    button(page, "Call +49 30 23125101")
    button(page, "Chat")
    button(page, "Mail")
    page.get_by_role("link", name="Open in CRM").click()
    assert page.evaluate("followed") == [
        "tel:+493023125101",
        "_blank noopener https://teams.microsoft.com/l/chat/0/0?users=joerg.grossmann%40firm.example",
        "mailto:joerg.grossmann%40firm.example",
        "_blank noopener https://crm.example/contacts/1",
    ]


def test_numbers_and_addresses_are_copied(
    in_teams: InTeams, browser_context: BrowserContext
) -> None:
    browser_context.grant_permissions(["clipboard-read", "clipboard-write"])
    host = in_teams(context=browser_context)
    card_of(host.tab, "grossmann", JOERG.name)
    button(host.tab, "Copy +49 30 23125101")
    expect(host.tab.locator(".toast")).to_have_text("Copied: +493023125101")
    assert host.tab.evaluate("navigator.clipboard.readText()") == "+493023125101"
    host.tab.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    button(host.tab, f"Copy {JOERG.mail}")
    expect(host.tab.locator(".toast")).to_have_text(f"Copied: {JOERG.mail}")


def test_what_is_said_stands_where_screen_readers_listen_already(open_page: Opened) -> None:
    page = open_page(permissions=["clipboard-write"])
    said = page.get_by_role("status")
    expect(said).to_have_count(2)  # a place that comes with its words is not read aloud
    card_of(page, "zoë", MAIL_ONLY.name)
    button(page, f"Copy {MAIL_ONLY.mail}")
    expect(said.nth(1)).to_have_text(f"Copied: {MAIL_ONLY.mail}")
    expect(said.nth(1)).to_have_text("")


def test_keys_alone_do_everything(in_teams: InTeams) -> None:
    host = in_teams()
    tab, keys = host.tab, host.page.keyboard
    expect(tab.locator("#search")).to_be_focused()
    keys.type("abel")
    expect(tab.locator(".row")).to_have_count(3)
    search = tab.locator("#search")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    active = search.get_attribute("aria-activedescendant")
    assert active
    row = tab.locator(f"#{active}")
    expect(row).to_have_attribute("aria-selected", "true")
    name = row.locator(".name").inner_text()
    expect(search).to_be_focused()
    keys.press("Control+Enter")
    host.wait_for("call.startCall")
    keys.press("Enter")
    expect(tab.locator(".card h2")).to_have_text(name)
    expect(tab.locator(".card h2")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    assert tab.evaluate("document.activeElement.closest('.card') !== null")
    keys.press("Escape")
    expect(tab.locator(".card")).to_have_count(0)
    expect(search).to_be_focused()
    keys.press("Escape")
    expect(search).to_have_value("")
    tab.evaluate("document.activeElement.blur()")
    keys.press("/")
    expect(search).to_be_focused()
    expect(search).to_have_value("")


def test_arrows_go_on_from_the_row_that_was_opened_by_mouse(in_teams: InTeams) -> None:
    host = in_teams()
    tab, keys = host.tab, host.page.keyboard
    search, rows = tab.locator("#search"), tab.locator(".row")
    search.fill("abel")
    expect(rows).to_have_count(3)
    keys.press("ArrowDown")
    rows.nth(2).locator(".person").click()
    expect(tab.locator(".card h2")).to_be_focused()
    expect(rows.nth(0)).to_have_attribute("aria-selected", "false")
    expect(rows.nth(2)).to_have_attribute("aria-selected", "true")
    keys.press("Escape")
    keys.press("ArrowUp")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(tab.locator(".card h2")).to_have_text(rows.nth(1).locator(".name").inner_text())


@pytest.mark.parametrize("client", ["android", "desktop"])
def test_the_hosts_back_button_closes_what_lies_on_top_and_then_leaves(
    in_teams: InTeams, client: str
) -> None:
    host = in_teams(client=client)
    tab = host.tab
    card_of(tab, "grossmann", JOERG.name)
    tab.locator(".card").get_by_role("button", name="Call", exact=True).click()
    expect(tab.locator("dialog")).to_be_visible()
    host.press_back()
    expect(tab.locator("dialog")).to_have_count(0)
    expect(tab.locator(".card")).to_have_count(1)
    host.press_back()
    expect(tab.locator(".card")).to_have_count(0)
    expect(tab.locator("#search")).to_be_focused()
    assert host.calls("navigateBack") == []
    host.press_back()
    host.wait_for("navigateBack")


def test_a_host_that_tells_nothing_of_its_back_button_shows_cards_too(in_teams: InTeams) -> None:
    host = in_teams(back=False)
    card_of(host.tab, "grossmann", JOERG.name)
    assert ["backButton"] not in host.calls("registerHandler")
    host.press_back()
    assert len(host.calls("navigateBack")) == 1


def test_escape_closes_the_card_wherever_one_has_clicked(open_page: Opened) -> None:
    page = open_page()
    card_of(page, "grossmann", JOERG.name)
    page.locator(".card dd .value").first.click()
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".card h2")).to_be_focused()
    page.locator("#search").fill("")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)


def test_the_row_whose_card_is_open_is_marked_in_every_list(open_page: Opened) -> None:
    page = open_page()
    card_of(page, "grossmann", JOERG.name)
    page.locator("#search").fill("")
    expect(page.locator(".row.opened")).to_contain_text(JOERG.name)
    expect(page.locator(".row.opened .number")).to_have_count(1)  # what was fetched stands in it


def test_keys_reach_the_hits_that_are_not_loaded_yet(open_page: Opened) -> None:
    page = open_page()
    rows, box = page.locator(".row"), page.locator("#search")
    box.fill("muster")
    expect(rows).to_have_count(20)
    page.keyboard.press("PageDown")
    first = rows.evaluate_all("all => all.findIndex((row) => row.ariaSelected === 'true')")
    assert first > 1
    page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    expect(rows.nth(first)).to_have_attribute("aria-selected", "true")
    for _ in range(first, 20):
        page.keyboard.press("ArrowDown")
    expect(rows).to_have_count(40)
    expect(rows.nth(20)).to_have_attribute("aria-selected", "true")
    expect(box).to_be_focused()


@pytest.mark.parametrize("within", [{"isComposing": True}, {"keyCode": 229}])
def test_keys_that_end_a_word_being_put_together_do_nothing_else(
    open_page: Opened, within: dict[str, object]
) -> None:
    """As input methods for Chinese, Japanese and Korean do; WebKit tells it by the code alone."""
    page = open_page()
    box = page.locator("#search")
    box.fill("anna abel")
    expect(page.locator(".row")).to_have_count(1)
    for key in ("Enter", "Escape"):
        box.dispatch_event("keydown", {"key": key, "bubbles": True, "cancelable": True, **within})
        assert page.locator(".row.opened").count() == 0
        assert box.input_value() == "anna abel"
    box.press("Enter")
    expect(page.locator(".card h2")).to_have_text(ANNA.name)
