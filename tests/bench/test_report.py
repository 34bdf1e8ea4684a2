from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.report import Measure, Report, machine, markdown, write_json


@pytest.mark.parametrize(
    ("measure", "met"),
    [
        (Measure("q", "c", 3, "µs", "at most", 3), True),
        (Measure("q", "c", 3.1, "µs", "at most", 3), False),
        (Measure("q", "c", 3, "1/s", "at least", 3), True),
        (Measure("q", "c", 2.9, "1/s", "at least", 3), False),
        (Measure("q", "c", 0, "MiB"), True),
    ],
)
def test_a_goal_is_a_bound_from_one_side(measure: Measure, met: bool) -> None:  # noqa: FBT001 - a table
    assert measure.met is met


def test_a_run_is_kept_as_json_and_told_as_a_table(tmp_path: Path) -> None:
    measures = (
        Measure("caller", "hits, p50", 17.26, "µs", "at most", 20),
        Measure("sync", "first run", 7_999, "contacts/s", "at least", 8_000),
        Measure("sync", "index on disk", 33.3, "MiB"),
    )
    took = {"caller": 12.3, "sync": 4.0}
    report = Report(machine(), 100, quick=True, measures=measures, seconds=took)
    kept = write_json(report, tmp_path / "results")
    assert msgspec.json.decode(kept.read_bytes(), type=Report) == report
    text = markdown(report)
    assert "| caller | hits, p50 | 17.3 µs | at most 20 | reached |" in text
    assert "| sync | first run | 7,999 contacts/s | at least 8,000 | **missed** |" in text
    assert "| sync | index on disk | 33.3 MiB |  |  |" in text
    assert "100 contacts, QUICK: goals are those of a whole run" in text
    assert text.endswith("16 s: caller 12, sync 4.")
    assert report.machine.cpu in text
    assert report.machine.packages["tantivy"] in text
