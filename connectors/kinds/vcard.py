"""`vcard`: a file of vCards, or a folder of such files.

Law: reads the files, never writes beside them. `Complete` is earned: every file was read to its
end, no card is cut off, and files and folder are the same as at the start.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from typing_extensions import override

from connectors.errors import ConnectorError, SourceFailed
from connectors.files import (
    Identity,
    delete_imported,
    deletion_doubts,
    identity,
    open_regular,
    require_same,
)
from connectors.mapping import Mapping
from connectors.rules import compile_key
from connectors.settings import SettingFault, SourceSettings
from connectors.textlines import windows_encoding
from connectors.texts import ENCODING_IN_WORDS, is_encoding
from connectors.vcards import COLUMNS, DEFAULT_KEY, DEFAULT_MAP, CardReader
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Event,
    Record,
    RejectedRecord,
    SourceField,
    Upsert,
)

SUFFIXES = (".vcf", ".vcard")

LINE_BYTES = 1024 * 1024
"""Read so much of a line at a time: a photo on one line is no reason to hold it whole."""


class VcardOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "vcard"`.

    Attributes:
        path: a file of vCards, or a folder: all its files called *.vcf or *.vcard, not deeper.
        encoding: of cards that name none and are not UTF-8; "" = the country's Windows code page.
        delete_after: delete the files once all that they hold is stored.
    """

    path: Path
    encoding: Annotated[str, msgspec.Meta(description=ENCODING_IN_WORDS)] = ""
    delete_after: bool = False

    def __post_init__(self) -> None:
        if not is_encoding(self.encoding):
            raise SettingFault("encoding")


def complete_vcards(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for vCards where they say nothing."""
    return settings.with_defaults(DEFAULT_KEY, DEFAULT_MAP)


class VcardSource(ContactSource):
    """A file, or a folder of files."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, VcardOptions)
        self._settings = settings
        self._options = settings.options
        self._all_bytes = self._read_bytes = 0
        self._read: dict[Path, Identity] = {}

    @override
    def check(self) -> CheckReport:
        """Find the files and read the first card."""
        path = self._options.path
        if self._options.delete_after and not path.exists():
            return CheckReport(warnings=(f"{path}: not there; it will be read once it is",))
        try:
            Mapping(self._settings)
            first = next(self._events(), None)
        except ConnectorError as failure:
            return CheckReport(faults=(str(failure),))
        warnings = []
        if first is None:
            warnings.append(f"{path}: there are no vCards")
        if self._options.delete_after:
            warnings += deletion_doubts(path / "x" if path.is_dir() else path)
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return what a vCard may hold, then what else the first thousand cards hold."""
        names = dict.fromkeys(COLUMNS)
        for _, event in zip(range(1_000), self._events(), strict=False):
            if isinstance(event, Upsert):
                names.update(dict.fromkeys(event.record))
        return tuple(SourceField(name, key=name == "UID", changed=name == "REV") for name in names)

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first cards with all that they hold."""
        return [event for _, event in zip(range(rows), self._events(), strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream all cards; their records hold the mapped columns only.

        Raises:
            SourceFailed: missing, not readable, no vCards in a file, cut off inside a card, or
                changed while it was read.
        """
        if self._options.delete_after and not self._options.path.exists():
            yield Complete(full=False)  # imported and deleted by an earlier run: nothing is new
            return
        columns = Mapping(self._settings).columns
        for event in self._events():
            if isinstance(event, Upsert):
                record = event.record
                kept = {column: record.get(column, "") for column in columns}
                yield Upsert(event.key, kept, event.locator)
            else:
                yield event
        # Files that are dropped into a folder, one after the other, add to it.
        yield Complete(full=not (self._options.delete_after and self._options.path.is_dir()))

    @override
    def cancel(self) -> None:
        """Do nothing: a file never blocks for long."""

    @override
    def share_read(self) -> float | None:
        """Return how many of the bytes of all files were read."""
        return min(self._read_bytes / self._all_bytes, 1.0) if self._all_bytes else None

    @override
    def stored(self, rejected: int) -> str:
        """Delete the files that were read, where the settings say so."""
        return delete_imported(self._read, rejected) if self._options.delete_after else ""

    def _events(self) -> Iterator[Upsert | RejectedRecord]:
        path = self._options.path
        folder = path.is_dir()
        files = _files(path) if folder else [path]
        self._all_bytes, self._read_bytes = sum(_size(file) for file in files), 0
        self._read = {}
        legacy = self._options.encoding or windows_encoding(self._settings.plan.country_code)
        reader = CardReader(legacy)
        key_of = compile_key(self._settings.key)
        for file in files:
            prefix = f"{file.name}, " if folder else ""
            yield from self._cards(file, reader, prefix, key_of)
        if folder and _files(path) != files:
            raise SourceFailed(f"{path}: the folder changed while it was read; try again")

    def _cards(
        self, path: Path, reader: CardReader, prefix: str, key_of: Callable[[Record], str]
    ) -> Iterator[Upsert | RejectedRecord]:
        before_found = reader.found
        with open_regular(path) as file:
            before = identity(os.fstat(file.fileno()))
            for card in reader.cards(self._lines(file)):
                place = f"{prefix}line {card.line}"
                if card.fault:
                    yield RejectedRecord(place, card.fault)
                else:
                    yield Upsert(key_of(card.record), card.record, place)
            if reader.ends_open:
                raise SourceFailed(f"{path}: the file ends inside a vCard: it is cut off")
            if reader.found == before_found and (prefix or before[2]):  # 0 bytes: no card is left
                raise SourceFailed(f"{path}: there is no vCard in it")
            require_same(path, file, before)
        self._read[path] = before

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        head = file.read(LINE_BYTES)
        file.seek(0)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # old exports
            texts = io.TextIOWrapper(file, "utf-16", errors="replace", newline="\n")
            while text := texts.readline(LINE_BYTES):
                self._read_bytes += 2 * len(text)
                yield text.encode()
            texts.detach()  # whoever opened the file has still to look at it
            return
        if b"\r" in head and b"\n" not in head:
            yield from self._old_lines(file)
            return
        while line := file.readline(LINE_BYTES):
            self._read_bytes += len(line)
            yield line

    def _old_lines(self, file: BinaryIO) -> Iterator[bytes]:
        """Yield lines that end as those of the old Macs do, by a carriage return alone."""
        rest = b""
        while chunk := file.read(LINE_BYTES):
            self._read_bytes += len(chunk)
            *lines, rest = (rest + chunk.replace(b"\r", b"\n")).split(b"\n")
            yield from lines
            if len(rest) > LINE_BYTES:  # a photo on one line
                yield rest
                rest = b" "  # what follows goes on with it
        if rest:
            yield rest


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise SourceFailed(f"{folder}: {error.strerror}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise SourceFailed(f"{path}: {error.strerror}") from error
