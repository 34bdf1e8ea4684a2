"""When a source is read next: pure functions of a schedule, the last start and the time.

Law: no clock and no waiting here; times are arguments, naive and local ("HH:MM" in a configuration
is what the clock on the wall shows).
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from connectors.settings import Schedule

MAX_JITTER_S = 30.0
"""Sources with the same schedule do not all start in the same second: at most so much later."""

JITTER_SHARE = 0.05

_WEEK_AND_A_DAY = 8


def next_start(
    schedule: Schedule, last: datetime | None, now: datetime, jitter: float = 0.0
) -> datetime | None:
    """Return when the source is to be read next.

    Args:
        schedule: of the source.
        last: when its last run began, whatever came of it; None: it was never read.
        now: the local time.
        jitter: 0.0–1.0, the share of the largest delay that this source gets.

    Returns:
        A time that may lie in the past: read it now. None: only `rufname sync` reads it. A source
        that has a schedule and was never read is due now, and so is one whose time of day passed
        while nothing ran. A last run in the future (the clock was set back) counts as now.
    """
    if not schedule.exists:
        return None
    if last is None:
        return now
    last = min(last, now)
    times = []
    if schedule.every_s:
        delay_s = jitter * min(MAX_JITTER_S, schedule.every_s * JITTER_SHARE)
        times.append(last + timedelta(seconds=schedule.every_s + delay_s))
    delay = timedelta(seconds=jitter * MAX_JITTER_S)
    times.extend(_time_of_day(text, schedule.on, last, delay) for text in schedule.at)
    return min(times)


def jitter_of(source: str) -> float:
    """Return the share of the largest delay (0.0–1.0) of a source: always the same for its id."""
    return zlib.crc32(source.encode()) / 0xFFFFFFFF


def _time_of_day(text: str, days: tuple[int, ...], after: datetime, delay: timedelta) -> datetime:
    """Return the first "HH:MM" plus `delay` on one of `days` (empty: any) later than `after`."""
    hour, minute = (int(part) for part in text.split(":"))
    midnight = (after - delay).replace(hour=hour, minute=minute, second=0, microsecond=0)
    moments = (midnight + timedelta(days=day) for day in range(_WEEK_AND_A_DAY))
    return next(
        moment + delay
        for moment in moments
        if moment + delay > after and (not days or moment.weekday() in days)
    )
