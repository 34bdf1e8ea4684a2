from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.settings import Schedule
from rufname import schedule as rules
from rufname.schedule import (
    LAST_RETRY_S,
    MAX_JITTER_S,
    PATIENT_AFTER,
    PATIENT_S,
    jitter_of,
    retry_delay_s,
)

next_start = partial(rules.next_start, zone=UTC)
soonest = partial(rules.soonest, zone=UTC)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
QUARTER = Schedule(every_s=900)
NIGHTLY = Schedule(at=("02:00",))


def test_a_source_without_schedule_is_never_due() -> None:
    assert next_start(Schedule(), None, NOON) is None
    assert next_start(Schedule(), NOON, NOON) is None


@pytest.mark.parametrize("schedule", [QUARTER, NIGHTLY])
def test_a_scheduled_source_that_was_never_read_is_due_now(schedule: Schedule) -> None:
    assert next_start(schedule, None, NOON) == NOON


def test_a_reading_beside_the_times_keeps_to_the_window() -> None:
    assert soonest(Schedule(), NOON) is None
    assert soonest(NIGHTLY, NOON) == NOON
    nights = Schedule(every_s=900, window=("20:00", "06:00"))
    assert soonest(nights, NOON) == NOON.replace(hour=20)


def test_a_period_counts_from_the_start_of_the_last_run() -> None:
    assert next_start(QUARTER, NOON, NOON) == NOON + timedelta(minutes=15)
    assert next_start(QUARTER, NOON - timedelta(hours=1), NOON) == NOON - timedelta(minutes=45)


def test_jitter_delays_by_a_small_share_of_the_period_and_never_long() -> None:
    assert next_start(QUARTER, NOON, NOON, 1.0) == NOON + timedelta(seconds=930)
    assert next_start(Schedule(every_s=60), NOON, NOON, 1.0) == NOON + timedelta(seconds=63)


def test_a_time_of_day_comes_once_a_day() -> None:
    assert next_start(NIGHTLY, NOON, NOON) == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    early = datetime(2026, 11, 24, 2, 0, 1, tzinfo=UTC)
    assert next_start(NIGHTLY, early, early) == datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def test_a_time_of_day_that_passed_while_nothing_ran_is_due_now() -> None:
    due = next_start(NIGHTLY, NOON - timedelta(days=1), NOON)
    assert due is not None
    assert due <= NOON


def test_weekdays_restrict_the_times_of_day() -> None:
    weekend = Schedule(at=("02:00",), on=(5, 6))
    assert next_start(weekend, NOON, NOON) == datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
    monday_only = Schedule(at=("02:00",), on=(0,))
    assert next_start(monday_only, NOON, NOON) == datetime(2026, 11, 30, 2, 0, tzinfo=UTC)


def test_the_earliest_of_several_rules_counts() -> None:
    both = Schedule(every_s=86_400, at=("13:00", "12:30"))
    assert next_start(both, NOON, NOON) == NOON + timedelta(minutes=30)


def test_a_last_run_in_the_future_counts_as_now() -> None:
    ahead = NOON + timedelta(days=300)
    assert next_start(QUARTER, ahead, NOON) == NOON + timedelta(minutes=15)


def test_the_jitter_of_a_source_never_changes() -> None:
    assert jitter_of("crm") == jitter_of("crm")
    assert jitter_of("crm") != jitter_of("phonelist")


@given(
    source=st.text(),
    every_s=st.integers(0, 31 * 86_400),
    at=st.lists(st.times().map(lambda time: f"{time:%H:%M}"), max_size=4).map(tuple),
    on=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
    ago_s=st.integers(0, 90 * 86_400),
    after=st.integers(0, 366 * 86_400),
)
def test_a_run_is_never_followed_by_one_at_the_same_instant(
    *, source: str, every_s: int, at: tuple[str, ...], on: tuple[int, ...], ago_s: int, after: int
) -> None:
    now = NOON + timedelta(seconds=after)
    last = now - timedelta(seconds=ago_s)
    schedule = Schedule(every_s=every_s, at=at, on=on)
    due = next_start(schedule, last, now, jitter_of(source))
    assert (due is None) == (not schedule.exists)
    if due is not None:
        assert due > last
        week = timedelta(days=8, seconds=MAX_JITTER_S)
        assert due <= last + max(week if at else timedelta(), timedelta(seconds=every_s + 30))


def test_after_a_failure_it_is_tried_sooner_than_the_schedule_says_each_time_later() -> None:
    nightly = Schedule(at=("02:00",))
    last = datetime(2026, 11, 26, 2, 1, tzinfo=UTC)
    waits = [
        (next_start(nightly, last, last, 1.0, failures) or last) - last for failures in range(1, 5)
    ]
    assert [wait.total_seconds() for wait in waits] == [60, 120, 240, 480]
    regular = next_start(nightly, last, last, 0.0, 0)
    assert regular is not None
    assert regular - last == timedelta(days=1, minutes=-1)


def test_retries_are_spread_between_half_and_the_whole_of_their_delay() -> None:
    assert [retry_delay_s(1, jitter) for jitter in (0.0, 0.5, 1.0)] == [30, 45, 60]
    assert retry_delay_s(1_000, 1.0) == LAST_RETRY_S


def test_a_source_that_keeps_failing_is_not_asked_every_second() -> None:
    eager = Schedule(every_s=1)
    last = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    due = next_start(eager, last, last, 0.0, PATIENT_AFTER)
    assert due is not None
    assert (due - last).total_seconds() == PATIENT_S
    assert next_start(eager, last, last, 0.0, PATIENT_AFTER - 1) == last + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("window", "last", "start"),
    [
        (("20:00", "06:00"), "2026-11-26 03:00", "2026-11-26 04:00"),
        (("20:00", "06:00"), "2026-11-26 05:30", "2026-11-26 20:00"),
        (("20:00", "06:00"), "2026-11-26 23:30", "2026-11-27 00:30"),
        (("08:00", "18:00"), "2026-11-26 17:30", "2026-11-27 08:00"),
        (("08:00", "18:00"), "2026-11-26 06:30", "2026-11-26 08:00"),
        (("08:00", "18:00"), "2026-11-26 12:00", "2026-11-26 13:00"),
    ],
)
def test_a_period_counts_within_its_window(window: tuple[str, str], last: str, start: str) -> None:
    schedule = Schedule(every_s=3_600, window=window)
    then = datetime.fromisoformat(last).replace(tzinfo=UTC)
    assert next_start(schedule, then, then) == datetime.fromisoformat(start).replace(tzinfo=UTC)


@pytest.mark.parametrize(("now", "start"), [("09:00", "20:00"), ("21:00", "21:00")])
@pytest.mark.parametrize("failures", [0, 1, PATIENT_AFTER])
def test_what_a_window_missed_while_nothing_ran_waits_for_the_window(
    now: str, start: str, failures: int
) -> None:
    nights = Schedule(every_s=900, window=("20:00", "06:00"))
    last = datetime(2026, 11, 25, 21, 50, tzinfo=UTC)
    began = datetime.fromisoformat(f"2026-11-26 {now}").replace(tzinfo=UTC)
    due = next_start(nights, last, began, 0.0, failures)
    assert due == datetime.fromisoformat(f"2026-11-26 {start}").replace(tzinfo=UTC)


def test_the_patience_with_a_source_that_keeps_failing_does_not_leave_its_window() -> None:
    nights = Schedule(every_s=60, window=("20:00", "06:00"))
    last = datetime(2026, 11, 26, 5, 58, tzinfo=UTC)
    due = next_start(nights, last, last, 0.0, PATIENT_AFTER)
    assert due == last.replace(hour=20, minute=0)


def utc(text: str) -> datetime:
    """Return a time of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(params=["given", "the machine's"])
def berlin(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ZoneInfo | None]:
    """Return the zone of Berlin; None where the machine stands there."""
    if request.param == "given":
        yield ZoneInfo("Europe/Berlin")
        return
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield None
    time.tzset()


def test_a_time_of_day_that_comes_twice_as_summer_time_ends_counts_once(
    berlin: ZoneInfo | None,
) -> None:
    half = Schedule(at=("02:30",))
    at_summer_time = utc("2026-10-25 00:30")
    assert rules.next_start(half, utc("2026-10-24 00:30"), at_summer_time, zone=berlin) == (
        at_summer_time
    )
    last = at_summer_time + timedelta(seconds=1)
    for now in (utc("2026-10-25 01:10"), utc("2026-10-25 01:31"), utc("2026-10-25 09:00")):
        assert rules.next_start(half, last, now, zone=berlin) == utc("2026-10-26 01:30")


def test_a_time_of_day_that_summer_time_leaves_out_comes_an_hour_later(
    berlin: ZoneInfo | None,
) -> None:
    half = Schedule(at=("02:30",))
    last, now = utc("2026-03-28 01:30:05"), utc("2026-03-29 00:59")
    assert rules.next_start(half, last, now, zone=berlin) == utc("2026-03-29 01:30")
    after = utc("2026-03-29 01:30:01")
    assert rules.next_start(half, after, after, zone=berlin) == utc("2026-03-30 00:30")


@pytest.mark.parametrize("night", ["2026-10-25 00:50", "2026-03-29 00:50"])
def test_a_period_is_as_long_in_the_nights_that_change_the_clock(
    night: str, berlin: ZoneInfo | None
) -> None:
    last = utc(night)
    for minutes in (1, 14, 16):
        now = last + timedelta(minutes=minutes)
        due = rules.next_start(QUARTER, last, now, zone=berlin)
        assert due == last + timedelta(minutes=15)


def test_a_window_begins_and_ends_by_the_clock_on_the_wall(berlin: ZoneInfo | None) -> None:
    nights = Schedule(every_s=900, window=("20:00", "06:00"))
    before, after = utc("2026-10-24 10:00"), utc("2026-10-25 10:00")
    assert rules.soonest(nights, before, zone=berlin) == utc("2026-10-24 18:00")
    assert rules.soonest(nights, after, zone=berlin) == utc("2026-10-25 19:00")
