"""Which of the many contacts that share a beginning of their names come first in the alphabet.

A tenth of a directory is called Müller: to put 100,000 contacts in order and show ten costs
milliseconds. So each such beginning gets a few limits, ranks below which some three hundred
contacts are expected, and every contact is told by a term of its own for which of its beginnings it
is below. To ask for the first of a beginning is to ask for that term. Sounds, and pairs of two
beginnings, have limits just so.

Law: a limit is a guess that stands as long as the index does, and right whatever it is: if as many
are found below it as were asked for, nobody above it comes before them, else all are asked. It is
guessed from a sample; the higher levels are for an index that will have grown ten- or
hundredfold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import ceil
from typing import NamedTuple

import msgspec

from engine.contact import decode_name
from engine.likeness import MIN_SOUND_START
from engine.phonetics import sound
from engine.terms import MAX_PREFIX, WHOLE, name_words, pair_terms, rank_of

LEADERS = 300
"""Contacts that are expected below a limit: two pages, the counted hundred, and what is hidden."""

MANY = 1_000
"""Contacts from which on a beginning has limits: fewer are put in order in as little time."""

FEWEST = 3
"""Of a sample, the least that stand below a limit: one alone says nothing."""

LEAST_SHARE = 2
"""A limit below which more than one in so many of a sample stand would spare nothing."""

SAMPLE = 50_000
"""Contacts looked at, if there are so many; half a second."""

GROWTH, LARGEST = 10, 2_000_000
"""How much an index grows from level to level, and beyond which size it is not foreseen."""

SOUNDS = "~"
"""Stands before a sound."""

Limits = dict[str, tuple[int, ...]]
"""Beginning, pair, or sound behind `SOUNDS`, as they are terms of the index → the limit of each
level; 0 where there is none. Only a pair has a blank in it."""

_WordLimits = tuple[int, list[int], list[str]]
"""Of a word: the highest limit of its beginnings, -1 for none; all limits, rising; their terms."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Limits).decode


class Leading:
    """The limits of one index."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._stems = {each[:length] for each in limits for length in range(1, len(each) + 1)}
        self._of_words: dict[str, _WordLimits] = {}

    @classmethod
    def guess(cls, bodies: Iterable[bytes], contacts: int) -> Leading:
        """Guess limits.

        Args:
            bodies: a sample of the contacts, encoded, at most about `SAMPLE`.
            contacts: how many there are in all.

        Raises:
            msgspec.MsgspecError: a contact is damaged.
        """
        of_words: dict[str, list[int]] = {}
        of_pairs: dict[str, list[int]] = {}
        sampled = 0
        for body in bodies:
            sampled += 1
            contact = decode_name(body)
            rank = rank_of(contact)
            words = name_words(contact)
            for word in words:
                of_words.setdefault(word, []).append(rank)
            for pair in pair_terms(words):
                of_pairs.setdefault(pair, []).append(rank)
        levels = _levels(sampled / max(contacts, 1), contacts)
        many = _many(of_words, min(level.least for level in levels))
        limits = {
            # two words of one contact may begin alike
            beginning: _limits(list({*chain.from_iterable(found)}), levels)
            for beginning, found in many.items()
        }
        limits |= {pair: _limits(found, levels) for pair, found in of_pairs.items()}
        return cls({beginning: each for beginning, each in limits.items() if each})

    @classmethod
    def decode(cls, body: bytes) -> Leading:
        """Read what `encode` wrote; raises `msgspec.DecodeError`."""
        return cls(_decode(body))

    def encode(self) -> bytes:
        """Return the limits as MessagePack."""
        return _encode(self._limits)

    def levels(self, beginning: str) -> Sequence[int]:
        """Return the levels at which a beginning, a pair or a sound has a limit; none for most."""
        limits = self._limits.get(beginning)
        return [level for level, limit in enumerate(limits) if limit] if limits else ()

    def limit(self, level: int, beginning: str) -> int:
        """Return the rank up to which a contact is the first of one level that there is."""
        return self._limits[beginning][level]

    def terms(self, words: Iterable[str], pairs: Iterable[str], rank: int) -> list[str]:
        """Return the terms of a contact with these words, and pairs of words, in its names."""
        if not self._limits:
            return []
        found = set[str]()
        of_words = self._of_words
        for word in words:
            highest, limits, terms = of_words.get(word) or self._of_word(word)
            if rank <= highest:  # most contacts are above all of them
                found.update(terms[bisect_left(limits, rank) :])
        for pair in pairs:
            for level, limit in enumerate(self._limits.get(pair, ())):
                if rank <= limit:
                    found.add(leading_term(level, pair))
        return list(found)

    def _of_word(self, word: str) -> _WordLimits:
        """Return the limits of a word's beginnings and their terms, the lowest first."""
        if len(self._of_words) >= SAMPLE:
            self._of_words.clear()
        found = []
        for text, lengths in _cuts(word):
            for length in lengths:
                beginning = text[:length]
                if beginning not in self._stems:
                    break  # nor has any longer one limits
                for level, limit in enumerate(self._limits.get(beginning, ())):
                    if limit:
                        found.append((limit, leading_term(level, beginning)))
        found.sort()
        limits = [limit for limit, _ in found]
        made = limits[-1] if limits else -1, limits, [term for _, term in found]
        self._of_words[word] = made
        return made


NO_LIMITS = Leading({})


def leading_term(level: int, beginning: str) -> str:
    """Return the term of the contacts below the limit of a beginning or a pair."""
    return f"{level}{beginning}"


def windows(last_seq: int, contacts: int) -> Sequence[tuple[int, int]]:
    """Return (seq, rows) of the pieces of a store that make a sample: from all of its length."""
    if contacts <= SAMPLE:
        return [(0, max(last_seq, 1))]
    pieces = 500
    rows = SAMPLE // pieces
    return [(last_seq * piece // pieces, rows) for piece in range(pieces)]


class _Level(NamedTuple):
    """A level: so many of a sample make a beginning worth a limit, and so many stand below it."""

    least: int
    below: int


def _levels(share: float, contacts: int) -> list[_Level]:
    """Return the levels of an index of so many contacts, guessed from a share of them."""
    levels: list[_Level] = []
    scale = 1
    while scale == 1 or (contacts * scale <= LARGEST and LEADERS * share >= scale):
        below = max(round(LEADERS * share / scale), FEWEST)
        levels.append(_Level(max(ceil(MANY * share / scale), below * LEAST_SHARE), below))
        scale *= GROWTH
    return levels


def _many(of_words: dict[str, list[int]], least: int) -> dict[str, list[list[int]]]:
    """Return the beginnings that so many contacts may have, with the ranks of each of its words."""
    counts = Counter[str]()
    for word, ranks in of_words.items():
        for beginning in _beginnings(word):
            counts[beginning] += len(ranks)
    many: dict[str, list[list[int]]] = {
        beginning: [] for beginning, count in counts.items() if count >= least
    }
    for word, ranks in of_words.items():
        for beginning in _beginnings(word):
            if beginning in many:
                many[beginning].append(ranks)
    return many


def _limits(ranks: list[int], levels: list[_Level]) -> tuple[int, ...]:
    """Return the limit of each level that is worth one; () if none is."""
    if len(ranks) < min(level.least for level in levels):
        return ()
    ranks.sort()
    return tuple(ranks[below - 1] if len(ranks) >= least else 0 for least, below in levels)


def _cuts(word: str) -> tuple[tuple[str, range], ...]:
    """Return a word of a name and its sound, and the lengths at which the index cuts each."""
    marked, code = word + WHOLE, sound(word) + WHOLE
    starts = range(1, min(len(marked), MAX_PREFIX) + 1)
    lengths = range(MIN_SOUND_START, min(len(code), MAX_PREFIX) + 1)
    shift = len(SOUNDS)
    return (marked, starts), (SOUNDS + code, range(lengths.start + shift, lengths.stop + shift))


def _beginnings(word: str) -> list[str]:
    """Return the terms of a word of a name and of its sound, as the index's tokenizers cut them."""
    return [text[:length] for text, lengths in _cuts(word) for length in lengths]
