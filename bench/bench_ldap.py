"""How much does the LDAP daemon look up for one second of CPU time, beside OpenLDAP?

Both have the same contacts and get the same questions from the same load tool: ldapd through the
real `rufname serve`, with one worker; slapd with an mdb database and numbers and names indexed.
Each has core 0 for itself, the tool another one. Every question of a round is another number, so
that neither can answer from memory of an answer; every answer is checked. The rounds alternate, and
the median counts.

Cases: 32 connections; one connection that waits for each answer; one that keeps eight requests
open; and what a desk phone asks as somebody types a name: twenty entries of those whose name begins
so, with their numbers. Where ldclt is installed, it asks both servers as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median

import msgspec

from bench import ldclt, prepared
from bench.installation import by_phone, let_phones_ask, serving_ldap
from bench.ldap_load import Load, LoadResult, Question
from bench.questions import SEED, Asked, beginnings, work_numbers
from bench.report import Goal, Measure, spread
from bench.servers import Server, has_slapd, put_load, running_slapd
from rufname.load_questions import missing
from rufname.sample import contacts
from rufname.sample_contact import MadeContact
from rufname.sample_numbers import OWN_TRUNK

QUESTION = "LDAP lookup"
RATIO_GOAL = 1.0
"""By slapd, where a case has no other."""

LOOKUP_RATIO_GOAL = 1.5
"""Look-ups of known callers, on many connections or in a pipeline."""

P50_GOAL_US = 1_000
P99_GOAL_US = 5_000
PACED_RATE = 1_000.0

SHAPES = {
    "one attribute": ("telephoneNumber",),
    "OR of two": ("telephoneNumber", "mobile"),
}
PIPELINE = 8

NAMES = ("cn", "sn")
ENTRIES = 20
"""A page or two of a desk phone's display."""

COLLEAGUES = ldclt.Drawn(f"(telephoneNumber=+{OWN_TRUNK}XXX)", 101, 119, each=5_000)
"""Extensions of the made-up company that all have a holder."""

RETURNED = ("displayName", "telephoneNumber", "mobile")


class Shape(msgspec.Struct, frozen=True):
    """How it is asked; the fields are those of `Load`."""

    attributes: tuple[str, ...]
    connections: int = 32
    pipeline: int = 1
    limit: int = 0
    returned: tuple[str, ...] = ("displayName",)
    names: dict[str, tuple[str, ...]] = {}


class Round(msgspec.Struct, frozen=True):
    """One round against one server."""

    cpu_us: float
    result: LoadResult


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give lookups a CPU second of both, their ratio, and latencies."""
    rounds, size = (1, 2_000) if quick else (5, 10_000)
    asked = work_numbers(contacts(count))
    size = min(size, len(asked) // rounds)
    installation, _ = prepared.installation(folder / "rufname", count)
    let_phones_ask(installation)
    with ExitStack() as stack:
        servers = [stack.enter_context(serving_ldap(installation))]
        if has_slapd():
            servers.append(stack.enter_context(running_slapd(folder / "slapd", contacts(count))))
        parts = [asked[turn * size : (turn + 1) * size] for turn in range(rounds)]
        plain = {shape: Shape(attributes) for shape, attributes in SHAPES.items()}
        gaps = [[Asked(missing(each.number), "") for each in part] for part in parts]
        for server in servers:
            _round(server, gaps[0][:50], plain["one attribute"])  # a password is hashed once
        yield from _compare(
            servers, parts, plain["one attribute"], "one attribute, hits", LOOKUP_RATIO_GOAL
        )
        yield from _compare(servers, parts, plain["OR of two"], "OR of two, hits")
        yield from _compare(servers, gaps, plain["one attribute"], "one attribute, misses")
        yield from _one_connection(servers, parts)
        yield from _beginnings(servers, contacts(count), rounds, size // 10)
        yield from _repeated(servers, parts[0])
        for server in servers:
            yield from _paced(server, parts[0])
        if not quick and ldclt.has_ldclt():
            yield from _by_ldclt(servers)


def _compare(
    servers: Sequence[Server],
    parts: Sequence[Sequence[Asked]],
    shape: Shape,
    case: str,
    goal: float = RATIO_GOAL,
) -> Iterator[Measure]:
    """Ask every part of every server in turn, as fast as they answer."""
    done: dict[str, list[Round]] = {server.name: [] for server in servers}
    for part in parts:
        for server in servers:
            done[server.name].append(_round(server, part, shape))
    rates = {name: 1e6 / median(each.cpu_us for each in all_) for name, all_ in done.items()}
    for name, rate in rates.items():
        apart = spread([each.cpu_us for each in done[name]])
        yield Measure(QUESTION, f"{case}, {name}", rate, "1/CPU s", spread=apart)
        p50 = median(each.result.p50_us for each in done[name])
        p99 = median(each.result.p99_us for each in done[name])
        yield Measure(QUESTION, f"{case}, {name}, p50 at full load", p50, "µs")
        yield Measure(QUESTION, f"{case}, {name}, p99 at full load", p99, "µs")
    if len(rates) > 1:
        ratio = rates["rufname"] / rates["slapd"]
        yield Measure(QUESTION, f"{case}, rufname by slapd", ratio, "ratio", "at least", goal)


def _one_connection(
    servers: Sequence[Server], parts: Sequence[Sequence[Asked]]
) -> Iterator[Measure]:
    """Ask known numbers on one connection: one at a time, and eight at once."""
    attributes = SHAPES["one attribute"]
    alone = Shape(attributes, connections=1)
    some = [part[: len(part) // 3] for part in parts]
    yield from _compare(servers, some, alone, "one connection")
    many = msgspec.structs.replace(alone, pipeline=PIPELINE)
    case = f"one connection, pipeline of {PIPELINE}"
    yield from _compare(servers, parts, many, case, LOOKUP_RATIO_GOAL)


def _beginnings(
    servers: Sequence[Server], made: Iterable[MadeContact], rounds: int, size: int
) -> Iterator[Measure]:
    """Ask for beginnings of names, as a desk phone does: `ENTRIES` of those that fit, each time.

    First each one once, which nobody can answer from memory; then all of them again and again.
    """
    names = beginnings(made, ENTRIES)
    texts = sorted(names)
    Random(SEED).shuffle(texts)
    asked = [Asked(text, "") for text in islice(cycle(texts), rounds * size)]
    parts = [asked[turn * size : (turn + 1) * size] for turn in range(rounds)]
    shape = Shape(NAMES, limit=ENTRIES, returned=RETURNED, names=names)
    phones = [by_phone(server) if server.name == "rufname" else server for server in servers]
    for server in phones:
        _round(server, asked[:1], shape)  # a password is hashed once
    case = f"(|(cn=mei*)(sn=mei*)) and the like, {ENTRIES} entries"
    once = [Asked(text, "") for text in texts[1:] or texts]
    yield from _compare(phones, [once], shape, f"{case}, each for the first time")
    yield from _compare(phones, parts, shape, case)


def _repeated(servers: Sequence[Server], part: Sequence[Asked]) -> Iterator[Measure]:
    """Ask a hundred numbers again and again, as real callers do."""
    few = (list(part[:100]) * (len(part) // 100 + 1))[: len(part)]
    for server in servers:
        rate = 1e6 / _round(server, few, Shape(SHAPES["one attribute"])).cpu_us
        yield Measure(QUESTION, f"100 numbers repeated, {server.name}", rate, "1/CPU s")


def _paced(server: Server, part: Sequence[Asked]) -> Iterator[Measure]:
    """Ask at a steady thousand a second; latency counts from when a question was due."""
    own = server.name == "rufname"
    result = _round(server, part[:5_000], Shape(SHAPES["one attribute"]), PACED_RATE).result
    case = f"at {PACED_RATE:,.0f}/s, {server.name}"
    for share, value, limit in (
        ("p50", result.p50_us, P50_GOAL_US),
        ("p99", result.p99_us, P99_GOAL_US),
        ("p99.9", result.p999_us, 0),
    ):
        goal: Goal = "at most" if own and limit else ""
        yield Measure(QUESTION, f"{case}, {share}", value, "µs", goal, limit)


def _by_ldclt(servers: Sequence[Server]) -> Iterator[Measure]:
    """Let a tool that nobody here wrote ask for colleagues, again and again."""
    rates = {}
    for server in servers:
        answered, spent_s = ldclt.ask(server, COLLEAGUES)
        rates[server.name] = answered / spent_s
        case = f"ldclt, {COLLEAGUES.threads} connections, {server.name}"
        yield Measure(QUESTION, case, rates[server.name], "1/CPU s")
    if len(rates) > 1:
        ratio = rates["rufname"] / rates["slapd"]
        case = f"ldclt, {COLLEAGUES.threads} connections, rufname by slapd"
        yield Measure(QUESTION, case, ratio, "ratio", "at least", LOOKUP_RATIO_GOAL)


def _round(server: Server, part: Sequence[Asked], shape: Shape, rate: float = 0.0) -> Round:
    load = Load(
        port=server.port,
        bind=server.bind,
        password=server.password,
        base=server.base,
        questions=tuple(Question(each.number, each.name) for each in part),
        rate=rate,
        **msgspec.structs.asdict(shape),
    )
    result, spent = put_load(server, load)
    return Round(spent / result.answered * 1e6, result)
