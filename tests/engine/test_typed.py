"""What is read of what somebody types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.typed import MAX_DIGITS, MAX_WORDS, Typed, read_typed, without_courtesies


@pytest.mark.parametrize(
    ("text", "digits", "begins", "national"),
    [
        ("8123", "8123", False, ""),
        ("089 99998-12", "0899999812", False, "899999812"),
        ("+49 (0)89 99998", "498999998", True, ""),
        ("0049/89", "4989", True, ""),
        ("tel:+4989", "4989", True, ""),
        ("\uff10\uff18\uff19", "089", False, "89"),
        ("\u202a+49 89 99998\u2011102\u202c", "498999998102", True, ""),
        ("\u2066089\u200b999\u2069\ufeff\n", "089999", False, "89999"),
        ("Tel.: 030 23125001", "03023125001", False, "3023125001"),
        ("Tel.: 0731/500-", "0731500", False, "731500"),
        ("Tel. 030 23125001.", "03023125001", False, "3023125001"),
        ("Telefon +49 (0)30 23125001 ", "493023125001", True, ""),
        ("Büro: 030 23125001", "03023125001", False, "3023125001"),
        ("'+49 89 99998", "498999998", True, ""),
        ("\u2019089 99998", "08999998", False, "8999998"),
        ("\u2018089 99998", "08999998", False, "8999998"),
        (" `+49 89", "4989", True, ""),
        ("\u00b40049 89", "4989", True, ""),
        ("044 668'18'00", "0446681800", False, "446681800"),
        ("044 668\u201918\u201900", "0446681800", False, "446681800"),
        ("'12", "", False, ""),
        ("m 123", "", False, ""),
        ("12", "", False, ""),
        ("+", "", False, ""),
        ("+4", "", False, ""),
        ("007", "007", False, ""),
        ("K123", "", False, ""),
        ("meier 123", "", False, ""),
        ("", "", False, ""),
    ],
)
def test_a_text_of_digits_is_part_of_a_number(
    text: str, digits: str, *, begins: bool, national: str
) -> None:
    typed = read_typed(text)
    assert (typed.digits, typed.begins, typed.national) == (digits, begins, national)


def test_words_are_folded_each_once_and_few() -> None:
    assert read_typed("Müller, mueller ANNA").words == ("muller", "anna")
    assert len(read_typed(" ".join(f"w{n}" for n in range(500))).words) == MAX_WORDS
    assert not read_typed("* ) (")
    assert read_typed("\u202aGro\u00dfm\u00adann\u202c\tAn\u200bna").words == ("grossmann", "anna")
    assert read_typed("Dr. Anna von Abel").whole_name == "abel anna"


def test_digits_are_letters_on_keys_only_if_that_is_asked_for() -> None:
    assert read_typed("634 2662", keys=True).keys
    assert not read_typed("634").keys
    assert not read_typed("104", keys=True).keys  # 1 and 0 have no letters
    assert not read_typed("mei", keys=True).keys


@given(st.text(max_size=600))
def test_any_text_is_read_within_bounds(text: str) -> None:
    typed = read_typed(text, keys=True)
    assert isinstance(typed, Typed)
    assert len(typed.words) <= MAX_WORDS
    assert len(typed.digits) <= MAX_DIGITS
    assert typed.digits == "" or (typed.digits.isascii() and typed.digits.isdigit())


def test_an_address_that_was_copied_as_a_link_is_read_as_an_address() -> None:
    assert read_typed("mailto:a.meier@nord.example") == read_typed("a.meier@nord.example")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Herr Dr. Maier", ("maier",)),
        ("Frau von der Heide", ("von", "der", "heide")),
        ("Abel und Söhne GmbH", ("abel", "sohne")),
        ("maier", None),
        ("Herr Dr.", None),
        ("089 99998", None),
        ("", None),
    ],
)
def test_courtesies_are_left_out_where_something_else_was_typed(
    text: str, words: tuple[str, ...] | None
) -> None:
    plain = without_courtesies(read_typed(text))
    assert (plain.words if plain else None) == words


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("thoe", "theo"),
        (" Loen", "leon"),
        ("tho", ""),
        ("thö", ""),
        ("loe", ""),
        ("mueller", ""),
        ("thoe wolf", ""),
        ("t-oe", ""),
        ("1oe2", ""),
    ],
)
def test_a_short_words_umlaut_written_out_may_be_two_letters_turned_round(
    text: str, turned: str
) -> None:
    assert read_typed(text).turned == turned
