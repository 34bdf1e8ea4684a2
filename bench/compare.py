"""`python -m bench compare A.json B.json`: what became better, what worse, beyond noise.

Law: reads two kept runs, measures nothing. Times of machines of different speed are set against a
yardstick that each run took itself: a fixed piece of Python work (`report.yardstick_ms`), so that a
busier or slower machine is not taken for a slower program. What one run alone has is named too.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import msgspec

from bench.report import Measure, Report, cell, format_number

Verdict = Literal["better", "worse", "same", "told only"]

LESS_IS_BETTER = ("µs", "ms", "s", "MiB", "µs/contact", "octets/contact", "%")
MORE_IS_BETTER = ("1/s", "1/CPU s", "contacts/s", "contacts/CPU s", "×", "share")

TIMES = ("µs", "ms", "s", "µs/contact")
RATES = ("1/s", "1/CPU s", "contacts/s", "contacts/CPU s")
"""What a faster machine changes by its speed."""

PACED = ("rate of the paced round",)
"""Rates that the load tool sets, not the program."""

TAIL_NOISE, TIME_NOISE, SIZE_NOISE = 0.50, 0.15, 0.03
"""What two runs of the same program differ by, where a measure does not know it itself: tails (p99
and longest), other times and rates, sizes and shares."""


class Compared(msgspec.Struct, frozen=True):
    """One figure of both runs.

    Attributes:
        before: of the first run.
        after: of the second run.
        ratio: the second by the first, the machines' speed taken out of it.
        noise: the share that it may differ by without meaning anything.
        verdict: "told only" where neither side is the better one.
    """

    before: Measure
    after: Measure
    ratio: float
    noise: float
    verdict: Verdict


class Unreadable(Exception):
    """A file holds no run; the text names it."""


def read_report(path: Path) -> Report:
    """Return a kept run.

    Raises:
        Unreadable: the file is not there, or is none of ours.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise Unreadable(f"{path}: no run of python -m bench: {error}") from error


def compare(first: Report, second: Report) -> list[Compared]:
    """Return every figure that both runs have, in the order of the second one."""
    speed = relative_speed(first, second)
    known = {(each.question, each.case, each.unit): each for each in first.measures}
    compared = []
    for after in second.measures:
        before = known.get((after.question, after.case, after.unit))
        if before is not None:
            compared.append(_compare(before, after, speed))
    return compared


def relative_speed(first: Report, second: Report) -> float:
    """Return how much faster the second run's machine was; 1.0 where a run took no yardstick."""
    before, after = first.machine.yardstick_ms, second.machine.yardstick_ms
    return before / after if before and after else 1.0


def alone(first: Report, second: Report) -> list[str]:
    """Return what stands in one of the runs only, "first: …" and "second: …"."""
    names = [{f"{m.question}, {m.case}" for m in each.measures} for each in (first, second)]
    return [
        f"{side}: {name}"
        for side, own, other in (
            ("first", names[0], names[1]),
            ("second", names[1], names[0]),
        )
        for name in sorted(own - other)
    ]


def _compare(before: Measure, after: Measure, speed: float) -> Compared:
    ratio = _ratio(before.value, after.value)
    if before.unit in TIMES:
        ratio *= speed
    elif before.unit in RATES and before.case not in PACED:
        ratio /= speed
    noise = _noise(before, after)
    return Compared(before, after, ratio, noise, _verdict(after, ratio, noise))


def _ratio(before: float, after: float) -> float:
    """Return how many times the first the second is; nothing that became something is infinite."""
    if before:
        return after / before
    return math.inf if after else 1.0


def _noise(before: Measure, after: Measure) -> float:
    """Return the larger of what the rounds of both runs showed and what is usual for the unit."""
    tail = "p99" in before.case or "longest" in before.case
    timed = before.unit in TIMES or before.unit in RATES or before.unit in {"ratio", "×"}
    usual = TAIL_NOISE if tail else TIME_NOISE if timed else SIZE_NOISE
    return max(usual, before.spread + after.spread)


def _verdict(measure: Measure, ratio: float, noise: float) -> Verdict:
    less = measure.goal == "at most" or (not measure.goal and measure.unit in LESS_IS_BETTER)
    more = measure.goal == "at least" or (not measure.goal and measure.unit in MORE_IS_BETTER)
    if not (less or more) or measure.case in PACED:
        return "told only"
    growth = ratio if less else _ratio(ratio, 1.0)
    if growth > 1 + noise:
        return "worse"
    return "better" if growth < 1 / (1 + noise) else "same"


def markdown(first: Report, second: Report) -> str:
    """Return the comparison as Markdown: what is worse first, then better, then the rest."""
    speed = relative_speed(first, second)
    lines = [
        _head("first", first),
        _head("second", second),
        f"The second machine did the yardstick {speed:.2f} × as fast; ratios are without that.",
    ]
    if (first.contacts, first.quick) != (second.contacts, second.quick):
        lines.append("**The runs are of different sizes: the ratios mean little.**")
    lines += ["", "| | question | case | first | second | ratio | noise |",
              "|---|---|---|---:|---:|---:|---:|"]  # fmt: skip
    order: tuple[Verdict, ...] = ("worse", "better", "told only", "same")
    rows = compare(first, second)
    for verdict in order:
        for each in rows:
            if each.verdict == verdict:
                lines.append(_row(each))
    counts = ", ".join(
        f"{sum(each.verdict == verdict for each in rows)} {verdict}" for verdict in order
    )
    lines += ["", counts]
    lines += alone(first, second)
    return "\n".join(lines)


def _head(side: str, report: Report) -> str:
    facts, quick = report.machine, ", QUICK" if report.quick else ""
    return f"{side}: {facts.measured_at}, {facts.cpu}, {report.contacts:,} contacts{quick}"


def _row(each: Compared) -> str:
    mark = {"worse": "**worse**", "better": "better", "same": "", "told only": "–"}[each.verdict]
    unit = each.after.unit
    return (
        f"| {mark} | {each.after.question} | {cell(each.after.case)} "
        f"| {format_number(each.before.value)} {unit} | {format_number(each.after.value)} {unit} "
        f"| {each.ratio:.2f} | ± {each.noise:.0%} |"
    )


def main(arguments: list[str]) -> int:
    """Print the comparison; return 0, 1 if something is worse beyond noise, 2 for wrong use."""
    if len(arguments) != 2:
        print("usage: python -m bench compare A.json B.json")
        return 2
    try:
        first, second = (read_report(Path(argument)) for argument in arguments)
    except Unreadable as error:
        print(error)
        return 2
    print(markdown(first, second))
    return int(any(each.verdict == "worse" for each in compare(first, second)))
