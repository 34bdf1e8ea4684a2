"""How long does one spelling of a number take, in our own rules and in libphonenumber?

Both get the same texts, as the made-up company's sources write them, and both results are compared
with the truth; libphonenumber does not know dial plans, so local numbers and extensions are not its
business and it is told the region only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter

import phonenumbers
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.report import Measure
from engine.phone import normalise
from rufname.sample import contacts
from rufname.sample_numbers import HOME_AREA, SAMPLE_PLAN

QUESTION = "reading a spelling"
REGION = "DE"
AGREEMENT_GOAL = 0.9
REPEATS = 3
"""The fastest of so many runs counts: what disturbs a run only makes it slower."""

Spelling = tuple[str, str]
"""As written, and the true E.164 digits."""


def spellings(count: int) -> list[Spelling]:
    """Return fields with one number of a sample, those that both can read."""
    found = []
    for made in contacts(count):
        for line in made.lines:
            if len(line.truth) == 1 and not line.truth[0].extension:
                local = line.truth[0].digits.removeprefix(f"49{HOME_AREA}")
                if not line.written.replace("-", "").startswith(local):
                    found.append((line.written, line.truth[0].digits))
    return found


def own(written: str) -> str:
    """Read by the engine's rules."""
    return normalise(written, SAMPLE_PLAN).digits


def peer(written: str) -> str:
    """Read by libphonenumber; "" where it refuses."""
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the time of each and how often each is right; `folder` is not used."""
    del folder
    texts = spellings(min(count, 1_000 if quick else 20_000))
    own_us, own_right = min(_run(own, texts) for _ in range(REPEATS))
    peer_us, peer_right = min(_run(peer, texts) for _ in range(REPEATS))
    assert own_right == 1.0
    yield Measure(QUESTION, "engine.phone", own_us, "µs")
    yield Measure(QUESTION, "phonenumberslite parse + format", peer_us, "µs")
    yield Measure(QUESTION, "libphonenumber's time by ours", peer_us / own_us, "ratio")
    yield Measure(QUESTION, "engine.phone, right", own_right, "share")
    yield Measure(QUESTION, "phonenumberslite, right", peer_right, "share")


def _run(read: Callable[[str], str], texts: Sequence[Spelling]) -> tuple[float, float]:
    """Return the mean time in microseconds and the share of right results."""
    started = perf_counter()
    results = [read(written) for written, _ in texts]
    spent = perf_counter() - started
    right = sum(result == truth for result, (_, truth) in zip(results, texts, strict=True))
    return spent / len(texts) * 1e6, right / len(texts)


@pytest.fixture(scope="module")
def texts() -> list[Spelling]:
    return spellings(min(int(os.environ.get("BENCH_CONTACTS", "20000")), 20_000))


@pytest.mark.parametrize(("read", "right"), [(own, 1.0), (peer, AGREEMENT_GOAL)])
def test_normalise(
    benchmark: BenchmarkFixture, texts: list[Spelling], read: Callable[[str], str], right: float
) -> None:
    """One spelling, another each time."""
    assert _run(read, texts)[1] >= right
    following = cycle(written for written, _ in texts)
    benchmark(lambda: read(next(following)))
