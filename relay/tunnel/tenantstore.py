"""Where a relay keeps its tenants' records: SQLite on one node, a bucket of NATS on several.

Law: a record holds public keys and no contact data. It is replaced only by one who has seen the
last one; revisions rise over the whole store, so that a tenant that was removed and came again is
another one. Over 400 lines: two stores that keep one contract, read and tested side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.kv import KeyValue
from typing_extensions import override

from relay.directory import Readiness
from relay.errors import BusUnavailable, RecordsUnavailable, RecordsUnusable, TryLater
from relay.tunnel.natslink import NatsLink, NatsSettings, end_task
from relay.tunnel.tenants import Changed, OutdatedRecord, TenantRecord, TenantRecords

FORMAT = 1
"""The version of the SQLite file, as `_SCHEMA` writes it; a record may get fields with defaults."""

BUCKET = "rufname-tenants"
CHANGES = "rufname.changed"

FRESH_S = 10.0
"""How long a record that was read is believed, should the news of its change be lost."""

MAX_KEPT = 20_000
"""Records in a node's memory, each some 3 KiB with its bundle."""

LOOK_S = 5.0
"""How often a node looks whether another process (`rufname relay --forget`) changed its file."""

JETSTREAM_S = 2.0
"""How long NATS may take to read or write a record."""

CATCH_UP_PAUSE_S = 0.5

MAX_RECORD_BYTES = 64 * 1024

_Value = TypeVar("_Value")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TenantRecord).decode

_log = logging.getLogger(__name__)


class SqliteRecords(TenantRecords):
    """The records of a relay of one node, in one file of mode 0600."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it with its folder.

        Raises:
            RecordsUnusable: it is damaged, of a later version, or cannot be opened.
        """
        self._watchers: list[Changed] = []
        self._writing = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None
        self._seen: dict[str, int] = {}  # the revision of each tenant, once the file is followed
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            # one connection for writes, which run in a thread, one at a time; one for reads, which
            # do not wait for them: at the beginning of a day every tenant has new keys to store
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.execute("PRAGMA secure_delete = ON")
            (version,) = self._file.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._file.executescript(_SCHEMA)
            elif version != FORMAT:
                raise RecordsUnusable(f"{path}: of another version of the program ({version})")
            own = f"{path.absolute().as_uri()}?mode=ro"
            self._reading = sqlite3.connect(own, uri=True, isolation_level=None)
            self._reading.execute("PRAGMA user_version").fetchone()  # only now it is opened
        except (OSError, sqlite3.Error) as error:
            raise RecordsUnusable(f"{path}: {error}") from error

    @override
    async def get(self, tid: str) -> TenantRecord | None:
        rows = self._rows("SELECT record, revision FROM tenant WHERE tid = ?", tid)
        return _record(*rows[0]) if rows else None

    async def every(self) -> list[TenantRecord]:
        """Return all records, by tenant. Raises `RecordsUnavailable` for one that is damaged."""
        rows = self._rows("SELECT record, revision FROM tenant ORDER BY tid")
        records = (_record(octets, revision) for octets, revision in rows)
        return [record for record in records if record is not None]

    @override
    async def put(self, record: TenantRecord) -> TenantRecord:
        stored = await self._write(lambda: self._replace(record))
        self._seen[record.tid] = stored.revision
        self._tell(record.tid)
        return stored

    @override
    async def delete(self, tid: str) -> None:
        if await self._write(lambda: self._remove(tid)):
            self._seen.pop(tid, None)
            self._tell(tid)

    @override
    def watch(self, changed: Changed) -> None:
        self._watchers.append(changed)

    def follow(self, period_s: float = LOOK_S) -> None:
        """Tell of what other processes change in the file, too, until `close`."""
        changes = self._follow(period_s, self._version())
        self._seen = self._revisions()
        self._following = asyncio.create_task(changes, name="tenants' file")

    @override
    async def close(self) -> None:
        if self._following is not None:
            await end_task(self._following)
        async with self._writing:
            with contextlib.suppress(sqlite3.Error):  # a full disk: the next one reads it as well
                self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # one that only reads, and ends last, leaves the files beside this one: a full disk
            # would have no room for them, and the next node could not start there
            self._file.close()
            self._reading.close()
        self._watchers.clear()

    async def _follow(self, period_s: float, version: int) -> None:
        while True:
            await asyncio.sleep(period_s)
            async with self._writing:
                try:
                    last, version = version, self._version()
                    if version == last:
                        continue
                    fresh = self._revisions()
                except sqlite3.Error as error:
                    _log.error("tenants' records: %s", error)
                    version = 0  # whatever it is then, it is looked at
                    continue
                seen, self._seen = self._seen, fresh
            for tid in {tid for tid, _ in seen.items() ^ self._seen.items()}:
                self._tell(tid)

    def _version(self) -> int:
        """Return a number that another process's change makes another one; ours does not."""
        return int(self._file.execute("PRAGMA data_version").fetchone()[0])

    def _revisions(self) -> dict[str, int]:
        return dict(self._file.execute("SELECT tid, revision FROM tenant").fetchall())

    def _rows(self, query: str, *values: str) -> list[tuple[bytes, int]]:
        try:
            return self._reading.execute(query, values).fetchall()
        except sqlite3.Error as error:
            _log.error("tenants' records: %s", error)
            raise RecordsUnavailable("the tenants' records cannot be read") from None

    async def _write(self, change: Callable[[], _Value]) -> _Value:
        async with self._writing:
            try:
                return await asyncio.shield(asyncio.to_thread(self._commit, change))
            except sqlite3.Error as error:
                _log.error("tenants' records: %s", error)
                raise RecordsUnavailable("the tenants' records cannot be written") from None

    def _commit(self, change: Callable[[], _Value]) -> _Value:
        """Make a change whole or not at all."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            value = change()
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")
        return value

    def _replace(self, record: TenantRecord) -> TenantRecord:
        row = self._file.execute(
            "SELECT revision FROM tenant WHERE tid = ?", (record.tid,)
        ).fetchone()
        if record.revision != (row[0] if row else 0):
            raise OutdatedRecord
        (revision,) = self._file.execute(
            "UPDATE counter SET last = last + 1 RETURNING last"
        ).fetchone()
        self._file.execute(
            "INSERT OR REPLACE INTO tenant (tid, record, revision) VALUES (?, ?, ?)",
            (record.tid, _encode(record), revision),
        )
        return msgspec.structs.replace(record, revision=revision)

    def _remove(self, tid: str) -> int:
        return self._file.execute("DELETE FROM tenant WHERE tid = ?", (tid,)).rowcount

    def _tell(self, tid: str) -> None:
        for changed in self._watchers:
            changed(tid)


_SCHEMA = """
BEGIN;
CREATE TABLE tenant (tid TEXT PRIMARY KEY, record BLOB NOT NULL, revision INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE counter (last INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);
PRAGMA user_version = 1;
COMMIT;
"""


class _Kept(msgspec.Struct):
    """A record that was read; `until` is when it is read anew, in monotonic seconds."""

    record: TenantRecord | None
    until: float


class NatsRecords(TenantRecords):
    """The records of a relay of several nodes, in a JetStream key-value bucket.

    Its account in NATS is not that of the questions. Reads come from memory while they are fresh; a
    node that cannot reach the bucket goes on with what it knows.
    """

    def __init__(self, settings: NatsSettings, node: str, replicas: int) -> None:
        """Connect to nothing yet.

        Args:
            settings: where NATS is, as a user whose account has JetStream.
            node: the name of this node, for NATS's own monitoring.
            replicas: NATS servers that keep each record: 1, 3 or 5; for a bucket that is new.
        """
        self._replicas = replicas
        self._link = NatsLink(settings, f"rufname relay {node}, records", on_loss=self._lost)
        self._bound: tuple[Client, KeyValue] | None = None
        self._made = False
        self._binding = asyncio.Lock()
        self._last = 0
        self._kept: dict[str, _Kept] = {}
        self._watchers: list[Changed] = []
        self._catching_up: asyncio.Task[None] | None = None

    async def open(self, wait_s: float) -> None:
        """Connect; without NATS it goes on trying.

        Args:
            wait_s: how long to wait for the first connection.
        """
        await self._link.listen(CHANGES, self._hear)
        self._link.start()
        with contextlib.suppress(TryLater):
            await self._reach(wait_s)

    def ready(self) -> Readiness:
        """Tell whether the bucket was reached and NATS is there; cheap, never raises."""
        if self._link.is_up and self._made:
            return Readiness(ready=True)
        reason = self._link.fault or "the tenants' records cannot be reached"
        return Readiness(ready=False, reason=reason)

    @override
    async def get(self, tid: str) -> TenantRecord | None:
        kept = self._kept.get(tid)
        if kept is not None and kept.until > time.monotonic():
            return kept.record
        try:
            return await self.get_now(tid)
        except TryLater:
            if kept is None:
                raise
            return kept.record

    @override
    async def get_now(self, tid: str) -> TenantRecord | None:
        record = await self._read(tid)
        self._keep(tid, record)
        return record

    @override
    async def put(self, record: TenantRecord) -> TenantRecord:
        bucket = await self._reach(JETSTREAM_S)
        octets = _encode(record)
        try:
            if record.revision:
                revision = await bucket.update(record.tid, octets, last=record.revision)
            else:
                revision = await bucket.create(record.tid, octets)
        except nats.js.errors.KeyWrongLastSequenceError:
            self._kept.pop(record.tid, None)
            raise OutdatedRecord from None
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from None
        stored = msgspec.structs.replace(record, revision=revision)
        self._keep(record.tid, stored)
        await self._tell_all(record.tid, revision)
        return stored

    @override
    async def delete(self, tid: str) -> None:
        bucket = await self._reach(JETSTREAM_S)
        try:
            await bucket.purge(tid)
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from None
        self._keep(tid, None)
        await self._tell_all(tid, 0)

    @override
    def watch(self, changed: Changed) -> None:
        self._watchers.append(changed)

    @override
    async def close(self) -> None:
        if self._catching_up is not None:
            await end_task(self._catching_up)
        await self._link.close()
        self._watchers.clear()

    async def _reach(self, wait_s: float) -> KeyValue:
        """Return the bucket; made if this is the first node of all.

        Raises:
            TryLater: NATS or its JetStream cannot be reached.
        """
        client = await self._link.connected(wait_s)
        async with self._binding:
            if self._bound is None or self._bound[0] is not client:
                js = client.jetstream(timeout=JETSTREAM_S)
                try:
                    if not self._made:
                        await self._make(js)
                except (nats.errors.Error, OSError) as error:
                    raise _unavailable(error) from None
                self._made = True
                # without asking for it again: after a server's death it has no leader for a while,
                # but each of its replicas can be read
                bucket = KeyValue(BUCKET, f"KV_{BUCKET}", f"$KV.{BUCKET}.", js, direct=True)
                self._bound = client, bucket
            return self._bound[1]

    async def _make(self, js: JetStreamContext) -> None:
        try:
            await js.key_value(BUCKET)
        except nats.js.errors.BucketNotFoundError:
            config = KeyValueConfig(
                BUCKET,
                "public keys of the tenants of a Rufname relay",
                MAX_RECORD_BYTES,
                replicas=self._replicas,
                direct=True,
            )
            await js.create_key_value(config)

    async def _read(self, tid: str) -> TenantRecord | None:
        bucket = await self._reach(JETSTREAM_S)
        try:
            entry = await bucket.get(tid)
        except nats.js.errors.KeyNotFoundError:
            return None
        except (nats.errors.Error, OSError) as error:
            raise _unavailable(error) from None
        return _record(entry.value or b"", entry.revision or 0)

    def _keep(self, tid: str, record: TenantRecord | None) -> None:
        """Remember a record as the newest; the oldest one makes room."""
        self._kept.pop(tid, None)
        if len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[tid] = _Kept(record, time.monotonic() + FRESH_S)

    async def _tell_all(self, tid: str, revision: int) -> None:
        """Tell every node, this one too; one that does not hear it asks again soon."""
        with contextlib.suppress(BusUnavailable):
            await self._link.publish(CHANGES, f"{tid} {revision}".encode(), "", JETSTREAM_S)

    async def _hear(self, message: Msg) -> None:
        tid, _, revision = message.data.decode("ascii", "replace").partition(" ")
        self._last = int(revision) if revision.isdigit() else 0
        self._changed(tid)

    def _changed(self, tid: str) -> None:
        kept = self._kept.get(tid)
        if kept is not None:
            kept.until = 0.0
        for changed in self._watchers:
            changed(tid)

    def _lost(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        """After a loss: if anything was changed meanwhile, take every record for changed."""
        while True:
            try:
                bucket = await self._reach(60.0)
                state = (await bucket.status()).stream_info.state
            except (TryLater, nats.errors.Error, OSError):
                await asyncio.sleep(CATCH_UP_PAUSE_S)
                continue
            if state.last_seq != self._last:
                self._last = state.last_seq
                for tid in list(self._kept):
                    self._changed(tid)
            return


def _record(octets: bytes, revision: int) -> TenantRecord | None:
    """Return a stored record; b"" is none."""
    if not octets:
        return None
    try:
        return msgspec.structs.replace(_decode(octets), revision=revision)
    except msgspec.DecodeError:
        _log.error("a tenant's record cannot be read: is it of a later version?")
        raise RecordsUnavailable("a tenant's record cannot be read") from None


def _unavailable(error: Exception) -> RecordsUnavailable:
    _log.error("tenants' records: %s", str(error) or type(error).__name__)
    return RecordsUnavailable("the tenants' records cannot be reached")
