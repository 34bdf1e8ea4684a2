"""The worker that writes: reads sources when they are due or asked for, lets the index follow.

Law: the loop here keeps lifeline, schedules and control socket; the work is done by one thread
(`rufname.hand`). It runs at low priority, and nobody who asks for a name ever waits for it.

Over 400 lines: schedules, control and reload act on one list of runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from connectors.report import RunReport
from connectors.settings import SourceSettings
from engine.generation import published_at
from rufname.config import Config, load_config
from rufname.control import (
    ControlServer,
    Progress,
    Refused,
    Reply,
    Report,
    Request,
    Status,
    StatusRequest,
    SyncRequest,
)
from rufname.drivers import prepare
from rufname.errors import ConfigError, UnknownName
from rufname.hand import Hand, say_dropped
from rufname.lifeline import Start, unpack
from rufname.priority import lower_priority
from rufname.readas import ReadAs, manner_of
from rufname.schedule import PATIENT_AFTER, jitter_of, next_start, soonest
from rufname.writing import Tell, Writing

TICK_S = 0.5

END_LIMIT_S = 8.0
"""A commit under way gets so long at the end; below the supervisor's patience."""

_REGULAR = SyncRequest()
"""As a schedule reads: what changed, where the source can be followed; nothing is released."""

_log = logging.getLogger("rufname.writer")


class Run:
    """One run of one source, waiting or under way: its future report, and who is told."""

    def __init__(
        self, source: SourceSettings, manner: SyncRequest, report: asyncio.Future[RunReport]
    ) -> None:
        self.source = source
        self.manner = manner
        self.report = report
        self.tells: list[Tell] = []
        self.cancelled = False

    @property
    def id(self) -> str:
        """The id of the source."""
        return self.source.id

    def say(self, progress: Progress) -> None:
        """Tell everybody how far it is."""
        for tell in self.tells:
            tell(progress)


class Departure:
    """The dropping of a source that left the configuration: no run of it at the same time."""

    def __init__(self, source: str) -> None:
        self.id = source


_REBUILD = ""
"""Stands beside the ids of sources, none of which is empty."""


class Scribe:
    """The work of the worker that writes."""

    def __init__(self, config: Config, hand: Hand) -> None:
        self._config = config
        self._hand = hand
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, Run] = {}
        self._running: dict[str, Run] = {}
        # running, or waiting for a thread; and behind those, of the same source
        self._handed: dict[str, Run | Departure] = {}
        self._later: dict[str, list[Run | Departure]] = {}
        self._began: dict[str, datetime | None] = {}
        self._failures: dict[str, int] = {}
        self._states: dict[str, str] = {}  # of the last run of each source
        self._ends: Counter[str] = Counter()
        self._index_fault = ""  # why the index does not follow
        self._otherwise: set[str] = set()  # sources whose records are to be read in another way
        self._read_as = ReadAs(config.run_dir / "read-as.json")
        self._noticed: dict[str, datetime] = {}  # since when a last time lies ahead of the clock
        self._rebuilt = _instant(0.0)  # when building anew was last begun by schedule
        self._control = ControlServer(config.control_path, self.answer)
        self._learn()

    async def start(self) -> None:
        """Take requests on the control socket."""
        await self._control.start()

    async def run(self) -> None:
        """Read sources when they are due; an end of the thread that writes ends this too."""
        while self._hand.is_alive():
            now = datetime.now(UTC)
            self._begin_due(now)
            self._rebuild_if_due(now)
            await asyncio.sleep(TICK_S)
        raise RuntimeError("the thread that writes has ended") from self._hand.failure

    async def reload(self, settings: bytes) -> None:
        """Take other sources and schedules; what left the configuration is dropped.

        A source with another dial plan, map or key is due at once: its clients have the new plan.
        The run of one that left is cancelled, since it may hang: then it was removed for that.
        """
        time.tzset()  # the machine's time zone may be another one, too
        before = {source.id: source for source in self._config.sources}
        config = unpack(settings, Config)
        prepare(config)
        self._config = config
        for source in config.sources:
            known = before.get(source.id)
            if known is not None and manner_of(known) != manner_of(source):
                self._otherwise.add(source.id)
        if not config.is_blank:
            for left in before.keys() - {source.id for source in config.sources}:
                for work in (self._handed.get(left), *self._later.get(left, ())):
                    if isinstance(work, Run):
                        work.cancelled = True
            self._hand.put(self._find_absent)
        self._learn()

    def _find_absent(self, writing: Writing) -> None:
        """Find out which sources left something behind; in a thread that writes."""
        for source in writing.absent(source.id for source in self._config.sources):
            self._call(self._hand_over, Departure(source))
        try:
            writing.catch_up()
        finally:
            self._index_fault = writing.index_fault

    async def drain(self, timeout_s: float) -> None:
        """Cancel the run under way, finish the commit, close the store.

        A driver that does not come back is left behind with the process: everything is whole.
        """
        self._hand.finish()
        await self._control.stop()
        await asyncio.to_thread(self._hand.join, max(timeout_s, END_LIMIT_S))
        if self._hand.is_alive():
            _log.warning("left behind a run that does not end")
            os._exit(0)

    def metrics(self) -> dict[str, int]:
        """Return how many runs ended, and how; and of how many sources the last one went wrong."""
        states = Counter(self._states.get(source.id) for source in self._config.sources)
        return {
            "runs": self._ends.total(),
            "runs_failed": self._ends["failed"],
            "runs_refused": self._ends["refused"],
            "running": len(self._running),
            "waiting": len(self._waiting),
            "sources_failing": states["failed"],
            "sources_held_back": states["refused"],
        }

    async def answer(self, request: Request) -> AsyncGenerator[Reply, None]:
        """Answer one request of the control socket."""
        if isinstance(request, StatusRequest):
            yield self._status()
            return
        if not isinstance(request, SyncRequest):
            yield Refused("the process that writes answers no look-ups")
            return
        if request.dry_run:
            yield Refused("a dry run needs no writer: `rufname sync --dry-run` does it itself")
            return
        own = self._config.path
        if request.config and not _same_file(Path(request.config), own):
            yield Refused(
                f"{request.config}: its data folder, {self._config.data_dir}, is in use by a "
                f"`rufname serve` of another configuration, {own.resolve()}"
            )
            return
        try:
            # as the file says now: whoever has just changed it means the change
            config = load_config(self._config.path, data_dir=self._config.data_dir)
            sources = config.sources if request.source is None else (config.source(request.source),)
            prepare(config)
        except (ConfigError, UnknownName, OSError) as error:
            yield Refused(str(error))
            return
        manner = msgspec.structs.replace(request, source=None, config="")
        async for reply in self._read_all(sources, manner):
            yield reply

    async def _read_all(
        self, sources: Sequence[SourceSettings], manner: SyncRequest
    ) -> AsyncGenerator[Reply, None]:
        """Read sources one after the other; the runs go on if nobody listens any more."""
        news: asyncio.Queue[Progress | RunReport | BaseException] = asyncio.Queue()

        async def follow(source: SourceSettings) -> None:
            try:
                news.put_nowait(await self.sync(source, news.put_nowait, manner))
            except Exception as error:  # noqa: BLE001 - told to the client; the thread has logged it
                news.put_nowait(error)

        tasks = [asyncio.create_task(follow(source)) for source in sources]
        try:
            left = len(tasks)
            while left:
                match await news.get():
                    case Progress() as progress:
                        yield progress
                    case RunReport() as report:
                        left -= 1
                        yield Report(report)
                    case error:
                        yield Refused(f"the run broke off: {type(error).__name__}; see the log")
                        return
        finally:
            for task in tasks:
                task.cancel()

    def _status(self) -> Status:
        now = datetime.now(UTC)
        next_reads = {}
        for source in self._config.sources:
            if source.id in self._began:
                due = self._due(source, now)
                if due is not None:
                    next_reads[source.name] = due.timestamp()
        return Status(
            pid=os.getpid(),
            reading=next((run.source.name for run in self._running.values()), ""),
            all_reading=tuple(run.source.name for run in self._running.values()),
            waiting=tuple(run.source.name for run in self._waiting.values()),
            next_reads=next_reads,
            index_fault=self._index_fault,
        )

    async def sync(
        self, source: SourceSettings, tell: Tell, manner: SyncRequest = _REGULAR
    ) -> RunReport:
        """Read a source once; a run of it that still waits is shared.

        Args:
            source: as configured now.
            tell: told how far it is.
            manner: whether in full, and which run is released.
        """
        run = self._waiting.get(source.id)
        if run is None or run.source != source or run.manner != manner:
            run = self._queue(source, manner)
        run.tells.append(tell)
        return await asyncio.shield(run.report)

    def _queue(self, source: SourceSettings, manner: SyncRequest = _REGULAR) -> Run:
        run = Run(source, manner, self._loop.create_future())
        self._waiting[source.id] = run
        self._otherwise.discard(source.id)
        self._hand_over(run)
        return run

    def _hand_over(self, work: Run | Departure) -> None:
        """Let a thread do a run, or drop a source; of one source one after the other."""
        if work.id in self._handed:
            self._later.setdefault(work.id, []).append(work)
        else:
            self._begin(work)

    def _begin(self, work: Run | Departure) -> None:
        self._handed[work.id] = work
        if isinstance(work, Run):
            self._hand.put(lambda writing: self._carry_out(work, writing))
        else:
            self._hand.put(lambda writing: self._drop(work, writing))

    def _drop(self, work: Departure, writing: Writing) -> None:
        """Drop what a source left behind, unless it has come back meanwhile; in a thread."""
        try:
            config = self._config
            if not config.is_blank and all(each.id != work.id for each in config.sources):
                say_dropped(work.id, writing.store.drop_source(work.id))
                self._call(self._began.pop, work.id, None)  # due at once if it comes back
                writing.catch_up()
        finally:
            self._call(self._over, work)

    def _carry_out(self, run: Run, writing: Writing) -> None:
        """Do a run; in the thread that writes."""
        self._call(self._begun, run)
        try:
            report = writing.sync(
                run.source,
                lambda progress: self._call(run.say, progress),
                lambda: run.cancelled or self._hand.cancelled.is_set(),
                full=run.manner.full,
                release=run.manner.release,
            )
        except BaseException as error:
            self._call(self._broke, run, error)
            raise
        self._index_fault = writing.index_fault
        self._call(self._ended, run, report)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        """Let the loop call a function; a loop that has ended needs no news."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _begun(self, run: Run) -> None:
        if self._waiting.get(run.source.id) is run:
            del self._waiting[run.source.id]
        self._running[run.source.id] = run
        self._began[run.source.id] = datetime.now(UTC)

    def _ended(self, run: Run, report: RunReport) -> None:
        self._over(run)
        self._ends[report.state] += 1
        source = run.source.id
        self._failures[source] = (
            self._failures.get(source, 0) + 1 if report.state == "failed" else 0
        )
        self._states[source] = report.state
        if report.state == "done":
            self._read_as.note(run.source)
        if not run.report.done():
            run.report.set_result(report)
        level = logging.INFO if report.state == "done" else logging.WARNING
        fields = msgspec.structs.asdict(report)
        fields["seconds"] = round(report.seconds, 3)
        fields["notes"] = "; ".join(report.notes)
        _log.log(level, "source read", extra={"fields": fields})

    def _broke(self, run: Run, error: BaseException) -> None:
        """Note a run that ended by a defect, or for want of something: it counts as failed."""
        self._over(run)
        self._ends["failed"] += 1
        self._failures[run.source.id] = self._failures.get(run.source.id, 0) + 1
        self._states[run.source.id] = "failed"
        if not run.report.done():
            run.report.set_exception(error)
            run.report.exception()  # nobody may be waiting; the thread logs it

    def _over(self, work: Run | Departure) -> None:
        """Note that something has ended; what waits of the same source may begin."""
        self._running.pop(work.id, None)
        self._handed.pop(work.id, None)
        later = self._later.get(work.id)
        if later:
            self._begin(later.pop(0))

    def _begin_due(self, now: datetime) -> None:
        """Queue every source that is due and neither waits nor runs."""
        for source in self._config.sources:
            if source.id not in self._began or source.id in self._waiting:
                continue
            if source.id in self._running:
                continue
            due = self._due(source, now)
            if due is not None and due <= now:
                self._queue(source)

    def _rebuild_if_due(self, now: datetime) -> None:
        """Queue building the index anew, which gives back what deleted records still take."""
        made_at = published_at(self._config.index_dir)
        if made_at is None:
            return
        made = self._not_ahead(_REBUILD, _instant(made_at), now)
        self._rebuilt = min(self._rebuilt, now)
        last = max(made, self._rebuilt)
        due = next_start(self._config.rebuild, last, now)
        if due is not None and due <= now:
            self._rebuilt = now  # one that fails is tried again at the next time, not before
            _log.info("building the index anew, as scheduled")
            self._hand.put(lambda writing: writing.rebuild())

    def _due(self, source: SourceSettings, now: datetime) -> datetime | None:
        failures = self._failures.get(source.id, 0)
        began = self._began[source.id]
        if began is not None:
            began = self._not_ahead(source.id, began, now)
        if source.id in self._otherwise:
            return soonest(source.schedule, now)
        return next_start(source.schedule, began, now, jitter_of(source.id), failures)

    def _not_ahead(self, what: str, last: datetime, now: datetime) -> datetime:
        """Return when something was last done; if the clock was set back since, when that was seen.

        Were it "now" at each look, it would not be due before the clock has caught up: years after
        a start with a wrong clock.
        """
        if last <= now:
            self._noticed.pop(what, None)
            return last
        noticed = self._noticed[what] = min(self._noticed.get(what, now), now)
        return noticed

    def _learn(self) -> None:
        """Ask the store when each source was last read; until then none of them is due.

        One of which nothing is there, since it had left the configuration, counts as never read.
        """
        sources = [source for source in self._config.sources if source.id not in self._began]

        def ask(writing: Writing) -> None:
            for source in sources:
                runs = writing.store.runs(source.id, PATIENT_AFTER)
                failures = next(
                    (n for n, run in enumerate(runs) if run.state != "failed"), len(runs)
                )
                known = runs and writing.store.count(source.id)
                last = _instant(runs[0].began_at) if known else None
                if runs:
                    self._call(self._states.setdefault, source.id, runs[0].state)
                self._call(self._take_in, source, last, failures)

        if sources:
            self._hand.put(ask)

    def _take_in(self, source: SourceSettings, last: datetime | None, failures: int) -> None:
        """Let a source be read when it is due; at once where it was last read in another way."""
        self._failures.setdefault(source.id, failures)
        self._began.setdefault(source.id, last)
        if self._read_as.differs(source):
            self._otherwise.add(source.id)


async def open_work(start: Start, _sockets: Sequence[tuple[socket.socket, str]]) -> Scribe:
    """Wait for the right to write, and for a whole index; then follow the schedules."""
    lower_priority()
    config = unpack(start.settings, Config)
    prepare(config)
    loop = asyncio.get_running_loop()
    opened = asyncio.Event()
    hand = Hand(config, lambda: _set(loop, opened), rebuild=start.rebuild)
    hand.start()
    try:
        await opened.wait()
    except asyncio.CancelledError:
        hand.finish()
        raise
    if hand.failure is not None:
        raise hand.failure
    scribe = Scribe(config, hand)
    await scribe.start()
    return scribe


def _same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file; by their names where it is not there."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(event.set)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
