"""How long work is shown: bars on a terminal, a plain line now and then elsewhere.

Law: progress goes to standard error, results to standard output, complaints to standard error.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import IO, Any, Self

import click
from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from typing_extensions import override

from rufname.control import Progress as Step

PLAIN_INTERVAL_S = 10.0

PIPE_WIDTH = 160
"""Columns of tables that go into a file or a pipe."""

MAX_TABLE_WIDTH = 10_000
"""Wider than any table is meant to be."""

_PHASES = {"read": "reading", "index": "indexing", "check": "checking"}


class PlainConsole(Console):
    """Prints what it is given: figures without colours, and `00:ab:cd` without a picture in it."""

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        """Take the stream, and whether long lines are left to the terminal."""
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, highlight=False, emoji=False)


class _WorkConsole(PlainConsole):
    """Tells of work that goes on, and has its exit code, where nobody reads any more."""

    @override
    def on_broken_pipe(self) -> None:
        to_nowhere(self.file)


class ProgressView:
    """Shows steps while it is open; use it as a context manager."""

    def __init__(self) -> None:
        self._errors = _WorkConsole(stderr=True, soft_wrap=True)
        self._results = _WorkConsole(soft_wrap=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._errors,
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        if self._errors.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def tell(self, step: Step) -> None:
        """Show how far a run is."""
        if self._errors.is_terminal:
            self._show(step)
        elif time.monotonic() - self._said_at >= PLAIN_INTERVAL_S:
            self._said_at = time.monotonic()
            total = f" of {step.total:,}" if step.total else ""
            pace = self._paces.setdefault((step.source, step.phase), Pace())
            words = pace.words(step.done, step.total, self._said_at)
            self.note(f"{_title(step)}: {step.done:,}{total}{words}{_note(step)}")

    def line(self, text: str) -> None:
        """Print a result; the bars end, in whose line it would stand."""
        self._end()
        self._results.print(text, markup=False)

    def note(self, text: str) -> None:
        """Print what is not a result."""
        self._errors.print(text, markup=False)

    def complain(self, text: str) -> None:
        """Print what went wrong."""
        self._errors.print(text, markup=False, style="red")

    def _end(self) -> None:
        if self._bars.live.is_started:  # stopping what never ran prints an empty line
            self._bars.stop()

    def _show(self, step: Step) -> None:
        key = (step.source, step.phase)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(_title(step), total=None, note="")
        total = step.total or None
        pace = self._paces.setdefault(key, Pace())
        note = f"{pace.rate_words(step.done, time.monotonic())}{_note(step)}"
        self._bars.update(self._tasks[key], completed=step.done, total=total, note=note)


class Pace:
    """How fast something goes, from the first step that was seen on; begun again, from there."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None
        self._done = 0

    def rate(self, done: int, now: float) -> float:
        """Return how many a second, 0.0 while that cannot be told; `now` in seconds."""
        if self._first is None or done < self._done:
            self._first = (done, now)
        self._done = done
        begun, at = self._first
        return (done - begun) / (now - at) if now - at >= 1.0 else 0.0

    def rate_words(self, done: int, now: float) -> str:
        """Return the rate as " 8,000/s", "" while it cannot be told."""
        rate = self.rate(done, now)
        return f" {rate:,.0f}/s" if rate else ""

    def words(self, done: int, total: int, now: float) -> str:
        """Return rate and remaining time as ", 8,000/s, 2 min left", as far as they are known."""
        rate = self.rate(done, now)
        if not rate:
            return ""
        left_s = (total - done) / rate if total > done else 0.0
        left = f", {left_s / 60:.0f} min left" if left_s >= 90 else f", {left_s:.0f} s left"  # noqa: PLR2004 - a minute and a half
        return f", {rate:,.0f}/s{left if left_s else ''}"


def wide_console() -> Console:
    """Return a console for tables on standard output: as wide as the terminal, wide without one."""
    console = PlainConsole()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def print_table(console: Console, table: Table, *, wraps: bool = False) -> None:
    """Print a table; where the console is too narrow for it, its rows as text: nothing is cut.

    Args:
        console: where.
        table: what.
        wraps: its cells may take several lines, of whole words.
    """
    unbound = console.options.update(max_width=MAX_TABLE_WIDTH)
    needed = Measurement.get(console, unbound, table)
    if (needed.minimum if wraps else needed.maximum) <= console.width:
        console.print(table)
        return
    heads = [column.header for column in table.columns]
    for first, *cells in zip(*(column.cells for column in table.columns), strict=True):
        rest = ", ".join(f"{head} {cell}" for head, cell in zip(heads[1:], cells, strict=True))
        console.print(f"[bold]{heads[0]} {first}:[/] {rest}")


def say(text: str, *, err: bool = False) -> None:
    """Print a line of work that goes on, and has its exit code, where nobody reads any more."""
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        to_nowhere(sys.stderr if err else sys.stdout)


def to_nowhere(stream: IO[Any]) -> None:
    """Let a stream whose reader has gone take everything from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _title(step: Step) -> str:
    return f"{_PHASES[step.phase]} {step.source}".rstrip()


def _note(step: Step) -> str:
    return f" {step.rejected:,} rejected" if step.rejected else ""
