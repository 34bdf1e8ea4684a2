"""The port: what the HTTP side asks of a directory, wherever that directory is.

Law: values only. `relay.local` answers from the index on this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

import msgspec

from engine.client import Client
from engine.contact import ContactId
from engine.query import CallerMatch, PeoplePage, PeopleQuery, PersonHit
from engine.rights import Principal


class Readiness(msgspec.Struct, frozen=True):
    """Whether a directory can answer now; `reason` says why not, "" if it can. No personal data."""

    ready: bool
    reason: str = ""


class Directory(Protocol):
    """Answers questions about contacts for a client that was authenticated before."""

    def caller(self, number: str, client: Client) -> CallerMatch | None:
        """Return who calls, read under the client's dial plan and rights; None if nobody fits.

        Args:
            number: any text of a bounded length; what is no number finds nobody.
            client: who asks.

        Raises:
            DirectoryUnavailable: there is no answer now, not even "nobody".
        """

    async def people(self, query: PeopleQuery) -> PeoplePage:
        """Return the hits for a text, best first; only what the asker may see.

        Raises:
            StaleCursor: the cursor is damaged or belongs to another text.
            DirectoryUnavailable: there is no answer now, not even "nobody".
        """

    async def person(self, identity: ContactId, principal: Principal) -> PersonHit | None:
        """Return one person by any of its records; None: there is none, or not for the asker.

        Raises:
            DirectoryUnavailable: there is no answer now, not even "nobody".
        """

    def source_names(self) -> Mapping[str, str]:
        """Return what the configured sources are called, by their ids: never changed, replaced."""

    def visible(self, principal: Principal) -> AbstractSet[str]:
        """Return the ids of the configured sources that the asker may see."""

    def ready(self) -> Readiness:
        """Tell whether questions can be answered now; cheap, never raises."""
