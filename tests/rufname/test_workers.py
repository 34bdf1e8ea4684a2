from __future__ import annotations

import asyncio
import json
import resource
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import pytest

from rufname.lifeline import (
    Beat,
    Drain,
    Order,
    Ready,
    Reload,
    Report,
    Start,
    frame,
    open_line,
    read_report,
)
from rufname.workers import WorkerLife, allow_many_descriptors


class Recorder:
    """Work that notes what happens to it; `fails` and `opens` are set to steer it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.opens = asyncio.Event()
        self.opens.set()
        self.fails = asyncio.Event()

    async def open_work(
        self, start: Start, _sockets: Sequence[tuple[socket.socket, str]]
    ) -> Recorder:
        await self.opens.wait()
        self.notes.append(f"open {start.settings.decode()}")
        return self

    async def run(self) -> None:
        await self.fails.wait()
        raise OSError("the work broke")

    async def reload(self, settings: bytes) -> None:
        self.notes.append(f"reload {settings.decode()}")
        if settings == b"bad":
            raise OSError("no such certificate")

    async def drain(self, timeout_s: float) -> None:
        assert timeout_s > 0
        self.notes.append("drain")

    def metrics(self) -> dict[str, int]:
        return {"answered": 7}


class Held:
    """A worker's life in a task of this process, and the supervisor's end of its lifeline."""

    def __init__(self, role: Recorder) -> None:
        ours, theirs = socket.socketpair()
        self.role = role
        self._ours = ours
        self.task = asyncio.create_task(WorkerLife(role, []).live(theirs))

    async def open(self) -> None:
        self.reader, self.writer = await open_line(self._ours)

    def order(self, order: Order) -> None:
        self.writer.write(frame(order))

    async def until(self, wanted: type[Report]) -> Report:
        async with asyncio.timeout(10):
            while not isinstance(report := await read_report(self.reader), wanted):
                assert report is not None, "the worker ended"
            return report


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    made = Held(Recorder())
    await made.open()
    yield made
    made.writer.close()
    await asyncio.wait({made.task}, timeout=10)
    assert made.task.done()
    made.task.exception()


async def test_it_opens_its_work_reports_ready_and_drains(held: Held) -> None:
    held.order(Start(b"one"))
    await held.until(Ready)
    held.order(Reload(b"two"))
    held.order(Drain())
    await held.task
    assert held.role.notes == ["open one", "reload two", "drain"]


async def test_heartbeats_carry_the_figures_of_the_work(held: Held) -> None:
    held.order(Start(b"one"))
    await held.until(Ready)
    beat = await held.until(Beat)
    assert isinstance(beat, Beat)
    assert beat.metrics["answered"] == 7
    assert beat.metrics["loop_lag_ms"] >= 0


async def test_it_beats_before_its_work_is_open_and_takes_late_settings(held: Held) -> None:
    held.role.opens.clear()
    held.order(Start(b"one"))
    held.order(Reload(b"two"))
    await held.until(Beat)
    held.role.opens.set()
    await held.until(Ready)
    assert held.role.notes == ["open one", "reload two"]


async def test_settings_that_cannot_be_taken_do_not_end_it(held: Held) -> None:
    held.order(Start(b"one"))
    await held.until(Ready)
    held.order(Reload(b"bad"))
    held.order(Reload(b"two"))
    held.order(Drain())
    await held.task
    assert held.role.notes == ["open one", "reload bad", "reload two", "drain"]


async def test_the_end_of_the_supervisor_drains_it(held: Held) -> None:
    held.order(Start(b"one"))
    await held.until(Ready)
    held.writer.close()
    await held.task
    assert held.role.notes == ["open one", "drain"]


async def test_the_end_of_the_supervisor_before_the_first_order_ends_it(held: Held) -> None:
    held.writer.close()
    await held.task
    assert held.role.notes == []


async def test_an_order_to_drain_while_the_work_is_being_opened_ends_it(held: Held) -> None:
    held.role.opens.clear()
    held.order(Start(b"one"))
    held.order(Drain())
    await held.task
    assert held.role.notes == []


async def test_work_that_breaks_ends_the_worker_with_its_error(held: Held) -> None:
    held.order(Start(b"one"))
    await held.until(Ready)
    held.role.fails.set()
    with pytest.raises(OSError, match="the work broke"):
        await held.task


def test_the_limit_of_open_files_only_rises() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many_descriptors()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == before[1]
    assert soft >= min(before[0], 1024)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


PANIC = """
import sys
from rufname import workers
class Panic(BaseException):
    pass
async def live(*_):
    raise Panic("Ada +49 30 23125 001")
workers.WorkerLife.live = live
from rufname.cli import run
raise SystemExit(run(sys.argv[1:]))
"""
"""A worker that ends as by a panic of tantivy, which is no Exception."""


def test_a_panic_is_a_line_of_the_log_without_a_contact() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        own = ["worker", "writer", "--number", "0", "--lifeline", str(theirs.fileno())]
        run = subprocess.run(
            [sys.executable, "-c", PANIC, *own],
            pass_fds=[theirs.fileno()],
            capture_output=True,
            check=False,
        )
    (line,) = (json.loads(line) for line in run.stderr.splitlines())
    assert (line["event"], line["error"]) == ("the worker cannot go on", "Panic")
    assert run.returncode == 3
