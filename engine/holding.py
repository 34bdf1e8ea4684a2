"""Who holds a number or stands behind a trunk, as the number table keeps it: enough to answer.

A call is answered with a name, and the id of the record that has it: both stand with the number, so
that a look-up touches one page. Hundreds may share a switchboard's number. Who of them answers,
whether they are one person or several and whether all name one company stands before that:

    source 2 | kind of line 1 | newest first 6 | name 4 | company 4 | mailboxes 1 | version 9
    octets of the name 1 | name, UTF-8 | key in the source, UTF-8

Of a contact without a name, or with a very long name or key, a 0 stands for the second line: it is
read. Who stands behind a trunk answers with a company:

    source 2 | on the line itself, or behind it 1 | company 4 | version 9
    octets of the company | company, UTF-8 | key in the source, UTF-8

Law: pure; the octets sort as the holders of one source do (`engine.caller`), the best first.
Digests stand for equality alone: names and companies whose folded spelling is the same. They are
compared among the holders of one line: of a thousand names two have one digest in 1 of 8,600 lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from functools import lru_cache
from zlib import crc32

from engine.bodykeys import KEY_BYTES
from engine.contact import KIND_RANK, Contact, PhoneKind
from engine.tokens import fold, name_key, words

SOURCE_BYTES, COMPANY_BYTES, VERSION_BYTES = 2, 4, KEY_BYTES

NO_COMPANY = bytes(COMPANY_BYTES)

_TIME_BYTES, _NAME_BYTES = 6, 4

RANK = slice(SOURCE_BYTES, SOURCE_BYTES + 1 + _TIME_BYTES)
"""Kind of the line and time of change: less is better, whatever the source."""

NAME = slice(RANK.stop, RANK.stop + _NAME_BYTES)
COMPANY = slice(NAME.stop, NAME.stop + COMPANY_BYTES)
MAILBOXES = COMPANY.stop
"""A bit for each e-mail address of the holder: no bit in common, no address in common."""

VERSION = slice(MAILBOXES + 1, MAILBOXES + 1 + VERSION_BYTES)
"""Where the body stands in the table (`engine.bodykeys`)."""

NAME_OCTETS = VERSION.stop
SHOWN_AT = NAME_OCTETS + 1

ON_LINE, BEHIND_LINE = b"\0", b"\1"
"""Whether a record stands on the trunk line itself (or its `0`), or has an extension behind it."""

BEHIND_PLACE = slice(SOURCE_BYTES, SOURCE_BYTES + 1)
BEHIND_COMPANY = slice(BEHIND_PLACE.stop, BEHIND_PLACE.stop + COMPANY_BYTES)
BEHIND_VERSION = slice(BEHIND_COMPANY.stop, BEHIND_COMPANY.stop + VERSION_BYTES)
BEHIND_BYTES = BEHIND_VERSION.stop
"""Of an entry behind a trunk what is not shown."""

MAX_SHOWN = 255
"""Octets of a name and a key with which they stand with a number or a trunk; LMDB's values among
several of one key end at 511."""

NOT_SHOWN = b"\0"

NO_NAME = bytes(_NAME_BYTES)
"""Of a holder that has no name to be shown."""

TAIL_CLASS_DIGITS = 8
"""Equal last digits that the tail class of caller look-up asks for."""

_KINDS = sorted(KIND_RANK, key=KIND_RANK.__getitem__)

_TIME_DIGITS, _MAX_TIME = 14, 10**14
"""YYYYMMDDHHMMSS, and the number behind the last of them."""

_MAILBOX_BITS = 8

_FEW_WORDS = 100
"""Characters of a name that surely has no more words than `engine.tokens` takes of a text."""


def age_of(contact: Contact) -> int:
    """Return a number that is less for a contact changed later, and greatest for an unknown time.

    From `changed` as the connectors write it, ISO 8601 in UTC, to the second.
    """
    digits = contact.changed.translate(_NO_SIGNS)
    if not digits.isascii() or not digits.isdecimal():
        return _MAX_TIME
    return _MAX_TIME - int(digits[:_TIME_DIGITS].ljust(_TIME_DIGITS, "0"))


_NO_SIGNS = {ord(sign): None for sign in "-:.TZ"}


def holders_of(contact: Contact, company: str, source: bytes, version: bytes) -> dict[str, bytes]:
    """Return what the table keeps under each number of a contact, by `PhoneNumber.key`.

    Args:
        contact: as it is stored.
        company: what it names as its company, "" for none.
        source: the number of its source.
        version: the key of its body.
    """
    newest = age_of(contact).to_bytes(_TIME_BYTES, "big")
    rest = newest + _name_digest(contact) + company_digest(company) + _mailboxes(contact) + version
    rest += _shown(contact.name, contact.id.key)
    best = dict[str, PhoneKind]()
    for line in contact.phones:
        key = line.number.key
        known = best.get(key)
        if known is None or KIND_RANK[line.kind] < KIND_RANK[known]:
            best[key] = line.kind
    return {key: source + KIND_RANK[kind].to_bytes(1, "big") + rest for key, kind in best.items()}


def behind_of(
    contact: Contact, company: str, source: bytes, version: bytes, *, on_line: bool
) -> bytes:
    """Return what the table keeps under a trunk of a contact; arguments as for `holders_of`."""
    place = ON_LINE if on_line else BEHIND_LINE
    return source + place + company_digest(company) + version + _shown(company, contact.id.key)


def _shown(name: str, key: str) -> bytes:
    named, keyed = name.encode(), key.encode()
    if not named or len(named) + len(keyed) > MAX_SHOWN:
        return NOT_SHOWN
    return b"%c%b%b" % (len(named), named, keyed)


def kind_of(holder: bytes) -> PhoneKind:
    """Return the kind of a holder's line, the best one if several have the number or the tail."""
    return _KINDS[holder[SOURCE_BYTES]]


@lru_cache(maxsize=16_384)
def company_digest(company: str) -> bytes:
    """Return what equals for companies written alike; `NO_COMPANY` for none."""
    folded = fold(company)
    if not folded:
        return NO_COMPANY
    return hashlib.blake2b(folded.encode(), digest_size=COMPANY_BYTES).digest()


def _name_digest(contact: Contact) -> bytes:
    """Return what equals for two spellings of a name, its words in any order."""
    name, given, surname = contact.name, contact.given_name, contact.surname
    if not name:
        return NO_NAME
    if len(name) <= _FEW_WORDS and name == f"{given} {surname}":
        key: AbstractSet[str] = {*words(given), *words(surname)}  # which many share: remembered
    else:
        key = name_key(name)
    return hashlib.blake2b(" ".join(sorted(key)).encode(), digest_size=_NAME_BYTES).digest()


def _mailboxes(contact: Contact) -> bytes:
    bits = 0
    for address in contact.emails:
        bits |= 1 << crc32(address.casefold().encode()) % _MAILBOX_BITS
    return bits.to_bytes(1, "big")


def common_start(one: bytes, other: bytes) -> bytes:
    """Return the octets in which both begin."""
    for length, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:length]
    return min(one, other)
