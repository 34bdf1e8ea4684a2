"""How long work is shown: bars on a terminal, a plain line now and then elsewhere.

Law: progress goes to standard error, results to standard output, complaints to standard error.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from rufname.control import Progress as Step

PLAIN_INTERVAL_S = 10.0

PIPE_WIDTH = 160
"""Columns of tables that go into a file or a pipe."""

_PHASES = {"read": "reading", "index": "indexing", "check": "checking"}


class ProgressView:
    """Shows steps while it is open; use it as a context manager."""

    def __init__(self) -> None:
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self._results = Console(highlight=False, soft_wrap=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self._errors,
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
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
        if self._bars.live.is_started:  # stopping what never ran prints an empty line
            self._bars.stop()

    def tell(self, step: Step) -> None:
        """Show how far a run is."""
        if self._errors.is_terminal:
            self._show(step)
        elif time.monotonic() - self._said_at >= PLAIN_INTERVAL_S:
            self._said_at = time.monotonic()
            total = f" of {step.total:,}" if step.total else ""
            self.note(f"{_title(step)}: {step.done:,}{total}{_note(step)}")

    def line(self, text: str) -> None:
        """Print a result."""
        self._results.print(text, markup=False)

    def note(self, text: str) -> None:
        """Print what is not a result."""
        self._errors.print(text, markup=False)

    def complain(self, text: str) -> None:
        """Print what went wrong."""
        self._errors.print(text, markup=False, style="red")

    def _show(self, step: Step) -> None:
        key = (step.source, step.phase)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(_title(step), total=None, note="")
        total = step.total or None
        self._bars.update(self._tasks[key], completed=step.done, total=total, note=_note(step))


def wide_console() -> Console:
    """Return a console for tables on standard output: as wide as the terminal, wide without one."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def _title(step: Step) -> str:
    return f"{_PHASES[step.phase]} {step.source}".rstrip()


def _note(step: Step) -> str:
    return f" {step.rejected:,} rejected" if step.rejected else ""
