"""The groups of Entra's users, asked at Graph as the application of a source of kind `graph`.

Law: one question at a time, each with a deadline; a thread waits, never the loop. What goes wrong
is said without the user.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from typing_extensions import override

from connectors.errors import ConnectorError
from connectors.graphapi import Graph, GraphAccess
from connectors.oauth import Tokens
from connectors.web import WebSession
from relay.memberships import Groups, GroupsUnavailable, Memberships

DEADLINE_S = 4.0
"""A person waits for it, and gets less than 5 s from Teams."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def memberships_of(tenant: str, accesses: Iterable[msgspec.Struct]) -> Memberships:
    """Return who knows the groups of a tenant's users: the first application of that tenant.

    A source may name its tenant by a domain, which tells nothing of the id: it is taken as well. In
    another tenant nobody has the object id that is asked for, so that nobody gets a right.
    """
    for access in accesses:
        assert isinstance(access, GraphAccess)
        if access.tenant.lower() == tenant or not _GUID.fullmatch(access.tenant):
            return Memberships(EntraGroups(access))
    return Memberships()


class EntraGroups(Groups):
    """Asks Graph. Belongs to one event loop."""

    def __init__(self, access: GraphAccess) -> None:
        """Connect to nothing yet."""
        self._access = access
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="groups")
        self._web: WebSession | None = None
        self._graph: Graph | None = None

    @override
    async def member_of(self, oid: str, groups: tuple[str, ...]) -> frozenset[str]:
        loop = asyncio.get_running_loop()
        asking = loop.run_in_executor(self._thread, self._ask, oid, groups)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await asking
        except TimeoutError:
            if self._web is not None:
                self._web.cancel()  # what the thread waits for ends
            raise GroupsUnavailable(f"Graph does not answer within {DEADLINE_S:.0f} s") from None
        except ConnectorError as error:
            raise GroupsUnavailable(str(error).replace(oid, "…")) from None

    def _ask(self, oid: str, groups: tuple[str, ...]) -> frozenset[str]:
        if self._graph is None:
            self._web = WebSession(self._access.link)
            tokens = Tokens(self._web, self._access.client)
            self._graph = Graph(self._web, tokens, self._access.endpoint)
        try:
            return frozenset(self._graph.member_of(oid, groups))
        except ConnectorError:
            self._drop()
            raise

    def _drop(self) -> None:
        """Begin anew with the next question: a session that was cancelled asks nothing more."""
        if self._web is not None:
            self._web.close()
        self._web = self._graph = None

    @override
    async def close(self) -> None:
        if self._web is not None:
            self._web.cancel()
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        self._drop()
