"""What a question may cost, in counts and ratios: never in bare seconds, which machines differ in.

Each bound stands beside what was counted on 2026-11-26 (4,000 made-up contacts); it leaves about a
quarter. A change that needs more raises the bound and says why in its commit.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import pytest

from bench.directory import SBC, fill, open_index
from bench.questions import Asked, Questions, draw
from bench.report import yardstick_ms
from engine.client import Client
from engine.index import ContactIndex
from engine.query import CallerQuery, PeopleQuery
from engine.rights import Principal
from ldapd.protocol.client import encode_search
from ldapd.protocol.filters import Equality
from ldapd.protocol.requests import DecodeLimits, decode_message
from rufname.calibrating import typed_texts
from rufname.sample import contacts
from rufname.sample_numbers import SAMPLE_PLAN
from tests.ldapd.asking import handler_of, octets_of, peer_of

COUNT = 4_000
MOST = 200
CLIENT = Client(name="sbc", bind="cn=sbc,dc=meta", plan=SAMPLE_PLAN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guard")
    fill(made, contacts(COUNT))
    return made


@pytest.fixture
def index(folder: Path) -> Iterator[ContactIndex]:
    """The index opened anew: it remembers no answer of another test."""
    opened = open_index(folder)
    opened.caller(CallerQuery("+490123456789", SAMPLE_PLAN, SBC))  # a region's rules load once
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def questions() -> Questions:
    return draw(contacts(COUNT))


def _counted(ask: Callable[[], object]) -> Counter[str]:
    """Count calls of Python functions, of C functions, and of readers of the index by name."""
    counts: Counter[str] = Counter()

    def note(_frame: FrameType, event: str, called: object) -> None:
        if event == "call":
            counts["python"] += 1
        elif event == "c_call":
            counts["c"] += 1
            owner = type(getattr(called, "__self__", None)).__name__
            if owner in {"Searcher", "Cursor"}:
                counts[f"{owner}.{getattr(called, '__name__', '')}"] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(before)
    return counts


def _queries(case: Sequence[Asked]) -> list[CallerQuery]:
    """Return the case's first questions, each number once: no answer is remembered."""
    distinct = list(dict.fromkeys(case))[:MOST]
    assert distinct
    return [CallerQuery(asked.number, SAMPLE_PLAN, SBC) for asked in distinct]


@pytest.mark.parametrize(
    ("case", "calls", "reads"),
    [
        ("hits", 38, 1.1),  # counted: 30.0 calls, 1 key read
        ("spelled", 49, 1.1),  # 39.0, 1
        ("shared", 44, 1.3),  # 35.0, 1.2
        ("trunks", 82, 3.2),  # 65.0, 3
        ("tails", 83, 3.2),  # 66.1, 3
        ("misses", 55, 2.1),  # 44.1, 2
        ("nowhere", 63, 3.2),  # 50.0, 3
        ("extensions", 42, 1.1),  # 33.2, 1
    ],
)
def test_a_look_up_takes_a_known_number_of_calls_and_reads_and_no_search(
    index: ContactIndex, questions: Questions, case: str, calls: float, reads: float
) -> None:
    queries = _queries(getattr(questions, case))
    counts = _counted(lambda: [index.caller(query) for query in queries])
    keys = counts["Cursor.set_key"] + counts["Cursor.set_range"]
    assert 1 <= (counts["python"] + counts["c"]) / len(queries) <= calls
    assert 1 <= keys / len(queries) <= reads
    assert not [name for name in counts if name.startswith("Searcher")]


def test_a_search_takes_a_known_number_of_queries_and_documents(index: ContactIndex) -> None:
    asker = Principal("anna", "user", groups=("sales",))
    queries = [PeopleQuery(text, asker) for text in typed_texts(COUNT, 100)]
    counts = _counted(lambda: [index.people(query) for query in queries])
    assert 1 <= counts["Searcher.search"] / len(queries) <= 3.5  # counted: 2.7
    assert not counts["Searcher.doc"]  # contacts are read from the table beside the index
    assert 1 <= counts["Cursor.getmulti"] / len(queries) <= 3.3  # counted: 2.6
    assert 1 <= (counts["python"] + counts["c"]) / len(queries) <= 910  # counted: 725


def test_an_ldap_look_up_takes_a_known_number_of_calls(
    index: ContactIndex, questions: Questions
) -> None:
    handler, peer = handler_of(index, clients=(CLIENT,)), peer_of(CLIENT)
    limits = DecodeLimits()
    asked = list(dict.fromkeys(questions.hits))[:MOST]
    requests = [
        encode_search(
            7, "dc=meta", Equality("telephoneNumber", each.number.encode()), ("displayName",)
        )
        for each in asked
    ]
    answers: list[bytes] = []

    def ask() -> None:
        for octets in requests:
            message = decode_message(octets, 2, len(octets), limits)
            answers.append(octets_of(handler.handle(peer, message)))

    counts = _counted(ask)
    for each, answer in zip(asked, answers, strict=True):
        assert each.name.encode() in answer
    assert 1 <= (counts["python"] + counts["c"]) / len(requests) <= 181  # counted: 144.8


def test_a_look_up_keeps_nothing_and_needs_little_memory(
    index: ContactIndex, questions: Questions
) -> None:
    queries = [CallerQuery(each.number, SAMPLE_PLAN, SBC) for each in questions.spelled[:1_000]]
    index.caller(queries[0])
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for query in queries[:50]:
            index.caller(query)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak <= 64 * 1024  # counted: 4 KiB, 36 KiB with the remembered answers of the index
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(3):
        for query in queries:
            index.caller(query)
    gc.collect()
    kept = (sys.getallocatedblocks() - blocks) / (3 * len(queries))
    assert kept < 20  # what the index remembers of its newest answers, and no more for each call


def test_a_contact_takes_a_known_number_of_octets_on_disk(folder: Path) -> None:
    store = (folder / "contacts.sqlite").stat().st_size / COUNT
    files = [each for each in (folder / "index").rglob("*") if each.is_file()]
    index = sum(each.stat().st_size for each in files) / COUNT
    assert 100 < store <= 450  # counted: 357
    assert 100 < index <= 1_300  # counted: 1,033


def test_a_thousand_look_ups_cost_less_than_the_yardstick(
    index: ContactIndex, questions: Questions
) -> None:
    """A ratio within one run: both are Python on the same core at the same time."""
    queries = [CallerQuery(each.number, SAMPLE_PLAN, SBC) for each in questions.spelled[:1_000]]
    for query in queries:
        index.caller(query)
    ratios = []
    for _ in range(5):
        started = time.thread_time()
        for query in queries:
            index.caller(query)
        ratios.append((time.thread_time() - started) * 1e3 / len(queries) * 1e3 / yardstick_ms())
    assert min(ratios) <= 0.6  # counted: 0.2 to 0.24
