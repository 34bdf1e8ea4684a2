"""The work of one run: events of a source → store, and at the very end the deletions.

Law: upserts are stored as they stream; nothing is removed before an earned `Complete` and the
guard's consent. Memory does not grow with the source: one byte marks a row that was met.

Over 400 lines: one run has one tally, one set of marks and one way to its end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b

import msgspec

from connectors.errors import Cancelled, SourceFailed
from connectors.guard import refusal
from connectors.mapping import Mapping
from connectors.rules import key_fault
from connectors.settings import SecretRef, SourceSettings
from engine.contact import Contact, decode_contact, encode_contact
from engine.runs import Run, RunCounts
from engine.source import (
    Bookmark,
    Checkpoint,
    Columns,
    Complete,
    Delete,
    Event,
    Present,
    RejectedRecord,
    Upsert,
    known_by,
)
from engine.store import MAX_BATCH, MAX_REJECTED, ContactStore

DIGEST_BYTES = 16
"""blake2b-128: two of a million records are the same by chance once in 10^26."""

SURELY_SHORT = 64
"""Keys up to this length need no closer look."""

MAX_LISTED = 20
"""New columns that a note names."""

_UNSEEN, _LOST, _KEPT, _SEEN = 0, 1, 2, 3
"""What a run knows of a row. Lost: its record came, and says nothing any more that could be looked
up; the contact goes, though a key sweep names the record. From `_KEPT` on the row is met."""

_pack = msgspec.msgpack.Encoder().encode


class Tally:
    """The running counts of a run."""

    def __init__(self) -> None:
        self.read = self.added = self.changed = self.unchanged = 0
        self.removed = self.rejected = self.rejected_fields = self.held_back = 0

    def counts(self) -> RunCounts:
        """Return the counts as they are now."""
        return RunCounts(
            read=self.read,
            added=self.added,
            changed=self.changed,
            unchanged=self.unchanged,
            removed=self.removed,
            rejected=self.rejected,
            rejected_fields=self.rejected_fields,
            held_back=self.held_back,
        )


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a run for the next one, as a bookmark of the store.

    Attributes:
        tag: the mapping and the source's own settings that it belongs to: a bookmark of another
            mapping would leave old records as they were mapped then, one of another server would
            pass over all that was there before.
        full_at: when the source was last read in full, epoch seconds.
        columns: what the source's columns were called.
        bookmark: the source's own; b"" for one that cannot be followed.
        run: which one kept it.
    """

    tag: bytes = b""
    full_at: float = 0.0
    columns: tuple[str, ...] = ()
    bookmark: Bookmark = b""
    run: int = 0


_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


def _tag_of(settings: SourceSettings, mapping: Mapping) -> bytes:
    """Return what a bookmark belongs to; a secret that is kept elsewhere is the same secret."""
    options = settings.options
    values = [(name, getattr(options, name)) for name in options.__struct_fields__]
    told = repr([pair for pair in values if not isinstance(pair[1], SecretRef)])
    key = mapping.digest_key
    return blake2b(told.encode("utf-8", "replace"), digest_size=DIGEST_BYTES, key=key).digest()


def _kept_of(data: bytes) -> _Kept:
    """Return what was kept; nothing where nothing, or something unknown, was."""
    try:
        return _decode_kept(data) if data else _Kept()
    except msgspec.DecodeError:
        return _Kept()


class _Marks:
    """Which rows of the store the run has met, by rowid: one byte each (10 MB for 10 million)."""

    def __init__(self) -> None:
        self._marks = bytearray()
        self.met = 0

    def get(self, rowid: int) -> int:
        return self._marks[rowid] if rowid < len(self._marks) else _UNSEEN

    def put(self, rowid: int, mark: int) -> None:
        marks = self._marks
        if rowid >= len(marks):
            self._make_room(rowid)
        if marks[rowid] < _KEPT:
            self.met += 1
        if mark < _KEPT:
            self.met -= 1
        marks[rowid] = mark

    def keep(self, rowids: Sequence[int]) -> int:
        """Mark those as kept that were not met yet; return how many."""
        marks = self._marks
        self._make_room(max(rowids, default=0))
        fresh = [rowid for rowid in rowids if not marks[rowid]]
        for rowid in fresh:
            marks[rowid] = _KEPT
        self.met += len(fresh)
        return len(fresh)

    def _make_room(self, rowid: int) -> None:
        if rowid >= len(self._marks):
            self._marks.extend(bytes(rowid + 65_536 - len(self._marks)))


class Intake:
    """Takes the events of one run, batch by batch.

    Attributes:
        served: contacts of the source that were served before the run.
        since: the bookmark from which an incremental source may go on, b"" for a full read.
        complete: the `Complete` that the source sent, None until then.
        notes: what an administrator should know of the source, though nothing failed.
    """

    def __init__(
        self,
        settings: SourceSettings,
        store: ContactStore,
        tally: Tally,
        *,
        dry_run: bool,
        on_batch: Callable[[int], None] | None,
        full: bool = False,
        released: int = 0,
        run: int = 0,
        last: Run | None = None,
        bookmark_is_state: bool = False,
    ) -> None:
        """Begin a run.

        Args:
            settings: the source, completed.
            store: where its contacts are kept.
            tally: counts on.
            dry_run: store nothing.
            on_batch: called with the store's last seq after every batch that changed it.
            full: pass over the bookmark.
            released: so many deletions may pass the guard, whatever its limit.
            run: its number, 0 for a dry run.
            last: the source's run before it.
            bookmark_is_state: of the source (`engine.source`).
        """
        self._settings = settings
        self._source = settings.id
        self._store = store
        self._tally = tally
        self._dry_run = dry_run
        self._on_batch = on_batch
        self._mapping = Mapping(settings)
        self._marks = _Marks()
        self._accepted = 0
        self._new_keys: set[str] = set()  # of a dry run, which stores none
        self._deletes: dict[str, None] = {}
        self.served = store.count(settings.id)
        self.complete: Complete | None = None
        self.notes: list[str] = []
        self._released = released
        self._swept = False
        self._began_at = time.time()
        self._kept = _kept_of(store.bookmark(settings.id))
        self._tag = _tag_of(settings, self._mapping)
        self._columns = self._kept.columns
        # The clock may have been set back: a full read in the future counts for nothing.
        age_s = self._began_at - self._kept.full_at
        young = 0 <= age_s < settings.full_every_s and not full
        counts = young and self._kept.tag == self._tag
        if bookmark_is_state:
            counts = counts and last is not None and last.id == self._kept.run
        self.since: Bookmark = self._kept.bookmark if counts else b""
        self._run = run
        self._last = last
        self._begun = False
        self._state: Bookmark = self.since if bookmark_is_state else b""
        # Of a run that goes by change: what was rejected before it (`known_by`), and what of that
        # holds still, since a key sweep or the source's own words named the record.
        self._faulty: set[str] = set()
        self._nameless: set[str] = set()  # reasons
        self._named: set[str] = set()
        self._room = MAX_REJECTED

    @property
    def full(self) -> bool:
        """Whether every record was sent, so far: the source was not followed by change."""
        return not self._swept and (self.complete is None or self.complete.full)

    def take(self, batch: Sequence[Event]) -> None:
        """Store one batch of at most 2,000 events.

        Raises:
            SourceFailed: the source goes on behind its own end.
        """
        if not self._begun and not self._is_as_before(batch):
            self._begin()
        upserts: dict[str, Upsert] = {}
        rejected: list[RejectedRecord] = []
        for event in batch:
            if self.complete is not None:
                raise SourceFailed("it sent more behind its own end; nothing was removed")
            if type(event) is Upsert:
                key = event.key
                if not (key.isprintable() and 0 < len(key) <= SURELY_SHORT):
                    fault = key_fault(key)
                    if fault:
                        rejected.append(RejectedRecord(event.locator, fault))
                        continue
                if key in upserts:
                    rejected.append(RejectedRecord(event.locator or key, "duplicate key", key=key))
                else:
                    upserts[key] = event
            elif type(event) is RejectedRecord:
                usable = not (event.key and key_fault(event.key))
                rejected.append(event if usable else msgspec.structs.replace(event, key=""))
            else:
                self._store_records(upserts, rejected)
                upserts, rejected = {}, []
                self._note(event)
        self._store_records(upserts, rejected)
        self._tally.read += sum(type(event) in _RECORDS for event in batch)

    def _is_as_before(self, batch: Sequence[Event]) -> bool:
        """Tell whether a source says that it holds what it held in the run before."""
        return bool(self._state) and list(batch) == [Complete(full=False, bookmark=self._state)]

    def _begin(self) -> None:
        """Learn what was rejected before; forget it where every record will come."""
        self._begun = True
        if self._dry_run:
            return
        if not self.since:
            self._store.forget_rejected(self._source)
            return
        known = self._store.rejected(self._source)
        self._faulty.update(map(known_by, known))
        self._nameless.update(each.reason for each in known if not known_by(each))
        self._room -= len(known)

    def finish(self, cancelled: Callable[[], bool]) -> str:
        """Remove what is gone, if the guard allows it, and keep the source's bookmark.

        Returns:
            Why nothing was removed, in one line; "" when all is done.

        Raises:
            SourceFailed: the source ended without `Complete`.
            Cancelled: `cancelled` said so between two batches.
        """
        complete = self.complete
        if complete is None:
            raise SourceFailed("it ended before it was complete; nothing was removed")
        if not self._begun and self._last is not None:  # all as before, and so are its faults
            self._tally.unchanged = self.served
            self._tally.rejected = self._last.counts.rejected
            self._tally.rejected_fields = self._last.counts.rejected_fields
        dropped = len(self._deletes)
        if complete.full:
            dropped = self._store.count(self._source) - self._marks.met
        refused = refusal(
            self._settings.max_drop,
            served=self.served,
            accepted=self._accepted,
            dropped=dropped,
            full=complete.full,
            released=self._released,
        )
        if refused:
            self._tally.held_back = dropped
            return refused
        if self._dry_run:
            self._tally.removed = dropped
        elif complete.full:
            if dropped:
                self._sweep(cancelled)
        else:
            self._remove(list(self._deletes))
        if complete.full:
            self._forget_rejected(self._faulty - self._named)
        # A full read that gives no bookmark ends what was followed from an older one.
        stale = bool(self.full and self._kept.bookmark)
        if complete.bookmark or stale or self._columns != self._kept.columns:
            self._keep(complete.bookmark)
        return ""

    def _note(self, event: Event) -> None:
        """Take an event that is neither record nor rejection."""
        if type(event) is Complete:
            self.complete = event
        elif type(event) is Present:
            self._meet(event.keys)
        elif type(event) is Columns:
            self._compare_columns(event.names)
        elif type(event) is Delete:
            # Remembered for the end of the run, where the guard sees all of them.
            row = self._store.digests(self._source, [event.key]).get(event.key)
            if row is not None and row[1]:
                self._marks.put(row[0], _UNSEEN)
                self._deletes[event.key] = None
            else:  # it was no contact
                self._forget_rejected({event.key})
        elif type(event) is Checkpoint and self.since and not self._deletes:
            # Of a full read there is nothing to keep: what it did not reach would be passed over.
            self._keep(event.bookmark)

    def _meet(self, keys: Sequence[str]) -> None:
        """Mark contacts that a key sweep named; keys without a contact are of rejected ones."""
        self._swept = True
        self._named.update(self._faulty.intersection(keys))
        if "" in self._faulty and any(map(key_fault, keys)):
            self._named.add("")
        for start in range(0, len(keys), MAX_BATCH):
            page = keys[start : start + MAX_BATCH]
            self._accepted += self._marks.keep(self._store.live_ids(self._source, page))

    def _compare_columns(self, names: tuple[str, ...]) -> None:
        known = frozenset(self._columns)
        fresh = [name for name in names if name not in known]
        if known and fresh:
            listed = ", ".join(repr(name[:60]) for name in fresh[:MAX_LISTED])
            more = f" and {len(fresh) - MAX_LISTED} more" if len(fresh) > MAX_LISTED else ""
            self.notes.append(f"new in the source: {listed}{more}")
        self._columns = names

    def _keep(self, bookmark: Bookmark) -> None:
        if self._dry_run:
            return
        full_at = self._began_at if self.complete and self.full else self._kept.full_at
        kept = _Kept(self._tag, full_at, self._columns, bookmark, self._run)
        self._store.keep_bookmark(self._source, _pack(kept), self._store.last_seq())

    def _store_records(self, upserts: dict[str, Upsert], rejected: list[RejectedRecord]) -> None:
        if upserts:
            for key in self._deletes.keys() & upserts.keys():
                del self._deletes[key]
            self._forget_rejected(upserts.keys())
            self._apply(self._changed_rows(upserts, rejected))
        if rejected:
            self._reject(rejected)

    def _forget_rejected(self, keys: AbstractSet[str]) -> None:
        """Forget what was rejected of records that now come anew or go."""
        if self._faulty:
            mended = self._faulty & keys
            if mended:
                self._room += self._store.forget_rejected(self._source, mended)
                self._faulty -= mended

    def _changed_rows(
        self, upserts: dict[str, Upsert], rejected: list[RejectedRecord]
    ) -> list[tuple[str, bytes, bytes]]:
        """Return the rows to write: where record, mapping or dial plan changed."""
        known = self._store.digests(self._source, list(upserts))
        contact_of = self._mapping.contact
        # Copied for each record: that is a third cheaper than to give it the key anew.
        fresh = blake2b(digest_size=DIGEST_BYTES, key=self._mapping.digest_key)
        marks, pack = self._marks, _pack
        began_at = int(self._began_at)
        rows: list[tuple[str, bytes, bytes]] = []
        again: dict[str, tuple[bytes, Contact]] = {}  # stored already: it keeps its beginning
        unchanged = 0
        for key, event in upserts.items():
            try:
                packed = pack(event.record)
            except UnicodeEncodeError:
                rejected.append(RejectedRecord(event.locator or key, "broken Unicode", key=key))
                continue
            hasher = fresh.copy()
            hasher.update(packed)
            digest = hasher.digest()
            row = known.get(key)
            if row is not None:
                rowid, stored = row
                if marks.get(rowid) == _SEEN:
                    rejected.append(RejectedRecord(event.locator or key, "duplicate key", key=key))
                    continue
                if stored == digest:
                    marks.put(rowid, _SEEN)
                    unchanged += 1
                    continue
            contact, faults = contact_of(key, event.record, event.locator, began_at)
            rejected.extend(msgspec.structs.replace(fault, key=key) for fault in faults)
            if contact is None:
                self._lose(key, row)
                continue
            if faults:
                # One byte short: mapped again in every run, so that each report names the faults.
                digest = digest[:-1]
            if row is None:
                rows.append((key, digest, encode_contact(contact)))
            else:
                again[key] = digest, contact
        self._tally.unchanged += unchanged
        self._accepted += unchanged
        return rows + self._dated(again)

    def _lose(self, key: str, row: tuple[int, bytes] | None) -> None:
        """Let a contact go whose record no longer says anything that can be looked up."""
        if row is not None and row[1]:
            self._marks.put(row[0], _LOST)
            self._deletes[key] = None

    def _dated(self, again: dict[str, tuple[bytes, Contact]]) -> list[tuple[str, bytes, bytes]]:
        """Return rows of contacts that the store knows, each with the time since when it does.

        What was deleted is new.
        """
        if not again:
            return []
        states = self._store.states(self._source, list(again))
        rows = []
        for key, (digest, contact) in again.items():
            body = states[key][2]
            created = contact.created if body is None else decode_contact(body).created
            dated = msgspec.structs.replace(contact, created=created)
            rows.append((key, digest, encode_contact(dated)))
        return rows

    def _apply(self, rows: list[tuple[str, bytes, bytes]]) -> None:
        if not rows:
            return
        if self._dry_run:
            self._weigh(rows)
            return
        applied = self._store.apply(self._source, rows)
        for rowid in applied.rowids:
            self._marks.put(rowid, _SEEN)
        tally = self._tally
        tally.added += applied.added
        tally.changed += applied.changed
        tally.unchanged += len(rows) - applied.added - applied.changed
        self._accepted += len(rows)
        if self._on_batch is not None and applied.added + applied.changed:
            self._on_batch(applied.seq)

    def _weigh(self, rows: list[tuple[str, bytes, bytes]]) -> None:
        """Count what `apply` would do (a dry run)."""
        states = self._store.states(self._source, [key for key, _, _ in rows])
        for key, _, body in rows:
            state = states.get(key)
            if state is not None and state[2] is not None:
                self._marks.put(state[0], _SEEN)
                if state[2] == body:
                    self._tally.unchanged += 1
                else:
                    self._tally.changed += 1
            elif key in self._new_keys:
                self._reject([RejectedRecord(key, "duplicate key")])
                continue
            else:
                self._new_keys.add(key)
                self._tally.added += 1
            self._accepted += 1

    def _reject(self, rejected: list[RejectedRecord]) -> None:
        """Count rejected records, keep the first ten thousand, and let known contacts stay."""
        fields = sum(1 for record in rejected if record.field)
        self._tally.rejected_fields += fields
        self._tally.rejected += len(rejected) - fields
        if not self._dry_run:
            listed = self._not_listed(rejected)[: max(self._room, 0)]
            self._room -= len(listed)
            if listed:
                self._store.add_rejected(self._source, listed)
        known = {record.key for record in rejected if record.key and not record.field}
        self._marks.keep(self._store.live_ids(self._source, list(known)))

    def _not_listed(self, rejected: list[RejectedRecord]) -> list[RejectedRecord]:
        """Return what has to be listed, once what was said of the same records is forgotten."""
        if not self._faulty:
            return rejected
        wholes = [record for record in rejected if not record.field]
        self._forget_rejected({each.locator for each in wholes if not each.key} - {""})
        # A contact that stays as it was still lacks the fields that were rejected then.
        stay = self._faulty.intersection(each.key for each in wholes if each.key)
        if stay:
            self._room += self._store.forget_rejected(self._source, stay, whole=True)
        self._named |= stay | {"" for each in wholes if not known_by(each)}
        return [each for each in rejected if known_by(each) or each.reason not in self._nameless]

    def _sweep(self, cancelled: Callable[[], bool]) -> None:
        """Remove every contact that the full read did not meet."""
        after = ""
        while page := self._store.live_keys(self._source, after, MAX_BATCH):
            if cancelled():
                raise Cancelled("cancelled while removing what is gone; the next run goes on")
            after = page[-1][1]
            self._remove([key for rowid, key in page if self._marks.get(rowid) < _KEPT])

    def _remove(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), MAX_BATCH):
            applied = self._store.apply(self._source, (), keys[start : start + MAX_BATCH])
            self._forget_rejected(set(keys[start : start + MAX_BATCH]))
            self._tally.removed += applied.removed
            if self._on_batch is not None:
                self._on_batch(applied.seq)


_RECORDS = frozenset({Upsert, Delete, RejectedRecord})
