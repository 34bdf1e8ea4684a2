"""Which configured groups is a user in, where the token does not tell? Asked, and remembered.

Entra writes no groups into the token of a user who is in more than 200 of them ("groups overage").

Law: an answer holds for ten minutes, and no longer if Graph cannot be asked then: who is not known
to be in a group has none of its rights. No name and no id of a user is logged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
from typing_extensions import override

from relay.accounts import Accounts, Asker
from relay.errors import RelayError
from relay.tokens import Identity

FRESH_S = 600.0
"""How long an answer holds, and so how long a right outlives the membership at most."""

FAILED_S = 30.0
"""After so long Graph is asked again for a user whose groups could not be had."""

MAX_USERS = 4096
"""Whose groups are remembered; the oldest make room."""

_log = logging.getLogger(__name__)


class GroupsUnavailable(RelayError):
    """Nobody can tell a user's groups now; the text says why, without the user."""


class Groups(Protocol):
    """Who knows the groups of every user of a tenant."""

    async def member_of(self, oid: str, groups: tuple[str, ...]) -> frozenset[str]:
        """Return those of some groups that a user is in, directly or through others.

        Args:
            oid: object id of the user.
            groups: object ids.

        Raises:
            GroupsUnavailable: it cannot be said now.
        """

    async def close(self) -> None:
        """Let go of what is held."""


class _Known(msgspec.Struct, frozen=True):
    """Which of the groups that were asked for a user is in, and until when that holds."""

    asked: tuple[str, ...]
    held: frozenset[str]
    until_s: float


class Memberships:
    """Makes askers of identities. Belongs to one event loop."""

    def __init__(
        self, groups: Groups | None = None, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Take who is asked, None if nobody can be; and monotonic seconds."""
        self._groups = groups
        self._now_s = now_s
        self._known: dict[tuple[str, str], _Known] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[_Known]] = {}

    async def asker(self, identity: Identity, accounts: Accounts) -> Asker:
        """Return who an identity is, with the groups of the token or those that Graph tells."""
        groups: tuple[str, ...] | frozenset[str] = identity.groups
        wanted = tuple(sorted({each.entra for each in accounts.groups if each.entra}))
        if identity.has_more_groups and wanted:
            groups = await self._held(identity, wanted)
        return accounts.entra_asker(identity.tenant, identity.oid, identity.name, groups)

    async def close(self) -> None:
        """Give up what is being asked."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self._groups is not None:
            await self._groups.close()

    async def _held(self, identity: Identity, wanted: tuple[str, ...]) -> frozenset[str]:
        key = (identity.tenant, identity.oid)
        known = self._known.get(key)
        if known is not None and known.asked == wanted and known.until_s > self._now_s():
            return known.held
        task = self._asking.get(key)
        if task is None:  # else somebody waits for the same already
            task = asyncio.create_task(self._ask(identity.oid, wanted))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        known = await asyncio.shield(task)
        self._known.pop(key, None)
        if len(self._known) >= MAX_USERS:
            del self._known[next(iter(self._known))]
        self._known[key] = known
        return known.held

    async def _ask(self, oid: str, wanted: tuple[str, ...]) -> _Known:
        groups = self._groups or _Nobody()
        try:
            held = await groups.member_of(oid, wanted)
        except GroupsUnavailable as error:
            _log.error(
                "a user is in more groups than the token tells, and which cannot be asked: %s: "
                "the user has the rights of no group for %d s",
                str(error),
                FAILED_S,
            )
            return _Known(wanted, frozenset(), self._now_s() + FAILED_S)
        return _Known(wanted, held.intersection(wanted), self._now_s() + FRESH_S)


class _Nobody(Groups):
    @override
    async def member_of(self, oid: str, groups: tuple[str, ...]) -> frozenset[str]:
        raise GroupsUnavailable("there is no source of kind graph for this tenant")

    @override
    async def close(self) -> None:
        pass
