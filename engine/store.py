"""The contact store: what each source last said, in one SQLite file. The truth behind the index.

Law: one writing process (it holds `run/writer.lock`), any number of readers; every transaction is
short. Every change of a contact gets a rising `seq`; a deleted contact leaves a tombstone (a row
without body) until the index has followed (`settle`). Nothing here knows how a source is read
(`connectors`) or what the index looks like (`engine.writer`).

The file format stands in `engine.storefile`. Over 400 lines: its statements are read side by side.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from engine.bodies import BodyPacker
from engine.errors import CorruptStore, StoreUnavailable
from engine.runs import Run, RunCounts, RunState
from engine.source import Bookmark, RejectedRecord
from engine.storefile import (
    APPLICATION_ID,
    FORMAT_VERSION,
    PACKED_SINCE,
    create_tables,
    make_private,
    pack_bodies,
)

MAX_BATCH = 2_000
"""Rows of one transaction: some 50 ms, so that readers and a cancel never wait for long."""

MAX_REJECTED = 10_000
"""Rejected records kept per source: some 2 MB, all that a person will ever work through."""

_BEFORE_KEY = "\x1f"
"""Stands between locator and key of what is rejected; no locator and no key holds it."""

MAX_RUNS = 100
"""Runs kept per source: a day of one run every quarter of an hour."""

RESTORE = "put a backup in its place, or move it away and sync anew"
"""What helps where a store is damaged: all that is in it comes from the sources."""

LEFT = "the process ended during the run"
"""Why a run failed that neither ended nor is under way."""

_END_LEFT = "UPDATE runs SET state = 'failed', ended_at = ?, reason = ? WHERE state = 'running'"

BUSY_TIMEOUT_S = 10.0
CACHE_KIB = 32 * 1024
WAL_LIMIT_BYTES = 64 * 1024 * 1024


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One step of the store: a contact as it is now, or its deletion (`body` None)."""

    seq: int
    source: str
    key: str
    body: bytes | None


class Applied(msgspec.Struct, frozen=True):
    """What one batch did.

    `refreshed` rows got a new digest only (the contact is the same). `rowids` stand in the order of
    the upserts; `seq` is the store's last one now.
    """

    added: int
    changed: int
    refreshed: int
    removed: int
    rowids: list[int]
    seq: int


_encode_counts = msgspec.msgpack.Encoder().encode
_decode_counts = msgspec.msgpack.Decoder(RunCounts).decode


class ContactStore:
    """The store, opened by one process; use it from one thread at a time."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._db = database
        self._path = path
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._packer = BodyPacker()
        self._is_packed = True

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> ContactStore:
        """Open the store; make it (mode 0600) if there is none and `read_only` is not set.

        Raises:
            CorruptStore: the file is damaged, another program's, or of a newer format.
            StoreUnavailable: it cannot be opened, or there is none to read.
        """
        try:
            if read_only:
                if not path.exists():
                    raise StoreUnavailable(f"{path}: no contact store yet; sync a source first")
            else:
                make_private(path)
            mode = "ro" if read_only else "rw"
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            # The owner hands the store from thread to thread as a whole, never shares it.
            database = sqlite3.connect(
                uri,
                uri=True,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
                cached_statements=64,
            )
        except OSError as error:
            raise StoreUnavailable(f"{path}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{path}: {error}") from error
        store = cls(database, path)
        try:
            store._prepare(read_only=read_only)
        except BaseException:
            database.close()
            raise
        return store

    def close(self) -> None:
        """Close the file; the last connection folds the write-ahead log back into it."""
        self._db.close()

    # What the index follows

    def identity(self) -> str:
        """Return the id this store got when it was made: an index of another store is stale."""
        return str(self._meta("identity"))

    def last_seq(self) -> int:
        """Return the seq of the newest change, 0 for a store that never held a contact."""
        return int(self._meta("seq"))

    def settled_seq(self) -> int:
        """Return the highest seq given to `settle`: an index behind it may miss deletions."""
        return int(self._meta("settled"))

    def changes(self, after_seq: int, limit: int) -> list[Change]:
        """Return up to `limit` newest states with seq > `after_seq`, by rising seq; [] = no more.

        A contact changed twice stands once, at its last seq.
        """
        rows = self._rows(
            "SELECT seq, source, key, body FROM contacts WHERE seq > ? ORDER BY seq LIMIT ?",
            (after_seq, limit),
        )
        unpacked = self._unpacked
        return [
            Change(seq, source := self._name(number), key, unpacked(kept, source, key))
            for seq, number, key, kept in rows
        ]

    def contacts(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str, bytes]]:
        """Return a page of live contacts (source, key, body) behind `after`; [] = no more.

        The order is fixed for one store, source by source, keys rising by their UTF-8 bytes.
        """
        number, key = (self._number(after[0]), after[1]) if after else (0, "")
        rows = self._rows(
            "SELECT source, key, body FROM contacts"
            " WHERE (source, key) > (?, ?) AND body IS NOT NULL ORDER BY source, key LIMIT ?",
            (number, key, limit),
        )
        return [
            (source := self._name(number), key, self._body(kept, source, key))
            for number, key, kept in rows
        ]

    def settle(self, seq: int) -> None:
        """Note that the index holds everything up to `seq`: bookmarks count, tombstones go."""
        with self._transaction() as db:
            seq = min(seq, self.last_seq())
            db.execute(
                "UPDATE meta SET value = max(value, ?) WHERE name = 'settled'",
                (seq,),
            )
            db.execute(
                "DELETE FROM bookmarks WHERE EXISTS (SELECT 1 FROM bookmarks AS newer WHERE"
                " newer.source = bookmarks.source AND newer.seq > bookmarks.seq"
                " AND newer.seq <= ?)",
                (seq,),
            )
            purged = db.execute(
                "DELETE FROM contacts WHERE body IS NULL AND seq <= ?", (seq,)
            ).rowcount
        if purged:
            self._fold_log()

    # What a sync asks and writes

    def count(self, source: str | None = None) -> int:
        """Return how many contacts live, of one source or of all; 0 for an unknown source."""
        if source is None:
            rows = self._rows("SELECT coalesce(sum(live), 0) FROM sources")
        else:
            rows = self._rows("SELECT live FROM sources WHERE source = ?", (source,))
        return int(rows[0][0]) if rows else 0

    def sources(self) -> dict[str, int]:
        """Return the ids of all sources that ever had contacts, with how many live now."""
        return dict(self._rows("SELECT source, live FROM sources ORDER BY source"))

    def digests(self, source: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Return rowid and digest of those of at most 2,000 keys that the store knows.

        A tombstone comes with the digest b"".
        """
        rows = self._find("id, digest", self._number(source), keys)
        return {key: (rowid, digest) for key, rowid, digest in rows}

    def live_ids(self, source: str, keys: Sequence[str]) -> list[int]:
        """Return the rowids, in any order, of the contacts that live under at most 2,000 keys."""
        if not keys:
            return []
        marks = ",".join("?" * len(keys))
        rows = self._rows(
            f"SELECT id FROM contacts WHERE source = ? AND key IN ({marks}) AND body IS NOT NULL",  # noqa: S608 - only question marks
            (self._number(source), *keys),
        )
        return [rowid for (rowid,) in rows]

    def states(
        self, source: str, keys: Sequence[str]
    ) -> dict[str, tuple[int, bytes, bytes | None]]:
        """Return rowid, digest and body (None: a tombstone) of those keys that the store knows."""
        return self._states(source, self._number(source), keys)

    def live_keys(self, source: str, after: str, limit: int) -> list[tuple[int, str]]:
        """Return (rowid, key) of a page of live contacts behind the key `after`; [] = no more."""
        return self._rows(
            "SELECT id, key FROM contacts WHERE source = ? AND key > ? AND body IS NOT NULL"
            " ORDER BY key LIMIT ?",
            (self._number(source), after, limit),
        )

    def apply(
        self,
        source: str,
        upserts: Sequence[tuple[str, bytes, bytes]],
        deletes: Sequence[str] = (),
    ) -> Applied:
        """Write one batch in one transaction: upserts (key, digest, body), then deletes (keys).

        Args:
            source: the source's id.
            upserts: distinct keys, at most 2,000. A row whose body is the same only gets its new
                digest, without a new seq; one whose digest is the same too is not written at all.
            deletes: at most 2,000; unknown keys are passed over.

        Raises:
            ValueError: more than 2,000 rows, or one key twice.
            StoreUnavailable: disk full, locked; nothing of the batch is written.
        """
        keys = [key for key, _, _ in upserts]
        if max(len(keys), len(deletes)) > MAX_BATCH or len(set(keys)) < len(keys):
            raise ValueError(f"a batch has at most {MAX_BATCH} rows, each key once")
        with self._transaction() as db:
            number = self._enrol(db, source)
            seq = self.last_seq()
            added, changed, refreshed, rowids, seq = self._upsert(
                db, (source, number), upserts, seq
            )
            doomed = self._find("id, body IS NULL", number, deletes)
            gone = sorted(rowid for _, rowid, dead in doomed if not dead)
            db.executemany(
                "UPDATE contacts SET seq = ?, digest = x'', body = NULL WHERE id = ?",
                [(seq + step, rowid) for step, rowid in enumerate(gone, 1)],
            )
            seq += len(gone)
            db.execute("UPDATE meta SET value = ? WHERE name = 'seq'", (seq,))
            db.execute(
                "UPDATE sources SET live = live + ? WHERE number = ?", (added - len(gone), number)
            )
        return Applied(added, changed, refreshed, len(gone), rowids, seq)

    def drop_source(self, source: str) -> int:
        """Leave tombstones for all contacts of a source that left the configuration.

        Returns:
            How many contacts went. Its bookmarks and rejected records go too; its runs stay.
        """
        dropped = 0
        while page := self.live_keys(source, "", MAX_BATCH):
            dropped += self.apply(source, (), [key for _, key in page]).removed
        with self._transaction() as db:
            db.execute("DELETE FROM bookmarks WHERE source = ?", (source,))
            db.execute("DELETE FROM rejected WHERE source = ?", (source,))
        return dropped

    def bookmark(self, source: str) -> Bookmark:
        """Return the newest bookmark that the index has followed, b"" if there is none."""
        rows = self._rows(
            "SELECT bookmark FROM bookmarks WHERE source = ? AND seq <= "
            "(SELECT value FROM meta WHERE name = 'settled') ORDER BY seq DESC LIMIT 1",
            (source,),
        )
        return rows[0][0] if rows else b""

    def keep_bookmark(self, source: str, bookmark: Bookmark, seq: int) -> None:
        """Keep a bookmark that counts once the index holds everything up to `seq`."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO bookmarks VALUES (?, ?, ?)", (source, seq, bookmark))

    # Run history and rejected records

    def begin_run(self, source: str, name: str) -> int:
        """Open a run and return its id.

        A run that was never finished (its process was killed) is closed as failed.
        """
        now = time.time()
        with self._transaction() as db:
            db.execute(f"{_END_LEFT} AND source = ?", (now, LEFT, source))
            db.execute(
                "DELETE FROM runs WHERE source = ? AND id NOT IN"
                " (SELECT id FROM runs WHERE source = ? ORDER BY id DESC LIMIT ?)",
                (source, source, MAX_RUNS - 1),
            )
            run = db.execute(
                "INSERT INTO runs (source, name, state, began_at, counts) VALUES (?, ?, ?, ?, ?)",
                (source, name, "running", now, _encode_counts(RunCounts())),
            ).lastrowid
        assert run is not None
        return run

    def end_left_runs(self) -> None:
        """Close as failed all runs that were never finished; called while none is under way."""
        with self._transaction() as db:
            db.execute(_END_LEFT, (time.time(), LEFT))

    def finish_run(self, run: int, state: RunState, counts: RunCounts, reason: str = "") -> None:
        """Close a run: what it did, and why not more, or what to know of it (one line)."""
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET state = ?, ended_at = ?, counts = ?, reason = ? WHERE id = ?",
                (state, time.time(), _encode_counts(counts), reason, run),
            )

    def runs(self, source: str, limit: int) -> list[Run]:
        """Return the last runs of a source, newest first; [] if it never ran."""
        rows = self._rows(
            "SELECT id, source, name, state, began_at, ended_at, counts, reason FROM runs"
            " WHERE source = ? ORDER BY id DESC LIMIT ?",
            (source, limit),
        )
        return [
            Run(number, own, name, state, began, ended, _decode_counts(counts), reason)
            for number, own, name, state, began, ended, counts, reason in rows
        ]

    def last_run(self, source: str) -> Run | None:
        """Return the newest run of a source, None if it never ran."""
        return next(iter(self.runs(source, 1)), None)

    def add_rejected(self, source: str, records: Sequence[RejectedRecord]) -> None:
        """Keep rejected records, up to 10,000 of the source; the rest is cut."""
        with self._transaction() as db:
            kept = db.execute(
                "SELECT count(*) FROM rejected WHERE source = ?", (source,)
            ).fetchone()[0]
            db.executemany(
                "INSERT INTO rejected (source, locator, field, reason) VALUES (?, ?, ?, ?)",
                [
                    (source, _place_of(record), record.field, record.reason)
                    for record in records[: max(MAX_REJECTED - kept, 0)]
                ],
            )

    def rejected(self, source: str, limit: int = MAX_REJECTED) -> list[RejectedRecord]:
        """Return what was rejected of a source's records as they are now, in order of coming."""
        rows = self._rows(
            "SELECT locator, reason, field FROM rejected WHERE source = ? ORDER BY id LIMIT ?",
            (source, limit),
        )
        records = []
        for place, reason, field in rows:
            locator, _, key = place.partition(_BEFORE_KEY)
            records.append(RejectedRecord(locator, reason, field, key))
        return records

    def forget_rejected(
        self, source: str, keys: Collection[str] | None = None, *, whole: bool = False
    ) -> int:
        """Forget what was rejected of the records with these keys, or of all; return how much.

        A source that is read by change says nothing of most records: what was rejected of them
        still holds. Keys as of `engine.source.known_by`; `whole`: of whole records, not of fields.
        """
        with self._transaction() as db:
            if keys is None:
                return db.execute("DELETE FROM rejected WHERE source = ?", (source,)).rowcount
            rows = db.execute("SELECT id, locator, field FROM rejected WHERE source = ?", (source,))
            gone = []
            for number, place, field in rows:
                locator, _, key = place.partition(_BEFORE_KEY)
                if (key or locator) in keys and not (whole and field):
                    gone.append((number,))
            db.executemany("DELETE FROM rejected WHERE id = ?", gone)
            return len(gone)

    def verify(self) -> None:
        """Read the whole file and check it (seconds for a million contacts).

        Raises:
            CorruptStore: with SQLite's first finding.
        """
        finding = self._rows("PRAGMA integrity_check(1)")[0][0]
        if finding != "ok":
            raise CorruptStore(f"{self._path}: {finding}")

    # Inside

    def _prepare(self, *, read_only: bool) -> None:
        application, version = (
            self._rows(f"PRAGMA {name}")[0][0] for name in ("application_id", "user_version")
        )
        empty = not self._rows("SELECT 1 FROM sqlite_master LIMIT 1")
        if empty and not application and not read_only:
            self._create()
        elif application != APPLICATION_ID or version < 1:
            raise CorruptStore(f"{self._path}: not a contact store of Rufname")
        elif version > FORMAT_VERSION:
            raise CorruptStore(
                f"{self._path}: made by a newer Rufname (format {version}, this one reads "
                f"{FORMAT_VERSION}); install that one, or move the file away and sync anew"
            )
        self._is_packed = empty or version >= PACKED_SINCE
        self._rows(f"PRAGMA cache_size = -{CACHE_KIB}")
        if not read_only:
            self._rows("PRAGMA journal_mode = WAL")
            self._rows("PRAGMA secure_delete = ON")
            # FULL: the index must never be ahead of a store that lost its last commits in a power
            # cut. It costs one fsync for each batch.
            self._rows("PRAGMA synchronous = FULL")
            self._rows(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            if not self._is_packed:
                self._pack_bodies()
        self.last_seq()

    def _pack_bodies(self) -> None:
        with self._transaction() as db:
            pack_bodies(db, self._packer.pack)
        self._is_packed = True
        with suppress(StoreUnavailable):  # no room for a copy of the file: it is used again later
            self._rows("VACUUM")
            self._fold_log()

    def _create(self) -> None:
        self._rows("PRAGMA journal_mode = WAL")
        with self._transaction() as db:
            create_tables(db)

    def _upsert(
        self,
        db: sqlite3.Connection,
        named: tuple[str, int],
        upserts: Sequence[tuple[str, bytes, bytes]],
        seq: int,
    ) -> tuple[int, int, int, list[int], int]:
        source, number = named
        known = self._states(source, number, [key for key, _, _ in upserts])
        pack = self._packer.pack
        next_id = (db.execute("SELECT max(id) FROM contacts").fetchone()[0] or 0) + 1
        new: list[tuple[int, int, str, int, bytes, bytes]] = []
        other: list[tuple[int, bytes, bytes, int]] = []
        same: list[tuple[bytes, int]] = []
        rowids: list[int] = []
        revived = 0
        for key, digest, body in upserts:
            row = known.get(key)
            if row is None:
                rowid = next_id + len(new)
                seq += 1
                new.append((rowid, number, key, seq, digest, pack(body, source, key)))
            else:
                rowid, old_digest, old = row
                if old == body:
                    if old_digest != digest:
                        same.append((digest, rowid))
                else:
                    seq += 1
                    revived += old is None
                    other.append((seq, digest, pack(body, source, key), rowid))
            rowids.append(rowid)
        db.executemany("INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?)", new)
        db.executemany("UPDATE contacts SET seq = ?, digest = ?, body = ? WHERE id = ?", other)
        db.executemany("UPDATE contacts SET digest = ? WHERE id = ?", same)
        return len(new) + revived, len(other) - revived, len(same), rowids, seq

    def _states(
        self, source: str, number: int, keys: Sequence[str]
    ) -> dict[str, tuple[int, bytes, bytes | None]]:
        rows = self._find("id, digest, body", number, keys)
        return {
            key: (rowid, digest, self._unpacked(kept, source, key))
            for key, rowid, digest, kept in rows
        }

    def _body(self, kept: bytes, source: str, key: str) -> bytes:
        """Return a body of a column."""
        if not self._is_packed:
            return kept
        try:
            return self._packer.unpack(kept, source, key)
        except ValueError as error:
            raise CorruptStore(f"{self._path}: {error}; {RESTORE}") from error

    def _unpacked(self, kept: bytes | None, source: str, key: str) -> bytes | None:
        return None if kept is None else self._body(kept, source, key)

    def _find(self, columns: str, number: int, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        if not keys:
            return []
        marks = ",".join("?" * len(keys))
        return self._rows(
            f"SELECT key, {columns} FROM contacts WHERE source = ? AND key IN ({marks})",  # noqa: S608 - only question marks and own column names
            (number, *keys),
        )

    def _enrol(self, db: sqlite3.Connection, source: str) -> int:
        number = self._number(source)
        if number < 0:
            db.execute("INSERT INTO sources (source) VALUES (?)", (source,))
            number = db.execute(
                "SELECT number FROM sources WHERE source = ?", (source,)
            ).fetchone()[0]
        return number

    def _number(self, source: str) -> int:
        """Return the source's number, -1 if it has none. Numbers are never given anew."""
        if source not in self._numbers:
            rows = self._rows("SELECT number FROM sources WHERE source = ?", (source,))
            if not rows:
                return -1
            self._numbers[source] = rows[0][0]
        return self._numbers[source]

    def _name(self, number: int) -> str:
        if number not in self._names:
            self._names.update(self._rows("SELECT number, source FROM sources"))
        return self._names[number]

    def _meta(self, name: str) -> Any:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        if not rows:
            raise CorruptStore(f"{self._path}: its {name} is missing")
        return rows[0][0]

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._named(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._named(error) from error

    def _fold_log(self) -> None:
        """Empty the write-ahead log, which may still hold what was erased; readers go first."""
        self._rows("PRAGMA busy_timeout = 0")
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        self._rows(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def _named(self, error: sqlite3.Error) -> CorruptStore | StoreUnavailable:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return CorruptStore(f"{self._path}: {error}; {RESTORE}")
        return StoreUnavailable(f"{self._path}: {error}")


def _place_of(record: RejectedRecord) -> str:
    if record.key:
        return f"{record.locator}{_BEFORE_KEY}{record.key}"
    return record.locator
