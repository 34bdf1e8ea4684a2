"""`pst`: the contacts in an Outlook data file, by `readpst` of pst-utils.

Law: the file is opened for reading by readpst, which writes into a folder of our own; nothing is
left behind. `Complete` is earned: exit code 0, and the file is the same as at the start.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.files import ImportedFile, identity, open_regular, require_unchanged
from connectors.mapping import Mapping
from connectors.programs import Program
from connectors.rules import compile_key
from connectors.settings import SourceSettings
from connectors.textlines import windows_encoding
from connectors.vcards import COLUMNS, DEFAULT_KEY, DEFAULT_MAP, CardReader
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)

_MAGIC = b"!BDN"


class PstOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "pst"`.

    Attributes:
        path: the data file: .pst, .ost.
        timeout_s: longest time that reading it may take.
        delete_after: delete the file once all that it holds is stored.
    """

    path: Path
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 600
    delete_after: bool = False


def complete_pst(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for vCards where they say nothing."""
    return settings.with_defaults(DEFAULT_KEY, DEFAULT_MAP)


class PstSource(ContactSource):
    """All contact folders of one data file."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, PstOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()
        self._imported = ImportedFile(self._options.path, delete_after=self._options.delete_after)

    @override
    def check(self) -> CheckReport:
        """Read the file once: it tells nothing before."""
        if self._imported.is_done:
            return self._imported.done_report()
        try:
            Mapping(self._settings)
            count = sum(isinstance(event, Upsert) for event in self._events())
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        warnings = self._imported.doubts()
        if not count:
            warnings.append(f"{self._options.path}: there are no contacts in it")
        return CheckReport(warnings=tuple(warnings), estimated_rows=count)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return what a contact may hold, and the folder in which it stands."""
        return tuple(SourceField(name, key=name == "UID") for name in (*COLUMNS, "folder"))

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first contacts with all that they hold."""
        return [event for _, event in zip(range(rows), self._events(), strict=False)]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream all contacts.

        Raises:
            SourceFailed: no data file of Outlook, damaged, or changed while it was read.
            DriverMissing: readpst is not installed.
        """
        if self._imported.is_done:  # nothing is new
            yield Complete(full=False)
            return
        columns = Mapping(self._settings).columns
        for event in self._events():
            if isinstance(event, Upsert):
                record = {column: event.record.get(column, "") for column in columns}
                yield Upsert(event.key, record, event.locator)
            else:
                yield event
        yield Complete(full=True)

    @override
    def stored(self, rejected: int) -> str:
        """Delete the file that was read, where the settings say so."""
        return self._imported.delete(rejected)

    @override
    def cancel(self) -> None:
        """End readpst."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: readpst does not tell how far it is."""
        return None

    def _events(self) -> Iterator[Upsert | RejectedRecord]:
        path = self._options.path
        with open_regular(path) as file:
            before = identity(os.fstat(file.fileno()))
            if file.read(len(_MAGIC)) != _MAGIC:
                raise SourceFailed(f"{path}: no data file of Outlook")
        with tempfile.TemporaryDirectory(prefix="rufname-pst-") as name:
            self._extract(path, Path(name))
            require_unchanged(path, before)
            self._imported.was_read(before)
            reader = CardReader(windows_encoding(self._settings.plan.country_code))
            key_of = compile_key(self._settings.key)
            for file_path in sorted(found for found in Path(name).rglob("*") if found.is_file()):
                place = file_path.relative_to(name)  # such as "Contacts.contacts"
                folder = str(place.with_suffix("") if place.suffix else place.parent)
                with file_path.open("rb") as cards:
                    for card in reader.cards(cards):
                        locator = f"{folder}, card {reader.found}"
                        if card.fault:
                            yield RejectedRecord(locator, card.fault)
                            continue
                        record = {**card.record, "folder": folder}
                        yield Upsert(key_of(record), record, locator)

    def _extract(self, path: Path, folder: Path) -> None:
        """Let readpst write the contacts of the file into a folder, as vCards."""
        argv = ["readpst", "-q", "-b", "-cv", "-t", "c", "-o", str(folder), str(path)]
        program = Program(
            argv, timeout_s=self._options.timeout_s, folder=folder, package="pst-utils"
        )
        with self._cancelling.reaching(program), program:
            for _ in program.lines():
                pass  # its progress
            program.finish()
