"""A handshake ends once, is told of, and leaves nothing open."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine
from pathlib import Path

from typing_extensions import override

from ldapd.handshaking import Handshake, Securable, upgrade
from ldapd.tls import server_context
from tests.ldapd.authority import Authority

TIMEOUT_S = 20.0


async def ended(shaking: Coroutine[None, None, None], *, abort: bool = False) -> object:
    """Return how a handshake said that it ended; it says so once."""
    told: list[BaseException | None] = []
    over = asyncio.Event()

    def tell(error: BaseException | None) -> None:
        told.append(error)
        over.set()

    handshake = Handshake(asyncio.get_running_loop(), shaking, tell)
    if abort:
        handshake.abort()
    await asyncio.wait_for(over.wait(), TIMEOUT_S)
    assert len(told) == 1
    return told[0]


async def test_it_is_told_how_a_handshake_ended() -> None:
    async def succeed() -> None:
        await asyncio.sleep(0)

    async def fail() -> None:
        raise ssl.SSLError("no cipher")

    async def wait() -> None:
        await asyncio.Event().wait()

    assert await ended(succeed()) is None
    assert isinstance(await ended(fail()), ssl.SSLError)
    assert isinstance(await ended(wait(), abort=True), ConnectionError)


async def test_an_aborted_handshake_closes_the_accepted_socket_and_lets_the_loop_end() -> None:
    own, far = socket.socketpair()
    with own, far:
        far.settimeout(0)
        own.settimeout(0)
        loop = asyncio.get_running_loop()

        async def shake() -> None:
            if not await loop.sock_recv(own, 1):
                raise ConnectionResetError

        over = loop.create_future()
        handshake = Handshake(loop, shake(), over.set_result, own)
        handshake.abort()
        assert isinstance(await asyncio.wait_for(over, TIMEOUT_S), ConnectionResetError)
        assert await asyncio.wait_for(loop.sock_recv(far, 1), TIMEOUT_S) == b""
        handshake.abort()  # of one that is over: nothing happens


class Clear(Securable):
    """A connection in clear that takes TLS at the first octet."""

    def __init__(self, context: ssl.SSLContext, done: asyncio.Future[bytes]) -> None:
        self._context = context
        self._done = done
        self._transport: asyncio.Transport | None = None
        self.steps: list[str] = []

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        self.steps.append("data")
        if self.steps == ["data"]:
            transport.pause_reading()
            transport.write(b"!")
            work = upgrade(self, transport, self._context, TIMEOUT_S)
            Handshake(asyncio.get_running_loop(), work, self._shaken)
        else:
            self._done.set_result(data)
            transport.close()

    @override
    def take_secured(self, transport: asyncio.Transport) -> None:
        self.steps.append("secured")
        self._transport = transport

    def _shaken(self, error: BaseException | None) -> None:
        if error is not None:
            self._done.set_exception(error)


async def test_what_comes_inside_tls_is_received_by_who_owns_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = server_context(authority.sign("server"))
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()
    connection = Clear(context, done)
    server = await loop.create_server(lambda: connection, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"?")
        assert await asyncio.wait_for(reader.readexactly(1), TIMEOUT_S) == b"!"
        await writer.start_tls(authority.client_context(), server_hostname="127.0.0.1")
        writer.write(b"inside")
        assert await asyncio.wait_for(done, TIMEOUT_S) == b"inside"
        assert connection.steps == ["data", "secured", "data"]
        writer.close()
