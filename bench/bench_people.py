"""How fast, and how well, does people search find whom somebody types?

Ours, SQLite FTS5 and PostgreSQL pg_trgm answer the same texts over the same contacts in one run:
ten decoded, grouped hits from ours, ten keys from the peers. The relevance set says who was meant.
Python looks for no garbage meanwhile, as in the workers, which do so in quiet seconds
(`rufname.garbage`): none of the times is a collection's, which no question waits for there.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from math import ceil, inf
from pathlib import Path
from time import perf_counter_ns

import msgspec

from bench import prepared
from bench.directory import open_index
from bench.people_peers import Fts5, Peer, trigrams
from bench.people_questions import (
    Meant,
    draw_meant,
    misspelt_words,
    two_words,
    two_words_typed_on,
    typed_on,
    typed_prefixes,
)
from bench.report import Goal, Measure
from engine.index import ContactIndex
from engine.query import PeopleQuery
from engine.rights import Principal
from rufname.latency import percentile
from rufname.sample import contacts

QUESTION = "people search"
ASKER = Principal("anna", "user", groups=("sales",))
"""Who asks: a user who sees both sources, through her rights."""

MILLION = 1_000_000
SUCCESS_AT = {1: 0.90, 5: 0.98}
MOST_US = 50_000.0

GOALS = {
    "one letter": (0.0, 5_000.0),
    "2 to 8 letters": (250.0, 1_000.0),
    "2 to 8 letters, typed on": (250.0, 1_000.0),
    "two words": (200.0, 0.0),
    "two words, typed on": (200.0, 0.0),
    "one typo": (0.0, 10_000.0),
}
"""Case → p50 and p99 in microseconds of texts asked for the first time, 0 for told only.

Texts in mixed order find people of whom hardly any was shown before; those "typed on" come as a
search box asks for them, each one letter longer than the one before.
"""

FASTER = 20.0
"""How many times faster than each peer, at the median of one to four letters."""

PEER_S, FEWEST = 60.0, 20
"""Seconds for which each peer is asked short texts, and about as long for the relevance set; and
questions that it is asked at the least. Two seconds a question are an hour otherwise."""

HOSTILE = (
    "*", "?" * 300, "a*" * 100, "%", "_", "\\", '"', "' OR 1=1 --", "(" * 500, "a " * 500,
    " ".join(f"wort{n}" for n in range(500)), "\x00" * 50, "mei\x00er", "\U0001f600" * 200,
    "שרה לוי", "ليلى حداد", "\u202emeier", "e\u0301" * 300, "\ufdfa" * 200, "1" * 300, "+",
    "+49", "000", "0049 (0) 89", "a", "e", "s", "aa", "mm", "meier " * 50, "q" * 12,
    "abcdefghijklmnop" * 20, "schmidt mueller meier schulze", "zzzz zzzz", "maximilien alexandre",
    "ß" * 100, "\u0130" * 100,
)  # fmt: skip
"""What nobody means and somebody types."""


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give times of every case, the peers' beside them, and the scores of the relevance set."""
    prepared.directory(folder, count)
    index = open_index(folder)
    calls = 300 if quick else 2_000
    cases = _cases(count, calls)
    meant = draw_meant(contacts(min(count, MILLION)), each=5 if quick else 40)
    short = cases["1 to 4 letters"][: 60 if quick else 200]
    gc.collect()
    gc.freeze()
    gc.disable()  # as the workers do
    try:
        yield from _times(index, cases)
        ours = _again_us(lambda text: _find(index, text), short)
        yield from _scores("ours", lambda text: _find(index, text), meant, goal=True)
        gc.enable()
        yield from _beside(folder, count, ours, meant)
    finally:
        gc.enable()
        gc.unfreeze()
        index.close()


def measure_million(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the same for a million contacts, whatever the run's own number: minutes to build."""
    del count
    for each in measure(MILLION, folder, quick=quick):
        yield msgspec.structs.replace(each, case=f"{each.case}, {MILLION:,} contacts")


def _cases(count: int, calls: int) -> dict[str, Sequence[str]]:
    few = min(count, 100_000)
    return {
        "one letter": [letter for letter in "abcdefghijklmnoprstuvwz" for _ in range(5)],
        "2 to 8 letters": typed_prefixes(contacts(few), range(2, 9), calls),
        "1 to 4 letters": typed_prefixes(contacts(few), range(1, 5), calls),
        "2 to 8 letters, typed on": typed_on(contacts(few), range(2, 9), calls),
        "two words": two_words(contacts(few), calls),
        "two words, typed on": two_words_typed_on(contacts(few), calls),
        "one typo": misspelt_words(contacts(few), calls // 4),
        "hostile texts": HOSTILE,
    }


def _find(index: ContactIndex, text: str) -> list[frozenset[str]]:
    """Return the keys of the records of each hit, best first."""
    page = index.people(PeopleQuery(text, ASKER))
    return [frozenset(record.key for record in hit.records) for hit in page.hits]


def _times(index: ContactIndex, cases: dict[str, Sequence[str]]) -> Iterator[Measure]:
    for name, texts in cases.items():
        first, times = _sample_us(lambda text: index.people(PeopleQuery(text, ASKER)), texts)
        p50, p99 = GOALS.get(name, (0.0, 0.0))
        yield _timed(f"{name}, asked for the first time, p50", percentile(first, 0.5), p50)
        if name == "hostile texts":
            yield _timed(f"{name}, longest", first[-1], MOST_US)
        else:
            yield _timed(f"{name}, asked for the first time, p99", percentile(first, 0.99), p99)
        yield _timed(f"{name}, asked again, p50", percentile(times, 0.5), 0.0)
        yield _timed(f"{name}, asked again, p99", percentile(times, 0.99), 0.0)


def _timed(case: str, value: float, limit: float) -> Measure:
    goal: Goal = "at most" if limit else ""
    return Measure(QUESTION, case, value, "µs", goal, limit)


def _sample_us(
    ask: Callable[[str], object], texts: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Return the times of each question in microseconds, ascending: for the first time, and again.

    Whoever types on finds the same records again, which all of these programs remember somewhere.
    """
    first, again = [], []
    for text in texts:
        started = perf_counter_ns()
        ask(text)
        between = perf_counter_ns()
        ask(text)
        first.append((between - started) / 1_000)
        again.append((perf_counter_ns() - between) / 1_000)
    return sorted(first), sorted(again)


def _again_us(
    ask: Callable[[str], object], texts: Iterable[str], most_s: float = inf
) -> dict[str, float]:
    """Return the time of each question in microseconds, asked once more, in their order.

    Whoever needs longer than so many seconds is asked no more, but for the first few.
    """
    times: dict[str, float] = {}
    end = perf_counter_ns() + most_s * 1e9
    for text in texts:
        if len(times) >= FEWEST and perf_counter_ns() > end:
            break
        ask(text)
        started = perf_counter_ns()
        ask(text)
        times[text] = (perf_counter_ns() - started) / 1_000
    return times


def _scores(
    name: str,
    find: Callable[[str], Sequence[frozenset[str]]],
    meant: Sequence[Meant],
    *,
    goal: bool = False,
) -> Iterator[Measure]:
    """Give the shares of questions whose person is the first hit, and among the first five."""
    places: dict[str, list[int]] = {}
    for question in meant:
        hits = find(question.text)
        place = next((at for at, keys in enumerate(hits, 1) if keys & question.keys), 0)
        places.setdefault(question.kind, []).append(place)
    everything = [place for kind in places.values() for place in kind]
    for most, limit in SUCCESS_AT.items():
        yield Measure(
            QUESTION,
            f"{name}, success@{most} of {len(everything)}",
            _share(everything, most),
            "",
            "at least" if goal else "",
            limit,
        )
    for kind, found in places.items():
        yield Measure(QUESTION, f"{name}, success@1, {kind}", _share(found, 1), "")


def _share(places: Sequence[int], most: int) -> float:
    return sum(1 for place in places if 0 < place <= most) / len(places)


def _beside(
    folder: Path, count: int, ours: dict[str, float], meant: Sequence[Meant]
) -> Iterator[Measure]:
    """Give the peers' figures over the same contacts."""
    with closing(Fts5(folder / "fts5.sqlite", contacts(count))) as fts5:
        yield from _peer("SQLite FTS5", fts5, ours, meant)
    with trigrams(contacts(count)) as peer:
        if peer is not None:
            yield from _peer("PostgreSQL pg_trgm", peer, ours, meant)


def _peer(
    name: str, peer: Peer, ours: dict[str, float], meant: Sequence[Meant]
) -> Iterator[Measure]:
    """Ask a peer as long as it may take, and set it beside ours over the same questions.

    The texts stand in mixed order; of the relevance set a slow peer is asked a few of every kind.
    """
    times = _again_us(peer.find, ours, PEER_S)
    p50 = percentile(sorted(times.values()), 0.5)
    ours_us = percentile(sorted(ours[text] for text in times), 0.5)
    yield Measure(QUESTION, f"{name}, {len(times)} texts of 1 to 4 letters, p50", p50, "µs")
    yield Measure(QUESTION, f"{name}: ours is faster, p50", p50 / ours_us, "×", "at least", FASTER)
    each_s = sum(times.values()) / len(times) / 1e6
    asked = meant[:: ceil(len(meant) * each_s / PEER_S) or 1]
    yield from _scores(name, lambda text: [frozenset({key}) for key in peer.find(text)], asked)
