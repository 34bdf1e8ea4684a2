"""How long does one spelling of a number take, in our own rules and in libphonenumber?

Three questions: live, the spellings that Session Border Controllers and phones send, one by one;
import, whole phone fields as the made-up company's sources write them, dirt and all, in numbers a
second of one core; and how often each is right where both can be. Both get the same texts in the
same run. libphonenumber does not know dial plans, so extensions and local numbers are not its
business: it is told the region only, and it gets the fields already split.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import phonenumbers
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.report import Measure
from engine.phone import normalise, split_numbers
from engine.phonefields import read_field
from rufname.sample import contacts, questions
from rufname.sample_numbers import HOME_AREA, OWN_TRUNK, SAMPLE_PLAN

QUESTION = "reading a spelling"
LIVE = "reading a caller's number"
IMPORT = "reading phone fields"
REGION = "DE"
AGREEMENT_GOAL = 0.9
LIVE_GOAL_US = 3.0
PARAMETERS_GOAL_US = 6.0
IMPORT_GOAL_PER_S = 100_000
REPEATS = 3
"""The fastest of so many runs counts: what disturbs a run only makes it slower."""

BATCH = 50
"""Calls timed at once: the clock itself takes a tenth of a call."""

Spelling = tuple[str, str]
"""As written, and the true E.164 digits."""

LIVE_SPELLINGS: dict[str, tuple[Callable[[str], str], float]] = {
    "+E.164": (lambda digits: f"+{digits}", LIVE_GOAL_US),
    "E.164 without +": (lambda digits: digits, LIVE_GOAL_US),
    "00": (lambda digits: f"00{digits}", LIVE_GOAL_US),
    "national": (lambda digits: f"0{digits[2:]}", LIVE_GOAL_US),
    "spaced": (lambda digits: f"+49 {digits[2:5]} {digits[5:]}", LIVE_GOAL_US),
    "(0) and hyphen": (lambda digits: f"+49 (0){digits[2:5]} {digits[5:9]}-{digits[9:]}", 3.0),
    "tel:": (lambda digits: f"tel:+{digits}", LIVE_GOAL_US),
    "sip:": (lambda digits: f"sip:+{digits}@sbc.example;user=phone", LIVE_GOAL_US),
    "tel: with parameters": (
        lambda digits: f"tel:+{digits};phone-context=sbc.example", PARAMETERS_GOAL_US
    ),
    "sip: with parameters": (
        lambda digits: f"sip:+{digits};npdi@sbc.example:5060;user=phone", PARAMETERS_GOAL_US
    ),
}  # fmt: skip


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


def german_numbers(count: int) -> list[str]:
    """Return E.164 digits of a sample's German numbers, at most `count`."""
    numbers = (number[1:] for made in contacts(count) for number, _ in questions(made))
    return list(islice((each for each in numbers if each.startswith("49")), count))


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


def own_fields(fields: Sequence[str]) -> int:
    """Read fields by the engine's rules; return how many numbers they hold."""
    return sum(len(read_field(field, SAMPLE_PLAN).numbers) for field in fields)


def peer_fields(fields: Sequence[str]) -> int:
    """Read fields by libphonenumber; return how many numbers it takes for some."""
    return sum(peer(part) != "" for field in fields for part in split_numbers(field))


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the times of each and how often each is right; `folder` is not used."""
    del folder
    count = min(count, 1_000 if quick else 20_000)
    yield from _live(german_numbers(min(count, 2_000)))
    yield from _import([line.written for made in contacts(count) for line in made.lines])
    texts = spellings(count)
    own_us, own_right = min(_run(own, texts) for _ in range(REPEATS))
    peer_us, peer_right = min(_run(peer, texts) for _ in range(REPEATS))
    assert own_right == 1.0
    yield Measure(QUESTION, "engine.phone", own_us, "µs")
    yield Measure(QUESTION, "phonenumberslite parse + format", peer_us, "µs")
    yield Measure(QUESTION, "libphonenumber's time by ours", peer_us / own_us, "ratio")
    yield Measure(QUESTION, "engine.phone, right", own_right, "share")
    yield Measure(QUESTION, "phonenumberslite, right", peer_right, "share")


def _live(numbers: Sequence[str]) -> Iterator[Measure]:
    """Give the median of each spelling, and libphonenumber's on the same texts."""
    for case, (spell, goal_us) in LIVE_SPELLINGS.items():
        texts = [spell(digits) for digits in numbers]
        assert list(map(own, texts)) == list(numbers)
        own_us = _median_us(own, texts)
        yield Measure(LIVE, f"{case}, median", own_us, "µs", "at most", goal_us)
        yield Measure(LIVE, f"{case}, libphonenumber's by ours", _median_us(peer, texts) / own_us,
                      "ratio")  # fmt: skip
    extensions = [f"{number:03}" for number in range(200, 900)]
    assert own(extensions[0]) == f"{OWN_TRUNK}200"
    yield Measure(
        LIVE, "extension, median", _median_us(own, extensions), "µs", "at most", LIVE_GOAL_US
    )


def _import(fields: Sequence[str]) -> Iterator[Measure]:
    """Give the numbers read in a second of one core's time."""
    own_rate = max(_rate(own_fields, fields) for _ in range(REPEATS))
    peer_rate = max(_rate(peer_fields, fields) for _ in range(REPEATS))
    yield Measure(IMPORT, "engine.phonefields", own_rate, "1/s", "at least", IMPORT_GOAL_PER_S)
    yield Measure(IMPORT, "phonenumberslite parse + format", peer_rate, "1/s")
    yield Measure(IMPORT, "our rate by libphonenumber's", own_rate / peer_rate, "ratio")


def _rate(read: Callable[[Sequence[str]], int], fields: Sequence[str]) -> float:
    started = process_time()
    numbers = read(fields)
    spent = process_time() - started
    assert numbers > len(fields) * AGREEMENT_GOAL
    return numbers / spent


def _median_us(read: Callable[[str], str], texts: Sequence[str]) -> float:
    """Return the median time of one call, over batches, each text once a round."""
    times = []
    for _ in range(REPEATS):
        for begin in range(0, len(texts), BATCH):
            batch = texts[begin : begin + BATCH]
            started = perf_counter()
            for text in batch:
                read(text)
            times.append((perf_counter() - started) / len(batch) * 1e6)
    return median(times)


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
