"""Measures what contacts and calls cost on this machine, at several sizes.

Law: the real programs on made-up contacts, in a folder of its own that is removed. CPU time is
counted, not time that passes, so that other work on the machine disturbs little; only latencies
depend on it. Servers have the first core, the load tool the last one.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

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
"""So often each question is put; the cheapest counts: what disturbs a run only makes it dearer."""

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
) -> Calibration:
    """Measure every size.

    Args:
        folder: where the made-up installations are put meanwhile; None: the temporary folder.
        tell: told what is being measured.
        fit: sizes to fit the model on, at least two.
        check: sizes that the model does not see.

    Raises:
        ProgramFailed: a program that was to be measured did not run.
        LoadRefused: it did not answer.
    """
    load = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    points: dict[int, CostPoint] = {}
    curve: tuple[LoadPoint, ...] = ()
    for place, count in enumerate(sorted({*fit, *check}), 1):
        tell(f"{count:,} contacts ({place} of {len({*fit, *check})})")
        with TemporaryDirectory(prefix="rufname-capacity-", dir=folder) as made:
            with_curve = count == max(fit)
            points[count], found = measure(Path(made), count, with_curve=with_curve)
            curve = found or curve
    return Calibration(
        machine=this_machine(),
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        points=tuple(points[count] for count in sorted(fit)),
        held_out=tuple(points[count] for count in sorted(check)),
        curve=curve,
        load_by_cores=round(load, 2),
    )


def measure(
    folder: Path, count: int, *, with_curve: bool = False
) -> tuple[CostPoint, tuple[LoadPoint, ...]]:
    """Measure one size in an empty folder; with the curve also look-ups at rising rates."""
    installation = install(folder, count)
    first = installation.sync()
    installation.write_contacts(count, changed=1)
    reread = installation.sync()
    installation.write_contacts(count, changed=count // CHANGED_SHARE)
    changed = installation.sync()
    installation.drop_index()
    rebuild = installation.sync()
    sizes = {part: installation.disk_mib(part) for part in ("contacts.sqlite", "index")}
    caller_us, people_us = _engine_us(installation, count)
    with installation.serving() as serving, _on_last_core():
        idle = _idle_share(serving)
        worker, everything = _memory(installation, serving, count)
        ldap_us = _ldap_us(installation, serving, count)
        http_us = _http_us(installation, serving, count)
        search_us = _search_us(installation, serving, count)
        curve = tuple(_curve(installation, serving, count)) if with_curve else ()
    point = CostPoint(
        contacts=count,
        sync_s=first.seconds,
        sync_cpu_s=first.cpu_s,
        sync_peak_mib=first.own_peak_mib,
        reread_cpu_s=reread.cpu_s,
        changed_cpu_s=changed.cpu_s,
        rebuild_cpu_s=rebuild.cpu_s,
        store_mib=sizes["contacts.sqlite"],
        index_mib=sizes["index"],
        worker_own_mib=worker.own,
        rest_own_mib=everything.own - worker.own,
        mapped_mib=everything.mapped,
        idle_cpu_share=idle,
        caller_cpu_us=caller_us,
        people_cpu_us=people_us,
        ldap_cpu_us=ldap_us,
        http_cpu_us=http_us,
        search_cpu_us=search_us,
    )
    return point, curve


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


def _memory(installation: Installation, serving: Serving, count: int) -> tuple[Memory, Memory]:
    """Return the memory of the LDAP worker and of all processes after an hour's questions.

    Of the index it has what these touched: the kernel's cache is emptied of it before.
    """
    installation.forget_index()
    questions = draw(sample_pools(count), parse_mix(DEFAULT_MIX))
    _ask_ldap(installation, serving, questions, HOUR_RATE, HOUR_CALLS)
    _ask_http(installation, serving, questions, HOUR_RATE, HOUR_CALLS)
    _ask_searches(installation, serving, count, HOUR_SEARCHES)
    return memory([serving.ldap_worker]), memory(serving.pids)


def _ldap_us(installation: Installation, serving: Serving, count: int) -> float:
    """Return the LDAP worker's CPU time a call, in microseconds."""
    questions = draw(sample_pools(count), parse_mix(DEFAULT_MIX))
    asked = (_ask_ldap(installation, serving, questions, RATE, CALLS) for _ in range(SLICES))
    return min(cpu_us for cpu_us, _ in asked)


def _ask_ldap(
    installation: Installation,
    serving: Serving,
    questions: Iterator[Question],
    rate: float,
    calls: int,
) -> tuple[float, Outcome]:
    def speech() -> Speech:
        return LdapSpeech(BIND, PASSWORD.encode(), BASE, ("telephoneNumber",))

    ports = (installation.ldap_port, serving.ldap_worker)
    return _asked(ports, speech, questions, rate, calls)


def _http_us(installation: Installation, serving: Serving, count: int) -> float:
    questions = draw(sample_pools(count), parse_mix(DEFAULT_MIX))
    asked = (_ask_http(installation, serving, questions, RATE, CALLS) for _ in range(SLICES))
    return min(asked)


def _ask_http(
    installation: Installation,
    serving: Serving,
    questions: Iterator[Question],
    rate: float,
    calls: int,
) -> float:
    def speech() -> Speech:
        return HttpSpeech("127.0.0.1", basic(CLIENT, PASSWORD.encode()))

    ports = (installation.http_port, serving.http_worker)
    return _asked(ports, speech, questions, rate, calls)[0]


def _search_us(installation: Installation, serving: Serving, count: int) -> float:
    asked = (_ask_searches(installation, serving, count, SEARCHES) for _ in range(SLICES))
    return min(asked)


def _ask_searches(installation: Installation, serving: Serving, count: int, searches: int) -> float:
    """Search for texts, each once if there are so many; return the CPU time of one."""
    token = installation.session()

    def speech() -> Speech:
        return HttpSpeech("127.0.0.1", f"Bearer {token}", search=True)

    texts = cycle(typed_texts(count, searches))
    questions = (Question("known", text, None) for text in texts)
    ports = (installation.http_port, serving.http_worker)
    return _asked(ports, speech, questions, SEARCH_RATE, searches)[0]


def _curve(installation: Installation, serving: Serving, count: int) -> Iterator[LoadPoint]:
    """Give look-ups at rising rates, until the worker or the load tool does not keep up."""
    questions = draw(sample_pools(count), parse_mix(DEFAULT_MIX))
    for rate in CURVE_RATES:
        calls = int(rate * CURVE_S)
        cpu_us, outcome = _ask_ldap(installation, serving, questions, rate, calls)
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
