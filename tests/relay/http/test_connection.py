"""A node's connections: bounded in size, number and time; lines are neither browsers' nor short."""

from __future__ import annotations

import asyncio
import gc

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, NegotiationError
from websockets.http11 import Request

from relay.http import connection
from relay.http.connection import LineConnection, NodeConnection
from relay.tunnel.frames import MAX_FRAME_BYTES_TO_RELAY, SUBPROTOCOL, Hello, decode_from_relay
from relay.tunnel.held import BAD_FRAME
from tests.relay.http.users import TENANT
from tests.relay.tunnel.ends import Cloud, running_cloud
from tests.relay.tunnel.houses import House


async def answer_to(cloud: Cloud, octets: bytes) -> bytes:
    """Send octets; return all that comes until the node closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cloud.port)
    writer.write(octets)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_requests_on_one_connection_are_answered_one_after_another() -> None:
    async with running_cloud() as cloud:
        get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        last = get.replace(b"Host", b"Connection: close\r\nHost")
        answer = await answer_to(cloud, get + get + last)
    assert answer.count(b'{"status":"live"}') == 3


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"G",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        (
            b"POST /v1/rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
            b"Content-Type: application/octet-stream\r\nAuthorization: Bearer x\r\n\r\nhalf"
        ),
    ],
)
async def test_a_request_that_does_not_arrive_is_cut(
    monkeypatch: pytest.MonkeyPatch, octets: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT_S", 0.1)
    async with running_cloud() as cloud:
        assert b"200 OK" not in await answer_to(cloud, octets)


async def test_a_head_that_never_ends_is_cut() -> None:
    async with running_cloud() as cloud:
        endless = b"GET / HTTP/1.1\r\nX: " + b"x" * (NodeConnection.max_head_bytes + 300_000)
        assert await answer_to(cloud, endless) == b""
        many = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000
        assert await answer_to(cloud, many) == b""


def head_of(size: int, form: str) -> bytes:
    """Return a whole request of so many octets, most of them in one place."""
    around = {
        "target": b"GET /healthz?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "value": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: %s\r\n\r\n",
        "name": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX%s: y\r\n\r\n",
        "fields": b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sX: y\r\n\r\n",
    }[form]
    left = size - len(around % b"")
    many = b"Abc: d\r\n" * (left // 8 - 2)
    filling = many + b"Z: " + b"z" * (left - len(many) - 5) + b"\r\n"
    return around % (filling if form == "fields" else b"x" * left)


@pytest.mark.parametrize("form", ["target", "value", "name", "fields"])
async def test_the_bound_of_a_head_is_the_same_however_it_arrives(form: str) -> None:
    most = NodeConnection.max_head_bytes
    first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with running_cloud() as cloud:
        for before in (b"", first):
            for size, status in ((most, b"200"), (most + 1, b"431"), (most + 9000, b"431")):
                head = before + head_of(size, form)
                assert len(head) == len(before) + size
                for cuts in ((), (len(before) + 20,), (most - 1,), (3000, 9000), (len(head) - 1,)):
                    answer = await answer_in_parts(cloud, head, cuts)
                    assert answer.rpartition(b"HTTP/1.1 ")[2][:3] == status, (size, cuts)


async def answer_in_parts(cloud: Cloud, octets: bytes, cuts: tuple[int, ...]) -> bytes:
    """Send octets in parts, most of which the node reads one by one; return all that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cloud.port)
    for start, end in zip((0, *cuts), (*cuts, len(octets)), strict=True):
        writer.write(octets[start:end])
        await writer.drain()
        for _ in range(5):
            await asyncio.sleep(0)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NodeConnection, "max_connections", 2)
    async with running_cloud() as cloud:
        kept = [await asyncio.open_connection("127.0.0.1", cloud.port) for _ in range(2)]
        get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        for reader, writer in kept:
            writer.write(get)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert await answer_to(cloud, get) == b""
        for _, writer in kept:
            writer.close()


async def test_a_line_lives_longer_than_a_request_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT_S", 0.05)
    async with running_cloud() as cloud:
        url = f"ws://127.0.0.1:{cloud.port}/v1/connector"
        async with connect(url, subprotocols=[SUBPROTOCOL]) as line:  # type: ignore[list-item]  # its own type of text
            assert isinstance(decode_from_relay(await line.recv(decode=False)), Hello)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line.recv(), 0.3)
            await line.ping()


async def test_a_line_keeps_nothing_of_its_handshake() -> None:
    async with running_cloud() as cloud:
        url = f"ws://127.0.0.1:{cloud.port}/v1/connector"
        more = {"X-Long": "x" * 4096}
        async with connect(url, subprotocols=[SUBPROTOCOL], additional_headers=more) as line:  # type: ignore[list-item]  # its own type of text
            await line.recv()
            # `isinstance` would ask what a dead weak reference of another test stood for
            held = [each for each in gc.get_objects() if type(each) is LineConnection]
            kept = [each for each in held if each.transport.get_extra_info("peername")]
            assert len(kept) == 1
            assert not kept[0].scope
            assert not {"request", "response"} & vars(kept[0]).keys()
            requests = [each for each in gc.get_objects() if type(each) is Request]
            asked = [each for each in requests if "X-Long" in each.headers]
            assert [each for each in asked if each is not line.request] == []


async def test_a_browser_and_other_protocols_get_no_line() -> None:
    async with running_cloud() as cloud:
        url = f"ws://127.0.0.1:{cloud.port}/v1/connector"
        for origin, protocols in (
            ("https://relay.example", [SUBPROTOCOL]),
            (None, ["rufname.v2"]),
            (None, None),
        ):
            with pytest.raises((InvalidStatus, NegotiationError)):
                await connect(url, subprotocols=protocols, origin=origin)  # type: ignore[arg-type]  # its own types of text


@pytest.mark.parametrize("message", ["text", "x" * 100, b"\x00" * 200])
async def test_what_is_no_frame_ends_a_line(message: str | bytes) -> None:
    async with running_cloud() as cloud:
        url = f"ws://127.0.0.1:{cloud.port}/v1/connector"
        async with connect(url, subprotocols=[SUBPROTOCOL]) as line:  # type: ignore[list-item]  # its own type of text
            await line.recv()
            await line.send(message)
            await asyncio.wait_for(line.wait_closed(), 10)
    assert line.close_code == BAD_FRAME


async def test_a_frame_that_is_too_large_ends_a_line() -> None:
    house = House(TENANT)
    async with running_cloud() as cloud:
        await cloud.records.put(house.record())
        url = f"ws://127.0.0.1:{cloud.port}/v1/connector"
        async with connect(url, subprotocols=[SUBPROTOCOL]) as line:  # type: ignore[list-item]  # its own type of text
            await line.recv()
            await line.send(b"x" * (MAX_FRAME_BYTES_TO_RELAY + 1))
            await asyncio.wait_for(line.wait_closed(), 10)
    assert line.close_code == 1009
