"""What axe finds wrong with a page as it stands, and whether it scrolls sideways."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Frame, Page


def examine(tab: Frame | Page, axe: str) -> None:
    """Assert that axe finds nothing, and that nothing is wider than the page."""
    tab.evaluate(axe)
    result: dict[str, Any] = tab.evaluate(
        """async () => { await document.fonts.ready; return axe.run(document, {
          iframes: false, resultTypes: ["violations"] }); }"""
    )
    found = [
        (each["id"], [node["target"] for node in each["nodes"]], each["nodes"][0]["failureSummary"])
        for each in result["violations"]
    ]
    assert found == [], found
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
