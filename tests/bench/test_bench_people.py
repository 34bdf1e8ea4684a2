"""The people bench at a tiny size, without PostgreSQL: it runs, and scores are shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import bench_people
from bench.people_questions import Meant

MEANT = [Meant("a", text, frozenset({text})) for text in ("1", "2", "3", "4")]


def test_the_people_bench_times_every_case_and_scores_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_people, "HOSTILE", bench_people.HOSTILE[:3])
    monkeypatch.setattr(bench_people, "trigrams", _no_server)
    measures = {each.case: each for each in bench_people.measure(1_500, tmp_path, quick=True)}
    for case in ("one letter", "2 to 8 letters", "two words", "one typo"):
        for asked in ("asked for the first time", "asked again"):
            p50, p99 = (measures[f"{case}, {asked}, {name}"].value for name in ("p50", "p99"))
            assert 0 < p50 <= p99
    assert measures["SQLite FTS5: ours is faster, p50"].value > 0
    scores = [each.value for case, each in measures.items() if "success@" in case]
    assert len(scores) > 2 * len(bench_people.SUCCESS_AT)
    assert all(0 <= score <= 1 for score in scores)
    ours = next(each for case, each in measures.items() if case.startswith("ours, success@5"))
    assert ours.value > 0.8


def test_a_score_is_the_share_of_questions_whose_person_stands_high_enough() -> None:
    answers = {"1": ["1"], "2": ["x", "2"], "3": ["x"] * 7 + ["3"], "4": []}
    scores = {
        each.case: each.value
        for each in bench_people._scores(
            "ours", lambda text: [frozenset({key}) for key in answers[text]], MEANT
        )
    }
    assert scores == {
        "ours, success@1 of 4": 0.25,
        "ours, success@5 of 4": 0.5,
        "ours, success@1, a": 0.25,
    }


class _no_server:  # noqa: N801 - stands where a function stands
    """PostgreSQL is not there, as on a machine without it."""

    def __init__(self, _made: object) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _Slow:
    """A peer that is slow whatever it takes, since it has no time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, text: str) -> list[str]:
        self.asked.append(text)
        return [text]


def test_a_slow_peer_is_asked_few_questions_and_compared_by_these(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_people, "PEER_S", 1e-9)
    monkeypatch.setattr(bench_people, "FEWEST", 3)
    ours = {str(number): 1.0 if number < 3 else 1e9 for number in range(50)}
    peer = _Slow()
    measures = {each.case: each.value for each in bench_people._peer("it", peer, ours, MEANT)}
    assert peer.asked[:6] == ["0", "0", "1", "1", "2", "2"]
    p50 = measures["it, 3 texts of 1 to 4 letters, p50"]
    assert measures["it: ours is faster, p50"] == p50
    assert measures["it, success@1 of 1"] == 1
