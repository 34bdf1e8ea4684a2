"""Records of lately shown hits, kept decoded: the next letter of a word mostly finds the same.

Law: bounded by number and by octets, and part of one fixed state of the index: what was changed or
deleted is forgotten with it. What one asker may see is never another's: a record is kept once as it
is, and once for each set of hidden fields that it was shown without.
"""

from __future__ import annotations

import msgspec
import tantivy

from engine.contact import Contact

MAX_RECORDS = 16_384
"""Records of half a memory."""

MAX_OCTETS = 4 << 20
"""Of their stored bodies, in half a memory; decoded they take some three times as much."""

Key = tuple[object, ...]
"""Segment and document, and behind them the hidden fields, if there are any."""


MAX_LINKED = 16
"""Documents kept for one record: more are asked for each time."""

Linked = tuple[int, tuple[int, int], tantivy.DocAddress]
"""Rank, segment and document, and both as tantivy takes them."""


class Record(msgspec.Struct, gc=False):
    """A record as somebody may see it.

    Attributes:
        contact: without its hidden fields.
        octets: of its stored body.
        shared: the links (`engine.terms.link_terms`) that other documents may have too; None: this
            was not asked for yet.
        linked: the documents that have one of these links, this one too, whoever may see them;
            None: this was not asked for yet, or they are too many to be kept.
    """

    contact: Contact
    octets: int
    shared: tuple[str, ...] | None = None
    linked: tuple[Linked, ...] | None = None


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

    def keep(self, key: Key, record: Record) -> None:
        """Remember a record."""
        if len(self._younger) >= MAX_RECORDS or self._octets + record.octets > MAX_OCTETS:
            self._older, self._younger, self._octets = self._younger, {}, 0
        self._younger[key] = record
        self._octets += record.octets
