"""Two tenants, interleaved at random with every fault of a line: no octet goes astray."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.errors import DirectoryOffline, DirectoryTooSlow
from relay.tunnel.bus import Reply
from relay.tunnel.frames import Answer, Ask, Cancel, Refuse
from relay.tunnel.held import LineClosed
from tests.relay.tunnel.houses import ONE, TWO, House, Node, Pipe

HOUSES = (House(ONE, "a", "b"), House(TWO, "a", "b"))
MARKS = {ONE: b"one:", TWO: b"two:"}


class World:
    """A node, both tenants' lines, and connectors that answer late, out of order, or not at all."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.node = Node(*HOUSES, deadline_s=30.0)
        self.lines: dict[Pipe, House] = {}
        self.answered = 0
        self.foreign = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, house: House) -> None:
        pipe = await self.node.open(house, self.random.choice(("a", "b")), window=64)
        self.lines[pipe] = house
        self._tasks.append(asyncio.create_task(self._connect(pipe, house)))

    async def _connect(self, pipe: Pipe, house: House) -> None:
        """Answer as a connector of this house: it sees only what comes over its own line."""
        given_up: set[int] = set()
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                frame = await pipe.get()
                if isinstance(frame, Cancel):
                    given_up.add(frame.id)
                    continue
                assert isinstance(frame, Ask)
                if not frame.sealed.startswith(MARKS[house.tid]):
                    self.foreign += 1
                task = asyncio.create_task(self._answer(pipe, house, frame, given_up))
                answering.add(task)
                task.add_done_callback(answering.discard)
        except LineClosed:
            for task in answering:
                task.cancel()

    async def _answer(self, pipe: Pipe, house: House, ask: Ask, given_up: set[int]) -> None:
        for _ in range(self.random.randint(0, 6)):  # answers overtake each other
            await asyncio.sleep(0)
        if ask.id in given_up and self.random.random() < 0.5:
            return  # the other half crosses the cancel
        if self.random.random() < 0.05:
            pipe.put(Refuse(ask.id, "fault"))
        else:
            pipe.put(Answer(ask.id, MARKS[house.tid] + b"answer to " + ask.sealed))

    async def ask(self, house: House, number: int) -> None:
        """Ask once; what comes back has to be this tenant's answer to this question."""
        sealed = MARKS[house.tid] + str(number).encode()
        asking = asyncio.create_task(self.node.exchange.ask(house.tid, sealed))
        if self.random.random() < 0.05:
            await asyncio.sleep(0)
            asking.cancel()
        try:
            reply = await asking
        except (asyncio.CancelledError, DirectoryOffline, DirectoryTooSlow):
            return
        finally:
            self.answered += 1
        if reply.refusal is None and reply != Reply(MARKS[house.tid] + b"answer to " + sealed):
            self.foreign += 1

    async def disturb(self) -> None:
        """Cut a line and open another one, in the midst of it all."""
        if self.lines:
            pipe = self.random.choice(list(self.lines))
            del self.lines[pipe]
            pipe.cut()
        await self.open(self.random.choice(HOUSES))

    async def run(self, questions: int) -> None:
        for house in HOUSES * 2:
            await self.open(house)
        number = 0
        while number < questions:
            batch = self.random.randint(1, 40)
            asks = [self.ask(self.random.choice(HOUSES), number + each) for each in range(batch)]
            number += batch
            if self.random.random() < 0.15:
                asks.append(self.disturb())
            await asyncio.gather(*asks)
        for pipe in self.lines:
            pipe.cut()
        await asyncio.gather(*self._tasks, *self.node._tasks)


async def interleave(seed: int, questions: int) -> World:
    world = World(seed)
    await asyncio.wait_for(world.run(questions), 240)
    return world


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_no_octet_of_one_tenant_reaches_the_other(seed: int) -> None:
    world = asyncio.run(interleave(seed, 400))
    assert world.answered >= 400
    assert world.foreign == 0


@pytest.mark.long
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_no_octet_goes_astray_in_a_hundred_thousand_questions(seed: int) -> None:
    world = asyncio.run(interleave(seed, 1000))
    assert world.answered >= 1000
    assert world.foreign == 0
