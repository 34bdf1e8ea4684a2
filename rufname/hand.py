"""The one thread that writes, in the worker that writes: opens the store, does job after job.

Law: store and index are touched in this thread only; the loop beside it stays free. A job never
ends the thread: what it meets is told, and the next job begins.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from typing_extensions import override

from engine.errors import WriterBusy
from rufname.config import Config
from rufname.indexer import IndexingFailed
from rufname.writing import Writing

LOCK_RETRY_S = 0.25
REST_AFTER_S = 60.0
"""Without work for so long, the memory that indexing takes is given back."""

Job = Callable[[Writing], None]

_log = logging.getLogger("rufname.writer")


class Hand(threading.Thread):
    """Writes until `finish`; `failure` is what ended it before that, if anything did."""

    def __init__(
        self, config: Config, opened: Callable[[], None], *, rebuild: bool = False
    ) -> None:
        """Prepare the thread.

        Args:
            config: where the data folder is, and which sources there are.
            opened: called in this thread once it can write, or has failed to.
            rebuild: build the index anew before the first job.
        """
        super().__init__(name="hand", daemon=True)  # a driver that hangs must not outlive the loop
        self.cancelled = threading.Event()
        self.failure: BaseException | None = None
        self._config = config
        self._rebuild = rebuild
        self._opened = opened
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()

    def put(self, job: Job) -> None:
        """Queue a job; what it raises is logged."""
        self._jobs.put(job)

    def finish(self) -> None:
        """Cancel the job under way, forget those that wait, end."""
        self.cancelled.set()
        self._jobs.put(None)

    @override
    def run(self) -> None:
        try:
            writing = self._open()
        except BaseException as error:  # noqa: BLE001 - the loop ends the process because of it
            self.failure = error
            return
        finally:
            self._opened()
        try:
            while (job := self._next(writing)) is not None:
                self._carry_out(job, writing)
        finally:
            writing.close()

    def _open(self) -> Writing:
        writing = self._wait_for_lock()
        try:
            if self._rebuild:
                writing.rebuild()
            self._tidy(writing)
        except BaseException:
            writing.close()
            raise
        return writing

    def _wait_for_lock(self) -> Writing:
        """Take the lock as soon as the process that has it (a `rufname sync`) is done."""
        said = False
        while True:
            try:
                return Writing.open(self._config)
            except WriterBusy as error:
                if not said:
                    _log.info("waiting: %s", error)
                    said = True
                if self.cancelled.wait(LOCK_RETRY_S):
                    raise

    def _tidy(self, writing: Writing) -> None:
        """Drop sources that left the configuration and let the index follow what was left undone.

        Without a usable index that is the rebuild; where it cannot follow (a full disk), sources
        are read into the store all the same.
        """
        try:
            drop_absent(writing, self._config)
        except IndexingFailed as error:
            if self._rebuild:
                raise
            _log.error("index not followed: %s", error)

    def _next(self, writing: Writing) -> Job | None:
        """Return the next job; None: the end."""
        while True:
            try:
                return self._jobs.get(timeout=REST_AFTER_S)
            except queue.Empty:
                writing.rest()

    def _carry_out(self, job: Job, writing: Writing) -> None:
        if self.cancelled.is_set():
            return
        try:
            job(writing)
        except Exception:  # noqa: BLE001 - see the law
            _log.exception("a job of the writer failed")


def drop_absent(writing: Writing, config: Config) -> None:
    """Drop what came from sources that are no longer configured; log how much.

    Raises:
        IndexingFailed: the index cannot follow.
    """
    dropped = writing.drop_absent(source.id for source in config.sources)
    for source, count in dropped.items():
        fields = {"source": source, "contacts": count}
        _log.warning("source left the configuration: dropped", extra={"fields": fields})
