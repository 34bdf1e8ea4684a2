"""One running node of a relay: bus, records, exchange, application and server put together.

Law: no route and no frame here (`relay`). It loads no index, and needs no directory on its machine.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from relay.directory import Readiness
from relay.http.connection import LineConnection, NodeConnection
from relay.http.nodeapp import create_node_app
from relay.http.registration import RegistrationDesk, WaysAnswer, registration_routes
from relay.http.server import HttpServer, serve_http
from relay.keycache import KeyCache, fetch_from
from relay.tunnel.bus import Bus, LocalBus
from relay.tunnel.exchange import Exchange, ExchangeSettings
from relay.tunnel.frames import MAX_FRAME_BYTES_TO_RELAY
from relay.tunnel.natsbus import NatsBus
from relay.tunnel.tenants import TenantRecords
from relay.tunnel.tenantstore import NatsRecords, SqliteRecords
from relay.verifying import TokenVerifier
from rufname.exposition import exposition
from rufname.listening import Inherited, bound_port, listen_on
from rufname.metricsport import MetricsPort
from rufname.nodeconfig import NodeConfig
from rufname.ownership import require_entry
from rufname.rundir import WorkerStatus, make_private, make_private_file

RECORDS_FILE = "tenants.sqlite"
NATS_WAIT_S = 5.0
OTHER_FILES = 256
"""Open files besides connections, at most."""

MAX_VERDICTS = 50_000
"""Tokens whose verdict is remembered, some 500 octets each."""

_log = logging.getLogger("rufname.relay")


class Node:
    """One `rufname relay`: from its sockets to its drain."""

    def __init__(self, config: NodeConfig) -> None:
        """Prepare; nothing is opened before `run`."""
        self._config = config
        self._settings = config.settings
        self._stop = asyncio.Event()
        self._signals = 0
        self._began = time.time()
        self._counts: Counter[str] = Counter()
        self._exchange: Exchange | None = None
        self._server: HttpServer | None = None

    async def run(self, ready: Callable[[str], None] | None = None) -> None:
        """Serve until a signal or `stop` ends it.

        Args:
            ready: called once with the address that is listened on.

        Raises:
            CannotListen: an address is taken or not allowed.
            RecordsUnusable: the records cannot be opened.
            OSError: certificate and key cannot be used.
        """
        listener, metrics_listener = self._listen()
        self._take_signals()
        bus, records = await self._open()
        try:
            server = await self._serve(listener, bus, records)
            port = MetricsPort(self.metrics)
            if metrics_listener is not None:
                await port.start(metrics_listener)
            url = str(msgspec.structs.replace(self._settings, port=bound_port(listener)))
            _log.info("ready", extra={"fields": {"listens": url, "node": self._settings.node}})
            if ready is not None:
                ready(url)
            await self._until_stopped(server)
            await self._drain(server)
            port.close()
        finally:
            await bus.close()
            await records.close()
        _log.info("stopped")

    def stop(self) -> None:
        """Drain and end; a second call ends at once."""
        self._signals += 1
        if self._signals > 1:
            os._exit(1)
        _log.info("draining")
        self._stop.set()

    def renew_certificate(self) -> None:
        """Read certificate and key anew; files that cannot be used change nothing."""
        tls = self._settings.tls
        if tls is None or self._server is None:
            _log.info("no certificate to be read anew")
            return
        try:
            self._server.renew_certificate(tls.certificate, tls.key)
        except OSError as error:  # SSLError is one
            wrong = "do not belong together, or are no PEM files without a password"
            reason = wrong if isinstance(error, ssl.SSLError) else error.strerror
            _log.error("certificate and key stay the last ones: the new ones: %s", reason)
            return
        _log.info("certificate and key read anew")

    def metrics(self) -> str:
        """Return what this node counts, for Prometheus."""
        assert self._exchange is not None
        assert self._server is not None
        now = self._server.metrics()
        values = {
            **self._exchange.metrics(),
            **self._counts,
            "connections_open": now["connections"],
            "requests": now["requests"],
        }
        status = WorkerStatus("node-0", os.getpid(), "ready", 0, self._began, values)
        return exposition([status], {})

    def _listen(self) -> tuple[socket.socket, socket.socket | None]:
        inherited = Inherited(os.environ)
        own = self._settings
        listener = inherited.take(own.host, own.port) or listen_on(own.host, own.port, str(own))
        wanted = self._config.metrics
        metrics = None if wanted is None else listen_on(wanted.host, wanted.port, str(wanted))
        for address in inherited.close_rest():
            _log.warning("a socket of systemd is not configured: closed: %s", address)
        return listener, metrics

    async def _open(self) -> tuple[Bus, TenantRecords]:
        """Return the bus and the records: of one node, or of several on NATS."""
        nats = self._config.nats
        if nats is None:
            records = await open_records(self._config)
            return LocalBus(), records
        bus = NatsBus(nats, self._settings.node)
        _, records = await asyncio.gather(bus.open(NATS_WAIT_S), open_records(self._config))
        return bus, records

    async def _serve(self, listener: socket.socket, bus: Bus, records: TenantRecords) -> HttpServer:
        settings = self._settings
        exchange_settings = ExchangeSettings(
            settings.public_host, settings.node, settings.limits.deadline_s
        )
        self._exchange = Exchange(bus, records, exchange_settings)
        keys = KeyCache(fetch_from(settings.keys_url))
        tokens = TokenVerifier(settings.token_rules, keys, max_verdicts=MAX_VERDICTS)
        desk = RegistrationDesk(
            records, TokenVerifier(settings.registration_rules, keys), settings.public_host
        )
        ways = WaysAnswer(
            settings.public_host,
            settings.authority,
            settings.client_id,
            settings.registration_scope,
        )
        app = create_node_app(
            self._exchange,
            tokens,
            records,
            settings,
            ready=lambda: self._readiness(bus, records),
            more_routes=[registration_routes(desk, ways)],
            counts=self._counts,
        )
        tls = settings.tls
        connections = allow_descriptors(settings.limits.max_connections)
        connection = type(
            "Connection",
            (NodeConnection,),
            {"max_connections": connections},
        )
        self._server = await serve_http(
            [listener],
            app,
            connection=connection,
            line=LineConnection,
            max_message_bytes=MAX_FRAME_BYTES_TO_RELAY,
            certificate=(tls.certificate, tls.key) if tls else None,
        )
        return self._server

    def _readiness(self, bus: Bus, records: TenantRecords) -> Readiness:
        if self._stop.is_set():
            return Readiness(ready=False, reason="this node is going down")
        carried = bus.ready()
        if carried.ready and isinstance(records, NatsRecords):
            return records.ready()
        return carried

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.renew_certificate)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # it may have come already

    async def _until_stopped(self, server: HttpServer) -> None:
        stopped = asyncio.ensure_future(self._stop.wait())
        ended = asyncio.ensure_future(server.wait_closed())
        try:
            await asyncio.wait((stopped, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await ended
        finally:
            stopped.cancel()
            ended.cancel()

    async def _drain(self, server: HttpServer) -> None:
        """Send the directories elsewhere, answer what is in flight, close."""
        assert self._exchange is not None
        await self._exchange.drain(self._settings.limits.drain_s)
        await server.drain(self._settings.limits.deadline_s)


async def open_records(config: NodeConfig) -> TenantRecords:
    """Return the tenants' records of a relay: its file, or those on NATS.

    Raises:
        RecordsUnusable: the file cannot be opened.
        ForeignFolder: it is another user's.
    """
    if config.nats_records is None:
        folder = make_private(config.settings.data_dir)
        require_entry(folder, ("", RECORDS_FILE, f"{RECORDS_FILE}-wal", f"{RECORDS_FILE}-shm"))
        file = SqliteRecords(make_private_file(folder / RECORDS_FILE))
        file.follow()
        return file
    records = NatsRecords(config.nats_records, config.settings.node, config.replicas)
    await records.open(NATS_WAIT_S)
    return records


def allow_descriptors(connections: int) -> int:
    """Let this process open what so many connections need; return how many are allowed.

    Some files are left for records, logs, keys of Entra and metrics: without them nothing works.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == needed:
        return connections
    left = max(allowed - OTHER_FILES, allowed // 2)
    _log.warning(
        "fewer connections than configured: the system allows too few open files",
        extra={"fields": {"open_files": allowed, "needed": needed, "connections": left}},
    )
    return left
