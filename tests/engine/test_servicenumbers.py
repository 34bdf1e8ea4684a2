"""Service numbers and where no trunk can stand."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from engine.servicenumbers import (
    is_emergency,
    is_service_behind_country,
    is_service_number,
    may_be_trunk,
)


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        ("110", "49"), ("112", "49"), ("116117", "49"), ("11833", "49"), ("115", "49"),
        ("144", "43"), ("133", "43"), ("117", "41"), ("118", "39"), ("15", "33"), ("999", "44"),
        ("911", "1"), ("411", "1"), ("112", "1"),
    ],
)  # fmt: skip
def test_service_numbers_are_known_by_country(digits: str, country: str) -> None:
    assert is_service_number(digits, country)


@pytest.mark.parametrize(
    ("digits", "country"), [("123", "49"), ("12", "49"), ("24680", "1"), ("4711", "49"), ("", "49")]
)
def test_extensions_are_none(digits: str, country: str) -> None:
    assert not is_service_number(digits, country)


def test_emergency_numbers_are_apart() -> None:
    assert is_emergency("110", "49")
    assert not is_emergency("115", "49")
    assert not is_emergency("911", "49")
    assert is_service_number("911", "49")
    assert is_emergency("911", "1")
    assert is_emergency("112", "999")
    assert not is_emergency("", "49")
    assert not is_emergency("1121121", "49")


@pytest.mark.parametrize(
    ("digits", "service"),
    [
        ("49110", True),
        ("49116117", True),
        ("33612", False),
        ("333612", True),
        ("3114020", False),  # Dutch towns are reached so from abroad
        ("4989115", False),
        ("498999998123", False),
        ("999110", False),
        ("49", False),
    ],
)
def test_a_service_number_behind_its_country_code_is_none_of_a_subscriber(
    digits: str, *, service: bool
) -> None:
    assert is_service_behind_country(digits) is service


def test_no_fixed_line_of_the_golden_countries_is_barred_from_trunks() -> None:
    fixed, mobile = PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE
    for region in ("DE", "AT", "CH", "IT", "FR", "GB", "NL", "PL", "BE", "CZ", "HU", "RU", "TR"):
        for kind, possible in ((fixed, True), (mobile, False)):
            number = phonenumbers.example_number_for_type(region, kind)
            digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
            assert may_be_trunk(digits, str(number.country_code)) is possible, digits


@pytest.mark.parametrize(
    ("digits", "country", "possible"),
    [
        ("498999998123", "49", True),
        ("491713920012", "49", False),
        ("498003301000", "49", False),
        ("431234567812", "43", True),
        ("436641234567", "43", False),
        ("41446681800", "41", True),
        ("41791234567", "41", False),
        ("390612345678", "39", True),
        ("393123456789", "39", False),
        ("33123456789", "33", True),
        ("33612345678", "33", False),
        ("12125550123", "1", False),
        ("35312345678", "353", True),
        ("353861234567", "353", False),
        ("353", "353", False),
    ],
)
def test_trunks_stand_behind_fixed_lines_alone(
    digits: str, country: str, *, possible: bool
) -> None:
    assert may_be_trunk(digits, country) is possible
