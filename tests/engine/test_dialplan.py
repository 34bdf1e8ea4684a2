"""Dial plans: own extensions, and the defaults of countries."""

from __future__ import annotations

import phonenumbers
import pytest

from engine.dialplan import DialPlan, ExtensionRange, country_plan, region_plan

PLAN = DialPlan(
    trunks=("498999998", "493023125"),
    extension_length=(2, 3),
    ranges=(ExtensionRange("493023125", "100", "199"), ExtensionRange("49711999", "08", "12")),
)


@pytest.mark.parametrize(
    ("extension", "held"),
    [("100", True), ("150", True), ("199", True), ("099", False), ("200", False), ("10", False),
     ("1000", False), ("", False)],
)  # fmt: skip
def test_a_range_holds_extensions_of_its_own_length(extension: str, *, held: bool) -> None:
    assert ExtensionRange("493023125", "100", "199").holds(extension) is held


@pytest.mark.parametrize(
    ("extension", "trunks"),
    [
        ("123", ["493023125", "498999998"]),
        ("09", ["49711999", "498999998", "493023125"]),
        ("45", ["498999998", "493023125"]),
        ("1234", []),
        ("1", []),
    ],
)
def test_an_extension_stands_behind_declared_trunks_first(
    extension: str, trunks: list[str]
) -> None:
    assert PLAN.trunks_before(extension) == tuple(trunks)
    assert PLAN.is_extension(extension) is bool(trunks)


def test_without_trunks_only_declared_ranges_are_extensions() -> None:
    plan = DialPlan(extension_length=(2, 3), ranges=PLAN.ranges)
    assert plan.is_extension("123")
    assert not plan.is_extension("200")
    assert not DialPlan().is_extension("")


def test_an_own_number_ends_with_its_extension() -> None:
    assert list(PLAN.extensions_in("493023125123")) == ["123", "123"]
    assert list(PLAN.extensions_in("4971199909")) == ["09"]
    assert list(PLAN.extensions_in("4989999981234")) == []


def test_prefixes_default_to_those_of_the_country() -> None:
    assert region_plan("us").international_prefix == "011"
    assert region_plan("IT").national_prefix == ""
    assert region_plan("HU").national_prefix == "06"
    assert region_plan("RU").international_prefix == "810"
    assert country_plan("44").national_prefix == "0"
    assert country_plan("800") == DialPlan(country_code="800", national_prefix="")


@pytest.mark.parametrize("region", ["XX", "", "Germany"])
def test_an_unknown_region_is_named(region: str) -> None:
    with pytest.raises(ValueError, match="use an ISO 3166 code"):
        region_plan(region)


@pytest.mark.parametrize("code", ["999", "", "+49", "\u00b2"])
def test_an_unknown_country_code_is_named(code: str) -> None:
    with pytest.raises(ValueError, match="use digits such as 49"):
        country_plan(code)


def test_every_region_has_a_plan_of_digits() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        plan = region_plan(region)
        assert plan.country_code.isdigit()
        assert plan.international_prefix.isdigit()
        assert plan.national_prefix == "" or plan.national_prefix.isdigit()
