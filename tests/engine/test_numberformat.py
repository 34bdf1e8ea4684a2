"""Writing numbers: each format for each kind of number, and back."""

from __future__ import annotations

from random import Random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.countries import _layouts, grouped
from engine.errors import InvalidNumber
from engine.phone import (
    DialPlan,
    ExtensionRange,
    NumberFormat,
    PhoneNumber,
    country_code_of,
    format_number,
    own_extension,
    prepare,
    read_number,
    region_plan,
)
from tests.engine.building import MUNICH
from tests.engine.golden_plans import PLANS
from tests.engine.test_against_libphonenumber import REGIONS, numbers_of

STYLES: tuple[NumberFormat, ...] = (
    "e164", "international", "national", "internal", "dialable",
)  # fmt: skip
VALID = tuple(
    PhoneNumber(f"{number.country_code}{'0' if number.italian_leading_zero else ''}"
                f"{number.national_number}")
    for region in REGIONS
    for number in numbers_of(region, 40, Random(region))
    if len(str(number.country_code) + str(number.national_number)) < 15
)  # fmt: skip
EXTENSIONS = st.from_regex(r"([0-9]{1,8})?", fullmatch=True)


def written(number: PhoneNumber, plan: DialPlan, asked: str = "") -> dict[str, str]:
    return {style: format_number(number, plan, style, asked) for style in (*STYLES, "echo")}  # type: ignore[arg-type]  # names of formats


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("style", STYLES)
@settings(deadline=None, max_examples=50)
@given(number=st.sampled_from(VALID), extension=EXTENSIONS)
def test_every_format_reads_back_as_the_same_number(
    plan: DialPlan, style: NumberFormat, number: PhoneNumber, extension: str
) -> None:
    number = PhoneNumber(number.digits, extension)
    text = format_number(number, plan, style)
    reading = read_number(text, plan)
    if style == "dialable" and (plan.outside_line or not plan.national_prefix):
        # 0 0431 1234567 is dialled as 0043 1 1234567 is: both meanings are looked up. So are bare
        # digits of a country without a prefix that may be E.164 without +.
        assert number in reading.numbers
    else:
        assert reading.numbers[0] == number


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@given(digits=st.integers(10_000, 10**15 - 1).map(str))
@settings(deadline=None, max_examples=100)
def test_any_number_that_was_read_reads_back_for_people(plan: DialPlan, digits: str) -> None:
    if not country_code_of(digits):
        return
    try:
        number = read_number(f"+{digits}", plan).numbers[0]
    except InvalidNumber:
        return
    for style in ("e164", "international", "national", "internal"):
        text = format_number(number, plan, style)
        assert number in read_number(text, plan).numbers


@given(
    digits=st.one_of(
        st.sampled_from(VALID).map(lambda number: number.digits),
        st.integers(10_000, 10**15 - 1).map(str),
        st.builds(
            lambda valid, prefix, more: (
                f"{(code := country_code_of(valid.digits))}{prefix}"
                f"{valid.digits[len(code) :]}{more}"[:15]
            ),
            st.sampled_from(VALID),
            st.sampled_from(["", "0", "1", "8", "00", "06"]),
            st.from_regex("[0-9]{0,4}", fullmatch=True),
        ),
    )
)
@settings(deadline=None, max_examples=300)
def test_numbers_are_grouped_for_abroad_as_libphonenumber_groups_them(digits: str) -> None:
    try:
        parsed = phonenumbers.parse(f"+{digits}")
        usual = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        usual = ""
    if "".join(filter(str.isdigit, usual)) != digits:  # it left something out
        usual = f"+{digits}"
    assert format_number(PhoneNumber(digits), MUNICH, "international") == usual


@given(
    digits=st.sampled_from(["498999998", "493023125"]),
    extension=st.from_regex("[0-9]{1,5}", fullmatch=True),
)
def test_an_own_extension_is_what_reads_back_as_the_number(digits: str, extension: str) -> None:
    plan = DialPlan(
        area_code="89",
        trunks=("498999998", "493023125"),
        extension_length=(2, 4),
        ranges=(ExtensionRange("493023125", "110", "119"),),
    )
    number = PhoneNumber(digits + extension)
    own = own_extension(number, plan)
    assert own in ("", extension)
    if own:
        assert number in read_number(own, plan).numbers
        assert format_number(number, plan, "internal") == own
    else:
        assert format_number(number, plan, "internal") != extension


def test_a_german_plan_writes_own_and_foreign_numbers() -> None:
    assert written(PhoneNumber("498999998123"), MUNICH, "089-99998123") == {
        "e164": "+498999998123",
        "international": "+49 89 99998123",
        "national": "089 99998123",
        "internal": "123",
        "dialable": "123",
        "echo": "089-99998123",
    }
    assert written(PhoneNumber("43720123456", "5"), PLANS["munich-outside"]) == {
        "e164": "+43720123456;ext=5",
        "international": "+43 720 123456 ext. 5",
        "national": "+43 720 123456 ext. 5",
        "internal": "+43 720 123456 ext. 5",
        "dialable": "00043720123456,5",
        "echo": "+43720123456;ext=5",
    }


@pytest.mark.parametrize(
    ("plan", "digits", "international", "national", "dialable"),
    [
        ("munich", "493023125001", "+49 30 23125001", "030 23125001", "03023125001"),
        ("munich-outside", "491713920012", "+49 171 3920012", "0171 3920012", "001713920012"),
        ("graz", "4366412345678", "+43 664 12345678", "0664 12345678", "066412345678"),
        ("zurich", "41781234567", "+41 78 123 45 67", "078 123 45 67", "00781234567"),
        ("rome", "390612345678", "+39 06 1234 5678", "06 1234 5678", "0612345678"),
        ("rome", "393912345678", "+39 391 234 5678", "391 234 5678", "3912345678"),
        ("paris", "33199001234", "+33 1 99 00 12 34", "01 99 00 12 34", "0199001234"),
        ("london", "442079460123", "+44 20 7946 0123", "020 7946 0123", "902079460123"),
        ("usa", "12125550123", "+1 212-555-0123", "(212) 555-0123", "12125550123"),
        ("amsterdam", "31201234567", "+31 20 123 4567", "020 123 4567", "0201234567"),
        ("madrid", "34912345678", "+34 912 34 56 78", "912 34 56 78", "912345678"),
        ("warsaw", "48221234567", "+48 22 123 45 67", "22 123 45 67", "221234567"),
        ("copenhagen", "4532345678", "+45 32 34 56 78", "32 34 56 78", "32345678"),
    ],
)
def test_each_country_groups_and_dials_in_its_way(
    plan: str, digits: str, international: str, national: str, dialable: str
) -> None:
    texts = written(PhoneNumber(digits), PLANS[plan])
    assert texts["international"] == international
    assert texts["national"] == texts["internal"] == national
    assert texts["dialable"] == dialable


@pytest.mark.parametrize(
    ("plan", "digits", "extension"),
    [
        ("munich", "498999998123", "123"),
        ("munich", "4989999981", ""),
        ("munich", "49899999812345", ""),
        ("munich", "493023125001", ""),
        ("munich", "498999998110", ""),  # an emergency number
        ("munich", "498999998115", ""),  # a service number
        ("berlin-ranges", "493023125115", "115"),
        ("berlin-ranges", "493023125110", ""),
        ("berlin-ranges", "493023125200", ""),
        ("berlin-ranges", "4989999989012", "9012"),
        ("vienna", "4312345671", "1"),
        ("vienna", "43123456712345", "12345"),
        ("new-york", "12125550123", "0123"),
        ("new-york", "12125559911", ""),  # outside line 9, then 911
        ("paris", "33199003612", "3612"),
        ("germany", "498999998123", ""),
    ],
)
def test_an_extension_is_own_if_it_can_be_dialled(plan: str, digits: str, extension: str) -> None:
    assert own_extension(PhoneNumber(digits), PLANS[plan]) == extension


def test_a_number_with_an_extension_apart_is_no_own_extension() -> None:
    assert own_extension(PhoneNumber("498999998123", "5"), MUNICH) == ""


def test_the_prefix_of_the_plan_counts_not_the_usual_one_of_the_country() -> None:
    plan = DialPlan(country_code="49", national_prefix="7")
    assert format_number(PhoneNumber("498999998123"), plan, "national") == "789 99998123"
    plain = DialPlan(country_code="49", area_code="89", national_prefix="")
    assert format_number(PhoneNumber("493023125001"), plain, "national") == "30 23125001"


def test_numbers_without_any_grouping_are_written_plainly() -> None:
    assert format_number(PhoneNumber("491234"), region_plan("DE"), "international") == "+49 1234"
    assert format_number(PhoneNumber("80012345678"), MUNICH, "international") == "+800 1234 5678"
    assert format_number(PhoneNumber("379123456"), MUNICH, "international") == "+379123456"


def test_the_echo_is_what_was_asked_or_else_e164() -> None:
    number = PhoneNumber("498999998123")
    assert format_number(number, MUNICH, "echo", "(0 89) 999 98-123") == "(0 89) 999 98-123"
    assert format_number(number, MUNICH, "echo") == "+498999998123"


def test_a_prepared_plan_leaves_nothing_to_compile_for_a_first_number() -> None:
    _layouts.cache_clear()
    prepare(MUNICH)
    compiled = _layouts.cache_info().misses
    assert grouped("8999998123", "49") == "89 99998123"
    assert _layouts.cache_info().misses == compiled == 1


def test_a_plan_of_an_unknown_country_needs_no_preparation() -> None:
    prepare(DialPlan(country_code="999"))
