"""What a load found, as lines of text, as JSON, and as a page with plots.

Law: no number of a caller is kept but the few wrong answers, which their finder has to look up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rufname.latency import Bucket, LatencySummary
from rufname.load_driver import Outcome
from rufname.paper import figure, heading, page, paragraph, table
from rufname.plots import Chart, Series, svg

BAR_CHARS = 40
MAX_CLASSES = 24
"""Rows of the histogram on a terminal: the classes are joined until they fit."""

BUSY_TOOL = 0.8


class LoadReport(msgspec.Struct, frozen=True):
    """A whole run.

    Attributes:
        target: the address asked; client: who asked.
        connections: open at once.
        numbers: where the numbers came from, in words.
        mix: share of each kind of callers, 0-1.
        seed: of the draw and of the gaps.
        machine: where the load tool ran.
        measured_at: ISO 8601 UTC.
        outcomes: one a rate, in the order asked.
    """

    target: str
    client: str
    connections: int
    numbers: str
    mix: dict[str, float]
    seed: int
    machine: str
    measured_at: str
    outcomes: tuple[Outcome, ...]


def is_good(outcome: Outcome) -> bool:
    """Tell whether every question was answered, and with the name expected."""
    return not (
        outcome.stopped or outcome.faults or any(each.other for each in outcome.kinds.values())
    )


def head_lines(report: LoadReport) -> Iterator[str]:
    """Give what the load is, before it begins."""
    plural = "" if report.connections == 1 else "s"
    yield f"{report.target} as {report.client}, {report.connections} connection{plural}"
    mix = ", ".join(f"{share:.0%} {kind}" for kind, share in report.mix.items())
    yield f"callers: {mix}; numbers of {report.numbers}"


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Give what came of one rate."""
    yield ""
    yield (
        f"{outcome.rate:g} a second for {outcome.seconds:.1f} s: {outcome.asked:,} asked,"
        f" {outcome.answered:,} answered"
    )
    if outcome.stopped:
        yield f"  STOPPED: {outcome.stopped}"
    for words, count in sorted(outcome.faults.items()):
        yield f"  fault, {count} ×: {words}"
    if outcome.reconnected:
        yield f"  {outcome.reconnected} idle connections were closed by the server and opened again"
    for kind, came in outcome.kinds.items():
        other = f", {came.other:,} OTHER than expected" if came.other else ""
        yield (
            f"  {kind:<10} {came.asked:>9,} asked  {came.named:>9,} named "
            f" {came.nobody:>9,} nobody{other}"
        )
    for example in outcome.examples:
        yield f"    {example}"
    yield from _latency_lines(outcome.latency)
    if outcome.tool_cpu_share > BUSY_TOOL:
        yield (
            f"  the load tool itself was busy {outcome.tool_cpu_share:.0%} of the time:"
            " part of the waiting is its own"
        )


def _latency_lines(latency: LatencySummary) -> Iterator[str]:
    if not latency.count:
        yield "  nothing was answered"
        return
    yield (
        f"  latency in ms: p50 {latency.p50_ms:.3g}, p90 {latency.p90_ms:.3g},"
        f" p99 {latency.p99_ms:.3g}, p99.9 {latency.p999_ms:.3g}, longest {latency.max_ms:.3g}"
    )
    classes = _joined(latency.histogram)
    most = max(bucket.count for bucket in classes)
    for bucket in classes:
        bar = "█" * round(bucket.count / most * BAR_CHARS) or ("▏" if bucket.count else "")
        yield f"    ≤ {bucket.upto_ms:>7.3g} {bucket.count:>9,} {bar}"


def _joined(classes: Sequence[Bucket]) -> Sequence[Bucket]:
    """Join neighbours until there are few enough rows."""
    while len(classes) > MAX_CLASSES:
        pairs = [classes[at : at + 2] for at in range(0, len(classes), 2)]
        classes = [Bucket(pair[-1].upto_ms, sum(each.count for each in pair)) for pair in pairs]
    return classes


def html(report: LoadReport) -> str:
    """Return the report as a page."""
    first, second = head_lines(report)
    parts = [
        paragraph(f"{first}.", "lead"),
        paragraph(f"{second[0].upper()}{second[1:]}; arrivals are a Poisson process, seed"
                  f" {report.seed}. Latency counts from when a question was due until its answer"
                  " was whole."),
        paragraph(f"The load tool ran on {report.machine}, {report.measured_at}.", "small"),
        heading("Latency by rate"),
        table(
            ("asked a second", "answered", "faults", "other names", "p50 ms", "p90 ms", "p99 ms",
             "p99.9 ms", "longest ms"),
            [_row(each) for each in report.outcomes],
            numbers=9,
        ),
    ]  # fmt: skip
    parts += [paragraph(f"{each.rate:g} a second: {each.stopped}.")
              for each in report.outcomes if each.stopped]  # fmt: skip
    answered = [each for each in report.outcomes if each.latency.count]
    if len(answered) > 1:
        parts.append(figure(svg(_over_rates(answered)), "Latency against load."))
    for each in answered:
        parts += [heading(f"{each.rate:g} a second"), figure(svg(_spread(each)), _caption(each))]
    return page("Load report", parts)


def _row(outcome: Outcome) -> tuple[str, ...]:
    latency = outcome.latency
    return (
        f"{outcome.rate:g}",
        f"{outcome.answered:,}",
        f"{sum(outcome.faults.values()):,}",
        f"{sum(each.other for each in outcome.kinds.values()):,}",
        *(f"{value:.3g}" for value in (latency.p50_ms, latency.p90_ms, latency.p99_ms,
                                       latency.p999_ms, latency.max_ms)),
    )  # fmt: skip


def _over_rates(outcomes: Sequence[Outcome]) -> Chart:
    rates = [each.answered / each.seconds for each in outcomes]
    columns = {
        "p50": [each.latency.p50_ms for each in outcomes],
        "p99": [each.latency.p99_ms for each in outcomes],
        "longest": [each.latency.max_ms for each in outcomes],
    }
    return Chart(
        "Latency against load",
        "questions answered a second",
        "latency in ms",
        [Series(name, list(zip(rates, of, strict=True))) for name, of in columns.items()],
        log_y=True,
    )


def _spread(outcome: Outcome) -> Chart:
    points = [(bucket.upto_ms, float(bucket.count)) for bucket in outcome.latency.histogram]
    return Chart(
        f"Histogram of latencies at {outcome.rate:g} a second",
        "latency in ms, at most",
        "answers",
        [Series("answers", points, "bars")],
        log_x=True,
    )


def _caption(outcome: Outcome) -> str:
    kinds = ", ".join(f"{count.asked:,} {kind}" for kind, count in outcome.kinds.items())
    return f"{outcome.answered:,} answers in {outcome.seconds:.1f} s; callers: {kinds}."
