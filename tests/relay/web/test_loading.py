"""What is seen in Chromium where the page is of one build and a node that has another answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from relay.http.page import FOLDER, node_content_policy
from tests.relay.web.browser import CHROMIUM, ORIGIN, needs_chromium

POLICY = node_content_policy("https://login.microsoftonline.com")
WORDS = re.compile("did not arrive as a whole")
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Nodes:
    """Answers as nodes behind a balancer: `times` requests for what is `lacking` get 404."""

    def __init__(self, page: Page, lacking: str, times: int) -> None:
        self.lacking = re.compile(lacking)
        self.times = times
        self.asked: Counter[str] = Counter()
        page.route(f"{ORIGIN}/**", self._answer)

    def _answer(self, route: Route) -> None:
        name = route.request.url.removeprefix(f"{ORIGIN}/").partition("?")[0] or "index.html"
        self.asked[name] += 1
        if self.lacking.search(name) and self.times:
            self.times -= 1
            route.fulfill(status=404, body="{}", content_type="application/problem+json")
        elif name == "v1/sign-in":
            route.fulfill(json={"tunnel": True})
        elif not (FOLDER / name).is_file():
            route.fulfill(status=503, body="{}", content_type="application/problem+json")
        else:
            route.fulfill(
                body=(FOLDER / name).read_bytes(),
                content_type=TYPES.get((FOLDER / name).suffix, "image/svg+xml"),
                headers={"content-security-policy": POLICY},
            )


@pytest.mark.parametrize("lacking", [r"index-.*\.js", r"index-.*\.css"])
def test_what_is_missing_once_is_there_after_another_load(chromium: Browser, lacking: str) -> None:
    page = chromium.new_page(locale="en")
    nodes = Nodes(page, lacking, 1)
    page.goto(ORIGIN, wait_until="commit")
    expect(page.locator("main.gate")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_have_count(0)
    assert nodes.asked["index.html"] == 2
    page.wait_for_function("!sessionStorage.length")  # the next upgrade has its own other load
    page.close()


@pytest.mark.parametrize("lacking", [r"index-.*\.js", r"index-.*\.css"])
def test_what_stays_missing_is_said_and_tried_again_by_hand(
    chromium: Browser, lacking: str
) -> None:
    page = chromium.new_page(locale="en")
    nodes = Nodes(page, lacking, 1000)
    page.goto(ORIGIN, wait_until="commit")
    expect(page.get_by_text(WORDS)).to_be_visible()
    assert nodes.asked["index.html"] == 2
    nodes.times = 0
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_text(WORDS)).to_have_count(0)
    expect(page.locator("main.gate")).to_be_visible()
    assert nodes.asked["index.html"] == 3
    page.close()


def test_where_nothing_can_be_kept_it_is_said_at_once(chromium: Browser) -> None:
    page = chromium.new_page(locale="de")
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException(); } })"
    )
    nodes = Nodes(page, r"index-.*\.js", 1000)
    page.goto(ORIGIN, wait_until="commit")
    expect(page.get_by_role("button", name="Noch einmal")).to_be_visible()
    assert nodes.asked["index.html"] == 1
    page.close()


def test_a_way_to_the_directory_that_has_another_name_by_now_leads_to_another_load(
    chromium: Browser,
) -> None:
    page = chromium.new_page(locale="en")
    page.clock.install()
    nodes = Nodes(page, "tunnel-", 1000)
    page.goto(ORIGIN, wait_until="commit")
    expect(page.get_by_text("The directory cannot be reached")).to_be_visible()
    assert nodes.asked["index.html"] == 1
    with page.expect_event("load"):
        page.clock.run_for(6_000)
    assert nodes.asked["index.html"] == 2
    page.close()
