"""What somebody typed into the search box, read: words, or part of a number.

Law: pure; bounded whatever is typed: 256 characters, eight words, twenty digits are read.
"""

from __future__ import annotations

import unicodedata
from functools import cached_property

import msgspec

from engine.tokens import typed_words, whole_name

MAX_TYPED_CHARS = 256
"""A name, a company and a city end far below; the rest of a pasted text is left out."""

MAX_WORDS = 8
"""More words than a name, a company and a city have."""

MIN_DIGITS = 3
"""Fewer digits are part of every number."""

MAX_DIGITS = 20
"""E.164 ends at 15; 00 and a stray 0 may stand before."""

KEYS = {
    "2": "abc", "3": "def", "4": "ghi", "5": "jkl",
    "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz",
}  # fmt: skip
"""The letters on a phone's keys (ITU-T E.161)."""

_BETWEEN_DIGITS = frozenset(" +-/().,_\u00a0\u2010\u2011\u2012\u2013\u2014\u2212\t")


class Typed(msgspec.Struct, frozen=True, dict=True):
    """A text as the search understands it.

    Attributes:
        words: folded words in the order they were typed, each once.
        digits: E.164 digits or a part of them, if the text is part of a number; else "".
        begins: the digits stand at the beginning of an E.164 number (a country code was typed).
        national: digits at the beginning of a number without its country code (0 was typed); "".
        keys: the words are also letters on a phone's keys.
    """

    words: tuple[str, ...]
    digits: str = ""
    begins: bool = False
    national: str = ""
    keys: bool = False

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
    text = text[:MAX_TYPED_CHARS]
    words = tuple(dict.fromkeys(typed_words(text)))[:MAX_WORDS]
    if text[:1].isalpha() and text.isascii() and text[:4] != "tel:":  # as nearly all
        return Typed(words)
    keys = keys and bool(words) and all(set(word) <= KEYS.keys() for word in words)
    digits, begins, national = _number_part(text)
    return Typed(words, digits, begins, national, keys)


def _number_part(text: str) -> tuple[str, bool, str]:
    """Return digits, whether a country code begins them, and the digits behind a typed 0."""
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    if not all(letter.isdecimal() or letter in _BETWEEN_DIGITS for letter in plain):
        return "", False, ""
    international = plain.startswith(("+", "00"))
    if international:
        plain = plain.replace("(0)", "")
    digits = "".join(str(int(letter)) for letter in plain if letter.isdecimal())[:MAX_DIGITS]
    if len(digits) < MIN_DIGITS and not (international and digits):
        return "", False, ""
    if international:
        rest = digits.removeprefix("00")
        return rest, bool(rest), ""
    if digits.startswith("0") and len(digits.lstrip("0")) > 1:
        return digits, False, digits[1:]
    return digits, False, ""
