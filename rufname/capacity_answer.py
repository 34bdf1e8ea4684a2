"""The answer of `rufname capacity`: the sizes, the model's check, and what they rest on; as text.

Law: pure. The same answer is printed as text, as JSON, and as a page (`capacity_page`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rufname.costmodel import Deviation, Model, check_model, fit_model, most_per_s
from rufname.costs import Calibration
from rufname.plots import number
from rufname.published import c4b_per_contact
from rufname.sizing import GROWTHS, MOST_GROWTH, Company, Sizing, size

TOLERANCE = 0.25
"""A prediction further off than that is marked."""

BUSY_WORDS = (
    "OTHER WORK kept this machine busy meanwhile: latencies are too long, CPU times too high;"
    " measure again on a quiet one"
)

OCTETS_PER_MIB = 1024 * 1024


class PerContact(msgspec.Struct, frozen=True):
    """Octets that one more contact takes, ours and as C4B publishes for the same kinds."""

    memory: float
    disk: float
    published_memory: float
    published_disk: float


class Answer(msgspec.Struct, frozen=True):
    """Everything.

    Attributes:
        sizings: for 1, 2 and 10 times the company.
        per_contact: what one more contact takes.
        knee_per_s: look-ups a second from which one worker's waiting grows fast.
        deviations: the model beside sizes that it was not fitted on.
        calibration: what it rests on.
    """

    sizings: tuple[Sizing, ...]
    per_contact: PerContact
    knee_per_s: float
    deviations: tuple[Deviation, ...]
    calibration: Calibration


def answer(company: Company, calibration: Calibration) -> tuple[Answer, Model]:
    """Return the answer for a company, and the model it comes from."""
    model = fit_model(calibration)
    sizings = tuple(size(company.grown(factor), model) for factor in GROWTHS)
    knee = most_per_s(model.at(company.all_contacts).ldap_cpu_us, 1)
    deviations = tuple(check_model(model, calibration.held_out))
    return Answer(sizings, _per_contact(company, model), knee, deviations, calibration), model


def _per_contact(company: Company, model: Model) -> PerContact:
    """Compare what grows with the contacts; memory is that of processes and the cached index."""
    own_mib = model.fits["worker_own_mib"].b + model.fits["rest_own_mib"].b
    index_mib, store_mib = model.fits["index_mib"].b, model.fits["store_mib"].b
    memory = disk = 0.0
    for kind, count in company.contacts.items():
        kind_memory, kind_disk = c4b_per_contact(kind)
        memory += kind_memory * count / company.all_contacts
        disk += kind_disk * count / company.all_contacts
    return PerContact(
        memory=(own_mib + index_mib) * OCTETS_PER_MIB,
        disk=(store_mib + index_mib) * OCTETS_PER_MIB,
        published_memory=memory,
        published_disk=disk,
    )


def worst(deviations: Sequence[Deviation]) -> float:
    """Return the largest share that a prediction is off; 0 without any."""
    return max((abs(each.share) for each in deviations), default=0.0)


def company_words(company: Company) -> str:
    """Return what was asked for, in a sentence."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in company.contacts.items())
    road = "HTTP" if company.over_http else "LDAP"
    return (
        f"{company.users:,} users; {company.all_contacts:,} contacts ({kinds});"
        f" {company.calls_per_hour:,.0f} calls in the busy hour, asked over {road};"
        f" {company.searches_per_day:g} searches a user and day; {company.changes_per_day:.1%} of"
        f" the contacts change a day; sources read every {company.every_min:g} min"
    )


def order_words(sizing: Sizing) -> str:
    """Return the machine to order."""
    machine = sizing.machine
    each = f"{machine.cores} cores, {machine.memory_gib} GiB memory, {machine.disk_gib} GiB disk"
    count = machine.carrying + machine.spare
    if count == 1:
        return f"one machine with {each}"
    spare = " (any of them may fail)" if machine.spare else ""
    return f"{count} machines{spare}, each with {each}"


def published_words(sizing: Sizing) -> str:
    """Return what C4B publishes for the same company."""
    found = sizing.published
    return f"{found.cores} cores, {found.memory_gb:.1f} GB memory, {found.disk_gb:.1f} GB disk"


def growth_words(growth: float) -> str:
    """Return a growth as people say it; what is out of sight is "more than 1,000"."""
    if growth >= MOST_GROWTH:
        return f"more than {MOST_GROWTH:,.0f} times"
    return f"{growth:.1f} times" if growth < 10 else f"{growth:,.0f} times"  # noqa: PLR2004 - digits


def wait_words(milliseconds: float) -> str:
    """Return a waiting time; one without end is said to be so."""
    if milliseconds == float("inf"):
        return "without end"
    return f"{milliseconds:,.1f} ms"


def span_words(seconds: float) -> str:
    """Return a time in seconds, minutes or hours."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:,.1f} s"
    if seconds < 7200:  # noqa: PLR2004 - two hours
        return f"{seconds / 60:,.0f} min"
    return f"{seconds / 3600:,.1f} h"


def sight_rows(sizing: Sizing) -> list[tuple[str, str]]:
    """Return what the company will see on its machine: what, and how much."""
    need, limit = sizing.need, sizing.limits[0]
    return [
        ("busiest second of the busy hour",
         f"{need.lookups_per_s:,.0f} look-ups, {need.searches_per_s:,.0f} search requests"),
        ("99 % of the callers have a name within", wait_words(need.p99_ms)),
        ("answering fills then", f"{need.answer_cores:.2f} of {sizing.machine.cores} cores"),
        ("memory of the processes", f"{need.process_mib:,.0f} MiB"),
        ("index, wholly in memory", f"{need.cache_mib:,.0f} MiB"),
        ("a first reading, beside them", f"{need.sync_peak_mib:,.0f} MiB"),
        ("disk: store and index", f"{need.store_mib:,.0f} + {need.index_mib:,.0f} MiB"),
        ("first reading until everybody is found", span_words(need.first_sync_s)),
        ("CPU time of an ordinary run over the sources", span_words(need.run_s)),
        ("headroom", f"{growth_words(sizing.headroom)} this company"),
        ("first bottleneck", f"{limit.what}; then: {limit.cure}"),
    ]  # fmt: skip


def text_lines(found: Answer) -> Iterator[str]:
    """Give the answer as lines of text."""
    sizing = found.sizings[0]
    yield company_words(sizing.company)
    yield ""
    yield f"ORDER            {order_words(sizing)}"
    yield f"C4B publishes    {published_words(sizing)}"
    yield ""
    for name, value in sight_rows(sizing):
        yield f"  {name:<46} {value}"
    yield ""
    yield (
        f"  {'growth':<8} {'machines':>8} {'cores':>6} {'memory':>8} {'disk':>8} {'p99':>10}"
        "   C4B publishes"
    )
    for factor, each in zip(GROWTHS, found.sizings, strict=True):
        machine = each.machine
        count = machine.carrying + machine.spare
        yield (
            f"  {factor:>3} ×    {count:>8} {machine.cores:>6} {machine.memory_gib:>4} GiB"
            f" {machine.disk_gib:>4} GiB {wait_words(each.need.p99_ms):>10}"
            f"   {published_words(each)}"
        )
    yield ""
    per = found.per_contact
    yield (
        f"  one more contact: {per.memory:,.0f} octets of memory (C4B {per.published_memory:,.0f}),"
        f" {per.disk:,.0f} of disk (C4B {per.published_disk:,.0f})"
    )
    yield f"  one LDAP worker's knee: {found.knee_per_s:,.0f} look-ups a second"
    yield ""
    yield from _basis_lines(found)


def _basis_lines(found: Answer) -> Iterator[str]:
    calibration = found.calibration
    sizes = ", ".join(f"{point.contacts:,}" for point in calibration.points)
    yield (
        f"  measured on {calibration.machine}, {calibration.measured_at};"
        f" fitted on {sizes} contacts"
    )
    if calibration.was_busy:
        yield f"  {BUSY_WORDS}"
    if not found.deviations:
        yield "  the model was not checked on other sizes"
        return
    count = len({each.contacts for each in found.deviations})
    off = [each for each in found.deviations if abs(each.share) > TOLERANCE]
    yield (
        f"  checked on {count} sizes that it was not fitted on: {worst(found.deviations):.0%} off"
        f" at most, {len(off)} of {len(found.deviations)} predictions by more than {TOLERANCE:.0%}"
    )
    for each in off:
        yield (
            f"    {each.what} at {each.contacts:,}: predicted {number(each.predicted)},"
            f" measured {number(each.measured)} ({each.share:+.0%})"
        )
