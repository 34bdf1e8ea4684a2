"""The tantivy schema: the only knowledge of field names, and its format version.

One document a contact, nothing merged. Numbers and words are indexed as terms (exact, tails,
prefixes), since a term costs microseconds and a pattern milliseconds. n-grams are cut by tantivy's
own tokenizers: in Python they would double the cost of building. `version` names the source and the
change that the contact came with: by that and its `rank` the number table beside the index holds it
(`engine.bodykeys`).

What people type and what callers show is in `name`, `other` and the numbers; `leading` finds the
first of a beginning that very many names have (`engine.leading`), `pair` the names that have two
beginnings. For LDAP filters, which may ask for anything, stand beside them: `extra`, beginnings of
the words of all other texts; `gram`, three letters from anywhere in a word; `has`, the fields that
are not empty, and those whose text is longer than what is indexed of it; and `place`, which with
`rank` gives every contact its own place in the alphabet, the same after every commit and rebuild,
so that a client can be told "go on behind here".

Law: change a field or the folding, raise `FORMAT`; a folder of another format is rebuilt from the
store, never read.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import msgspec
import tantivy

from engine.contact import ContactId, contact_uuid_text
from engine.errors import CorruptIndex
from engine.leading import NO_LIMITS, Leading
from engine.likeness import MIN_SOUND_START
from engine.terms import GRAM_LETTERS, MAX_PREFIX, NUMBER_PARTS, PART_DIGITS

FORMAT = 28

ID = "id"
SOURCE = "source"
NUMBER = "number"
TAIL = "tail"
NAME = "name"
OTHER = "other"
COMPANY = "company"
SOUND = "sound"
PERSON = "person"
RANK = "rank"
LEADING = "leading"
PAIR = "pair"
EXTRA = "extra"
GRAM = "gram"
HAS = "has"
ORDER = "order"
PLACE = "place"
VERSION = "version"
NOTE = "note"

TAILS = (3, 4, 7)
"""So many last digits of a number are a term. Seven are shared by few numbers, and more are not
asked for; five and six are found among those that share the last four, by their parts."""

MAX_START = 2
"""Longest beginning of a word of the other texts that is one term; longer ones are in `gram`."""

UNNAMED = "#unnamed"
"""In `has` of a contact without any name of its own: it is called by its company or address."""

CUT = "#cut."
"""In `has`, before the name of a field: the index knows the beginning of its text alone."""

APPLIED_ID = "#applied"
"""The id of the one document that holds the last `seq` applied; no contact's id has this form."""

LEADING_ID = "#leading"
"""The id of the one document that holds the limits of `engine.leading`, if there are any."""

OWN_DOCUMENTS = 2
"""Documents that are no contact: the two above."""

SEQ_BITS = 36
"""Of a value of `VERSION`: changes of a store, 68 billion."""

MAX_SEQ = 2**SEQ_BITS - 1

_MOST = 2**64 - 1
_MANY_VALUES = 12
_SCATTER = 0x9E3779B97F4A7C15  # odd: every value has its own
_GATHER = pow(_SCATTER, -1, 2**64)

BASIC = "basic"


@cache
def schema() -> tantivy.Schema:
    """Return the schema; every process builds the same."""
    builder = tantivy.SchemaBuilder()
    for field, tokenizer in (
        (ID, "raw"),
        (SOURCE, "raw"),
        (NUMBER, "raw"),
        (TAIL, "raw"),
        (NAME, "prefix"),
        (COMPANY, "prefix"),
        (OTHER, "marked"),
        (SOUND, "sound"),
        (PERSON, "raw"),
        (LEADING, "raw"),
        (PAIR, "raw"),
        (EXTRA, "start"),
        (GRAM, "gram"),
        (HAS, "whitespace"),
        *((field, "part") for field in NUMBER_PARTS.values()),
    ):
        builder.add_text_field(field, tokenizer_name=tokenizer, index_option=BASIC)
    builder.add_unsigned_field(ORDER, fast=True)
    builder.add_unsigned_field(RANK, fast=True)
    builder.add_unsigned_field(PLACE, fast=True)
    builder.add_unsigned_field(VERSION, fast=True)
    builder.add_bytes_field(NOTE, stored=True)  # of the own documents: no contact has it
    return builder.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """Teach an opened index the tokenizers that the schema names; needed before writing."""
    ngram = tantivy.Tokenizer.ngram
    for name, low, high in (
        ("prefix", 1, MAX_PREFIX),
        ("marked", 2, MAX_PREFIX + 1),
        ("sound", MIN_SOUND_START, MAX_PREFIX),
        ("part", PART_DIGITS, PART_DIGITS),
        ("start", 1, MAX_START),
        ("gram", GRAM_LETTERS, GRAM_LETTERS),
    ):
        cut = ngram(low, high, prefix_only=name not in ("part", "gram"))
        analyzer = tantivy.TextAnalyzerBuilder(cut).build()
        index.register_tokenizer(name, analyzer)


def id_term(identity: ContactId) -> str:
    """Return the term that names one contact's document."""
    return uuid_term(contact_uuid_text(identity))


def uuid_term(entry_uuid: str) -> str:
    """Return the term of the contact with a UUID (36 letters, the last 18 digits of it: 70 bits).

    A dictionary of texts that have nothing in common takes an octet a letter. Two of ten million
    contacts have one term with a probability of 4 in 10**8; `place_of` has the other digits.
    """
    packed = bytes.fromhex(entry_uuid[16:18] + entry_uuid[19:23] + entry_uuid[24:])
    return b2a_base64(packed, newline=False).decode()


def place_of(entry_uuid: str) -> int:
    """Return a contact's place among those of equal `rank`: 60 bits of its UUID."""
    return int(entry_uuid[:8] + entry_uuid[9:13] + entry_uuid[15:18], 16)


def version_of(origin: int, seq: int) -> int:
    """Return a source's number (`origin_of`) and a `seq` below 2**36 as one value of `VERSION`.

    The values are scattered: tantivy would pack rising ones in blocks of 512, and reads the head of
    every block of a segment each time that a fast field is opened: 48 µs for a million contacts
    instead of 3, whether one value is asked for or a hundred.
    """
    return (origin << SEQ_BITS | seq) * _SCATTER & _MOST


def read_versions(versions: Sequence[float | None]) -> list[tuple[int, int]]:
    """Return what `version_of` was given, for many values; 0 and 0 for a document without one."""
    return [(told >> SEQ_BITS, told & MAX_SEQ) for told in gathered(versions)]


def gathered(versions: Sequence[float | None]) -> Sequence[int]:
    """Return what `read_versions` returns, each as one value: above `SEQ_BITS` the source.

    For those that read some of what they have found: a pair takes as long as all the rest of this.
    Many are multiplied as one number, in which each has 128 bits: a hundred take a quarter of the
    time that one after the other takes.
    """
    if len(versions) < _MANY_VALUES or None in versions:
        return [int(version or 0) * _GATHER & _MOST for version in versions]
    values = _values(len(versions))
    product = int.from_bytes(values.pack(*versions), "little") * _GATHER
    return values.unpack(product.to_bytes(values.size, "little"))


@lru_cache(maxsize=256)
def _values(count: int) -> struct.Struct:
    """Return the form of so many values of 64 bits, with as much room for a product above each."""
    return struct.Struct("<" + "Q8x" * count)


def read_seqs(versions: Iterable[float | None]) -> list[int]:
    """Return the `seq` alone of what `read_versions` tells."""
    return [int(version or 0) * _GATHER & MAX_SEQ for version in versions]


def tail_terms(digits: str) -> list[str]:
    """Return the terms for the ends of a number, the longest last; [] for fewer than `TAILS`."""
    return [digits[-length:] for length in TAILS if length <= len(digits)]


def applied_document(seq: int, store: str) -> tantivy.Document:
    """Return the document that says up to which `seq` of which store the index has come."""
    return tantivy.Document.from_dict(
        {ID: APPLIED_ID, VERSION: version_of(0, seq), NOTE: store.encode()}, schema()
    )


def leading_document(leading: Leading) -> tantivy.Document:
    """Return the document that holds the limits of an index; it is never replaced."""
    return tantivy.Document.from_dict({ID: LEADING_ID, NOTE: leading.encode()}, schema())


def leading_of(searcher: tantivy.Searcher) -> Leading:
    """Return the limits of the index behind a searcher.

    Raises:
        CorruptIndex: they are damaged.
    """
    found = searcher.search(term(ID, LEADING_ID), 1, count=False).hits
    note = searcher.doc(found[0][1]).get_first(NOTE) if found else None
    try:
        return _decoded(note) if isinstance(note, bytes) else NO_LIMITS
    except msgspec.MsgspecError as error:
        raise CorruptIndex(f"the limits of the index: {error}") from error


@lru_cache(maxsize=2)
def _decoded(note: bytes) -> Leading:
    """Return limits, read once for all commits of an index."""
    return Leading.decode(note)


def term(field: str, value: str) -> tantivy.Query:
    """Return the query for one exact term of a field."""
    return tantivy.Query.term_query(schema(), field, value, BASIC)
