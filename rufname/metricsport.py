"""The port that Prometheus reads: `GET /metrics`, nothing else.

Law: one request a connection, bounded in octets and time; whatever comes, the supervisor goes on.
The port is for the monitoring of the house: it listens on loopback unless `allow_plain` says more.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from rufname.exposition import CONTENT_TYPE

MAX_REQUEST_BYTES = 8 * 1024
REQUEST_LIMIT_S = 5.0
MAX_CONNECTIONS = 16
"""A Prometheus or two and somebody with curl."""


class MetricsPort:
    """Answers with what `text` returns."""

    def __init__(self, text: Callable[[], str]) -> None:
        """Prepare; nothing listens before `start`."""
        self._text = text
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, listener: socket.socket) -> None:
        """Answer on a listening socket, which is owned from now on."""
        self._server = await asyncio.start_server(
            self._serve, sock=listener, limit=MAX_REQUEST_BYTES
        )

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(REQUEST_LIMIT_S):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            return  # no HTTP, or nobody any more
        finally:
            self._open -= 1
            with contextlib.suppress(OSError):
                writer.close()

    def _answer(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != b"/metrics":
            return _response("404 Not Found", "there is /metrics\n")
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "GET only\n", "Allow: GET, HEAD\r\n")
        answer = _response("200 OK", self._text())
        return answer if method == b"GET" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _response(status: str, body: str, headers: str = "") -> bytes:
    content = body.encode()
    kind = CONTENT_TYPE if status == "200 OK" else "text/plain; charset=utf-8"
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
        f"Cache-Control: no-store\r\n{headers}Connection: close\r\n\r\n"
    )
    return head.encode() + content
