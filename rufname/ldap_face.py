"""The worker that answers LDAP: index, server, reload, drain, and the socket of `rufname trace`.

Law: no protocol here (`ldapd`) and no supervision (`rufname.workers`).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.index import ContactIndex
from ldapd.server import LdapServer, serve_ldap
from rufname.following import follow, open_when_whole
from rufname.lifeline import FaceSettings, Start, unpack
from rufname.notation import ldap_listener
from rufname.tracesocket import TraceSocket


class LdapWork:
    """Answers LDAP from the index until it is drained."""

    def __init__(self, index: ContactIndex, server: LdapServer, run_dir: Path) -> None:
        self._index = index
        self._server = server
        self._traces = TraceSocket(run_dir, "ldapd", server.trace)

    async def start(self) -> None:
        """Take requests to trace."""
        await self._traces.start()

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
        await self._traces.stop()
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
    work = LdapWork(index, server, Path(settings.run_dir))
    await work.start()
    return work
