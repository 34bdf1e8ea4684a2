"""The answer of `rufname capacity` as a page that can be printed and put beside an order.

Law: pure; every figure on it stands in the answer or comes from its model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rufname.capacity_answer import (
    BUSY_WORDS,
    TOLERANCE,
    Answer,
    company_words,
    growth_words,
    order_words,
    sight_rows,
    wait_words,
    worst,
)
from rufname.costmodel import Model, waiting_p99_ms
from rufname.costs import Calibration, CostPoint
from rufname.paper import figure, heading, page, paragraph, table
from rufname.plots import Chart, Mark, Point, Series, number, svg
from rufname.published import c4b_size
from rufname.sizing import GROWTHS, Sizing

STEPS = 40
WIDEST = 1_000_000
"""Curves reach a million contacts, or three times the company's where that is more."""


def html(found: Answer, model: Model) -> str:
    """Return the page."""
    sizing = found.sizings[0]
    return page(
        f"Rufname for {sizing.company.all_contacts:,} contacts: the machine",
        [
            paragraph(f"Order {order_words(sizing)}.", "lead"),
            paragraph(f"{company_words(sizing.company)}."),
            *_machines(sizing),
            heading("Beside the published size of the replaced product"),
            _published_table(found),
            heading("What this company will see"),
            table(("", "on this machine"), sight_rows(sizing)),
            heading("Growth"),
            _growth_table(found.sizings),
            heading("Where it ends on the machine above"),
            table(
                ("what is used up", "at", "what helps"),
                [(each.what, growth_words(each.growth), each.cure) for each in sizing.limits],
            ),
            heading("Throughput against latency"),
            *_throughput(found, model),
            heading("Memory and disk against contacts"),
            *_resources(found, model),
            heading("Cost curves"),
            *_costs(found, model),
            heading("How far the model can be trusted"),
            *_trust(found),
        ],
    )


def _machines(sizing: Sizing) -> list[str]:
    """Say how several machines work together; nothing where there is one."""
    machine = sizing.machine
    if machine.carrying + machine.spare == 1:
        return []
    spare = " One more than is needed, so that any may fail." if machine.spare else ""
    return [
        paragraph(
            f"Each machine reads the sources itself and holds all contacts; the SBC is given the"
            f" addresses of all.{spare} Figures below are of one machine."
        )
    ]


def _published_table(found: Answer) -> str:
    sizing, per = found.sizings[0], found.per_contact
    own, theirs = sizing.machine, sizing.published
    rows = [
        ("cores", f"{own.cores}", f"{theirs.cores}"),
        ("memory", f"{own.memory_gib} GiB", f"{theirs.memory_gb:.1f} GB"),
        ("disk", f"{own.disk_gib} GiB", f"{theirs.disk_gb:.1f} GB"),
        ("memory, one more contact", _octets(per.memory), _octets(per.published_memory)),
        ("disk, one more contact", _octets(per.disk), _octets(per.published_disk)),
    ]
    return table(("for the same company", "Rufname", "C4B publishes"), rows, numbers=2)


def _octets(value: float) -> str:
    return f"{value:,.0f} octets"


def _growth_table(sizings: Sequence[Sizing]) -> str:
    rows = [
        (
            f"{factor} ×",
            f"{each.company.all_contacts:,}",
            f"{each.machine.carrying + each.machine.spare}",
            f"{each.machine.cores}",
            f"{each.machine.memory_gib} GiB",
            f"{each.machine.disk_gib} GiB",
            wait_words(each.need.p99_ms),
            f"{each.published.cores}",
            f"{each.published.memory_gb:.1f} GB",
            f"{each.published.disk_gb:.1f} GB",
        )
        for factor, each in zip(GROWTHS, sizings, strict=True)
    ]
    head = ("growth", "contacts", "machines", "cores", "memory", "disk", "p99",
            "C4B: cores", "memory", "disk")  # fmt: skip
    return table(head, rows, numbers=9)


def _throughput(found: Answer, model: Model) -> list[str]:
    """Show one worker's measured latencies, the model's, and the knee."""
    curve, knee = found.calibration.curve, found.knee_per_s
    cpu_us = model.at(found.sizings[0].company.all_contacts).ldap_cpu_us
    most = 1e6 / cpu_us
    low = min([most / 100, *(each.per_s for each in curve)])
    rates = [low * (most * 0.97 / low) ** (step / STEPS) for step in range(STEPS + 1)]
    expected = [
        (rate, model.unloaded_p99_ms + waiting_p99_ms(rate, cpu_us, 1)) for rate in rates
    ]  # fmt: skip
    series = [Series("p99, model of one worker", expected)]
    if curve:
        series += [
            Series("p99, measured", [(each.per_s, each.p99_ms) for each in curve], "dots"),
            Series("p50, measured", [(each.per_s, each.p50_ms) for each in curve], "dots"),
        ]
    mark = Mark(knee, f"knee: {knee:,.0f} a second")
    chart = Chart(
        "Look-ups a second against latency", "LDAP look-ups a second, one worker",
        "latency in ms", series, log_x=True, log_y=True, marks=[mark],
    )  # fmt: skip
    return [
        figure(
            svg(chart),
            "Latency counts from when a question was due; the measured points contain the load tool"
            " on the same machine. At the knee one worker is busy 70 % of the time; waiting grows"
            " faster than the load from there on. Each further core adds a worker.",
        )
    ]


def _resources(found: Answer, model: Model) -> list[str]:
    kinds = found.sizings[0].company.contacts
    counts = _counts(found)
    total = found.sizings[0].company.all_contacts
    published = [
        c4b_size(1, {kind: round(count * n / total) for kind, n in kinds.items()})
        for count in counts
    ]
    memory = _chart(
        found, model, "memory in MiB", "memory of all processes",
        lambda point: point.memory_mib,
        Series("C4B, published", [(float(count), each.memory_gb * 1e9 / 2**20)
                                  for count, each in zip(counts, published, strict=True)]),
    )  # fmt: skip
    disk = _chart(
        found, model, "disk in MiB", "store and index",
        lambda point: point.disk_mib,
        Series("C4B, published", [(float(count), each.disk_gb * 1e9 / 2**20)
                                  for count, each in zip(counts, published, strict=True)]),
    )  # fmt: skip
    return [
        figure(memory, "Memory of supervisor, writer, one LDAP and one HTTP worker, each shared"
                       " page counted once; points measured, line the model."),
        figure(disk, "Contact store and index; points measured, line the model. C4B's size is that"
                     " of the whole product, in the mix of sources asked for."),
    ]  # fmt: skip


def _costs(found: Answer, model: Model) -> list[str]:
    calls = _chart(
        found, model, "CPU time in µs", "look-up over LDAP", lambda point: point.ldap_cpu_us
    )
    calls_http = _chart(
        found, model, "CPU time in µs", "look-up over HTTP", lambda point: point.http_cpu_us
    )
    search = _chart(
        found, model, "CPU time in µs", "search over HTTP", lambda point: point.search_cpu_us
    )
    sync = _chart(
        found, model, "CPU time in s", "first reading", lambda point: point.sync_cpu_s,
        Series("index built anew", _line(found, model, lambda point: point.rebuild_cpu_s)),
        Series("run with hardly a change",
               _line(found, model, lambda point: point.reread_cpu_s)),
    )  # fmt: skip
    return [
        figure(
            calls, "CPU time of a look-up over LDAP in the worker, in the usual mix of callers."
        ),
        figure(calls_http, "CPU time of a look-up over HTTP in the worker."),
        figure(search, "CPU time of a search over HTTP, ten hits, three to six letters."),
        figure(sync, "CPU time of reading a CSV file, indexing included."),
    ]


def _trust(found: Answer) -> list[str]:
    calibration = found.calibration
    sizes = ", ".join(f"{point.contacts:,}" for point in calibration.points)
    parts = [
        paragraph(f"Measured on {calibration.machine}, {calibration.measured_at}, with made-up"
                  f" contacts; the model is fitted on {sizes} contacts. CPU time is counted, not"
                  " time that passes. Latencies are of that machine, as busy as it was.")
    ]  # fmt: skip
    if calibration.was_busy:
        parts.append(paragraph(f"{BUSY_WORDS}."))
    if not found.deviations:
        return [*parts, paragraph("It was not checked on other sizes.")]
    rows = [
        (
            f"{each.contacts:,}",
            each.what,
            number(each.predicted),
            number(each.measured),
            f"{each.share:+.0%}{' *' if abs(each.share) > TOLERANCE else ''}",
        )
        for each in found.deviations
    ]
    count = len({each.contacts for each in found.deviations})
    return [
        *parts,
        paragraph(f"Checked on {count} sizes that it was not fitted on:"
                  f" {worst(found.deviations):.0%} off at most; * is more than {TOLERANCE:.0%}."),
        table(("contacts", "what", "predicted", "measured", "off by"), rows, numbers=3),
        paragraph("CPU times of a call in µs, of a reading in s; memory and disk in MiB.", "small"),
    ]  # fmt: skip


def _chart(
    found: Answer,
    model: Model,
    unit: str,
    name: str,
    pick: Callable[[CostPoint], float],
    *more: Series,
) -> str:
    """Return a plot of one cost: the model's line, the measured points, and what is set beside."""
    measured = [(float(point.contacts), pick(point)) for point in _measured(found.calibration)]
    series = [
        Series("model", _line(found, model, pick)),
        Series("measured", measured, "dots"),
        *more,
    ]
    own = Mark(float(found.sizings[0].company.all_contacts), "this company")
    log_y = bool(more)
    return svg(Chart(name, "contacts", unit, series, log_x=True, log_y=log_y, marks=[own]))


def _line(found: Answer, model: Model, pick: Callable[[CostPoint], float]) -> list[Point]:
    return [(float(count), pick(model.at(count))) for count in _counts(found)]


def _counts(found: Answer) -> list[int]:
    """Return numbers of contacts from the smallest measured one on, even on a log axis."""
    low = found.calibration.points[0].contacts
    high = max(WIDEST, found.sizings[0].company.all_contacts * 3)
    return [round(low * (high / low) ** (step / STEPS)) for step in range(STEPS + 1)]


def _measured(calibration: Calibration) -> list[CostPoint]:
    both = (*calibration.points, *calibration.held_out)
    return sorted(both, key=lambda point: point.contacts)
