"""The bus of one node: a tenant's questions reach its own handler, in time or not at all."""

from __future__ import annotations

import asyncio

import pytest

from relay.errors import DirectoryOffline, DirectoryTooSlow
from relay.tunnel.bus import LocalBus, Question, Reply

ONE = "11111111-1111-1111-1111-111111111111"
TWO = "22222222-2222-2222-2222-222222222222"


async def test_a_question_goes_to_the_handler_of_its_tenant() -> None:
    bus = LocalBus()

    async def one(question: Question) -> Reply:
        return Reply(b"one " + question.sealed)

    async def two(question: Question) -> Reply:
        return Reply(b"two " + question.sealed)

    await bus.serve(ONE, one)
    await bus.serve(TWO, two)
    assert await bus.ask(ONE, Question(b"?", 1000)) == Reply(b"one ?")
    assert await bus.ask(TWO, Question(b"?", 1000)) == Reply(b"two ?")
    await bus.leave(ONE)
    with pytest.raises(DirectoryOffline):
        await bus.ask(ONE, Question(b"?", 1000))
    assert await bus.ask(TWO, Question(b"?", 1000)) == Reply(b"two ?")


async def test_without_a_handler_the_answer_is_at_once_that_nobody_is_there() -> None:
    with pytest.raises(DirectoryOffline):
        await LocalBus().ask(ONE, Question(b"?", 60_000))


async def test_a_question_ends_at_its_deadline_and_its_handler_with_it() -> None:
    bus = LocalBus()
    given_up = asyncio.Event()

    async def never(_question: Question) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    await bus.serve(ONE, never)
    with pytest.raises(DirectoryTooSlow):
        await bus.ask(ONE, Question(b"?", 20))
    assert given_up.is_set()


async def test_a_tenant_may_leave_without_having_come() -> None:
    bus = LocalBus()
    await bus.leave(ONE)
    await bus.close()
    assert bus.ready().ready
