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
