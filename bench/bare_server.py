"""The floor of the HTTP bench: a server that answers every request with the same octets, at once.

`python -m bench.bare_server PORT OCTETS`: serves on loopback until it is stopped. Its latency is
what kernel, event loop, a waking core and the load tool take, whatever is searched.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop
from typing_extensions import override


class _Answering(asyncio.Protocol):
    """Answers once a body has come behind a head: requests of this bench have one."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._read = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast("asyncio.WriteTransport", transport).write

    @override
    def data_received(self, data: bytes) -> None:
        self._read += data
        _, between, body = self._read.partition(b"\r\n\r\n")
        if between and body:
            self._read = b""
            self._write(self._answer)


async def _serve(port: int, octets: int) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    answer = head % octets + b" " * octets
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answering(answer), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
