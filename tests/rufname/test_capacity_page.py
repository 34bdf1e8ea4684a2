from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from rufname.capacity_answer import answer
from rufname.capacity_page import html
from rufname.sizing import Company
from tests.rufname.costing import CALIBRATION

COMPANY = Company(users=5_000, contacts={"odbc": 300_000, "ad": 5_000}, calls_per_hour=2_000)


def _page(company: Company = COMPANY, **changed: object) -> str:
    return html(*answer(company, msgspec.structs.replace(CALIBRATION, **changed)))


def test_the_page_has_every_plot_and_needs_nothing_from_elsewhere() -> None:
    text = _page()
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 7
    for plot in plots:
        ET.fromstring(plot)
    assert "knee: " in plots[0]
    assert "C4B, published" in plots[1]
    assert not re.search(r"<script|url\(|@import|<link|src=", text)


@pytest.mark.parametrize("changed", [{"curve": ()}, {"held_out": ()}])
def test_what_was_not_measured_is_left_out(changed: dict[str, object]) -> None:
    text = _page(**changed)
    assert "<h2>Throughput against latency</h2>" in text
    assert ("was not checked" in text) == ("held_out" in changed)


def test_several_machines_are_explained() -> None:
    assert "any may fail" in _page(msgspec.structs.replace(COMPANY, high_availability=True))
    assert "any may fail" not in _page()


@pytest.mark.parametrize(("users", "contacts"), [(1, 1), (100_000, 50_000_000)])
def test_tiny_and_huge_companies_have_a_page(users: int, contacts: int) -> None:
    assert "<svg" in _page(Company(users=users, contacts={"crm": contacts}, calls_per_hour=1))
