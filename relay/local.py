"""The directory on this machine: questions go straight to the contact index.

Law: synchronous, microseconds, no loop and no clock; the worker process that owns the index
refreshes it between questions.
"""

from __future__ import annotations

from typing_extensions import override

from engine.client import Client
from engine.index import ContactIndex
from engine.query import CallerMatch, CallerQuery
from relay.directory import Directory, Readiness
from relay.errors import DirectoryUnavailable

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
        if match is None and not self._loaded and not self.ready().ready:
            raise DirectoryUnavailable(_NO_INDEX, retry_after_s=10)
        return match

    @override
    def ready(self) -> Readiness:
        if not self._index.status().generation:
            return Readiness(ready=False, reason=_NO_INDEX)
        self._loaded = True
        return Readiness(ready=True)
