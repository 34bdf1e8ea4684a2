"""What is enough to search for while one types, in the page's own module."""

from __future__ import annotations

from pathlib import Path

from tests.relay.web.browser import built_modules, call, chromium_with, needs_chromium
from tests.relay.web.node import needs_node

ENOUGH = ["an", "ö1", "王", " 李 ", "김", "山", "\U00020bb7", "123", "+49 8"]
TOO_LITTLE = ["", " ", "a", " ö ", "ㄱ", "ア", "12", "+4 9"]


@needs_node
@needs_chromium
def test_two_letters_are_enough_and_one_where_it_is_a_whole_name(tmp_path: Path) -> None:
    with chromium_with(built_modules(tmp_path, "search.ts")) as page:
        asked = call(page, "return texts.filter(tab.isEnough);", texts=ENOUGH + TOO_LITTLE)
    assert asked == ENOUGH
