"""The manual's pages about devices: each is found from the index, and what it says works here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from engine.index import ContactIndex
from ldapd.protocol.client import encode_search
from ldapd.protocol.filters import parse_filter
from tests.ldapd.house import BOOK, PHONE, SBC
from tests.ldapd.serving import Serving

CLIENTS = Path(__file__).parents[2] / "docs" / "clients"
PAGES = sorted(page for page in CLIENTS.glob("*.md") if page.name != "README.md")
NOBODY = ("(cn=mei*)",)
"""Filters for first names, where the test types the beginning of a surname."""

BINDS = {"sbc": SBC.bind, "phone": PHONE.bind, "addressbook": BOOK.bind}

_FILTER = re.compile(r"[`']((?:\w+:)?\((?:[^`']|\\\|)*\))[`']")


def entry(page: Path) -> dict[str, object]:
    """Return the `[[client]]` of a page."""
    block = re.search(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None, page.name
    (client,) = tomllib.loads(block[1])["client"]
    assert isinstance(client, dict)
    return client


def filters(page: Path) -> list[str]:
    """Return the filters of a page, with something typed in the place of its variables."""
    found = []
    for raw in _FILTER.findall(page.read_text(encoding="utf-8")):
        text = raw.replace("\\|", "|").partition(":")[2] if ":" in raw.partition("(")[0] else raw
        text = text.replace("\\|", "|")
        typed = "+493023125002" if "telephoneNumber=" in text and "n=%" not in text else "mei"
        text = re.sub(r"%s|%v\d?|\$VALUE|(?<==)%", typed + ("*" if "=%)" in text else ""), text)
        found.append(text.replace("**", "*"))
    return found


def test_the_index_names_every_page_and_no_other() -> None:
    index = (CLIENTS / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\w+\.md)\)", index)) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_who_asks_and_how_to_check(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    client = entry(page)
    assert client["password"] == {"file": f"keys/{client['name']}.hash"}
    assert "rufname lookup" in text.partition("## Checking it\n")[2]


ASKING = [page for page in PAGES if "bind" in entry(page) and filters(page)]


@pytest.mark.parametrize("page", ASKING, ids=lambda page: page.stem)
def test_the_filters_of_a_page_find_somebody(index: ContactIndex, page: Path) -> None:
    bind = BINDS[str(entry(page).get("profile", "sbc"))]
    with Serving(index) as serving, serving.bound(bind) as wire:
        for number, text in enumerate(filters(page), 2):
            wire.send(encode_search(number, "dc=meta", parse_filter(text), ("displayName",)))
            entries, done = wire.answer(number)
            assert done.code == 0, text
            assert entries or text in NOBODY or "mail=*" in text, text
