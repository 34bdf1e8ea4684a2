"""`dbf`: one table of dBase, FoxPro or Clipper, with its memo file, read by dbfread.

Law: reads the file, never writes or locks. `Complete` is earned: as many records came, deleted ones
counted, as the header says, and the file is the same as at the start. The module comes in from
`connectors.registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
from typing_extensions import override

from connectors.errors import ConnectorError, SourceFailed
from connectors.files import ImportedFile, identity, open_regular, require_unchanged
from connectors.mapping import Mapping
from connectors.rules import compile_key, require_columns
from connectors.settings import SettingFault, SourceSettings
from connectors.suggestions import DISCOVERED, found_fields
from connectors.texts import ENCODING_IN_WORDS, is_encoding
from connectors.values import as_text
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

_BROKEN = "\ufffd"
"""Stands for what cannot be decoded or is no value of its column."""

_TYPES = {
    **dict.fromkeys("CM", "text"),
    **dict.fromkeys("NFIBOY+", "number"),
    **dict.fromkeys("T@", "time"),
    "D": "date",
    "L": "truth value",
}
"""What the letters of the format stand for; of others the values are looked at."""


class DbfOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "dbf"`.

    Attributes:
        path: the table; its memo file (.dbt, .fpt) stands beside it.
        encoding: a name such as "cp850"; "" = the one that the file names.
        delete_after: delete the file, and its memo file, once all that it holds is stored.
    """

    path: Path
    encoding: Annotated[str, msgspec.Meta(description=ENCODING_IN_WORDS)] = ""
    delete_after: bool = False

    def __post_init__(self) -> None:
        if not is_encoding(self.encoding):
            raise SettingFault("encoding")


class DbfSource(ContactSource):
    """One table."""

    def __init__(self, settings: SourceSettings, dbfread: Any) -> None:
        """Keep the settings; `dbfread` is the module of that name."""
        assert isinstance(settings.options, DbfOptions)
        self._settings = settings
        self._options = settings.options
        self._dbfread = dbfread
        self._row = self._rows = 0
        self._imported = ImportedFile(
            self._options.path, delete_after=self._options.delete_after, beside=self._memo_files
        )

    @override
    def check(self) -> CheckReport:
        """Read the header and the first record."""
        if self._imported.is_done:
            return self._imported.done_report()
        try:
            columns = Mapping(self._settings).columns
            table = self._table()
            require_columns(columns, table.field_names, str(self._options.path))
            next(self._events(table, columns), None)
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        warnings: tuple[str, ...] = ()
        if not self._options.encoding:
            warnings = (f"{self._options.path}: {_told(table.encoding)}",)
        warnings += tuple(self._imported.doubts())
        return CheckReport(warnings=warnings, estimated_rows=table.header.numrecords)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns of the table with their types."""
        table = self._table()
        types = {field.name: _TYPES.get(field.type, "") for field in table.fields}
        events = islice(self._events(table, table.field_names), DISCOVERED)
        records = [event.record for event in events if isinstance(event, Upsert)]
        return found_fields(table.field_names, records, types)

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first records with all their columns."""
        table = self._table()
        require_columns(Mapping(self._settings).columns, table.field_names, str(self._options.path))
        events = self._events(table, table.field_names)
        return [event for _, event in zip(range(rows), events, strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the whole table; its records hold the mapped columns only.

        Raises:
            SourceFailed: no table, no memo file, a mapped column is lost, cut off, or changed while
                it was read.
        """
        path = self._options.path
        if self._imported.is_done:  # nothing is new
            yield Complete(full=False)
            return
        with open_regular(path):
            before = identity(path.stat())
        mapping = Mapping(self._settings)
        table = self._table()
        require_columns(mapping.columns, table.field_names, str(path))
        yield Columns(tuple(table.field_names))
        self._rows = table.header.numrecords
        whole = table.header.headerlen + self._rows * table.header.recordlen
        if path.stat().st_size < whole:  # half a record would be read as a whole one
            raise SourceFailed(f"{path}: the file is cut off: its header tells of {whole:,} bytes")
        for event in self._events(table, mapping.columns):
            self._row += 1
            yield event
        came = self._row + sum(1 for _ in table._iter_records(b"*"))  # noqa: SLF001 - counts without a list
        if came != self._rows:
            raise SourceFailed(f"{path}: {came:,} records of {self._rows:,}: the file is cut off")
        require_unchanged(path, before)
        self._imported.was_read(before)
        yield Complete(full=True)

    @override
    def stored(self, rejected: int) -> str:
        """Delete the table that was read, where the settings say so."""
        return self._imported.delete(rejected)

    @override
    def cancel(self) -> None:
        """Do nothing: a file never blocks for long."""

    @override
    def share_read(self) -> float | None:
        """Return how many of the table's records were read."""
        return min(self._row / self._rows, 1.0) if self._rows else None

    def _memo_files(self) -> list[Path]:
        path = self._options.path
        return [
            found
            for found in path.parent.iterdir()
            if found.stem == path.stem and found.suffix.lower() in {".dbt", ".fpt"}
        ]

    def _table(self) -> Any:
        path, dbfread = self._options.path, self._dbfread
        with open_regular(path):
            pass  # what is wrong with the file itself is said by name
        try:
            return dbfread.DBF(
                str(path),
                encoding=self._options.encoding or None,
                ignorecase=False,
                parserclass=_forgiving(dbfread.FieldParser),
                char_decode_errors="replace",
            )
        except dbfread.MissingMemoFile:
            raise SourceFailed(f"{path}: its memo file (.dbt, .fpt) is not beside it") from None
        except Exception as error:  # noqa: BLE001 - a file of any bytes makes dbfread raise anything
            words = " ".join(str(error).split())[:200] or type(error).__name__
            raise SourceFailed(f"{path}: no table of dBase: {words}") from None

    def _events(self, table: Any, columns: Sequence[str]) -> Iterator[Upsert | RejectedRecord]:
        key_of = compile_key(self._settings.key)
        self._row = 0
        rows = iter(table)
        number = 0
        while True:
            number += 1
            try:
                row = next(rows, None)
            except Exception as error:  # noqa: BLE001 - as above: a damaged memo file, a cut record
                words = " ".join(str(error).split())[:200] or type(error).__name__
                raise SourceFailed(f"{self._options.path}: record {number}: {words}") from None
            if row is None:
                return
            record: Record = {column: as_text(row[column]) for column in columns}
            if any(_BROKEN in text for text in record.values()):
                key = key_of({name: as_text(row[name]) for name in self._settings.key})
                reason = f"not {table.encoding}, or no value of its column"
                readable = "" if _BROKEN in key else key
                yield RejectedRecord(f"record {number}", reason, key=readable)
            else:
                yield Upsert(key_of(record), record, f"record {number}")


def _forgiving(parser: Any) -> Any:
    """Return a parser of fields that marks a bad one, where the original ends the whole read."""

    class Forgiving(parser):  # type: ignore[misc]  # a class of a module without types
        def parse(self, field: Any, data: bytes) -> Any:
            try:
                return super().parse(field, data)
            except ValueError:
                return _BROKEN

    return Forgiving


def _told(encoding: str) -> str:
    """Return what a file says of its encoding: one that says nothing is taken for ASCII."""
    if encoding != "ascii":
        return f"read as {encoding}, as the file itself says"
    return (
        "it does not say its encoding: records with other characters than those of ASCII are"
        ' rejected; set encoding = "cp850" (as DOS wrote) or "cp1252" (Windows)'
    )
