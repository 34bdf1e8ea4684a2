"""The keys of Entra's tokens: fetched seldom, kept through an outage, from one address."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from relay.errors import DirectoryUnavailable
from relay.keycache import KeyCache, fetch_from
from tests.relay.http.users import KEY, OTHER_KEY, jwk


class Issuer:
    """Hands out a key set, counts how often it was asked, may be away."""

    def __init__(self) -> None:
        self.keys = [jwk(KEY)]
        self.asked = 0
        self.away = False
        self.now_s = 1000.0

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise OSError("away")
        return json.dumps({"keys": self.keys}).encode()

    def cache(self) -> KeyCache:
        return KeyCache(self.fetch, lambda: self.now_s)


async def test_a_key_is_fetched_once_for_all_who_wait() -> None:
    issuer = Issuer()
    cache = issuer.cache()
    found = await asyncio.gather(*(cache.key("k1") for _ in range(50)))
    assert all(found)
    assert issuer.asked == 1


async def test_unknown_keys_cause_one_fetch_a_minute() -> None:
    issuer = Issuer()
    cache = issuer.cache()
    assert await cache.key("k1")
    for number in range(100):
        assert await cache.key(f"made up {number}") is None
    assert issuer.asked == 1
    issuer.keys.append(jwk(OTHER_KEY))
    issuer.now_s += 61
    assert await cache.key("k2")
    assert issuer.asked == 2


async def test_known_keys_survive_an_outage_and_unknown_ones_are_not_called_wrong() -> None:
    issuer = Issuer()
    cache = issuer.cache()
    assert await cache.key("k1")
    issuer.away = True
    issuer.now_s += 3 * 24 * 3600
    assert await cache.key("k1")
    with pytest.raises(DirectoryUnavailable):
        await cache.key("k2")
    assert await cache.key("k1")
    issuer.away = False
    issuer.now_s += 61
    assert await cache.key("k2") is None


@pytest.mark.parametrize(("knows_some", "pause_s"), [(True, 60), (False, 10)])
async def test_who_waits_as_long_as_told_is_answered_after_an_outage(
    *, knows_some: bool, pause_s: int
) -> None:
    issuer = Issuer()
    cache = issuer.cache()
    if knows_some:
        assert await cache.key("k1")
        issuer.now_s += 1000
    issuer.away = True
    asked = issuer.asked
    for waited_s, left_s in ((0, pause_s), (3.5, pause_s - 3), (pause_s - 4, 1)):
        issuer.now_s += waited_s
        with pytest.raises(DirectoryUnavailable) as caught:
            await cache.key("k2")
        assert caught.value.retry_after_s == left_s
        assert issuer.asked == asked + 1
    issuer.away = False
    issuer.keys.append(jwk(OTHER_KEY))
    issuer.now_s += left_s
    assert await cache.key("k2")


async def test_old_keys_are_renewed_and_withdrawn_ones_forgotten() -> None:
    issuer = Issuer()
    cache = issuer.cache()
    assert await cache.key("k1")
    issuer.keys = [jwk(OTHER_KEY)]
    issuer.now_s += 25 * 3600
    assert await cache.key("k1")  # the renewal runs behind it
    assert await cache.key("k2")
    assert await cache.key("k1") is None


async def served(answer: bytes) -> tuple[str, Callable[[], None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return f"http://127.0.0.1:{port}/keys", server.close


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b" " * 900_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"nonsense\r\n\r\n",
    ],
)
async def test_an_issuer_that_errs_is_an_outage(answer: bytes) -> None:
    url, close = await served(answer)
    cache = KeyCache(fetch_from(url))
    with pytest.raises(DirectoryUnavailable):
        await cache.key("k1")
    await cache.close()
    close()


async def test_keys_come_over_http() -> None:
    body = json.dumps({"keys": [jwk(KEY)]}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    url, close = await served(head + body)
    cache = KeyCache(fetch_from(url))
    assert await cache.key("k1")
    close()
