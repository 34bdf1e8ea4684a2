"""Which words of a contact answer which words of a text, and how: the index's rules once more.

Law: pure. The index finds by these rules (`engine.questions`); here they are applied to one
contact, to rank those that sound or are spelled alike, to place the records of one person, to
highlight, and to explain. A test holds both to the same classes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rapidfuzz.distance import OSA

from engine.contact import Contact
from engine.phone import country_code_of
from engine.phonetics import sound
from engine.scope import Searched
from engine.terms import MAX_PREFIX, WHOLE, name_words, other_texts, person_terms, words_of_field
from engine.tokens import words
from engine.typed import MIN_DIGITS, Typed

(
    NUMBER_END, NUMBER_BEGIN, NUMBER_PART,
    FULL_NAME, NAME_WHOLE, NAME, NAME_COMPANY, NAME_OTHER, COMPANY_WHOLE, COMPANY, OTHER,
    KEYS, INITIALS, SOUNDS, SPELLED,
) = range(1, 16)  # fmt: skip
"""The classes, `engine.query.MATCH_CLASSES`."""

MIN_SOUND_LETTERS, MIN_SOUND_CODE, MIN_SOUND_START = 3, 2, 3
"""Shorter words sound like half the directory; shorter sounds are no beginning of others."""

MIN_TYPO_LETTERS, MIN_TWO_TYPOS_LETTERS = 4, 8
"""From how many letters on one typo, and two, are forgiven."""

ELSEWHERE, SOUND_COST, TYPO_COST = 4, 10, 20
"""What `likeness` adds for a word of another field, one that sounds alike, one with a typo."""

NEVER = 999
"""The cost of a word that a contact does not answer."""


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
        others=[
            (field, word)
            for field, text in other_texts(contact)
            if field in searched.fields
            for word in (words(text) if field == "emails" else words_of_field(text))
        ],
    )


def begins(word: str, asked: str) -> bool:
    """Tell whether a word begins with an asked one; longer ones are compared by 12 letters."""
    return word.startswith(asked[:MAX_PREFIX])


def is_whole(word: str, asked: str) -> bool:
    """Tell whether a word is the asked one, as far as the index tells words apart."""
    return (word + WHOLE)[:MAX_PREFIX] == (asked + WHOLE)[:MAX_PREFIX]


def class_of(typed: Typed, contact: Contact, searched: Searched) -> int:
    """Return the best class in which a contact answers a text without guessing; 0 for none."""
    if typed.digits:
        found = number_class(typed, contact, searched)
        if found:
            return found
    if not typed.words:
        return 0
    if "=" + typed.whole_name in person_terms(contact):
        return FULL_NAME
    has = words_of(contact, searched)
    if all(any(is_whole(word, each) for word in has.names) for each in typed.words):
        return NAME_WHOLE
    return _class_of_beginnings(typed.words, has, contact, searched)


def _class_of_beginnings(
    asked: tuple[str, ...], has: Words, contact: Contact, searched: Searched
) -> int:
    in_name = [any(begins(word, each) for word in has.names) for each in asked]
    if all(in_name):
        return NAME
    in_company = [any(begins(word, each) for word in has.company) for each in asked]
    if any(in_name) and all(map(max, in_name, in_company)):
        return NAME_COMPANY
    elsewhere = [
        any(begins(word, each) for _, word in has.others)
        or (is_number_part(each) and any(each in digits for digits in _digits(contact, searched)))
        for each in asked
    ]
    everywhere = all(map(max, map(max, in_name, in_company), elsewhere))
    if everywhere and any(in_name):
        return NAME_OTHER
    if all(in_company):
        all_whole = all(any(is_whole(word, each) for word in has.company) for each in asked)
        return COMPANY_WHOLE if all_whole else COMPANY
    return OTHER if everywhere else 0


def is_number_part(word: str) -> bool:
    """Tell whether a word among others may be part of a number."""
    return len(word) >= MIN_DIGITS and word.isascii() and word.isdigit()


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


def typos_allowed(word: str) -> int:
    """Return how many typos are forgiven in a word: none in numbers and short ones."""
    if len(word) < MIN_TYPO_LETTERS or any(letter.isdigit() for letter in word):
        return 0
    return 2 if len(word) >= MIN_TWO_TYPOS_LETTERS else 1


def sound_of(word: str) -> str:
    """Return the sound by which an asked word may be found, "" if it is too short for one."""
    if len(word) < MIN_SOUND_LETTERS:
        return ""
    code = sound(word)
    return code if len(code) >= MIN_SOUND_CODE else ""


def likeness(typed: Typed, has: Words) -> int:
    """Return how far a contact is from a text, added up over its words; lower is better.

    Whole words of the name cost nothing, beginnings 1, other fields 2 to 4; what sounds alike 10
    and 2 for each letter that differs; each typo 20, one less where the word sounds alike too (a
    beginning 1 more, the company 2 more). At least `NEVER` if some word is not answered at all.
    """
    return sum(_cost(word, has) for word in typed.words)


def _cost(asked: str, has: Words) -> int:
    code = sound_of(asked)
    allowed = typos_allowed(asked)
    best = min(
        min((cost_in_word(asked, word, code, allowed) for word in has.names), default=NEVER),
        min((cost_in_word(asked, word, "", allowed) + 2 for word in has.company), default=NEVER),
    )
    if best > ELSEWHERE and any(begins(word, asked) for _, word in has.others):
        return ELSEWHERE
    return best


def cost_in_word(asked: str, word: str, code: str, allowed: int) -> int:
    """Return how far one word is from an asked one: 0 whole, 1 begins, 10 and more a guess.

    Args:
        asked: folded.
        word: folded.
        code: the asked word's sound, "" if sounds do not count.
        allowed: typos that are forgiven.
    """
    if begins(word, asked):
        return 0 if is_whole(word, asked) else 1
    best = NEVER
    alike = code != "" and sounds_like(sound(word), code)
    if alike:
        best = SOUND_COST + 2 * min(OSA.distance(asked, word[: len(asked) + 1]), 4)
    if allowed:
        distance, part = OSA.distance(asked, word, score_cutoff=allowed), 0
        if distance > allowed and len(word) > len(asked):
            distance, part = _distance_of_beginning(asked, word, allowed), 1
        if distance <= allowed:
            best = min(best, TYPO_COST * distance + part - alike)
    return best


def _distance_of_beginning(asked: str, word: str, allowed: int) -> int:
    return min(
        OSA.distance(asked, word[:length], score_cutoff=allowed)
        for length in range(len(asked) - 1, len(asked) + 2)
    )


def sounds_like(spoken: str, code: str) -> bool:
    """Tell whether a word's sound answers an asked one: short ones only as a whole."""
    return spoken == code or (len(code) >= MIN_SOUND_START and spoken.startswith(code))
