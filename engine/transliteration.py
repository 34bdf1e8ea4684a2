"""Cyrillic and Greek names in Latin letters, as people type them who cannot type the script.

Law: pure. Two readings for Cyrillic, since both are in use: the German one of newspapers (Щукина =
Schtschukina) and the English one of passports (Shchukina). They are additions: the name itself is
found in its own script too.

Sources: Duden, Transkriptionstabelle Russisch; ICAO Doc 9303-3, section 6; ISO 843 type 2 (Greek).
"""

from __future__ import annotations

from functools import lru_cache

_GERMAN = """
а=a б=b в=w г=g д=d е=e ж=sch з=s и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=ch
ц=z ч=tsch ш=sch щ=schtsch ъ= ы=y ь= э=e ю=ju я=ja ё=jo і=i ї=ji є=je ґ=g ў=u ј=j љ=lj њ=nj
ћ=c ђ=dj џ=dsch
"""
_ENGLISH = """
а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh
ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya ё=yo і=i ї=yi є=ye ґ=g ў=u ј=j љ=lj њ=nj ћ=c
ђ=dj џ=dz
"""
_GREEK = """
α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f
χ=ch ψ=ps ω=o
"""


def _table(cyrillic: str) -> dict[int, str]:
    """Return what `str.translate` takes for one reading of Cyrillic, and Greek."""
    pairs = (pair.partition("=") for pair in f"{cyrillic} {_GREEK}".split())
    return {ord(letter): latin for letter, _, latin in pairs}


_TABLES = (_table(_GERMAN), _table(_ENGLISH))


@lru_cache(maxsize=16_384)
def in_latin_letters(word: str) -> tuple[str, ...]:
    """Return the Latin readings of a word in lower case without accents; () if it has none.

    Only words with a Cyrillic or Greek letter have any: two that differ, or one.
    """
    word = word.replace("ου", "ou")  # one sound, two letters
    readings = tuple(dict.fromkeys(word.translate(table) for table in _TABLES))
    return tuple(reading for reading in readings if reading != word and reading.isascii())
