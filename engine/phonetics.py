"""How German names sound: the Kölner Phonetik, so that Meier, Mayr and Maier are one code.

Law: pure, bounded by the length of the word. Words of other scripts have no code.

Source: H. J. Postel, Die Kölner Phonetik, IBM-Nachrichten 19 (1969).
"""

from __future__ import annotations

from functools import lru_cache

MAX_CODE = 8
"""Digits of a code that count: longer words differ before."""

_SIMPLE = {
    **dict.fromkeys("aeijouy", "0"),
    "b": "1",
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("sz", "8"),
}


@lru_cache(maxsize=16_384)
def sound(word: str) -> str:
    """Return the code of a folded word: at most eight digits, a leading 0 for a vowel.

    A word without Latin letters has the code "". `sound("maier")` = `sound("mayr")` = "67".
    """
    letters = "".join(letter for letter in word if "a" <= letter <= "z")
    code, last = "", ""
    for at, letter in enumerate(letters):
        before = letters[at - 1] if at else ""
        after = letters[at + 1 : at + 2]
        for digit in _code(letter, before, after):
            if digit != last and (digit != "0" or not code):
                code += digit
            last = digit
        if letter != "h" and letter in _SIMPLE and _SIMPLE[letter] == "0":
            last = "0"
    return code[:MAX_CODE]


def _code(letter: str, before: str, after: str) -> str:
    """Return the digits of one letter between its neighbours ("" for none)."""
    match letter:
        case "p":
            return "3" if after == "h" else "1"
        case "d" | "t":
            return "8" if after and after in "csz" else "2"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case "c":
            return _code_of_c(before, after)
        case "h":
            return ""
        case _:
            return _SIMPLE[letter]


def _code_of_c(before: str, after: str) -> str:
    """C sounds like K or like S: at the beginning by what follows, else by both neighbours."""
    if not before:
        return "4" if after and after in "ahkloqrux" else "8"
    if before in "sz":
        return "8"
    return "4" if after and after in "ahkoqux" else "8"
