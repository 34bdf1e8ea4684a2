from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.cleaning import clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("Meier", "Meier"),
        ("  Anna   Meier ", "Anna Meier"),
        ("Anna\r\nMeier\tGmbH", "Anna Meier GmbH"),
        ("Anna\x00\x07Meier", "Anna Meier"),
        ("Anna\u00a0Meier\u3000GmbH\u2028x", "Anna Meier GmbH x"),
        ("\u202eMeier\u202c \u2066x\u2069", "Meier x"),
        ("Mei\u200ber\u00ad\ufeff", "Meier"),
        ("\u3164", ""),
        ("Mu\u0308ller", "Müller"),
        ("Mei\ud800er", "Meier"),
        ("Jürgen Groß", "Jürgen Groß"),
        ("Øystein 付款 Łódź Жуков Ωμέγα علي 😀", "Øystein 付款 Łódź Жуков Ωμέγα علي 😀"),
    ],
)
def test_a_text_comes_out_on_one_line_with_nothing_hidden_in_it(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters(), max_size=60))
@example("e\u200d\u0301")
@example("\u1100\u200b\u1161")
def test_cleaning_is_idempotent_and_leaves_nothing_that_breaks_turns_or_hides(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    for character in cleaned:
        assert character == " " or unicodedata.category(character) not in {
            "Cc", "Cf", "Cs", "Zs", "Zl", "Zp",
        }  # fmt: skip


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_a_clean_ascii_text_stays_the_very_same(text: str) -> None:
    assert clean(text) is text
