"""The manual as a whole: its links lead somewhere, and what it shows of configurations loads."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import click
import pytest

from rufname.cli import rufname
from rufname.config import load_config
from rufname.errors import ConfigError

TOP = Path(__file__).parents[2]
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

_TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4,7}\[+[a-z.]+\]+\n(?:(?: {4}.*)?\n)*", re.MULTILINE)
_OF_A_NODE = ("relay-nodes.md",)
_LEFT_OPEN = re.compile(r"[Nn]o such file|unknown dial plan|got \"(?:…|[A-Z-]+)\"")
"""What a reader has to bring: files, a dial plan, values that are written as … or in CAPITALS."""


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", each).strip().lower() for each in headings)
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def shown(page: Path) -> list[str]:
    """Return the configurations that a page shows, whole or in part."""
    text = page.read_text(encoding="utf-8")
    indented = map(textwrap.dedent, _INDENTED.findall(_FENCED.sub("", text)))
    return [*_TOML.findall(text), *indented]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if shown(page) and page.name not in _OF_A_NODE],
    ids=lambda page: str(page.relative_to(TOP)),
)
def test_a_configuration_that_is_shown_loads(page: Path, tmp_path: Path) -> None:
    for text in shown(page):
        path = tmp_path / "rufname.toml"
        path.write_text(text, encoding="utf-8")
        try:
            load_config(path)
        except ConfigError as error:
            faults = [fault for fault in error.faults if not _LEFT_OPEN.search(fault)]
            assert faults == [], text


_COMMAND = re.compile(r"(?:`|bin/|^ {4}|\$ )rufname ([a-z][a-z-]+)((?: [^`\n#|]+)?)", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z])\b")


def commands() -> dict[tuple[str, str], str]:
    """Return the options of each command with its arguments → the page that types it."""
    found = {}
    for page in PAGES:
        for name, rest in _COMMAND.findall(page.read_text(encoding="utf-8")):
            for option in _OPTION.findall(rest.partition(" > ")[0]) or [""]:
                found[name, option] = str(page.relative_to(TOP))
    return found


def test_every_command_that_the_manual_types_exists_with_its_options() -> None:
    context = click.Context(rufname)
    typed = commands()
    typed.pop(("by", ""))  # a column of a table: `rufname by slapd`
    assert ("lookup", "--explain") in typed
    for (name, option), page in typed.items():
        command = rufname.get_command(context, name)
        assert command is not None, f"{page}: rufname {name}"
        subs = command.commands.values() if isinstance(command, click.Group) else ()
        there = {word for each in (command, *subs) for p in each.params for word in p.opts}
        there |= {word for p in command.params for word in p.secondary_opts}
        assert option in {"", "--help", *there}, f"{page}: rufname {name} {option}"
