from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from typing_extensions import override

from rufname import child as module
from rufname.child import Child, WorkerSpec, cpu_time_if_stopped
from rufname.lifeline import Start

WORKER = """
import asyncio, socket, sys, time
from rufname.lifeline import Beat, Drain, Ready, Start, frame, open_line, read_order

async def live(behaviour, descriptor, diary):
    reader, writer = await open_line(socket.socket(fileno=descriptor))
    order = await read_order(reader)
    assert isinstance(order, Start)
    note = lambda text: diary.write(text + "\\n") and diary.flush()
    note("start " + order.settings.decode())
    if behaviour == "dies":
        sys.exit(3)
    if behaviour == "babbles":
        writer.write(b"\\x00\\x00\\x00\\x01x")
    if behaviour != "is never ready":
        writer.write(frame(Ready()))

    async def beat():
        while True:
            writer.write(frame(Beat({"answered": 7})))
            if behaviour in {"hangs", "is never ready"}:
                await writer.drain()
                time.sleep(3600)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(beat())
    while (order := await read_order(reader)) is not None:
        note(type(order).__name__)
        if isinstance(order, Drain):
            if behaviour == "hangs in its drain":
                await asyncio.sleep(3600)
            break
    task.cancel()

with open(sys.argv[3], "a") as diary:
    asyncio.run(live(sys.argv[1], int(sys.argv[2]), diary))
"""


class ScriptSpec(WorkerSpec):
    """A worker that is a little script of this test."""

    def __init__(self, behaviour: str, diary: Path, beat_limit_s: float) -> None:
        super().__init__("script", beat_limit_s=beat_limit_s)
        self.behaviour = behaviour
        self.diary = diary

    @override
    def command(self, lifeline: int) -> list[str]:
        own = [self.behaviour, str(lifeline), str(self.diary)]
        return [sys.executable, "-P", "-c", WORKER, *own]


class Kept:
    """A `Child` that runs, and what its worker noted."""

    def __init__(self, behaviour: str, diary: Path, beat_limit_s: float) -> None:
        self._diary = diary
        self._changed = asyncio.Event()
        self.starts = 0
        self.child = Child(
            ScriptSpec(behaviour, diary, beat_limit_s), self._start, self._changed.set
        )
        self.task = asyncio.create_task(self.child.run())

    def _start(self) -> Start:
        self.starts += 1
        return Start(f"settings {self.starts}".encode())

    def notes(self) -> list[str]:
        return self._diary.read_text().splitlines() if self._diary.exists() else []

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.02)
                except TimeoutError:
                    continue

    async def until_ready(self, *, not_pid: int = 0) -> int:
        await self.until(lambda: self.child.ready and self.child.status().pid != not_pid)
        return self.child.status().pid

    async def watch(self) -> None:
        while True:
            self.child.kill_if_overdue(time.monotonic())
            await asyncio.sleep(0.05)


Keep = Callable[..., Kept]


@pytest.fixture
async def keep(tmp_path: Path) -> AsyncIterator[Keep]:
    kept: list[Kept] = []

    def make(behaviour: str, beat_limit_s: float = 0.5) -> Kept:
        kept.append(Kept(behaviour, tmp_path / "diary", beat_limit_s))
        return kept[-1]

    yield make
    for each in kept:
        each.child.drain()
        each.child.kill()
        await each.task


async def test_a_worker_gets_its_settings_reports_ready_and_drains(
    keep: Keep,
) -> None:
    kept = keep("works")
    await kept.until_ready()
    await kept.until(lambda: kept.child.status().metrics)
    assert kept.child.status().metrics == {"answered": 7}
    kept.child.reload(b"other")
    kept.child.drain()
    await kept.task
    assert kept.notes() == ["start settings 1", "Reload", "Drain"]
    assert kept.child.status().restarts == 0


async def test_a_killed_worker_is_replaced_with_settings_of_now(
    keep: Keep,
) -> None:
    kept = keep("works")
    old = await kept.until_ready()
    os.kill(old, signal.SIGKILL)
    await kept.until_ready(not_pid=old)
    assert kept.child.status().restarts == 1
    assert kept.notes() == ["start settings 1", "start settings 2"]


async def test_a_worker_that_gives_no_heartbeat_is_killed_and_replaced(
    keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    kept = keep("hangs")
    old = await kept.until_ready()
    await kept.until(lambda: kept.child.status().metrics)
    watch = asyncio.create_task(kept.watch())
    await kept.until_ready(not_pid=old)
    watch.cancel()
    assert "worker gave no heartbeat: replaced" in caplog.messages


async def test_a_worker_that_is_not_ready_yet_may_be_silent_for_a_minute(
    keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    kept = keep("is never ready")
    await kept.until(lambda: kept.child.status().metrics)
    beaten = time.monotonic()
    kept.child.kill_if_overdue(beaten + 50)
    assert "worker gave no heartbeat: replaced" not in caplog.messages
    kept.child.kill_if_overdue(beaten + 61)
    assert "worker gave no heartbeat: replaced" in caplog.messages
    await kept.until(lambda: kept.starts == 2)


async def test_a_worker_that_is_stopped_is_replaced_before_its_heartbeat_is_overdue(
    keep: Keep, caplog: pytest.LogCaptureFixture
) -> None:
    kept = keep("works", 3600.0)
    old = await kept.until_ready()
    watch = asyncio.create_task(kept.watch())
    os.kill(old, signal.SIGSTOP)
    await kept.until_ready(not_pid=old)
    watch.cancel()
    assert "worker was stopped: replaced" in caplog.messages


async def test_a_worker_that_is_stopped_and_goes_on_meanwhile_is_left_alone(keep: Keep) -> None:
    kept = keep("works", 3600.0)
    old = await kept.until_ready()
    now = time.monotonic()
    for look in range(4):
        os.kill(old, signal.SIGSTOP)
        await kept.until(lambda: cpu_time_if_stopped(old))
        kept.child.kill_if_overdue(now + look * 10)
        os.kill(old, signal.SIGCONT)
        beats = kept.child.status().metrics
        await kept.until(lambda before=beats: kept.child.status().metrics is not before)
    assert kept.child.status().pid == old
    assert cpu_time_if_stopped(old) == ""


def test_a_process_that_is_gone_is_not_stopped() -> None:
    assert cpu_time_if_stopped(2**22 + 1) == ""


async def test_a_worker_that_beats_is_left_alone(keep: Keep) -> None:
    kept = keep("works")
    old = await kept.until_ready()
    kept.child.kill_if_overdue(time.monotonic())
    kept.child.excuse(time.monotonic() + 1000)
    kept.child.kill_if_overdue(time.monotonic() + 1000)
    kept.child.reload(b"")
    await kept.until(lambda: "Reload" in kept.notes())
    assert kept.child.status().pid == old


async def test_a_worker_that_cannot_live_is_started_with_growing_pauses(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_BACKOFF_S", 0.01)
    kept = keep("dies")
    began = time.monotonic()
    await kept.until(lambda: kept.starts == 5)
    assert time.monotonic() - began >= 0.01 + 0.02 + 0.04 + 0.08
    assert not kept.child.ready


async def test_a_worker_that_speaks_nonsense_is_replaced(keep: Keep) -> None:
    kept = keep("babbles")
    await kept.until(lambda: kept.starts == 2)


async def test_a_worker_that_hangs_in_its_drain_is_ended_by_kill(
    keep: Keep,
) -> None:
    kept = keep("hangs in its drain")
    await kept.until_ready()
    kept.child.drain()
    await kept.until(lambda: "Drain" in kept.notes())
    kept.child.kill()
    await kept.task


async def test_a_program_that_cannot_be_started_is_tried_again(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    kept = keep("works")
    await kept.until(lambda: kept.child.status().restarts == 1)
    monkeypatch.undo()
    await kept.until_ready()


def test_the_command_line_names_role_number_and_what_is_inherited() -> None:
    command = WorkerSpec("ldapd", 1).command(7)
    assert command[1:] == [
        "-P", "-m", "rufname", "worker", "ldapd", "--number", "1", "--lifeline", "7",
    ]  # fmt: skip
