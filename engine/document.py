"""One contact → its document in the search index: all that it is found by, as one JSON text.

Law: pure. The terms are those of `engine.terms`; the fields, and how tantivy cuts them further,
stand in `engine.schema`. What many contacts share (parts of names, companies, addresses, domains)
is remembered as it goes into a document.

A first sync spends more time here than anywhere else in Python. So `contact_document` is flat, and
puts tuples together instead of going through lists: a comprehension costs a call, and each of the
pieces is a word or two (`bench/bench_sync.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, compress
from operator import attrgetter

import msgspec

from engine.contact import Address, Contact, contact_uuid_text
from engine.leading import NO_LIMITS, Leading
from engine.schema import (
    COMPANY,
    CUT,
    EXTRA,
    GRAM,
    HAS,
    ID,
    LEADING,
    NAME,
    NUMBER,
    ORDER,
    OTHER,
    PAIR,
    PERSON,
    PLACE,
    RANK,
    SOUND,
    SOURCE,
    TAIL,
    UNNAMED,
    VERSION,
    place_of,
    tail_terms,
    uuid_term,
    version_of,
)
from engine.terms import (
    CUSTOM_MARKS,
    MARKS,
    Found,
    email_words,
    gram_words,
    marked_text,
    marked_value,
    name_part,
    name_texts,
    number_terms,
    origin_of,
    pair_terms,
    person_terms,
    whole_words,
    words_of_field,
)
from engine.tokens import index_words, is_cut, list_rank, sort_rank

_encode = msgspec.json.Encoder().encode

_DEPARTMENT, _JOB, _CITY = MARKS["department"], MARKS["job"], MARKS["city"]

_NOTHING: Found = (), ()


def contact_document(contact: Contact, seq: int, leading: Leading = NO_LIMITS) -> str:
    """Return the document of one contact as JSON, for tantivy's `add_json`.

    As one text it passes into tantivy in five sixths of the time that a document made value by
    value takes, its encoding included. It holds what the contact is found by, not the contact.

    Args:
        contact: decoded.
        seq: of this version of it.
        leading: the limits of the index that the document is for, always the same.
    """
    identity, surname, address = contact.id, contact.surname, contact.address
    names: tuple[str, ...] = ()
    words = sounds = grams = names
    for text in name_texts(contact):
        if text:
            part = name_part(text)
            names += part.whole
            words += part.words
            sounds += part.sounds
            grams += part.grams
    company, found = _company(contact.company) if contact.company else _NOTHING
    grams += found
    extra, found = extra_words(contact)
    grams += found
    others: tuple[str, ...] = ()
    for mark, text in (
        (_DEPARTMENT, contact.department), (_JOB, contact.job), (_CITY, address.city),
    ):  # fmt: skip
        if text:
            terms, found = marked_text(mark, text)
            others += terms
            grams += found
    for email in contact.emails:
        terms, found = email_words(email)
        others += terms
        grams += found
    for key, text in contact.custom.items():
        custom = CUSTOM_MARKS.get(key)
        if custom and text:
            terms, found = marked_value(custom, text)
            others += terms
            grams += found
    entry_uuid = contact_uuid_text(identity)
    rank = list_rank(
        surname or contact.name,
        contact.given_name,
        f"{identity.source}\x1f{identity.key}",
        is_company=contact.is_company,
    )
    pairs = pair_terms(words)
    numbers, whole, parts = number_terms(contact)
    held = fields_of(contact) + cut_fields(contact)
    if not words:
        held.append(UNNAMED)
    return _encode(
        {
            ID: uuid_term(entry_uuid),
            SOURCE: identity.source,
            NUMBER: numbers,
            TAIL: list(chain.from_iterable(map(tail_terms, whole))),
            NAME: names,
            COMPANY: company,
            OTHER: others,
            SOUND: sounds,
            PERSON: person_terms(contact),
            EXTRA: extra,
            GRAM: list(dict.fromkeys(grams)),
            HAS: " ".join(held),
            ORDER: sort_rank(surname) if surname else order_of(contact),
            RANK: rank,
            LEADING: leading.terms(words, pairs, rank),
            PAIR: pairs,
            PLACE: place_of(entry_uuid),
            **parts,
            VERSION: version_of(origin_of(identity.source), seq),
        }
    ).decode()


@lru_cache(maxsize=16_384)
def _company(text: str) -> Found:
    return whole_words(text), gram_words(words_of_field(text))


def _each_once(found: Iterable[str]) -> Found:
    words = tuple(dict.fromkeys(found))
    return words, gram_words(words)


@lru_cache(maxsize=16_384)
def _address_words(address: Address) -> Found:
    """Return the words of an address, which many share; those of the city stand in `other`."""
    texts = (address.street, address.postcode, address.country)
    return _each_once(chain.from_iterable(map(words_of_field, texts)))


def extra_words(contact: Contact) -> Found:
    """Return the folded words of texts that nobody types into a search, but a filter may name."""
    found = _address_words(contact.address)
    if contact.title or contact.url or contact.notes:
        further = (index_words(text) for text in (contact.url, contact.notes) if text)
        return _each_once(chain(found[0], words_of_field(contact.title), *further))
    return found


_OWN_FIELDS = (
    "given_name", "title", "company", "department", "job", "phones", "emails", "url", "notes",
)  # fmt: skip
_ADDRESS_FIELDS = ("street", "postcode", "city", "country")
_FIELDS = (*_OWN_FIELDS, *_ADDRESS_FIELDS)
_field_values = attrgetter(*_OWN_FIELDS)
_address_values = attrgetter(*_ADDRESS_FIELDS)


def fields_of(contact: Contact) -> list[str]:
    """Return the names of the fields that hold something; `custom` ones as `custom.1`."""
    held = list(compress(_FIELDS, _field_values(contact) + _address_values(contact.address)))
    for key, value in contact.custom.items():
        if value:
            held.append(f"custom.{key}")
    return held


def cut_fields(contact: Contact) -> list[str]:
    """Return the fields of which the index holds no more than the beginning, marked.

    Notes run to thousands of letters, addresses of pages and custom fields to words without an end;
    what people search by is short.
    """
    found = []
    if is_cut(contact.notes):
        found.append(f"{CUT}notes")
    if is_cut(contact.url):
        found.append(f"{CUT}url")
    for key, value in contact.custom.items():
        if is_cut(value):
            found.append(f"{CUT}custom.{key}")
    return found


def order_of(contact: Contact) -> int:
    """Return a contact's place in the alphabet: by surname, else by whatever it is called."""
    return sort_rank(contact.surname or contact.name or next(iter(contact.emails), "") or "-")
