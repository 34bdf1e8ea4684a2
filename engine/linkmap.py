"""Which links of a record (`engine.terms.link_terms`) another record may have too, in two bit maps.

Nine in ten records that are shown share no link with another. To be told so by the search index
takes a look into the dictionary of each of its segments for each link, some thirty for a page: as
long as to find its records. So the writer notes every link twice over: the first map has a bit for
each link that some record has, the second for those that were noted when they stood in the first
already. Both stand in a database of the number table (`engine.numbertable`), in blocks of a page:

    size     bits of the first map, links noted in it; 8 octets each
    1<n>     block n of the first map; a block without any bit may be absent
    2<n>     block n of the second, which has a fourth of the bits

Law: of a link whose bit in the second map is not set, it is certain that no two records have it. A
set bit says nothing, since links share bits and none is ever unset: the index is asked then.
Without a map (the table was made by an older program) all links may be shared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zlib import crc32

from engine.contact import Contact
from engine.terms import link_terms

BITS_EACH = 64
"""Bits of the first map for one contact, which has two or three links: a twenty-fifth of them are
set in the end, so that one link in forty is taken for shared by chance."""

FEWEST = 1_000
"""Contacts that a map has room for at the least."""

LINKS_EACH = 4
"""Links for each `BITS_EACH` from which on a map is full."""

NARROWER = 2
"""The second map has a bit for four of the first: few links are in it."""

BLOCK_BYTES = 4_080
"""With what LMDB writes before it, one page."""

SIZE_KEY = b"size"

_BLOCK_BITS = 8 * BLOCK_BYTES
_SCATTER, _MASK = 0x9E3779B1, 2**32 - 1  # what meets in one map shall not meet in the other
_SIZE_BYTES, _NUMBER_BYTES = 8, 4

Get = Callable[[bytes], bytes | None]
"""Returns what stands under a key of the database, None for nothing."""


class LinkMap:
    """Both maps as they stand in one snapshot of the table, read as far as they are needed."""

    __slots__ = ("_bits", "_first", "_second", "noted")

    def __init__(self, bits: int, get: Get | None = None, noted: int = 0) -> None:
        """Take the bits of the first map, 0 for no map; where its blocks stand; links in it."""
        self._bits = bits
        self._first = _Blocks(b"1", get)
        self._second = _Blocks(b"2", get)
        self.noted = noted

    @classmethod
    def sized(cls, contacts: int) -> LinkMap:
        """Return an empty map with room for the links of so many contacts."""
        return cls(max(contacts, FEWEST) * BITS_EACH)

    @classmethod
    def read(cls, get: Get) -> LinkMap:
        """Return the map of a database; one without bits where there is none."""
        size = get(SIZE_KEY) or b""
        bits, noted = size[:_SIZE_BYTES], size[_SIZE_BYTES:]
        return cls(int.from_bytes(bits, "big"), get, int.from_bytes(noted, "big"))

    def __bool__(self) -> bool:
        """Whether there is a map at all."""
        return self._bits > 0

    @property
    def is_full(self) -> bool:
        """Whether so many links were noted that a greater map is worth being made."""
        return self.noted * BITS_EACH > self._bits * LINKS_EACH

    def shared(self, links: list[str]) -> list[str]:
        """Return those of some links that more than one record may have."""
        bits = self._bits >> NARROWER
        if not bits:
            return links
        blocks = self._second
        found = []
        for link in links:  # flat: some twenty for a page that was not shown yet
            place = (crc32(link.encode()) * _SCATTER & _MASK) % bits
            if blocks[place // _BLOCK_BITS][place % _BLOCK_BITS >> 3] >> (place & 7) & 1:
                found.append(link)
        return found

    def note(self, links: Iterable[str]) -> None:
        """Note links that a record has, and had not before; nothing without a map."""
        bits = self._bits
        if not bits:
            return
        for link in links:
            code = crc32(link.encode())
            if self._first.is_new(code % bits):
                self.noted += 1
            else:
                self._second.is_new((code * _SCATTER & _MASK) % (bits >> NARROWER))

    def entries(self) -> list[tuple[bytes, bytes]]:
        """Return what was changed since the map was made or read, by rising keys."""
        if not self._bits:
            return []
        size = self._bits.to_bytes(_SIZE_BYTES, "big") + self.noted.to_bytes(_SIZE_BYTES, "big")
        return [*self._first.entries(), *self._second.entries(), (SIZE_KEY, size)]


class _Blocks(dict[int, bytes | bytearray]):
    """The blocks of one map that were read, by number; changed ones are of their own kind."""

    def __init__(self, name: bytes, get: Get | None) -> None:
        super().__init__()
        self._name = name
        self._get = get

    def __missing__(self, number: int) -> bytes | bytearray:
        read = self._get(self._key(number)) if self._get else None
        block = self[number] = _NOTHING if read is None else read
        return block

    def is_new(self, place: int) -> bool:
        """Set a bit; tell whether it was not set before."""
        number, at = divmod(place, _BLOCK_BITS)
        block, bit = self[number], 1 << (at & 7)
        if block[at >> 3] & bit:
            return False
        if not isinstance(block, bytearray):
            block = self[number] = bytearray(block)
        block[at >> 3] |= bit
        return True

    def entries(self) -> list[tuple[bytes, bytes]]:
        """Return keys and blocks that were changed."""
        return [
            (self._key(number), bytes(block))
            for number, block in sorted(self.items())
            if isinstance(block, bytearray)
        ]

    def _key(self, number: int) -> bytes:
        return self._name + number.to_bytes(_NUMBER_BYTES, "big")


_NOTHING = bytes(BLOCK_BYTES)

NO_MAP = LinkMap(0)


def new_links(contact: Contact, former: Contact | None) -> list[str]:
    """Return the links of a contact that its former version, if there was one, had not."""
    links = dict.fromkeys(link_terms(contact))
    if former is not None:
        for link in link_terms(former):
            links.pop(link, None)
    return list(links)
