"""Two kept runs side by side: what became worse is flagged, noise and other machines are not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bench import compare
from bench.__main__ import main
from bench.report import Measure, Report, machine, markdown, write_json

FACTS = msgspec.structs.replace(machine(), yardstick_ms=10.0)


def _report(*measures: Measure, yardstick_ms: float = 10.0) -> Report:
    facts = msgspec.structs.replace(FACTS, yardstick_ms=yardstick_ms)
    return Report(facts, 100, quick=False, measures=measures)


def _verdict(before: Measure, after: Measure) -> str:
    (found,) = compare.compare(_report(before), _report(after))
    return found.verdict


@pytest.mark.parametrize(
    ("unit", "before", "after", "verdict"),
    [
        ("µs", 10, 12, "worse"),
        ("µs", 10, 11, "same"),
        ("µs", 12, 10, "better"),
        ("1/CPU s", 100, 80, "worse"),
        ("1/CPU s", 100, 130, "better"),
        ("MiB", 100, 104, "worse"),
        ("MiB", 100, 102, "same"),
        ("ratio", 1, 9, "told only"),
        ("µs", 0, 3, "worse"),
        ("share", 1, 0, "worse"),
        ("share", 0, 1, "better"),
        ("s", 0, 0, "same"),
    ],
)
def test_a_figure_is_worse_only_beyond_the_noise_of_its_unit(
    unit: str, before: float, after: float, verdict: str
) -> None:
    assert _verdict(Measure("q", "c", before, unit), Measure("q", "c", after, unit)) == verdict


def test_the_side_of_a_goal_says_what_is_better_where_the_unit_does_not() -> None:
    ratio = Measure("q", "c", 2.0, "ratio", "at least", 1.0)
    assert _verdict(ratio, msgspec.structs.replace(ratio, value=1.5)) == "worse"
    ratio = Measure("q", "c", 0.1, "ratio", "at most", 0.2)
    assert _verdict(ratio, msgspec.structs.replace(ratio, value=0.08)) == "better"


def test_rounds_that_lay_apart_widen_the_noise_and_tails_have_more_of_it() -> None:
    wide = Measure("q", "c", 100, "1/CPU s", spread=0.2)
    assert _verdict(wide, msgspec.structs.replace(wide, value=75)) == "same"
    tail = Measure("q", "hits, p99", 100, "µs")
    assert _verdict(tail, msgspec.structs.replace(tail, value=140)) == "same"
    assert _verdict(tail, msgspec.structs.replace(tail, value=160)) == "worse"


def test_a_slower_machine_is_not_taken_for_a_slower_program() -> None:
    first = _report(Measure("q", "t", 10, "µs"), Measure("q", "r", 100, "1/CPU s"))
    second = _report(
        Measure("q", "t", 20, "µs"), Measure("q", "r", 50, "1/CPU s"), yardstick_ms=20.0
    )
    assert [each.ratio for each in compare.compare(first, second)] == [1.0, 1.0]
    assert "did the yardstick 0.50 × as fast" in compare.markdown(first, second)


def test_what_stands_in_one_run_only_is_named() -> None:
    first, second = _report(Measure("q", "old", 1, "µs")), _report(Measure("q", "new", 1, "µs"))
    assert compare.alone(first, second) == ["first: q, old", "second: q, new"]


def test_the_command_prints_a_table_and_answers_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = _report(Measure("q", "c", 10, "µs"), Measure("q", "size", 5, "MiB"))
    bad = _report(Measure("q", "c", 20, "µs"), Measure("q", "size", 5, "MiB"))
    paths = [str(write_json(report, tmp_path / str(n))) for n, report in enumerate((good, bad))]
    assert main(["compare", *paths]) == 1
    assert "| **worse** | q | c | 10 µs | 20 µs | 2.00 | ± 15% |" in capsys.readouterr().out
    assert main(["compare", paths[0], paths[0]]) == 0
    capsys.readouterr()
    assert main(["compare", paths[0]]) == 2
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert main(["compare", paths[0], str(other)]) == 2
    assert f"{other}: no run of python -m bench" in capsys.readouterr().out
    assert main(["compare", paths[0], str(tmp_path / "none")]) == 2
    assert f"{tmp_path / 'none'}: No such file or directory\n" in capsys.readouterr().out


def test_a_case_that_names_a_filter_does_not_end_its_cell() -> None:
    one = _report(Measure("q", "(|(cn=a*)(sn=a*))", 1, "µs"))
    assert "| q | (\\|(cn=a*)(sn=a*)) | 1 µs |" in compare.markdown(one, one)
    assert "| q | (\\|(cn=a*)(sn=a*)) | 1 µs |" in markdown(one)


def test_wrong_use_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--help"]) == 0
    assert "QUICK=1 shortens" in capsys.readouterr().out
    monkeypatch.setenv("CONTACTS", "many")
    assert main(["sample"]) == 2
    assert "CONTACTS=many: allowed: a whole number" in capsys.readouterr().out
