from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rufname.latency import LatencySummary, percentile, summarise


def test_a_percentile_is_the_nearest_rank_from_above() -> None:
    values = [float(value) for value in range(100)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.999) == 7


def test_percentiles_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_nothing_answered_is_all_zeros() -> None:
    assert summarise([]) == LatencySummary()


@given(st.lists(st.floats(1e-7, 100), min_size=1, max_size=200))
def test_every_latency_stands_in_the_class_that_reaches_it(latencies: list[float]) -> None:
    summary = summarise(latencies)
    assert sum(bucket.count for bucket in summary.histogram) == summary.count == len(latencies)
    assert summary.p50_ms <= summary.p90_ms <= summary.p99_ms <= summary.p999_ms <= summary.max_ms
    uppers = [bucket.upto_ms for bucket in summary.histogram]
    assert uppers == sorted(set(uppers))
    assert summary.histogram[0].count
    assert summary.histogram[-1].count
    assert uppers[-1] >= min(summary.max_ms, 1e3 * max(latencies)) * 0.99
