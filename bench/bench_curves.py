"""What do ten thousand, a hundred thousand, a million contacts cost, and can it be foretold?

The same calibration that `rufname capacity` takes on a customer's machine: the real programs, CPU
time of sync, rebuild, look-ups and searches, memory and disk at several sizes; the cost model is
fitted on some of them and has to foretell the others. The JSON of the run is one that
`rufname capacity --from` reads.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.report import Goal, Measure
from rufname.calibrating import calibrate
from rufname.costmodel import check_model, fit_model
from rufname.costs import Calibration, CostPoint
from rufname.published import c4b_per_contact

QUESTION = "cost curve"
TOLERANCE = 0.25
PER_CONTACT_GOAL = 10.0
MILLION = 1_000_000
FORETOLD_FROM = 100_000

SHOWN: dict[str, tuple[str, str]] = {
    "sync_s": ("first run", "s"),
    "sync_cpu_s": ("first run, CPU", "s"),
    "sync_peak_mib": ("first run, peak memory", "MiB"),
    "reread_cpu_s": ("run with one change, CPU", "s"),
    "changed_cpu_s": ("run with a tenth changed, CPU", "s"),
    "rebuild_cpu_s": ("index built anew, CPU", "s"),
    "store_mib": ("store on disk", "MiB"),
    "index_mib": ("index on disk", "MiB"),
    "memory_mib": ("memory of all processes", "MiB"),
    "caller_cpu_us": ("look-up in the engine, CPU", "µs"),
    "people_cpu_us": ("search in the engine, CPU", "µs"),
    "ldap_cpu_us": ("look-up over LDAP, CPU", "µs"),
    "http_cpu_us": ("look-up over HTTP, CPU", "µs"),
    "search_cpu_us": ("search over HTTP, CPU", "µs"),
}


def take(count: int, folder: Path, *, quick: bool) -> Calibration:
    """Measure sizes from a tenth of `count` up to it, and between them those to be foretold."""
    return _calibrate(folder, *sizes(count, quick=quick), quick=quick)


def sizes(count: int, *, quick: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the sizes that the model is fitted on, and those that it has to foretell.

    A quick run of few contacts has none of these: it has three minutes for all questions, and what
    sizes so near to each other cost differs by less than noise.
    """
    if not quick:
        return (count // 10, count * 2 // 5, count), (count // 20, count // 5, count * 7 // 10)
    return (count // 5, count), (count // 2,) if count >= FORETOLD_FROM else ()


def take_million(count: int, folder: Path, *, quick: bool) -> Calibration:
    """Measure ten thousand, a hundred thousand and a million, whatever the run's own number."""
    del count
    fit, check = (10_000, 100_000, MILLION), (30_000, 60_000, 300_000)
    return _calibrate(folder, fit, check, quick=quick)


def _calibrate(
    folder: Path, fit: tuple[int, ...], check: tuple[int, ...], *, quick: bool
) -> Calibration:
    def tell(words: str) -> None:
        print(words, end=" ... ", flush=True, file=sys.stderr)

    return calibrate(folder, tell, fit, check, quick=quick)


def measures(calibration: Calibration) -> Iterator[Measure]:
    """Give every cost at every size, what a contact takes beside C4B's size, and the check."""
    points = sorted((*calibration.points, *calibration.held_out), key=lambda each: each.contacts)
    for point in points:
        for name, (words, unit) in SHOWN.items():
            yield Measure(QUESTION, f"{point.contacts:,}: {words}", getattr(point, name), unit)
    yield from _per_contact(points[0], points[-1])
    for each in check_model(fit_model(calibration), calibration.held_out):
        case = f"{each.contacts:,}, foretold: {each.what}, off by"
        yield Measure(QUESTION, case, abs(each.share) * 100, "%", "at most", TOLERANCE * 100)


def _per_contact(small: CostPoint, large: CostPoint) -> Iterator[Measure]:
    """Set what each further contact takes beside C4B's CRM, the leanest of its sizes.

    Memory is what an hour's questions take; with the whole index in memory it is told beside it.
    """
    more = large.contacts - small.contacts
    own_mib = large.worker_own_mib + large.rest_own_mib - small.worker_own_mib - small.rest_own_mib
    memory = (large.memory_mib - small.memory_mib) * 2**20 / more
    whole = (own_mib + large.index_mib - small.index_mib) * 2**20 / more
    disk = (large.disk_mib - small.disk_mib) * 2**20 / more
    goal: Goal = "at least"
    for kind in ("odbc", "crm"):
        published_memory, published_disk = c4b_per_contact(kind)
        for what, own, published in (
            ("memory", memory, published_memory),
            ("disk", disk, published_disk),
        ):
            case = f"{what} a contact, C4B's {kind} by ours"
            yield Measure(QUESTION, case, published / own, "×", goal, PER_CONTACT_GOAL)
    yield Measure(QUESTION, "memory a contact, files in use", memory, "octets/contact")
    yield Measure(QUESTION, "memory a contact, index in memory", whole, "octets/contact")
    yield Measure(QUESTION, "disk a contact", disk, "octets/contact")
