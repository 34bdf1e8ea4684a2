"""Both ends of the tunnel in one event loop: a node behind a real socket, a directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from relay.accounts import Accounts
from relay.desk import Desk
from relay.directory import Directory, Readiness
from relay.http.connection import LineConnection, NodeConnection
from relay.http.nodeapp import create_node_app
from relay.http.server import HttpServer, serve_http
from relay.keycache import KeyCache
from relay.nodesettings import NodeLimits, NodeSettings
from relay.tunnel.answerer import Answerer
from relay.tunnel.bus import LocalBus
from relay.tunnel.connector import Connector
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.envelope import Envelope, Question, SealedQuestion, seal_question
from relay.tunnel.exchange import Exchange, ExchangeSettings
from relay.tunnel.frames import MAX_FRAME_BYTES_TO_RELAY
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import TenantIdentity, fingerprint
from relay.tunnel.settings import TunnelSettings
from relay.tunnel.suites import Suite
from relay.tunnel.tenants import ConnectorKey, TenantRecord
from relay.verifying import TokenVerifier
from tests.relay.http.users import ACCOUNTS, CLIENT_ID, KEY, TENANT, claims, jwk, keys_of, signed
from tests.relay.tunnel.houses import MemoryRecords

WAIT_S = 20.0
TUNNEL = TunnelSettings(client_id=CLIENT_ID, user_rate=0, tenant_rate=0, proxy="none", lines=1)


def keys() -> KeyCache:
    return keys_of(jwk(KEY))()


class Site:
    """A directory's end: keys on disk, and what answers."""

    def __init__(
        self,
        folder: Path,
        directory: Directory,
        tid: str = TENANT,
        accounts: Accounts = ACCOUNTS,
        now: Callable[[], float] = time.time,
        *,
        message_extension: bool = False,
    ) -> None:
        self.folder = folder
        self.directory = directory
        self.tid = tid
        self.now = now
        self.ring = KeyRing.create(folder, tid, now())
        rules = TUNNEL.token_rules(tid)
        self.tokens = TokenVerifier(lambda _claimed: rules, keys(), now)
        envelope = Envelope(tid, self.ring)
        desk = Desk(directory, TUNNEL)
        self.answerer = Answerer(
            envelope, self.tokens, lambda: accounts, desk, now, message_extension=message_extension
        )

    def enrol(self, relay: str) -> TenantRecord:
        """Register at a relay; return what it keeps."""
        enrolment = Enrolment(relay, self.tid, "node-1", TenantIdentity.generate())
        enrolment.store(self.folder)
        key = ConnectorKey("node-1", enrolment.public, 0)
        public = self.ring.identity.public
        return TenantRecord(self.tid, public, fingerprint(public), (key,), registered_at=1)

    def seal(
        self, op: str, args: object, token: str | None = None, suite: Suite = Suite.X25519
    ) -> SealedQuestion:
        token = signed(claims()) if token is None else token
        question = Question(op, json.dumps(args).encode(), token)
        now = time.time()
        bundle = self.ring.bundle(now).verify(self.tid, self.ring.identity.public)
        return seal_question(question, self.tid, bundle.newest(suite, now), now)

    def connector(self, settings: TunnelSettings = TUNNEL) -> Connector:
        return Connector(
            self.folder, settings, lambda _enrolment, _ring: self.answerer.answer, "test", self.now
        )


class Cloud:
    """A node behind a real socket on loopback."""

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        limits: NodeLimits | None = None,
        *,
        message_extension: bool = False,
    ) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.limits = limits or NodeLimits(user_rate=0, tenant_rate=0, max_in_flight=1000)
        self.settings = NodeSettings(
            self.url, "127.0.0.1", self.port, "node-a", CLIENT_ID, Path("/nonexistent"),
            limits=self.limits, message_extension=message_extension,
        )  # fmt: skip
        self.records = MemoryRecords()
        settings = ExchangeSettings("127.0.0.1", "node-a", self.limits.deadline_s)
        self.exchange = Exchange(LocalBus(), self.records, settings, now)
        self.tokens = TokenVerifier(self.settings.token_rules, keys())
        self.app = create_node_app(
            self.exchange, self.tokens, self.records, self.settings,
            ready=lambda: Readiness(ready=True),
        )  # fmt: skip
        self.server: HttpServer | None = None

    async def start(self) -> None:
        self.server = await serve_http(
            [self.listener], self.app, connection=NodeConnection,
            line=LineConnection,
            max_message_bytes=MAX_FRAME_BYTES_TO_RELAY,
        )  # fmt: skip

    async def stop(self, drain_s: float = 0.0) -> None:
        assert self.server is not None
        await self.exchange.drain(drain_s)
        await self.server.drain(5)

    async def cut_lines(self) -> None:
        """Break every line; a directory dials again."""
        lines = [line for tenant in self.exchange._tenants.values() for line in tenant.lines]
        ended = self.exchange.counts["lines_closed"] + len(lines)
        await asyncio.gather(*(line.socket.close(1001, "") for line in lines))
        await wait_for(lambda: self.exchange.counts["lines_closed"] >= ended, "the lines' end")

    async def wait_lines(self, lines: int) -> None:
        await wait_for(lambda: self.exchange.metrics()["lines"] == lines, f"{lines} lines")


async def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until, f"not within {WAIT_S} s: {what}"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running_cloud(now: Callable[[], float] = time.time) -> AsyncIterator[Cloud]:
    cloud = Cloud(now)
    await cloud.start()
    try:
        yield cloud
    finally:
        await cloud.stop()


@contextlib.asynccontextmanager
async def running(connector: Connector) -> AsyncIterator[Connector]:
    """Let a connector hold its lines for a `with` block."""
    task = asyncio.create_task(connector.run())
    try:
        yield connector
    finally:
        await connector.drain(5)
        await asyncio.wait_for(task, WAIT_S)
