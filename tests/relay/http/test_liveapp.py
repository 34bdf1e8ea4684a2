from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar, get

from relay.http.liveapp import LiveApp


class Named:
    """An application that answers with its name once it may, and notes its end."""

    def __init__(self, name: str, ended: list[str]) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.over = asyncio.Event()

        @get("/")
        async def tell() -> str:
            self.asked.set()
            await self.may_answer.wait()
            return name

        def end() -> None:
            ended.append(name)
            self.over.set()

        self.app = Litestar([tell], on_shutdown=[end], openapi_config=None)


async def live(app: LiveApp) -> tuple[asyncio.Task[None], asyncio.Queue[Any], asyncio.Queue[Any]]:
    """Let an application live as a server does; returns its life and what goes in and out."""
    goes_in: asyncio.Queue[Any] = asyncio.Queue()
    comes_out: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, goes_in.get, comes_out.put))
    await goes_in.put({"type": "lifespan.startup"})
    assert (await comes_out.get())["type"] == "lifespan.startup.complete"
    return life, goes_in, comes_out


async def test_a_request_ends_with_the_application_it_began_with_which_ends_behind_it() -> None:
    ended: list[str] = []
    first, second = Named("first", ended), Named("second", ended)
    current = LiveApp(first.app)
    life, goes_in, comes_out = await live(current)
    transport = httpx.ASGITransport(current)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as web:
        long = asyncio.create_task(web.get("/"))
        await first.asked.wait()
        await current.replace(second.app)
        second.may_answer.set()
        assert (await web.get("/")).text == "second"
        assert ended == []
        first.may_answer.set()
        assert (await long).text == "first"
        await asyncio.wait_for(first.over.wait(), 10)
        assert ended == ["first"]
    await goes_in.put({"type": "lifespan.shutdown"})
    assert (await comes_out.get())["type"] == "lifespan.shutdown.complete"
    await life
    assert ended == ["first", "second"]


async def test_what_keeps_an_application_from_starting_leaves_the_former_in_force() -> None:
    def fail() -> None:
        raise LookupError("no start")

    ended: list[str] = []
    first = Named("first", ended)
    first.may_answer.set()
    current = LiveApp(first.app)
    life, goes_in, _ = await live(current)
    with pytest.raises(ExceptionGroup):
        await current.replace(Litestar([], on_startup=[fail]))
    transport = httpx.ASGITransport(current)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as web:
        assert (await web.get("/")).text == "first"
    await goes_in.put({"type": "lifespan.shutdown"})
    await life
    assert ended == ["first"]
