"""WebSockets of a node whose peers do not read: they take no memory, and they end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from relay.http import connection, server
from relay.http.connection import LineConnection
from relay.tunnel import exchange
from relay.tunnel.frames import PATH, SUBPROTOCOL
from tests.relay.tunnel.ends import Cloud, running_cloud, wait_for

HANDSHAKE = (
    f"GET {PATH} HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
).encode()
PINGS = (bytes((0x89, 0x80 | 125)) + bytes(4) + b"p" * 125) * 500
MANY = 16 * 1024 * 1024
"""Octets: more than the sockets of both ends hold."""


@contextlib.asynccontextmanager
async def deaf(cloud: Cloud) -> AsyncIterator[tuple[socket.socket, LineConnection]]:
    """Open a WebSocket that reads nothing; yields both of its ends."""
    assert cloud.server is not None
    connections = cloud.server._server.server_state.connections
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(peer, ("127.0.0.1", cloud.port))
        await loop.sock_sendall(peer, HANDSHAKE)

        def line() -> LineConnection | None:
            return next((each for each in connections if isinstance(each, LineConnection)), None)

        await wait_for(lambda: (held := line()) and held.handshake_complete, "the handshake")
        held = line()
        assert held is not None
        yield peer, held


async def fill(peer: socket.socket, line: LineConnection) -> None:
    """Ping until the answers wait in the node."""
    loop = asyncio.get_running_loop()
    while not line.transport.get_write_buffer_size():
        await loop.sock_sendall(peer, PINGS)
        await asyncio.sleep(0)


async def test_answers_to_pings_do_not_pile_up() -> None:
    async with running_cloud() as cloud, deaf(cloud) as (peer, line):
        loop = asyncio.get_running_loop()
        for _ in range(MANY // len(PINGS)):
            await loop.sock_sendall(peer, PINGS)
        assert 0 < line.transport.get_write_buffer_size() < 1024 * 1024
        assert not line.writable.is_set()
        while not line.writable.is_set():  # it reads on, and gets the last answer
            assert await loop.sock_recv(peer, 1024 * 1024)
        await wait_for(lambda: not line._pong, "the last answer")


async def test_who_answers_no_ping_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PING_S", 0.2)
    async with running_cloud() as cloud, deaf(cloud) as (peer, line):
        with contextlib.suppress(OSError):
            await fill(peer, line)
        await wait_for(lambda: line.disconnected, "the line's end")


async def test_who_does_not_sign_in_and_reads_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "SIGN_IN_S", 0.5)
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    async with running_cloud() as cloud, deaf(cloud) as (peer, line):
        with contextlib.suppress(OSError):
            await fill(peer, line)
        await wait_for(lambda: line.disconnected, "the line's end")
