"""Cyrillic and Greek names in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transliteration import in_latin_letters


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("щукина", ("schtschukina", "shchukina")),
        ("иван", ("iwan", "ivan")),
        ("анна", ("anna",)),
        ("παπαδοπουλοσ", ("papadopoulos",)),
        ("muller", ()),
        ("付", ()),
        ("", ()),
    ],
)
def test_a_word_has_its_german_and_its_english_reading(
    word: str, readings: tuple[str, ...]
) -> None:
    assert in_latin_letters(word) == readings


@given(st.text(max_size=40))
def test_readings_are_plain_letters(word: str) -> None:
    assert all(reading.isascii() and reading != word for reading in in_latin_letters(word))
