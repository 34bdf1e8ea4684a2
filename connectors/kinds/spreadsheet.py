"""`xlsx`, `ods`: one sheet of a workbook (Excel 97 to today, LibreOffice), read by calamine.

Law: reads the file, never writes beside it. `Complete` is earned: the sheet was read to its last
row and the file is the same as at the start. The module comes in from `connectors.registry`.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from connectors import outlook
from connectors.errors import ConnectorError, SourceFailed
from connectors.files import (
    ImportedFile,
    read_whole,
    require_unchanged,
)
from connectors.mapping import Mapping
from connectors.rules import compile_key, require_columns
from connectors.settings import SourceSettings
from connectors.sheetbounds import stray_cell, stray_table_cell
from connectors.sheetspaces import without_indents
from connectors.suggestions import DISCOVERED, found_fields
from connectors.values import as_text
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

MAX_FILE_BYTES = 256 * 1024 * 1024
"""A million contacts of ten columns are 60 MB; the file is held in memory while it is read."""

MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
"""A workbook is a ZIP file: a small one must not unpack to more than a machine has."""

HEADER_ROWS = 30
"""A title, a logo, a date may stand above the header; deeper than this nobody puts it."""

MAX_HEADER_ROW = 1_000


class SpreadsheetOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "xlsx"` and `kind = "ods"`.

    Attributes:
        path: the workbook; relative to the configuration's folder.
        sheet: its name; "" = the first one that is not hidden.
        header_row: the row with the names of the columns, from 1; 0 finds it.
        delete_after: delete the file once all that it holds is stored.
    """

    path: Path
    sheet: str = ""
    header_row: Annotated[int, msgspec.Meta(ge=0, le=MAX_HEADER_ROW)] = 0
    delete_after: bool = False


def complete_spreadsheet(settings: SourceSettings, calamine: Any) -> SourceSettings:
    """Return the settings with key and map of an Outlook export, where they say nothing."""
    if settings.key and settings.map:
        return settings
    assert isinstance(settings.options, SpreadsheetOptions)
    if settings.options.delete_after and not settings.options.path.exists():
        return settings.with_defaults(outlook.NAMING, {} if settings.map else dict(outlook.MAP))
    key, rules = outlook.usual(_Sheet(settings.options, calamine, ()).columns)
    return settings.with_defaults(key, {} if settings.map else rules)


class SpreadsheetSource(ContactSource):
    """One sheet."""

    def __init__(self, settings: SourceSettings, calamine: Any) -> None:
        """Keep the settings; `calamine` is the module python_calamine."""
        assert isinstance(settings.options, SpreadsheetOptions)
        self._settings = settings
        self._options = settings.options
        self._calamine = calamine
        self._row = self._rows = 0
        self._imported = ImportedFile(self._options.path, delete_after=self._options.delete_after)

    @override
    def check(self) -> CheckReport:
        """Read the sheet's header and its first record."""
        if self._imported.is_done:
            return self._imported.done_report()
        try:
            mapping = Mapping(self._settings)
            sheet = self._sheet(mapping.columns)
            require_columns(mapping.columns, sheet.columns, sheet.place)
            first = next(sheet.events(mapping.columns, self._settings.key), None)
        except ConnectorError as failure:
            return CheckReport(faults=(str(failure),))
        warnings = []
        if first is None:
            warnings.append(f"{sheet.place}: there are no records behind the header")
        warnings += self._imported.doubts()
        return CheckReport(warnings=tuple(warnings), estimated_rows=sheet.rows)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the header; what they may be is told from a thousand rows."""
        sheet = self._sheet(())
        columns = tuple(dict.fromkeys(filter(None, sheet.columns)))
        events = islice(sheet.events(columns, ()), DISCOVERED)
        records = [event.record for event in events if isinstance(event, Upsert)]
        return found_fields(columns, records)

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first records with all their columns."""
        sheet = self._sheet(Mapping(self._settings).columns)
        require_columns(self._settings.key, sheet.columns, sheet.place)
        columns = [column for column in sheet.columns if column]
        found = sheet.events(tuple(dict.fromkeys(columns)), self._settings.key)
        return [event for _, event in zip(range(rows), found, strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the whole sheet; its records hold the mapped columns only.

        Raises:
            SourceFailed: no workbook, protected by a password, too large, no such sheet, a mapped
                column is lost, or the file changed while it was read.
        """
        if self._imported.is_done:
            yield Complete(full=False)  # imported and deleted by an earlier run: nothing is new
            return
        mapping = Mapping(self._settings)
        sheet = self._sheet(mapping.columns)
        require_columns(mapping.columns, sheet.columns, sheet.place)
        yield Columns(sheet.columns)
        for event in sheet.events(mapping.columns, self._settings.key):
            self._row = sheet.row
            yield event
        require_unchanged(self._options.path, sheet.identity)
        self._imported.was_read(sheet.identity)
        yield Complete(full=True)

    @override
    def cancel(self) -> None:
        """Do nothing: a file never blocks for long."""

    @override
    def share_read(self) -> float | None:
        """Return how many of the sheet's rows were read."""
        return min(self._row / self._rows, 1.0) if self._rows else None

    @override
    def stored(self, rejected: int) -> str:
        """Delete the file that was read, where the settings say so."""
        return self._imported.delete(rejected)

    def _sheet(self, wanted: Sequence[str]) -> _Sheet:
        sheet = _Sheet(self._options, self._calamine, wanted)
        self._rows = sheet.rows
        return sheet


class _Sheet:
    """A sheet that is being read.

    Attributes:
        place: the file and the sheet, for a human.
        columns: the names in the header, in its order; "" for a column without one.
        rows: how many there are, the header's and all above it among them.
        row: the one that was handed out last, from 1.
        identity: which file was read.
    """

    def __init__(self, options: SpreadsheetOptions, calamine: Any, wanted: Sequence[str]) -> None:
        self._path = options.path
        data, self.identity = read_whole(options.path, MAX_FILE_BYTES)
        _require_modest(options.path, data)
        self._require_near(data, None)
        book = self._opened(calamine, data)
        name = options.sheet or _first_visible(book, calamine)
        self.place = f"{options.path}, sheet {name!r}"
        if name not in book.sheet_names:
            raise SourceFailed(
                f"{options.path}: there is no sheet {name!r}; there are: "
                + ", ".join(map(repr, book.sheet_names))
            )
        self._require_near(data, name)
        sheet = self._guarded(calamine, lambda: book.get_sheet_by_name(name))
        self.rows = sheet.total_height
        self._iterator: Iterator[list[Any]] = iter(sheet.iter_rows())
        self.row = 0
        self._tops = _tops(sheet.merged_cell_ranges or ())
        self.columns = self._header(options.header_row, wanted)

    def events(
        self, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[Upsert | RejectedRecord]:
        """Yield a record of these columns for each row that is not empty."""
        key_of = compile_key(key)
        names = list(columns)
        names += [column for column in key if column not in names]
        places = [self.columns.index(column) for column in names]
        pick: Callable[[Sequence[Any]], Sequence[Any]] = (
            itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        )
        for row in self._iterator:
            self.row += 1
            values = pick(row)
            if not any(value != "" for value in row):
                continue
            record = {
                name: value if type(value) is str else as_text(value)
                for name, value in zip(names, values, strict=True)
            }
            found = key_of(record)
            if not found and not any(_names(row)):  # whoever clears a cell by a blank
                continue
            yield Upsert(found, record, f"row {self.row}")

    def _header(self, header_row: int, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the columns, with the rows read up to them.

        Without a row that is set: the first with all wanted columns, else the first with text in
        more than one cell; a title above the table has one.
        """
        above: list[list[Any]] = []
        met: list[tuple[str, ...]] = []
        for row in self._iterator:
            self.row += 1
            met.append(_names(row))
            names = met[-1] = self._with_tops(met)
            if header_row:
                if self.row == header_row:
                    return names
                continue
            if wanted and set(wanted) <= set(names):
                return names
            above.append(row)
            if len(above) == HEADER_ROWS or self.row == self.rows:
                break
        likely = _likely_header(above)
        if likely is None:
            what = f"no row {header_row}" if header_row else "no header"
            raise SourceFailed(f"{self.place}: there is {what}: the sheet is empty or too short")
        self._iterator = chain(above[likely + 1 :], self._iterator)  # they are records after all
        self.row = likely + 1
        return met[likely]

    def _with_tops(self, rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """Return the last of some rows of names, with those of cells that reach down to it."""
        last, own = len(rows) - 1, rows[-1]
        names = list(own)
        for place, name in enumerate(own):
            top = None if name else self._tops.get((last, place))
            if top is not None and rows[top][place] not in own:
                names[place] = rows[top][place]
        return tuple(names)

    def _opened(self, calamine: Any, data: bytes) -> Any:
        try:
            return self._guarded(calamine, lambda: calamine.load_workbook(io.BytesIO(data)))
        except SourceFailed:
            plain = without_indents(data)
            if plain is None:
                raise
        return self._guarded(calamine, lambda: calamine.load_workbook(io.BytesIO(plain)))

    def _require_near(self, data: bytes, sheet: str | None) -> None:
        """Make sure that values lie together: reading them would end this process.

        Args:
            data: the workbook.
            sheet: one of its sheets; None for all that opening it reads: those of OpenDocument.
        """
        if not data.startswith(b"PK"):
            return
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sheet is None:
                    sheet, cell = stray_table_cell(archive)
                else:
                    cell = stray_cell(archive, sheet)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise SourceFailed(f"{self._path}: cut off or damaged: {error}") from None
        if cell:
            raise SourceFailed(
                f"{self._path}, sheet {sheet!r}: too large: {cell} has a value, far from the "
                "table; clear it"
            )

    def _guarded(self, calamine: Any, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except calamine.PasswordError:
            raise SourceFailed(
                f"{self._path}: is protected by a password: save it without one"
            ) from None
        except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError) as error:
            words = " ".join(str(error).split())[:200]
            raise SourceFailed(f"{self._path}: no workbook that can be read: {words}") from None


def _tops(merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> dict[tuple[int, int], int]:
    """Return for cells that are merged with one above them, in a column, the row of that one.

    Rows and columns count from 0; of those that may be a header's only.
    """
    return {
        (row, left): top
        for (top, left), (bottom, right) in merged
        if left == right
        for row in range(top + 1, min(bottom, MAX_HEADER_ROW) + 1)
    }


def _names(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple(clean(as_text(cell)) for cell in row)


def _likely_header(rows: Sequence[Sequence[Any]]) -> int | None:
    """Return the place of the first row with more than one name, else of the first with any."""
    filled = [sum(map(bool, _names(row))) for row in rows]
    several = next((place for place, count in enumerate(filled) if count > 1), None)
    if several is not None:
        return several
    return next((place for place, count in enumerate(filled) if count), None)


def _first_visible(book: Any, calamine: Any) -> str:
    visible = calamine.SheetVisibleEnum.Visible
    names = [sheet.name for sheet in book.sheets_metadata if sheet.visible == visible]
    return str((names or book.sheet_names or [""])[0])


def _require_modest(path: Path, data: bytes) -> None:
    if not data:
        raise SourceFailed(f"{path}: the file is empty")
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise SourceFailed(f"{path}: cut off or damaged: {error}") from None
    if size > MAX_UNPACKED_BYTES:
        raise SourceFailed(f"{path}: unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MiB")
