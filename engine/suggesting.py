"""What somebody may have meant where nothing matched as it was typed.

Law: made of what the asker may see and nothing else: of the words of the best visible hit, or of
the typed words that do find somebody.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.query import PeopleQuery, PersonHit
from engine.ranking import Ranking
from engine.reader import Reader
from engine.typed import Typed

MOST_ASKED = 12
"""Words that shorter texts may have in all: each of four words is left out in turn, of eight the
last. Eight beginnings that very many share take 15 ms to find nobody."""


def suggestion(reader: Reader, query: PeopleQuery, typed: Typed, hits: Sequence[PersonHit]) -> str:
    """Return a text that finds somebody, "" if there is none to offer.

    Args:
        reader: asked for shorter texts, if there are no hits.
        query: as it was asked.
        typed: what was read of it.
        hits: what was guessed, best first; may be empty.
    """
    if hits:
        written = {answer.word: answer.text for answer in hits[0].answers}
        return " ".join(dict.fromkeys(written.get(word, word) for word in typed.words))
    if len(typed.words) < 2:  # noqa: PLR2004 - one word cannot be left out
        return ""
    tries = MOST_ASKED // (len(typed.words) - 1)
    for left_out in list(reversed(range(len(typed.words))))[:tries]:
        words = typed.words[:left_out] + typed.words[left_out + 1 :]
        if Ranking(reader, query, Typed(words)).finds_any():
            return " ".join(words)
    return ""
