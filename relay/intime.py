"""Waiting for an answer, but no longer than so long; an answer that is at hand costs no timer.

Law: it knows nothing of what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


@coroutine
def in_time(
    answering: Coroutine[Any, Any, Answer], deadline_s: float
) -> Generator[Any, Any, Answer]:
    """Return what a coroutine returns.

    The timer is set once the coroutine waits for something: most answers come from this machine's
    index, which never does, and a timer costs as much as to sign a user in.

    Args:
        answering: not begun yet.
        deadline_s: how long it may wait; it is cancelled then.

    Raises:
        TimeoutError: it was not done by then.
    """
    try:
        waits_for = answering.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    return (yield from _rest(_Begun(answering, waits_for), deadline_s).__await__())


async def _rest(begun: _Begun[Answer], deadline_s: float) -> Answer:
    async with asyncio.timeout(deadline_s):
        return await begun


class _Begun(Generic[Answer]):
    """A coroutine that has begun to wait: what for is handed to the loop now."""

    def __init__(self, answering: Coroutine[Any, Any, Answer], waits_for: object) -> None:
        self._answering = answering
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Answer]:
        waits_for = self._waits_for
        while True:
            sent, error = None, None
            try:
                sent = yield waits_for
            except BaseException as thrown:  # noqa: BLE001 - the coroutine's own business, as all is
                error = thrown
            try:
                if error is None:
                    waits_for = self._answering.send(sent)
                else:
                    waits_for = self._answering.throw(error)
            except StopIteration as done:
                answer: Answer = done.value
                return answer
