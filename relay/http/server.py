"""The socket shell: serves the application on sockets that somebody else opened.

Law: no routes, no signals, no log per request. The worker process owns loop, signals and life; it
drains this server when it is told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from litestar.types import ASGIApp
from typing_extensions import override
from uvicorn import Config, Server

from relay.http.connection import BoundedConnection

KEEP_ALIVE_S = 75
"""How long a connection may rest between two requests: an SBC's pause between calls at daytime."""

BACKLOG = 1024

PING_S = 20.0
"""Between two pings of a WebSocket, and how long the answer may take: below the 60 s after which
proxies close what rests."""


class HttpServer:
    """A running server; made by `serve_http`."""

    def __init__(self, server: Server, task: asyncio.Task[None]) -> None:
        self._server = server
        self._task = task

    async def drain(self, timeout_s: float) -> None:
        """Close the listeners, let running requests end, then close every connection.

        Args:
            timeout_s: how long requests may take to end; after it they are cut.

        May be called more than once; returns once the server is down.
        """
        self._server.should_exit = True
        done, _ = await asyncio.wait({self._task}, timeout=timeout_s)
        if not done:
            self._server.force_exit = True
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()
        await self._task

    def renew_certificate(self, certificate: Path, key: Path) -> None:
        """Take a certificate for the connections to come; open ones stay. Only where HTTPS is.

        Raises:
            OSError: the files cannot be used; the last certificate stays.
        """
        for context in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._server.config.ssl):
            assert context is not None
            context.load_cert_chain(certificate, key, password=lambda: b"")

    async def wait_closed(self) -> None:
        """Return when the server is down; raises what took it down, if it was not drained."""
        await asyncio.shield(self._task)

    def metrics(self) -> dict[str, int]:
        """Return open connections and answered requests since the start."""
        state = self._server.server_state
        return {"connections": len(state.connections), "requests": state.total_requests}


async def serve_http(
    sockets: Sequence[socket.socket],
    app: ASGIApp,
    *,
    connection: type[BoundedConnection] = BoundedConnection,
    line: type[asyncio.Protocol] | None = None,
    max_message_bytes: int = 0,
    certificate: tuple[Path, Path] | None = None,
) -> HttpServer:
    """Serve `app` on the running loop until it is drained.

    Args:
        sockets: bound, listening or not; closed by `drain`.
        app: made by `relay.http.app.create_app`, or by `relay.http.nodeapp`.
        connection: how HTTP is read and bounded.
        line: how a WebSocket is held; None: the application takes none.
        max_message_bytes: of a WebSocket.
        certificate: PEM files of certificate and key, for HTTPS; None: HTTP.

    Returns:
        The server, once it accepts connections.

    Raises:
        OSError: a socket cannot be served, or the certificate cannot be used.
    """
    for listener in sockets:
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            # what it accepts inherits this; head and body are two writes, which Nagle's algorithm
            # would hold apart by 40 ms (asyncio sets it for some sockets only)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = Config(
        app,
        http=connection,
        ws=line or "none",
        ws_max_size=max_message_bytes,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,  # what is sealed does not shrink; and 64 KiB a connection
        ssl_certfile=certificate[0] if certificate else None,
        ssl_keyfile=certificate[1] if certificate else None,
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=list(sockets)), name="http")
    while not server.started:
        done, _ = await asyncio.wait({task}, timeout=0.01)
        if done:
            await task
            raise OSError("the HTTP server ended before it began to listen")
    return HttpServer(server, task)


class _Server(Server):
    """uvicorn's server without its signal handlers: the worker process has its own."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
