"""Which numbers may stand behind a trunk, and which trunks a contact stands behind."""

from __future__ import annotations

import pytest

from engine.contact import PhoneLine
from engine.phone import PhoneNumber
from engine.trunk import company_of, may_stand_behind, shortest_trunk, trunks_of
from tests.engine.building import contact, line


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("493023125777", True),
        ("493023125x77", False),  # dialled apart: the line itself is known or not
        ("491713920012", False),  # a mobile
        ("12125550123", False),  # the North American plan has no trunks
        ("999123456789", False),  # no country
    ],
)
def test_a_trunk_stands_only_before_numbers_of_fixed_lines(number: str, *, expected: bool) -> None:
    digits, _, extension = number.partition("x")
    assert may_stand_behind(PhoneNumber(digits, extension)) is expected


def test_a_trunk_is_longer_than_an_area_and_at_most_five_digits_shorter_than_the_number() -> None:
    assert shortest_trunk("493023125777") == len("493023125777") - 5
    assert shortest_trunk("49302312") == len("49") + 4


def test_a_person_stands_behind_the_trunk_that_the_spelling_gave_away() -> None:
    anna = contact("1", "Anna", PhoneLine("work", PhoneNumber("493023125777"), "", "493023125"))
    assert list(trunks_of(anna)) == ["493023125"]
    assert list(trunks_of(contact("2", "Ben", "493023125777"))) == []


def test_the_main_lines_of_a_company_are_trunks() -> None:
    assert list(trunks_of(contact("1", "", "493023125", company="ACME"))) == ["493023125"]
    person = contact("2", "Ben", line("493023125", "company"), company="ACME")
    assert list(trunks_of(person)) == ["493023125"]
    assert list(trunks_of(contact("3", "", "491713920012", company="ACME"))) == []


def test_a_record_without_a_person_is_its_company() -> None:
    assert company_of(contact("1", "ACME", company="ACME")) == "ACME"
    assert company_of(contact("1", "Anna", company="ACME")) == "ACME"
    assert company_of(contact("1", "", given_name="Anna", surname="Abel")) == ""
