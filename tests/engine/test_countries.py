"""Calling codes and the shapes of national numbers."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.countries import (
    COUNTRY_CODES,
    area_code_length,
    country_code_of,
    grouped,
    has_country_code,
    looks_international,
    looks_national,
    without_stray_prefix,
)


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("498999998123", "49"),
        ("12125550123", "1"),
        ("74951234567", "7"),
        ("3780549123456", "378"),
        ("80012345678", "800"),
        ("9991234567", ""),
        ("0498999", ""),
        ("49", "49"),
        ("4", ""),
        ("", ""),
    ],
)
def test_a_number_begins_with_one_calling_code_or_none(digits: str, code: str) -> None:
    assert country_code_of(digits) == code
    assert has_country_code(digits) is bool(code)


def test_no_calling_code_is_the_beginning_of_another() -> None:
    for code in COUNTRY_CODES:
        assert country_code_of(code) == code
        assert not any(other != code and other.startswith(code) for other in COUNTRY_CODES)


@pytest.mark.parametrize(
    ("national", "code", "answer"),
    [
        ("8999998123", "49", True),
        ("79460123", "44", False),
        ("2079460123", "44", True),
        ("0612345678", "39", True),
        ("612345678", "39", False),
        ("12345678", "800", True),
        ("123", "999", False),
        ("", "49", False),
    ],
)
def test_a_shape_tells_a_full_number_of_a_country(
    national: str, code: str, *, answer: bool
) -> None:
    assert looks_national(national, code) is answer
    if code != "999":
        assert looks_international(code + national) is answer


def test_the_shapes_hold_the_example_numbers_of_every_region() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        if number is not None:
            digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
            assert looks_international(digits), (region, digits)
            assert without_stray_prefix(digits) == digits


@pytest.mark.parametrize(
    ("digits", "clean"),
    [
        ("4908999998123", "498999998123"),
        ("49008999998123", "498999998123"),
        ("4900498999998123", "498999998123"),
        ("498999998123", "498999998123"),
        ("390612345678", "390612345678"),
        ("3780549123456", "3780549123456"),
        ("2250701020304", "2250701020304"),
        ("242066123456", "242066123456"),
        ("4502345678", "452345678"),
        ("48022123456", "4822123456"),
        ("360612345678", "3612345678"),
        ("784951234567", "74951234567"),
        ("78005553535", "78005553535"),
        ("370861234567", "37061234567"),
        ("5215512345678", "525512345678"),
        ("54111523456789", "5491123456789"),
        ("0498999", "0498999"),
        ("49", "49"),
    ],
)
def test_a_prefix_behind_the_country_code_goes_unless_it_belongs_there(
    digits: str, clean: str
) -> None:
    assert without_stray_prefix(digits) == clean


@given(st.from_regex("[0-9]{1,20}", fullmatch=True))
def test_cutting_needless_prefixes_twice_changes_nothing_more(digits: str) -> None:
    once = without_stray_prefix(digits)
    assert without_stray_prefix(once) == once
    assert country_code_of(once) == country_code_of(digits)


@pytest.mark.parametrize(
    ("national", "code", "length"),
    [
        ("8999998", "49", 2),
        ("6131123", "49", 4),
        ("61311", "49", 4),
        ("711171", "49", 3),
        ("12345678", "43", 1),
        ("316123456", "43", 3),
        ("441112233", "41", 2),
        ("0612345678", "39", 2),
        ("123456789", "33", 1),
        ("123", "999", 0),
    ],
)
def test_an_area_code_is_what_people_group_first(national: str, code: str, length: int) -> None:
    assert area_code_length(national, code) == length


@pytest.mark.parametrize(
    ("national", "code", "written"),
    [
        ("8999998123", "49", "89 99998123"),
        ("2015550123", "1", "201-555-0123"),
        ("0612345678", "39", "06 1234 5678"),
        ("1", "49", "1"),
        ("08999998123", "49", None),  # with a national prefix
        ("12", "999", None),  # no country
    ],
)
def test_numbers_are_grouped_as_people_abroad_see_them(
    national: str, code: str, written: str | None
) -> None:
    assert grouped(national, code) == written
