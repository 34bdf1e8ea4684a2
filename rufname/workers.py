"""The life of a worker process: one lifeline, orders in, heartbeats out, drain at the end.

Law: what a worker does stands elsewhere (`_ROLES`) and is loaded only in the process that does it.
A worker without a supervisor drains and exits; what it cannot survive ends it, and another follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import resource
import signal
import socket
import time
from collections.abc import Coroutine, Sequence
from typing import Protocol

import click
import uvloop

from rufname.allocation import give_large_pieces_back
from rufname.garbage import QuietCollector
from rufname.lifeline import (
    BEAT_INTERVAL_S,
    Beat,
    Drain,
    Order,
    Ready,
    Reload,
    Report,
    Start,
    frame,
    open_line,
    read_order,
)
from rufname.listening import adopt
from rufname.telemetry import configure_logging

DRAIN_S = 2.0
"""What is in flight gets so long to finish."""

MAX_DESCRIPTORS = 65_536

_ROLES = {
    "ldapd": "rufname.ldap_face",
    "relay": "rufname.http_face",
    "tunnel": "rufname.tunnel_face",
    "writer": "rufname.scribe",
}

_log = logging.getLogger("rufname.worker")


class Work(Protocol):
    """What a worker does between its first order and its drain."""

    async def run(self) -> None:
        """Do the work; returns only after `drain`. An error ends the process."""

    async def reload(self, settings: bytes) -> None:
        """Go on with other settings, without losing a connection."""

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new, finish what is in flight within `timeout_s`."""

    def metrics(self) -> dict[str, int]:
        """Return counts and gauges for the heartbeat; cheap, no personal data."""


class Role(Protocol):
    """A module of `_ROLES`."""

    async def open_work(self, start: Start, sockets: Sequence[tuple[socket.socket, str]]) -> Work:
        """Begin the work; returns as soon as it is being done."""


Event = Order | Work | BaseException | None


class WorkerLife:
    """One worker from its first order to its end."""

    def __init__(self, role: Role, sockets: Sequence[tuple[socket.socket, str]]) -> None:
        self._role = role
        self._sockets = sockets
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._line: asyncio.StreamWriter | None = None
        self._work: Work | None = None
        self._late_settings: bytes | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._collector = QuietCollector()

    async def live(self, lifeline: socket.socket) -> None:
        """Work until an order, a signal or the supervisor's end; then drain."""
        reader, self._line = await open_line(lifeline)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._events.put_nowait, Drain())
        self._spawn(self._listen(reader))
        self._spawn(self._beat())
        try:
            while await self._take(await self._events.get()):
                pass
            await self._end_tasks()
            if self._work is not None:
                await self._drain(self._work)
        finally:
            await self._end_tasks()
            self._line.close()

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, event: Event) -> bool:
        """Act on one event; False ends the worker."""
        match event:
            case Start():
                self._spawn(self._open(event))
            case Reload(settings):
                if self._work is None:
                    self._late_settings = settings
                else:
                    await self._reload(self._work, settings)
            case None | Drain():
                return False
            case BaseException():
                raise event
            case work:
                await self._begin(work)
        return True

    async def _begin(self, work: Work) -> None:
        self._work = work
        if self._late_settings is not None:
            await self._reload(work, self._late_settings)
        gc.freeze()  # what is loaded stays; collections need not look at it again
        self._say(Ready())
        self._spawn(work.run())

    async def _reload(self, work: Work, settings: bytes) -> None:
        """Take other settings; what cannot be taken leaves the old ones in force."""
        try:
            await work.reload(settings)
        except Exception:  # noqa: BLE001 - a worker that answers is worth more than its new settings
            _log.exception("new settings not taken: the old ones stay")

    async def _open(self, start: Start) -> None:
        self._events.put_nowait(await self._role.open_work(start, self._sockets))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            order = await read_order(reader)
            self._events.put_nowait(order)
            if order is None:
                return

    async def _beat(self) -> None:
        """Tell once a second that the loop runs, and how late it was (`loop_lag_ms`)."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            lag_ms = round((loop.time() - due) * 1000)
            metrics = self._work.metrics() if self._work else {}
            self._say(Beat({**metrics, **process_metrics(), "loop_lag_ms": max(lag_ms, 0)}))
            self._collector.look(metrics)
            due = loop.time() + BEAT_INTERVAL_S
            await asyncio.sleep(BEAT_INTERVAL_S)

    def _say(self, report: Report) -> None:
        if self._line is not None and not self._line.is_closing():
            self._line.write(frame(report))

    async def _drain(self, work: Work) -> None:
        """Drain, still beating: the supervisor waits for it."""
        self._spawn(self._beat())
        await work.drain(DRAIN_S)

    def _spawn(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._events.put_nowait(error)


@click.command(hidden=True)
@click.argument("role", type=click.Choice(sorted(_ROLES)))
@click.option("--number", type=int, required=True)
@click.option("--lifeline", type=int, required=True)
@click.option("--listener", "listeners", multiple=True)
def worker(role: str, number: int, lifeline: int, listeners: tuple[str, ...]) -> None:
    """Run as a worker of `rufname serve`; only the supervisor starts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's business
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logging(f"{role}-{number}")
    allow_many_descriptors()
    give_large_pieces_back()
    gc.disable()  # `QuietCollector` looks for garbage instead
    module: Role = importlib.import_module(_ROLES[role])
    life = WorkerLife(module, [_listener(text) for text in listeners])
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(life.live(socket.socket(fileno=lifeline)))
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException:  # noqa: BLE001 - tantivy's panic is no Exception; the process is replaced
        _log.exception("the worker cannot go on")
        raise SystemExit(3) from None


def process_metrics() -> dict[str, int]:
    """Return the memory this process holds (resident, shared pages too) and the CPU it has used."""
    with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - once a second
        pages = int(stream.read().split()[1])
    return {
        "memory_bytes": pages * resource.getpagesize(),
        "cpu_ms": round(time.process_time() * 1000),
    }


def allow_many_descriptors() -> None:
    """Raise the soft limit of open files to what the system allows: one a connection."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listener(text: str) -> tuple[socket.socket, str]:
    descriptor, _, url = text.partition("=")
    return adopt(int(descriptor)), url
