"""Store changes → index commits: the one writer of the tantivy index.

Law: only the writing process opens it, under `run/writer.lock`; the store is the truth, so that the
index can be thrown away at any time. Each commit holds one document with the last `seq` applied: a
crash between store and index resumes from there. The number table beside the index takes the same
changes first, so that it is never behind, and keeps what they replaced until the commit after.
Bookmarks and tombstones of the store follow the commit (`ContactStore.settle`), never precede it. A
writer is no context manager: tantivy's own one commits although its body raised.

Over 400 lines: a commit, a rebuild and a packing share what they must never leave behind.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import lmdb
import msgspec
import tantivy

from engine import generation as folders
from engine import numberfile, schema
from engine.contact import ContactId
from engine.drafts import Documents, Draft, draft_here
from engine.errors import CorruptIndex, CorruptStore, IndexUnwritable
from engine.leading import NO_LIMITS, Leading, windows
from engine.numberwriter import NumberWriter
from engine.schema import (
    applied_document,
    id_term,
    leading_document,
    leading_of,
    register_tokenizers,
)
from engine.store import ContactStore

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all) now and then, at least once at the end."""

HEAP_BYTES = 256_000_000
"""Buffer before tantivy writes a segment, taken only as contacts come. Less makes more segments,
and every look-up is made in each of them; with 48 MB a first run was no faster."""

WRITER_THREADS = 1
"""One indexing thread beside the Python thread fills two cores and leaves fewer segments."""

BATCH_ROWS = 5_000

BURST = 1_000
"""Documents that are made, then handed to tantivy all at once: its thread falls asleep after each
that comes alone, and to wake it costs as much as a tenth of the document."""

BLOCK_BYTES, MIB = 512, 1 << 20
"""What `st_blocks` counts in (POSIX), and what people read."""


class _Batch(NamedTuple):
    """Changes that the number table has, on their way into tantivy.

    Attributes:
        size: how many they are.
        ended: the terms of documents that they end.
        documents: those that they bring, in bursts.
    """

    size: int
    ended: list[str]
    documents: list[Documents]


class IndexWriter:
    """Keeps the served generation in step with the store."""

    def __init__(self, index_dir: Path, store: ContactStore, draft: Draft = draft_here) -> None:
        """Use `IndexWriter.open`."""
        self._index_dir = index_dir
        self._store = store
        self._draft = draft
        self._folder = index_dir
        self._writer: tantivy.IndexWriter | None = None
        self._numbers: NumberWriter | None = None
        self._applied = 0
        self._leading = NO_LIMITS
        self._in_step = False  # else the number table may know less than the index: deletions

    @classmethod
    def open(
        cls,
        index_dir: Path,
        store: ContactStore,
        draft: Draft = draft_here,
        known: int | None = None,
    ) -> IndexWriter:
        """Open the served generation for writing; make one if there is none that can be used.

        A generation that is missing, damaged, of another format, or not in step with this store
        (which was restored from a backup, or made anew) is rebuilt before this returns.

        Args:
            index_dir: `<data_dir>/index`.
            store: an open store; the writer borrows it and does not close it.
            draft: makes the documents, perhaps in another process.
            known: the last `seq` of the store before anything was written that the index cannot
                hold; None: nothing was. Else writing could hide that it was restored.
        """
        writer = cls(index_dir, store, draft)
        if writer._attach_served(store.last_seq() if known is None else known):
            folders.sweep(index_dir)
        else:
            writer.rebuild()
        return writer

    @property
    def applied_seq(self) -> int:
        """The last `seq` of the store that the index holds."""
        return self._applied

    def catch_up(self, progress: Progress | None = None) -> int:
        """Apply every row of the store that changed since the last commit; commit.

        Returns:
            The last `seq` applied; nothing is committed if nothing changed.

        Raises:
            CorruptStore: a stored contact cannot be decoded.
            IndexUnwritable: a full disk, say; the former commit stays served.
        """
        target = self._store.last_seq()
        if target <= self._applied:
            self._store.settle(self._applied)
            return self._applied
        writer, numbers = self._require_writers()
        try:
            with _writing(self._folder):
                if not self._applied:
                    self._guess_leading(writer)
                self._apply_changes(writer, numbers, target, progress)
                self._commit(writer, target)
        except BaseException:
            self._forget(writer)
            raise
        self._store.settle(target)
        return target

    def rebuild(self, progress: Progress | None = None) -> None:
        """Build a new generation from the store, verify it, and let it be served.

        Readers follow by themselves; the old folder is removed. A failure leaves the old one, and
        nothing of the new one.

        Raises:
            CorruptStore: a stored contact cannot be decoded.
            IndexUnwritable: there is no room for it, or no right.
        """
        self.close()
        _require_room(self._index_dir)
        with _writing(self._index_dir):
            folder = folders.new_generation(self._index_dir)
            try:
                self._build(folder, progress)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            folders.publish(self._index_dir, folder)
        self._attach(folder)
        folders.sweep(self._index_dir)
        self.catch_up()

    def pack(self) -> None:
        """Let a generation with the table in full pages be served, where it has become loose.

        So it has by a first run, which takes nearly twice the disk and the pages in memory without
        this. Readers follow as they follow a rebuild. Without room for a second table all stays as
        it is.

        Raises:
            IndexUnwritable: the generation served cannot be sealed.
        """
        writer, numbers = self._require_writers()
        served = self._folder
        table = _allocated(served / numberfile.FOLDER / numberfile.DATA)
        if not numbers.is_loose or shutil.disk_usage(served).free < table:
            return
        with _writing(served):
            writer.wait_merging_threads()
        del writer
        self._writer = self._numbers = None  # not sealed: all of it is summed up once, below
        folder = folders.new_generation(self._index_dir)
        try:
            folders.link_files(served, folder)
            numbers.pack_into(folder)
            folders.write_manifest(folder)
            folders.publish(self._index_dir, folder)
        except (lmdb.Error, OSError):
            shutil.rmtree(folder, ignore_errors=True)
        del numbers
        self._attach(folders.current_generation(self._index_dir) or served)
        folders.sweep(self._index_dir)

    def _build(self, folder: Path, progress: Progress | None) -> None:
        index = _create_index(folder)
        register_tokenizers(index)
        writer = index.writer(heap_size=HEAP_BYTES, num_threads=WRITER_THREADS)
        numbers = NumberWriter.create(folder, self._store.identity())
        target = self._store.last_seq()
        try:
            self._guess_leading(writer)
            self._add_everything(writer, numbers, target, progress)
            numbers.seal(target)
        except BaseException:
            with suppress(ValueError):
                writer.rollback()  # ends its thread, which would write into what is being removed
            raise
        writer.add_document(applied_document(target, self._store.identity()))
        writer.commit()
        writer.wait_merging_threads()
        del writer, index
        folders.write_manifest(folder)
        folders.verify_generation(folder)

    def close(self) -> None:
        """Seal the manifest and let go of the folder; what was not committed is dropped.

        Raises:
            IndexUnwritable: the manifest cannot be sealed; the folder is let go of all the same.
        """
        if self._writer is None:
            return
        self._writer = self._numbers = None
        if (self._folder / folders.META).exists():
            with _writing(self._folder):
                folders.write_manifest(self._folder)

    def _forget(self, writer: tantivy.IndexWriter) -> None:
        """Drop what tantivy holds since the last commit, and its files; the store has it all."""
        try:
            writer.rollback()
            writer.garbage_collect_files()
        except ValueError:  # the disk that made it fail
            self._writer = self._numbers = None

    def _attach_served(self, last_seq: int) -> bool:
        """Open the served generation; False if it must be built anew, as one behind `last_seq`."""
        try:
            served = folders.current_generation(self._index_dir)
            if served is None or not folders.is_current_format(served):
                return False
            made_by = self._attach(served)
        except CorruptIndex:
            return False
        # settled tombstones are gone from the store: an index behind them would keep the dead
        in_step = self._store.settled_seq() <= self._applied <= last_seq
        if made_by != self._store.identity() or not in_step:
            self._writer = self._numbers = None
            return False
        return True

    def _attach(self, folder: Path) -> str:
        """Open a generation for writing, read how far it has come; return whose store it holds."""
        try:
            index = tantivy.Index.open(str(folder))
            register_tokenizers(index)
            applied = applied_state(index.searcher())
            self._leading = leading_of(index.searcher())
            self._numbers = NumberWriter.open(folder, applied.store, applied.seq)
            self._writer = index.writer(heap_size=HEAP_BYTES, num_threads=WRITER_THREADS)
        except (ValueError, OSError) as error:
            raise CorruptIndex(f"{folder}: {error}") from error
        self._folder, self._applied = folder, applied.seq
        self._in_step = self._numbers.seq == applied.seq
        return applied.store

    def _guess_leading(self, writer: tantivy.IndexWriter) -> None:
        """Give an index that holds no contact yet its limits (`engine.leading`)."""
        contacts = self._store.count()
        bodies = (
            change.body
            for seq, rows in windows(self._store.last_seq(), contacts)
            for change in self._store.changes(seq, rows)
            if change.body is not None
        )
        try:
            self._leading = Leading.guess(bodies, contacts)
        except msgspec.MsgspecError as error:
            raise CorruptStore(f"a stored contact: {error}") from error
        writer.delete_documents_by_term(schema.ID, schema.LEADING_ID)
        writer.add_document(leading_document(self._leading))

    def _require_writers(self) -> tuple[tantivy.IndexWriter, NumberWriter]:
        if self._writer is None or self._numbers is None:
            raise RuntimeError("the index writer is closed")
        return self._writer, self._numbers

    def _apply_changes(
        self,
        writer: tantivy.IndexWriter,
        numbers: NumberWriter,
        target: int,
        progress: Progress | None,
    ) -> None:
        done, total = 0, target - self._applied
        in_step, self._in_step = self._in_step, False
        for size in self._add(
            writer, self._batches(numbers, self._applied, target, in_step=in_step)
        ):
            done += size
            if progress:
                progress(done, total)

    def _batches(
        self, numbers: NumberWriter, committed: int, target: int, *, in_step: bool
    ) -> Iterator[_Batch]:
        """Put the changes of (committed, target] into the table; give what they are for tantivy."""
        seq = committed
        while seq < target and (changes := self._store.changes(seq, BATCH_ROWS)):
            seq = changes[-1].seq
            due = changes if seq <= target else [each for each in changes if each.seq <= target]
            documents = [
                self._draft(due[begin : begin + BURST], self._leading)
                for begin in range(0, len(due), BURST)
            ]
            known = numbers.apply(due, committed)
            # tantivy keeps each deletion in memory and looks it up in every segment
            ended = [
                id_term(ContactId(change.source, change.key))
                for change in due
                if not in_step or change.body is None or change.seq in known
            ]
            yield _Batch(len(due), ended, documents)

    def _add(self, writer: tantivy.IndexWriter, batches: Iterator[_Batch]) -> Iterator[int]:
        """Hand batches to tantivy, each once the next is being made; give the size of each."""
        for batch, _ in pairwise(chain[_Batch | None](batches, (None,))):
            assert batch is not None
            for term in batch.ended:
                writer.delete_documents_by_term(schema.ID, term)
            for made in batch.documents:
                for document in made():
                    writer.add_json(document)
            yield batch.size

    def _commit(self, writer: tantivy.IndexWriter, seq: int) -> None:
        writer.delete_documents_by_term(schema.ID, schema.APPLIED_ID)
        writer.add_document(applied_document(seq, self._store.identity()))
        writer.commit()
        folders.sync_folder(self._folder)
        self._applied, self._in_step = seq, True

    def _add_everything(
        self,
        writer: tantivy.IndexWriter,
        numbers: NumberWriter,
        target: int,
        progress: Progress | None,
    ) -> None:
        """Add every live contact as of `target`; what is written meanwhile is for `catch_up`.

        Read by seq, not by key: else rows that a first sync adds meanwhile would be indexed here
        and once more when the index catches up.
        """
        total, done = self._store.count(), 0
        for size in self._add(writer, self._batches(numbers, 0, target, in_step=True)):
            done += size
            if progress:
                progress(done, max(total, done))


def _create_index(folder: Path) -> tantivy.Index:
    """Make an empty index in an empty folder, without the lengths of fields.

    They would be an octet a field and contact, for a score that nobody asks for. The binding cannot
    leave them out, but an index says by its own file how it is written.
    """
    tantivy.Index(schema.schema(), path=str(folder))
    path = folder / folders.META
    meta = msgspec.json.decode(path.read_bytes())
    for field in meta["schema"]:
        if "indexing" in field["options"]:
            field["options"]["indexing"]["fieldnorms"] = False
    path.write_bytes(msgspec.json.encode(meta))
    return tantivy.Index.open(str(folder))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Tell what LMDB, tantivy and the file system cannot write as `IndexUnwritable`."""
    try:
        yield
    except (lmdb.Error, OSError, ValueError) as error:
        raise IndexUnwritable(f"{folder} cannot be written: {error}{_lack(folder)}") from error


def _lack(folder: Path) -> str:
    """Return what a file system lacks, in brackets; "" for nothing that can be told."""
    try:
        found = os.statvfs(folder)
        if shutil.disk_usage(folder).free < MIB:
            return " (the disk is full)"
    except OSError:  # it could not even be made
        return ""
    # one that counts no files (btrfs) says 0 of 0
    return " (the disk takes no further file)" if found.f_files and not found.f_favail else ""


def _require_room(index_dir: Path) -> None:
    """Refuse a rebuild that has no room for an index of the size of the one that is served.

    Its number table is there twice for a moment, as it came and in full pages.

    Raises:
        IndexUnwritable: with both sizes.
    """
    try:
        served = folders.current_generation(index_dir)
    except CorruptIndex:
        return
    if served is None or not served.exists():
        return
    needed = sum(_allocated(path) for path in served.rglob("*"))
    needed += _allocated(served / numberfile.FOLDER / numberfile.DATA)  # written twice: `seal`
    free = shutil.disk_usage(index_dir).free
    if free < needed:
        raise IndexUnwritable(
            f"{index_dir}: no room for a new index of about {needed / MIB:,.0f} MiB:"
            f" {free / MIB:,.0f} MiB are free"
        )


def _allocated(path: Path) -> int:
    try:
        return path.stat().st_blocks * BLOCK_BYTES
    except FileNotFoundError:  # left by a merge, and collected just now
        return 0


class AppliedState(msgspec.Struct, frozen=True):
    """How far an index has come: the last `seq` it holds, and the identity of the store."""

    seq: int = 0
    store: str = ""


def applied_state(searcher: tantivy.Searcher) -> AppliedState:
    """Return how far the commit behind `searcher` has come; zeros for an empty index."""
    found = searcher.search(schema.term(schema.ID, schema.APPLIED_ID), 1, count=False).hits
    if not found:
        return AppliedState()
    at = found[0][1]
    ((_, seq),) = schema.read_versions(searcher.fast_field_values(schema.VERSION, [at]))
    store = searcher.doc(at).get_first(schema.NOTE)
    return AppliedState(seq, store.decode() if isinstance(store, bytes) else "")
