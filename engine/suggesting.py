"""What somebody may have meant where nothing matched as it was typed.

Law: made of what the asker may see and nothing else: of the words of the best visible hit, or of
the typed words that do find somebody.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.cleaning import clean
from engine.query import PeopleQuery, PersonHit
from engine.ranking import Ranking
from engine.reader import Reader
from engine.tokens import spans_of_words, typed_words
from engine.typed import COURTESIES, MAX_TYPED_CHARS, Typed, read_typed

MOST_ASKED = 12
"""Words that texts with one word less may have in all: of four words each is left out in turn, and
each two are joined, of eight the last and the first two. Eight beginnings that very many share take
15 ms to find nobody. Of a name that was copied together with its number the words alone are tried
first."""


def suggestion(reader: Reader, query: PeopleQuery, typed: Typed, hits: Sequence[PersonHit]) -> str:
    """Return a text that finds somebody, "" if there is none to offer.

    Args:
        reader: asked for shorter texts, if there are no hits.
        query: as it was asked.
        typed: what was read of it.
        hits: what was guessed, best first; may be empty.
    """
    written = _written(query.text)
    if hits:
        told = hits[0].answers
        written |= {each.word: each.text for each in told if not each.word.isdigit()}
        meant = " ".join(dict.fromkeys(written.get(word, word) for word in typed.words))
        if tuple(typed_words(meant)) == typed.words:
            return ""
        is_one = len(hits[0].records) == 1  # else no record may have all that the person has
        return meant if is_one or _finds(reader, query, meant) else ""
    if len(typed.words) < 2:  # noqa: PLR2004 - one word cannot be left out
        return ""
    tries = MOST_ASKED // (len(typed.words) - 1)
    asked = typed.words
    shorter = [asked[:at] + asked[at + 1 :] for at in reversed(range(len(asked)))]
    for at in range(len(asked) - 1):  # "mc gregor"
        one, other = asked[at : at + 2]
        written[one + other] = written.get(one, one) + written.get(other, other)
    joined = [
        (*asked[:at], asked[at] + asked[at + 1], *asked[at + 2 :]) for at in range(len(asked) - 1)
    ]
    lettered = tuple(word for word in asked if not word.isdigit())
    copied = [lettered] if lettered and len(lettered) < len(asked) - 1 else []
    for words in (*copied, *joined[:tries], *shorter[:tries]):
        if not all(map(_says_little, words)):
            meant = " ".join(written.get(word, word) for word in words)
            if _finds(reader, query, meant):
                return meant
    return ""


def _finds(reader: Reader, query: PeopleQuery, text: str) -> bool:
    """Tell whether a text finds somebody as it is typed."""
    return Ranking(reader, query, read_typed(text, keys=query.t9)).finds_any()


def as_written(query: PeopleQuery, words: Sequence[str]) -> str:
    """Return some words of a text as they were typed."""
    written = _written(query.text)
    return " ".join(written.get(word, word) for word in words)


def _says_little(word: str) -> bool:
    """Tell whether a word tells nobody apart: one or two letters of an alphabet, a title."""
    return word in COURTESIES or (len(word) <= 2 and word.isascii())  # noqa: PLR2004


def _written(text: str) -> dict[str, str]:
    """Return the words of a text, folded, as they are written."""
    text = clean(text[:MAX_TYPED_CHARS])
    found: dict[str, str] = {}
    for begin, end in spans_of_words(text):
        for word in typed_words(text[begin:end]):
            found.setdefault(word, text[begin:end])
    return found
