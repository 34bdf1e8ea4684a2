"""The customer page in a card: told to one origin, heard from one frame."""

from __future__ import annotations

import contextlib
import time

import pytest
from playwright.sync_api import Error, Frame, Route, expect

from tests.e2e.tab.conftest import InTeams
from tests.e2e.tab.fakehost import FakeTeams
from tests.e2e.tab.issuer import OID, TENANT
from tests.e2e.tab.world import JOERG

pytestmark = pytest.mark.e2e


def opened(host: FakeTeams) -> Frame:
    """Open a card and return the frame of the customer page once it was told."""
    host.tab.locator("#search").fill("grossmann")
    host.tab.locator(".row .person").click()
    return told_frame(host)


def told_frame(host: FakeTeams) -> Frame:
    """Return the frame of the customer page once it is there and was told."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        host.tab.locator("iframe.customer").scroll_into_view_if_needed()
        for frame in host.page.frames:
            if frame.parent_frame is host.tab and frame.url.startswith("http"):
                with contextlib.suppress(Error):  # the card was drawn anew meanwhile
                    if frame.evaluate("window.told?.length > 0"):
                        return frame
        host.page.wait_for_timeout(20)
    raise AssertionError("the customer page was told nothing")


def wait_until_told(frame: Frame, times: int) -> None:
    frame.wait_for_function("times => told.length >= times", arg=times)


def test_it_is_told_whose_card_it_is(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    [[origin, message]] = frame.evaluate("told")
    assert host.page.url.startswith(origin)
    assert message["user"] == {"tenantId": TENANT, "id": OID, "name": "Erika Beispiel"}
    contact = message["contact"]
    assert contact["personal"]["displayName"] == JOERG.name
    assert contact["phoneNumbers"][0] == {
        "type": "work",
        "number": "+493023125101",
        "displayNumber": "+49 30 23125101",
    }
    assert contact["emails"] == [{"address": JOERG.mail}]
    assert contact["company"]["name"] == JOERG.company
    assert contact["customFields"] == {"1": "K-4711"}
    assert contact["dbFields"]["notes"] == JOERG.notes


def test_it_may_ask_for_a_call_a_mail_a_copy_and_to_be_told_again(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    frame.evaluate("ask('callPhoneNumber', '+49 (30) 23125-177')")
    host.wait_for("call.startCall")
    assert host.calls("call.startCall") == [[{"targets": ["4:+493023125177"]}]]
    frame.evaluate("ask('sendEmail', 'somebody@firm.example')")
    host.wait_for("mail.composeMail")
    assert host.calls("mail.composeMail")[0][0]["toRecipients"] == ["somebody@firm.example"]
    frame.evaluate("ask('refresh')")
    wait_until_told(frame, 2)
    frame.evaluate("ask('copyText', 'K-4711')")
    expect(host.tab.locator(".toast")).to_have_text("Copied: K-4711")


def test_nobody_else_is_heard_and_nonsense_does_nothing(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    call = "{type: 'callPhoneNumber', value: '+493023125177'}"
    host.page.evaluate(f"document.querySelector('iframe').contentWindow.postMessage({call}, '*')")
    host.tab.evaluate(f"window.postMessage({call}, '*')")
    # the customer page's own frame within it, of another origin (opaque)
    frame.evaluate(
        f"""() => {{ const inner = document.createElement("iframe");
        inner.sandbox = "allow-scripts";
        inner.srcdoc = "<script>parent.parent.postMessage({call}, '*')</" + "script>";
        document.body.append(inner); return new Promise((done) => {{ inner.onload = done; }}); }}"""
    )
    for type_, value in (
        ("callPhoneNumber", "javascript:alert(1)"), ("callPhoneNumber", 7), ("sendEmail", "x"),
        ("open", "https://x.example"), ("copyText", ""), ("refreshAll", None),
    ):  # fmt: skip
        frame.evaluate("([type, value]) => ask(type, value)", [type_, value])
    frame.evaluate("parent.postMessage(null, '*'); parent.postMessage('x', '*')")
    frame.evaluate("ask('callPhoneNumber', '030 23125-178')")
    host.wait_for("call.startCall")
    assert host.calls("call.startCall") == [[{"targets": ["4:03023125178"]}]]
    assert host.calls("mail.composeMail") == []


def test_a_page_of_another_origin_is_refused_by_the_browser(in_teams: InTeams) -> None:
    host = in_teams()
    opened(host)
    refused = host.tab.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation",
            (event) => done(event.effectiveDirective));
          document.querySelector("iframe.customer").src = "https://elsewhere.example/"; })"""
    )
    assert refused == "frame-src"


def test_it_disturbs_nobody_who_types(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    host.tab.locator("#search").focus()
    frame.evaluate("ask('refresh')")
    wait_until_told(frame, 2)
    expect(host.tab.locator("#search")).to_be_focused()


def test_what_was_typed_in_it_stands_when_it_is_told_anew(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    frame.evaluate("document.body.append(document.createElement('input'))")
    frame.locator("input").fill("half an order")

    def changed(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        told["name"] = "Jörg Neu"
        route.fulfill(response=answer, json=told)

    host.page.route("**/v1/people/crm*", changed)
    frame.evaluate("ask('refresh')")
    wait_until_told(frame, 2)
    assert frame.evaluate("told[1][1].contact.personal.displayName") == "Jörg Neu"
    expect(frame.locator("input")).to_be_focused()
    expect(frame.locator("input")).to_have_value("half an order")
    expect(host.tab.locator(".card h2")).to_have_text("Jörg Neu")
    expect(host.tab.locator(".card .actions")).to_have_count(1)


def test_it_holds_up_no_other_card(in_teams: InTeams) -> None:
    host = in_teams()
    frame = opened(host)
    host.tab.locator("#search").fill("anna")
    expect(host.tab.locator(".row")).to_contain_text("Anna")
    held: list[Route] = []
    host.page.route("**/v1/people/crm*", lambda route: held.append(route))  # noqa: PLW0108 - a built-in cannot be marked
    host.tab.locator(".row .person").click()
    while not held:
        host.page.wait_for_timeout(10)
    frame.evaluate("ask('refresh')")
    frame.evaluate("ask('sendEmail', 'a@firm.example')")
    host.wait_for("mail.composeMail")
    host.page.unroute("**/v1/people/crm*")
    held[0].continue_()
    expect(host.tab.locator(".card h2")).to_have_text("Anna Abel")


def test_a_flood_of_it_is_one_question(in_teams: InTeams) -> None:
    host = in_teams()
    asked: list[str] = []
    host.page.on("request", lambda request: asked.append(request.url))
    frame = opened(host)
    frame.evaluate("for (let n = 0; n < 300; n++) ask('callPhoneNumber', '+493023125177')")
    frame.evaluate("for (let n = 0; n < 300; n++) ask('refresh')")
    wait_until_told(frame, 2)
    assert len([url for url in asked if "/v1/people/crm" in url]) == 2
    assert len(host.calls("call.startCall")) == 1


def test_a_long_text_that_was_copied_is_told_within_the_window(in_teams: InTeams) -> None:
    host = in_teams()
    host.page.set_viewport_size({"width": 320, "height": 500})
    frame = opened(host)
    frame.evaluate("ask('copyText', 'https://orders.example/' + 'x'.repeat(1900))")
    toast = host.tab.locator(".toast")
    expect(toast).to_contain_text("Copied: https://orders.example/xxx")
    assert toast.evaluate("each => each.scrollWidth <= each.clientWidth")
    box = toast.bounding_box()
    assert box is not None
    assert box["width"] <= 320
    assert box["height"] <= 160
