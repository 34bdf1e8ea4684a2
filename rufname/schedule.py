"""When a source is read next: pure functions of a schedule, the last start and the time.

Law: no clock and no waiting here; times are arguments, instants with a zone, and so is what comes
out. "HH:MM" in a configuration is what the clock on the wall shows: an hour that comes twice, as
summer time ends, counts once, the first time; a time that is left out comes an hour later.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.settings import Schedule

MAX_JITTER_S = 30.0
"""Sources with the same schedule do not all start in the same second: at most so much later."""

JITTER_SHARE = 0.05

FIRST_RETRY_S = 60.0
LAST_RETRY_S = 3_600.0
"""After a failure a source is tried again sooner than its schedule says, each time later."""

PATIENT_AFTER = 5
PATIENT_S = 300.0
"""A source that failed so often in a row is asked at most this often, whatever its schedule."""

_WEEK_AND_A_DAY = 8


def next_start(
    schedule: Schedule,
    last: datetime | None,
    now: datetime,
    jitter: float = 0.0,
    failures: int = 0,
    *,
    zone: tzinfo | None = None,
) -> datetime | None:
    """Return when the source is to be read next.

    Args:
        schedule: of the source.
        last: when its last run began, whatever came of it; None: it was never read.
        now: the time.
        jitter: 0.0–1.0, the share of the largest delay that this source gets.
        failures: so many of its last runs in a row failed.
        zone: where times of day count; None: the machine's.

    Returns:
        A time that may lie in the past: read it now. None: only `rufname sync` reads it. A source
        that has a schedule and was never read is due now, and so is one whose time of day passed
        while nothing ran. A last run in the future (the clock was set back) counts as now.
    """
    if not schedule.exists:
        return None
    if last is None:
        return now
    now = now.astimezone(UTC)
    last = min(last.astimezone(UTC), now)
    patient = last + timedelta(seconds=PATIENT_S) if failures >= PATIENT_AFTER else last
    times = []
    if schedule.every_s:
        delay_s = jitter * min(MAX_JITTER_S, schedule.every_s * JITTER_SHARE)
        times.append(last + timedelta(seconds=schedule.every_s + delay_s))
    if failures:
        times.append(last + timedelta(seconds=retry_delay_s(failures, jitter)))
    if schedule.window:  # what was missed while nothing ran waits for the window, too
        times = [_within(max(time, patient, now), schedule.window, zone) for time in times]
    delay = timedelta(seconds=jitter * MAX_JITTER_S)
    times.extend(_time_of_day(text, schedule.on, last, delay, zone) for text in schedule.at)
    return max(min(times), patient)


def soonest(schedule: Schedule, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Return when a source may be read for once, beside its times; None: by `rufname sync` only."""
    if not schedule.exists:
        return None
    return _within(now, schedule.window, zone) if schedule.window else now


def retry_delay_s(failures: int, jitter: float) -> float:
    """Return how long to wait after so many failures (1 or more): doubled each time, up to 1 h.

    Between half and the whole of it, by `jitter`: sources of one server do not come back together.
    """
    whole = min(FIRST_RETRY_S * 2.0 ** min(failures - 1, 16), LAST_RETRY_S)
    return whole * (0.5 + jitter / 2)


def _within(moment: datetime, window: tuple[str, ...], zone: tzinfo | None) -> datetime:
    """Return the moment, or the window's next beginning if it lies outside of it."""
    first, last = window
    wall = _on_the_wall(moment, zone)
    clock = f"{wall:%H:%M}"
    inside = first <= clock < last if first < last else clock >= first or clock < last
    if inside:
        return moment
    begins = _at(wall, first)
    begin = _instant(begins, zone)
    return begin if begin > moment else _instant(begins + timedelta(days=1), zone)


def jitter_of(source: str) -> float:
    """Return the share of the largest delay (0.0–1.0) of a source: always the same for its id."""
    return zlib.crc32(source.encode()) / 0xFFFFFFFF


def _time_of_day(
    text: str, days: tuple[int, ...], after: datetime, delay: timedelta, zone: tzinfo | None
) -> datetime:
    """Return the first "HH:MM" plus `delay` on one of `days` (empty: any) later than `after`."""
    first = _at(_on_the_wall(after - delay, zone), text)
    moments = (first + timedelta(days=day) for day in range(_WEEK_AND_A_DAY))
    return next(
        instant
        for moment in moments
        if (not days or moment.weekday() in days)
        and (instant := _instant(moment, zone) + delay) > after
    )


def _on_the_wall(instant: datetime, zone: tzinfo | None) -> datetime:
    """Return what clocks of the zone show then."""
    return instant.astimezone(zone).replace(tzinfo=None)


def _at(wall: datetime, text: str) -> datetime:
    """Return the "HH:MM" of the same day."""
    hour, minute = (int(part) for part in text.split(":"))
    return wall.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _instant(wall: datetime, zone: tzinfo | None) -> datetime:
    """Return when clocks of the zone show this for the first time, in UTC.

    What they leave out as summer time begins is as long after midnight as on any other day.
    """
    # of the machine's zone by `timestamp`: `astimezone` takes what is left out an hour too early
    return datetime.fromtimestamp(wall.replace(tzinfo=zone, fold=0).timestamp(), UTC)
