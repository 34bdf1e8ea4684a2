"""A TCP proxy that delays, cuts, and passes one octet at a time; an HTTP proxy that says 407 too.

Law: what it does may be changed while it runs; each change holds for the next octets of every
connection, open ones too.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FaultProxy:
    """Attributes: `port`; `delay_s` before each piece; `one_octet` a piece; `refuse` new ones.

    `connect`: it speaks CONNECT, and says 407 with `demand` where that is set.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, 0
        self.delay_s, self.one_octet, self.refuse = 0.0, False, False
        self.connect, self.demand = False, ""
        self.connections = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    def cut(self) -> None:
        """Cut every connection at once."""
        self._loop.call_soon_threadsafe(lambda: [each.transport.abort() for each in self._open])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        if self.refuse:
            writer.transport.abort()
            return
        if self.connect:
            await reader.readuntil(b"\r\n\r\n")
            status = f"407 No\r\nProxy-Authenticate: {self.demand}" if self.demand else "200 OK"
            writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
            if self.demand:
                writer.close()
                return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open.add(back)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 if self.one_octet else 65536):
                await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()

    async def _end(self) -> None:
        """End what is under way, then close what it had opened, and wait until it is closed.

        What was closed before may still hold octets for a peer that does not take them.
        """
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._open:
            each.transport.abort()
        closing = (each.wait_closed() for each in self._open)
        await asyncio.gather(*closing, return_exceptions=True)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]


@contextmanager
def fault_proxy(target: int) -> Iterator[FaultProxy]:
    """Run a proxy to a port on loopback for a `with` block."""
    proxy = FaultProxy(target)
    proxy._loop.run_until_complete(proxy._start())
    thread = threading.Thread(target=proxy._loop.run_forever)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.cut()
        proxy._loop.call_soon_threadsafe(proxy._loop.stop)
        thread.join()
        assert proxy._server is not None
        proxy._server.close()
        proxy._loop.run_until_complete(proxy._end())
        proxy._loop.close()
