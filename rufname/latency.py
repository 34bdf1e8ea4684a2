"""How long answers took: percentiles, and a histogram whose classes grow with the time.

Law: values only; nothing is timed here. Percentiles are exact (nearest rank), not read from the
histogram, which is for people and plots.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

CLASSES_PER_DECADE = 10
"""Each class of the histogram reaches 26 % further than the one before."""


class Bucket(msgspec.Struct, frozen=True, array_like=True):
    """One class: how many answers took at most `upto_ms`, and more than the class before."""

    upto_ms: float
    count: int


class LatencySummary(msgspec.Struct, frozen=True):
    """What is told of many latencies, in milliseconds; all 0 where nothing was answered."""

    count: int = 0
    mean_ms: float = 0.0
    p50_ms: float = 0.0
    p90_ms: float = 0.0
    p99_ms: float = 0.0
    p999_ms: float = 0.0
    max_ms: float = 0.0
    histogram: tuple[Bucket, ...] = ()


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0-1) of an ascending sequence lies; nearest rank.

    Raises:
        ValueError: nothing was measured.
    """
    if not ordered:
        raise ValueError("no values: nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summarise(latencies_s: Iterable[float]) -> LatencySummary:
    """Return the summary of latencies in seconds, in any order; of none, zeros."""
    ordered = sorted(latencies_s)
    if not ordered:
        return LatencySummary()
    p50, p90, p99, p999 = (percentile(ordered, share) * 1e3 for share in (0.5, 0.9, 0.99, 0.999))
    return LatencySummary(
        count=len(ordered),
        mean_ms=math.fsum(ordered) / len(ordered) * 1e3,
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        p999_ms=p999,
        max_ms=ordered[-1] * 1e3,
        histogram=_histogram(ordered),
    )


def _histogram(ordered: Sequence[float]) -> tuple[Bucket, ...]:
    """Return the classes from the first to the last that holds something, empty ones between."""
    counts: dict[int, int] = {}
    for seconds in ordered:
        place = _class_of(seconds * 1e3)
        counts[place] = counts.get(place, 0) + 1
    places = range(min(counts), max(counts) + 1)
    return tuple(Bucket(upper_ms(place), counts.get(place, 0)) for place in places)


def _class_of(milliseconds: float) -> int:
    """Return the number of a class; below a microsecond everything is the first."""
    return math.ceil(math.log10(max(milliseconds, 1e-3)) * CLASSES_PER_DECADE - 1e-9)


def upper_ms(place: int) -> float:
    """Return the upper bound of a class in milliseconds, three digits that count."""
    return float(f"{10 ** (place / CLASSES_PER_DECADE):.3g}")
