"""`access`: one table of a Microsoft Access file (.mdb, .accdb), by mdb-export of mdbtools.

Law: reads the file, without a lock. `Complete` is earned: exit codes 0, as many rows as `mdb-count`
tells, and the file is the same as at the start. A damaged file makes mdbtools complain for ever: a
run has a longest time.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.files import ImportedFile, identity, open_regular, require_unchanged
from connectors.mapping import Mapping
from connectors.programs import Program
from connectors.rules import compile_key, require_columns
from connectors.settings import SourceSettings
from connectors.suggestions import DISCOVERED, found_fields
from engine.source import (
    Bookmark,
    CheckReport,
    Columns,
    Complete,
    ContactSource,
    Event,
    Record,
    RejectedRecord,
    SourceField,
    Upsert,
)

PACKAGE = "mdbtools"

_TIMES = ("-D", "%Y-%m-%dT%H:%M:%S", "-T", "%Y-%m-%dT%H:%M:%S")
_BROKEN = "\ufffd"


class AccessOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "access"`.

    Attributes:
        path: the file.
        table: whose rows are contacts; queries of the file are not run.
        timeout_s: longest time of a run.
        delete_after: delete the file once all rows of the table are stored.
    """

    path: Path
    table: Annotated[str, msgspec.Meta(min_length=1, description="the name of a table")]
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 120
    delete_after: bool = False


class AccessSource(ContactSource):
    """One table."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, AccessOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()
        self._ends = 0.0
        self._row = self._rows = 0
        self._imported = ImportedFile(self._options.path, delete_after=self._options.delete_after)

    @override
    def check(self) -> CheckReport:
        """Count the rows, look for the mapped columns."""
        if self._imported.is_done:
            return self._imported.done_report()
        try:
            columns = Mapping(self._settings).columns
            self._begin()
            count = self._count()
            with self._rows_of() as rows:
                require_columns(columns, next(rows), self._place)
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        return CheckReport(warnings=tuple(self._imported.doubts()), estimated_rows=count)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the table; what they may be is told from a thousand rows."""
        self._begin()
        self._count()
        with self._rows_of() as rows:
            names = next(rows)
            events = islice(self._events(rows, names, names), DISCOVERED)
            records = [event.record for event in events if isinstance(event, Upsert)]
        return found_fields(names, records)

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first rows with all their columns."""
        self._begin()
        self._count()
        with self._rows_of() as found:
            offered = next(found)
            require_columns(Mapping(self._settings).columns, offered, self._place)
            events = self._events(found, offered, offered)
            return [event for _, event in zip(range(rows), events, strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the whole table; its records hold the mapped columns only.

        Raises:
            SourceFailed: no Access file, no such table, a mapped column is lost, rows are missing,
                changed while it was read, longer than the longest time.
            DriverMissing: mdbtools is not installed.
        """
        path = self._options.path
        if self._imported.is_done:  # nothing is new
            yield Complete(full=False)
            return
        mapping = Mapping(self._settings)
        before = self._begin()
        self._rows, self._row = self._count(), 0
        with self._rows_of() as rows:
            offered = next(rows)
            require_columns(mapping.columns, offered, self._place)
            yield Columns(tuple(offered))
            for event in self._events(rows, offered, mapping.columns):
                self._row += 1
                yield event
        if self._row != self._rows:
            raise SourceFailed(f"{self._place}: {self._row:,} rows of {self._rows:,} came")
        require_unchanged(path, before)
        self._imported.was_read(before)
        yield Complete(full=True)

    @override
    def stored(self, rejected: int) -> str:
        """Delete the file that was read, where the settings say so."""
        return self._imported.delete(rejected)

    @override
    def cancel(self) -> None:
        """End mdbtools."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return how many of the table's rows were read."""
        return min(self._row / self._rows, 1.0) if self._rows else None

    @property
    def _place(self) -> str:
        return f"{self._options.path}, table {self._options.table!r}"

    def _begin(self) -> tuple[int, ...]:
        """Make sure that there is a file; return which. The time of the run begins."""
        self._ends = time.monotonic() + self._options.timeout_s
        with open_regular(self._options.path) as file:
            head = file.read(20)
            if head[4:19] not in {b"Standard Jet DB", b"Standard ACE DB"}:
                raise SourceFailed(f"{self._options.path}: no Access file")
            return identity(os.fstat(file.fileno()))

    def _count(self) -> int:
        """Return the number of rows; mdbtools says nothing else of a table that is not there."""
        tables = [
            line.rstrip(b"\n").decode("utf-8", "replace") for line in self._said("mdb-tables", "-1")
        ]
        if self._options.table not in tables:
            listed = ", ".join(map(repr, tables[:50])) or "none"
            raise SourceFailed(
                f"{self._options.path}: no table {self._options.table!r}; there are: {listed}"
            )
        text = b"".join(self._said("mdb-count", table=self._options.table)).strip()
        if not text.isdigit():
            raise SourceFailed(f"{self._place}: its rows cannot be counted")
        return int(text)

    def _said(self, program: str, *options: str, table: str = "") -> list[bytes]:
        """Return all lines of a program that ended without a fault."""
        with self._running([program, *options, "--", *self._operands(table)]) as running:
            lines = list(running.lines())
            running.finish()
            return lines

    def _operands(self, table: str) -> list[str]:
        return [str(self._options.path), *([table] if table else [])]

    @contextmanager
    def _rows_of(self) -> Iterator[Iterator[list[str]]]:
        """Yield the rows of the table for a `with` block, first the names of its columns."""
        options = ["mdb-export", *_TIMES, "-b", "strip", "--"]
        argv = [*options, *self._operands(self._options.table)]
        with self._running(argv) as program:

            def rows() -> Iterator[list[str]]:
                lines = (line.decode("utf-8", "replace") for line in program.lines())
                try:
                    yield from csv.reader(lines, strict=True)
                except csv.Error as error:
                    raise SourceFailed(f"{self._place}: {error}") from None
                program.finish()

            found = rows()
            yield found

    @contextmanager
    def _running(self, argv: list[str]) -> Iterator[Program]:
        left = max(1, int(self._ends - time.monotonic()))
        program = Program(argv, timeout_s=left, package=PACKAGE)
        with self._cancelling.reaching(program), program:
            yield program

    def _events(
        self, rows: Iterator[list[str]], offered: Sequence[str], columns: Sequence[str]
    ) -> Iterator[Upsert | RejectedRecord]:
        key_of = compile_key(self._settings.key)
        for number, row in enumerate(rows, 1):
            if time.monotonic() > self._ends:
                raise SourceFailed(f"{self._place}: not read within {self._options.timeout_s} s")
            if len(row) != len(offered):
                yield RejectedRecord(
                    f"row {number}", f"{len(row)} fields instead of {len(offered)}"
                )
                continue
            whole = dict(zip(offered, row, strict=True))
            record: Record = {column: whole[column] for column in columns}
            if any(_BROKEN in text for text in record.values()):
                yield RejectedRecord(f"row {number}", "not UTF-8", key=key_of(whole))
            else:
                yield Upsert(key_of(whole), record, f"row {number}")
