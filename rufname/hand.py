"""The threads that write, in the worker that writes: open the store, do job after job.

Law: store and index are touched in these threads only; the loop beside them stays free. Two jobs at
once, so that a slow source keeps no other waiting, nor does what waits for a slow source to end.
A job never ends a thread: what it meets is told, and the next job begins.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from typing_extensions import override

from engine.errors import EngineError, WriterBusy
from rufname.config import Config
from rufname.indexer import IndexingFailed
from rufname.writing import Writing

RUNS_AT_ONCE = 2
"""Each reads and stores; more would only share the same two cores and one database."""

END_S = 5.0
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
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._at_work = 0

    def put(self, job: Job) -> None:
        """Queue a job, begun in its turn beside the one before it; what it raises is logged."""
        self._jobs.put(job)

    def finish(self) -> None:
        """Cancel the jobs under way, forget those that wait, end."""
        self.cancelled.set()
        for _ in range(RUNS_AT_ONCE):
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
        others = [
            threading.Thread(target=self._work_beside, args=(writing,), name="hand", daemon=True)
            for _ in range(1, RUNS_AT_ONCE)
        ]
        try:
            for other in others:
                other.start()
            self._work(writing)
        finally:
            for other in others:
                other.join(END_S)
            writing.close()

    def _work_beside(self, first: Writing) -> None:
        """Work as the first thread does, with a connection to the store of its own."""
        try:
            writing = first.beside(self._config)
        except EngineError as error:  # then there is one run at a time
            _log.error("no second run at once: %s", error)
            return
        try:
            self._work(writing)
        finally:
            writing.close()

    def _work(self, writing: Writing) -> None:
        while (job := self._begin(writing)) is not None:
            self._carry_out(job, writing)

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

    def _begin(self, writing: Writing) -> Job | None:
        """Return the next job, in the order they came; None: the end."""
        with self._turn:
            job = self._next(writing)
            if job is not None:
                with self._counting:
                    self._at_work += 1
        return job

    def _next(self, writing: Writing) -> Job | None:
        while True:
            try:
                return self._jobs.get(timeout=REST_AFTER_S)
            except queue.Empty:
                if not self._at_work:
                    _rest(writing)

    def _carry_out(self, job: Job, writing: Writing) -> None:
        try:
            if not self.cancelled.is_set():
                job(writing)
        except Exception:  # noqa: BLE001 - see the law
            _log.exception("a job of the writer failed")
        finally:
            with self._counting:
                self._at_work -= 1


def _rest(writing: Writing) -> None:
    """Give memory back; what prevents it is logged, and the next job begins as ever."""
    try:
        writing.rest()
    except Exception:  # noqa: BLE001 - see the law
        _log.exception("the indexing process could not be ended")


def drop_absent(writing: Writing, config: Config) -> None:
    """Drop what came from sources that are no longer configured; log how much.

    Not for the sake of a file that was cut off: then the index follows the store, no more.

    Raises:
        IndexingFailed: the index cannot follow.
    """
    if config.is_blank:
        writing.catch_up()
        return
    dropped = writing.drop_absent(source.id for source in config.sources)
    for source, count in dropped.items():
        say_dropped(source, count)


def say_dropped(source: str, contacts: int) -> None:
    """Log that a source left the configuration, and how many contacts went with it."""
    fields = {"source": source, "contacts": contacts}
    _log.warning("source left the configuration: dropped", extra={"fields": fields})
