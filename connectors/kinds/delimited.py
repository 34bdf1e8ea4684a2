"""`csv`: delimited text files, streamed. A bad line is rejected by its number and the read goes on.

Law: reads the file, never writes beside it. `Complete` is earned: the file is read to its end, its
end is not inside a quoted field, and it is the same file as at the start.

Over 400 lines: how a table is found in a file hangs on what is in front of it.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from typing_extensions import override

from connectors import outlook
from connectors.errors import SourceFailed
from connectors.files import SIZE, ImportedFile, identity, open_regular, require_same
from connectors.mapping import Mapping
from connectors.rules import compile_key, key_fault, require_columns
from connectors.settings import SettingFault, SourceSettings
from connectors.suggestions import DISCOVERED, found_fields
from connectors.textlines import (
    CHUNK_BYTES,
    REPLACED,
    TITLE_LINES,
    TextLines,
    found_encoding,
    found_separator,
    rows_above,
)
from connectors.texts import ENCODING_IN_WORDS, is_encoding
from engine.cleaning import clean
from engine.source import (
    Bookmark,
    CheckReport,
    Columns,
    Complete,
    ContactSource,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)

_HINT = re.compile("sep=(.)[\r\n]*", re.IGNORECASE)
"""What some spreadsheets write in front of the header."""

_DATEV = re.compile(r'("?)(?:EXTF|DTVF)\1;\d+;\d+;.*', re.DOTALL)
"""What DATEV's format has in front of the header: who wrote the file, when and for which client."""

STATE_BYTES = 16
"""blake2b-128: another content has the same digest by chance once in 10^38."""


class DelimitedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "csv"`.

    Attributes:
        path: the file; relative to the configuration's folder.
        separator: one character, "tab", or "" to find it among ; , tab and |.
        encoding: a name such as "utf-8" or "cp1252"; "" finds it (byte order mark, UTF-8, then
            what the bytes look like).
        header: whether the first line names the columns; without, they are called 1, 2, 3 …
        quote: what quotes a field, "" for nothing.
        delete_after: delete the file once all that it holds is stored.
    """

    path: Path
    separator: Annotated[
        str, msgspec.Meta(description='one character, "tab", or "" to find it in the file')
    ] = ""
    encoding: Annotated[str, msgspec.Meta(description=ENCODING_IN_WORDS)] = ""
    header: bool = True
    quote: Annotated[str, msgspec.Meta(description='one character, or "" for no quotes')] = '"'
    delete_after: bool = False

    def __post_init__(self) -> None:
        if self.separator != "tab" and (len(self.separator) > 1 or self.separator in {"\n", "\r"}):
            raise SettingFault("separator")
        if len(self.quote) > 1 or self.quote in {"\n", "\r"}:
            raise SettingFault("quote")
        if self.quote and self.quote == self.delimiter:
            raise SettingFault("quote", "the same character as separator")
        if not is_encoding(self.encoding):
            raise SettingFault("encoding")

    @property
    def delimiter(self) -> str:
        """The separator as a character, "" to find it."""
        return "\t" if self.separator == "tab" else self.separator


def complete_delimited(settings: SourceSettings) -> SourceSettings:
    """Return the settings with key and map of an Outlook export, where they say nothing."""
    if settings.key and settings.map:
        return settings
    assert isinstance(settings.options, DelimitedOptions)
    if settings.options.delete_after and not settings.options.path.exists():
        return settings.with_defaults(outlook.NAMING, {} if settings.map else dict(outlook.MAP))
    with open_regular(settings.options.path) as file:
        key, rules = outlook.usual(_Table(file, settings, ()).columns)
    return settings.with_defaults(key, {} if settings.map else rules)


class DelimitedSource(ContactSource):
    """One delimited file."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, DelimitedOptions)
        self._settings = settings
        self._options = settings.options
        self._imported = ImportedFile(self._options.path, delete_after=self._options.delete_after)
        self._file: BinaryIO | None = None
        self._all_bytes = 0

    @override
    def check(self) -> CheckReport:
        """Read the beginning of the file: its columns, encoding, separator."""
        path = self._options.path
        if self._imported.is_done:
            return self._imported.done_report()
        try:
            mapping = Mapping(self._settings)
            with open_regular(path) as file:
                table = _Table(file, self._settings, mapping.columns)
                require_columns(mapping.columns, table.columns, str(path))
                first = next(table.events(mapping.columns, self._settings.key), None)
        except SourceFailed as failure:
            return CheckReport(faults=(str(failure),))
        warnings = []
        if first is None:
            warnings.append(f"{path}: there are no records behind the header")
        if not self._options.encoding and not table.encoding.startswith("utf"):
            warnings.append(
                f"{path}: read as {table.encoding}, which was guessed from its bytes;"
                f' set encoding = "{table.encoding}" if that is right'
            )
        warnings += self._imported.doubts()
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the header, or 1, 2, 3 … without one.

        What they are and what may be the key is told from the first thousand rows.
        """
        with open_regular(self._options.path) as file:
            table = _Table(file, self._settings, ())
            events = islice(table.events(table.columns, table.columns[:1]), DISCOVERED)
            records = [event.record for event in events if isinstance(event, Upsert)]
        return found_fields(table.columns, records)

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first records with all their columns."""
        found: list[Upsert | RejectedRecord] = []
        with open_regular(self._options.path) as file:
            table = _Table(file, self._settings, Mapping(self._settings).columns)
            for event in table.events(table.columns, self._settings.key):
                found.append(event)
                if len(found) >= rows:
                    break
        return found

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the whole file; its records hold the mapped columns only.

        A file whose content is that of the bookmark is not parsed again.

        Raises:
            SourceFailed: missing, empty, unreadable, no regular file, a mapped column is lost,
                changed while it was read, or cut off inside a quoted field.
        """
        path = self._options.path
        if self._imported.is_done:  # nothing is new
            yield Complete(full=False, bookmark=bookmark)
            return
        mapping = Mapping(self._settings)
        with open_regular(path) as file:
            before = identity(os.fstat(file.fileno()))
            state = self._state(file)
            if bookmark and bookmark == state:
                self._imported.was_read(before)
                yield Complete(full=False, bookmark=bookmark)
                return
            file.seek(0)
            self._file, self._all_bytes = file, before[SIZE]
            table = _Table(file, self._settings, mapping.columns)
            require_columns(mapping.columns, table.columns, str(path))
            yield Columns(table.columns)
            for event in table.events(mapping.columns, self._settings.key):
                if type(event) is RejectedRecord:
                    state = b""  # what is wrong with a file is said in every run
                yield event
            if table.ends_open:
                raise SourceFailed(
                    f"{path}: the file ends inside the quoted field that begins on line "
                    f"{table.line}: cut off, or a quote is missing"
                )
            require_same(path, file, before)
        self._imported.was_read(before)
        yield Complete(full=True, bookmark=state)

    def _state(self, file: BinaryIO) -> Bookmark:
        """Return the digest of a file's content and of how it is read: a gibibyte takes a second.

        Not its times: exports are written anew with the content of yesterday, and clocks of file
        servers tick coarsely. Taken before the file is read: what changes meanwhile gives another
        one in the next run.
        """
        options = repr(self._options).encode("utf-8", "surrogatepass")
        digest = blake2b(options, digest_size=STATE_BYTES, person=b"csv")
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
        return digest.digest()

    @override
    def bookmark_is_state(self) -> bool:
        """Return True: the digest of the file."""
        return True

    @override
    def stored(self, rejected: int) -> str:
        """Delete the file that was read, where the settings say so."""
        return self._imported.delete(rejected)

    @override
    def cancel(self) -> None:
        """Do nothing: a file never blocks for long."""

    @override
    def share_read(self) -> float | None:
        """Return how much of the file was read."""
        file = self._file
        if file is None or not self._all_bytes:
            return None
        try:
            return min(file.tell() / self._all_bytes, 1.0)
        except (OSError, ValueError):  # the reading thread closed it, or does so now
            return 1.0


class _Table:
    """A file that is being read: its encoding, separator and columns, then its rows.

    Attributes:
        columns: the names of the columns, in the file's order.
        line: the first line of the row that was handed out last.
        ends_open: the file ended inside a quoted field.
    """

    def __init__(self, file: BinaryIO, source: SourceSettings, wanted: Sequence[str]) -> None:
        options = source.options
        assert isinstance(options, DelimitedOptions)
        self._path = options.path
        self.encoding = options.encoding or found_encoding(file, source.plan.country_code)
        file.seek(0)
        self._lines = TextLines(file, self.encoding)
        sample = self._lines.sample()
        if not any(line.strip("\r\n\0 ") for line in sample):
            raise SourceFailed(f"{self._path}: the file is empty")
        hint = _HINT.fullmatch(sample[0])
        datev = _DATEV.fullmatch(sample[0])
        delimiter = (
            options.delimiter
            or (hint[1] if hint else ";" if datev else "")
            or found_separator(sample, options.quote, wanted if options.header else ())
        )
        self._reader = csv.reader(
            self._lines.texts(),
            delimiter=delimiter,
            quotechar=options.quote or None,
            quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
        )
        if hint or datev:
            next(self._reader)
        self.line = 0
        self.ends_open = False
        self._pending: list[list[str]] = []
        self._heading: list[str] | None = None
        if options.header:
            lines = sample[1 if hint or datev else 0 :][:TITLE_LINES]
            self._skip(rows_above(csv.reader(lines, self._reader.dialect), wanted))
        self.columns = self._header() if options.header else self._numbered()

    def events(
        self, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[Upsert | RejectedRecord]:
        """Yield a record of these columns for each row, or what is wrong with the row."""
        key_of = compile_key(key)
        places = [self.columns.index(column) for column in columns]
        pick: Callable[[Sequence[str]], Sequence[str]] = (
            itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        )
        for row, fault in self._rows():
            if fault:
                known = key_of(dict(zip(self.columns, row, strict=False)))
                readable = "" if key_fault(known) or REPLACED in known else known
                yield RejectedRecord(self._place(), fault, key=readable)
                continue
            record = dict(zip(columns, pick(row), strict=True))
            found = key_of(record)
            if not found and not any(map(str.strip, row)):  # blanks alone
                continue
            yield Upsert(found, record, f"line {self.line}")

    def _rows(self) -> Iterator[tuple[list[str], str]]:
        """Yield each row, with a cell for each column, and why it cannot be taken ("": it can)."""
        width = len(self.columns)
        lines, reader = self._lines, self._reader
        heading = self._heading
        for row in self._pending:
            yield row, ""
        while True:
            self.line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lines.bad_line = 0
                yield [], f"no row of a table: {_words(error)}"
                continue
            if lines.ended:
                self.ends_open = True
                return
            if lines.bad_line:
                lines.bad_line = 0
                yield row, f"not {self.encoding}, or too long"
            elif not any(row) or row == heading:
                continue  # spreadsheets write rows without a value; files are put together
            elif len(row) == width:
                yield row, ""
            elif any(map(str.strip, row)):
                # A separator behind the last cell is how many programs end a line.
                fits = len(row) > width and not any(row[width:])
                yield row[:width], "" if fits else f"{len(row)} fields instead of {width}"

    def _skip(self, rows: int) -> None:
        for _ in range(rows):
            next(self._reader)
        self._lines.bad_line = 0

    def _header(self) -> tuple[str, ...]:
        row = self._first_row()
        if self._lines.bad_line:
            raise SourceFailed(f"{self._path}: the header is not {self.encoding}")
        if self._lines.ended:
            raise SourceFailed(f"{self._path}: a quote in the header is never closed")
        self._heading = row
        return tuple(clean(name) for name in row)

    def _numbered(self) -> tuple[str, ...]:
        row = self._first_row()
        self.line = self._reader.line_num
        self._pending.append(row)
        return tuple(str(number) for number in range(1, len(row) + 1))

    def _first_row(self) -> list[str]:
        try:
            return next((row for row in self._reader if any(row)), [])
        except csv.Error as error:
            raise SourceFailed(f"{self._path}: no table of texts: {_words(error)}") from error

    def _place(self) -> str:
        last = self._reader.line_num
        return f"line {self.line}" if last <= self.line else f"lines {self.line}-{last}"


def _words(error: csv.Error) -> str:
    """Return what Python's reader of CSV complains of, in words for who wrote the file."""
    text = str(error)
    if text.startswith("new-line character"):  # it advises how a program should open the file
        return "a carriage return within a field"
    return text
