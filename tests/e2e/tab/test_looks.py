"""Themes, languages, widths: axe finds nothing, nothing is cut, nothing scrolls sideways.

With SCREENSHOTS=FOLDER each state is kept as a picture, to be looked at.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.tab.conftest import InTeams, Opened
from tests.e2e.tab.examining import examine
from tests.e2e.tab.refusing import refuse
from tests.e2e.tab.world import ANNA, JOERG, OUTSIDER
from tests.relay.web.node import needs_node

pytestmark = [pytest.mark.e2e, needs_node]

SIZES = {"phone": (320, 640), "twice as large": (640, 480), "desktop": (1200, 800)}
"""320 px wide; a window of 1,280 by 960 at 200 %; a usual one."""


def picture(page: Page, *name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{'-'.join(name).replace(' ', '_')}.png")


@pytest.mark.parametrize(
    "size",
    [
        "phone",
        *(pytest.param(each, marks=pytest.mark.long) for each in ("twice as large", "desktop")),
    ],
)
@pytest.mark.parametrize("theme", ["default", "dark", "contrast"])
def test_axe_finds_nothing_in_any_theme_language_and_width(
    in_teams: InTeams, browser_context: Any, axe: str, theme: str, size: str
) -> None:
    for locale in ("de-de", "en-gb"):
        host = in_teams(context=browser_context, theme=theme, locale=locale)
        width, height = SIZES[size]
        host.page.set_viewport_size({"width": width, "height": height})
        tab = host.tab
        expect(tab.locator("html")).to_have_attribute("lang", locale[:2])
        expect(tab.locator("#search")).to_be_focused()
        examine(tab, axe)
        picture(host.page, "start", theme, size, locale)
        tab.locator("#search").fill("abel")
        expect(tab.locator(".row")).to_have_count(3)
        host.page.keyboard.press("ArrowDown")
        examine(tab, axe)
        picture(host.page, "hits", theme, size, locale)
        tab.locator(".row", has_text=JOERG.name).locator(".person").click()
        expect(tab.locator(".card h2")).to_have_text(JOERG.name)
        examine(tab, axe)
        picture(host.page, "card", theme, size, locale)
        tab.locator(".card .actions fluent-button").first.click()
        expect(tab.locator("dialog")).to_be_visible()
        examine(tab, axe)
        picture(host.page, "choice", theme, size, locale)
        host.page.keyboard.press("Escape")
        tab.locator(".card header fluent-button[aria-pressed]").click()
        host.page.keyboard.press("Escape")
        tab.locator("#search").fill("qqqqqqq")
        expect(tab.locator(".status")).not_to_have_text("3 hits")
        expect(tab.locator(".row")).to_have_count(0)
        examine(tab, axe)
        picture(host.page, "nobody", theme, size, locale)
        tab.locator("#search").fill("")
        expect(tab.locator(".row")).to_have_count(1)
        examine(tab, axe)
        picture(host.page, "favourites", theme, size, locale)
        tab.get_by_role("button", name=JOERG.name).last.click()


LOOKS = {
    "light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"},
    "contrast": {"contrast": "more"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("look", "locale"),
    [
        ("light", "de-DE"),
        ("dark", "en-GB"),
        pytest.param("contrast", "de-DE", marks=pytest.mark.long),
        pytest.param("light", "en-GB", marks=pytest.mark.long),
        pytest.param("dark", "de-DE", marks=pytest.mark.long),
        pytest.param("contrast", "en-GB", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_where_one_signs_in_or_something_is_wrong(
    open_page: Opened, axe: str, look: str, locale: str
) -> None:
    options = {**LOOKS[look], "locale": locale, "viewport": {"width": 320, "height": 640}}

    def looks_right(page: Page, state: str) -> None:
        examine(page, axe)
        picture(page, state, look, locale)

    page = open_page(user="", **options)
    expect(page.locator("#signin-name")).to_be_focused()
    examine(page, axe)
    page.locator("#signin-name").fill("erika")
    page.locator("#signin-password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".wrong")).not_to_be_empty()
    looks_right(page, "signin")
    page.close()
    page = open_page(OUTSIDER.name, OUTSIDER.password, **options)
    expect(page.locator(".trouble")).to_be_visible()
    looks_right(page, "rights")
    page.close()
    page = open_page(**options)
    refuse(page, 429, "60")
    page.locator("#search").fill("abel")
    expect(page.locator(".trouble")).to_be_visible()
    looks_right(page, "busy")
    page.unroute("**/v1/people/search")
    page.locator("#search").fill("anna")
    expect(page.locator(".row")).to_contain_text(ANNA.name)
    refuse(page, 429, "60", "**/v1/people/crm*")
    page.locator(".row .person").click()
    expect(page.locator(".gap")).to_be_visible()
    looks_right(page, "busy card")
    page.locator(".gap .back").click()
    page.context.set_offline(True)
    page.locator("#search").fill("abel")
    expect(page.locator(".trouble")).to_be_visible()
    looks_right(page, "offline")
    page.context.set_offline(False)
    expect(page.locator(".row")).to_have_count(3)
    for path in ("**/v1/people/search", "**/v1/me"):
        refuse(page, 401, "", path)
    page.locator("#search").fill("kurz")
    expect(page.locator(".wrong")).not_to_be_empty()
    looks_right(page, "session ended")


def test_the_theme_follows_the_host_and_an_unknown_one_is_light(in_teams: InTeams) -> None:
    host = in_teams(theme="glass")
    tab = host.tab
    html = tab.locator("html")
    expect(html).to_have_attribute("data-theme", "light")
    colours = set()
    for name, worn in (("dark", "dark"), ("contrast", "contrast"), ("default", "light")):
        host.set_theme(name)
        expect(html).to_have_attribute("data-theme", worn)
        colours.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 3


CONTRAST = """(element) => {
  const canvas = document.createElement("canvas").getContext("2d");
  const light = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = getComputedStyle(element.closest(".row")).backgroundColor;
  const [one, other] = [light(getComputedStyle(element).color), light(ground)];
  return Math.max(one, other) / Math.min(one, other);
}"""


@pytest.mark.parametrize("theme", ["default", "dark", "contrast"])
def test_icons_stand_out_from_a_row_that_is_pointed_at_or_open(
    in_teams: InTeams, theme: str
) -> None:
    """Those of letters are looked at by axe; for icons WCAG 2.2 (1.4.11) asks for 3 : 1."""
    tab = in_teams(theme=theme).tab
    tab.locator("#search").fill("grossmann")
    row = tab.locator(".row")
    tab.get_by_role("button", name=f"Add {JOERG.name} to favourites").click()
    icons = row.locator("fluent-button")
    expect(icons).to_have_count(2)
    row.locator(".name").hover()
    assert all(icon.evaluate(CONTRAST) >= 3 for icon in icons.all())
    row.locator(".person").click()
    expect(tab.locator(".card h2")).to_have_text(JOERG.name)
    tab.locator(".card h2").hover()
    expect(row).to_have_class(re.compile(r"\bopened\b"))
    assert all(icon.evaluate(CONTRAST) >= 3 for icon in icons.all())


def test_a_browser_in_high_contrast_gets_the_contrast_theme(open_page: Opened) -> None:
    page = open_page(contrast="more")
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    page.emulate_media(contrast="no-preference", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_fingers_have_room(open_page: Opened) -> None:
    page = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 700})
    page.locator("#search").fill("grossmann")
    page.locator(".row .person").click()
    expect(page.locator(".card h2")).to_have_text(JOERG.name)
    for box in page.locator(".card fluent-button").all():
        size = box.bounding_box()
        assert size is not None
        assert size["height"] >= 44, box.inner_text()


_FAR = {
    "id": "crm:1",
    "name": "𐌰𐌽𐌽𐌰 𐌱𐌴𐌻𐌻",
    "job": "مدير",
    "company": "شركة (GmbH)",
    "numbers": [
        {
            "kind": "work",
            "e164": "+493023125101",
            "display": "+49 30 23125101",
            "call": "+493023125101",
            "source": "crm",
        }
    ],
}
_FAR_SOURCES = [
    {"id": "crm", "name": "CRM der Muttergesellschaft mit langem Namen"},
    {"id": "ad", "name": "Telefonliste der Zentrale"},
]


@pytest.mark.parametrize("width", [320, 760, 1100])
def test_long_names_of_sources_leave_room_for_what_comes_from_them(
    open_page: Opened, width: int
) -> None:
    fields = [{"name": "custom.1", "text": "K" * 120, "source": "crm"}]
    person = {
        **_FAR, "records": ["crm:1"], "sources": _FAR_SOURCES, "fields": fields, "emails": [],
    }  # fmt: skip
    page = _page_of(open_page, person, viewport={"width": width, "height": 700})
    beginning = """badge => {
      const text = document.createRange();
      text.selectNodeContents(badge);
      return text.getBoundingClientRect().left >= badge.getBoundingClientRect().left;
    }"""
    assert page.locator(".row .source").first.evaluate(beginning)
    edge = page.locator(".row .found").evaluate("found => found.scrollWidth <= found.clientWidth")
    assert edge or width < 1100, "the last source is cut off"
    page.locator(".row .person").click()
    lines = "value => value.getBoundingClientRect().height / 20"
    assert page.locator(".ways .value").evaluate(lines) < 1.5
    assert page.locator("dd .value").evaluate(lines) < 8


def test_no_digit_of_a_number_is_cut_off_on_a_small_phone(open_page: Opened) -> None:
    number = {**_FAR["numbers"][0], "display": "+43 5574 12345678 ext. 12345678"}  # type: ignore[arg-type]
    person = {**_FAR, "sources": _FAR_SOURCES, "numbers": [number]}
    page = _page_of(open_page, person, viewport={"width": 320, "height": 700})
    within = """number => number.getBoundingClientRect().right
      <= number.parentElement.getBoundingClientRect().right"""
    assert page.locator(".row .number").evaluate(within)


def test_at_four_hundred_percent_the_hits_have_the_whole_window(open_page: Opened) -> None:
    page = open_page(viewport={"width": 320, "height": 180})  # a window of 1,280 by 720
    page.locator("#search").fill("muster")
    expect(page.locator(".row")).not_to_have_count(0)
    page.locator(".row").nth(1).scroll_into_view_if_needed()
    visible = """row => {
      const [top, bottom] = [row.getBoundingClientRect().top, row.getBoundingClientRect().bottom];
      return document.elementsFromPoint(20, top + 1).includes(row)
        && document.elementsFromPoint(20, bottom - 1).includes(row);
    }"""
    assert page.locator(".row").nth(1).evaluate(visible)


def test_facts_that_are_written_from_the_right_stand_apart(open_page: Opened) -> None:
    page = _page_of(open_page, {**_FAR, "sources": _FAR_SOURCES})
    left = "facts => facts.map(fact => fact.getBoundingClientRect().left)"
    lefts = page.locator(".row .about bdi").evaluate_all(left)
    assert len(lefts) == 2
    assert lefts == sorted(lefts)
    expect(page.locator(".row .portrait")).to_have_attribute("initials", "𐌰𐌱")


def _page_of(open_page: Opened, person: dict[str, object], **options: Any) -> Page:
    """Open the page in which every search finds this one."""
    page = open_page(**options)
    hit = {**person, "sources": ["crm", "ad"]}
    found = {
        "hits": [hit], "total": 1, "total_is_exact": True, "cursor": "", "did_you_mean": "",
        "sources": _FAR_SOURCES,
    }  # fmt: skip
    page.route("**/v1/people/search", lambda route: route.fulfill(json=found))
    page.route("**/v1/people/crm*", lambda route: route.fulfill(json=person))
    page.locator("#search").fill("anna")
    page.locator(".row").wait_for()
    return page


def test_the_list_and_the_card_are_printed_whole_and_black_on_white(open_page: Opened) -> None:
    page = open_page(color_scheme="dark", viewport={"width": 900, "height": 400})
    page.locator("#search").fill("muster")
    expect(page.locator(".row")).to_have_count(20)
    page.emulate_media(media="print")
    whole = "each => each.getBoundingClientRect().bottom <= document.documentElement.scrollHeight"
    assert page.locator(".row").last.evaluate(whole)
    expect(page.locator(".row .name").last).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator(".row .acts fluent-button").first).to_be_hidden()
    page.emulate_media(media="screen")
    page.locator("#search").fill(JOERG.name)
    page.keyboard.press("Enter")
    expect(page.locator(".card h2")).to_have_text(JOERG.name)
    page.emulate_media(media="print")
    assert page.locator(".records li").last.evaluate(whole)
    expect(page.locator(".records li").last).to_be_visible()
    expect(page.locator(".row")).to_be_hidden()


def test_marked_letters_are_readable_in_the_contrast_of_the_system(open_page: Opened) -> None:
    page = open_page(forced_colors="active", color_scheme="dark")
    page.locator("#search").fill("anna")
    mark = page.locator(".row .name mark").first
    expect(mark).to_have_text("Anna")
    colour = "each => getComputedStyle(each).color"
    assert mark.evaluate(colour) == page.locator(".row .name").first.evaluate(colour)


def test_the_open_row_is_told_in_the_contrast_of_the_system(open_page: Opened) -> None:
    page = open_page(forced_colors="active", color_scheme="dark")
    page.locator("#search").fill("abel")
    expect(page.locator(".row")).to_have_count(3)
    page.locator(".row .person").last.click()
    expect(page.locator(".row.opened")).to_have_count(1)
    edges = page.locator(".row").evaluate_all(
        "rows => rows.map((row) => getComputedStyle(row).borderLeftColor)"
    )
    assert edges[0] == edges[1] != edges[2]


@pytest.mark.parametrize("theme", ["default", "dark", "contrast"])
def test_what_is_said_is_readable_in_every_theme(in_teams: InTeams, theme: str) -> None:
    host = in_teams(theme=theme)
    host.tab.locator("#search").fill("grossmann")
    host.tab.locator(".row .person").click()
    host.tab.get_by_role("button", name=f"Copy {JOERG.mail}").click()
    toast = host.tab.locator(".toast.shown")
    expect(toast).to_have_text(f"Copied: {JOERG.mail}")
    letters, ground = toast.evaluate(
        "each => { const { color, backgroundColor } = getComputedStyle(each);"
        " return [color, backgroundColor].map((all) => +all.match(/\\d+/)[0]) }"
    )
    assert abs(letters - ground) > 200
