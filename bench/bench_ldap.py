"""How many numbers does the LDAP daemon look up for one second of CPU time, beside OpenLDAP?

Both have the same contacts and get the same questions from the same load tool: ldapd through the
real `rufname serve`, with one worker; slapd with an mdb database and `telephoneNumber` indexed.
Each has core 0 for itself, the tool another one. Every question of a round is another number, so
that neither can answer from memory of an answer; every answer is checked. The rounds alternate, and
the median counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from bench.installation import serving_ldap
from bench.ldap_load import Load, LoadResult, Question
from bench.questions import Asked, work_numbers
from bench.report import Goal, Measure, spread
from bench.servers import Server, has_slapd, put_load, running_slapd
from rufname.load_questions import missing
from rufname.sample import contacts
from rufname.trial import install

QUESTION = "LDAP lookup"
RATIO_GOAL = 1.0
P50_GOAL_US = 1_000
P99_GOAL_US = 5_000
PACED_RATE = 1_000.0

SHAPES = {
    "one attribute": ("telephoneNumber",),
    "OR of two": ("telephoneNumber", "mobile"),
}


class Round(msgspec.Struct, frozen=True):
    """One round against one server."""

    cpu_us: float
    result: LoadResult


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give lookups a CPU second of both, their ratio, and latencies."""
    rounds, size = (1, 2_000) if quick else (5, 15_000)
    asked = work_numbers(contacts(count))
    size = min(size, len(asked) // rounds)
    installation = install(folder / "rufname", count)
    installation.sync()
    with ExitStack() as stack:
        servers = [stack.enter_context(serving_ldap(installation))]
        if has_slapd():
            servers.append(stack.enter_context(running_slapd(folder / "slapd", contacts(count))))
        parts = [asked[turn * size : (turn + 1) * size] for turn in range(rounds)]
        for shape, attributes in SHAPES.items():
            yield from _compare(servers, parts, attributes, f"{shape}, hits")
        gaps = [[Asked(missing(each.number), "") for each in part] for part in parts]
        yield from _compare(servers, gaps, SHAPES["one attribute"], "one attribute, misses")
        yield from _repeated(servers, parts[0])
        for server in servers:
            yield from _paced(server, parts[0])


def _compare(
    servers: Sequence[Server],
    parts: Sequence[Sequence[Asked]],
    attributes: tuple[str, ...],
    case: str,
) -> Iterator[Measure]:
    """Ask every part of every server in turn, on 32 connections as fast as they answer."""
    done: dict[str, list[Round]] = {server.name: [] for server in servers}
    for part in parts:
        for server in servers:
            done[server.name].append(_round(server, part, attributes))
    rates = {name: 1e6 / median(each.cpu_us for each in all_) for name, all_ in done.items()}
    for name, rate in rates.items():
        apart = spread([each.cpu_us for each in done[name]])
        yield Measure(QUESTION, f"{case}, {name}", rate, "1/CPU s", spread=apart)
        p99 = median(each.result.p99_us for each in done[name])
        yield Measure(QUESTION, f"{case}, {name}, p99 of 32 at full load", p99, "µs")
    if len(rates) > 1:
        ratio = rates["rufname"] / rates["slapd"]
        yield Measure(QUESTION, f"{case}, rufname by slapd", ratio, "ratio", "at least", RATIO_GOAL)


def _repeated(servers: Sequence[Server], part: Sequence[Asked]) -> Iterator[Measure]:
    """Ask a hundred numbers again and again, as real callers do."""
    few = (list(part[:100]) * (len(part) // 100 + 1))[: len(part)]
    for server in servers:
        rate = 1e6 / _round(server, few, SHAPES["one attribute"]).cpu_us
        yield Measure(QUESTION, f"100 numbers repeated, {server.name}", rate, "1/CPU s")


def _paced(server: Server, part: Sequence[Asked]) -> Iterator[Measure]:
    """Ask at a steady thousand a second; latency counts from when a question was due."""
    own = server.name == "rufname"
    result = _round(server, part[:5_000], SHAPES["one attribute"], PACED_RATE).result
    case = f"at {PACED_RATE:,.0f}/s, {server.name}"
    for share, value, limit in (
        ("p50", result.p50_us, P50_GOAL_US),
        ("p99", result.p99_us, P99_GOAL_US),
        ("p99.9", result.p999_us, 0),
    ):
        goal: Goal = "at most" if own and limit else ""
        yield Measure(QUESTION, f"{case}, {share}", value, "µs", goal, limit)


def _round(
    server: Server, part: Sequence[Asked], attributes: tuple[str, ...], rate: float = 0.0
) -> Round:
    load = Load(
        port=server.port,
        bind=server.bind,
        password=server.password,
        base=server.base,
        attributes=attributes,
        questions=tuple(Question(each.number, each.name) for each in part),
        rate=rate,
    )
    result, spent = put_load(server, load)
    return Round(spent / result.answered * 1e6, result)
