"""Store changes → the exact-number table: its one writer.

Law: applied before the tantivy commit of the same changes, so that the table is never behind the
index, and again after a crash between the two: to apply a change twice changes nothing. The body of
a version that a change ended stays until a commit without that version is in force, so that whoever
opened the commit before finds every contact of it; `NumberTable.kept_from` says from which commit
on that is so. Used by `engine.writer` alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import lmdb
import msgspec

from engine.bodies import pack_body, unpack_body
from engine.bodykeys import SEQ_BYTES, body_key
from engine.contact import Contact, ContactId, decode_contact
from engine.errors import CorruptIndex, CorruptStore
from engine.holding import SOURCE_BYTES, behind_of, holders_of
from engine.numberfile import (
    DATA,
    FOLDER,
    KEPT_KEY,
    PACKED_KEY,
    SEQ_KEY,
    STORE_KEY,
    Database,
    Databases,
    NumberFile,
    create_file,
    noted,
    open_file,
)
from engine.numbertable import number_row, row_key
from engine.store import Change
from engine.trunk import company_of, trunks_of
from engine.twins import TwinWriter

_PACKED = "packed"
"""The folder in which a table is copied, beside the file that the copy replaces."""

_LOOSE_CONTACTS = 1_000
"""A table with fewer is not worth copying: some 500 KiB."""

_LOOSE_GROWTH = 1.25
"""One that has grown by so much since it was packed is: keys come at random and split pages."""

_COPIED_AT_ONCE = 50_000
"""Entries of one transaction, whose pages LMDB holds in memory: some 16 MiB."""


class _Entries(NamedTuple):
    """What contacts put into the table, as (key, value) by database."""

    bodies: list[tuple[bytes, bytes]]
    rows: list[tuple[bytes, bytes]]
    numbers: list[tuple[bytes, bytes]]
    trunks: list[tuple[bytes, bytes]]


class NumberWriter:
    """Keeps the number table of one generation in step with the store.

    Attributes:
        seq: the last change of the store that the table held when it was opened.
    """

    def __init__(self, file: NumberFile, seq: int = 0) -> None:
        self.seq = seq
        self._file = file
        self._sources: dict[str, bytes] = {}

    @classmethod
    def create(cls, generation: Path, store: str) -> NumberWriter:
        """Make the table of a generation that is being built; `seal` makes it durable.

        Args:
            generation: the folder.
            store: the identity of the store.
        """
        made = cls(create_file(generation))
        with made._file.environment.begin(write=True) as transaction:
            transaction.put(STORE_KEY, store.encode(), db=made._file.databases.meta)
        return made

    @classmethod
    def open(cls, generation: Path, store: str, committed: int) -> NumberWriter:
        """Open the table of a generation that is served.

        Args:
            generation: the folder of the index.
            store: the identity of the store it must have been made from.
            committed: the `seq` that the index holds: the table must not be behind it, nor have
                let go of anything in it.

        Raises:
            CorruptIndex: there is no table, or it does not belong to the index.
        """
        file = open_file(generation)
        file.environment.reader_check()  # slots of killed readers keep pages from reuse
        with file.environment.begin() as transaction:
            meta = file.databases.meta
            seq = noted(transaction, file, SEQ_KEY)
            is_its_own = transaction.get(STORE_KEY, b"", db=meta) == store.encode()
            if not is_its_own or not noted(transaction, file, KEPT_KEY) <= committed <= seq:
                raise CorruptIndex(f"{generation}: the number table is not in step")
        return cls(file, seq)

    def apply(self, changes: Iterable[Change], committed: int = 0) -> set[int]:
        """Apply changes in one transaction; those applied already are passed over.

        Args:
            changes: by rising `seq`.
            committed: the last `seq` of the commit of the index that is in force, durably; what
                ended in it or before goes now.

        Returns:
            The `seq` of each change whose contact the table had before, in any version.

        Raises:
            CorruptStore: a stored contact cannot be decoded; nothing of the batch is applied.
            lmdb.Error: the disk is full.
        """
        fresh, contacts = _Entries([], [], [], []), dict[bytes, Contact]()
        known = set[int]()
        self._sources.clear()  # what a transaction that failed had numbered is gone
        with self._file.environment.begin(write=True) as transaction:
            twins = TwinWriter(transaction, self._file.databases, number_row)
            self._let_go(transaction, committed, twins)
            seq = 0
            for change in changes:
                seq = change.seq
                if self._apply(transaction, change, fresh, contacts, twins):
                    known.add(seq)
            self._put(transaction, fresh)
            twins.join(contacts, fresh.numbers)
            if seq:
                _note(transaction, self._file, SEQ_KEY, seq)
        return known

    @property
    def is_loose(self) -> bool:
        """Whether a fifth of the contacts or more came after it was last written in full pages.

        A first run may find half of its contacts in a table that was made and packed meanwhile.
        What is put in at random and in many transactions takes nearly twice the pages it needs.
        """
        with self._file.environment.begin() as transaction:
            contacts = int(transaction.stat(self._file.databases.rows)["entries"])
            packed = noted(transaction, self._file, PACKED_KEY)
        return contacts >= max(_LOOSE_CONTACTS, packed * _LOOSE_GROWTH)

    def pack_into(self, generation: Path) -> None:
        """Write the table in full pages beside another generation, with all that it holds.

        Raises:
            lmdb.Error, OSError: there is no room.
        """
        packed = generation / FOLDER
        packed.mkdir(mode=0o700)
        _pack(self._file, packed)

    def seal(self, seq: int) -> None:
        """Note how far a table just made has come, write it through in full pages, close it."""
        environment = self._file.environment
        with environment.begin(write=True) as transaction:
            _note(transaction, self._file, SEQ_KEY, seq)
        folder = Path(environment.path())
        packed = folder / _PACKED
        packed.mkdir(mode=0o700)
        _pack(self._file, packed)
        environment.close()
        (packed / DATA).replace(folder / DATA)
        shutil.rmtree(packed)

    def _put(self, transaction: lmdb.Transaction[bytes], fresh: _Entries) -> None:
        for entries, database in zip(fresh, self._lists(), strict=True):
            entries.sort()  # neighbours share pages
            with transaction.cursor(database) as cursor:
                cursor.putmulti(entries)

    def _lists(self) -> tuple[Database, ...]:
        """Return the databases that contacts put something into, in the order of `_Entries`."""
        of = self._file.databases
        return of.bodies, of.rows, of.numbers, of.trunks

    def _apply(
        self,
        transaction: lmdb.Transaction[bytes],
        change: Change,
        fresh: _Entries,
        contacts: dict[bytes, Contact],
        twins: TwinWriter,
    ) -> bool:
        """Take one change: out with the old version, in with the new one; tell if there was one.

        The new one is added to `fresh` and `contacts`.
        A store names each contact once a batch, so that no version comes and goes within one.
        """
        databases = self._file.databases
        identity = ContactId(change.source, change.key)
        row, seq = row_key(identity), change.seq.to_bytes(SEQ_BYTES, "big")
        old = transaction.get(row, db=databases.rows)
        if old is not None and old.endswith(seq) and change.body is not None:
            return True
        source = self._source_number(transaction, change.source)
        if old is not None:
            twins.leave(self._remove(transaction, source, old), old, seq)
            transaction.put(seq, old, db=databases.retired)
        if change.body is None:
            transaction.delete(row, db=databases.rows)
            return old is not None
        contact = _decode(identity, change.body)
        version = body_key(contact, change.seq)
        fresh.bodies.append((version, pack_body(change.body)))
        fresh.rows.append((row, version))
        _gather(fresh, contact, source, version)
        contacts[version] = contact
        return old is not None

    def _remove(
        self, transaction: lmdb.Transaction[bytes], source: bytes, version: bytes
    ) -> Contact:
        """Take out what leads to a version; return it."""
        record = transaction.get(version, db=self._file.databases.bodies)
        if record is None:
            raise CorruptIndex("the number table misses a contact it names")
        contact = decode_contact(unpack_body(record))
        gone = _Entries([], [], [], [])
        _gather(gone, contact, source, version)
        for entries, database in zip(gone, self._lists(), strict=True):
            for key, value in entries:
                transaction.delete(key, value, db=database)
        return contact

    def _let_go(
        self, transaction: lmdb.Transaction[bytes], committed: int, twins: TwinWriter
    ) -> None:
        """Remove the bodies of versions that ended up to a commit; older ones lack them now."""
        databases, last = self._file.databases, committed.to_bytes(SEQ_BYTES, "big")
        if noted(transaction, self._file, KEPT_KEY) >= committed:
            return
        _note(transaction, self._file, KEPT_KEY, committed)
        with transaction.cursor(databases.retired) as ended:
            while ended.first() and ended.key() <= last:
                transaction.delete(ended.value(), db=databases.bodies)
                twins.let_go(ended.value())
                ended.delete()

    def _source_number(self, transaction: lmdb.Transaction[bytes], source: str) -> bytes:
        """Return the number of a source, the next free one for a new source."""
        known = self._sources.get(source)
        if known is not None:
            return known
        database = self._file.databases.sources
        number = transaction.get(source.encode(), db=database)
        if number is None:
            number = transaction.stat(database)["entries"].to_bytes(SOURCE_BYTES, "big")
            transaction.put(source.encode(), number, db=database)
        self._sources[source] = number
        return number


def _pack(file: NumberFile, folder: Path) -> None:
    """Copy a table entry by entry, in the order of the keys, into a new file; write it through.

    LMDB's own copy without free pages is not used: 0.9.36 can crash on a database that is empty.
    """
    packed = NumberFile(folder, sync=False)
    environment = packed.environment
    with file.environment.begin() as transaction:
        for name in Databases.__struct_fields__:
            entries = iter(transaction.cursor(getattr(file.databases, name)))
            copied = 1
            while copied:
                with environment.begin(write=True) as writing:
                    cursor = writing.cursor(getattr(packed.databases, name))
                    copied, _ = cursor.putmulti(islice(entries, _COPIED_AT_ONCE), append=True)
        contacts = transaction.stat(file.databases.rows)["entries"]
    with environment.begin(write=True) as writing:
        _note(writing, packed, PACKED_KEY, contacts)
    environment.sync(force=True)
    environment.close()


def _gather(entries: _Entries, contact: Contact, source: bytes, version: bytes) -> None:
    """Add what leads to a contact, each once."""
    company = company_of(contact)
    numbers = holders_of(contact, company, source, version)
    entries.numbers.extend([(number_row(key), holder) for key, holder in numbers.items()])
    trunks = {}
    for trunk in trunks_of(contact):
        on_line = trunk in numbers or f"{trunk}0" in numbers
        trunks[trunk.encode()] = behind_of(contact, company, source, version, on_line=on_line)
    entries.trunks.extend(trunks.items())


def _note(transaction: lmdb.Transaction[bytes], file: NumberFile, key: bytes, seq: int) -> None:
    transaction.put(key, seq.to_bytes(SEQ_BYTES, "big"), db=file.databases.meta)


def _decode(identity: ContactId, body: bytes) -> Contact:
    try:
        return decode_contact(body)
    except msgspec.MsgspecError as error:
        raise CorruptStore(f"contact {identity.source}: {error}") from error
