"""What axe finds wrong with a page as it stands, and whether it scrolls sideways."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Frame, Page

SETTLE_S = 5.0
"""For a page to come to rest: a button's colour passes through others when it becomes usable."""


def examine(tab: Frame | Page, axe: str) -> None:
    """Assert that axe finds nothing once the page rests, and that nothing is wider than it."""
    tab.evaluate(axe)
    found = _found(tab)
    rests_at = time.monotonic() + SETTLE_S
    while found and time.monotonic() < rests_at:
        found = _found(tab)
    assert found == [], found
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _found(tab: Frame | Page) -> list[tuple[str, list[object], str]]:
    result: dict[str, Any] = tab.evaluate(
        """async () => { await document.fonts.ready; return axe.run(document, {
          iframes: false, resultTypes: ["violations"] }); }"""
    )
    return [
        (each["id"], [node["target"] for node in each["nodes"]], each["nodes"][0]["failureSummary"])
        for each in result["violations"]
    ]
