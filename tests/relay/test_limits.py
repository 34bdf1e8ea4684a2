"""How much one user may ask."""

from __future__ import annotations

import pytest

from relay.errors import TooOften
from relay.limits import MAX_BUCKETS, Flights, Rate


def taken(rate: Rate, key: str, now: float, wanted: int) -> int:
    for count in range(wanted):
        try:
            rate.take(key, now)
        except TooOften:
            return count
    return wanted


def test_a_burst_then_the_rate() -> None:
    rate = Rate(10)
    assert taken(rate, "anna", 0.0, 100) == 20
    assert taken(rate, "anna", 0.55, 100) == 5
    assert taken(rate, "anna", 100.0, 100) == 20


def test_one_user_takes_nothing_from_another() -> None:
    rate = Rate(1)
    assert taken(rate, "anna", 0.0, 9) == 2
    assert taken(rate, "ben", 0.0, 9) == 2


def test_the_refusal_says_when_to_come_again() -> None:
    rate = Rate(1 / 12, burst_s=12)
    rate.take("anna", 0.0)
    with pytest.raises(TooOften) as caught:
        rate.take("anna", 0.0)
    assert caught.value.retry_after_s == 13
    rate.require("anna", 12.1)
    rate.require("anna", 12.1)
    with pytest.raises(TooOften):
        rate.require("anna", 6.0)


def test_no_rate_is_no_limit() -> None:
    assert taken(Rate(0), "anna", 0.0, 10_000) == 10_000


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    rate = Rate(1)
    assert taken(rate, "first", 0.0, 9) == 2
    for number in range(MAX_BUCKETS):
        rate.take(str(number), 0.0)
    assert taken(rate, "first", 0.0, 9) == 2


def test_requests_at_a_time_are_counted_in_and_out() -> None:
    flights = Flights(2)
    flights.begin("anna")
    flights.begin("anna")
    with pytest.raises(TooOften):
        flights.begin("anna")
    flights.begin("ben")
    flights.end("anna")
    flights.begin("anna")
