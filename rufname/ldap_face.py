"""The worker that answers LDAP: index, server, reload, drain, and the socket of `rufname trace`.

Law: no protocol here (`ldapd`) and no supervision (`rufname.workers`).
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import msgspec

from engine.index import ContactIndex
from ldapd.server import LdapServer, serve_ldap
from ldapd.traced import TraceRequest
from rufname.control import ControlServer, Refused, Reply, Request
from rufname.errors import RufnameError
from rufname.following import follow, open_when_whole
from rufname.lifeline import FaceSettings, Start, unpack
from rufname.notation import ldap_listener
from rufname.rundir import remove_dead_sockets, worker_socket

_log = logging.getLogger("rufname.worker")


class LdapWork:
    """Answers LDAP from the index until it is drained."""

    def __init__(self, index: ContactIndex, server: LdapServer, run_dir: Path) -> None:
        self._index = index
        self._server = server
        self._control = ControlServer(worker_socket(run_dir, os.getpid()), self.answer)

    async def start(self) -> None:
        """Take requests to trace; a worker that cannot be asked answers calls all the same."""
        try:
            await self._control.start()
        except (RufnameError, OSError) as error:
            _log.warning("look-ups cannot be traced: %s", error)

    async def answer(self, request: Request) -> AsyncGenerator[Reply, None]:
        """Answer one request of the socket."""
        if not isinstance(request, TraceRequest):
            yield Refused("a worker that answers LDAP shows its requests, no more")
            return
        async with aclosing(self._server.trace(request)) as news:
            async for traced in news:
                yield traced

    async def run(self) -> None:
        """Follow the index; connections are served by the loop meanwhile."""
        await follow(self._index)

    async def reload(self, settings: bytes) -> None:
        """Take new clients, limits and rights; open connections stay."""
        fresh = unpack(settings, FaceSettings)
        self._index.set_policies(fresh.policies)
        if fresh.ldap is not None:
            self._server.replace(fresh.ldap, fresh.clients)

    async def drain(self, timeout_s: float) -> None:
        """Accept nothing new; tell every client that the session ends, once it is answered."""
        await self._control.stop()
        await self._server.drain(timeout_s)
        self._index.close()

    def metrics(self) -> dict[str, int]:
        """Return the server's counts."""
        return self._server.metrics()


async def open_work(start: Start, sockets: Sequence[tuple[socket.socket, str]]) -> LdapWork:
    """Open the index and answer on the inherited sockets."""
    settings = unpack(start.settings, FaceSettings)
    if settings.ldap is None:
        raise ValueError("an LDAP worker without [ldap]")
    index = await open_when_whole(Path(settings.index_dir), settings.policies)
    listeners = [(listener, ldap_listener(url)) for listener, url in sockets]
    ldap = msgspec.structs.replace(settings.ldap, listen=tuple(own for _, own in listeners))
    server = await serve_ldap(listeners, index, ldap, settings.clients)
    run_dir = Path(settings.run_dir)
    remove_dead_sockets(run_dir)
    work = LdapWork(index, server, run_dir)
    await work.start()
    return work
