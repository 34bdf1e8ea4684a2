"""Reading numbers: the short way, the order of meanings, and any input at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidNumber
from engine.numbertext import OUTSIDE_LINE
from engine.phone import (
    MAX_E164_DIGITS,
    DialPlan,
    PhoneNumber,
    Reading,
    country_code_of,
    normalise,
    read_number,
)
from engine.reading import (
    MIN_PLAIN_DIGITS,
    PLAIN_BEGINNING,
    PLAIN_BEGINNINGS,
    read_slowly,
    without_needless_zero,
)
from tests.engine.building import MUNICH
from tests.engine.golden_numbers import GOLDEN
from tests.engine.golden_plans import PLANS

SPELLINGS = sorted({written for rows in GOLDEN.values() for written, _ in rows})
SIGNS = st.text("0000111222345678999 +-/().\u00a0\u2013\uff0b\uff11\u0661_~\t%;:@#,x", max_size=40)
URIS = st.from_regex(
    r"(tel|sip|sips|callto|TEL):(//)?\+?[0-9 ().-]{0,16}"
    r"(;(ext|extra|phone-context|isub|npdi|rn|[0-9]{1,3})(=[0-9+a.:-]{0,6})?){0,3}"
    r"(@[aA1s][a-z.]{0,20})?(;user=phone)?",
    fullmatch=True,
)
PREFIXED = st.from_regex(
    r" ?\(?(\+|00|0|0 0|9|)(49|43|39|1|44|33|48|45|7|)\)? ?(\(0\)|0)?[0-9 /-]{1,14}", fullmatch=True
)
TEXTS = st.one_of(SIGNS, URIS, PREFIXED, st.text(max_size=60), st.sampled_from(SPELLINGS))
any_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


def outcome(read: object, text: str, plan: DialPlan) -> Reading | str:
    try:
        return read(text, plan)  # type: ignore[operator, no-any-return]  # one of two functions
    except InvalidNumber as error:
        return error.reason


@any_plan
@settings(deadline=None, max_examples=60)
@given(text=TEXTS)
@example("sip:192.0.2.1")
@example("sip:+498999998123@anonymous.invalid")
@example("tel:+498999998123;ext=123")
@example("tel:8999998123;phone-context=+49")
@example("tel:+498999998123;npdi;phone-context=sbc.example")
@example("sip:+498999998123;npdi:secret@sbc.example:5060;user=phone")
@example("sip:+498999998123;12@sbc.example")
def test_the_short_way_gives_what_the_long_way_gives(plan: DialPlan, text: str) -> None:
    assert outcome(read_number, text, plan) == outcome(read_slowly, text, plan)


@any_plan
@settings(deadline=None, max_examples=60)
@given(digits=st.from_regex(r"(49|390?|1|44|7|999|[0-9])[0-9]{0,15}", fullmatch=True))
@example("490049898999998")
@example("390612345678")
def test_plain_numbers_are_read_as_they_stand(plan: DialPlan, digits: str) -> None:
    country = PLAIN_BEGINNINGS.get(digits.encode()[:PLAIN_BEGINNING])
    read = digits
    if country is None:
        straight = without_needless_zero(digits.encode())
        if straight is None:
            return
        read, country = straight[0].decode(), straight[1]
    if not MIN_PLAIN_DIGITS <= len(read) <= MAX_E164_DIGITS:
        return
    reading = read_number(f"+{digits}", plan)
    assert reading.numbers == (PhoneNumber(read),)
    assert reading.explicit_country
    assert not reading.internal
    assert country_code_of(read) == read[:country]


@any_plan
@settings(deadline=None, max_examples=60)
@given(text=TEXTS)
@example("44060000")
@example("30000100")
@example("10000000000000")
@example("+49 00 89 99998")
@example("001 0100")
def test_what_was_read_reads_again_as_itself(plan: DialPlan, text: str) -> None:
    try:
        reading = read_number(text, plan)
    except InvalidNumber:
        return
    for number in reading.numbers:
        assert number.digits.isdigit()
        assert number.digits.isascii()
        assert 5 <= len(number.digits) <= 15
        assert number.extension == "" or number.extension.isdigit()
        assert normalise(f"+{number.digits}", plan) == PhoneNumber(number.digits)
    assert len(set(reading.numbers)) == len(reading.numbers) <= 4


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=16_384), encoding=st.sampled_from(["latin-1", "utf-8"]))
@example(b"1" * 16_384, "latin-1")
@example(b"+" * 16_384, "latin-1")
@example(b" " * 16_384, "utf-8")
@example(b"(" * 200, "utf-8")
@example(b"1 " * 100, "utf-8")
@example(b"x1" * 100, "utf-8")
@example(b",-;" * 66, "utf-8")
def test_no_bytes_raise_anything_but_invalid_number(data: bytes, encoding: str) -> None:
    text = data.decode(encoding, errors="surrogateescape")
    for plan in (MUNICH, PLANS["new-york"], PLANS["rome"]):
        for read in (read_number, read_slowly):
            said = outcome(read, text, plan)
            assert isinstance(said, Reading) or said


def test_an_extension_is_tried_behind_every_own_trunk() -> None:
    plan = DialPlan(trunks=("498999998", "493023125"), extension_length=(3, 3))
    reading = read_number("123", plan)
    assert reading.internal
    assert [number.digits for number in reading.numbers] == ["498999998123", "493023125123"]


def test_a_declared_range_comes_before_the_length_of_extensions() -> None:
    plan = DialPlan(
        trunks=("498999998", "493023125"),
        extension_length=(3, 3),
        ranges=PLANS["berlin-ranges"].ranges,
    )
    reading = read_number("123", plan)
    assert [number.digits for number in reading.numbers] == ["493023125123", "498999998123"]
    assert read_number("9012", plan).numbers == (PhoneNumber("4989999989012"),)


@pytest.mark.parametrize(
    ("plan", "written", "numbers"),
    [
        ("munich", "4312345678", ["49894312345678", "4312345678", "494312345678"]),
        ("munich", "1713920012", ["49891713920012", "491713920012"]),
        ("munich", "3023125001", ["49893023125001", "3023125001", "493023125001"]),
        ("munich", "302312500", ["4989302312500", "302312500"]),
        ("munich", "4930231250", ["4930231250", "49894930231250"]),
        ("vienna", "6641234567", ["4316641234567", "6641234567", "436641234567"]),
        ("munich", "12345678", ["498912345678"]),
        ("rome", "3906123456", ["393906123456", "3906123456"]),
        ("new-york", "4989123456", ["14989123456", "4989123456"]),
        ("warsaw", "481234567", ["48481234567", "481234567"]),
        ("germany", "17139200123", ["17139200123", "4917139200123"]),
        ("munich-outside", "004311234567", ["4311234567", "494311234567"]),
        ("munich-outside", "0030123456", ["4930123456", "30123456"]),
        ("london", "9 442079460123", ["9442079460123", "442079460123"]),
    ],
)
def test_digits_without_a_prefix_may_have_several_meanings(
    plan: str, written: str, numbers: list[str]
) -> None:
    reading = read_number(written, PLANS[plan])
    assert [number.digits for number in reading.numbers] == numbers
    assert ", or " in reading.rule or len(numbers) == 1


def test_a_national_number_without_its_prefix_stands_behind_what_the_outside_line_reaches() -> None:
    plan = DialPlan(area_code="89", outside_line="9")
    numbers = [number.digits for number in read_number("9123456789", plan).numbers]
    assert numbers == ["49899123456789", "9123456789", "4989123456789", "499123456789"]


@pytest.mark.parametrize(
    ("written", "explicit"),
    [
        ("+498999998123", True),
        ("498999998123", True),
        ("0049 89 99998123", True),
        ("49 (0)89 99998123", True),
        ("089 99998123", False),
        ("99998123", False),
        ("123", False),
        ("4312345678", False),
    ],
)
def test_a_reading_says_whether_the_text_named_its_country(written: str, *, explicit: bool) -> None:
    assert read_number(written, MUNICH).explicit_country is explicit


@pytest.mark.parametrize(
    ("written", "plan", "rule"),
    [
        ("+498999998123", "munich", "E.164 with +"),
        ("498999998123", "munich", "E.164 without +"),
        ("0049 8999998123", "munich", "international prefix 00"),
        ("0049 8999998123", "usa", "international prefix 00"),
        ("089 99998123", "munich", "national prefix 0"),
        ("99998123", "munich", "local number, area code added"),
        ("123", "munich", "extension behind an own trunk"),
        ("0 089 99998123", "munich-outside", "outside line 0, then national prefix 0"),
        ("212 555 0123", "usa", "ten digits of the North American plan"),
        ("06 12345678", "rome", "national number, country code added"),
        ("0 22 123 45 67", "warsaw", "needless 0 cut, country code added"),
        ("1713920012", "germany", "number without prefix, country code added"),
        ("49 (0)89 99998123", "munich", "country code before (0)"),
    ],
)
def test_a_reading_names_the_rule_that_applied(written: str, plan: str, rule: str) -> None:
    assert read_number(written, PLANS[plan]).rule == rule


@pytest.mark.parametrize("written", ["0-089 99998123", "0 +49 89 99998123", "0 0 89 99998123"])
def test_an_outside_line_the_plan_does_not_have_is_named_in_the_reason(written: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        read_number(written, PLANS["munich"])
    assert refused.value.reason.endswith(OUTSIDE_LINE)


def test_e164_behind_the_outside_line_of_the_plan_is_read() -> None:
    reading = read_number("0 +49 89 99998123", PLANS["munich-outside"])
    assert [number.key for number in reading.numbers] == ["498999998123"]
    assert (reading.rule, reading.explicit_country) == (
        "outside line 0, then E.164 with +", True,
    )  # fmt: skip
