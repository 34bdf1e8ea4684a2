"""The benches that need no other program, at a tiny size: they run, and answers are asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import bench_caller, bench_envelope, bench_normalise, bench_sample
from bench.directory import fill, open_index
from bench.questions import Asked
from bench.report import Measure


def test_the_caller_bench_gives_percentiles_of_every_case(tmp_path: Path) -> None:
    measures = list(bench_caller.measure(400, tmp_path, quick=True))
    assert len(measures) == 2 * 2 * (len(bench_caller.CASES) + 2)
    assert all(each.value > 0 for each in measures)


def test_a_wrong_name_stops_the_caller_bench(tmp_path: Path) -> None:
    fill(tmp_path, [])
    index = open_index(tmp_path)
    with pytest.raises(AssertionError, match="expected 'Nobody Here'"):
        bench_caller.check(index, [Asked("+498999998101", "Nobody Here")])
    index.close()


def test_the_number_bench_compares_both_readers_with_the_truth(tmp_path: Path) -> None:
    measures = {each.case: each for each in bench_normalise.measure(300, tmp_path, quick=True)}
    assert measures["engine.phone, right"].value == 1.0
    assert measures["phonenumberslite, right"].value > 0.9


def test_libphonenumber_gives_up_on_words() -> None:
    assert bench_normalise.peer("auf Anfrage") == ""


def test_the_sample_bench_writes_all_files(tmp_path: Path) -> None:
    measures: list[Measure] = list(bench_sample.measure(200, tmp_path, quick=True))
    assert len(measures) == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        "crm.sqlite", "phones.csv", "entries.ldif",
    }  # fmt: skip


def test_the_sealing_bench_measures_every_suite_beside_its_peer(tmp_path: Path) -> None:
    measures = list(bench_envelope.measure(0, tmp_path, quick=True))
    assert len(measures) == 2 * 5
    assert all(each.value > 0 for each in measures)
