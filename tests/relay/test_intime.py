"""Waiting in time: at once, later, too late, cancelled; what is raised stays what it is."""

from __future__ import annotations

import asyncio

import pytest

from relay.intime import in_time

DEADLINES = 60.0


async def test_an_answer_at_hand_sets_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_hand() -> str:
        return "Anna"

    monkeypatch.setattr(asyncio, "timeout", None)
    assert await in_time(at_hand(), DEADLINES) == "Anna"


async def test_an_answer_that_waits_is_waited_for_at_every_step() -> None:
    async def step_by_step() -> list[int]:
        loop = asyncio.get_running_loop()
        found = []
        for number in range(3):
            future: asyncio.Future[int] = loop.create_future()
            loop.call_soon(future.set_result, number)
            found.append(await future)
            await asyncio.sleep(0)
        return found

    assert await in_time(step_by_step(), DEADLINES) == [0, 1, 2]


async def test_one_that_is_too_late_is_cancelled_and_may_tidy_up() -> None:
    notes = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            notes.append("tidied")

    with pytest.raises(TimeoutError):
        await in_time(for_ever(), 0.01)
    assert notes == ["tidied"]


async def test_cancelling_who_waits_cancels_the_answering() -> None:
    begun, notes = asyncio.Event(), []

    async def for_ever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            notes.append("cancelled")
            raise

    async def waiting() -> None:
        await in_time(for_ever(), DEADLINES)

    task = asyncio.create_task(waiting())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["cancelled"]


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_an_error_at_any_step_is_its_own(steps: int) -> None:
    async def failing() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        raise OSError("no line")

    with pytest.raises(OSError, match="no line"):
        await in_time(failing(), DEADLINES)


async def test_an_error_may_be_answered_and_waited_on() -> None:
    async def robust() -> str:
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(failed.set_exception, OSError("no line"))
        try:
            await failed
        except OSError:
            await asyncio.sleep(0)
        return "nobody"

    assert await in_time(robust(), DEADLINES) == "nobody"
