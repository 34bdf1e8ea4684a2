from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phone import DialPlan
from engine.selection import (
    AllOf,
    AnyOf,
    Everyone,
    NumberContains,
    NumberIs,
    NumberPrefix,
    NumberTail,
)
from engine.terms import PART_DIGITS
from ldapd.number_terms import (
    MIN_TAIL_DIGITS,
    NumberTerm,
    beginnings_of,
    has_digit,
    is_number_like,
    join_substrings,
    keys_of,
    pattern_of,
    pattern_selection,
    pattern_test,
    spaced_number,
    tail_of,
    term_selection,
    term_test,
)
from ldapd.protocol.filters import Substrings
from tests.ldapd.house import ANNA, DORA, EVA, MUNICH

PLAIN = DialPlan()


def test_the_shortest_tail_is_the_one_the_index_holds() -> None:
    assert MIN_TAIL_DIGITS == PART_DIGITS


@pytest.mark.parametrize("text", ["", "*", "anonymous", "+", "ext."])
def test_a_text_without_a_digit_has_none(text: str) -> None:
    assert not has_digit(text)


@pytest.mark.parametrize(
    "text",
    [
        "0301234",
        "+49 30 12",
        "(089) 123",
        "030/12-3",
        "123",
        "'+49 30 12",
        "\u2019030",
        "668'18'00",
    ],
)
def test_numbers_are_told_from_words(text: str) -> None:
    assert is_number_like(text)


@pytest.mark.parametrize(
    "text", ["", "12", "Anna", "Anna 1234", "4711 GmbH", "K-1001", "+", "a1b2c3"]
)
def test_words_are_told_from_numbers(text: str) -> None:
    assert not is_number_like(text)


@pytest.mark.parametrize(
    ("term", "value", "open_end", "open_start"),
    [
        (Substrings("t", b"030", (), None), "030", True, False),
        (Substrings("t", None, (), b"4567"), "4567", False, True),
        (Substrings("t", None, (b"030",), None), "030", True, True),
        (Substrings("t", b"5", (b"0", b"3"), b"8"), "5038", False, False),
        (Substrings("t", b"+", (b"4", b"9"), b"1"), "+491", False, False),
        (Substrings("t", b"1", (), b"2"), "12", False, False),
        (Substrings("t", None, (b"5", b"0", b"3"), None), "503", True, True),
        (Substrings("t", b"030", (b"",), None), "030", True, False),
    ],
)
def test_substrings_are_joined_to_one_number(
    term: Substrings, value: str, *, open_end: bool, open_start: bool
) -> None:
    assert join_substrings(term, "t") == NumberTerm(value, "t", open_end, open_start)


def test_several_runs_of_digits_are_a_pattern_and_no_number() -> None:
    assert join_substrings(Substrings("t", b"+49", (b"123",), None), "t") is None


def test_a_piece_that_is_no_utf8_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        join_substrings(Substrings("t", b"\xff", (), None), "t")


@pytest.mark.parametrize(
    ("value", "plan", "beginnings"),
    [
        ("+49 30", PLAIN, ("4930",)),
        ("+49 (0) 30", PLAIN, ("4930",)),
        ("0049", PLAIN, ("49",)),
        ("00", PLAIN, ()),
        ("0", PLAIN, ("49",)),
        ("030 23", PLAIN, ("493023",)),
        ("4930", PLAIN, ("4930",)),
        ("9999", MUNICH, ("49899999", "9999")),
        ("12", MUNICH, ("49899999812", "498912", "12")),
        ("", PLAIN, ()),
        ("abc", PLAIN, ()),
        ("０３０", PLAIN, ("4930",)),  # noqa: RUF001 - full-width on purpose
        ("0030", DialPlan(outside_line="0"), ("30", "4930")),
    ],
)
def test_beginnings_are_read_by_the_dial_plan(
    value: str, plan: DialPlan, beginnings: tuple[str, ...]
) -> None:
    assert beginnings_of(value, plan) == beginnings


@pytest.mark.parametrize(
    ("value", "tail"),
    [("23125001", "23125001"), ("030 23125", "3023125"), ("0049 30 1", "301"), ("+49 30", "4930")],
)
def test_prefixes_are_cut_from_tails(value: str, tail: str) -> None:
    assert tail_of(value, PLAIN).endswith(tail)


def test_a_whole_number_fits_in_any_spelling_only_whole() -> None:
    for value in ("+493023125001", "0049 30 23125-001", "030/23125001", "tel:+493023125001"):
        test = term_test(NumberTerm(value, "telephoneNumber"), PLAIN)
        assert test(ANNA)
        assert not test(DORA)
    assert not term_test(NumberTerm("03023125", "telephoneNumber"), PLAIN)(ANNA)


def test_an_open_number_fits_by_its_beginning_or_its_end() -> None:
    assert term_test(NumberTerm("030 2312", "t", open_end=True), PLAIN)(ANNA)
    assert not term_test(NumberTerm("030 2313", "t", open_end=True), PLAIN)(ANNA)
    assert term_test(NumberTerm("125001", "t", open_start=True), PLAIN)(ANNA)
    assert not term_test(NumberTerm("125002", "t", open_start=True), PLAIN)(ANNA)
    assert not term_test(NumberTerm("01", "t", open_start=True), PLAIN)(ANNA)  # too short


def test_an_extension_fits_behind_the_own_trunk() -> None:
    assert term_test(NumberTerm("123", "t"), MUNICH)(EVA)
    assert term_test(NumberTerm("12", "t", open_end=True), MUNICH)(EVA)


def test_candidates_are_numbers_beginnings_and_tails() -> None:
    exact = NumberTerm("03012345", "t")
    assert term_selection(exact, PLAIN) == NumberIs("03012345", PLAIN)
    both = NumberTerm("03012345", "t", open_end=True, open_start=True)
    assert term_selection(both, PLAIN) == AnyOf(
        (NumberIs("03012345", PLAIN), NumberPrefix("493012345"), NumberContains("3012345"))
    )
    tail = NumberTerm("03012345", "t", open_start=True)
    assert term_selection(tail, PLAIN) == AnyOf(
        (NumberIs("03012345", PLAIN), NumberTail("3012345"))
    )


def test_several_runs_of_digits_may_be_a_number_typed_with_spaces() -> None:
    typed = Substrings("t", None, (b"030", b"1234"), None)
    assert spaced_number(typed, "t") == NumberTerm("0301234", "t", open_end=True, open_start=True)
    assert spaced_number(Substrings("t", b"Haus", (b"123",), None), "t") is None
    assert spaced_number(Substrings("t", b"1", (b"2",), None), "t") is None


def test_patterns_are_ordered_runs_of_digits() -> None:
    patterns = pattern_of(Substrings("t", b"+49 30", (b"2-5",), b"001"), PLAIN)
    assert pattern_test(patterns)(ANNA)
    assert not pattern_test(patterns)(DORA)
    assert pattern_selection(patterns) == AllOf((AnyOf((NumberPrefix("4930"),)), NumberTail("001")))
    middle = pattern_of(Substrings("t", None, (b"23", b"50"), None), PLAIN)
    assert pattern_test(middle)(ANNA)
    assert pattern_selection(middle) == Everyone()
    long = pattern_of(Substrings("t", None, (b"23", b"500"), None), PLAIN)
    assert pattern_selection(long) == AllOf((NumberContains("500"),))
    assert pattern_of(Substrings("t", b"ab", (b"cd",), None), PLAIN) == ()


@given(st.text(max_size=250))
def test_no_text_is_too_odd_to_read(text: str) -> None:
    for plan in (PLAIN, MUNICH):
        assert all(each.isdecimal() for each in beginnings_of(text, plan))
        assert tail_of(text, plan) == "" or tail_of(text, plan).isdecimal()
        term_test(NumberTerm(text, "t", open_end=True, open_start=True), plan)(ANNA)
        assert all(keys_of(text, plan))
