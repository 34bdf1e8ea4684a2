"""The manual has a page for each kind of source, which says what an administrator has to know."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from connectors.registry import kinds
from rufname.config import load_config

DOCS = Path(__file__).parents[2] / "docs"
SAME_PAGE = {"ods": "xlsx"}
EXAMPLE = re.compile(r"^    \[\[source\]\]\n(?:    .*\n|\n(?=    ))*", re.MULTILINE)


def page_of(kind: str) -> str:
    name = SAME_PAGE.get(kind, kind)
    return (DOCS / "sources" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_page_tells_rights_settings_mapping_and_what_runs_see(kind: str) -> None:
    page = page_of(kind)
    name = SAME_PAGE.get(kind, kind)
    for what, words in (
        ("the rights to grant", r"^\*\*Rights\b|^## .*\brights$"),
        ("the mapping by default", r"^\*\*(?:Key and )?[Mm]apping\b"),
        ("how changes are followed", r"^\*\*(?:Following changes|A run|Every run)\b|^## Following"),
        ("all settings", rf"^\*\*Settings\*\*: .*\.\./configuration\.md#kind--{name}\)"),
    ):
        assert re.search(words, page, re.MULTILINE), f"{name}.md: {what}"
    if re.search(r"^\*\*Following|^## Following", page, re.MULTILINE):
        assert re.search(r"\bmiss(?:es)?\b", page, re.IGNORECASE), "what an increment misses"
    assert f'### `kind = "{name}"`' in (DOCS / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_the_examples_of_a_page_are_configurations(kind: str, tmp_path: Path) -> None:
    examples = [textwrap.dedent(found) for found in EXAMPLE.findall(page_of(kind))]
    assert examples
    for example in examples:
        path = tmp_path / "rufname.toml"
        path.write_text(f'[directory]\ndata_dir = "var"\n\n{example}', encoding="utf-8")
        config = load_config(path)
        assert [SAME_PAGE.get(kind, kind)] == [source.kind for source in config.sources]
