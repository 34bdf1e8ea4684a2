from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.tokens import fold
from ldapd.matching import (
    Pattern,
    equality_test,
    ordering_test,
    prepare,
    substrings_test,
    words_test,
)


@pytest.mark.parametrize(
    ("asserted", "value"),
    [
        ("Müller", "müller"),
        ("MUELLER", "Müller"),
        ("muller", "Müller"),
        ("Müller", "Mueller"),
        ("weiss", "Weiß"),
        ("  anna   müller ", "Anna Müller"),
        ("Ａｎｎａ", "Anna"),  # noqa: RUF001 - full-width on purpose
        ("O'Brien", "o'brien"),
        ("Ωμέγα", "ωΜΕΓΑ"),
    ],
)
def test_equal_values_match_in_any_spelling(asserted: str, value: str) -> None:
    assert equality_test(asserted)(value)


@pytest.mark.parametrize(
    ("asserted", "value"),
    [("Meier", "Meyer"), ("Meier", "Meier GmbH"), ("", ""), ("  ", "  "), ("-", "")],
)
def test_different_or_blank_values_do_not_match(asserted: str, value: str) -> None:
    assert not equality_test(asserted)(value)


@pytest.mark.parametrize(
    ("initial", "middle", "final", "matches", "not_"),
    [
        ("mei", (), "", "Meier", "Ameier"),
        ("", ("eie",), "", "Meier", "Mayer"),
        ("", (), "ier", "Meier", "Meiers"),
        ("an", ("mü",), "er", "Anna Müller", "Müller Anna"),
        ("anna ", (), "", "Anna Müller", "Annabel"),
        ("anna", (), "mueller", "Anna Müller", "Anna Möller"),
        ("", ("anna", "meier"), "", "Anna Maria Meier", "Meier, Anna"),
        ("ab", (), "ba", "abba", "aba"),  # pieces do not overlap
        ("", ("a b",), "", "xA   By", "xaby"),
    ],
)
def test_substrings_match_in_order_and_without_overlap(
    initial: str, middle: tuple[str, ...], final: str, matches: str, not_: str
) -> None:
    test = substrings_test(initial, middle, final)
    assert test(matches)
    assert not test(not_)


@pytest.mark.parametrize("blank", [("", (), ""), (" ", (), ""), ("", ("  ",), " ")])
def test_an_assertion_that_is_prepared_away_matches_nothing(
    blank: tuple[str, tuple[str, ...], str],
) -> None:
    test = substrings_test(*blank)
    assert not test("anything")
    assert not test("")


def test_signs_without_letters_are_still_an_assertion() -> None:
    assert substrings_test("", ("&",), "")("Tor & Tür")
    assert not substrings_test("", ("&",), "")("Tor und Tür")


def test_ordering_compares_prepared_texts() -> None:
    assert ordering_test("MEI", least=True)("meier")
    assert not ordering_test("mez", least=True)("meier")
    assert ordering_test("mez", least=False)("Meier")


def test_words_match_as_prefixes_in_any_order() -> None:
    test = words_test("mei ann")
    assert test(["Anna Meier"])
    assert test(["Anna", "Meier"])
    assert not test(["Anna Maier"])
    assert not words_test("")(["Anna"])
    assert not words_test("+++")(["Anna"])


def test_very_long_texts_are_compared_without_folding() -> None:
    long = "x" * 300
    assert equality_test(long)(long.upper())
    assert substrings_test("x", (), "")(long)


@given(st.text(max_size=40))
def test_preparing_twice_changes_nothing(text: str) -> None:
    assert prepare(prepare(text)) == prepare(text)


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_value_matches_the_pieces_it_is_made_of(begin: str, middle: str, end: str) -> None:
    if (begin + middle + end).strip() and prepare(begin + middle + end):
        whole = f"{begin}|{middle}|{end}"
        assert substrings_test(f"{begin}|", (middle,), f"|{end}")(whole)


@given(st.text(alphabet="ab", max_size=8), st.lists(st.text(alphabet="ab", max_size=3), max_size=4))
def test_patterns_agree_with_a_regular_expression(text: str, pieces: list[str]) -> None:
    first, *middle = [*pieces, "", ""][: max(len(pieces), 2)]
    last = middle.pop()
    oracle = re.compile(".*".join(map(re.escape, (first, *middle, last))))
    assert Pattern(first, tuple(middle), last).matches(text) == bool(oracle.fullmatch(text))


LETTERS = st.text(alphabet="aeosuxAEM äÄüß\u0308\u0301-'\u3000", max_size=7)
"""What folds and composes: letters, digraphs, marks that are joined with what stands before."""


@given(LETTERS, LETTERS)
@example("anna ", "Anna ")
@example("me", "Me\u0308ier")
@example("mu", "Mueller")
@example("mue", "Mu")
def test_a_beginning_told_by_its_first_letters_is_what_the_whole_text_says(
    start: str, value: str
) -> None:
    begun = " " * start[:1].isspace() + prepare(start) + " " * start[-1:].isspace()
    begun = begun.lstrip()
    whole = prepare(value)
    expected = whole.startswith(begun) or (
        bool(fold(begun).strip()) and fold(whole).startswith(fold(begun))
    )
    assert substrings_test(start, (), "")(value) == (expected and bool(begun.strip()))
