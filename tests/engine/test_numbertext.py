"""What a text says before any dial plan reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidNumber
from engine.numbertext import (
    DIGITS_ONLY,
    MAX_RAW_CHARS,
    NumberText,
    digits_only,
    fold_signs,
    join_direct_dial,
    read_text,
)


@pytest.mark.parametrize(
    ("text", "digits", "extension"),
    [
        ("+49 (0)89 99998-123", "+4908999998123", ""),
        ("089/99998.123", "08999998123", ""),
        ("Tel.: 089 99998123", "08999998123", ""),
        ("tel:089;phone-context=+49", "+4989", ""),
        ("tel:089;phone-context=example.com", "089", ""),
        ("tel:06;phone-context=+39", "+3906", ""),
        ("tel:+498999998;ext=5-5", "+498999998", "55"),
        ("tel:+498999998123;ext=123", "+498999998123", ""),
        ("sip:+498999998123;ext=123@sbc.example", "+498999998123", "123"),
        ("sip:123:secret@pbx.example", "123", ""),
        ("089 99998 extension 55", "08999998", "55"),
        ("089 99998 poste 5", "08999998", "5"),
        ("089 99998 #5", "08999998", "5"),
        ("089 99998w5", "08999998", "5"),
        ("+49 +49 89", "+4989", ""),
        ("'+49 89", "+4989", ""),
        ("\u2019+49 89", "+4989", ""),
        ("\u2018+49 89", "+4989", ""),
        ("`+49 89", "+4989", ""),
        (" \u00b4089", "089", ""),
        ("'Tel.: 089 99998-5 ext. 5", "089999985", "5"),
        ("'tel:+4989", "+4989", ""),
    ],
)
def test_a_text_says_digits_and_an_extension(text: str, digits: str, extension: str) -> None:
    assert read_text(text) == NumberText(digits, extension)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1" * (MAX_RAW_CHARS + 1), "too long"),
        ("tel:1;ext=123456789", "more than one number"),
        ("tel:1;ext=a", "letters or signs in the extension"),
        ("0899;08123456789", "more than one number"),
        ("sip:pbx.example", "without a user"),
        ("tel:089;phone-context=+", "no digits"),
        ("sip:1@anonymous.invalid", "anonymous"),
        ("0049\ud800", "letters or signs"),
        ("x5", "letters or signs"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidNumber, match=reason):
        read_text(text)


@given(st.text(max_size=80))
def test_folding_keeps_every_place(text: str) -> None:
    folded = fold_signs(text)
    assert len(folded) == len(text)
    assert fold_signs(folded) == folded


@given(st.text([*map(chr, DIGITS_ONLY), *"123+;ax"], max_size=40))
def test_folding_changes_no_digit(text: str) -> None:
    assert fold_signs(text).translate(DIGITS_ONLY) == text.translate(DIGITS_ONLY)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("089 99998 Durchwahl 12", "089 99998-12"),
        ("089 99998 (DW 12)", "089 99998-12)"),
        ("089 99998, Nst.: 12", "089 99998-12"),
        ("01 234567 Kl. -12", "01 234567-12"),
        ("089 99998 Wappen 12", "089 99998 Wappen 12"),
        ("089 99998 Durchwahl 1234567", "089 99998 Durchwahl 1234567"),
    ],
)
def test_direct_dialling_is_written_with_a_hyphen(text: str, joined: str) -> None:
    assert join_direct_dial(text) == joined


@given(st.text() | st.text(st.characters(codec="ascii")))
def test_signs_are_cut_from_ascii_texts_as_from_all_others(text: str) -> None:
    assert digits_only(text) == text.translate(DIGITS_ONLY)
