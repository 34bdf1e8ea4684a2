"""The golden table: what every spelling means under every plan, read here and written back."""

from __future__ import annotations

import pytest

from engine.errors import InvalidNumber
from engine.phone import NumberFormat, PhoneNumber, format_number, normalise, read_number
from engine.reading import read_slowly
from tests.engine.golden_numbers import GOLDEN
from tests.engine.golden_plans import PLANS
from tests.engine.refused_numbers import REFUSED

MEANT = [(plan, written, key) for plan, rows in GOLDEN.items() for written, key in rows]
NO_NUMBERS = [(plan, written, why) for plan, rows in REFUSED.items() for written, why in rows]
NUMBERS = sorted({key for rows in GOLDEN.values() for _, key in rows})
STYLES: tuple[NumberFormat, ...] = (
    "e164", "international", "national", "internal", "dialable", "echo",
)  # fmt: skip


def number_of(key: str) -> PhoneNumber:
    digits, _, extension = key.partition("x")
    return PhoneNumber(digits, extension)


def test_the_table_has_over_three_hundred_spellings_of_over_ten_plans() -> None:
    assert len(set(MEANT)) + len(set(NO_NUMBERS)) > 400
    assert len(PLANS) > 10
    assert GOLDEN.keys() == PLANS.keys()


@pytest.mark.parametrize(("plan", "written", "key"), MEANT)
def test_every_spelling_means_one_subscriber(plan: str, written: str, key: str) -> None:
    assert normalise(written, PLANS[plan]).key == key
    assert read_slowly(written, PLANS[plan]) == read_number(written, PLANS[plan])


@pytest.mark.parametrize(("plan", "written", "why"), NO_NUMBERS)
def test_what_is_no_subscriber_is_refused_with_the_reason(
    plan: str, written: str, why: str
) -> None:
    with pytest.raises(InvalidNumber) as refused:
        normalise(written, PLANS[plan])
    assert why in refused.value.reason
    digits = "".join(filter(str.isdigit, written))
    assert len(digits) < 4 or digits not in refused.value.reason


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("style", STYLES)
def test_every_number_reads_back_from_every_format(plan: str, style: NumberFormat) -> None:
    for key in NUMBERS:
        number = number_of(key)
        written = format_number(number, PLANS[plan], style)
        assert written
        reading = read_number(written, PLANS[plan])
        if style == "dialable" and PLANS[plan].outside_line:
            assert number in reading.numbers, written
        else:
            assert reading.numbers[0] == number, written
