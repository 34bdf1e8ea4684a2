"""Which versions of contacts share a link (`engine.terms.link_terms`), noted when they are written.

Nine in ten records that are shown share no number or address with another. To be told so, and whom
the others are linked to, by the links themselves takes a third of an answer whose records were not
shown before. So the writer notes it, in three databases of the number table:

    links      digest of a link 2 → rest of the digest 2, version, its `seq` first: who has it now
    twins      version → the versions that share a link with it, one behind the other, or `CROWD`
    ended      version → the seq of the change that ended it, as long as its body is kept

Of numbers with a surname, which are two thirds of all links, only those are in `links` whose number
several contacts have: of the others the database `numbers` tells.

Law: two versions that share a link, and were in the store at one time, stand in each other's entry,
or theirs is `CROWD`. An entry names candidates, never too few: two links may have one digest, what
an asker does not see links nothing, and a body may have gone since. So whoever reads it compares
the links themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any
from zlib import crc32

import lmdb

from engine.bodies import unpack_body
from engine.bodykeys import KEY_BYTES, SEQ_BYTES
from engine.contact import Contact, decode_contact
from engine.holding import VERSION
from engine.terms import link_terms, own_links

MAX_TWINS = 16
"""Versions in one entry: with more of them whoever reads it asks the index."""

CROWD = b"*"
"""The entry of a version with more."""

_KEY_BYTES = 2

_Link = tuple[bytes, bytes]
"""Key of an entry of `links`, and the beginning of its value."""

Twins = tuple[bytes, ...] | None
"""The versions that may share a link with one; None: too many to be noted."""


def read_twins(entry: bytes, is_there: Callable[[bytes], bool]) -> Twins:
    """Return the versions of an entry that are there."""
    if entry == CROWD:
        return None
    return tuple([version for version in _split(entry) if is_there(version)])


def _split(entry: bytes) -> list[bytes]:
    return [entry[at : at + KEY_BYTES] for at in range(0, len(entry), KEY_BYTES)]


def _digest(link: str) -> _Link:
    code = crc32(link.encode()).to_bytes(4, "big")
    return code[:_KEY_BYTES], code[_KEY_BYTES:]


def _entry(link: _Link, version: bytes) -> _Link:
    """Return an entry of `links`; those that have one stand there in the order of their `seq`."""
    key, rest = link
    return key, rest + version[-SEQ_BYTES:] + version[:-SEQ_BYTES]


def _number_of(link: str) -> str | None:
    """Return the number key of a link that is one with a surname, None for another."""
    return link[1 : link.index(" ")] if link[0] == "#" else None


class TwinWriter:
    """Notes in one transaction what is linked; the numbers of its contacts are noted before."""

    def __init__(
        self,
        transaction: lmdb.Transaction[bytes],
        databases: Any,
        number_row: Callable[[str], bytes],
    ) -> None:
        """Take a transaction that writes, `engine.numbertable.Databases`, the key of a number."""
        self._get = transaction.get
        self._delete = transaction.delete
        self._put = transaction.put
        self._of = databases
        self._number_row = number_row
        self._numbers = transaction.cursor(databases.numbers)
        self._links = transaction.cursor(databases.links)
        self._twins = transaction.cursor(databases.twins)
        self._entries: dict[bytes, list[bytes] | None] = {}
        self._changed = set[bytes]()

    def leave(self, contact: Contact, version: bytes, seq: bytes) -> None:
        """Note that a version was ended by a change: whoever comes is not linked to it."""
        for link in link_terms(contact):
            self._delete(*_entry(_digest(link), version), db=self._of.links)
        self._put(version, seq, db=self._of.ended)

    def let_go(self, version: bytes) -> None:
        """Remove what is noted of a version whose body goes."""
        self._delete(version, db=self._of.twins)
        self._delete(version, db=self._of.ended)

    def join(self, fresh: Mapping[bytes, Contact], holders: Iterable[tuple[bytes, bytes]]) -> None:
        """Note to whom new versions are linked.

        Args:
            fresh: version → contact, by rising `seq`, which are behind all that are there.
            holders: their entries in `numbers`, by rising keys.
        """
        shared, sharing = set[bytes](), set[bytes]()
        entries: list[_Link] = []
        numbers, former_row, is_shared = self._numbers, b"", False
        for row, holder in holders:  # flat: most contacts have a number that is theirs alone
            if row != former_row:
                former_row = row
                is_shared = numbers.set_key(row) and numbers.count() > 1
                if is_shared:
                    shared.add(row)
                    entries += self._of_the_only_one(row, fresh)
            if is_shared:
                sharing.add(holder[VERSION])
        joining: list[tuple[bytes, list[_Link]]] = []
        for version, contact in fresh.items():
            links = self._links_of(contact, shared) if version in sharing else own_links(contact)
            if links:
                digests = [_digest(link) for link in links]
                joining.append((version, digests))
                entries += [_entry(digest, version) for digest in digests]
        entries.sort()  # neighbours share pages
        self._links.putmulti(entries)
        for version, digests in joining:
            for key, rest in digests:
                self._link(version, key, rest)
        changed = sorted(self._changed)
        self._twins.putmulti([(version, self._written(version)) for version in changed])

    def _of_the_only_one(self, row: bytes, fresh: Mapping[bytes, Contact]) -> list[_Link]:
        """Return the links that the only former holder of a number has by it: now they count."""
        holding = (holder[VERSION] for holder in self._numbers.iternext_dup())
        former = list(islice((each for each in holding if each not in fresh), 2))
        if len(former) != 1:
            return []
        (version,) = former
        contact = decode_contact(unpack_body(self._get(version, b"", db=self._of.bodies)))
        links = [link for link in self._links_of(contact, {row}) if _number_of(link) is not None]
        return [_entry(digest, version) for digest in map(_digest, links)]

    def _links_of(self, contact: Contact, shared: set[bytes]) -> list[str]:
        """Return the links of a contact but those by numbers that nobody else has."""
        return [
            link
            for link in link_terms(contact)
            if (number := _number_of(link)) is None or self._number_row(number) in shared
        ]

    def _link(self, version: bytes, key: bytes, rest: bytes) -> None:
        """Link a new version to those that have a link too.

        Of those in a crowd the first are marked as such, the others are already: who was there
        before this transaction comes first, and if there were so many, they were marked then.
        """
        others = self._having(version, key, rest)
        for other in others:
            if len(others) > MAX_TWINS + 1:
                self._crowd(version)
                self._crowd(other)
            else:
                self._note(version, other)
                self._note(other, version)

    def _having(self, version: bytes, key: bytes, rest: bytes) -> list[bytes]:
        """Return the other versions that have a link, oldest first, at most two too many."""
        cursor, found = self._links, list[bytes]()
        there = cursor.set_range_dup(key, rest)
        while there and len(found) < MAX_TWINS + 2:
            value = cursor.value()
            if not value.startswith(rest):
                break
            seq_at, rank_at = len(rest), len(rest) + SEQ_BYTES
            other = value[rank_at:] + value[seq_at:rank_at]
            if other != version:
                found.append(other)
            there = cursor.next_dup()
        return found

    def _note(self, version: bytes, other: bytes) -> None:
        entry = self._entry(version)
        if entry is not None and other not in entry:
            if len(entry) == MAX_TWINS:
                self._entries[version] = None
            else:
                entry.append(other)
            self._changed.add(version)

    def _crowd(self, version: bytes) -> None:
        if self._entry(version) is not None:
            self._entries[version] = None
            self._changed.add(version)

    def _entry(self, version: bytes) -> list[bytes] | None:
        """Return the twins of a version, without those whose bodies have gone; None for a crowd."""
        if version not in self._entries:
            entry = self._get(version, b"", db=self._of.twins)
            found = None
            if entry != CROWD:
                bodies = self._of.bodies
                found = [each for each in _split(entry) if self._get(each, db=bodies) is not None]
            self._entries[version] = found
        return self._entries[version]

    def _written(self, version: bytes) -> bytes:
        entry = self._entries[version]
        return CROWD if entry is None else b"".join(entry)
