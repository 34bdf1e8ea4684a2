"""Tenants with keys, records in memory, lines without a network: for tests of the relay's end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from relay.tunnel.bus import Bus, LocalBus
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.exchange import Exchange, ExchangeSettings
from relay.tunnel.frames import (
    Answer,
    Ask,
    BadFrame,
    Frame,
    Hello,
    SignIn,
    ToConnector,
    Welcome,
    decode_from_relay,
    encode,
)
from relay.tunnel.held import LineClosed
from relay.tunnel.keys import TenantIdentity, fingerprint
from relay.tunnel.tenants import Changed, ConnectorKey, OutdatedRecord, TenantRecord

RELAY = "https://relay.example"
HOST = "relay.example"
ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


class MemoryRecords:
    """`TenantRecords` that forgets."""

    def __init__(self, *records: TenantRecord) -> None:
        self._records = {record.tid: record for record in records}
        self._watchers: list[Changed] = []

    async def get(self, tid: str) -> TenantRecord | None:
        return self._records.get(tid)

    async def get_now(self, tid: str) -> TenantRecord | None:
        return await self.get(tid)

    async def put(self, record: TenantRecord) -> TenantRecord:
        stored = self._records.get(record.tid)
        if record.revision != (stored.revision if stored else 0):
            raise OutdatedRecord
        self._records[record.tid] = msgspec.structs.replace(record, revision=record.revision + 1)
        self._tell(record.tid)
        return self._records[record.tid]

    async def delete(self, tid: str) -> None:
        if self._records.pop(tid, None):
            self._tell(tid)

    def watch(self, changed: Changed) -> None:
        self._watchers.append(changed)

    async def close(self) -> None:
        self._watchers.clear()

    def _tell(self, tid: str) -> None:
        for changed in self._watchers:
            changed(tid)


class House:
    """A tenant: its identity, and the connectors that may speak for it."""

    def __init__(self, tid: str, *connectors: str) -> None:
        self.tid = tid
        self.identity = TenantIdentity.generate()
        self.enrolments = {
            name: Enrolment(RELAY, tid, name, TenantIdentity.generate())
            for name in connectors or ("node-1",)
        }

    @property
    def enrolment(self) -> Enrolment:
        return next(iter(self.enrolments.values()))

    def record(self) -> TenantRecord:
        keys = tuple(
            ConnectorKey(name, enrolment.public, 0) for name, enrolment in self.enrolments.items()
        )
        public = self.identity.public
        return TenantRecord(self.tid, public, fingerprint(public), keys, registered_at=1)

    def sign_in(self, hello: Hello, name: str = "", window: int = 8) -> SignIn:
        enrolment = self.enrolments[name] if name else self.enrolment
        signature = enrolment.sign_in(hello.nonce)
        return SignIn(self.tid, enrolment.connector, signature, window, "test")


class Pipe:
    """One line without a network: the relay's end is a `LineSocket`, the other the test's."""

    def __init__(self) -> None:
        self._to_relay: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._to_connector: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._cut = False
        self.closed: tuple[int, str] | None = None

    async def send(self, octets: bytes) -> None:
        if self._cut:
            raise LineClosed
        self._to_connector.put_nowait(octets)

    async def receive(self) -> bytes:
        octets = await self._to_relay.get()
        if octets is None:
            raise LineClosed
        return octets

    async def close(self, code: int, reason: str) -> None:
        if not self._cut:
            self.closed = (code, reason)
            self.cut()

    def put(self, frame: Frame | bytes) -> None:
        """Send as the connector."""
        self._to_relay.put_nowait(frame if isinstance(frame, bytes) else encode(frame))

    async def get(self) -> ToConnector:
        """Return the next frame as the connector; `LineClosed` once the relay has closed."""
        octets = await asyncio.wait_for(self._to_connector.get(), 10)
        if octets is None:
            raise LineClosed
        return decode_from_relay(octets)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing came that was not got."""
        return self._to_connector.empty()

    def cut(self) -> None:
        """End the line for both."""
        self._cut = True
        self._to_relay.put_nowait(None)
        self._to_connector.put_nowait(None)


class SlowPipe(Pipe):
    """A line whose peer does not read for a while: what is sent waits, as on a real socket."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, octets: bytes) -> None:
        await self.reads.wait()
        await super().send(octets)

    async def close(self, code: int, reason: str) -> None:
        await self.reads.wait()
        await super().close(code, reason)


class Node:
    """An exchange, and lines to it."""

    def __init__(self, *houses: House, bus: Bus | None = None, deadline_s: float = 5.0) -> None:
        self.records = MemoryRecords(*(house.record() for house in houses))
        settings = ExchangeSettings(HOST, "node-a", deadline_s)
        self.exchange = Exchange(bus or LocalBus(), self.records, settings, time.time)
        self._tasks: list[asyncio.Task[None]] = []

    def dial(self, pipe: Pipe | None = None) -> Pipe:
        """Return a new line, before its first frame."""
        pipe = pipe or Pipe()
        self._tasks.append(asyncio.create_task(self.exchange.attend(pipe)))
        return pipe

    async def open(
        self, house: House, name: str = "", window: int = 8, pipe: Pipe | None = None
    ) -> Pipe:
        """Return a new line that was welcomed."""
        pipe = self.dial(pipe)
        hello = await pipe.get()
        assert isinstance(hello, Hello)
        pipe.put(house.sign_in(hello, name, window))
        assert isinstance(await pipe.get(), Welcome)
        return pipe

    async def settle(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(20):
            await asyncio.sleep(0)


async def answer_all(pipe: Pipe, answer: Callable[[Ask], Awaitable[bytes]]) -> None:
    """Answer every question of a line until it ends."""
    try:
        while True:
            frame = await pipe.get()
            if isinstance(frame, Ask):
                pipe.put(Answer(frame.id, await answer(frame)))
    except (LineClosed, BadFrame):
        return
