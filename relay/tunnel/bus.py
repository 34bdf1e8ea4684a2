"""The port between the nodes of a relay: who holds a tenant's line gets the tenant's questions.

Law: sealed octets go through, nothing is kept. `LocalBus` is the bus of a relay of one node, in its
memory; `relay.tunnel.natsbus` joins several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta
from typing_extensions import override

from relay.directory import Readiness
from relay.errors import DirectoryOffline, DirectoryTooSlow
from relay.tunnel.frames import MAX_ANSWER_BYTES, MAX_QUESTION_BYTES, Refusal


class Question(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a node asks.

    Attributes:
        sealed: for the tenant's directory; the relay cannot read it.
        deadline_ms: how long the asker waits from now on.
        again: the same octets were sent before and no answer came. A directory that has answered
            them gives the same answer once more; without this it refuses a repetition.
    """

    sealed: Annotated[bytes, Meta(max_length=MAX_QUESTION_BYTES)]
    deadline_ms: Annotated[int, Meta(ge=1, le=60_000)]
    again: bool = False


class Reply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What comes back: the directory's sealed answer, or why there is none (then `sealed` is b"").

    A refusal is the directory's own, but for "offline" (the line was lost; another node may hold
    one) and "busy" (no room at the node that holds the line).
    """

    sealed: Annotated[bytes, Meta(max_length=MAX_ANSWER_BYTES)] = b""
    refusal: Refusal | None = None


Handler = Callable[[Question], Awaitable[Reply]]
"""Answers a question within its deadline; cancelled when nobody waits any more. Raises
`DirectoryTooSlow` or `DirectoryOffline` as `Bus.ask` does, nothing else."""


class Bus(Protocol):
    """Carries questions to the node that holds the tenant's line. Belongs to one event loop."""

    async def serve(self, tid: str, handler: Handler) -> None:
        """Take questions for a tenant; returns once every node can reach `handler`.

        Called once per tenant and node, until `leave`. Several nodes may serve a tenant: each
        question goes to one of them.

        Raises:
            TryLater: the bus is not there now; nothing is served.
        """

    async def leave(self, tid: str) -> None:
        """Take no more questions for a tenant; returns once no new one can come.

        Those that came before are answered. A tenant that is not served is no error.
        """

    async def ask(self, tid: str, question: Question) -> Reply:
        """Return the reply of a node that serves the tenant.

        Cancelling gives the question up; where it can, the bus tells the node.

        Raises:
            DirectoryOffline: no node serves the tenant.
            DirectoryTooSlow: none replied within the deadline.
            TryLater: the bus is not there now.
        """

    def ready(self) -> Readiness:
        """Tell whether questions reach other nodes now; cheap, never raises."""

    async def close(self) -> None:
        """Let go of the bus; the last call."""


class LocalBus(Bus):
    """The bus of one node."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    @override
    async def serve(self, tid: str, handler: Handler) -> None:
        self._handlers[tid] = handler

    @override
    async def leave(self, tid: str) -> None:
        self._handlers.pop(tid, None)

    @override
    async def ask(self, tid: str, question: Question) -> Reply:
        handler = self._handlers.get(tid)
        if handler is None:
            raise DirectoryOffline
        try:
            async with asyncio.timeout(question.deadline_ms / 1000):
                return await handler(question)
        except TimeoutError:
            raise DirectoryTooSlow from None

    @override
    def ready(self) -> Readiness:
        return Readiness(ready=True)

    @override
    async def close(self) -> None:
        self._handlers.clear()
