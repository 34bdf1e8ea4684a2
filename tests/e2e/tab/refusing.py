"""Answers that a server gives when it cannot or will not: between the page and the real one."""

from __future__ import annotations

import json

from playwright.sync_api import Page


def refuse(page: Page, status: int, retry_after: str, path: str = "**/v1/people/search") -> None:
    """Let a page get a problem for every request of a path; "" for `retry_after`: none is told."""
    page.route(
        path,
        lambda route: route.fulfill(
            status=status,
            headers={"Retry-After": retry_after, "Content-Type": "application/problem+json"},
            body=json.dumps({"type": "urn:rufname:problem:test", "status": status}),
        ),
    )
