"""How names become words that are found again: one fold, at build time and at query time.

Law: the same function on both sides, so that "Müller", "Mueller", "muller" and "MÜLLER" are one
word. The fold is lossy by intent (`ue` and `ü` both become `u`): it finds a superset, and what is
shown always comes from the contact itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

from engine.transliteration import in_latin_letters

MAX_WORD_CHARS = 40
"""Longer runs without a gap are no names; they are cut, on both sides alike."""

MAX_WORDS = 64
"""Words taken from one text; notes and hostile input end here."""

PARTICLES = frozenset(
    {
        "von", "vom", "zu", "zum", "zur", "van", "der", "den", "dem", "de", "da", "di", "do",
        "dos", "du", "del", "della", "la", "le", "el", "al", "ter", "ten", "op",
    }
)  # fmt: skip
"""Words before a surname that people leave out or write together with it; folded."""

_SHOWN_WORD = re.compile(r"[^\s,;]+")

TITLES = frozenset(
    {
        "dr", "prof", "dipl", "ing", "med", "phil", "jur", "rer", "nat", "h", "c", "mba", "msc",
        "bsc", "ma", "herr", "frau",
    }
)  # fmt: skip
"""Words that people leave out when they type a name; folded."""

LEGAL_FORMS = frozenset(
    {
        "gmbh", "ag", "kg", "co", "kgaa", "se", "ohg", "ug", "gbr", "ev", "eg", "mbh", "ltd",
        "llc", "inc", "corp", "plc", "sa", "sarl", "srl", "spa", "bv", "nv",
    }
)  # fmt: skip
"""Words that people leave out when they type a company; folded."""

_MARKS = [
    code
    for part in (
        range(0x0300, 0x0370),
        range(0x0483, 0x1E00),
        range(0x20D0, 0x2100),
        range(0x302A, 0x309B),
        range(0xA66F, 0xABEE),
        (0xFB1E,),  # of Hebrew
        range(0xFE00, 0xFE30),
        range(0xE0100, 0xE01F0),  # which form of a Chinese character is meant
    )
    for code in part
    if unicodedata.category(chr(code))[0] == "M"
]
"""What stands on, below or behind a letter: accents, vowel points, vowel signs, voicing."""


_EAST_ASIA = "\u2e80"
"""From here on, as far as names go: Chinese characters, Kana, Hangul."""


def _ranges(codes: list[int]) -> str:
    """Return rising code points as a regular expression's class has them, without brackets."""
    begins = [code for before, code in zip((0, *codes), codes, strict=False) if code > before + 1]
    ends = [code for code, behind in zip(codes, (*codes[1:], 0), strict=True) if behind != code + 1]
    return "".join(f"{chr(begin)}-{chr(end)}" for begin, end in zip(begins, ends, strict=True))


_WORD = re.compile(r"[^\W_]+")
_WRITTEN_WORD = re.compile(rf"[^\W_]+(?:[{_ranges(_MARKS)}]+[^\W_]*)*")
_JOINED = re.compile(r"[^\W_]+(?:['’`\-\u2010\u2011][^\W_]+)+")
_PLAIN = {
    **dict.fromkeys(_MARKS),  # apart from their letters by NFKD: a word goes on behind them
    **{code: code + 0x60 for code in range(0x3041, 0x3097)},  # Hiragana as Katakana
    0x0640: None,  # draws an Arabic word out
    0x0649: 0x064A,  # of Arabic: alef maksura and Persian yeh as yeh,
    0x06CC: 0x064A,
    0x0629: 0x0647,  # teh marbuta as heh,
    0x0671: 0x0627,  # alef wasla as alef,
    0x06A9: 0x0643,  # Persian kaf as kaf
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


def fold_once(text: str) -> str:
    """Return what `fold` returns without remembering it: for what people type."""
    letters = letters_of(text)
    if not letters and "ß" in text:  # of Germany's letters the only one that becomes two
        letters = letters_of(text.replace("ß", "ss"))
    return without_digraphs(letters or _marks_off(text))


def without_digraphs(letters: str) -> str:
    """Return folded letters with the German digraphs as one letter each."""
    return letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _marks_off(text: str) -> str:
    """Return a text in small letters without their marks, whatever its script."""
    return unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_PLAIN)


def _letter(code: int) -> int:
    """Return the one plain letter that a Latin letter is, with a mark or without; else itself."""
    folded = _marks_off(chr(code)) if chr(code).isalpha() else ""
    return ord(folded) if len(folded) == 1 and folded.isascii() else code


_OF_LATIN_1 = bytes(map(_letter, range(0x100)))
_OF_LATIN = {code: _letter(code) for code in (*range(0x250), *range(0x1E00, 0x1F00))}


def letters_of(text: str) -> str:
    """Return a text folded letter by letter, so that each stands where it stood; "" if it cannot.

    So it is for letters that become two (`ß`), for marks apart, and for other scripts. German
    digraphs stay two letters. A fifth of the time that all of Unicode takes.
    """
    if text.isascii():
        return text.lower()
    octets = text.encode("latin-1", "ignore")  # an error would cost more than both ways
    if len(octets) == len(text):
        folded = octets.translate(_OF_LATIN_1)
        return folded.decode("ascii") if folded.isascii() else ""
    found = text.translate(_OF_LATIN)
    return found if found.isascii() else ""


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Return `text` in the one spelling that all its spellings share.

    Case, accents, width and the German digraphs are folded (`ß` = `ss`, `ä` = `ae` = `a`). The
    empty text stays empty. Idempotent only word by word, never shown to anybody.
    """
    return fold_once(text)


def words(text: str) -> list[str]:
    """Return the folded words of a text in its order, at most 64 of at most 40 characters each."""
    return list(_words_of(text))


@lru_cache(maxsize=16_384)
def _words_of(text: str) -> tuple[str, ...]:
    """Remember what `words` returns: one contact's texts are asked for several times over."""
    return tuple(typed_words(text))


def typed_words(text: str) -> list[str]:
    """Return what `words` returns for a text that somebody types; nothing of it is kept."""
    folded = fold_once(text)
    found = _WORD.findall(folded)
    if len(folded) <= MAX_WORD_CHARS:
        return found
    return [word[:MAX_WORD_CHARS] for word in found[:MAX_WORDS]]


def is_cut(text: str) -> bool:
    """Tell whether `words` leaves something of a text out."""
    if len(text) <= MAX_WORD_CHARS and text.isascii():
        return False
    folded = fold(text)
    is_short = len(folded) <= 2 * MAX_WORDS  # then it has no more words than these
    if is_short and max(map(len, folded.split()), default=0) <= MAX_WORD_CHARS:
        return False
    found = _WORD.findall(folded)
    return len(found) > MAX_WORDS or any(len(word) > MAX_WORD_CHARS for word in found)


def spans_of_words(text: str) -> list[tuple[int, int]]:
    """Return where the words of a text stand: begin and end in code points, as it is written."""
    return [found.span() for found in _WRITTEN_WORD.finditer(text)]


def is_written_together(surname: str, given_name: str) -> bool:
    """Tell whether a name's parts are written without a gap: in Chinese, Japanese, Korean."""
    return surname[:1] >= _EAST_ASIA and given_name[:1] >= _EAST_ASIA


def index_words(text: str) -> list[str]:
    """Return the words under which a text is indexed: `words` and compounds without their joint.

    "O'Brien" is found as `o`, `brien` and `obrien`; "Meier-Vogt" as `meier`, `vogt`, `meiervogt`;
    "von der Heide" as `vonderheide` too. Cyrillic and Greek words are found in Latin letters too.
    """
    found = words(text)
    if len(found) > 1 and not PARTICLES.isdisjoint(found):
        found += _with_particles(found)
    if not text.isascii():
        for word in tuple(found):
            if not word.isascii():
                found += map(fold, in_latin_letters(word))
    if "-" in text or "'" in text or not text.isascii():
        for compound in _JOINED.findall(fold(text)):
            found.append("".join(_WORD.findall(compound))[:MAX_WORD_CHARS])
    return found


def whole_name(found: Iterable[str]) -> str:
    """Return one text for a whole name whatever its order: folded words, sorted.

    Titles, particles and legal forms are left out, unless nothing else is there; "" for no word.
    """
    told = set(found)
    return " ".join(sorted(told - LEFT_OUT or told))


def first_letters(name: str) -> list[tuple[int, int, str]]:
    """Return begin, end and folded first letter of the first and the last word of a name as shown.

    Words are told apart by blanks and commas alone; titles, particles and legal forms do not count,
    nor does what begins with no letter. Empty where fewer than two are left.
    """
    found = []
    for word in _SHOWN_WORD.finditer(name):
        folded = fold(word[0])
        if folded[:1].isalpha() and folded.strip(".") not in LEFT_OUT:
            found.append((word.start(), word.end(), folded[:1]))
    return [found[0], found[-1]] if len(found) > 1 else []


def _with_particles(found: list[str]) -> list[str]:
    """Return every run of particles joined with the word behind it."""
    joined, run = [], ""
    for word in found:
        if word in PARTICLES:
            run += word
            continue
        if run:
            joined.append((run + word)[:MAX_WORD_CHARS])
        run = ""
    return joined


LEFT_OUT = PARTICLES | TITLES | LEGAL_FORMS
"""Words that are not part of a whole name, unless it has no others."""


def name_key(text: str) -> frozenset[str]:
    """Return what two spellings of one person's name share: their folded words in any order."""
    return frozenset(words(text))


_ALPHABET = {ord(letter): number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 2)}


@lru_cache(maxsize=16_384)
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


def sort_ranks(text: str) -> tuple[int, int]:
    """Return the least and the greatest `sort_rank` of names that may stand on either side.

    Digits, signs, and the letters of other scripts share a place: how two names stand to each other
    that differ in one of them, or behind it, their ranks do not tell. Names of plain letters alone
    have one rank: that of the text, twice.
    """
    letters = fold(text)[:12]
    told = next((at for at, letter in enumerate(letters, 1) if ord(letter) not in _ALPHABET), 12)
    rank, untold = sort_rank(text), (1 << 5 * (12 - told)) - 1
    return rank & ~untold, rank | untold


_RANK_LETTERS = 10
_RANK_SURNAME_LETTERS = 8
_RANK_BASE = 29
_RANK_HASH_BITS = 15
_RANK_OF_GIVEN = _RANK_BASE ** (_RANK_LETTERS - _RANK_SURNAME_LETTERS)
_RANK_OF_COMPANIES = _RANK_BASE**_RANK_LETTERS
"""Behind the letters of all people; companies tell less of their tenth letter, else there would be
no room for 15 bits of identity."""
_COMPANY_STEP = 4
_POWERS = tuple(_RANK_BASE ** (_RANK_LETTERS - 1 - at) for at in range(_RANK_LETTERS))


def list_rank(surname: str, given_name: str, identity: str, *, is_company: bool) -> int:
    """Return the place of a record in the one list of all, as an integer below 2**64.

    Ten folded letters of surname and given name, of the surname eight at the most (else the many
    Schneiders and Zimmermanns would stand in no order), then 15 bits of the record's identity:
    records of people who share a name have places of their own, the same in every index they stand
    in. Companies stand behind all people: who types "fischer" means somebody of that name rather
    than one of the many firms that are called after one.
    """
    letters, length = _rank_letters(surname)
    if length < _RANK_SURNAME_LETTERS:
        letters += _rank_letters(given_name)[0] // _RANK_BASE ** (length + 1)
    elif given_name:
        letters -= letters % _RANK_OF_GIVEN
        letters += _rank_letters(given_name)[0] // _RANK_BASE**_RANK_SURNAME_LETTERS
    if is_company:
        letters = _RANK_OF_COMPANIES + letters // _COMPANY_STEP
    return letters << _RANK_HASH_BITS | crc32(identity.encode()) >> 32 - _RANK_HASH_BITS


@lru_cache(maxsize=16_384)
def _rank_letters(text: str) -> tuple[int, int]:
    """Return the first letters of a text as a number, and how many they are."""
    letters = fold(text)[:_RANK_LETTERS]
    rank = 0
    for letter, power in zip(letters, _POWERS, strict=False):
        rank += _ALPHABET.get(ord(letter), 1 if letter.isascii() else _RANK_BASE - 1) * power
    return rank, len(letters)
