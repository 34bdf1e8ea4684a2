from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.servertime import TimeForm, bookmark_at, since

NOW = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
HERE = "https://crm.example/"


@pytest.mark.parametrize(
    ("form", "text"),
    [("iso", "2026-10-01T07:23:20Z"), ("unix", "1790839400"), ("unix_ms", "1790839400000")],
)
def test_the_servers_clock_counts_five_minutes_earlier(form: TimeForm, text: str) -> None:
    made = bookmark_at("Thu, 01 Oct 2026 07:28:20 GMT", NOW, HERE)
    assert since(made, form, HERE) == text


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Oct 2026 07:28:20 GMT"])
def test_without_a_date_our_own_clock_counts(date: str) -> None:
    assert since(bookmark_at(date, NOW, HERE), "iso", HERE) == "2026-10-01T08:25:00Z"


def test_a_bookmark_is_good_for_its_interface_only() -> None:
    assert since(bookmark_at("", NOW, HERE), "iso", "https://other.example/") == ""


@given(st.binary())
def test_whatever_stands_in_a_bookmark_is_no_error(octets: bytes) -> None:
    assert since(octets, "iso", HERE) == ""


@pytest.mark.parametrize("seconds", ["1e300", "-1e300", "-1e11", "null", '"x"'])
def test_a_time_beyond_all_calendars_is_no_bookmark(seconds: str) -> None:
    assert since(f'[{seconds},"{HERE}"]'.encode(), "iso", HERE) == ""
