"""Plain words know where the index has them, and are asked for once."""

from __future__ import annotations

import pytest

from engine import plainwords
from engine.plainwords import PlainWords

MARKS = ("d", "o")

HELD = {
    ("name", "bau"): 7, ("name", "bau$"): 2, ("company", "bau"): 3, ("company", "ag$"): 5,
    ("other", "obau"): 4, ("other", "jbau"): 9,
}  # fmt: skip


class Index:
    """Tells how many documents have a term, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def frequency(self, field: str, value: str) -> int:
        self.asked.append((field, value))
        return HELD.get((field, value), 0)


def test_a_word_is_looked_for_in_the_fields_that_may_be_searched() -> None:
    words = PlainWords(Index().frequency)
    bau = words.of("bau", MARKS)
    assert (bau.whole_in_name, bau.names, bau.companies, bau.most) == (2, 7, 3, 14)
    assert "obau" in repr(bau.anywhere)
    assert "jbau" not in repr(bau.anywhere)
    assert "jbau" in repr(words.of("bau", ("j",)).anywhere)


def test_what_no_document_has_is_not_asked_for() -> None:
    nobody = PlainWords(Index().frequency).of("nobody", MARKS)
    assert (nobody.name, nobody.company, nobody.anywhere, nobody.most) == (None, None, None, 0)


def test_a_whole_name_has_whole_words_of_names_and_companies_alone() -> None:
    words = PlainWords(Index().frequency)
    assert [words.of(each, MARKS).may_be_whole for each in ("bau", "ag", "von")] == [True] * 3
    assert not words.of("baue", MARKS).may_be_whole


def test_words_are_remembered_and_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plainwords, "MAX_WORDS", 2)
    index = Index()
    words = PlainWords(index.frequency)
    first = words.of("bau", MARKS)
    asked = len(index.asked)
    assert words.of("bau", MARKS) is first
    assert words.of("bau", ()) is not first
    assert len(index.asked) > asked
    words.of("ag", MARKS)
    assert words.of("bau", MARKS) is not first
