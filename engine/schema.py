"""The tantivy schema: the only knowledge of field names, and its format version.

One document a contact, nothing merged. Numbers and words are indexed as terms (exact, tails,
prefixes), since a term costs microseconds and a pattern milliseconds. n-grams are cut by tantivy's
own tokenizers: in Python they would double the cost of building. `body` holds the contact itself,
so that the index alone can answer.

Law: change a field or the folding, raise `FORMAT`; a folder of another format is rebuilt from the
store, never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tantivy

from engine.contact import Contact, ContactId
from engine.phone import country_code_of
from engine.servicenumbers import may_be_trunk
from engine.tokens import fold, index_words, sort_rank

FORMAT = 1

ID = "id"
SOURCE = "source"
NUMBER = "number"
TAIL = "tail"
TRUNK = "trunk"
TRUNK_COMPANY = "trunk_company"
NAME = "name"
OTHER = "other"
WORD = "word"
ORDER = "order"
BODY = "body"
SEQ = "seq"

MIN_TAIL, MAX_TAIL = 3, 10
"""Shortest and longest run of last digits that is one term."""

MAX_PREFIX = 8
"""Longest word prefix that is one term; longer ones are found in the dictionary of whole words."""

TAIL_CLASS_DIGITS = 8
"""Equal last digits that the tail class of caller look-up asks for."""

APPLIED_ID = "#applied"
"""The id of the one document that holds the last `seq` applied; no contact's id has this form."""

BASIC = "basic"


@cache
def schema() -> tantivy.Schema:
    """Return the schema; every process builds the same."""
    builder = tantivy.SchemaBuilder()
    for field, tokenizer in (
        (ID, "raw"),
        (SOURCE, "raw"),
        (NUMBER, "raw"),
        (TAIL, "tail"),
        (TRUNK, "raw"),
        (TRUNK_COMPANY, "raw"),
        (NAME, "prefix"),
        (OTHER, "prefix"),
        (WORD, "raw"),
    ):
        builder.add_text_field(field, tokenizer_name=tokenizer, index_option=BASIC)
    builder.add_unsigned_field(ORDER, fast=True)
    builder.add_unsigned_field(SEQ, stored=True)
    builder.add_bytes_field(BODY, stored=True)
    return builder.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """Teach an opened index the tokenizers that the schema names; needed before writing."""
    ngram = tantivy.Tokenizer.ngram
    for name, low, high in (("tail", MIN_TAIL, MAX_TAIL), ("prefix", 1, MAX_PREFIX)):
        analyzer = tantivy.TextAnalyzerBuilder(ngram(low, high, prefix_only=True)).build()
        index.register_tokenizer(name, analyzer)


def id_term(identity: ContactId) -> str:
    """Return the term that names one contact's document."""
    return f"{identity.source}\x1f{identity.key}"


def tail_term(digits: str) -> str:
    """Return the term for the last digits of a number: reversed, at most `MAX_TAIL` of them."""
    return digits[: -MAX_TAIL - 1 : -1]


def searchable_texts(contact: Contact) -> tuple[list[str], list[str]]:
    """Return the texts a contact is found by: its names, and all others; empty ones left out."""
    names = [contact.display_name, contact.given_name, contact.surname]
    others = [
        contact.company,
        contact.department,
        contact.job,
        contact.address.city,
        *contact.emails,
        *contact.custom.values(),
    ]
    return [text for text in names if text], [text for text in others if text]


def trunks_of(contact: Contact) -> Iterator[str]:
    """Give the trunks a contact stands behind: before its hyphen, and a company's own main lines.

    A person's number without a hint is no trunk: what is dialled behind it reaches nobody's
    company for certain.
    """
    company = contact.is_company
    for line in contact.phones:
        if line.trunk:
            yield line.trunk
        if (company or line.kind == "company") and not line.number.extension:
            digits = line.number.digits
            if may_be_trunk(digits, country_code_of(digits)):
                yield digits


def company_of(contact: Contact) -> str:
    """Return the company a record names; "" for a person without one."""
    return contact.company or (contact.display_name if contact.is_company else "")


def trunk_company_term(trunk: str, company: str) -> str:
    """Return the term for "stands behind this trunk and names this company" ("" = none)."""
    return f"{trunk}\x1f{fold(company)}"


def contact_document(contact: Contact, body: bytes) -> tantivy.Document:
    """Return the document of one contact; `body` is its encoded form, kept as it is."""
    names, others = searchable_texts(contact)
    name_words = list(dict.fromkeys(word for text in names for word in index_words(text)))
    other_words = list(dict.fromkeys(word for text in others for word in index_words(text)))
    trunks = list(dict.fromkeys(trunks_of(contact)))
    company = company_of(contact) if trunks else ""
    numbers = {line.number.key: line.number.digits for line in contact.phones}
    return tantivy.Document.from_dict(
        {
            ID: id_term(contact.id),
            SOURCE: contact.id.source,
            NUMBER: list(numbers),
            TAIL: [digits[::-1] for key, digits in numbers.items() if "x" not in key],
            TRUNK: trunks,
            TRUNK_COMPANY: [trunk_company_term(trunk, company) for trunk in trunks],
            NAME: name_words,
            OTHER: other_words,
            WORD: list(dict.fromkeys((*name_words, *other_words))),
            ORDER: sort_rank(contact.surname or contact.name),
            BODY: body,
        },
        schema(),
    )


def applied_document(seq: int, store: str) -> tantivy.Document:
    """Return the document that says up to which `seq` of which store the index has come."""
    return tantivy.Document.from_dict({ID: APPLIED_ID, SEQ: seq, BODY: store.encode()}, schema())


def term(field: str, value: str) -> tantivy.Query:
    """Return the query for one exact term of a field."""
    return tantivy.Query.term_query(schema(), field, value, BASIC)
