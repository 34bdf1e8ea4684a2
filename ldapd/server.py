"""The LDAP server of one worker process: listening, caps, time limits, reload and drain.

Law: no protocol (`connection`, `handler`) and no index (it is handed in; the worker refreshes it).
One sweep a second looks after every connection: no timer per connection, none per request.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import cast

from engine.client import Client
from ldapd.accepting import Acceptor
from ldapd.auth import Peer, PeerAddress
from ldapd.connection import Connection, peer_address, tune
from ldapd.failures import HandshakeLog
from ldapd.handler import LdapHandler
from ldapd.observing import ObservedHandler
from ldapd.passwords import PasswordPool
from ldapd.protocol.messages import ResultCode
from ldapd.protocol.requests import DecodeLimits
from ldapd.protocol.session import LdapSession
from ldapd.search import Directory
from ldapd.settings import LdapLimits, LdapSettings, Listener
from ldapd.tls import server_context
from ldapd.traced import Following, Traced, TraceRequest
from ldapd.tracing import Tracing
from ldapd.watching import Watched

BACKLOG = 1_024
"""Connections the kernel holds for us: a site's SBCs and phones that all return after a restart."""

SWEEP_S = 1.0
SPARE_S = 60.0
"""A bound connection that was silent for so long may give its place to a new one of its client."""

FAULT_LOG_S = 1.0
"""Least time between two log lines on failed requests; the counter counts them all."""

_log = logging.getLogger(__name__)


async def serve_ldap(
    listeners: Sequence[tuple[socket.socket, Listener]],
    index: Directory,
    settings: LdapSettings,
    clients: tuple[Client, ...],
) -> LdapServer:
    """Answer LDAP on listening sockets from now on.

    Args:
        listeners: bound sockets (they may be shared with other processes) and what they are.
        index: asked on the loop's thread; the caller refreshes it.
        settings: see there; `listen` is not looked at.
        clients: who may bind.

    Raises:
        InvalidDn: the base or an alias is no distinguished name.
        UnusableTls: certificate, key or authorities cannot be used.
        ValueError: a TLS listener without `settings.tls`.
    """
    server = LdapServer(index, settings, clients)
    await server.listen(listeners)
    return server


class LdapServer:
    """Every connection of one process.

    Attributes:
        handler: answers requests; while somebody follows them, it tells of each.
        passwords: verifies passwords.
        loop: the running loop.
        max_pending: requests of one connection answered in one turn.
        max_wait_s: longest time before a request that was read is begun.
        handshake_time_s: longest TLS handshake.
        tls_context: for the handshakes from now on; None = no certificate is configured.
    """

    def __init__(
        self, index: Directory, settings: LdapSettings, clients: tuple[Client, ...]
    ) -> None:
        """Use `serve_ldap`."""
        self.loop = asyncio.get_running_loop()
        self._watched = Watched(index, self.loop.time, settings.limits.alarm_misses_per_day)
        watched = cast("Directory", self._watched)  # it passes on what it does not do itself
        self._handler = LdapHandler(watched, settings, clients, self.loop.time)
        self.handler = self._handler
        self._tracing = Tracing(self._watched, self.loop.time)
        self.passwords = PasswordPool()
        self._connections: set[Connection] = set()
        self._unbound_count = 0
        self._strangers: dict[Connection, None] = {}
        self._strangers_at: Counter[PeerAddress] = Counter()
        self._bound_as: Counter[str] = Counter()
        self._servers: list[asyncio.Server | Acceptor] = []
        self._needs_tls = False
        self._emptied = asyncio.Event()
        self._fault_logged_s = -FAULT_LOG_S
        self._handshakes = HandshakeLog(self.loop.time)
        self._take_limits(settings)
        self.tls_context = None if settings.tls is None else server_context(settings.tls)
        self._sweeping = self.loop.call_later(SWEEP_S, self._sweep)

    async def listen(self, listeners: Sequence[tuple[socket.socket, Listener]]) -> None:
        """Accept connections on further sockets; raises as `serve_ldap` does."""
        try:
            for sock, listener in listeners:
                await self._listen(sock, tls=listener.tls)
        except BaseException:
            self._stop()
            raise

    async def _listen(self, sock: socket.socket, *, tls: bool) -> None:
        if tls:
            if self.tls_context is None:
                raise ValueError("an ldaps:// listener without [ldap.tls]")
            self._needs_tls = True
            self._servers.append(Acceptor(self.loop, sock, BACKLOG, self._welcome))
            return
        self._servers.append(
            await self.loop.create_server(lambda: Connection(self), sock=sock, backlog=BACKLOG)
        )

    def _welcome(self, sock: socket.socket, name: object) -> None:
        """Let TLS begin on an accepted socket, unless a cap is reached."""
        connection = Connection(self, Peer(peer_address(name), tls=True))
        context = self.tls_context
        if context is None or self.admit(connection):
            sock.close()  # nothing can be said before the handshake
            return
        tune(sock)
        connection.shake_hands(sock, context)

    def replace(self, settings: LdapSettings, clients: tuple[Client, ...]) -> None:
        """Take new settings and clients; open connections stay, those of removed clients end.

        Limits on octets and filters hold for new connections. Listeners do not change.

        Certificates are read anew and hold for new connections.

        Raises:
            InvalidDn, UnusableTls, ValueError: as `serve_ldap`; the old settings stay in force.
        """
        context = None if settings.tls is None else server_context(settings.tls)
        if context is None and self._needs_tls:
            raise ValueError("an ldaps:// listener without [ldap.tls]")
        self.handler.replace(settings, clients)
        self.tls_context = context
        self._take_limits(settings)
        for connection in list(self._connections):
            if not self.handler.renew(connection.peer):
                self.note_bind(connection)
                connection.end(ResultCode.UNAVAILABLE, "the client is no longer configured")

    def _take_limits(self, settings: LdapSettings) -> None:
        limits = self._limits = settings.limits
        self._decode_limits = _decode_limits(limits)
        self.max_pending = limits.max_pending
        self.max_wait_s = limits.max_wait_ms / 1_000
        self.handshake_time_s = float(limits.bind_time_s)
        self._watched.alarm_at = limits.alarm_misses_per_day
        self._tracing.logs = settings.log_searches
        self._observe()

    def _observe(self) -> None:
        """Let requests be told of, or no longer."""
        if not self._tracing.is_wanted:
            self.handler = self._handler
        elif self.handler is self._handler:
            observed = ObservedHandler(
                self._handler, self._watched, self._tracing.tell, self.note_fault
            )
            self.handler = cast("LdapHandler", observed)  # as `_watched`

    def trace(self, wish: TraceRequest) -> AsyncGenerator[Traced | Following, None]:
        """Give the look-ups remembered, then each request as it is answered, until it is closed."""
        return self._tracing.follow(wish, self._observe)

    async def drain(self, timeout_s: float) -> None:
        """Accept nothing new, answer what has been read, tell every peer, close.

        Args:
            timeout_s: how long peers may take to read their last answers; then they are cut.
        """
        self._stop()
        self._emptied.clear()
        for connection in list(self._connections):
            connection.end(ResultCode.UNAVAILABLE, "the server is shutting down")
        if self._connections:
            try:
                await asyncio.wait_for(self._emptied.wait(), timeout_s)
            except TimeoutError:
                for connection in list(self._connections):
                    connection.abort()
        self.passwords.close()

    def metrics(self) -> dict[str, int]:
        """Return counts since the start, and the connections that are open now."""
        return {
            **self.handler.counters.as_dict(),
            "connections_open": len(self._connections),
            "connections_unbound": self._unbound_count,
        }

    # --- what connections call ------------------------------------------------------------------

    def open_session(self) -> LdapSession:
        """Return the decoder for a new connection."""
        return LdapSession(
            max_message_bytes_unbound=self._limits.max_message_bytes_unbound,
            max_message_bytes_bound=self._limits.max_message_bytes_bound,
            limits=self._decode_limits,
        )

    def admit(self, connection: Connection) -> str:
        """Count a connection in, unless a cap is reached; return why it must go, or ""."""
        counters = self.handler.counters
        counters.connections += 1
        address = connection.peer.address
        known = self.handler.is_known(address)
        if not (self._make_place() if known else self._has_place_for_stranger(address)):
            counters.connections_refused += 1
            return "too many connections"
        self._connections.add(connection)
        self._count_unbound(connection)
        return ""

    def leave(self, connection: Connection) -> None:
        """Count a connection out."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        if connection.unbound_since_s is not None:
            self._count_bound(connection)
        self._count_client(connection, "")
        if not self._connections:
            self._emptied.set()

    def note_bind(self, connection: Connection) -> None:
        """Keep the count of unbound connections, and since when each is, and of each client's."""
        if connection not in self._connections:
            return
        asker = connection.peer.asker
        if asker is not None and connection.unbound_since_s is not None:
            connection.unbound_since_s = None
            self._count_bound(connection)
        elif asker is None and connection.unbound_since_s is None:
            connection.unbound_since_s = self.loop.time()
            self._count_unbound(connection)
        self._count_client(connection, "" if asker is None else asker.client.name)

    def note_handshake(self, address: PeerAddress, error: Exception) -> None:
        """Count and log a handshake that failed; a drain ends those that are under way."""
        self.handler.counters.handshakes_failed += 1
        if not isinstance(error, OSError):
            self.note_fault(error)
        elif self._servers:
            self._handshakes.note(address, error)

    def note_fault(self, error: BaseException) -> None:
        """Log where a request failed; never the error's text, which may quote what was asked."""
        now_s = self.loop.time()
        if now_s - self._fault_logged_s < FAULT_LOG_S:
            return
        self._fault_logged_s = now_s
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "?"
        if place is not None:
            where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
        _log.error("a request failed inside: %s at %s", type(error).__name__, where)

    # --- counting -------------------------------------------------------------------------------

    def _has_place_for_stranger(self, address: PeerAddress) -> bool:
        """Tell whether one more may come from outside every client's networks."""
        limits = self._limits
        return (
            len(self._connections) < limits.max_connections
            and len(self._strangers) < limits.max_unbound
            and self._strangers_at[address] < limits.max_per_address
        )

    def _make_place(self) -> bool:
        """Tell whether there is a place; if need be, the newest unbound stranger gives up its."""
        if len(self._connections) < self._limits.max_connections:
            return True
        if not self._strangers:
            return False
        newest = next(reversed(self._strangers))
        self.leave(newest)
        self._drop(newest, "")
        return True

    def _count_unbound(self, connection: Connection) -> None:
        self._unbound_count += 1
        address = connection.peer.address
        if not self.handler.is_known(address):
            self._strangers[connection] = None
            self._strangers_at[address] += 1

    def _count_bound(self, connection: Connection) -> None:
        """Take a connection out of the unbound ones."""
        self._unbound_count -= 1
        if connection in self._strangers:
            del self._strangers[connection]
            address = connection.peer.address
            self._strangers_at[address] -= 1
            if not self._strangers_at[address]:
                del self._strangers_at[address]

    def _count_client(self, connection: Connection, name: str) -> None:
        """Count a connection as one of the client `name` ("" = of none), and end one too many."""
        before = connection.counted_as
        if before == name:
            return
        connection.counted_as = name
        if before:
            self._bound_as[before] -= 1
            if not self._bound_as[before]:
                del self._bound_as[before]
        if name:
            self._bound_as[name] += 1
            if self._bound_as[name] > self._limits.max_per_client:
                reason = "too many connections of this client"
                spare = self._spare(name)
                if spare is not None:
                    self._drop(spare, reason)
                    return
                self.handler.counters.connections_refused += 1
                self.loop.call_soon(connection.end, ResultCode.BUSY, reason)  # behind its answer

    def _spare(self, name: str) -> Connection | None:
        """Return the connection of a client that has been silent longest, if for `SPARE_S`.

        Thunderbird leaves a connection behind for each search that the next letter interrupts.
        """
        silent = (
            each
            for each in self._connections
            if each.counted_as == name and not each.is_dropped and not each.is_busy
        )
        spare = min(silent, key=lambda each: each.heard_s, default=None)
        if spare is None or self.loop.time() - spare.heard_s < SPARE_S:
            return None
        return spare

    # --- time -----------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """End connections that stay unbound, idle, or do not read; once a second."""
        self._sweeping = self.loop.call_later(SWEEP_S, self._sweep)
        limits, now_s = self._limits, self.loop.time()
        for connection in list(self._connections):
            stuck_s = connection.closing_since_s or connection.blocked_since_s
            if stuck_s is not None:
                if now_s - stuck_s > limits.blocked_write_s:
                    self._drop(connection, "")
            elif connection.unbound_since_s is not None:
                if now_s - connection.unbound_since_s > limits.bind_time_s:
                    self._drop(connection, "no bind in time")
            elif (
                limits.idle_time_s
                and now_s - connection.heard_s > limits.idle_time_s
                and not connection.peer.is_at_home
            ):
                self._drop(connection, "idle")

    def _drop(self, connection: Connection, reason: str) -> None:
        """End a connection, at once without a reason; counted once however often it is told."""
        if not connection.is_dropped:
            connection.is_dropped = True
            self.handler.counters.connections_dropped += 1
        if reason:
            connection.end(ResultCode.UNAVAILABLE, reason)
        else:
            connection.abort()

    def _stop(self) -> None:
        self._sweeping.cancel()
        for server in self._servers:
            server.close()
        self._servers.clear()


def _decode_limits(limits: LdapLimits) -> DecodeLimits:
    return DecodeLimits(
        max_filter_depth=limits.max_filter_depth,
        max_filter_leaves=limits.max_filter_leaves,
        max_controls=limits.max_controls,
        max_attributes=limits.max_attributes,
    )
