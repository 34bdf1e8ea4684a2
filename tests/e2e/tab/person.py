"""A person at a browser who signs in at the test's OpenID provider: its real forms, filled in."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
from typing_extensions import override

MAX_PAGES = 20


class _Form(HTMLParser):
    """The first form of a page: attributes `action`, and `fields` with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = found.get("action", "")
        elif tag == "input" and found.get("name"):
            self.fields.setdefault(found["name"], found.get("value", ""))


def sign_in(address: str, name: str, *, user_code: str = "") -> str:
    """Go through the provider's pages as `name` until there is nothing left to fill in.

    Args:
        address: the first page.
        name: who signs in.
        user_code: what the device shows.

    Returns:
        The last page.
    """
    filled = {"user_code": user_code, "login": name, "password": "any", "confirm": "yes"}
    with httpx.Client(timeout=30) as browser:
        answer = _follow(browser, browser.get(address))
        for _ in range(MAX_PAGES):
            form = _Form()
            form.feed(answer.text)
            if not form.action:
                return answer.text
            fields = {key: value or filled.get(key, "") for key, value in form.fields.items()}
            target = urljoin(str(answer.url), form.action)
            answer = _follow(browser, browser.post(target, data=fields))
    raise AssertionError(f"pages without end: {answer.text[-2000:]}")


def _follow(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """Follow redirects; "localhost" is what the provider was told, IPv4 is where it is served."""
    while answer.next_request is not None:
        where = answer.next_request.url
        if urlsplit(str(where)).hostname == "localhost":
            where = where.copy_with(host="127.0.0.1")
        answer = browser.get(where)
    assert answer.is_success, answer.text
    return answer
