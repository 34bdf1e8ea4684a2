"""Writing to the directory: the lock, the contact store, and the index that follows it.

Law: whoever writes holds one of these: the writing process of `serve`, `rufname sync` where nobody
serves, the demo. Blocking; each for one thread. Several of one process share the indexing, one at a
time. What it commits is whole at every instant, so that
it may be killed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from connectors.report import RunReport
from connectors.settings import SourceSettings
from connectors.sync import SyncProgress, sync_source
from engine.errors import EngineError
from engine.runs import RunCounts
from engine.store import ContactStore
from rufname.config import Config
from rufname.control import Progress
from rufname.garbage import collect_rarely
from rufname.indexer import Indexer, IndexingFailed
from rufname.ownership import require_own
from rufname.pasting import with_file
from rufname.rundir import Lock, make_private, take_writer_lock

FOLLOW_ROWS = 10_000
"""During a long run the index follows after so many changes: commits cost more than rows."""

PROGRESS_INTERVAL_S = 0.1


Tell = Callable[[Progress], None]


def nobody_listens(_progress: Progress) -> None:
    """Take a step and tell nobody."""


def never() -> bool:
    """Return False: this run is never cancelled."""
    return False


class Writing:
    """The right to write, and what it takes: made by `open`, ended by `close`.

    One thread uses one of these; `beside` makes another one for a second thread.
    """

    def __init__(
        self,
        lock: Lock,
        store: ContactStore,
        indexer: Indexer,
        indexing: threading.RLock | None = None,
        *,
        file: Path,
    ) -> None:
        self._lock = lock
        self._file = file
        self._indexer = indexer
        self._indexing = indexing or threading.RLock()
        self._beside = indexing is not None
        self.store = store

    def beside(self, config: Config) -> Writing:
        """Return a second one, with a connection to the store of its own; close it first.

        Raises:
            CorruptStore: the store is damaged.
            StoreUnavailable: it cannot be opened.
        """
        store = ContactStore.open(config.store_path)
        return Writing(self._lock, store, self._indexer, self._indexing, file=self._file)

    @classmethod
    def open(cls, config: Config, patience_s: float = 0.0) -> Writing:
        """Take the lock and open the store; waits at most `patience_s` for another writer.

        Raises:
            ForeignFolder: the data folder is another user's.
            WriterBusy: another process writes.
            CorruptStore: the store is damaged or of a newer format.
            StoreUnavailable: it cannot be opened.
        """
        collect_rarely()
        require_own(config.data_dir)
        make_private(config.data_dir)
        lock = take_writer_lock(config.run_dir, patience_s)
        try:
            store = ContactStore.open(config.store_path)
            known = store.last_seq()
        except BaseException:
            lock.release()
            raise
        # A run that a kill cut off is a failed one: tried again soon, not when the schedule says.
        with contextlib.suppress(EngineError):  # a full disk: what there is can be served
            store.end_left_runs()
        indexer = Indexer(config.store_path, config.index_dir, lock.descriptor, known)
        return cls(lock, store, indexer, file=config.path)

    def sync(
        self,
        source: SourceSettings,
        tell: Tell = nobody_listens,
        cancelled: Callable[[], bool] = never,
        *,
        full: bool = False,
        release: int = 0,
    ) -> RunReport:
        """Read one source into store and index.

        Args:
            source: what to read.
            tell: told how far it is, a few times a second.
            cancelled: asked between batches; what was read before stays.
            full: read every record, though the source can be followed by change.
            release: the number of its run whose deletions may pass, 0 for none.

        Returns:
            What came of it: a source that fails, and a store or index that cannot be written, are
            told in the report as well.
        """
        follower = _Follower(self._indexer, self._indexing, source.name, tell)
        began = time.monotonic()
        follower.begin()
        try:
            report = sync_source(
                source,
                self.store,
                progress=follower.read,
                cancelled=cancelled,
                on_batch=follower.stored,
                full=full,
                release=release,
            )
            if report.state == "done" or self._has_contacts_or_index():
                with self._indexing:
                    self._indexer.catch_up(follower.indexed)
        except (EngineError, IndexingFailed) as error:
            counts = msgspec.structs.asdict(follower.counts)
            reason = f"source {source.name}: {error}"
            seconds = time.monotonic() - began
            return RunReport(
                source.id,
                source.name,
                "failed",
                **counts,
                reason=reason,
                seconds=seconds,
                served=self._served(source.id),
            )
        # until it can be found: what people wait for
        reason = with_file(report.reason, self._file)
        seconds = time.monotonic() - began
        return msgspec.structs.replace(report, reason=reason, seconds=seconds)

    @property
    def index_fault(self) -> str:
        """Why the index does not follow the store; "" if it did the last time."""
        return self._indexer.fault

    def _served(self, source: str) -> int:
        """Return how many contacts of a source are served; 0 if the store cannot be read either."""
        try:
            return self.store.count(source)
        except EngineError:
            return 0

    def drop_absent(self, configured: Iterable[str]) -> dict[str, int]:
        """Drop the contacts of sources that left the configuration; return how many, by id."""
        dropped = {source: self.store.drop_source(source) for source in self.absent(configured)}
        self.catch_up()
        return dropped

    def absent(self, configured: Iterable[str]) -> list[str]:
        """Return the ids of sources with contacts that are not among those configured."""
        kept = frozenset(configured)
        return [
            source for source, live in self.store.sources().items() if live and source not in kept
        ]

    def catch_up(self) -> None:
        """Let the index follow the store, once there is anything in either.

        Raises:
            IndexingFailed: it cannot; what was committed is served on.
        """
        if self._has_contacts_or_index():
            with self._indexing:
                self._indexer.catch_up()

    def _has_contacts_or_index(self) -> bool:
        """Return False before anything was read: an empty index would say that nobody is known."""
        return self.store.last_seq() > 0 or self._indexer.has_index

    def rebuild(self, tell: Tell = nobody_listens) -> None:
        """Build the index anew from the store; raises like `catch_up`."""
        with self._indexing:
            self._indexer.rebuild(lambda done, total: tell(Progress("", "index", done, total)))

    def rest(self) -> None:
        """Let go of the memory that indexing took; the next change takes it again."""
        with self._indexing:
            self._indexer.close()

    def close(self) -> None:
        """Close the store; the first one finishes the commit under way and gives up the lock."""
        if self._beside:
            self.store.close()
            return
        self._indexer.close()
        self.store.close()
        self._lock.release()


def total_of(progress: SyncProgress) -> int:
    """Return how many records a run will read, as far as that can be known; 0 = not at all."""
    read = progress.counts.read
    if progress.share is not None:
        return round(read / progress.share) if progress.share else 0
    return progress.expected if progress.expected > read else 0


class _Follower:
    """Tells how far a run is, not too often, and lets the index follow meanwhile."""

    def __init__(self, indexer: Indexer, indexing: threading.RLock, name: str, tell: Tell) -> None:
        self._indexer = indexer
        self._indexing = indexing
        self._name = name
        self._tell = tell
        self._told_at = 0.0
        self._follow_at = 0
        self.counts = RunCounts()

    def begin(self) -> None:
        """Let the indexing process load while the source is read; one that works has loaded."""
        if self._indexing.acquire(blocking=False):
            try:
                with contextlib.suppress(IndexingFailed):  # told when the index has to follow
                    self._indexer.start()
            finally:
                self._indexing.release()

    def read(self, progress: SyncProgress) -> None:
        self.counts = progress.counts
        read = progress.counts.read
        total = total_of(progress)
        self._say(Progress(self._name, "read", read, total, progress.counts.rejected), total)

    def stored(self, seq: int) -> None:
        """Let the index follow, in its own process, whenever enough has come together."""
        if not self._follow_at:
            self._follow_at = seq + FOLLOW_ROWS
        elif seq >= self._follow_at and self._indexing.acquire(blocking=False):
            try:
                if not self._indexer.busy:
                    self._follow_at = seq + FOLLOW_ROWS
                    with contextlib.suppress(IndexingFailed):  # as in `begin`
                        self._indexer.begin_catch_up()
            finally:
                self._indexing.release()

    def indexed(self, done: int, total: int) -> None:
        self._say(Progress(self._name, "index", done, total), total)

    def _say(self, progress: Progress, total: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_INTERVAL_S or progress.done == total:
            self._told_at = now
            self._tell(progress)
