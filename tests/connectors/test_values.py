"""Values of databases and spreadsheets become the text a person would write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.values import as_text, date_of, listed, moment_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("x", "x"),
        (7, "7"),
        (498999998123.0, "498999998123"),
        (1.5, "1.5"),
        (1e300, "1e+300"),
        (Decimal(498999998123), "498999998123"),
        (Decimal("12.50"), "12.5"),
        (Decimal(100), "100"),
        (Decimal("1E+3"), "1000"),
        (True, "true"),
        (False, "false"),
        (dt.datetime.fromisoformat("2026-11-05 14:30"), "2026-11-05T14:30:00"),
        (dt.date(2026, 11, 5), "2026-11-05"),
        (dt.time(14, 30), "14:30:00"),
        (b"\x01\xff", "01ff"),
        (bytearray(b"\x01"), "01"),
    ],
)
def test_a_database_value_becomes_the_text_a_person_would_write(value: object, text: str) -> None:
    assert as_text(value) == text


@given(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.text(), st.binary(),
        st.datetimes(), st.dates(), st.times(), st.uuids(),
    )
)  # fmt: skip
def test_any_value_becomes_text(value: object) -> None:
    assert isinstance(as_text(value), str)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('{"089 99998 11",+49171,NULL}', "089 99998 11\n+49171"),
        ('{"a \\"b\\" \\\\ c"}', 'a "b" \\ c'),
        ("{4989999981,491711234567}", "4989999981\n491711234567"),
        ('["089 99998 11", 112, null, ""]', "089 99998 11\n112"),
        ("{}", ""),
        ("[]", ""),
        ("{{1,2},{3,4}}", "{{1,2},{3,4}}"),
        ('[{"number": "1"}]', '[{"number": "1"}]'),
        ('{"number": "1"}', '{"number": "1"}'),
        ("[intern] 12", "[intern] 12"),
        ("089 99998", "089 99998"),
        ("", ""),
    ],
)
def test_an_array_is_a_line_for_each_text(text: str, lines: str) -> None:
    assert listed(text) == lines


@given(st.text(max_size=40))
def test_any_text_is_no_fault_of_an_array(text: str) -> None:
    assert isinstance(listed(f"{{{text}}}"), str)
    assert isinstance(listed(f"[{text}]"), str)


@given(st.dates(), st.datetimes())
def test_digits_of_a_date_are_that_date(day: dt.date, moment: dt.datetime) -> None:
    assert date_of(str(day).encode()) == day
    assert moment_of(str(moment).encode()) == moment


def test_dates_outside_the_calendar_stay_and_zeros_say_nothing() -> None:
    assert as_text(date_of(b"1980-00-00")) == "1980-00-00"
    zeros = (date_of(b"0000-00-00"), moment_of(b"0000-00-00 00:00:00.000"))
    assert list(map(as_text, zeros)) == ["", ""]
    assert date_of(None) is moment_of(None) is None
