"""One open line as a relay node holds it: a socket, who is at its other end, questions in flight.

Law: knows no tenant and no bus; `relay.tunnel.exchange` decides which line gets which question.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from relay.tunnel.bus import Question, Reply
from relay.tunnel.frames import ToRelay, encode
from relay.tunnel.line import RelayEnd

# WebSocket close codes (RFC 6455, 7.4.2: 4000-4999 are ours); the manual lists them.
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
BAD_FRAME = 4400
REFUSED = 4401
LATE = 4408
TOO_MANY_LINES = 4409
NOT_REGISTERED = 4410

DOUBT_AFTER_S = 1.0
"""A question that has waited so long when it is given up makes its line a doubtful one."""

DOUBT_FOR_S = 60.0
"""Longer than it takes until a line without an answer to its pings is closed (20 s and 20 s)."""


class LineClosed(Exception):
    """The other side is gone."""


class LineSocket(Protocol):
    """One WebSocket: whole messages."""

    async def send(self, octets: bytes) -> None:
        """Send a message; waits while the peer does not read. Raises `LineClosed`.

        Cancelled while it waits, it has sent nothing.
        """

    async def receive(self) -> bytes:
        """Return the next message. Raises `LineClosed`; `BadFrame` for one that is text."""

    async def close(self, code: int, reason: str) -> None:
        """Close; what is closed already is no error."""


class LineRefused(Exception):
    """We close a line; `code` and `reason` go to the connector."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class LineLost(Exception):
    """The line of a question ended before its answer."""


class HeldLine:
    """One open line.

    Attributes:
        socket: to the connector.
        connector: its name.
        public: the key it signed in with.
        end: what it was asked.
        draining: it was told to go elsewhere; it gets questions only where no other line is.
    """

    __slots__ = (
        "_doubted_until", "_queued", "_sending", "_telling", "_waiting",
        "connector", "draining", "end", "public", "socket",
    )  # fmt: skip

    def __init__(self, socket: LineSocket, connector: str, public: bytes, window: int) -> None:
        self.socket = socket
        self.connector = connector
        self.public = public
        self.end = RelayEnd(window)
        self.draining = False
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()  # frames leave in the order of their ids, without a gap
        self._queued = 0
        self._doubted_until = 0.0

    @property
    def is_doubtful(self) -> bool:
        """Whether a question waited in vain and nothing came since.

        A machine without power, or cut off from the network, says nothing and closes nothing.
        """
        return asyncio.get_running_loop().time() < self._doubted_until

    @property
    def load(self) -> int:
        """How many questions wait: for their answer, or to be sent to a peer that is slow."""
        return self.end.in_flight + self._queued

    @property
    def is_full(self) -> bool:
        """Whether another question would be one more than the window."""
        return self.load >= self.end.window

    async def ask(self, question: Question) -> Reply:
        """Send a question and return its reply; only where there is room. Raises `LineLost`."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        reply: asyncio.Future[Reply] = loop.create_future()
        try:
            identity = await self._put(question, reply)
            try:
                return await reply
            except asyncio.CancelledError:
                self._give_up(identity)
                raise
            finally:
                del self._waiting[identity]
        except asyncio.CancelledError:
            if loop.time() - asked_at >= DOUBT_AFTER_S:
                self._doubted_until = loop.time() + DOUBT_FOR_S
            raise

    async def _put(self, question: Question, reply: asyncio.Future[Reply]) -> int:
        """Send a question; return its id. One that is given up before it is sent had none."""
        self._queued += 1
        try:
            await self._sending.acquire()
        finally:
            self._queued -= 1
        try:
            frame = self.end.ask(question)
            self._waiting[frame.id] = reply
            try:
                await self.socket.send(encode(frame))
            except BaseException as error:
                del self._waiting[frame.id]
                self.end.take_back(frame)
                if not reply.cancel():
                    reply.exception()  # `lose` has told it already, and nobody reads it
                if isinstance(error, LineClosed):
                    raise LineLost from None
                raise
        finally:
            self._sending.release()
        return frame.id

    def take(self, frame: ToRelay) -> None:
        """Hand a reply to whoever waits for it.

        Raises:
            BadFrame: it replies to no question of this line.
        """
        replied = self.end.take(frame)
        self._doubted_until = 0.0
        if replied is not None:
            waiting = self._waiting.get(replied[0])
            if waiting is not None and not waiting.done():
                waiting.set_result(replied[1])

    def _give_up(self, identity: int) -> None:
        """Tell the connector that nobody waits; the asker does not wait for that either."""
        cancel = self.end.give_up(identity)
        if cancel is not None:
            task = asyncio.create_task(self._tell(encode(cancel)))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _tell(self, octets: bytes) -> None:
        with contextlib.suppress(LineClosed):
            async with self._sending:
                await self.socket.send(octets)

    def lose(self) -> None:
        """Let every question that waits know that the line is gone."""
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(LineLost())
        for task in self._telling:
            task.cancel()
