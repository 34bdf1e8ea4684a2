"""A real LDAP server on a free port of loopback, in a thread of its own, and a plain client."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import uvloop

from engine.client import Client
from ldapd.protocol.client import Entry, Response, Result, decode_responses, encode_bind
from ldapd.search import Directory
from ldapd.server import LdapServer, serve_ldap
from ldapd.settings import LdapLimits, LdapSettings, Listener
from tests.ldapd.house import CLIENTS, PASSWORD

T = TypeVar("T")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

TIMEOUT_S = 60.0

PATIENT = LdapLimits(max_wait_ms=60_000)
"""So long may a request wait here: a busy machine is no fault of the server."""

LDAPSEARCH = ("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no")


class Serving:
    """A served index; use as a context manager."""

    def __init__(
        self,
        index: Directory,
        settings: LdapSettings | None = None,
        clients: tuple[Client, ...] = CLIENTS,
        loop_factory: LoopFactory = uvloop.new_event_loop,
        *,
        tls: bool = False,
    ) -> None:
        self.settings = settings or LdapSettings(listen=(), limits=PATIENT)
        self._index = index
        self._clients = clients
        self._loop_factory = loop_factory
        self._tls = tls
        self._started: Future[LdapServer] = Future()
        self._thread = threading.Thread(target=self._run)
        self.port = 0
        self.faults: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self.server = self._started.result(TIMEOUT_S)
        return self

    def __exit__(self, *exc: object) -> None:
        self.wait(self.server.drain(TIMEOUT_S))
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()
        assert self.faults == []  # nothing escaped into the loop

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._loop_factory) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(lambda _loop, context: self.faults.append(context))
        self._stop = asyncio.Event()
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        listener = Listener("127.0.0.1", self.port, tls=self._tls)
        try:
            server = await serve_ldap(
                [(listening, listener)], self._index, self.settings, self._clients
            )
        except BaseException as error:
            self._started.set_exception(error)
            raise
        self._started.set_result(server)
        await self._stop.wait()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(TIMEOUT_S)

    def call(self, function: Callable[[], T]) -> T:
        """Call a function on the server's loop."""

        async def run() -> T:
            return function()

        return self.wait(run())

    def metrics(self) -> dict[str, int]:
        return self.call(self.server.metrics)

    def until(self, condition: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """Wait until the server's counts fulfil a condition."""

        async def look() -> dict[str, int]:
            while not condition(self.server.metrics()):  # noqa: ASYNC110 - counts have no event
                await asyncio.sleep(0.005)
            return self.server.metrics()

        return self.wait(look())

    def connect(self) -> Wire:
        return Wire(self.port)

    def connect_from(self, address: str) -> Wire:
        """Connect from another address of loopback."""
        return Wire(self.port, (address, 0))

    def bound(self, name: str, password: str = PASSWORD) -> Wire:
        """Return a connection bound as `name`."""
        wire = self.connect()
        wire.send(encode_bind(1, name, password.encode()))
        assert wire.result(1).code == 0
        return wire

    def ldapsearch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run OpenLDAP's ldapsearch; LDIF comes back unwrapped."""
        return subprocess.run(
            [*LDAPSEARCH, "-H", f"ldap://127.0.0.1:{self.port}", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )


class Wire:
    """One connection: octets out, responses in."""

    def __init__(self, port: int, source: tuple[str, int] | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S, source)
        self._buffer = b""
        self._waiting: list[Response] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, *octets: bytes) -> None:
        self.socket.sendall(b"".join(octets))

    def next(self) -> Response | None:
        """Return the next response; None once the server has closed."""
        while not self._waiting:
            try:
                received = self.socket.recv(65_536)
            except ConnectionResetError:
                return None
            if not received:
                assert self._buffer == b""  # never half an answer
                return None
            self._buffer += received
            self._waiting, used = decode_responses(self._buffer)
            self._buffer = self._buffer[used:]
        return self._waiting.pop(0)

    def result(self, message_id: int) -> Result:
        """Return the next response, which must end the request of this id."""
        response = self.next()
        assert isinstance(response, Result), response
        assert response.message_id == message_id
        return response

    def answer(self, message_id: int) -> tuple[list[Entry], Result]:
        """Return the entries and the result of a search."""
        entries: list[Entry] = []
        while True:
            response = self.next()
            assert response is not None, "closed before the result"
            if isinstance(response, Result):
                assert response.message_id == message_id
                return entries, response
            assert isinstance(response, Entry)
            assert response.message_id == message_id
            entries.append(response)
