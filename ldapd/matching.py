"""Whether a text value matches an assertion: case-ignore matching, widened by the German folds.

Law: pure functions. Each maker prepares the assertion once and returns a test for values. A value
matches if it does so by RFC 4517 (`caseIgnoreMatch` 4.2.11, `caseIgnoreSubstringsMatch` 4.2.13) or
in folded spelling (`engine.tokens.fold`: "Mueller" = "Müller" = "muller"); so a test is true for
everything a strict server finds, and the same test stands inside NOT.

Sources: RFC 4518 2 (string preparation: NFKC, case fold, spaces squeezed).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from engine.tokens import fold, index_words, words

ValueTest = Callable[[str], bool]
"""Whether one value of an attribute matches."""

_SIGNS_FIRST = dict.fromkeys(map(ord, "{|}~"), "!")

MAX_FOLDED_CHARS = 256
"""Longer texts are compared without folding: names end far below, and the fold remembers texts."""


def prepare(text: str) -> str:
    """Return a text as it is compared: NFKC, case folded, runs of spaces one, none at the ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.casefold().split())


def equality_test(asserted: str) -> ValueTest:
    """Return the test for `(attribute=asserted)`; a blank assertion matches nothing."""
    plain = prepare(asserted)
    folded = _fold(plain)

    def test(value: str) -> bool:
        prepared, refolded = _spellings(value)
        return prepared == plain or (folded != "" and refolded == folded)

    return test if plain else _never


def substrings_test(initial: str, middle: Sequence[str], final: str) -> ValueTest:
    """Return the test for `(attribute=initial*middle*…*final)`.

    Args:
        initial: what the value begins with; "" = anything.
        middle: what stands in between, in this order.
        final: what it ends with; "" = anything.

    Returns:
        The test; one that matches nothing if the pieces hold no letter, digit or sign at all: an
        assertion whose characters are all prepared away must not become match-all.
    """
    if not (final or any(middle)):  # what a phone asks, at each letter
        return _beginning_test(_piece(initial).lstrip())
    plain = Pattern(_piece(initial).lstrip(), tuple(map(_piece, middle)), _piece(final).rstrip())
    if plain.is_blank():
        return _never
    folded = Pattern(_fold(plain.initial), tuple(map(_fold, plain.middle)), _fold(plain.final))
    foldable = not folded.is_blank()

    def test(value: str) -> bool:
        prepared, refolded = _spellings(value)
        return plain.matches(prepared) or (foldable and folded.matches(refolded))

    return test


def _beginning_test(start: str) -> ValueTest:
    """Return the test for `(attribute=start*)`, `start` prepared."""
    if not start.strip():
        return _never
    folded = _fold(start)
    if not folded.strip():
        return lambda value: _spellings(value)[0].startswith(start)
    first, reach = start[0], len(start) + 1
    is_letter, is_word = first.isascii() and first.isalpha(), " " not in start

    def test(value: str) -> bool:
        # nearly every value is told by its first letters, in a fifth of the time; where the one
        # behind them is ASCII too, no mark can change any of them
        letters = value[:reach]
        if is_letter and letters.isascii():
            letters = letters.lower()
            if is_word and letters.startswith(start):
                return True
            if letters[:1] != first and letters[:1].isalpha():
                return False
        short = len(value) <= MAX_FOLDED_CHARS  # one call less, some forty times a list
        prepared, refolded = _known_spellings(value) if short else _spellings(value)
        return prepared.startswith(start) or refolded.startswith(folded)

    return test


def ordering_test(asserted: str, *, least: bool) -> ValueTest:
    """Return the test for `>=` (`least`) or `<=`: by the alphabet, as `order_key` puts it."""
    wanted = order_key(asserted)
    if least:
        return lambda value: order_key(value) >= wanted
    return lambda value: order_key(value) <= wanted


def order_key(text: str) -> str:
    """Return what a text is sorted by: folded letters, "Ü" with "U"; equal ones by code point.

    RFC 4517 4.2.12 sorts by code point alone, which puts "Übel" behind "Zorn". Cut where nobody
    looks any more, and in step with `engine.tokens.sort_ranks`: signs stand before letters.
    """
    prepared = prepare(text[:MAX_FOLDED_CHARS])
    folded = fold(prepared).translate(_SIGNS_FIRST)
    return folded if folded == prepared else f"{folded}\0{prepared}"


def exact_test(asserted: str) -> ValueTest:
    """Return the test for `caseExactMatch` (RFC 4517 4.2.4): spaces squeezed, case kept."""
    wanted = " ".join(unicodedata.normalize("NFKC", asserted).split())
    return lambda value: " ".join(unicodedata.normalize("NFKC", value).split()) == wanted


def words_test(asserted: str) -> Callable[[Sequence[str]], bool]:
    """Return the test for "each word begins a word of these texts": approximate matching and ANR.

    Returns:
        A test over all texts together; one that is false if the assertion has no word.
    """
    asked = tuple(words(asserted[:MAX_FOLDED_CHARS]))

    def test(texts: Sequence[str]) -> bool:
        found = [word for text in texts for word in index_words(text[:MAX_FOLDED_CHARS])]
        return all(any(word.startswith(each) for word in found) for each in asked)

    return test if asked else _never_any


class Pattern(msgspec.Struct, frozen=True):
    """The pieces of a substring assertion, all prepared alike; "" = anything."""

    initial: str
    middle: tuple[str, ...]
    final: str

    def is_blank(self) -> bool:
        """Tell whether the pieces hold nothing, or spaces alone."""
        return not "".join((self.initial, *self.middle, self.final)).strip()

    def matches(self, prepared: str) -> bool:
        """Match the pieces in order and without overlap (RFC 4517 4.2.13)."""
        if not prepared.startswith(self.initial):
            return False
        pos = len(self.initial)
        for piece in self.middle:
            found = prepared.find(piece, pos)
            if found < 0:
                return False
            pos = found + len(piece)
        return prepared.endswith(self.final) and len(prepared) - len(self.final) >= pos


def _spellings(value: str) -> tuple[str, str]:
    """Return a value prepared, and folded as well."""
    if len(value) > MAX_FOLDED_CHARS:
        prepared = prepare(value)
        return prepared, _fold(prepared)
    return _known_spellings(value)


@lru_cache(maxsize=16_384)
def _known_spellings(value: str) -> tuple[str, str]:
    """Remember them for short values: the entries of a list are compared again a letter later."""
    prepared = prepare(value)
    return prepared, _fold(prepared)


def _piece(text: str) -> str:
    """Prepare one piece: as `prepare`, but one space at either end stays (RFC 4518 2.6.1)."""
    prepared = prepare(text)
    if not prepared:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{prepared}{' ' * text[-1].isspace()}"


def _fold(prepared: str) -> str:
    return fold(prepared) if len(prepared) <= MAX_FOLDED_CHARS else prepared


def _never(_value: str) -> bool:
    return False


def _never_any(_texts: Sequence[str]) -> bool:
    return False
