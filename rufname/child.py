"""One worker process as its supervisor holds it: started, watched, replaced, drained.

Law: a worker is another program (`python -m rufname worker ROLE`), never a fork of this one: it
inherits its sockets and its lifeline by descriptor, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from rufname.exposition import add_counts
from rufname.lifeline import (
    Beat,
    Drain,
    Order,
    Ready,
    Reload,
    Start,
    frame,
    open_line,
    read_report,
)
from rufname.rundir import WorkerStatus

FIRST_BACKOFF_S = 0.1
LAST_BACKOFF_S = 10.0
HEALTHY_S = 30.0
"""A worker that lived so long starts anew without the delays it had collected before."""

START_LIMIT_S = 60.0
"""How long a worker may be silent until it is ready: on a busy machine its imports alone, and what
it opens, take many seconds between two heartbeats. It answers nobody yet; one that was killed then
would only begin again, as slowly."""

STOPPED_LIMIT_S = 0.5
"""How long a worker may be stopped (SIGSTOP): it cannot answer, whatever the heartbeats allow."""

EXIT_LIMIT_S = 2.0
"""How long a worker may live on after it closed its lifeline."""

_log = logging.getLogger("rufname.supervisor")


class WorkerSpec:
    """What one worker is: its role, its number, and what it inherits.

    Attributes:
        role: ldapd, relay, tunnel or writer.
        number: counts the workers of one role from 0.
        sockets: (option, listening socket, url) it inherits.
        beat_limit_s: a heartbeat older than this, of a worker that was ready, means that it hangs.
    """

    def __init__(
        self,
        role: str,
        number: int = 0,
        *,
        sockets: Sequence[tuple[socket.socket, str]] = (),
        beat_limit_s: float = 3.0,
    ) -> None:
        self.role = role
        self.number = number
        self.sockets = tuple(sockets)
        self.beat_limit_s = beat_limit_s

    @property
    def name(self) -> str:
        """How logs and `status` call it."""
        return f"{self.role}-{self.number}"

    def command(self, lifeline: int) -> list[str]:
        """Return the command line that starts it."""
        listeners = (
            part
            for listener, url in self.sockets
            for part in ("--listener", f"{listener.fileno()}={url}")
        )
        own = ("--number", str(self.number), "--lifeline", str(lifeline))
        return [sys.executable, "-P", "-m", "rufname", "worker", self.role, *own, *listeners]


class Child:
    """The place of one worker: holds one process after the other until it is drained."""

    def __init__(
        self,
        spec: WorkerSpec,
        start: Callable[[], Start],
        changed: Callable[[], None],
        log: IO[str] | None = None,
    ) -> None:
        """Keep a place.

        Args:
            spec: what to run.
            start: makes the first order, anew for each process.
            changed: called after every change of `status`.
            log: the process's standard error; None: as ours.
        """
        self.spec = spec
        self._start = start
        self._changed = changed
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._line: asyncio.StreamWriter | None = None
        self._draining = asyncio.Event()
        self._state = "starting"
        self._restarts = 0
        self._began = 0.0
        self._last_beat = 0.0
        self._stopped = ("", 0.0)  # CPU time when it was first seen stopped, and when that was
        self._metrics: dict[str, int] = {}
        self.past: Counter[str] = Counter()
        """What the processes that ended had counted."""

    @property
    def ready(self) -> bool:
        """Whether the worker said that it does its work."""
        return self._state == "ready"

    def status(self) -> WorkerStatus:
        """Return what `rufname status` shows of it."""
        return WorkerStatus(
            name=self.spec.name,
            pid=self._process.pid if self._process else 0,
            state=self._state,
            restarts=self._restarts,
            started_at=self._began,
            metrics=self._metrics,
        )

    async def run(self) -> None:
        """Keep a worker running until `drain`; returns once the last process is gone."""
        backoff_s = FIRST_BACKOFF_S
        while not self._draining.is_set():
            began = time.monotonic()
            await self._live()
            if self._draining.is_set():
                break
            if time.monotonic() - began >= HEALTHY_S:
                backoff_s = FIRST_BACKOFF_S
            self._set_state("waiting")
            self._say(logging.INFO, "worker starts again", after_s=backoff_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._draining.wait(), backoff_s)
            backoff_s = min(backoff_s * 2, LAST_BACKOFF_S)
            self._restarts += 1

    def order(self, order: Order) -> None:
        """Send an order to the living process; without one the next `Start` says it all."""
        if self._line is not None and not self._line.is_closing():
            self._line.write(frame(order))

    def reload(self, settings: bytes) -> None:
        """Let the worker go on with other settings."""
        self.order(Reload(settings))

    def drain(self) -> None:
        """Let the worker finish and exit; no other follows."""
        self._draining.set()
        self.order(Drain())

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    def kill_if_overdue(self, now: float) -> None:
        """End a process that hangs.

        Args:
            now: `time.monotonic()`, of a supervisor that itself ran on time.
        """
        if self._process is None or self._process.returncode is not None:
            return
        limit_s = START_LIMIT_S if self._state == "starting" else self.spec.beat_limit_s
        late_s, stopped_s = now - self._last_beat, self._stopped_s(self._process.pid, now)
        if late_s > limit_s:
            self._say(
                logging.ERROR, "worker gave no heartbeat: replaced", silent_s=round(late_s, 1)
            )
            self.kill()
        elif stopped_s > STOPPED_LIMIT_S and not self._draining.is_set():
            self._say(logging.ERROR, "worker was stopped: replaced", stopped_s=round(stopped_s, 1))
            self.kill()

    def excuse(self, now: float) -> None:
        """Count from `now`: the supervisor did not run, so that it saw no heartbeat."""
        self._last_beat = now
        self._stopped = ("", 0.0)

    def _stopped_s(self, pid: int, now: float) -> float:
        """Return how long the process has been seen stopped without running in between."""
        spent = cpu_time_if_stopped(pid)
        if not spent or spent != self._stopped[0]:
            self._stopped = (spent, now)
        return now - self._stopped[1]

    async def _live(self) -> None:
        """Start one process and follow it to its end."""
        ours, theirs = socket.socketpair()
        try:
            process = await self._spawn(theirs)
        except OSError as error:
            ours.close()
            self._say(logging.ERROR, "worker cannot be started", reason=error.strerror)
            return
        finally:
            theirs.close()
        self._process, self._began = process, time.time()
        self._last_beat = time.monotonic()
        reader, self._line = await open_line(ours)
        self._set_state("starting")
        self._say(logging.INFO, "worker started", pid=process.pid)
        try:
            self._line.write(frame(self._start()))
            if self._draining.is_set():
                self._line.write(frame(Drain()))
            await self._follow(reader)
            await self._see_off(process)
        finally:
            self._line.close()
            add_counts(self.past, self._metrics)
            self._line, self._process, self._metrics = None, None, {}

    async def _spawn(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        inherited = [listener.fileno() for listener, _ in self.spec.sockets]
        return await asyncio.create_subprocess_exec(
            *self.spec.command(theirs.fileno()),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=self._log,
            pass_fds=(theirs.fileno(), *inherited),
        )

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        """Take the reports of the process until it closes its lifeline."""
        while True:
            try:
                report = await read_report(reader)
            except ValueError as error:
                self._say(logging.ERROR, "worker spoke nonsense: replaced", reason=error)
                self.kill()
                return
            self._last_beat = time.monotonic()
            match report:
                case None:
                    return
                case Beat(metrics):
                    self._metrics = metrics
                case Ready():
                    self._set_state("ready")

    async def _see_off(self, process: asyncio.subprocess.Process) -> None:
        try:
            code = await asyncio.wait_for(process.wait(), EXIT_LIMIT_S)
        except TimeoutError:
            self.kill()
            code = await process.wait()
        level = logging.INFO if code == 0 and self._draining.is_set() else logging.WARNING
        self._say(level, "worker ended", pid=process.pid, how=_ending(code))

    def _set_state(self, state: str) -> None:
        self._state = state
        self._changed()

    def _say(self, level: int, event: str, **fields: object) -> None:
        _log.log(level, event, extra={"fields": {"worker": self.spec.name, **fields}})


def cpu_time_if_stopped(pid: int) -> str:
    """Return what a process's main thread has run so far, in the kernel's words; "" if it may run.

    Stopped is state T of proc_pid_stat(5): by a signal, and until SIGCONT. Not by a debugger (t).
    """
    folder = Path(f"/proc/{pid}")
    try:
        fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        if fields.split()[0] != "T":
            return ""
        return (folder / "schedstat").read_text(encoding="ascii")
    except OSError:  # it is gone, or this kernel keeps no such count
        return ""


def _ending(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
