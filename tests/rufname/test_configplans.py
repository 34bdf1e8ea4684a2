"""Dial plans and the data folder of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.phone import DialPlan, ExtensionRange
from tests.rufname.configuring import (
    SOURCE,
    fault_of,
    load,
    make_folder,
    warnings_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_prefixes_default_to_those_of_the_country(folder: Path) -> None:
    plans = load(
        folder,
        """
        [dialplan.boston]
        country_code = "1"
        [dialplan.rome]
        country_code = "39"
        international_prefix = "000"
        [dialplan.home]
        area_code = "30"
        """,
    ).plans
    assert plans["boston"] == DialPlan("boston", "1", "", "1", "011")
    assert plans["rome"] == DialPlan("rome", "39", "", "", "000")
    assert plans["home"] == DialPlan("home", "49", "30", "0", "00")


def test_a_prefix_may_be_set_to_none(folder: Path) -> None:
    plan = load(folder, '[dialplan.x]\nnational_prefix = ""').plans["x"]
    assert plan.national_prefix == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('country_code = "+49"', 'country_code: got "+49"; allowed: a text of 1 to 3 digits'),
        ("country_code = 49", "country_code: got 49; allowed: a text of 1 to 3 digits"),
        ('country_code = "999"', "country_code: unknown country code '999'"),
        ('area_code = "089"', 'area_code: got "089" with its national prefix; allowed: "89"'),
        ('outside_line = "0-"', 'outside_line: got "0-"; allowed: a text of up to 8 digits'),
        ('trunks = ["main"]', 'trunks[1]: got "main": no digits; allowed: a main number'),
        ("extension_length = [4, 2]", "extension_length: got [4, 2]; allowed: [LEAST, MOST]"),
        ("extension_length = [0, 2]", "extension_length: got [0, 2]; allowed: [LEAST, MOST]"),
        ("extension_length = [2, 9]", "extension_length[2]: got 9; allowed: [LEAST, MOST]"),
        ("extension_length = 3", "extension_length: got 3; allowed: [LEAST, MOST]"),
        (
            'ranges = ["+49 89 99998-100..-199", "+49 89 99998-1..-99"]',
            'ranges[2]: got "+49 89 99998-1..-99", whose ends differ in length',
        ),
        ('ranges = "100..199"', 'ranges: got "100..199"; allowed: a list, each first and last'),
        ("trunk = []", ' unknown key "trunk"; did you mean "trunks"?'),
    ],
)
def test_a_faulty_dial_plan_is_named(folder: Path, text: str, fault: str) -> None:
    said = fault_of(folder, f"[dialplan.x]\n{text}")
    assert said.startswith(f"dialplan.x{':' if fault[0] == ' ' else '.'}{fault}")


def test_ranges_are_read_under_the_plan_itself(folder: Path) -> None:
    plan = load(
        folder,
        """
        [dialplan.paris]
        country_code = "33"
        ranges = ["01 99 00 12 30-0..-9", "+33 1 99 00 13-00..-99"]
        """,
    ).plans["paris"]
    assert plan.ranges == (
        ExtensionRange("33199001230", "0", "9"), ExtensionRange("331990013", "00", "99"),
    )  # fmt: skip
    assert plan.is_extension("7")


def test_a_dial_plan_without_a_use_of_its_extensions_is_a_warning(folder: Path) -> None:
    text = SOURCE + '[dialplan.a]\ntrunks = ["+49 89 99998"]\n[dialplan.b]\nextension_length=[2,3]'
    assert warnings_of(folder, text) == [
        "dialplan.a: trunks have no effect without extension_length",
        "dialplan.b: extension_length has no effect without trunks",
    ]


def test_a_trunk_that_is_named_twice_counts_once(folder: Path) -> None:
    text = '[dialplan.a]\ntrunks = ["+49 89 99998", "089 99998-0"]\nextension_length = [2, 3]'
    assert load(folder, text).plans["a"].trunks == ("498999998",)


def test_the_region_is_a_country(folder: Path) -> None:
    assert load(folder, '[directory]\nregion = "at"').plan.country_code == "43"
    assert "unknown region 'XX'" in fault_of(folder, '[directory]\nregion = "XX"')
    assert "ISO 3166" in fault_of(folder, '[directory]\nregion = "Germany"')


def test_a_data_dir_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "var").touch()
    assert "is no folder" in fault_of(folder, "")
