"""Records of lately shown hits, kept decoded: the next letter of a word mostly finds the same.

Law: bounded by number and by octets, and part of one fixed state of the index: what was changed or
deleted is forgotten with it. What one asker may see is never another's: a record is kept once as it
is, and once for each set of hidden fields that it was shown without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from engine.contact import Contact
from engine.twins import Twins

MAX_RECORDS = 16_384
"""Records of half a memory."""

MAX_OCTETS = 4 << 20
"""Of their stored bodies, in half a memory; decoded they take some three times as much."""

Key = bytes | tuple[bytes, frozenset[str]]
"""The version of a record, and beside it the hidden fields, if there are any."""


class Record(msgspec.Struct, gc=False):
    """A record as somebody may see it.

    Attributes:
        contact: without its hidden fields.
        version: its own (`engine.bodykeys`).
        octets: of its stored body.
        twins: the versions that may share a link with it, whoever may see them; None: many.
        links: what links it with others (`engine.terms.link_terms`); None: not asked for yet.
    """

    contact: Contact
    version: bytes
    octets: int
    twins: Twins = ()
    links: tuple[str, ...] | None = None


class Recall:
    """The records that were read last: what is read again outlives what is not.

    Two halves: a record goes into the younger one, and when that is full the older one is dropped.
    """

    def __init__(self) -> None:
        self._younger: dict[Key, Record] = {}
        self._older: dict[Key, Record] = {}
        self._octets = 0

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def __contains__(self, key: Key) -> bool:
        return key in self._younger or key in self._older

    def get(self, key: Key) -> Record | None:
        """Return a record that is remembered, else None."""
        record = self._younger.get(key)
        if record is None and self._older:
            record = self._older.pop(key, None)
            if record is not None:
                self.keep(key, record)
        return record

    def known(self, versions: Iterable[bytes]) -> dict[bytes, Record]:
        """Return those of several versions that are remembered."""
        younger, older = self._younger, self._older
        if not older:
            if younger.keys().isdisjoint(versions):  # as of a text asked for the first time
                return {}
            return {each: younger[each] for each in versions if each in younger}
        found = [(each, self.get(each)) for each in versions]
        return {version: record for version, record in found if record is not None}

    def keep_all(self, records: Mapping[Any, Record], octets: int) -> None:
        """Remember records as they are, each by its version; `octets`: of all of them."""
        octets += self._octets
        if octets <= MAX_OCTETS and len(self._younger) + len(records) <= MAX_RECORDS:
            self._younger.update(records)
            self._octets = octets
        else:
            for version, record in records.items():
                self.keep(version, record)

    def keep(self, key: Key, record: Record) -> None:
        """Remember a record."""
        if len(self._younger) >= MAX_RECORDS or self._octets + record.octets > MAX_OCTETS:
            self._older, self._younger, self._octets = self._younger, {}, 0
        self._younger[key] = record
        self._octets += record.octets
