"""How names become words that are found again: one fold, at build time and at query time.

Law: the same function on both sides, so that "Müller", "Mueller", "muller" and "MÜLLER" are one
word. The fold is lossy by intent (`ue` and `ü` both become `u`): it finds a superset, and what is
shown always comes from the contact itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_WORD_CHARS = 40
"""Longer runs without a gap are no names; they are cut, on both sides alike."""

MAX_WORDS = 64
"""Words taken from one text; notes and hostile input end here."""

_WORD = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"[^\W_]+(?:['’`\-\u2010\u2011][^\W_]+)+")
_PLAIN = {
    **dict.fromkeys(range(0x0300, 0x0370)),  # combining marks, left over by NFKD
    ord("ø"): "o",
    ord("ł"): "l",
    ord("đ"): "d",
    ord("ð"): "d",
    ord("þ"): "th",
    ord("æ"): "a",  # as "ae" below
    ord("œ"): "o",
    0x0131: "i",  # the dotless i of Turkish
    ord("ŋ"): "n",
    ord("ħ"): "h",
    ord("ŧ"): "t",
}


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return `text` in the one spelling that all its spellings share.

    Case, accents, width and the German digraphs are folded (`ß` = `ss`, `ä` = `ae` = `a`). The
    empty text stays empty. Idempotent only word by word, never shown to anybody.
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded).casefold().translate(_PLAIN)
    return folded.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def words(text: str) -> list[str]:
    """Return the folded words of a text in its order, at most 64 of at most 40 characters each."""
    found = _WORD.findall(fold(text))
    if len(found) > MAX_WORDS:
        del found[MAX_WORDS:]
    return [word[:MAX_WORD_CHARS] for word in found]


def index_words(text: str) -> list[str]:
    """Return the words under which a text is indexed: `words` and compounds without their joint.

    "O'Brien" is found as `o`, `brien` and `obrien`; "Meier-Vogt" as `meier`, `vogt`, `meiervogt`.
    """
    found = words(text)
    if "-" in text or "'" in text or not text.isascii():
        for compound in _JOINED.findall(fold(text)):
            found.append("".join(_WORD.findall(compound))[:MAX_WORD_CHARS])
    return found


def name_key(text: str) -> frozenset[str]:
    """Return what two spellings of one person's name share: their folded words in any order."""
    return frozenset(words(text))


_ALPHABET = {ord(letter): number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 2)}


@lru_cache(maxsize=65_536)
def sort_rank(text: str) -> int:
    """Return the place of a name in the alphabet as an integer below 2**60 ("" = 0, first).

    Twelve folded letters of five bits each; digits and signs sort before letters, other scripts
    behind them.
    """
    rank = 0
    letters = fold(text)[:12]
    for letter in letters:
        rank = rank << 5 | _ALPHABET.get(ord(letter), 1 if letter.isascii() else 31)
    return rank << 5 * (12 - len(letters))
