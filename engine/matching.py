"""Which words of a contact answer which words of a text, and how: the index's rules once more.

Law: pure. The index finds by these rules (`engine.questions`); here they are applied to one
contact, to place the records of one person, to highlight, and to explain; how far those are that
sound or are spelled alike, `engine.likeness` says. A test holds both to the same classes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from engine.contact import Contact
from engine.likeness import begins, is_whole
from engine.phone import country_code_of
from engine.scope import Searched
from engine.terms import MAX_PREFIX, name_words, other_texts, person_terms, words_of_field
from engine.tokens import fold_once, words
from engine.typed import KEYS as PHONE_KEYS
from engine.typed import Typed, is_number_part

(
    NUMBER_END, NUMBER_BEGIN, NUMBER_PART,
    FULL_NAME, NAME_WHOLE, NAME, NAME_COMPANY, NAME_OTHER, COMPANY_WHOLE, COMPANY, OTHER,
    KEYS, INITIALS, SOUNDS, SPELLED,
) = range(1, 16)  # fmt: skip
"""The classes, `engine.query.MATCH_CLASSES`."""

INITIAL_LETTERS = 2


class Words(msgspec.Struct, frozen=True, gc=False):
    """The folded words of a contact that may be searched.

    Attributes:
        names: of its names.
        company: of its company.
        others: field and word of the other searched fields.
    """

    names: list[str]
    company: tuple[str, ...]
    others: list[tuple[str, str]]


def words_of(contact: Contact, searched: Searched) -> Words:
    """Return the words of a contact; of fields that may not be searched there are none."""
    return Words(
        names=name_words(contact),
        company=words_of_field(contact.company),
        others=_other_words(contact, searched),
    )


def _other_words(contact: Contact, searched: Searched) -> list[tuple[str, str]]:
    return [
        (field, word)
        for field, text in other_texts(contact)
        if field in searched.fields
        for word in (words(text) if field == "emails" else words_of_field(text))
    ]


def class_of(typed: Typed, contact: Contact, searched: Searched) -> int:
    """Return the best class, up to initials, in which a contact answers a text; 0 for none."""
    if typed.digits:
        found = number_class(typed, contact, searched)
        if found:
            return found
    if not typed.words:
        return 0
    if "=" + typed.whole_name in person_terms(contact):
        return FULL_NAME
    names = name_words(contact)
    if all(any(is_whole(word, each) for word in names) for each in typed.words):
        return NAME_WHOLE
    if typed.turned and any(is_whole(word, typed.turned) for word in names):
        return NAME_WHOLE
    return class_of_beginnings(typed.words, contact, searched) or _class_by_letters(typed, contact)


def _class_by_letters(typed: Typed, contact: Contact) -> int:
    """Return the class of a contact that is named by a phone's keys or by two initials; 0: none."""
    if typed.keys:
        names = name_words(contact)
        if all(any(is_on_keys(each, word[:MAX_PREFIX]) for each in names) for word in typed.words):
            return KEYS
    first = typed.words[0]
    if len(typed.words) == 1 and len(first) == INITIAL_LETTERS:
        return INITIALS if "~" + first in person_terms(contact) else 0
    return 0


def is_on_keys(word: str, digits: str) -> bool:
    """Tell whether a word begins with letters of these keys of a phone."""
    return len(word) >= len(digits) and all(
        letter in PHONE_KEYS[digit] for letter, digit in zip(word, digits, strict=False)
    )


def class_of_beginnings(asked: tuple[str, ...], contact: Contact, searched: Searched) -> int:
    """Return what `class_of` returns for words that are no whole words of the contact's names.

    What decides in few fields is told from these alone.
    """
    names, company = name_words(contact), words_of_field(contact.company)
    in_name = [any(begins(word, each) for word in names) for each in asked]
    if all(in_name):
        return NAME
    in_company = [any(begins(word, each) for word in company) for each in asked]
    if any(in_name) and all(map(max, in_name, in_company)):
        return NAME_COMPANY
    if all(in_company):  # and none in the name
        all_whole = all(any(is_whole(word, each) for word in company) for each in asked)
        return COMPANY_WHOLE if all_whole else COMPANY
    elsewhere = _begun_elsewhere(asked, contact, searched)
    everywhere = all(map(max, map(max, in_name, in_company), elsewhere))
    if not everywhere:
        return 0
    return NAME_OTHER if any(in_name) else OTHER


def _begun_elsewhere(asked: tuple[str, ...], contact: Contact, searched: Searched) -> list[bool]:
    """Tell of each word whether another field than name and company has it.

    A contact may have a hundred addresses: split are those alone that have the letters somewhere.
    """
    fields = searched.fields
    others = [
        word
        for field, text in other_texts(replace(contact, emails=()))
        if field in fields
        for word in words_of_field(text)
    ]
    addresses = contact.emails if "emails" in fields else ()
    folded = fold_once("\n".join(addresses))
    found = []
    for each in asked:
        first = each[:MAX_PREFIX]
        found.append(
            any(begins(word, each) for word in others)
            or (is_number_part(each) and any(each in one for one in _digits(contact, searched)))
            or (
                first in folded
                and any(
                    begins(word, each)
                    for address in addresses
                    if first in fold_once(address)
                    for word in words(address)
                )
            )
        )
    return found


def is_together(asked: tuple[str, ...], contact: Contact) -> bool:
    """Tell whether a contact's name and company have been typed one behind the other.

    Who types "wer stei müller" means Werner Steiner of the Müller company, not Werner Müller of the
    Steiner company.
    """
    names, company = name_words(contact), words_of_field(contact.company)
    in_name = [any(begins(each, word) for each in names) for word in asked]
    in_company = [any(begins(each, word) for each in company) for word in asked]
    return any(
        all(first[:at]) and all(second[at:])
        for first, second in ((in_name, in_company), (in_company, in_name))
        for at in range(1, len(asked))
    )


def number_class(typed: Typed, contact: Contact, searched: Searched) -> int:
    """Return the best of the number classes in which a contact answers; 0 for none."""
    best = 0
    for line in contact.phones:
        if f"phones.{line.kind}" in searched.fields:
            found = _class_of_number(typed, line.number.digits)
            if found and (not best or found < best):
                best = found
    return best


def _class_of_number(typed: Typed, digits: str) -> int:
    asked = typed.digits
    if typed.begins:
        return NUMBER_BEGIN if digits.startswith(asked) else 0
    if digits.endswith(asked):
        return NUMBER_END
    if digits.startswith(asked):
        return NUMBER_BEGIN
    if typed.national and national_begins(digits, typed.national):
        return NUMBER_BEGIN
    return NUMBER_PART if asked in digits else 0


def national_begins(digits: str, asked: str) -> bool:
    """Tell whether a number begins with the asked digits behind its country code."""
    return digits[len(country_code_of(digits)) :].startswith(asked)


def _digits(contact: Contact, searched: Searched) -> Iterator[str]:
    for line in contact.phones:
        if f"phones.{line.kind}" in searched.fields:
            yield line.number.digits
