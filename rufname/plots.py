"""Plots as SVG: lines, dots and bars over linear or logarithmic axes, for screen and paper.

Law: pure; numbers in, text out. No script, no font and no picture from elsewhere, so that a report
is one file. What distinguishes two series is colour and stroke, so that it survives a black-and-
white printer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Literal

import msgspec

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 44
CHAR_WIDTH = 7
"""Of a letter in the legend, on average."""

LINE_HEIGHT = 16
LINE_PARTS = 16
"""Of a line between two points: so many places are looked at when words look for room."""

COLOURS = ("#1f5fa8", "#c4561a", "#2f7d4f", "#7a4fa0", "#8a6d00", "#5a5a5a")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 2", "1 4")
MAX_TICKS = 8
TINY = 1e-9
"""Closer together, or closer to nothing on a logarithmic axis, no picture shows two points."""

Point = tuple[float, float]
Style = Literal["line", "dots", "bars"]


class Series(msgspec.Struct, frozen=True):
    """Points under one name. `bars` stand from the axis up, as wide as there is room."""

    name: str
    points: Sequence[Point]
    style: Style = "line"


class Mark(msgspec.Struct, frozen=True):
    """A vertical line at `x` with a word beside it."""

    x: float
    words: str


class Chart(msgspec.Struct, frozen=True):
    """What a plot shows.

    Attributes:
        title: said to those who cannot see it.
        x_label: with its unit; y_label: likewise.
        series: at least one with a point.
        log_x: logarithmic; values of 0 and less are left out; log_y: likewise.
        marks: vertical lines.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    log_x: bool = False
    log_y: bool = False
    marks: Sequence[Mark] = ()


class _Axis(msgspec.Struct, frozen=True):
    low: float
    high: float
    log: bool
    start: float
    stop: float

    def place(self, value: float) -> float:
        """Return where a value stands, in units of the picture."""
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    def ticks(self) -> list[float]:
        """Return the values to write at the axis."""
        if self.log:
            return _log_ticks(self.low, self.high)
        step = _step((self.high - self.low) / 5)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, first + 12) if step * n <= self.high * (1 + 1e-9)]


def svg(chart: Chart) -> str:
    """Return the plot as an `<svg>` element.

    Raises:
        ValueError: no series has a point that can be shown.
    """
    kept = [
        msgspec.structs.replace(each, points=[p for p in each.points if _is_shown(chart, p)])
        for each in chart.series
    ]
    points = [point for each in kept for point in each.points]
    if not points:
        raise ValueError(f"{chart.title}: nothing to show")
    bars = any(each.style == "bars" for each in kept)
    x = _axis([p[0] for p in points] + [m.x for m in chart.marks], chart.log_x, LEFT, WIDTH - RIGHT)
    y = _axis([p[1] for p in points] + ([] if chart.log_y else [0.0]), chart.log_y,
              HEIGHT - BOTTOM, TOP)  # fmt: skip
    if bars and not chart.log_x:
        x = msgspec.structs.replace(x, low=x.low - 0.5, high=x.high + 0.5)
    parts = [
        *_frame(chart, x, y),
        *(part for number, each in enumerate(kept) for part in _series(each, number, x, y)),
        *(part for mark in chart.marks for part in _mark(mark, x, _drawn(kept, x, y))),
        *_legend(kept),
    ]
    return _tag(
        "svg",
        "\n".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=chart.title,
    )


def number(value: float) -> str:
    """Return a number as axes show it: 1,200 · 0.35 · 1.5 M."""
    size = abs(value)
    if size >= 1e6:  # noqa: PLR2004 - a million
        return f"{value / 1e6:,.4g} M"
    if size >= 1_000:  # noqa: PLR2004 - with commas
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _is_shown(chart: Chart, point: Point) -> bool:
    positive = (point[0] > TINY or not chart.log_x) and (point[1] > TINY or not chart.log_y)
    return positive and math.isfinite(point[0]) and math.isfinite(point[1])


def _axis(values: Sequence[float], log: bool, start: float, stop: float) -> _Axis:  # noqa: FBT001
    low, high = min(values), max(values)
    if log:
        return _Axis(low / 1.15, high * 1.15, log, start, stop)
    if high - low <= TINY * max(abs(low), abs(high), 1.0):
        low, high = (low - 1, high + 1) if low <= 1 else (0.0, high * 1.25)
    elif low > 0:
        low = 0.0 if low < high / 2 else low
    return _Axis(low, high + (high - low) * 0.05, log, start, stop)


def _step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not less than `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough * (1 - 1e-9))


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [n * 10.0**p for p in powers for n in digits if low <= n * 10.0**p <= high]
        if len(found) <= MAX_TICKS:
            return found
    return found[:: math.ceil(len(found) / MAX_TICKS)]


def _frame(chart: Chart, x: _Axis, y: _Axis) -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in y.ticks():
        at = y.place(value)
        yield _tag("line", _class="grid", x1=LEFT, x2=right, y1=at, y2=at)
        yield _text("tick", number(value), "end", x=LEFT - 6, y=at + 4)
    for value in x.ticks():
        at = x.place(value)
        yield _tag("line", _class="grid", x1=at, x2=at, y1=TOP, y2=bottom)
        yield _text("tick", number(value), "middle", x=at, y=bottom + 16)
    yield _tag("rect", _class="frame", x=LEFT, y=TOP, width=right - LEFT, height=bottom - TOP)
    yield _text("label", chart.x_label, "middle", x=(LEFT + right) / 2, y=HEIGHT - 6)
    turned = f"translate(14 {(TOP + bottom) / 2}) rotate(-90)"
    yield _text("label", chart.y_label, "middle", transform=turned)


def _series(series: Series, place: int, x: _Axis, y: _Axis) -> Iterator[str]:
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    places = [(x.place(a), y.place(b)) for a, b in series.points]
    match series.style:
        case "line":
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            yield _stroke("polyline", colour, dash, points=path)
        case "dots":
            for at, height in places:
                yield _stroke("circle", colour, "", cx=at, cy=height, r=4)
        case "bars":
            yield from _bars(places, colour)


def _bars(places: Sequence[Point], colour: str) -> Iterator[str]:
    gaps = [b[0] - a[0] for a, b in pairwise(places)]
    width = min([*gaps, 48.0]) * 0.8
    for at, top in places:
        tall = max(0.0, HEIGHT - BOTTOM - top)
        yield _tag("rect", x=at - width / 2, y=top, width=width, height=tall, fill=colour)


def _drawn(series: Sequence[Series], x: _Axis, y: _Axis) -> list[Point]:
    """Return places where something is drawn: points, and of lines what lies between them."""
    found: list[Point] = []
    for each in series:
        places = [(x.place(a), y.place(b)) for a, b in each.points]
        found += places
        if each.style == "line":
            found += [
                (a + (c - a) * part / LINE_PARTS, b + (d - b) * part / LINE_PARTS)
                for (a, b), (c, d) in pairwise(places)
                for part in range(1, LINE_PARTS)
            ]
    return found


def _mark(mark: Mark, x: _Axis, drawn: Sequence[Point]) -> Iterator[str]:
    """Draw a line, and its words where they cover least of what is drawn, best near the axis."""
    at = x.place(mark.x)
    left = at > WIDTH / 2
    yield _tag("line", _class="mark", x1=at, x2=at, y1=TOP, y2=HEIGHT - BOTTOM)
    beside = at - 5 if left else at + 5
    low, high = sorted((beside, beside + len(mark.words) * CHAR_WIDTH * (-1 if left else 1)))

    def covered(base: int) -> int:
        return sum(low <= a <= high and base - LINE_HEIGHT <= b <= base + 8 for a, b in drawn)

    base = min(range(HEIGHT - BOTTOM - 8, TOP + LINE_HEIGHT, -LINE_HEIGHT), key=covered)
    yield _text("mark-words", mark.words, "end" if left else "start", x=beside, y=base)


def _legend(series: Sequence[Series]) -> Iterator[str]:
    if len(series) < 2:  # noqa: PLR2004 - one needs no name
        return
    x, y = LEFT, TOP - 14
    for place, each in enumerate(series):
        colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        if each.style == "line":
            yield _stroke("line", colour, dash, x1=x, x2=x + 24, y1=y - 4, y2=y - 4)
        else:
            yield _stroke("circle", colour, "", cx=x + 12, cy=y - 4, r=4)
        yield _text("legend", each.name, "start", x=x + 29, y=y)
        x += 29 + len(each.name) * CHAR_WIDTH + 16


def _tag(name: str, content: str = "", /, **attributes: str | float) -> str:
    """Return an element; `_class` is class, `_` within a name is a hyphen, numbers get a digit."""
    written = "".join(
        f' {key.strip("_").replace("_", "-")}="{_written(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _text(kind: str, words: str, anchor: str, **attributes: str | float) -> str:
    return _tag("text", escape(words), _class=kind, text_anchor=anchor, **attributes)


def _stroke(name: str, colour: str, dash: str, **attributes: str | float) -> str:
    fill = "#fff" if name == "circle" else "none"
    dashes = {"stroke_dasharray": dash} if dash else {}
    return _tag(name, fill=fill, stroke=colour, stroke_width="2", **dashes, **attributes)


def _written(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.1f}"
