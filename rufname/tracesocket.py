"""The socket of a worker at which `rufname trace` asks for its look-ups.

Law: transport only; what is told stands in `ldapd.tracing`. A worker that cannot be asked answers
calls all the same.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from ldapd.traced import Following, Traced, TraceRequest
from rufname.control import ControlServer, Refused, Reply, Request
from rufname.errors import RufnameError
from rufname.rundir import remove_dead_sockets, worker_socket

Trace = Callable[[TraceRequest], AsyncGenerator[Traced | Following, None]]
"""Gives the look-ups that are remembered, then each request as it is answered."""

_log = logging.getLogger("rufname.worker")


class TraceSocket:
    """Takes requests to trace, for one worker."""

    def __init__(self, run_dir: Path, role: str, trace: Trace) -> None:
        """Use `start`; `role`: the worker's, ldapd or relay."""
        self._run_dir = run_dir
        self._trace = trace
        self._control = ControlServer(worker_socket(run_dir, role, os.getpid()), self.answer)

    async def start(self) -> None:
        """Begin; what killed workers left behind is removed."""
        try:
            remove_dead_sockets(self._run_dir)
            await self._control.start()
        except (RufnameError, OSError) as error:
            _log.warning("look-ups cannot be traced: %s", error)

    async def stop(self) -> None:
        """Let nobody follow any more."""
        await self._control.stop()

    async def answer(self, request: Request) -> AsyncGenerator[Reply, None]:
        """Answer one request of the socket."""
        if not isinstance(request, TraceRequest):
            yield Refused("a worker that answers shows its requests, no more")
            return
        async with aclosing(self._trace(request)) as news:
            async for traced in news:
                yield traced
