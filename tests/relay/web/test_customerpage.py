"""What a customer page may have dialled: numbers as people write them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.relay.web.browser import built_modules, call, chromium_with, needs_chromium
from tests.relay.web.node import needs_node

pytestmark = [needs_node, needs_chromium]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    scripts = built_modules(tmp_path_factory.mktemp("modules"), "customerpage.ts")
    with chromium_with(scripts) as page:
        yield page


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+49 30 23125-177", "+493023125177"),
        ("+49 (0)30 / 231 25 - 177", "+493023125177"),
        ("0049 ( 0 ) 30 23125177", "00493023125177"),
        ("030 231 25 \u2013 177", "03023125177"),
        ("+49\u00a030\u202f23125177", "+493023125177"),
        ("(030) 23125177", "03023125177"),
        ("(0) 30 23125177", "03023125177"),
        ("110", "110"),
        ("   ", ""),
        ("()-", ""),
        ("+ - ", ""),
        ("++4930", ""),
        ("tel:+493023125177", ""),
        ("*31#030", ""),
        ("1" * 41, ""),
    ],
)
def test_a_number_is_dialled_as_it_is_meant(tab: Page, written: str, dialled: str) -> None:
    assert call(tab, "return tab.dialled(written);", written=written) == dialled
