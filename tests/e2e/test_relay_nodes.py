"""A relay of three nodes on three NATS servers, under load, while one of each is killed.

What a page does is done here: a request that gets no answer goes out once more, sealed anew, to
whichever node the load balancer chooses then.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from relay.tunnel.envelope import Question, seal_question
from relay.tunnel.keys import ExchangeKey
from relay.tunnel.suites import Suite
from tests.e2e.nats import NatsCluster, NatsNode, running_nats
from tests.e2e.processes import wait_until
from tests.e2e.running import Row
from tests.e2e.tab.issuer import running_issuer
from tests.e2e.tunnelled import WAIT_S, House, Relay, running_house, running_relay

pytestmark = [pytest.mark.e2e, pytest.mark.long]

ERIKA = Row("1", "Erika Beispiel", "+49 30 23125001", "Beispiel GmbH")
ASKERS = 8
PACE_S = 0.2
"""Each asks five times a second."""

OUT_S = 1.0
"""How long the balancer leaves a node out that refused a connection."""

WORST_S = 1.0
"""What a question may take while one of each dies, its repetition included."""


class World:
    """Attributes: `nats`, `relays`, and a `house` with lines to two of them."""

    def __init__(self, nats: NatsCluster, relays: list[Relay], house: House) -> None:
        self.nats = nats
        self.relays = relays
        self.house = house

    def lines(self, relay: Relay) -> int:
        try:
            return relay.metrics().get("lines", 0)
        except httpx.HTTPError:
            return 0

    def kill_relay(self) -> Relay:
        """Kill a node that holds a line (SIGKILL); it can be started again."""
        relay = max(self.relays, key=self.lines)
        assert self.lines(relay) == 1, self.logs()
        program = relay.program
        assert program is not None
        program.signal(signal.SIGKILL)
        program.wait(10)
        return relay

    def kill_nats(self) -> NatsNode:
        """Kill the server that most nodes are connected to (SIGKILL)."""
        server = max(self.nats.nodes, key=lambda node: str(node.watch("varz")["connections"]))
        server.kill()
        return server

    def logs(self) -> str:
        parts = [relay.logs()[-3000:] for relay in self.relays]
        return "".join([*parts, self.house.server.output()[-3000:]])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        issuer = stack.enter_context(running_issuer())
        nats = stack.enter_context(running_nats(tmp_path / "nats", nodes=3))
        relays = [
            stack.enter_context(
                running_relay(tmp_path / f"relay{each}", issuer, nats=nats, node=f"node-{each}")
            )
            for each in range(3)
        ]
        house = stack.enter_context(
            running_house(
                tmp_path / "house",
                relays[0],
                [ERIKA],
                tunnel={"nodes": [relay.url for relay in relays]},
            )
        )
        yield World(nats, relays, house)


class Load:
    """Askers; `outcomes` has the seconds of each request, `again` and `lost` the faults."""

    def __init__(self, world: World) -> None:
        self._urls = [relay.url for relay in world.relays]
        self._token = world.house.token()
        self._key: ExchangeKey = world.house.bundle().newest(Suite.X25519, time.time())
        self._tid = world.house.tid
        self._chance = random.Random(1)
        self._end = asyncio.Event()
        self._answered = asyncio.Condition()
        self._out: dict[str, float] = {}
        self.phase = "calm"
        self.outcomes: list[float] = []
        self.worst: dict[str, float] = {}
        self.again: list[str] = []
        self.lost: list[str] = []

    async def run(self) -> None:
        """Ask until `end` is called."""
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
        async with (
            httpx.AsyncClient(timeout=10, limits=limits) as client,
            asyncio.TaskGroup() as askers,
        ):
            for each in range(ASKERS):
                askers.create_task(self._asker(client, each))

    def end(self) -> None:
        self._end.set()

    async def answered(self, count: int) -> None:
        """Wait for so many more answers."""
        wanted = len(self.outcomes) + count
        async with asyncio.timeout(WAIT_S):
            async with self._answered:
                await self._answered.wait_for(lambda: len(self.outcomes) >= wanted)

    async def _asker(self, client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(number * PACE_S / ASKERS)
        while not self._end.is_set():
            began = time.monotonic()
            await self._request(client, began)
            await asyncio.sleep(max(0.0, PACE_S - (time.monotonic() - began)))

    async def _request(self, client: httpx.AsyncClient, began: float) -> None:
        phase = self.phase
        up = [url for url in self._urls if self._out.get(url, 0.0) < began]
        urls = self._chance.sample(up if len(up) > 1 else self._urls, 2)
        fault = ""
        for each, url in enumerate(urls):
            if each:
                self.again.append(fault)
            fault = await self._try(client, url)
            if not fault:
                took_s = time.monotonic() - began
                self.worst[phase] = max(took_s, self.worst.get(phase, 0.0))
                async with self._answered:
                    self.outcomes.append(took_s)
                    self._answered.notify_all()
                return
        self.lost.append(f"{fault} after {self.again[-1]}")

    async def _try(self, client: httpx.AsyncClient, url: str) -> str:
        """Return "" for the right answer, else what went wrong."""
        question = Question("people.search", b'{"text": "beispiel"}', self._token)
        sealed = seal_question(question, self._tid, self._key, time.time())
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/octet-stream",
        }
        try:
            answer = await client.post(f"{url}/v1/rpc", content=sealed.octets, headers=headers)
        except httpx.HTTPError as error:
            self._out[url] = time.monotonic() + OUT_S
            return type(error).__name__
        if answer.status_code != 200:
            return answer.text
        opened = sealed.open_answer(answer.content).answer
        names = [hit["name"] for hit in json.loads(opened.body)["hits"]]
        return "" if names == ["Erika Beispiel"] else f"wrong: {names}"


async def test_one_relay_node_and_one_nats_server_are_killed_and_no_question_fails(
    world: World, record_property: pytest.RecordProperty
) -> None:
    load = Load(world)
    running = asyncio.create_task(load.run())
    try:
        await load.answered(200)
        load.phase = "node killed"
        relay = await asyncio.to_thread(world.kill_relay)
        await load.answered(150)
        load.phase = "server killed"
        server = await asyncio.to_thread(world.kill_nats)
        await load.answered(150)
        load.phase = "both back"
        await asyncio.to_thread(world.nats.start, server)
        await asyncio.to_thread(relay.start)
        await load.answered(100)
        # and both at the same moment
        load.phase = "both killed"
        relay, server = await asyncio.gather(
            asyncio.to_thread(world.kill_relay), asyncio.to_thread(world.kill_nats)
        )
        await load.answered(150)
        load.phase = "both back"
        await asyncio.to_thread(world.nats.start, server)
        await asyncio.to_thread(relay.start)
    finally:
        load.end()
        await running
    times = sorted(load.outcomes)
    worst = {phase: f"{took_s * 1000:.0f} ms" for phase, took_s in load.worst.items()}
    median_ms = times[len(times) // 2] * 1000
    told = (
        f"{len(times)} answered, {len(load.lost)} failed, median {median_ms:.0f} ms, worst {worst};"
        f" {len(load.again)} asked twice: {dict(Counter(load.again))}"
    )
    record_property("kills", told)
    print(told)  # noqa: T201 - the figure
    assert not load.lost, f"{told}\n{load.lost[:5]}\n{world.logs()}"
    for phase in ("node killed", "server killed", "both killed"):
        assert load.worst[phase] < WORST_S, told
    wait_until(
        lambda: sum(map(world.lines, world.relays)) == 2,
        timeout_s=WAIT_S,
        what="two lines again",
        output=world.logs,
    )
    found = [path for path in world.nats.nodes[0].folder.parent.rglob("*") if path.is_file()]
    assert found
    assert not any(b"beispiel" in path.read_bytes() for path in found)
