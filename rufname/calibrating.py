"""Measures what contacts and calls cost on this machine, at several sizes.

Law: the real programs on made-up contacts, in a folder of its own that is removed. CPU time is
counted, not time that passes, so that other work on the machine disturbs little; only latencies
depend on it. What a question costs is asked of all sizes by turns: a processor's pace changes with
its neighbours' work, and would pass for the cost of a size. Servers have the first core, the load
tool the last one.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from engine.index import ContactIndex
from engine.query import CallerQuery, PeopleQuery
from engine.rights import Principal, SourcePolicy
from rufname.costs import CHANGED_SHARE, Calibration, CostPoint, LoadPoint
from rufname.load_driver import Bounds, Outcome, put_load
from rufname.load_line import Line, open_line
from rufname.load_questions import DEFAULT_MIX, Question, draw, parse_mix, sample_pools
from rufname.load_speech import HttpSpeech, LdapSpeech, Speech, basic
from rufname.machine import this_machine
from rufname.programs import Memory, ProgramFailed, cpu_s, last_core, memory
from rufname.sample import contacts
from rufname.sample_numbers import SAMPLE_PLAN
from rufname.trial import BASE, BIND, CLIENT, PASSWORD, SOURCE, Installation, Serving, install

FIT = (4_000, 16_000, 48_000)
CHECK = (8_000, 32_000, 72_000)
"""Sizes: the model is fitted on the first, and has to foretell the second, the largest by half."""

CALLS, RATE, CONNECTIONS = 300, 400.0, 8
SEARCHES, SEARCH_RATE = 100, 150.0
HOUR_CALLS, HOUR_SEARCHES, HOUR_RATE = 1_200, 400, 1_000.0
"""What is asked before memory is read: look-ups over LDAP and as many over HTTP, searches. So do
some two thousand users in an hour; here at once."""

SLICES = 4
"""So often each size is asked; the cheapest counts: what disturbs a run only makes it dearer."""

DISTINCT_TEXTS = 400
CURVE_RATES = (100.0, 300.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0)
CURVE_S = 2.0
IDLE_S = 1.0
ASKED_IN_ENGINE = 2_000
MOST_SECONDS = 120.0

Tell = Callable[[str], None]


def calibrate(
    folder: Path | None,
    tell: Tell,
    fit: Sequence[int] = FIT,
    check: Sequence[int] = CHECK,
    *,
    quick: bool = False,
) -> Calibration:
    """Measure every size.

    Args:
        folder: where the made-up installations are put meanwhile; None: the temporary folder.
        tell: told what is being measured.
        fit: sizes to fit the model on, at least two.
        check: sizes that the model does not see.
        quick: ask half as often, and for half as long at each rate.

    Raises:
        ProgramFailed: a program that was to be measured did not run.
        LoadRefused: it did not answer.
    """
    load = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    counts = sorted({*fit, *check})
    points: dict[int, CostPoint] = {}
    with ExitStack() as kept:
        sizes = []
        for place, count in enumerate(counts, 1):
            tell(f"{count:,} contacts ({place} of {len(counts)})")
            made = TemporaryDirectory(prefix="rufname-capacity-", dir=folder)
            sizes.append(_read(Path(kept.enter_context(made)), count))
        tell("look-ups and searches")
        servings = [kept.enter_context(size.installation.serving()) for size in sizes]
        kept.enter_context(_on_last_core())
        asked = _ask_by_turns(sizes, servings, SLICES // 2 if quick else SLICES)
        for size, costs in zip(sizes, asked, strict=True):
            points[size.count] = CostPoint(contacts=size.count, **size.costs, **costs)
        largest = counts.index(max(fit))
        seconds = CURVE_S / 2 if quick else CURVE_S
        curve = tuple(_curve(sizes[largest], servings[largest], seconds))
    return Calibration(
        machine=this_machine(),
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        points=tuple(points[count] for count in sorted(fit)),
        held_out=tuple(points[count] for count in sorted(check)),
        curve=curve,
        load_by_cores=round(load, 2),
    )


class _Size(msgspec.Struct, frozen=True):
    """One size that was read and kept: where it stands, and what that cost (`CostPoint`)."""

    installation: Installation
    count: int
    costs: dict[str, float]


def _read(folder: Path, count: int) -> _Size:
    """Read, change and rebuild one size in an empty folder, and serve it for an hour's questions.

    Alone: memory that all processes of this program share would be shared out among more of them.
    """
    installation = install(folder, count)
    first = installation.sync()
    installation.write_contacts(count, changed=1)
    reread = installation.sync()
    installation.write_contacts(count, changed=count // CHANGED_SHARE)
    changed = installation.sync()
    installation.drop_index()
    rebuild = installation.sync()
    costs = {
        "sync_s": first.seconds,
        "sync_cpu_s": first.cpu_s,
        "sync_peak_mib": first.own_peak_mib,
        "reread_cpu_s": reread.cpu_s,
        "changed_cpu_s": changed.cpu_s,
        "rebuild_cpu_s": rebuild.cpu_s,
        "store_mib": installation.disk_mib("contacts.sqlite"),
        "index_mib": installation.disk_mib("index"),
    }
    costs["caller_cpu_us"], costs["people_cpu_us"] = _engine_us(installation, count)
    size = _Size(installation, count, costs)
    with installation.serving() as serving, _on_last_core():
        costs["idle_cpu_share"] = _idle_share(serving)
        worker, everything = _memory(size, serving)
    costs["worker_own_mib"] = worker.own
    costs["rest_own_mib"] = everything.own - worker.own
    costs["mapped_mib"] = everything.mapped
    return size


def _ask_by_turns(
    sizes: Sequence[_Size], servings: Sequence[Serving], times: int
) -> tuple[dict[str, float], ...]:
    """Return the workers' CPU time of a question of each kind, in microseconds, for each size."""
    found: tuple[dict[str, float], ...] = tuple({} for _ in sizes)
    callers = [draw(sample_pools(size.count), parse_mix(DEFAULT_MIX)) for size in sizes]
    for _ in range(times):
        for size, serving, questions, costs in zip(sizes, servings, callers, found, strict=True):
            for name, cpu_us in (
                ("ldap_cpu_us", _ask_ldap(size, serving, questions, RATE, CALLS)[0]),
                ("http_cpu_us", _ask_http(size, serving, questions, RATE, CALLS)),
                ("search_cpu_us", _ask_searches(size, serving, SEARCHES)),
            ):
                costs[name] = min(cpu_us, costs.get(name, inf))
    return found


def typed_texts(count: int, most: int = DISTINCT_TEXTS) -> list[str]:
    """Return what people type: three to six letters of a surname, some with a given name's."""
    texts = []
    for place, made in enumerate(islice(contacts(count), 0, None, max(1, count // (2 * most)))):
        words = [word for word in made.name.split() if word.isalpha() and len(word) > 2]  # noqa: PLR2004
        if words:
            begin = words[-1][: 3 + place % 4]
            texts.append(begin if place % 3 else f"{begin} {words[0][:2]}")
    return list(dict.fromkeys(texts))


def _engine_us(installation: Installation, count: int) -> tuple[float, float]:
    """Return the CPU time of a look-up and of a search, in microseconds."""
    index = ContactIndex.open(installation.index_dir, {SOURCE: SourcePolicy(SOURCE)})
    asker = Principal(name=CLIENT, kind="client")
    user = Principal(name="bench", kind="user")
    questions = list(islice(draw(sample_pools(count), parse_mix(DEFAULT_MIX)), ASKED_IN_ENGINE))
    calls = [CallerQuery(each.number, SAMPLE_PLAN, asker) for each in questions]
    searches = [PeopleQuery(text, user) for text in typed_texts(count)]
    gc.collect()
    try:
        return (
            _cpu_us(lambda: [index.caller(query) for query in calls]) / len(calls),
            _cpu_us(lambda: [index.people(query) for query in searches]) / len(searches),
        )
    finally:
        index.close()


def _cpu_us(ask: Callable[[], object]) -> float:
    ask()  # once for the pages of the index
    spent = []
    for _ in range(SLICES):
        started = time.process_time()
        ask()
        spent.append(time.process_time() - started)
    return min(spent) * 1e6


def _idle_share(serving: Serving) -> float:
    before, started = sum(map(cpu_s, serving.pids)), time.perf_counter()
    time.sleep(IDLE_S)
    return (sum(map(cpu_s, serving.pids)) - before) / (time.perf_counter() - started)


def _memory(size: _Size, serving: Serving) -> tuple[Memory, Memory]:
    """Return the memory of the LDAP worker and of all processes after an hour's questions.

    Of the index it has what these touched: the kernel's cache is emptied of it before.
    """
    size.installation.forget_index()
    questions = draw(sample_pools(size.count), parse_mix(DEFAULT_MIX))
    _ask_ldap(size, serving, questions, HOUR_RATE, HOUR_CALLS)
    _ask_http(size, serving, questions, HOUR_RATE, HOUR_CALLS)
    _ask_searches(size, serving, HOUR_SEARCHES)
    return memory([serving.ldap_worker]), memory(serving.pids)


def _ask_ldap(
    size: _Size, serving: Serving, questions: Iterator[Question], rate: float, calls: int
) -> tuple[float, Outcome]:
    def speech() -> Speech:
        return LdapSpeech(BIND, PASSWORD.encode(), BASE, ("telephoneNumber",))

    ports = (size.installation.ldap_port, serving.ldap_worker)
    return _asked(ports, speech, questions, rate, calls)


def _ask_http(
    size: _Size, serving: Serving, questions: Iterator[Question], rate: float, calls: int
) -> float:
    def speech() -> Speech:
        return HttpSpeech("127.0.0.1", basic(CLIENT, PASSWORD.encode()))

    ports = (size.installation.http_port, serving.http_worker)
    return _asked(ports, speech, questions, rate, calls)[0]


def _ask_searches(size: _Size, serving: Serving, searches: int) -> float:
    """Search for texts, each once if there are so many; return the CPU time of one."""
    token = size.installation.session()

    def speech() -> Speech:
        return HttpSpeech("127.0.0.1", f"Bearer {token}", search=True)

    texts = cycle(typed_texts(size.count, searches))
    questions = (Question("known", text, None) for text in texts)
    ports = (size.installation.http_port, serving.http_worker)
    return _asked(ports, speech, questions, SEARCH_RATE, searches)[0]


def _curve(size: _Size, serving: Serving, seconds: float) -> Iterator[LoadPoint]:
    """Give look-ups at rising rates, until the worker or the load tool does not keep up."""
    questions = draw(sample_pools(size.count), parse_mix(DEFAULT_MIX))
    for rate in CURVE_RATES:
        calls = int(rate * seconds)
        cpu_us, outcome = _ask_ldap(size, serving, questions, rate, calls)
        per_s = outcome.answered / outcome.seconds
        yield LoadPoint(per_s, outcome.latency.p50_ms, outcome.latency.p99_ms, cpu_us)
        if per_s < rate * 0.9:
            return


def _asked(
    port_and_pid: tuple[int, int],
    speech: Callable[[], Speech],
    questions: Iterator[Question],
    rate: float,
    calls: int,
) -> tuple[float, Outcome]:
    """Put a load; return the process's CPU time a call, and what came back.

    Raises:
        ProgramFailed: a question was not answered, or wrongly: such a figure means nothing.
    """
    port, pid = port_and_pid

    def connect() -> Line:
        return open_line(("127.0.0.1", port), speech())

    before = cpu_s(pid)
    outcome = put_load(connect, questions, Bounds(rate, MOST_SECONDS, calls, CONNECTIONS))
    spent = cpu_s(pid) - before
    wrong = sum(each.other for each in outcome.kinds.values())
    if outcome.faults or wrong or (outcome.stopped and not outcome.answered):
        raise ProgramFailed(
            f"calibration: {wrong} wrong names, faults {outcome.faults}, {outcome.stopped};"
            f" {'; '.join(outcome.examples)}"
        )
    return spent / max(1, outcome.answered) * 1e6, outcome


@contextmanager
def _on_last_core() -> Iterator[None]:
    """Keep this process on the last core for a `with` block."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {last_core()})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
