"""Which machine a company needs, and what it will see on it.

Law: pure; a company and a cost model in, a size out. Every allowance is a named constant with its
reason; nothing is rounded before the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import msgspec

from rufname.costmodel import MAX_LOAD, Model, most_per_s, waiting_p99_ms
from rufname.costs import CostPoint
from rufname.published import Kind, PublishedSize, c4b_size

FILES: frozenset[Kind] = frozenset({"csv", "odbc", "crm"})

DIRECTORY_FIRST = 2.0
"""CPU time of a first reading of an LDAP directory by that of a CSV file (measured: 1.5 to 2.3 with
slapd; ODBC: 0.9 to 1.2). Kinds that are read over a network protocol of their own count as one."""

DIRECTORY_AGAIN, DATABASE_AGAIN = 0.8, 0.05
"""CPU time of reading a record again that has not changed, by that of its first reading from CSV:
LDAP entries have to be fetched and decoded to be compared (measured 0.8), rows of a database are
compared as they come (0.04)."""

REQUESTS_PER_SEARCH = 4
"""The page asks as one types, at most so often for one search of the mean length."""

BUSY_HOUR_SHARE = 0.2
"""Share of a day's searches within its busiest hour."""

PEAK_SHARE = 0.999
"""The busiest second of a thousand in the busy hour is what has to be answered in time."""

ANSWER_SHARE = 0.5
"""At the peak, answering fills half of the cores at most: the rest is for what is not foreseen."""

SYSTEM_MIB = 512.0
"""The operating system of a server without a desktop."""

SYSTEM_DISK_GIB = 4.0
"""Operating system, Python and this program."""

LOG_DISK_GIB = 1.0
RESERVE = 1.5
"""Memory and disk are ordered for half as much again."""

STORE_RESERVE = 1.5
"""The write-ahead log, and deleted rows until they are purged."""

INDEX_COPIES = 2.0
"""A rebuild stands beside the index that is served until it takes its place."""

MIB_PER_GIB = 1024.0
GROWTHS = (1, 2, 10)


class Company(msgspec.Struct, frozen=True):
    """What is asked for.

    Attributes:
        users: people with a telephone.
        contacts: by kind of source, each kind one source.
        calls_per_hour: in the busy hour, incoming.
        searches_per_day: of one user.
        changes_per_day: share of the contacts that change in a day, 0-1.
        every_min: the sources are read anew so often.
        lookups_per_call: how often a call is asked for: SBC, telephone, queue …
        high_availability: one machine more than is needed, so that any may fail.
        over_http: calls are asked over HTTP instead of LDAP.
    """

    users: int
    contacts: dict[Kind, int]
    calls_per_hour: float
    searches_per_day: float = 10.0
    changes_per_day: float = 0.01
    every_min: float = 15.0
    lookups_per_call: float = 1.0
    high_availability: bool = False
    over_http: bool = False

    @property
    def all_contacts(self) -> int:
        """Over all sources."""
        return sum(self.contacts.values())

    def grown(self, factor: float) -> Company:
        """Return the company with so many times the users, contacts and calls."""
        return msgspec.structs.replace(
            self,
            users=round(self.users * factor),
            contacts={kind: round(count * factor) for kind, count in self.contacts.items()},
            calls_per_hour=self.calls_per_hour * factor,
        )


class Machine(msgspec.Struct, frozen=True):
    """What to order: so many machines, each with whole cores, GiB of memory and disk.

    Attributes:
        carrying: machines that share the calls and searches of the company.
        spare: further ones that take over, so that one may fail.
    """

    carrying: int
    spare: int
    cores: int
    memory_gib: int
    disk_gib: int


class Need(msgspec.Struct, frozen=True):
    """What a company takes of each machine, before anything is rounded up.

    Attributes:
        lookups_per_s: in the busiest second; searches_per_s: requests of the page likewise.
        answer_cores: cores that answering fills in that second.
        read_cores: cores that reading the sources fills on average.
        process_mib: memory of all processes, files apart, with one LDAP worker a core.
        cache_mib: the whole index in memory.
        sync_peak_mib: memory of a first reading, beside it.
        store_mib: on disk; index_mib: likewise.
        first_sync_s: until everybody is found for the first time.
        run_s: of an ordinary run over all sources.
        p99_ms: 99 % of the callers have a name after so long in the busiest second.
    """

    lookups_per_s: float
    searches_per_s: float
    answer_cores: float
    read_cores: float
    process_mib: float
    cache_mib: float
    sync_peak_mib: float
    store_mib: float
    index_mib: float
    first_sync_s: float
    run_s: float
    p99_ms: float


class Limit(msgspec.Struct, frozen=True):
    """A bound: it is reached when the company has grown `growth` times; what helps then."""

    what: str
    growth: float
    cure: str


class Sizing(msgspec.Struct, frozen=True):
    """The answer: machine, need, limits (nearest first), and the published size beside it."""

    company: Company
    machine: Machine
    need: Need
    limits: tuple[Limit, ...]
    published: PublishedSize

    @property
    def headroom(self) -> float:
        """How many times the company may grow on this machine."""
        return self.limits[0].growth


def size(company: Company, model: Model) -> Sizing:
    """Return the smallest machine that carries a company, and what it will see there.

    Raises:
        ValueError: the company has no contacts.
    """
    if company.all_contacts < 1:
        raise ValueError("a company without contacts needs no directory")
    machine = _machine(company, model)
    limits = sorted(_limits(company, model, machine), key=lambda limit: limit.growth)
    return Sizing(
        company=company,
        machine=machine,
        need=need(company, model, machine.cores, machine.carrying),
        limits=tuple(limits),
        published=c4b_size(company.users, company.contacts),
    )


def need(company: Company, model: Model, cores: int, machines: int = 1) -> Need:
    """Return what a company takes of each of some machines with so many cores."""
    cost = model.at(company.all_contacts)
    lookups, searches = _peaks(company, machines)
    lookup_us = cost.http_cpu_us if company.over_http else cost.ldap_cpu_us
    answer = (lookups * lookup_us + searches * cost.search_cpu_us) / 1e6 + model.idle_cpu_share
    run_cpu_s = _run_cpu_s(company, cost)
    # the HTTP worker is one process; its look-ups also wait for searches
    if company.over_http:
        everything = lookups + searches
        mean_us = (lookups * lookup_us + searches * cost.search_cpu_us) / max(everything, 1)
        waiting = waiting_p99_ms(everything, mean_us, 1)
    else:
        waiting = waiting_p99_ms(lookups, lookup_us, cores)
    return Need(
        lookups_per_s=lookups,
        searches_per_s=searches,
        answer_cores=answer,
        read_cores=run_cpu_s / (company.every_min * 60),
        process_mib=cores * cost.worker_own_mib + cost.rest_own_mib + _code_mib(model),
        cache_mib=cost.index_mib,
        sync_peak_mib=cost.sync_peak_mib,
        store_mib=cost.store_mib,
        index_mib=cost.index_mib,
        first_sync_s=cost.sync_s * _first_factor(company),
        run_s=run_cpu_s,
        p99_ms=model.unloaded_p99_ms + waiting,
    )


def busiest_second(per_s: float) -> float:
    """Return how many questions come in the busiest second of a thousand, at random arrivals.

    The quantile of the Poisson distribution; above 500 a second that of the normal one.
    """
    if per_s <= 0:
        return 0.0
    if per_s > 500:  # noqa: PLR2004 - exp() of more is soon too small for a float
        return per_s + 3.09 * math.sqrt(per_s)
    share = term = math.exp(-per_s)
    count = 0
    while share < PEAK_SHARE:
        count += 1
        term *= per_s / count
        share += term
    return float(count)


def _peaks(company: Company, machines: int) -> tuple[float, float]:
    """Return look-ups and searches of one machine in the busiest second."""
    lookups = company.calls_per_hour * company.lookups_per_call / 3600
    a_day = company.users * company.searches_per_day
    searches = a_day * BUSY_HOUR_SHARE / 3600 * REQUESTS_PER_SEARCH
    return busiest_second(lookups / machines), busiest_second(searches / machines)


def _machine(company: Company, model: Model) -> Machine:
    """Return the smallest machine: one core reads and indexes, answering half fills the others.

    As many machines as it takes that none's HTTP process is busier than `MAX_LOAD`.
    """
    carrying = 1
    while _http_load(company, model, carrying) > MAX_LOAD:
        carrying += max(1, int(_http_load(company, model, carrying) - MAX_LOAD))
    found = need(company, model, 1, carrying)
    cores = max(2, math.ceil(found.answer_cores / ANSWER_SHARE) + math.ceil(found.read_cores))
    found = need(company, model, cores, carrying)
    memory_mib = SYSTEM_MIB + _memory_mib(found) * RESERVE
    return Machine(
        carrying=carrying,
        spare=1 if company.high_availability else 0,
        cores=cores,
        memory_gib=math.ceil(memory_mib / MIB_PER_GIB),
        disk_gib=math.ceil(
            SYSTEM_DISK_GIB + LOG_DISK_GIB + _disk_mib(found) * RESERVE / MIB_PER_GIB
        ),
    )


def _http_load(company: Company, model: Model, machines: int) -> float:
    """Return the share of a second that the one HTTP process of a machine is busy at the peak."""
    cost = model.at(company.all_contacts)
    lookups, searches = _peaks(company, machines)
    asked_us = lookups * cost.http_cpu_us if company.over_http else 0.0
    return (asked_us + searches * cost.search_cpu_us) / 1e6


def _memory_mib(found: Need) -> float:
    return found.process_mib + found.cache_mib + found.sync_peak_mib


def _disk_mib(found: Need) -> float:
    return found.store_mib * STORE_RESERVE + found.index_mib * INDEX_COPIES


def _limits(company: Company, model: Model, machine: Machine) -> Iterator[Limit]:
    """Give every bound with the growth at which it is reached on this machine."""

    def reached(is_over: Callable[[Company, Need], bool]) -> float:
        def at(factor: float) -> bool:
            grown = company.grown(factor)
            return is_over(grown, need(grown, model, machine.cores, machine.carrying))

        return _growth(at)

    def calls(grown: Company, found: Need) -> bool:
        cpu_us = model.at(grown.all_contacts).ldap_cpu_us
        return found.lookups_per_s > most_per_s(cpu_us, machine.cores)

    if not company.over_http:
        yield Limit("look-ups over LDAP", reached(calls), "more cores: one LDAP worker each")
    yield Limit(
        "the HTTP process (searches)" if not company.over_http else "the HTTP process",
        reached(lambda grown, _: _http_load(grown, model, machine.carrying) > MAX_LOAD),
        "one more machine: each has one HTTP process",
    )
    yield Limit(
        "cores",
        reached(lambda _, found: found.answer_cores > MAX_LOAD * machine.cores),
        "more cores",
    )
    yield Limit(
        "time of a run over the sources",
        reached(lambda grown, found: found.run_s > grown.every_min * 60),
        "read the sources less often, or let them be followed by change",
    )
    yield Limit(
        "memory",
        reached(
            lambda _, found: SYSTEM_MIB + _memory_mib(found) > machine.memory_gib * MIB_PER_GIB
        ),
        "more memory",
    )
    yield Limit(
        "disk",
        reached(
            lambda _, found: (
                _disk_mib(found) > (machine.disk_gib - SYSTEM_DISK_GIB - LOG_DISK_GIB) * MIB_PER_GIB
            )
        ),
        "more disk",
    )


MOST_GROWTH = 1_000.0


def _growth(is_over: Callable[[float], bool]) -> float:
    """Return the growth at which a bound is reached, to 1 %; `MOST_GROWTH` where none is found."""
    low, high = 1.0, MOST_GROWTH
    if is_over(low):
        return low
    if not is_over(high):
        return high
    while high / low > 1.01:  # noqa: PLR2004 - 1 %
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_over(middle) else (middle, high)
    return low


def _run_cpu_s(company: Company, cost: CostPoint) -> float:
    """Return the CPU time of one ordinary run over all sources: every record read, some changed."""
    again = sum(
        count * (DATABASE_AGAIN if kind in FILES else DIRECTORY_AGAIN)
        for kind, count in company.contacts.items()
        if kind != "csv"
    )
    reread = cost.reread_cpu_s + again / cost.contacts * cost.sync_cpu_s
    changed = company.all_contacts * company.changes_per_day * company.every_min / (24 * 60)
    return reread + cost.one_change_s * changed


def _first_factor(company: Company) -> float:
    """Return the CPU time of the first reading by that of a CSV file of the same contacts."""
    files = sum(count for kind, count in company.contacts.items() if kind in FILES)
    return (files + (company.all_contacts - files) * DIRECTORY_FIRST) / company.all_contacts


def _code_mib(model: Model) -> float:
    """Return the pages of code: what is mapped where there is hardly an index."""
    return model.fits["mapped_mib"].a
