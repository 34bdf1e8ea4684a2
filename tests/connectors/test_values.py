"""Values of databases and spreadsheets become the text a person would write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.values import as_text


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
