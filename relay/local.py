"""The directory on this machine: questions go straight to the contact index.

Law: synchronous, microseconds, no loop and no clock; the worker process that owns the index
refreshes it between questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from typing_extensions import override

from engine.client import Client
from engine.contact import Contact, ContactId
from engine.index import ContactIndex
from engine.query import (
    CallerMatch,
    CallerQuery,
    PeoplePage,
    PeopleQuery,
    PersonEmail,
    PersonHit,
    PersonNumber,
)
from engine.rights import Principal, visible_sources
from relay.directory import Directory, Readiness
from relay.errors import DirectoryUnavailable

_NAMESAKES = 50
"""People of one name among whom the records of one are looked for."""

_NO_INDEX = "there is no contact index yet: no source has been read"


class LocalDirectory(Directory):
    """Answers from a `ContactIndex` of this process."""

    def __init__(self, index: ContactIndex) -> None:
        self._index = index
        self._loaded = False

    @override
    def caller(self, number: str, client: Client) -> CallerMatch | None:
        query = CallerQuery(number, client.plan, client.principal(), client.classes)
        match = self._index.caller(query)
        if match is None:
            self._require_index()
        return match

    @override
    async def people(self, query: PeopleQuery) -> PeoplePage:
        page = self._index.people(query)
        if not page.hits:
            self._require_index()
        return page

    @override
    async def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        contact = self._index.get(identity, principal)
        if contact is None:
            self._require_index()
            return None
        # the records of one person are joined by the search, so that a card says what a hit did
        page = self._index.people(PeopleQuery(contact.name, principal, _NAMESAKES))
        return next((hit for hit in page.hits if identity in hit.records), _alone(contact))

    @override
    def source_names(self) -> Mapping[str, str]:
        return {source: policy.name for source, policy in self._index.policies.items()}

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


def _alone(contact: Contact) -> PersonHit:
    """Return a person that is one record."""
    origin = contact.id
    return PersonHit(
        contact=contact,
        records=(origin,),
        origins={},
        numbers=tuple(
            PersonNumber(line.kind, line.number, line.written, origin) for line in contact.phones
        ),
        emails=tuple(PersonEmail(address, origin) for address in contact.emails),
        match_class=1,
        matched=(),
        spans=(),
    )
