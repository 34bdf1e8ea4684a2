"""How long does the engine take to put a name to a number?

`pytest bench/bench_caller.py` gives pytest-benchmark's table; `measure` adds the percentiles of
single calls, which pytest-benchmark does not have. Every answer is asserted.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import msgspec
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import prepared
from bench.directory import SBC, commit_small_changes, open_index
from bench.questions import Asked, Questions, draw
from bench.report import Goal, Measure
from engine.index import ContactIndex
from engine.query import CallerQuery
from rufname.latency import percentile
from rufname.sample import contacts
from rufname.sample_numbers import SAMPLE_PLAN

QUESTION = "caller lookup, engine"
CASES = ("hits", "spelled", "written", "shared", "trunks", "tails", "misses", "nowhere")
"""Asked once each: the engine remembers its newest answers, which must not be measured here."""

REPEATED = 100
"""So many hits are asked again and again, as real callers do; extensions too, of which are few."""

SMALL_COMMITS = 40
CHANGED_ROWS = 1_000

P50_GOAL_US = 20.0
P99_GOAL_US = 100.0
MISS_GOAL_US = 30.0
"""The median of a number that nobody has, through all classes."""

GOALS = {
    "hits": (P50_GOAL_US, P99_GOAL_US),
    "shared": (P50_GOAL_US, P99_GOAL_US),
    "trunks": (P50_GOAL_US, P99_GOAL_US),
    "tails": (P50_GOAL_US, P99_GOAL_US),
    "misses": (MISS_GOAL_US, P99_GOAL_US),
    "nowhere": (MISS_GOAL_US, P99_GOAL_US),
}
"""Median and 99th percentile of the cases that have goals."""

MILLION = 1_000_000


def ask(index: ContactIndex, asked: Asked) -> str:
    """Return the name the engine gives, "" for nobody."""
    match = index.caller(CallerQuery(asked.number, SAMPLE_PLAN, SBC))
    return match.name if match else ""


def check(index: ContactIndex, case: Sequence[Asked]) -> None:
    """Ask all questions of a case once.

    Raises:
        AssertionError: a wrong name; the question and both names.
    """
    for asked in case:
        name = ask(index, asked)
        assert name == asked.name, f"{asked.number!r}: expected {asked.name!r}, got {name!r}"


def sample_us(index: ContactIndex, case: Sequence[Asked], calls: int) -> list[float]:
    """Return the times of at most `calls` calls in microseconds, ascending; answers are checked."""
    times = []
    questions = [
        (CallerQuery(asked.number, SAMPLE_PLAN, SBC), asked.name) for asked in case[:calls]
    ]
    gc.collect()
    gc.freeze()  # as the workers do
    try:
        for query, name in questions:
            started = perf_counter_ns()
            match = index.caller(query)
            times.append((perf_counter_ns() - started) / 1_000)
            assert (match.name if match else "") == name, query.number
    finally:
        gc.unfreeze()
    return sorted(times)


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give p50 and p99 of every case, before and after small commits."""
    calls = 2_000 if quick else 20_000
    prepared.directory(folder, count)
    questions = draw(contacts(count), one_in=max(1, count // 100_000))
    index = open_index(folder)
    yield from _measure_cases(index, questions, calls, "")
    commit_small_changes(folder, contacts(min(count, CHANGED_ROWS)), SMALL_COMMITS)
    assert index.refresh()
    yield from _measure_cases(index, questions, calls, f", after {SMALL_COMMITS} small commits")
    index.close()


def measure_million(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the same for a million contacts, whatever the run's own number: minutes to build."""
    del count
    for each in measure(MILLION, folder, quick=quick):
        yield msgspec.structs.replace(each, case=f"{each.case}, {MILLION:,} contacts")


def _measure_cases(
    index: ContactIndex, questions: Questions, calls: int, suffix: str
) -> Iterator[Measure]:
    for name, case in _cases(questions, calls).items():
        times = sample_us(index, case, calls)
        goal: Goal = "at most" if name in GOALS else ""
        p50, p99 = GOALS.get(name, (0.0, 0.0))
        label = f"{name}{suffix}"
        yield Measure(QUESTION, f"{label}, p50", percentile(times, 0.5), "µs", goal, p50)
        yield Measure(QUESTION, f"{label}, p99", percentile(times, 0.99), "µs", goal, p99)


def _cases(questions: Questions, calls: int) -> dict[str, Sequence[Asked]]:
    """Return every case by name; those that are repeated hold the same questions many times."""
    cases: dict[str, Sequence[Asked]] = {
        name: _distinct(getattr(questions, name)) for name in CASES
    }
    for name, few in (
        (f"{REPEATED} hits repeated", questions.hits[:REPEATED]),
        ("extensions repeated", questions.extensions),
    ):
        cases[name] = [asked for _, asked in zip(range(calls), cycle(few), strict=False)]
    return cases


def _distinct(case: Sequence[Asked]) -> Sequence[Asked]:
    """Leave out what was asked before."""
    return list(dict.fromkeys(case))


@pytest.fixture(scope="module")
def directory() -> Iterator[tuple[ContactIndex, Questions]]:
    """A filled index, and what to ask of it; BENCH_CONTACTS sets the size."""
    count = int(os.environ.get("BENCH_CONTACTS", "100000"))
    with TemporaryDirectory(prefix="rufname-bench-") as folder:
        prepared.directory(Path(folder), count)
        index = open_index(Path(folder))
        yield index, draw(contacts(count))
        index.close()


@pytest.mark.parametrize("name", CASES)
def test_caller(
    benchmark: BenchmarkFixture, directory: tuple[ContactIndex, Questions], name: str
) -> None:
    """One look-up, another number each time; the first answers of the case are asserted before."""
    index, questions = directory
    case = _distinct(getattr(questions, name))
    check(index, case[:5_000])
    following = cycle([CallerQuery(asked.number, SAMPLE_PLAN, SBC) for asked in case])
    benchmark(lambda: index.caller(next(following)))
