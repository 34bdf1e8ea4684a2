"""The worker that answers over the tunnel: index, rights, lines to the relay, put together.

Law: no frame and no seal here (`relay.tunnel`), no supervision (`rufname.workers`). It listens
nowhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from engine.index import ContactIndex
from relay.accounts import Accounts
from relay.desk import Desk
from relay.keycache import KeyCache, fetch_from
from relay.local import LocalDirectory
from relay.memberships import Memberships
from relay.tunnel.answerer import Answerer
from relay.tunnel.connector import Answers, Connector
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.envelope import Envelope
from relay.tunnel.keyring import KeyRing
from relay.tunnel.settings import TunnelSettings
from relay.verifying import TokenVerifier
from rufname.challenge import ChallengeWatch
from rufname.entragroups import memberships_of
from rufname.following import follow, open_when_whole
from rufname.lifeline import FaceSettings, Start, unpack
from rufname.pasting import with_file


class TunnelWork:
    """Answers sealed questions from the index until it is drained."""

    def __init__(
        self,
        index: ContactIndex,
        accounts: Accounts,
        settings: TunnelSettings,
        keys_dir: Path,
        graphs: tuple[msgspec.Struct, ...] = (),
        *,
        file: Path | None = None,
    ) -> None:
        self._index = index
        self._accounts = accounts
        self._settings = settings
        self._counts: Counter[str] = Counter()
        self._graphs = graphs
        # by tenant: a registration that takes another one's place is mostly of the same
        self._tokens: dict[str, TokenVerifier] = {}
        self._memberships: dict[str, Memberships] = {}
        self._former: list[Memberships] = []  # of a reload before: somebody may wait for them
        self._challenge = ChallengeWatch(keys_dir, settings, file)
        self._connector = Connector(
            keys_dir,
            settings,
            self._make_answers,
            version("rufname"),
            register=with_file("rufname register -c FILE --relay URL", file),
        )

    async def run(self) -> None:
        """Hold the lines, and follow the index meanwhile."""
        async with asyncio.TaskGroup() as jobs:
            jobs.create_task(self._connector.run())
            jobs.create_task(follow(self._index))
            jobs.create_task(self._challenge.run())

    async def reload(self, settings: bytes) -> None:
        """Take new users, rights, and ways to ask for groups; lines stay."""
        fresh = unpack(settings, FaceSettings)
        self._index.set_policies(fresh.policies)
        self._accounts = fresh.accounts
        if fresh.graphs != self._graphs:
            self._graphs = fresh.graphs
            self._former += self._memberships.values()
            self._memberships = {}

    async def drain(self, timeout_s: float) -> None:
        """Answer what was asked, then close the lines."""
        await self._connector.drain(timeout_s)
        for tokens in self._tokens.values():
            await tokens.close()
        for memberships in (*self._former, *self._memberships.values()):
            await memberships.close()
        self._index.close()

    def metrics(self) -> dict[str, int]:
        """Return lines and answers, and whether another directory wants this one's place."""
        challenged = self._challenge.challenged
        return {**self._connector.metrics(), **self._counts, "challenged": challenged}

    def _make_answers(self, enrolment: Enrolment, ring: KeyRing) -> Answers:
        """Return what answers for the tenant that this directory is registered for."""
        tid = enrolment.tid
        if tid not in self._tokens:
            rules = self._settings.token_rules(tid)
            keys = KeyCache(fetch_from(self._settings.keys_url(tid)))
            self._tokens[tid] = TokenVerifier(lambda _claimed: rules, keys)
        desk = Desk(LocalDirectory(self._index), self._settings)
        envelope = Envelope(tid, ring)
        answerer = Answerer(
            envelope,
            self._tokens[tid],
            lambda: self._accounts,
            desk,
            message_extension=self._settings.message_extension,
            memberships=lambda: self._members(tid),
        )
        answerer.counts.update(self._counts)
        self._counts = answerer.counts
        return answerer.answer

    def _members(self, tid: str) -> Memberships:
        """Return who knows the groups of a tenant's users, by the sources as configured now."""
        if tid not in self._memberships:
            self._memberships[tid] = memberships_of(tid, self._graphs)
        return self._memberships[tid]


async def open_work(start: Start, sockets: Sequence[tuple[socket.socket, str]]) -> TunnelWork:
    """Open the index; lines are opened by `run`."""
    assert not sockets
    settings = unpack(start.settings, FaceSettings)
    if settings.tunnel is None:
        raise ValueError("a worker for the tunnel without [tunnel]")
    index = await open_when_whole(Path(settings.index_dir), settings.policies)
    return TunnelWork(
        index,
        settings.accounts,
        settings.tunnel,
        Path(settings.keys_dir),
        settings.graphs,
        file=Path(settings.file),
    )
