"""The port that Prometheus reads: one path, bounded in octets, time and connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from rufname import metricsport
from rufname.metricsport import MAX_CONNECTIONS, MetricsPort


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    serving = MetricsPort(lambda: "rufname_up 1\n")
    await serving.start(listener)
    yield listener.getsockname()[1]
    serving.close()


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(30):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK", b"rufname_up 1\n"),
        (b"GET /metrics?x=1 HTTP/1.0", b"200 OK", b"rufname_up 1\n"),
        (b"HEAD /metrics HTTP/1.1", b"200 OK", b""),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed", b"GET only\n"),
        (b"GET / HTTP/1.1", b"404 Not Found", b"there is /metrics\n"),
        (b"\xff\0", b"404 Not Found", b"there is /metrics\n"),
    ],
)
async def test_requests_are_answered(
    port: int, request_line: bytes, status: bytes, body: bytes
) -> None:
    answer = await ask(port, request_line + b"\r\nHost: x\r\n\r\n")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert content == body


async def test_too_long_and_unfinished_requests_end_without_an_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ask(port, b"GET /" + b"x" * 100_000) == b""
    monkeypatch.setattr(metricsport, "REQUEST_LIMIT_S", 0.05)
    assert await ask(port, b"GET /metrics HTTP/1.1\r\n") == b""
    assert (await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n")).endswith(b"rufname_up 1\n")


async def test_more_connections_than_places_are_closed(port: int) -> None:
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
    assert await ask(port, b"GET /metrics HTTP/1.1\r\n\r\n") == b""
    for _, writer in held:
        writer.close()
