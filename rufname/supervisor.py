"""The supervisor: makes the sockets, keeps the workers alive, drains and reloads.

Law: answers nothing and opens no index. It does nothing that could hang: what may, a worker does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from connectors.graphapi import GraphAccess
from connectors.kinds.graph import GraphOptions
from engine.errors import CorruptIndex, ForeignIndex
from engine.index import verify_index
from rufname.child import Child, WorkerSpec
from rufname.config import Config
from rufname.errors import ConfigError
from rufname.exposition import exposition
from rufname.lifeline import FaceSettings, Start, pack
from rufname.listening import Inherited, bound_port, listen_on
from rufname.metricsport import MetricsPort
from rufname.ownership import require_own
from rufname.preflight import require_servable, require_store, warnings_of
from rufname.reloading import log_fault, reread
from rufname.rundir import Lock, ServeStatus, make_private, take_serve_lock, write_status

TICK_S = 0.25
LATE_S = 1.0
"""A tick so late means that the supervisor itself stood still: nobody is blamed for silence."""

DRAIN_LIMIT_S = 10.0
"""Workers that answer drain in 2 s; the writer may have to finish a commit."""

SESSION_KEY_BYTES = 32
STATUS_INTERVAL_S = 5.0
ADDRESS_PATIENCE_S = 10.0
"""After a killed `serve` its workers hold the addresses until they have drained."""

WRITER_BEAT_LIMIT_S = 15.0
"""The writer runs at low priority and answers nobody: a busy machine may hold it up."""

_log = logging.getLogger("rufname.supervisor")


class Supervisor:
    """One `rufname serve`: from the lock on its data folder to the last worker's end."""

    def __init__(
        self,
        config: Config,
        ready: Callable[[ServeStatus], None] | None = None,
        log: IO[str] | None = None,
    ) -> None:
        """Prepare; nothing is opened before `run`.

        Args:
            config: as loaded.
            ready: called once, when every worker does its work.
            log: where the workers log; None: standard error.
        """
        self._config = config
        self._tell_ready = ready
        self._log = log
        self._began = self._configured = time.time()
        self._refused: tuple[str, ...] = ()
        self._restart_for: tuple[str, ...] = ()
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        self._signals = 0
        self._session_key = os.urandom(SESSION_KEY_BYTES)
        self._unusable = False
        self._announced = False
        self._listens: tuple[str, ...] = ()
        self._metrics_socket: socket.socket | None = None
        self._children: list[Child] = []
        self._faces: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Serve until a signal or `stop` ends it; returns after the last worker.

        Raises:
            ConfigError: a certificate cannot be used.
            ForeignFolder: the data folder is another user's.
            AlreadyServing: another one works on the data folder.
            CannotListen: an address is taken or not allowed.
            CorruptStore: neither index nor store can be used, after a downgrade for example.
        """
        require_servable(self._config)
        for warning in warnings_of(self._config):
            _log.warning(warning)
        require_own(self._config.data_dir)
        make_private(self._config.data_dir)
        lock = take_serve_lock(self._config.run_dir)
        self._take_signals()
        try:
            patience_s = ADDRESS_PATIENCE_S if lock.stale else 0.0
            await asyncio.to_thread(self._make_children, patience_s)
            await self._find_damage()
            if not self._stop.is_set():
                await self._serve()
        finally:
            self._release(lock)

    def stop(self) -> None:
        """Drain and end; a second call ends at once."""
        self._signals += 1
        if self._signals == 1:
            _log.info("draining")
            self._stop.set()
        else:
            _log.warning("stopping at once")
            for child in self._children:
                child.kill()

    def reload(self) -> None:
        """Read the configuration anew; a bad one changes nothing."""
        try:
            kept, left_out = reread(self._config)
        except ConfigError as error:
            _log.error(
                "configuration not reloaded", extra={"fields": {"faults": len(error.faults)}}
            )
            for fault in error.faults:
                log_fault(_log, fault)
            self._refused = error.faults
            self._changed.set()
            return
        for key in left_out:
            _log.warning("changed only by a restart", extra={"fields": {"setting": key}})
        self._config, self._configured = kept, time.time()
        self._refused, self._restart_for = (), left_out
        self._changed.set()
        for child in self._children:
            child.reload(self._settings(child.spec.role))
        _log.info("configuration reloaded", extra={"fields": {"file": kept.path}})
        for warning in (*kept.warnings, *warnings_of(kept)):
            _log.warning(warning)

    def status(self) -> ServeStatus:
        """Return what runs now."""
        return ServeStatus(
            pid=os.getpid(),
            config=str(self._config.path),
            started_at=self._began,
            ready=bool(self._children) and all(child.ready for child in self._children),
            listens=self._listens,
            workers=tuple(child.status() for child in self._children),
            configured_at=self._configured,
            refused=self._refused,
            restart_for=self._restart_for,
        )

    def metrics(self) -> str:
        """Return what all workers have counted, for Prometheus."""
        past: dict[str, Counter[str]] = {}
        for child in self._children:
            past.setdefault(child.spec.role, Counter()).update(child.past)
        return exposition((child.status() for child in self._children), past)

    def _make_children(self, patience_s: float) -> None:
        """Make all sockets, then the places of the workers; nothing runs yet."""
        ldap: list[tuple[socket.socket, str]] = []
        relay: list[tuple[socket.socket, str]] = []
        inherited = Inherited(os.environ)
        settings = self._config.ldap
        for listener in settings.listen if settings else ():
            made = inherited.take(listener.host, listener.port) or listen_on(
                listener.host, listener.port, str(listener), patience_s
            )
            bound = msgspec.structs.replace(listener, port=bound_port(made))
            ldap.append((made, str(bound)))
        if self._config.relay:
            http = self._config.relay
            made = inherited.take(http.host, http.port) or listen_on(
                http.host, http.port, str(http), patience_s
            )
            relay.append((made, str(msgspec.structs.replace(http, port=bound_port(made)))))
        urls = [url for _, url in (*ldap, *relay)]
        if self._config.metrics:
            wanted = self._config.metrics
            self._metrics_socket = listen_on(wanted.host, wanted.port, str(wanted), patience_s)
            bound_at = bound_port(self._metrics_socket)
            urls.append(str(msgspec.structs.replace(wanted, port=bound_at)))
        for address in inherited.close_rest():
            _log.warning("a socket of systemd is not configured: closed: %s", address)
        self._listens = tuple(urls)
        workers = (settings.workers or usable_cores()) if settings else 0
        specs = [WorkerSpec("ldapd", number, sockets=ldap) for number in range(workers)]
        if relay:
            specs.append(WorkerSpec("relay", sockets=relay))
        if self._config.tunnel:
            specs.append(WorkerSpec("tunnel"))
        self._faces = [self._child(spec) for spec in specs]
        writer = self._child(WorkerSpec("writer", beat_limit_s=WRITER_BEAT_LIMIT_S))
        self._children = [writer, *self._faces]

    def _child(self, spec: WorkerSpec) -> Child:
        return Child(spec, lambda: self._start_order(spec.role), self._changed.set, self._log)

    def _start_order(self, role: str) -> Start:
        return Start(self._settings(role), rebuild=role == "writer" and self._unusable)

    def _settings(self, role: str) -> bytes:
        if role == "writer":
            return pack(self._config)
        config = self._config
        return pack(
            FaceSettings(
                index_dir=str(config.index_dir),
                run_dir=str(config.run_dir),
                policies=config.policies(),
                clients=config.clients,
                ldap=config.ldap if role == "ldapd" else None,
                relay=config.relay if role == "relay" else None,
                tunnel=config.tunnel if role == "tunnel" else None,
                keys_dir=str(config.keys_dir) if role == "tunnel" else "",
                accounts=config.accounts,
                graphs=_graphs(config) if role in ("relay", "tunnel") else (),
                session_key=self._session_key if role == "relay" else None,
                file=str(config.path.absolute()),
            )
        )

    async def _find_damage(self) -> None:
        """Check the sums of the index; a damaged one is rebuilt before anybody answers from it.

        So is that of another version, which an upgrade leaves: nothing is wrong then.
        """
        try:
            await asyncio.to_thread(verify_index, self._config.index_dir)
        except ForeignIndex as error:
            _log.warning("index of another version: built anew from the contact store: %s", error)
            self._unusable = True
        except CorruptIndex as error:
            _log.error("index damaged: rebuilt from the contact store: %s", error)
            self._unusable = True
        if self._unusable:
            await asyncio.to_thread(require_store, self._config)

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        loop.add_signal_handler(signal.SIGINT, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # it may have come already

    async def _serve(self) -> None:
        writer = self._children[0]
        self._launch(writer)
        if not self._unusable:
            for child in self._faces:
                self._launch(child)
        port = MetricsPort(self.metrics)
        if self._metrics_socket is not None:
            await port.start(self._metrics_socket)
        watch = asyncio.create_task(self._watch())
        report = asyncio.create_task(self._report())
        try:
            await self._stop.wait()
            await self._drain()
        finally:
            port.close()
            watch.cancel()
            report.cancel()

    def _launch(self, child: Child) -> None:
        self._tasks.append(asyncio.create_task(child.run()))

    async def _watch(self) -> None:
        """Replace workers that hang; start those that wait for a whole index."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            late = now - last > TICK_S + LATE_S
            for child in self._children:
                if late:
                    child.excuse(now)
                else:
                    child.kill_if_overdue(now)
            last = now
            if self._unusable and self._children[0].ready and not self._stop.is_set():
                self._unusable = False
                for child in self._faces:
                    self._launch(child)

    async def _report(self) -> None:
        """Keep `status.json` true, and say once when everything runs."""
        said = ""  # why it could not be written, the last time
        while True:
            self._changed.clear()
            status = self.status()
            try:
                write_status(self._config.run_dir, status)
                said = ""
            except OSError as error:
                if said != str(error):
                    said = str(error)
                    _log.error("cannot write status.json: %s", error)
            if status.ready and not self._announced:
                self._announced = True
                listens = ", ".join(self._listens) or "nothing"
                _log.info("ready", extra={"fields": {"listens": listens, "pid": os.getpid()}})
                if self._tell_ready:
                    self._tell_ready(status)
            try:
                await asyncio.wait_for(self._changed.wait(), STATUS_INTERVAL_S)
            except TimeoutError:
                continue

    async def _drain(self) -> None:
        for child in self._children:
            child.drain()
        _, slow = await asyncio.wait(self._tasks, timeout=DRAIN_LIMIT_S)
        if slow:
            for child in self._children:
                child.kill()
            await asyncio.wait(slow)
        _log.info("stopped")

    def _release(self, lock: Lock) -> None:
        for child in self._children:
            for listener, _ in child.spec.sockets:
                listener.close()
        if self._metrics_socket is not None:
            self._metrics_socket.close()
        Path(self._config.run_dir / "status.json").unlink(missing_ok=True)
        lock.release()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def _graphs(config: Config) -> tuple[GraphAccess, ...]:
    """Return how the sources of kind `graph` reach Graph, in the order of the file."""
    options = (source.options for source in config.sources)
    return tuple(each.access() for each in options if isinstance(each, GraphOptions))
