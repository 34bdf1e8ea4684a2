"""The worker that answers HTTP: index, application, server, reload, drain, and `rufname trace`.

Law: no route here (`relay.http`) and no supervision (`rufname.workers`). The only module of this
package that loads the web framework.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from litestar import Litestar

from engine.client import Client
from engine.index import ContactIndex
from engine.phone import prepare
from relay.accounts import Accounts
from relay.http.app import create_app
from relay.http.liveapp import LiveApp
from relay.http.server import HttpServer, serve_http
from relay.local import LocalDirectory
from relay.sessions import Sessions
from rufname.entragroups import memberships_of
from rufname.following import follow, open_when_whole
from rufname.http_tracing import TracedIndex
from rufname.lifeline import FaceSettings, Start, unpack
from rufname.tracesocket import TraceSocket


class _Who:
    """The clients and users that may ask now; replaced as a whole."""

    def __init__(self, settings: FaceSettings) -> None:
        self.now = settings

    def clients(self) -> tuple[Client, ...]:
        """Return the clients."""
        return self.now.clients

    def accounts(self) -> Accounts:
        """Return the users and groups."""
        return self.now.accounts


_Make = Callable[[FaceSettings], Litestar]


class HttpWork:
    """Answers HTTP from the index until it is drained."""

    def __init__(
        self,
        index: ContactIndex,
        server: HttpServer,
        app: LiveApp,
        who: _Who,
        *,
        make: _Make,
        counts: Counter[str],
        traces: TraceSocket,
    ) -> None:
        self._index = index
        self._server = server
        self._app = app
        self._make = make
        self._who = who
        self._counts = counts
        self._traces = traces

    async def start(self) -> None:
        """Take requests to trace."""
        await self._traces.start()

    async def run(self) -> None:
        """Follow the index; requests are served by the loop meanwhile."""
        await follow(self._index)

    async def reload(self, settings: bytes) -> None:
        """Take new clients, rights and `[relay]`; open connections stay."""
        fresh = unpack(settings, FaceSettings)
        self._index.set_policies(fresh.policies)
        former, self._who.now = self._who.now, fresh
        if (fresh.relay, fresh.graphs) != (former.relay, former.graphs):
            await self._app.replace(self._make(fresh))

    async def drain(self, timeout_s: float) -> None:
        """Accept nothing new; answer what is in flight."""
        await self._traces.stop()
        await self._server.drain(timeout_s)
        self._index.close()

    def metrics(self) -> dict[str, int]:
        """Return open connections, requests, and answers by kind and class of status."""
        now = self._server.metrics()
        return {"connections_open": now["connections"], "requests": now["requests"], **self._counts}


async def open_work(start: Start, sockets: Sequence[tuple[socket.socket, str]]) -> HttpWork:
    """Open the index and answer on the inherited sockets."""
    settings = unpack(start.settings, FaceSettings)
    if settings.relay is None:
        raise ValueError("an HTTP worker without [relay]")
    index = await open_when_whole(Path(settings.index_dir), settings.policies)
    for plan in {client.plan for client in settings.clients}:
        prepare(plan)
    who = _Who(settings)
    sessions = Sessions(settings.session_key)
    traced = TracedIndex(index)
    directory = LocalDirectory(cast("ContactIndex", traced))  # it passes on what it does not do
    counts: Counter[str] = Counter()

    def make(settings: FaceSettings) -> Litestar:
        assert settings.relay is not None
        return create_app(
            directory,
            who.clients,
            settings.relay,
            accounts=who.accounts,
            sessions=sessions,
            counts=counts,
            memberships=memberships_of(settings.relay.tenant, settings.graphs),
        )

    app = LiveApp(make(settings))
    server = await serve_http([listener for listener, _ in sockets], app)
    traces = TraceSocket(Path(settings.run_dir), "relay", traced.trace)
    work = HttpWork(index, server, app, who, make=make, counts=counts, traces=traces)
    await work.start()
    return work
