"""Spellings of phone numbers, under the dial plans of several countries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidNumber
from engine.phone import (
    DialPlan,
    NumberFormat,
    PhoneNumber,
    country_plan,
    format_number,
    normalise,
    own_extension,
    read_number,
    region_plan,
    split_numbers,
)
from tests.engine.building import MUNICH

OUTSIDE = DialPlan(name="o", area_code="89", outside_line="0")
ROME = region_plan("IT")
NEW_YORK = DialPlan(
    country_code="1", area_code="212", national_prefix="1", international_prefix="011"
)
MADRID = region_plan("ES")
VIENNA = DialPlan(country_code="43", area_code="1")

GOLDEN = [
    # E.164 and what an SBC makes of it
    ("+498999998123", MUNICH, "498999998123"),
    ("498999998123", MUNICH, "498999998123"),
    ("00498999998123", MUNICH, "498999998123"),
    ("08999998123", MUNICH, "498999998123"),
    ("99998123", MUNICH, "498999998123"),
    ("123", MUNICH, "498999998123"),
    ("12", MUNICH, "49899999812"),
    ("tel:+49-89-99998-123", MUNICH, "498999998123"),
    ("TEL:+498999998123;phone-context=example.com", MUNICH, "498999998123"),
    ("tel:08999998123;phone-context=+49", VIENNA, "498999998123"),
    ("sip:+498999998123@sbc.example;user=phone", MUNICH, "498999998123"),
    ("sips:%2B498999998123@sbc.example", MUNICH, "498999998123"),
    ("sip:+498999998123:5060@sbc.example", MUNICH, "498999998123"),
    # how people write
    ("+49 (0)89 99998-123", MUNICH, "498999998123"),
    ("+49 (0) 89 / 99998 - 123", MUNICH, "498999998123"),
    ("+49(089)99998123", MUNICH, "498999998123"),
    ("0049 (0)89 99998123", MUNICH, "498999998123"),
    ("(089) 99998-123", MUNICH, "498999998123"),
    ("(0 89) 9 99 98-1 23", MUNICH, "498999998123"),
    ("089/99998-123", MUNICH, "498999998123"),
    ("089.99998.123", MUNICH, "498999998123"),
    ("089\u00a099998\u2013123", MUNICH, "498999998123"),
    ("089\u202f99998\u2011123", MUNICH, "498999998123"),
    ("\uff10\uff18\uff19\uff19\uff19\uff19\uff19\uff18\uff11\uff12\uff13", MUNICH, "498999998123"),
    ("\u202d+49 89 99998123\u202c", MUNICH, "498999998123"),
    ("Tel.: 089 99998123", MUNICH, "498999998123"),
    ("mobil: 0171 3920012", MUNICH, "491713920012"),
    # an extension apart
    ("+49 89 99998 ext. 55", MUNICH, "498999998x55"),
    ("+498999998;ext=55", MUNICH, "498999998x55"),
    ("tel:+49-89-99998;ext=55", MUNICH, "498999998x55"),
    ("089 99998 Durchwahl 55", MUNICH, "49899999855"),
    ("089 99998 (DW 55)", MUNICH, "49899999855"),
    ("089 99998x55", MUNICH, "498999998x55"),
    # outside line
    ("000498999998123", OUTSIDE, "498999998123"),
    ("0 089 99998123", OUTSIDE, "498999998123"),
    # other countries
    ("06 12345678", ROME, "390612345678"),
    ("+39 06 12345678", MUNICH, "390612345678"),
    ("+39 (06) 12345678", MUNICH, "390612345678"),
    ("212 555 0123", NEW_YORK, "12125550123"),
    ("(212) 555-0123", NEW_YORK, "12125550123"),
    ("1 212 555 0123", NEW_YORK, "12125550123"),
    ("011 49 89 99998123", NEW_YORK, "498999998123"),
    ("555 0123", NEW_YORK, "12125550123"),
    ("912 345 678", MADRID, "34912345678"),
    ("0034 912 345 678", MADRID, "34912345678"),
    ("01 2345678", VIENNA, "4312345678"),
    ("+43 1 2345678-12", VIENNA, "431234567812"),
]

REFUSED = [
    "",
    " ",
    "anonymous",
    "Anonymous",
    "sip:anonymous@anonymous.invalid",
    "restricted",
    "unavailable",
    "sip:alice@example.com",
    "110",
    "112",
    "116117",
    "4,98941E+11",
    "Zentrale",
    "+",
    "+4",
    "+49123456789012345",
    "+9991234567",
    "*21#",
    "0",
    "089 99998123 und mehr",
    "\x00",
    "1" * 201,
    "12345678901234567890123",
]


@pytest.mark.parametrize(("written", "plan", "expected"), GOLDEN)
def test_every_spelling_means_one_subscriber(written: str, plan: DialPlan, expected: str) -> None:
    assert normalise(written, plan).key == expected


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_no_number_is_refused_with_a_reason(written: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        normalise(written, MUNICH)
    assert refused.value.reason


@pytest.mark.parametrize("plan", [MUNICH, OUTSIDE, ROME, NEW_YORK, MADRID, DialPlan()])
@given(raw=st.one_of(st.text(max_size=300), st.text("0123456789+ -/().;ext=tl:sip@", max_size=40)))
def test_no_text_raises_anything_but_invalid_number(plan: DialPlan, raw: str) -> None:
    try:
        number = normalise(raw, plan)
    except InvalidNumber:
        return
    assert number.digits.isdigit()
    assert 5 <= len(number.digits) <= 15
    assert normalise(f"+{number.digits}", plan) == PhoneNumber(number.digits)


@pytest.mark.parametrize("plan", [MUNICH, OUTSIDE, NEW_YORK, MADRID])
@pytest.mark.parametrize("style", ["e164", "international", "national", "dialable", "internal"])
@given(
    number=st.sampled_from(
        [
            "498999998123",
            "49899999812",
            "493023125001",
            "12125550123",
            "34912345678",
            "390612345678",
        ]
    )
)
def test_every_output_format_reads_back_as_the_same_number(
    plan: DialPlan, style: NumberFormat, number: str
) -> None:
    stored = PhoneNumber(number)
    written = format_number(stored, plan, style)
    assert stored in read_number(written, plan).numbers


def test_formats_are_what_the_client_asked_for() -> None:
    own, foreign = PhoneNumber("498999998123"), PhoneNumber("43720123456", "5")
    written = {
        style: format_number(own, MUNICH, style, "089-99998123")  # type: ignore[arg-type]
        for style in ("e164", "international", "national", "internal", "dialable", "echo")
    }
    assert written == {
        "e164": "+498999998123",
        "international": "+49 89 99998123",
        "national": "089 99998123",
        "internal": "123",
        "dialable": "123",
        "echo": "089-99998123",
    }
    assert format_number(foreign, MUNICH, "e164") == "+43720123456;ext=5"
    assert format_number(foreign, OUTSIDE, "dialable") == "00043720123456,5"
    assert format_number(foreign, MUNICH, "national") == "+43 720 123456 ext. 5"


def test_an_extension_is_tried_behind_every_own_trunk() -> None:
    plan = DialPlan(trunks=("498999998", "493023125"), extension_length=(3, 3))
    reading = read_number("123", plan)
    assert reading.internal
    assert [number.digits for number in reading.numbers] == ["498999998123", "493023125123"]


def test_a_number_without_prefix_may_be_local_or_e164() -> None:
    reading = read_number("4312345678", MUNICH)
    assert {number.digits for number in reading.numbers} == {"49894312345678", "4312345678"}
    assert not reading.explicit_country


def test_own_extension_is_empty_for_foreign_numbers() -> None:
    assert own_extension(PhoneNumber("498999998123"), MUNICH) == "123"
    assert own_extension(PhoneNumber("4989999981"), MUNICH) == ""
    assert own_extension(PhoneNumber("493023125001"), MUNICH) == ""


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("089/99998-123", ["089/99998-123"]),
        ("089 99998123; 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123, 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 o. 0171 3920012", ["089 99998123", "0171 3920012"]),
        ("089 99998123 oder 0171 3920012\n", ["089 99998123", "0171 3920012"]),
        ("+498999998;ext=55", ["+498999998;ext=55"]),
        (" ; ,", []),
        ("", []),
    ],
)
def test_a_field_with_several_numbers_is_split(field: str, parts: list[str]) -> None:
    assert split_numbers(field) == parts


def test_prefixes_default_to_those_of_the_country() -> None:
    assert region_plan("us").international_prefix == "011"
    assert region_plan("IT").national_prefix == ""
    assert country_plan("44").national_prefix == "0"
    with pytest.raises(ValueError, match="XX"):
        region_plan("XX")
    with pytest.raises(ValueError, match="999"):
        country_plan("999")
