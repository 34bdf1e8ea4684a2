from __future__ import annotations

import phonenumbers
import pytest

from engine.phone import PhoneNumber, read_number
from rufname.sample_numbers import (
    FOREIGN_AREAS,
    FOREIGN_FORMS,
    FOREIGN_MAIN_LINE_FORMS,
    GERMAN_AREAS,
    LANDLINE_FORMS,
    MAIN_LINE_FORMS,
    MOBILE_FORMS,
    MOBILE_PREFIXES,
    SAMPLE_PLAN,
    TRUNKS_PER_AREA,
    UNREADABLE,
    Form,
    Subscriber,
    digits_of,
    mobile_digits,
    read_truth,
    trunk_digits,
)


def test_every_serial_gives_another_trunk() -> None:
    trunks = {trunk_digits(serial) for serial in range(TRUNKS_PER_AREA)}
    assert len(trunks) == TRUNKS_PER_AREA
    assert {len(trunk) for trunk in trunks} == {6}
    assert not any(trunk.startswith("0") for trunk in trunks)


def test_every_serial_gives_another_mobile_number() -> None:
    numbers = {mobile_digits(serial) for serial in range(50_000)}
    assert len(numbers) == 50_000
    assert {prefix for prefix, _ in numbers} == set(MOBILE_PREFIXES)


def test_the_mobile_factor_permutes_the_whole_range() -> None:
    assert 61_803_399 % 2
    assert 61_803_399 % 5


@pytest.mark.parametrize("country_area", [("49", a) for a in GERMAN_AREAS] + list(FOREIGN_AREAS))
def test_no_number_behind_a_made_up_area_code_is_valid(country_area: tuple[str, str]) -> None:
    for serial in range(300):
        for extension in ("", "0", "12", "345", "6789"):
            number = Subscriber(*country_area, trunk_digits(serial * 2_999), extension)
            parsed = phonenumbers.parse(f"+{digits_of(number)}")
            assert not phonenumbers.is_valid_number(parsed)
            assert len(digits_of(number)) <= 15


@pytest.mark.parametrize("prefix", MOBILE_PREFIXES)
def test_no_number_behind_a_made_up_mobile_prefix_is_valid(prefix: str) -> None:
    for serial in range(300):
        parsed = phonenumbers.parse(f"+49{prefix}{serial * 333_337:08d}")
        assert not phonenumbers.is_valid_number(parsed)


@pytest.mark.parametrize(
    ("forms", "number"),
    [
        (LANDLINE_FORMS, Subscriber("49", "879", "654321", "12")),
        (LANDLINE_FORMS, Subscriber("49", "879", "499999", "1234")),
        (LANDLINE_FORMS, Subscriber("49", "459", "654321", "")),
        (MAIN_LINE_FORMS, Subscriber("49", "879", "654321", "0")),
        (MOBILE_FORMS, Subscriber("49", "165", "00012345", "")),
        (FOREIGN_FORMS, Subscriber("420", "42", "654321", "77")),
        (FOREIGN_MAIN_LINE_FORMS, Subscriber("7", "29", "654321", "0")),
    ],
)
def test_every_form_is_read_back_to_its_truth(forms: tuple[Form, ...], number: Subscriber) -> None:
    assert len(forms) == 1_024
    for form in set(forms):
        truth = read_truth(form, number)
        if truth != UNREADABLE:
            assert read_number(form(number), SAMPLE_PLAN).numbers[0] == truth


def test_an_extension_apart_makes_another_number() -> None:
    number = Subscriber("49", "879", "654321", "12")
    truths = {read_truth(form, number) for form in set(LANDLINE_FORMS)}
    assert truths == {
        PhoneNumber("4987965432112"), PhoneNumber("49879654321", "12"), UNREADABLE,
    }  # fmt: skip
