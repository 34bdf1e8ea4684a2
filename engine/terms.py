"""The terms by which a contact is found: words by field, the name as a whole, parts of numbers.

Law: pure, without the index: `engine.schema` puts these terms into a document, `engine.questions`
asks for them, `engine.matching` applies the same rules to one contact. Change them and raise
`engine.schema.FORMAT`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

from engine.contact import MAX_CUSTOM_FIELDS, PHONE_KINDS, Contact, ContactName, PhoneKind
from engine.phone import country_code_of
from engine.phonetics import sound
from engine.tokens import PARTICLES, fold, index_words, list_rank, typed_words, whole_name, words

PART_DIGITS = 3
"""Digits of one term of a number's parts; longer parts are the meeting of several."""

MAX_PREFIX = 12
"""Longest beginning of a word that is one term; longer words are found by their first letters."""

PAIR_LETTERS = 3
"""Letters of each of two words that make one term together."""

MAX_HEADS, ANY_PAIR = 8, "*"
"""With more different beginnings than these, a contact has one term for all pairs."""

WHOLE = "$"
"""Stands behind a whole word of names and companies, so that it is a term of its own."""

NUMBER_PARTS: dict[PhoneKind, str] = {kind: f"part_{kind}" for kind in PHONE_KINDS}
"""Fields with three digits from anywhere in a number, by its kind: a kind may be hidden."""

MARKS = {"department": "d", "job": "j", "city": "o", "emails": "e"} | {
    f"custom.{number}": chr(ord("A") + number - 1) for number in range(1, MAX_CUSTOM_FIELDS + 1)
}
"""One letter before each word of `other` that says from which field it is: fields may be hidden."""

_SHARED_MARKS = (MARKS["department"], MARKS["job"], MARKS["city"])
_EMAIL_MARK = MARKS["emails"]
_shared_texts = attrgetter("department", "job", "address.city")

TWO_PARTS = 2
"""Texts of a name that is nothing but given name and surname."""

LINK = "&"
"""Stands before a link that the administrator named."""

SHARED_MAILBOXES = frozenset(
    {
        "info", "office", "kontakt", "contact", "mail", "email", "post", "service", "vertrieb",
        "sales", "einkauf", "buero", "team", "hello", "support", "zentrale", "empfang", "admin",
        "administrator", "webmaster", "hallo", "anfrage", "bestellung",
    }
)  # fmt: skip
"""Local parts that many people answer: they join no records."""


def name_texts(contact: ContactName) -> list[str]:
    """Return the texts that hold the words of a contact's names.

    Most display names are given name and surname put together and have no words of their own; the
    parts are shared by many, so that their words are remembered. Particles at the joint make one.
    """
    display, given, surname = contact.display_name, contact.given_name, contact.surname
    if not display:
        return [given, surname]
    if display == f"{given} {surname}":
        first = given
    elif display in (f"{surname}, {given}", f"{surname} {given}"):
        first = surname
    else:
        return [display, given, surname]
    if PARTICLES.isdisjoint(words_of_field(first)):
        return [given, surname]
    return [display, given, surname]


class NamePart(NamedTuple):
    """What one text of a name, which many contacts share, puts into a document.

    Attributes:
        words: as `words_of_field`.
        whole: the same, each with its end marked.
        sounds: how they sound, each code once, its end marked.
        initial: the first folded letter.
        is_plain: whether `words` are just those that are written: no compound, nothing transcribed.
    """

    words: tuple[str, ...]
    whole: tuple[str, ...]
    sounds: tuple[str, ...]
    initial: str
    is_plain: bool


@lru_cache(maxsize=65_536)
def name_part(text: str) -> NamePart:
    """Return what a given name, a surname or a display name puts into a document, remembered."""
    found = words_of_field(text)
    return NamePart(
        words=found,
        whole=whole_words(text),
        sounds=tuple(code + WHOLE for code in dict.fromkeys(map(sound, found)) if len(code) > 1),
        initial=fold(text)[:1],
        is_plain=list(found) == words(text),
    )


def name_words(contact: ContactName) -> list[str]:
    """Return the folded words of a contact's names, each once."""
    return list(dict.fromkeys(chain.from_iterable(map(words_of_field, name_texts(contact)))))


def pair_terms(names: list[str]) -> list[str]:
    """Return a term for any two words of a contact's names: how both begin.

    Two beginnings that tens of thousands have are met in some hundred contacts; to find these by
    the beginnings alone takes as long as the rarer one is common. Names of very many words have
    the one term `ANY_PAIR` instead.
    """
    found = {word[:PAIR_LETTERS] for word in names}
    if len(found) < 2:  # noqa: PLR2004 - a pair
        return []
    if len(found) > MAX_HEADS:
        return [ANY_PAIR]
    heads = sorted(found)
    return [f"{one} {other}" for at, one in enumerate(heads) for other in heads[at + 1 :]]


def pair_of(typed: Sequence[str]) -> str:
    """Return the term for contacts with two of the typed beginnings in their names, "" for none.

    Two that begin alike may be answered by one word, and one or two letters begin no pair.
    """
    heads = sorted({word[:PAIR_LETTERS] for word in typed if len(word) >= PAIR_LETTERS})
    return f"{heads[0]} {heads[1]}" if len(heads) > 1 else ""


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


def link_terms(contact: Contact) -> list[str]:
    """Return the terms that records of one person share.

    They are the link that the source names, own addresses, and numbers with the surname (for a
    company with its name). Each is derived from the record alone.
    """
    terms = [LINK + contact.link.casefold()] if contact.link else []
    for address in contact.emails:
        personal = personal_email(address)
        if personal:
            terms.append(f"@{personal}")
    if contact.phones:
        names = link_names(contact)
        terms += [f"#{line.number.key} {name}" for line in contact.phones for name in names]
    return terms


def link_names(contact: Contact) -> Sequence[str]:
    """Return what may be the surname, one folded word each; for a company its whole name.

    A name that is not told apart ("Meier, Anna", "Anna Meier") may have it first or last.
    """
    if contact.surname:
        return _last_word(contact.surname)
    told = whole_name(words(contact.name))
    if contact.is_company:
        return [told] if told else []
    found = [word for word in words(contact.name) if word in told.split(" ")]
    return list(dict.fromkeys((*found[:1], *found[-1:])))


@lru_cache(maxsize=65_536)
def _last_word(surname: str) -> tuple[str, ...]:
    return tuple(words(surname)[-1:])


def person_terms(contact: Contact) -> list[str]:
    """Return the terms that name a person as a whole: full names, initials, links to others."""
    given, surname = contact.given_name, contact.surname
    if given and surname:
        terms = _full_names(contact, name_part(given), name_part(surname))
    else:
        terms = ["=" + whole_name(words(contact.name))]
        if contact.company and contact.company != contact.name and contact.is_company:
            terms.append("=" + whole_name(words(contact.company)))
    terms += link_terms(contact)
    return list(dict.fromkeys(terms))


def _full_names(contact: Contact, given: NamePart, surname: NamePart) -> list[str]:
    """Return the terms for a name whose parts are told apart: as shown, by its parts, initials."""
    apart = "=" + whole_name(given.words + surname.words)
    if given.is_plain and surname.is_plain and len(name_texts(contact)) == TWO_PARTS:
        terms = [apart]  # what is shown has the same words
    else:
        terms = ["=" + whole_name(words(contact.name)), apart]
    first, last = given.initial, surname.initial
    return [*terms, f"~{first}{last}", f"~{last}{first}"]


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


@lru_cache(maxsize=1_024)
def origin_of(source: str) -> int:
    """Return the number below 2**28 that stands for a source where records are not read yet."""
    return crc32(source.encode()) >> 4


def rank_of(contact: ContactName) -> int:
    """Return the place of a contact in the one list of all; never equal but by rare chance."""
    identity = contact.id
    name = contact.surname or contact.name
    return list_rank(name, contact.given_name, f"{identity.source}\x1f{identity.key}")


@lru_cache(maxsize=65_536)
def whole_words(text: str) -> tuple[str, ...]:
    """Return the words of a name or a company, each once, their ends marked."""
    return tuple(word + WHOLE for word in dict.fromkeys(words_of_field(text)))


def other_words(contact: Contact) -> list[tuple[str, Sequence[str]]]:
    """Return the words of each of the `other_texts` of a contact, and their field's mark."""
    found: list[tuple[str, Sequence[str]]] = [
        (mark, words_of_field(text))
        for mark, text in zip(_SHARED_MARKS, _shared_texts(contact), strict=True)
        if text
    ]
    found += [(_EMAIL_MARK, email_words(address)) for address in contact.emails]
    for number, text in contact.custom.items():
        mark = MARKS.get(f"custom.{number}")
        if mark and text:
            found.append((mark, words_of_field(text)))
    return found


def email_words(address: str) -> Sequence[str]:
    """Return the `words` of an address; those of its domain, which many share, are remembered."""
    local, _, domain = address.partition("@")
    return typed_words(local) + words(domain)
