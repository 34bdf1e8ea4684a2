"""The terms by which a contact is found: words by field, the name as a whole, parts of numbers.

Law: pure, without the index: `engine.schema` puts these terms into a document, `engine.questions`
asks for them, `engine.matching` applies the same rules to one contact. Change them and raise
`engine.schema.FORMAT`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple
from zlib import crc32

from engine.contact import MAX_CUSTOM_FIELDS, PHONE_KINDS, Contact, ContactName, PhoneKind
from engine.phone import country_code_of
from engine.phonetics import sound
from engine.tokens import (
    LEFT_OUT,
    MAX_WORD_CHARS,
    PARTICLES,
    first_letters,
    fold,
    fold_once,
    index_words,
    is_written_together,
    list_rank,
    typed_words,
    whole_name,
    words,
)

PART_DIGITS = 3
"""Digits of one term of a number's parts; longer parts are the meeting of several."""

MAX_PREFIX = 12
"""Longest beginning of a word that is one term; longer words are found by their first letters."""

PAIR_LETTERS = 3
"""Letters of each of two words that make one term together."""

GRAM_LETTERS = 3
"""Letters of one term from anywhere in a word; shorter words and pieces have none."""

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

CUSTOM_MARKS = {
    field.removeprefix("custom."): mark for field, mark in MARKS.items() if field[-1].isdigit()
}
"""The same by the keys of `Contact.custom`."""

_EMAIL_MARK = MARKS["emails"]

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
    In East Asia the surname comes first and there is no gap: 山田太郎.
    """
    display, given, surname = contact.display_name, contact.given_name, contact.surname
    if is_written_together(surname, given):
        return [display, given, surname, surname + given]
    if not display:
        return [given, surname]
    if display == f"{given} {surname}":
        first = given
    elif display in (f"{surname}, {given}", f"{surname} {given}"):
        first = surname
    else:
        return [display, given, surname]
    if not first or name_part(first).is_whole:
        return [given, surname]
    return [display, given, surname]


class NamePart(NamedTuple):
    """What one text of a name, which many contacts share, puts into a document.

    Attributes:
        words: as `words_of_field`.
        whole: the same, each with its end marked.
        sounds: how they sound, each code once, its end marked.
        grams: those of the words that have terms from anywhere in them.
        initial: the first folded letter.
        is_plain: whether `words` are just those that are written: no compound, nothing transcribed.
        told: the one word of most names; "" for one of several, or one that `whole_name` leaves
            out.
        is_whole: whether no particle in it may belong to a word that follows.
    """

    words: tuple[str, ...]
    whole: tuple[str, ...]
    sounds: tuple[str, ...]
    grams: tuple[str, ...]
    initial: str
    is_plain: bool
    told: str
    is_whole: bool


@lru_cache(maxsize=16_384)
def name_part(text: str) -> NamePart:
    """Return what a given name, a surname or a display name puts into a document, remembered."""
    found = words_of_field(text)
    is_plain = list(found) == words(text)
    return NamePart(
        words=found,
        whole=whole_words(text),
        sounds=tuple(code + WHOLE for code in dict.fromkeys(map(sound, found)) if len(code) > 1),
        grams=gram_words(found),
        initial=fold(text)[:1],
        is_plain=is_plain,
        told=found[0] if is_plain and len(found) == 1 and found[0] not in LEFT_OUT else "",
        is_whole=PARTICLES.isdisjoint(found),
    )


def gram_words(found: Iterable[str]) -> tuple[str, ...]:
    """Return those of folded words that have terms from anywhere in them, each once."""
    return tuple([word for word in dict.fromkeys(found) if len(word) >= GRAM_LETTERS])


def name_words(contact: ContactName) -> list[str]:
    """Return the folded words of a contact's names, each once."""
    return list(dict.fromkeys(chain.from_iterable(map(words_of_field, name_texts(contact)))))


def pair_terms(names: Sequence[str]) -> list[str]:
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
    if len(heads) == 2:  # noqa: PLR2004 - as most names
        return [f"{heads[0]} {heads[1]}"]
    return [f"{one} {other}" for at, one in enumerate(heads) for other in heads[at + 1 :]]


def pair_of(typed: Sequence[str]) -> str:
    """Return the term for contacts with two of the typed beginnings in their names, "" for none.

    Two that begin alike may be answered by one word, and one or two letters begin no pair.
    """
    heads = sorted({word[:PAIR_LETTERS] for word in typed if len(word) >= PAIR_LETTERS})
    return f"{heads[0]} {heads[1]}" if len(heads) > 1 else ""


@lru_cache(maxsize=16_384)
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
    folded = address.casefold()
    local, _, domain = folded.partition("@")
    return folded if local and domain and local not in SHARED_MAILBOXES else ""


def named_link(contact: Contact) -> str:
    """Return the link that the source of a record names, "" for none."""
    return LINK + contact.link.casefold() if contact.link else ""


def own_links(contact: Contact) -> list[str]:
    """Return the links of a record but those by its numbers: what its source names, addresses."""
    terms = [named_link(contact)] if contact.link else []
    for address in contact.emails:
        personal = personal_email(address)
        if personal:
            terms.append(f"@{personal}")
    return terms


def link_terms(contact: Contact) -> list[str]:
    """Return what records of one person share.

    They are the link that the source names, own addresses, and numbers with the surname (for a
    company with its name). Each is derived from the record alone.
    """
    terms = own_links(contact)
    if contact.phones:
        names = link_names(contact)
        for line in contact.phones:
            number = line.number
            key = number.key if number.extension else number.digits
            for name in names:
                terms.append(f"#{key} {name}")
    return terms


def link_term(link: str) -> str:
    """Return the term in the index of a link that a source names: `@` and six letters.

    Three octets a contact less than the text itself. Two links may have one term (of three million,
    one in 1,400 shares its own): whoever asks compares the links of what is found.
    """
    code = crc32(link.encode()).to_bytes(4, "big")
    return f"@{b2a_base64(code, newline=False)[:6].decode()}"


def link_names(contact: Contact) -> Sequence[str]:
    """Return what may be the surname, one folded word each; for a company its whole name.

    A name that is not told apart ("Meier, Anna", "Anna Meier", "Meier-Vogt, Anna") may have it
    first, last or before its comma.
    """
    if contact.surname:
        return _last_word(contact.surname)
    told = whole_name(words(contact.name))
    if contact.is_company:
        return [told] if told else []
    found = [word for word in words(contact.name) if word in told.split(" ")]
    before, comma, _ = contact.name.partition(",")
    ends = words(before) if comma else []
    ends = [each for each in ends if each in found] or ends  # "Herr, Anna", "Ma, Wei"
    return list(dict.fromkeys((*found[:1], *found[-1:], *ends[-1:])))


@lru_cache(maxsize=16_384)
def _last_word(surname: str) -> tuple[str, ...]:
    return tuple(words(surname)[-1:])


def person_terms(contact: Contact) -> list[str]:
    """Return the terms that name a person as a whole: full names, initials, what a source names.

    Links by numbers and addresses have none: who shares them is noted in the number table.
    """
    given, surname = contact.given_name, contact.surname
    if given and surname:
        terms = _full_names(contact, name_part(given), name_part(surname))
    else:
        terms = ["=" + whole_name(words(contact.name))]
        if not contact.is_company and (ends := first_letters(contact.display_name)):
            (_, _, first), (_, _, last) = ends
            terms += f"~{first}{last}", f"~{last}{first}"
        if contact.company and contact.company != contact.name and contact.is_company:
            terms.append("=" + whole_name(words(contact.company)))
    if contact.link:
        terms.append(link_term(named_link(contact)))
    return list(dict.fromkeys(terms))


def _full_names(contact: Contact, given: NamePart, surname: NamePart) -> list[str]:
    """Return the terms for a name whose parts are told apart: as shown, by its parts, initials."""
    first, last = given.told, surname.told
    shown = contact.display_name
    as_shown = not shown or shown == f"{contact.given_name} {contact.surname}"
    initials = f"~{given.initial}{surname.initial}", f"~{surname.initial}{given.initial}"
    if as_shown and first and last and first != last:  # as most
        return [f"={first} {last}" if first < last else f"={last} {first}", *initials]
    apart = "=" + whole_name(given.words + surname.words)
    if given.is_plain and surname.is_plain and len(name_texts(contact)) == TWO_PARTS:
        return [apart, *initials]  # what is shown has the same words
    return ["=" + whole_name(words(contact.name)), apart, *initials]


class NumberTerms(NamedTuple):
    """What the numbers of a contact put into a document.

    Attributes:
        numbers: their keys, each once.
        whole: digits of those without an extension apart.
        parts: digits by index field, marked where they begin and end.
    """

    numbers: list[str]
    whole: list[str]
    parts: dict[str, list[str]]


def number_terms(contact: Contact) -> NumberTerms:
    """Return the terms of a contact's numbers, of each line's kind and of all together."""
    keys: dict[str, None] = {}
    whole: dict[str, None] = {}
    parts: dict[str, list[str]] = {}
    for line in contact.phones:
        number = line.number
        digits = number.digits
        if number.extension:
            keys[number.key] = None
        else:
            keys[digits] = whole[digits] = None
        code = len(country_code_of(digits))
        field = NUMBER_PARTS[line.kind]
        if field not in parts:
            parts[field] = []
        parts[field].append(f"^{digits}$")
        if code:
            parts[field].append(f"^{digits[code : code + 2]}")
    return NumberTerms(list(keys), list(whole), parts)


@lru_cache(maxsize=1_024)
def origin_of(source: str) -> int:
    """Return the number below 2**28 that stands for a source where records are not read yet."""
    return crc32(source.encode()) >> 4


def rank_of(contact: ContactName) -> int:
    """Return the place of a contact in the one list of all; never equal but by rare chance."""
    identity = contact.id
    name = contact.surname or contact.name
    told = f"{identity.source}\x1f{identity.key}"
    return list_rank(name, contact.given_name, told, is_company=contact.is_company)


def whole_words(text: str) -> tuple[str, ...]:
    """Return the words of a name or a company, each once, their ends marked."""
    return tuple(word + WHOLE for word in dict.fromkeys(words_of_field(text)))


Found = tuple[tuple[str, ...], tuple[str, ...]]
"""Words as they go into their field, and those of them that have terms from anywhere in them."""


def _marked(mark: str, found: Sequence[str]) -> Found:
    return tuple([mark + word for word in found]), gram_words(found)


@lru_cache(maxsize=16_384)
def marked_text(mark: str, text: str) -> Found:
    """Return the words of a text of `other`, which many contacts share, behind its field's mark."""
    return _marked(mark, words_of_field(text))


def marked_value(mark: str, text: str) -> Found:
    """Return the same of a custom field, which mostly holds one word that no other contact has."""
    if text.isascii() and text.isalnum():
        word = fold_once(text)[:MAX_WORD_CHARS]
        return (mark + word,), (word,) if len(word) >= GRAM_LETTERS else ()
    return marked_text(mark, text)


@lru_cache(maxsize=16_384)
def _domain_words(domain: str) -> Found:
    return _marked(_EMAIL_MARK, words(domain))


def email_words(address: str) -> Found:
    """Return the same of an address; the words of its domain, which many share, are remembered."""
    local, _, domain = address.partition("@")
    terms, grams = _domain_words(domain)
    for word in typed_words(local):
        terms += (_EMAIL_MARK + word,)
        if len(word) >= GRAM_LETTERS:
            grams += (word,)
    return terms, grams
