"""How German names sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phonetics import MAX_CODE, sound
from engine.tokens import fold


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("wikipedia", "3412"),
        ("breschnew", "17863"),
        ("mullerludenscheidt", "65752682"),
        ("maier", "67"),
        ("philipp", "351"),
        ("xaver", "4837"),
        ("anna", "06"),
        ("", ""),
        ("付", ""),
        ("42", ""),
    ],
)
def test_published_and_plain_words_have_their_codes(word: str, code: str) -> None:
    assert sound(word) == code


@pytest.mark.parametrize(
    "alike",
    [
        ("Meier", "Maier", "Mayr", "Meyer", "Mayer"),
        ("Schmidt", "Schmitt", "Schmid", "Schmit"),
        ("Stefan", "Stephan"),
        ("Müller", "Miller", "Mueler"),
        ("Christine", "Kristine"),
    ],
)
def test_names_that_sound_alike_have_one_code(alike: tuple[str, ...]) -> None:
    assert len({sound(fold(word)) for word in alike}) == 1


@given(st.text(max_size=60))
def test_every_text_has_a_short_code_of_digits(text: str) -> None:
    code = sound(text)
    assert len(code) <= MAX_CODE
    assert code == "" or (code.isdigit() and code.isascii())
