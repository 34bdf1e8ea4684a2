from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench.report import Report, machine, write_json
from rufname.costs import UnreadableCosts, read_calibration, write_calibration
from tests.rufname.costing import CALIBRATION, cost_point


def test_a_calibration_is_kept_as_json(tmp_path: Path) -> None:
    write_calibration(tmp_path / "a.json", CALIBRATION)
    assert read_calibration(tmp_path / "a.json") == CALIBRATION


def test_a_run_of_the_benchmarks_is_one_too(tmp_path: Path) -> None:
    report = Report(machine(), 100, quick=True, measures=(), calibration=CALIBRATION)
    assert read_calibration(write_json(report, tmp_path)) == CALIBRATION


def test_what_is_no_calibration_is_named(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with pytest.raises(UnreadableCosts, match=r"b\.json: No such file"):
        read_calibration(path)
    path.write_text('{"contacts": 1}')
    with pytest.raises(UnreadableCosts, match=r"capacity --save"):
        read_calibration(path)
    one = msgspec.structs.replace(CALIBRATION, points=CALIBRATION.points[:1])
    write_calibration(path, one)
    with pytest.raises(UnreadableCosts, match="fewer than two sizes"):
        read_calibration(path)


def test_a_change_costs_what_a_run_with_changes_takes_more() -> None:
    assert cost_point(40_000).one_change_s == pytest.approx(1 / 4_000)
    assert cost_point(40_000, changed_cpu_s=0.5).one_change_s == 0
