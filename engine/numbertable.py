"""The number table beside the index: the contacts, and a number → those that hold it, in two reads.

A caller look-up asks one number and wants one contact. tantivy answers that in 20 µs and more, a
B-tree that is mapped into memory in 2 to 4 (`bench/bench_caller.py`); searches by name stay with
tantivy, which names the versions found, and the contacts are read here. The table holds, each in a
database of its own (`engine.numberfile`):

    bodies     version (`engine.bodykeys`) → the encoded contact, packed (`engine.bodies`)
    retired    seq of a change → the version it replaced or removed, whose body is still there
    rows       digest of source and key → the version it has here
    numbers    number key (`498912345`, `498912345x55`) from its end → holders (`engine.holding`);
               so those with equal last digits stand side by side
    trunks     trunk digits → who stands behind it, sorted by source, those on the line itself first
    sources    source id → its number here
    links, twins, ended     which versions share a link (`engine.twins`)
    meta       the last seq applied, whose store it is, from which commit on it has all bodies, and
               how many contacts it had when it was last written in full pages

Law: a reader sees one snapshot and filters by source before it decodes anything. A snapshot has the
body of every contact of a commit of the index if it can `serve` that commit. `numberwriter` is the
only writer. A read transaction ends with the last user of its snapshot: an open one keeps the
writer from reusing pages.

Over 400 lines: every question walks the same cursors, whose places they rely on.

Source: LMDB's documentation (lmdb.h, "Caveats"); py-lmdb.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

import lmdb
import msgspec

from engine.bodies import unpack_bodies
from engine.bodykeys import SEQ_BYTES
from engine.contact import (
    Contact,
    ContactId,
    ContactName,
    decode_contact,
    decode_name,
    uuid_texts_of,
)
from engine.errors import CorruptIndex
from engine.holding import (
    BEHIND_BYTES,
    BEHIND_COMPANY,
    BEHIND_PLACE,
    BEHIND_VERSION,
    NAME_OCTETS,
    NO_COMPANY,
    ON_LINE,
    SHOWN_AT,
    SOURCE_BYTES,
    VERSION,
    VERSION_BYTES,
    common_start,
)
from engine.numberfile import KEPT_KEY, SEQ_KEY, NumberFile, noted
from engine.phone import MAX_E164_DIGITS
from engine.trunk import company_of
from engine.twins import Twins, read_twins

MAX_EXAMINED = 1_000
"""Entries of one number looked at at the most, visible or not; hundreds share a switchboard's."""

MAX_ON_LINE = 64
"""Records of one source on one trunk line that are looked at."""

ROW_BYTES = 10
"""Of the digest of a source and key: of ten million contacts two share one with 4·10**-11."""

_APART = b"x"
"""Stands between a number and its extension in a key."""

_BEHIND_KINDS = b"\xff"
"""Stands behind every kind of line in a holder."""

Sources = frozenset[bytes] | None
"""The numbers of the sources an asker sees; None = all."""


def number_row(key: str) -> bytes:
    """Return the key of `numbers` for a `PhoneNumber.key`."""
    return key[::-1].encode()


def row_key(identity: ContactId) -> bytes:
    """Return the key under which a contact's version is noted: LMDB keys end at 511 octets."""
    text = f"{identity.source}\x1f{identity.key}"
    return hashlib.blake2b(text.encode(), digest_size=ROW_BYTES).digest()


class Behind(msgspec.Struct, frozen=True, gc=False):
    """Who stands behind a trunk, as far as the asker sees.

    Attributes:
        trunk: E.164 digits.
        entries: of records that name its company (`engine.holding`): those on the line itself, else
            one of each source, if all that name a company name the same.
        on_line: they stand on the trunk line itself.
    """

    trunk: str
    entries: tuple[bytes, ...]
    on_line: bool


class Steps(NamedTuple):
    """A snapshot's cursors over numbers and trunks, good as long as it is.

    For a look-up that is written out flat; all others ask the table. `uuids`: by the number of a
    source what gives the UUID of a key in it.
    """

    numbers: lmdb.Cursor[bytes]
    trunks: lmdb.Cursor[bytes]
    uuids: dict[bytes, Callable[[bytes], bytes]]


class Unread(msgspec.Struct, frozen=True, gc=False):
    """A contact of a table that is read when it is called for; the snapshot lasts as long."""

    table: NumberTable
    version: bytes

    def __call__(self) -> Contact:
        """Read it."""
        return self.table.contact(self.version)


class NumberTable:
    """One snapshot of the table; it ends with its last user, or with `close`.

    Attributes:
        seq: the last change of the store that is in it.
        kept_from: it has the body of every contact of each commit from this one on.
    """

    __slots__ = (
        "_body",
        "_ended",
        "_last",  # change in the commit that is served
        "_numbers",
        "_source_names",
        "_source_numbers",
        "_transaction",
        "_trunks",
        "_twins",
        "file",
        "kept_from",
        "seq",
    )

    def __init__(self, file: NumberFile | None) -> None:
        """Open a snapshot of `file`; None = a table without numbers.

        Raises:
            CorruptIndex: the file cannot be read.
        """
        self.file = file
        self._transaction: lmdb.Transaction[bytes] | None = None
        self._source_numbers: dict[str, bytes] = {}
        self._source_names: dict[bytes, str] = {}
        self.seq = self.kept_from = 0
        if file is None:
            return
        try:
            transaction = file.environment.begin(buffers=False)
            databases = file.databases
            self._transaction = transaction
            self._numbers = transaction.cursor(databases.numbers)
            self._trunks = transaction.cursor(databases.trunks)
            self._body = transaction.cursor(databases.bodies)
            self._twins = transaction.cursor(databases.twins)
            self._ended = partial(transaction.get, db=databases.ended)
            self._source_numbers = {
                name.decode(): number for name, number in transaction.cursor(databases.sources)
            }
            self._source_names = {number: name for name, number in self._source_numbers.items()}
            self.seq = noted(transaction, file, SEQ_KEY)
            self.kept_from = noted(transaction, file, KEPT_KEY)
            self._last = self.seq.to_bytes(SEQ_BYTES, "big")
        except lmdb.Error as error:
            raise CorruptIndex(f"{file.environment.path()}: {error}") from error

    def __del__(self) -> None:
        """End the snapshot with whoever used it last: an answer may be read on after a refresh."""
        self.close()

    def close(self) -> None:
        """End the snapshot; every later question finds nobody."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.abort()

    def serve(self, applied: int) -> bool:
        """Tell whether every contact of the commit with this last `seq` is in the snapshot.

        A snapshot taken while a commit is the newest one serves it. Of a commit before that, it may
        miss what has been replaced since. What is asked from now on is asked of that commit.
        """
        if self.kept_from <= applied <= self.seq:
            self._last = applied.to_bytes(SEQ_BYTES, "big")
            return True
        return False

    def sources(self, visible: frozenset[str] | None) -> Sources:
        """Return the numbers of the sources in `visible` (ids); None, all, where none is hidden."""
        if visible is None or visible.issuperset(self._source_numbers):
            return None
        known = self._source_numbers
        return frozenset(known[source] for source in visible if source in known)

    def every_source(self) -> frozenset[bytes]:
        """Return the numbers of all sources."""
        return frozenset(self._source_names)

    def source_of(self, number: bytes) -> str:
        """Return the id of a source by its number."""
        return self._source_names[number]

    def holders(self, key: str, visible: Sources, most: int) -> list[bytes]:
        """Return the visible holders of exactly a number (`engine.holding`), at most `most`.

        Sorted by source, the best of each first.

        Args:
            key: `PhoneNumber.key`.
            visible: from `sources`.
            most: 1 to `MAX_EXAMINED`.
        """
        if self._transaction is None:
            return []
        return _visible_under(self._numbers, number_row(key), visible, most)

    @property
    def steps(self) -> Steps | None:
        """What `engine.plaincalls` walks; None where there is nothing."""
        if self._transaction is None:
            return None
        uuids = {number: uuid_texts_of(name) for number, name in self._source_names.items()}
        return Steps(self._numbers, self._trunks, uuids)

    def holders_in(self, source: bytes, key: str, most: int) -> list[bytes]:
        """Return the holders of a number that one source has, at most `most`, best first."""
        if self._transaction is None:
            return []
        cursor = self._numbers
        if not cursor.set_range_dup(number_row(key), source):
            return []
        found = list(islice(cursor.iternext_dup(), most))
        if found[-1].startswith(source):
            return found
        return [holder for holder in found if holder.startswith(source)]

    def shown(self, holder: bytes) -> tuple[str, ContactId]:
        """Return what is shown for a holder, "" for nothing, and the id of its record."""
        octets = holder[NAME_OCTETS]
        if not octets:
            found = self.name(holder)
            return found.name, found.id
        end = SHOWN_AT + octets
        source = self._source_names[holder[:SOURCE_BYTES]]
        return holder[SHOWN_AT:end].decode(), ContactId(source, holder[end:].decode())

    def company(self, entry: bytes) -> tuple[str, ContactId]:
        """Return the company that an entry behind a trunk names, and the id of its record."""
        octets = entry[BEHIND_BYTES]
        if not octets:
            found = self.name(entry[BEHIND_VERSION])
            return company_of(found), found.id
        end = BEHIND_BYTES + 1 + octets
        source = self._source_names[entry[:SOURCE_BYTES]]
        return entry[BEHIND_BYTES + 1 : end].decode(), ContactId(source, entry[end:].decode())

    def unread(self, holder: bytes) -> Unread:
        """Return what reads the contact of a holder, or of a version."""
        return Unread(self, _version_of(holder))

    def contact(self, holder: bytes) -> Contact:
        """Return the contact of a holder, or of a version."""
        return decode_contact(self.body(_version_of(holder)))

    def name(self, holder: bytes) -> ContactName:
        """Return what the contact of a holder, or of a version, is called."""
        return decode_name(self.body(_version_of(holder)))

    def ending(self, tail: str, visible: Sources, most: int) -> list[tuple[str, bytes]]:
        """Return E.164 digits that end so and a visible holder of them, at most `most` pairs.

        A holder of several such numbers stands with each. Numbers with an extension apart have no
        last digits of their own.
        """
        if self._transaction is None:
            return []
        cursor, beginning = self._numbers, tail[::-1].encode()
        found: list[tuple[str, bytes]] = []
        there = cursor.set_range(beginning)
        for _ in range(MAX_EXAMINED):
            key = cursor.key() if there else b""
            if not key.startswith(beginning) or len(found) >= most:
                break
            is_shared = cursor.count() > 1
            if len(key) <= MAX_E164_DIGITS and _APART not in key:
                digits = key[::-1].decode()
                if is_shared:
                    holders = _visible_under(cursor, key, visible, most - len(found))
                    found += [(digits, holder) for holder in holders]
                else:
                    holder = cursor.value()
                    if visible is None or holder[:SOURCE_BYTES] in visible:
                        found.append((digits, holder))
            there = cursor.set_range(key + b"\0") if is_shared else cursor.next_nodup()
        return found

    def behind(self, digits: str, shortest: int, visible: Sources) -> Behind | None:
        """Return who stands behind the longest trunk before E.164 digits; None for no such trunk.

        A trunk behind which nobody visible stands is passed over. The greatest trunk up to the
        digits is mostly the one; if not, it shows how far any trunk can agree with them. So a
        number without a trunk costs one step in the tree, and most with one not more.

        Args:
            digits: a number nobody holds; a trunk equal to it does not stand before it.
            shortest: digits of a trunk at the least.
            visible: from `sources`.
        """
        if self._transaction is None:
            return None
        cursor, wanted = self._trunks, digits[:-1].encode()
        beginning = wanted[:shortest]
        while len(wanted) >= shortest:
            if not (cursor.prev_nodup() if cursor.set_range(wanted + b"\0") else cursor.last()):
                return None
            trunk = cursor.key()
            if not trunk.startswith(beginning):
                return None
            if not wanted.startswith(trunk):
                wanted = common_start(trunk, wanted)
                continue
            if cursor.count() > 1:
                behind = self._several_behind(trunk, visible)
                if behind is not None:
                    return behind
            else:  # flat, since most companies have one record with their main line
                entry = cursor.value()
                if visible is None or entry[:SOURCE_BYTES] in visible:
                    named = (entry,) if entry[BEHIND_COMPANY] != NO_COMPANY else ()
                    return Behind(trunk.decode(), named, entry[BEHIND_PLACE] == ON_LINE)
            wanted = trunk[:-1]
        return None

    def _several_behind(self, trunk: bytes, visible: Sources) -> Behind | None:
        """Return who stands behind a trunk with several records; None if nobody visible does.

        A few steps a source, however many records there are: the entries are sorted by source,
        place and company, and all of one kind are passed over at once.
        """
        cursor = self._trunks
        is_seen, on_line = False, list[bytes]()
        companies, named, here = set[bytes](), dict[bytes, bytes](), 0
        found = cursor.set_key(trunk)
        while found:
            entry = cursor.value()
            passed = source = entry[:SOURCE_BYTES]
            if visible is None or source in visible:
                is_seen = True
                company = entry[BEHIND_COMPANY]
                if company != NO_COMPANY:
                    companies.add(company)
                    if source not in named:
                        named[source], here = entry, 0
                    if entry[BEHIND_PLACE] == ON_LINE and here < MAX_ON_LINE:
                        on_line.append(entry)
                        here += 1
                        found = cursor.next_dup()
                        continue
                if not on_line and len(companies) < 2:  # noqa: PLR2004 - two disagree
                    passed = entry[: BEHIND_COMPANY.stop]
            found = cursor.set_range_dup(trunk, passed.ljust(BEHIND_BYTES, b"\xff"))
        if not is_seen:
            return None
        if on_line:
            return Behind(trunk.decode(), tuple(on_line), on_line=True)
        agreed = tuple(named.values()) if len(companies) == 1 else ()
        return Behind(trunk.decode(), agreed, on_line=False)

    def standing_behind(self, trunk: str, visible: Sources, most: int) -> list[Contact]:
        """Return visible contacts that stand behind a trunk, at most `most`, by source, company."""
        if self._transaction is None:
            return []
        cursor, contacts = self._trunks, list[Contact]()
        found = cursor.set_key(trunk.encode())
        examined = 0
        while found and len(contacts) < most and examined < MAX_EXAMINED:
            examined += 1
            entry = cursor.value()
            if visible is None or entry[:SOURCE_BYTES] in visible:
                contacts.append(self.contact(entry[BEHIND_VERSION]))
            found = cursor.next_dup()
        return contacts

    def body(self, version: bytes) -> bytes:
        """Return the encoded contact of a version that a number or a document of the index names.

        Raises:
            CorruptIndex: it is not there, which no commit that the snapshot can `serve` leads to.
        """
        if self._transaction is None or not self._body.set_key(version):
            raise CorruptIndex("a document or a number leads to no contact")
        return _bodies_of((self._body.value(),))[0]

    def bodies(self, versions: Sequence[bytes]) -> list[bytes]:
        """Return what `body` gives for each of many versions; raises as that does."""
        found, bodies = self.read(versions)
        if len(found) < len(versions):
            raise CorruptIndex("a document or a number leads to no contact")
        return bodies

    def read(self, versions: Collection[bytes]) -> tuple[Sequence[bytes], list[bytes]]:
        """Return those of some versions that are there, in their order, and their encoded contacts.

        Raises:
            CorruptIndex: one is damaged.
        """
        found = self._body.getmulti(versions) if self._transaction is not None else ()
        if not found:
            return (), []
        keys, records = zip(*found, strict=True)
        return keys, _bodies_of(records)

    def twins(self, versions: Collection[bytes]) -> dict[bytes, Twins]:
        """Return those of some versions that have twins in the commit that is served, or had."""
        if self._transaction is None:
            return {}
        is_there = self._is_in_commit
        found = self._twins.getmulti(versions)  # one in seven
        return {version: read_twins(entry, is_there) for version, entry in found}

    def _is_in_commit(self, version: bytes) -> bool:
        """Tell whether a version came before the end of the commit served, and ended after it."""
        if version[-SEQ_BYTES:] > self._last:
            return False
        ended = self._ended(version)
        return ended is None or ended > self._last


def _bodies_of(records: Sequence[bytes]) -> list[bytes]:
    try:
        return unpack_bodies(records)
    except ValueError as error:
        raise CorruptIndex(str(error)) from error


def _version_of(holder: bytes) -> bytes:
    return holder if len(holder) == VERSION_BYTES else holder[VERSION]


def _visible_under(
    cursor: lmdb.Cursor[bytes], key: bytes, visible: Sources, most: int
) -> list[bytes]:
    """Return the entries under a key whose source is visible. Flat for one: every call passes."""
    if not cursor.set_key(key):
        return []
    entry = cursor.value()
    if cursor.count() == 1:
        return [entry] if visible is None or entry[:SOURCE_BYTES] in visible else []
    if visible is None:
        return list(islice(cursor.iternext_dup(), most))
    found: list[bytes] = []
    for _ in range(MAX_EXAMINED):
        source = entry[:SOURCE_BYTES]
        if source in visible:
            found.append(entry)
            if len(found) == most or not cursor.next_dup():
                break
        elif not cursor.set_range_dup(key, source + _BEHIND_KINDS):
            break  # all of a hidden source are passed over at once
        entry = cursor.value()
    return found


NO_TABLE = NumberTable(None)
"""Stands for the table of an index that was never built."""
