"""What somebody typed into the search box, read: words, or part of a number.

Law: pure; bounded whatever is typed: 256 characters, eight words, twenty digits are read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

import msgspec

from engine.cleaning import clean
from engine.fieldparts import without_label
from engine.numbertext import TEXT_MARKS
from engine.tokens import LEGAL_FORMS, TITLES, fold_once, letters_of, typed_words, whole_name

MAX_TYPED_CHARS = 256
"""A name, a company and a city end far below; the rest of a pasted text is left out."""

MAX_WORDS = 8
"""More words than a name, a company and a city have."""

MIN_DIGITS = 3
"""Fewer digits are part of every number."""

MIN_BEGINNING = 2
"""Fewer digits behind a "+" or 00 are no beginning that is looked for: "007" is part of one."""

MAX_DIGITS = 20
"""E.164 ends at 15; 00 and a stray 0 may stand before."""

KEYS = {
    "2": "abc", "3": "def", "4": "ghi", "5": "jkl",
    "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz",
}  # fmt: skip
"""The letters on a phone's keys (ITU-T E.161)."""

MIN_TURNED_LETTERS, MOST_FOLDED = 4, 3
"""Words in which two letters typed the wrong way round are looked for from here on; and up to how
many letters a fold leaves of them, of which no typo is forgiven otherwise."""

ADDRESSED = TITLES | {
    "herrn", "hr", "hrn", "fr", "fraulein", "mr", "mrs", "ms", "sir", "mme", "mlle", "monsieur",
    "madame", "pan", "pani", "senor", "senora", "signor", "signora",
}  # fmt: skip
"""Titles and forms of address, folded."""

COURTESIES = ADDRESSED | LEGAL_FORMS | {"und", "u", "and", "et", "y"}
"""Words that people write around names, where the directory may not have them; folded."""

_DIGRAPH = re.compile("[aou]e")

_BEHIND_NUMBER = " ./-),"
"""What may stand behind a number that was copied out of a sentence, or is not typed to its end."""

_BETWEEN_DIGITS = frozenset(" +-/().,_'\u2019\u00a0\u2010\u2011\u2012\u2013\u2014\u2212\t")


class Typed(msgspec.Struct, frozen=True, dict=True):
    """A text as the search understands it.

    Attributes:
        words: folded words in the order they were typed, each once.
        digits: E.164 digits or a part of them, if the text is part of a number; else "".
        begins: the digits stand at the beginning of an E.164 number (a country code was typed).
        national: digits at the beginning of a number without its country code (0 was typed); "".
        keys: the words are also letters on a phone's keys.
        turned: the one word as it is if what looks like an umlaut written out are two letters the
            wrong way round ("thoe": Theo), and the fold leaves too little of it for a typo; "".
    """

    words: tuple[str, ...]
    digits: str = ""
    begins: bool = False
    national: str = ""
    keys: bool = False
    turned: str = ""

    @cached_property
    def whole_name(self) -> str:
        """The words as the one text of a whole name."""
        return whole_name(list(self.words))

    def __bool__(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.words or self.digits)


def read_typed(text: str, *, keys: bool = False) -> Typed:
    """Read what somebody typed.

    Args:
        text: any.
        keys: words of the digits 2-9 may be letters on a phone's keys.
    """
    text = text[:MAX_TYPED_CHARS].removeprefix("mailto:")
    if not text.isprintable():  # Windows copies numbers between U+202A and U+202C
        text = clean(text)
    words = tuple(dict.fromkeys(typed_words(text)))[:MAX_WORDS]
    turned = _turned(words[0], text) if len(words) == 1 else ""
    if text[:1].isalpha():
        if text.isascii() and not text.rstrip(_BEHIND_NUMBER)[-1:].isdigit():  # as nearly all
            return Typed(words, turned=turned)
        text = without_label(text)
    keys = keys and bool(words) and all(set(word) <= KEYS.keys() for word in words)
    digits, begins, national = _number_part(text)
    return Typed(words, digits, begins, national, keys, turned)


def is_number_part(word: str) -> bool:
    """Tell whether a word among others may be part of a number."""
    return len(word) >= MIN_DIGITS and word.isascii() and word.isdigit()


def without_courtesies(typed: Typed) -> Typed | None:
    """Return a text without what people write around names and a directory may not have.

    Titles, forms of address, "and", legal forms: "Herr Dr. Maier", "Abel und Söhne".
    None where there is nothing of that, or nothing else.
    """
    if typed.digits or COURTESIES.isdisjoint(typed.words):
        return None
    words = tuple(word for word in typed.words if word not in COURTESIES)
    return Typed(words) if words else None


def _turned(word: str, text: str) -> str:
    """Return a word of a text in plain letters with its digraph turned round, "" if not wanted."""
    if len(word) > MOST_FOLDED:
        return ""
    letters = letters_of(text.strip())
    found = _DIGRAPH.search(letters)
    if found is None or len(letters) < MIN_TURNED_LETTERS or not letters.isalpha():
        return ""
    at = found.start()
    return fold_once(letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :])


def _number_part(text: str) -> tuple[str, bool, str]:
    """Return digits, whether a country code begins them, and the digits behind a typed 0."""
    plain = text.strip().lstrip(TEXT_MARKS)
    plain = unicodedata.normalize("NFKC", plain).strip().removeprefix("tel:")
    if not all(letter.isdecimal() or letter in _BETWEEN_DIGITS for letter in plain):
        return "", False, ""
    international = plain.startswith(("+", "00"))
    if international:
        plain = plain.replace("(0)", "")
    digits = "".join(str(int(letter)) for letter in plain if letter.isdecimal())[:MAX_DIGITS]
    rest = digits.removeprefix("00") if international else ""
    if len(rest) >= MIN_BEGINNING:
        return rest, True, ""
    if len(digits) < MIN_DIGITS:
        return "", False, ""
    if digits.startswith("0") and len(digits.lstrip("0")) > 1:
        return digits, False, digits[1:]
    return digits, False, ""
