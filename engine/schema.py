"""The tantivy schema: the only knowledge of field names, and its format version.

One document a contact, nothing merged. Numbers and words are indexed as terms (exact, tails,
prefixes), since a term costs microseconds and a pattern milliseconds. n-grams are cut by tantivy's
own tokenizers: in Python they would double the cost of building. `body` holds the contact itself,
so that the index alone can answer.

What people type and what callers show is in `name`, `other` and the numbers. For LDAP filters,
which may ask for anything, stand beside them: `extra`, beginnings of the words of all other texts;
`gram`, three letters from anywhere in a word; `has`, the fields that are not empty; and `place`,
which with `rank` gives every contact its own place in the alphabet, the same after every commit
and rebuild, so that a client can be told "go on behind here".

Law: change a field or the folding, raise `FORMAT`; a folder of another format is rebuilt from the
store, never read.
"""

from __future__ import annotations

from functools import cache, lru_cache

import tantivy

from engine.contact import (
    MAX_CUSTOM_FIELDS,
    PHONE_KINDS,
    Contact,
    ContactId,
    PhoneKind,
    contact_uuid_text,
)
from engine.phone import country_code_of
from engine.phonetics import sound
from engine.tokens import fold, index_words, list_rank, sort_rank, whole_name, words

FORMAT = 4

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
EXTRA = "extra"
GRAM = "gram"
HAS = "has"
ORDER = "order"
PLACE = "place"
BODY = "body"
SEQ = "seq"

MIN_TAIL, MAX_TAIL = 3, 10
"""Shortest and longest run of last digits that is one term."""

PART_DIGITS = 3
"""Digits of one term of a number's parts; longer parts are the meeting of several."""

MAX_PREFIX = 12
"""Longest beginning of a word that is one term; longer words are found by their first letters."""

WHOLE = "$"
"""Stands behind a whole word of names and companies, so that it is a term of its own."""

NUMBER_PARTS: dict[PhoneKind, str] = {kind: f"part_{kind}" for kind in PHONE_KINDS}
"""Fields with three digits from anywhere in a number, by its kind: a kind may be hidden."""

MARKS = {"department": "d", "job": "j", "city": "o", "emails": "e"} | {
    f"custom.{number}": chr(0xE000 + number) for number in range(1, MAX_CUSTOM_FIELDS + 1)
}
"""One letter before each word of `other` that says from which field it is: fields may be hidden."""

SHARED_MAILBOXES = frozenset(
    {
        "info", "office", "kontakt", "contact", "mail", "email", "post", "service", "vertrieb",
        "sales", "einkauf", "buero", "team", "hello", "support", "zentrale", "empfang", "admin",
        "administrator", "webmaster", "hallo", "anfrage", "bestellung",
    }
)  # fmt: skip
"""Local parts that many people answer: they join no records."""

MAX_START = 2
"""Longest beginning of a word of the other texts that is one term; longer ones are in `gram`."""

GRAM_LETTERS = 3
"""Letters of one term of `gram`; shorter pieces from inside a word are not indexed."""

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
        (NAME, "prefix"),
        (COMPANY, "prefix"),
        (OTHER, "marked"),
        (SOUND, "prefix"),
        (PERSON, "raw"),
        (EXTRA, "start"),
        (GRAM, "gram"),
        (HAS, "raw"),
        *((field, "part") for field in NUMBER_PARTS.values()),
    ):
        builder.add_text_field(field, tokenizer_name=tokenizer, index_option=BASIC)
    builder.add_unsigned_field(ORDER, fast=True)
    builder.add_unsigned_field(RANK, fast=True)
    builder.add_unsigned_field(PLACE, fast=True)
    builder.add_unsigned_field(SEQ, stored=True)
    builder.add_bytes_field(BODY, stored=True)
    return builder.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """Teach an opened index the tokenizers that the schema names; needed before writing."""
    ngram = tantivy.Tokenizer.ngram
    for name, low, high in (
        ("tail", MIN_TAIL, MAX_TAIL),
        ("prefix", 1, MAX_PREFIX),
        ("marked", 2, MAX_PREFIX + 1),
        ("part", PART_DIGITS, PART_DIGITS),
        ("start", 1, MAX_START),
        ("gram", GRAM_LETTERS, GRAM_LETTERS),
    ):
        cut = ngram(low, high, prefix_only=name not in ("part", "gram"))
        analyzer = tantivy.TextAnalyzerBuilder(cut).build()
        index.register_tokenizer(name, analyzer)


def id_term(identity: ContactId) -> str:
    """Return the term that names one contact's document; its UUID is a second one."""
    return f"{identity.source}\x1f{identity.key}"


def place_of(entry_uuid: str) -> int:
    """Return a contact's place among those of equal `rank`: 60 bits of its UUID."""
    return int(entry_uuid[:8] + entry_uuid[9:13] + entry_uuid[15:18], 16)


def order_of(contact: Contact) -> int:
    """Return a contact's place in the alphabet: by surname, else by whatever it is called."""
    return sort_rank(contact.surname or contact.name or next(iter(contact.emails), "") or "-")


def tail_term(digits: str) -> str:
    """Return the term for the last digits of a number: reversed, at most `MAX_TAIL` of them."""
    return digits[: -MAX_TAIL - 1 : -1]


def name_words(contact: Contact) -> list[str]:
    """Return the folded words of a contact's names, each once."""
    found = index_words(contact.display_name)
    found += words_of_field(contact.given_name)
    found += words_of_field(contact.surname)
    return list(dict.fromkeys(found))


@lru_cache(maxsize=65_536)
def words_of_field(text: str) -> tuple[str, ...]:
    """Return `index_words` of a text that many contacts share, remembered."""
    return tuple(index_words(text)) if text else ()


def other_texts(contact: Contact) -> list[tuple[str, str]]:
    """Return field and text of what a contact is found by beside name, company and numbers."""
    texts = [
        ("department", contact.department),
        ("job", contact.job),
        ("city", contact.address.city),
        *(("emails", address) for address in contact.emails),
    ]
    if contact.custom:
        texts += [(f"custom.{number}", text) for number, text in contact.custom.items()]
    return [each for each in texts if each[1]]


def personal_email(address: str) -> str:
    """Return an address that belongs to one person, as it is compared; "" for a shared one."""
    local, _, domain = address.casefold().partition("@")
    return f"{local}@{domain}" if local and domain and local not in SHARED_MAILBOXES else ""


def person_terms(contact: Contact) -> list[str]:
    """Return the terms that name a person as a whole: full names, initials, own addresses."""
    given, surname = contact.given_name, contact.surname
    terms = ["=" + whole_name(words(contact.name))]
    if given and surname:
        apart = "=" + whole_name([*words_of_field(given), *words_of_field(surname)])
        if apart != terms[0]:
            terms.append(apart)
        first, last = fold(given)[:1], fold(surname)[:1]
        terms.append(f"~{first}{last}")
        if first != last:
            terms.append(f"~{last}{first}")
    elif contact.company and contact.company != contact.name and contact.is_company:
        terms.append("=" + whole_name(words(contact.company)))
    for address in contact.emails:
        personal = personal_email(address)
        if personal:
            terms.append("@" + personal)
    return terms


def number_parts(contact: Contact) -> dict[str, list[str]]:
    """Return the digits of a contact's numbers by index field, marked where they begin and end."""
    parts: dict[str, list[str]] = {}
    for line in contact.phones:
        digits = line.number.digits
        national = digits[len(country_code_of(digits)) :]
        field = parts.setdefault(NUMBER_PARTS[line.kind], [])
        field.append(f"^{digits}$")
        if national != digits:
            field.append(f"^{national[:2]}")
    return parts


def extra_words(contact: Contact) -> list[str]:
    """Return the folded words of texts that nobody types into a search, but a filter may name."""
    address = contact.address
    found = [*words_of_field(address.street), *words_of_field(address.postcode)]
    found += words_of_field(address.country)
    found += words_of_field(contact.title)
    for text in (contact.url, contact.notes):
        if text:
            found += index_words(text)
    return list(dict.fromkeys(found))


def gram_words(contact: Contact, known: list[str]) -> list[str]:
    """Return the folded words of every text of a contact, each once.

    `known` are those of its name and `extra_words`, which the caller has at hand.
    """
    found = [*known, *words_of_field(contact.company)]
    for field, text in other_texts(contact):
        found += words(text) if field == "emails" else words_of_field(text)
    return list(dict.fromkeys(found))


def fields_of(contact: Contact) -> list[str]:
    """Return the names of the fields that hold something; `custom` ones as `custom.1`."""
    address = contact.address
    values = {
        "given_name": contact.given_name,
        "title": contact.title,
        "company": contact.company,
        "department": contact.department,
        "job": contact.job,
        "street": address.street,
        "postcode": address.postcode,
        "city": address.city,
        "country": address.country,
        "phones": contact.phones,
        "emails": contact.emails,
        "url": contact.url,
        "notes": contact.notes,
    }
    held = [name for name, value in values.items() if value]
    held.extend(f"custom.{key}" for key, value in contact.custom.items() if value)
    return held


def rank_of(contact: Contact) -> int:
    """Return the place of a contact in the one list of all; never equal but by rare chance."""
    identity = contact.id
    name = contact.surname or contact.name
    return list_rank(name, contact.given_name, f"{identity.source}\x1f{identity.key}")


@lru_cache(maxsize=65_536)
def _company_terms(company: str) -> tuple[str, ...]:
    """Return the words of a company, each once, their ends marked."""
    return tuple(word + WHOLE for word in dict.fromkeys(words_of_field(company)))


@lru_cache(maxsize=65_536)
def _marked_words(mark: str, text: str) -> tuple[str, ...]:
    """Return the words of a text that many contacts share, the field's mark before each."""
    return tuple(mark + word for word in index_words(text))


def _other_terms(contact: Contact) -> list[str]:
    """Return the words of the other fields, their marks before them."""
    terms: list[str] = []
    for field, text in other_texts(contact):
        mark = MARKS.get(field)
        if mark is None:
            continue
        if field == "emails":
            terms += [mark + word for word in words(text)]
        else:
            terms += _marked_words(mark, text)
    return terms


def contact_document(contact: Contact, body: bytes) -> tantivy.Document:
    """Return the document of one contact; `body` is its encoded form, kept as it is."""
    names = name_words(contact)
    sounds = dict.fromkeys(map(sound, names))
    extra = extra_words(contact)
    entry_uuid = contact_uuid_text(contact.id)
    numbers = {line.number.key: line.number.digits for line in contact.phones}
    return tantivy.Document.from_dict(
        {
            ID: [id_term(contact.id), entry_uuid],
            SOURCE: contact.id.source,
            NUMBER: list(numbers),
            TAIL: [digits[::-1] for key, digits in numbers.items() if "x" not in key],
            NAME: [word + WHOLE for word in names],
            COMPANY: list(_company_terms(contact.company)),
            OTHER: _other_terms(contact),
            SOUND: [code + WHOLE for code in sounds if len(code) > 1],
            PERSON: person_terms(contact),
            EXTRA: extra,
            GRAM: gram_words(contact, names + extra),
            HAS: fields_of(contact),
            ORDER: order_of(contact),
            RANK: rank_of(contact),
            PLACE: place_of(entry_uuid),
            **number_parts(contact),
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
