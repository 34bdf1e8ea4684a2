"""The application as configured now: another one takes its place while requests are under way.

Law: a request ends with the application that it began with; what that one holds is given back once
its last request is over. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Litestar
from litestar.types import Receive, Scope, Send


class LiveApp:
    """An ASGI application that passes everything on to the one that is current."""

    def __init__(self, app: Litestar) -> None:
        """Begin with an application; it is started when the server is."""
        self._now = _Held(app)
        self._lives: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or live from the server's start to its end."""
        if scope["type"] != "lifespan":
            await self._now.answer(scope, receive, send)
            return
        await receive()
        await self._begin(self._now)
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        except asyncio.CancelledError:  # the loop ends without a drain: nobody is left to tell
            return
        self._now.leave()
        await asyncio.gather(*self._lives)
        await send({"type": "lifespan.shutdown.complete"})

    async def replace(self, app: Litestar) -> None:
        """Let another application answer the requests to come."""
        fresh = _Held(app)
        await self._begin(fresh)
        former, self._now = self._now, fresh
        former.leave()

    async def _begin(self, held: _Held) -> None:
        begun = asyncio.Event()
        life = asyncio.create_task(held.live(begun))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait({life, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not begun.is_set():
            waiting.cancel()
            await life  # raises what kept it from starting


class _Held:
    """One application, and how many requests it answers."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._requests = 0
        self._replaced = False
        self._over = asyncio.Event()

    async def live(self, begun: asyncio.Event) -> None:
        """Start the application, and end it once it is replaced and answers nobody."""
        async with self._app.lifespan():
            begun.set()
            await self._over.wait()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._requests -= 1
            self._end_if_idle()

    def leave(self) -> None:
        """Take no further request."""
        self._replaced = True
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._replaced and not self._requests:
            self._over.set()
