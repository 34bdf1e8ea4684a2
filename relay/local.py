"""The directory on this machine: questions go straight to the contact index.

Law: synchronous, microseconds, no loop and no clock; the worker process that owns the index
refreshes it between questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from typing_extensions import override

from engine.client import Client
from engine.contact import ContactId
from engine.errors import InvalidCursor
from engine.index import ContactIndex
from engine.query import (
    CallerMatch,
    CallerQuery,
    PeoplePage,
    PeopleQuery,
    PersonHit,
)
from engine.rights import Principal, SourcePolicy, visible_sources
from relay.directory import Directory, Readiness
from relay.errors import DirectoryUnavailable, StaleCursor

_NO_INDEX = "there is no contact index yet: no source has been read"


class LocalDirectory(Directory):
    """Answers from a `ContactIndex` of this process."""

    def __init__(self, index: ContactIndex) -> None:
        self._index = index
        self._people = index.people  # looked up once: a wrapper of it passes this on at each look
        self._loaded = False
        self._policies: Mapping[str, SourcePolicy] = {}
        self._names: Mapping[str, str] = {}

    @override
    def caller(self, number: str, client: Client) -> CallerMatch | None:
        query = CallerQuery(number, client.plan, client.principal(), client.classes)
        match = self._index.caller(query)
        if match is None:
            self._require_index()
        return match

    @override
    async def people(self, query: PeopleQuery) -> PeoplePage:
        try:
            page = self._people(query)
        except InvalidCursor as error:
            raise StaleCursor(str(error)) from None
        if not page.hits:
            self._require_index()
        return page

    @override
    async def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        person = self._index.person(identity, principal)
        if person is None:
            self._require_index()
        return person

    @override
    def source_names(self) -> Mapping[str, str]:
        policies = self._index.policies
        if policies is not self._policies:  # which are replaced as a whole
            self._policies = policies
            self._names = {source: policy.name for source, policy in policies.items()}
        return self._names

    @override
    def visible(self, principal: Principal) -> AbstractSet[str]:
        visible = visible_sources(principal, self._index.policies)
        return frozenset(self._index.policies) if visible is None else visible

    def _require_index(self) -> None:
        """Tell "nobody" from "no index yet": what is not loaded cannot know nobody."""
        if not self._loaded and not self.ready().ready:
            raise DirectoryUnavailable(_NO_INDEX, retry_after_s=10)

    @override
    def ready(self) -> Readiness:
        if not self._index.status().generation:
            return Readiness(ready=False, reason=_NO_INDEX)
        self._loaded = True
        return Readiness(ready=True)
