"""One fold at build and at query time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tokens import (
    MAX_WORD_CHARS,
    MAX_WORDS,
    fold,
    fold_once,
    index_words,
    is_cut,
    letters_of,
    name_key,
    sort_rank,
    sort_ranks,
    spans_of_words,
    whole_name,
    words,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller", "Mueller", "MÜLLER", "muller", "Mu\u0308ller", "\uff2duller"),
        ("Strauß", "Strauss", "STRAUSS"),
        ("Łukasz", "lukasz"),
        ("Ærø", "aro"),
        ("Jørgen", "Jorgen", "Joergen"),
        ("Ștefan", "Stefan"),
        ("Çelik", "Celik"),
        ("Y\u0131ld\u0131z", "Yildiz", "YILDIZ"),
        ("\u0627\u0644\u0623\u062d\u0645\u062f", "\u0627\u0644\u0627\u062d\u0645\u062f"),
        ("\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f", "\u0645\u062d\u0645\u062f"),
        ("\u0641\u0627\u0637\u0645\u0629", "\u0641\u0627\u0637\u0640\u0645\u0647"),
        ("\u05e9\u05c2\u05b8\u05e8\u05b8\u05d4", "\u05e9\u05e8\u05d4"),
        ("\u30b9\u30ba\u30ad", "\u3059\u305a\u304d", "\uff7d\uff7d\uff9e\uff77"),
        ("\u845b\U000e0100\u57ce", "\u845b\u57ce"),
    ],
)
def test_all_spellings_of_a_name_fold_to_one_word(spellings: tuple[str, ...]) -> None:
    assert len({tuple(words(spelling)) for spelling in spellings}) == 1


def test_words_split_at_everything_that_is_no_letter_or_digit() -> None:
    assert words("von der Leyen, Dr. Anna-Maria (Vertrieb)") == [
        "von", "der", "leyen", "dr", "anna", "maria", "vertrieb",
    ]  # fmt: skip
    assert words("jens.maier@firma.example") == ["jens", "maier", "firma", "example"]
    assert words("") == []


@pytest.mark.parametrize(
    "name",
    [
        "\u0930\u093e\u0939\u0941\u0932",  # an Indian one with vowel signs
        "\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f",  # an Arabic one with vowel points
        "\u30ac\u30d6",  # a Japanese one with voicing marks
        "Mu\u0308ller",
        "Nguy\u1ec5n",
    ],
)
def test_what_stands_on_or_behind_a_letter_ends_no_word(name: str) -> None:
    assert len(words(name)) == 1
    assert spans_of_words(f"X {name}, Y") == [
        (0, 1),
        (2, 2 + len(name)),
        (4 + len(name), 5 + len(name)),
    ]


def test_compounds_are_indexed_with_and_without_their_joint() -> None:
    assert set(index_words("O'Brien")) == {"o", "brien", "obrien"}
    assert set(index_words("O’Brien")) == {"o", "brien", "obrien"}
    assert set(index_words("Meier-Vogt")) == {"meier", "vogt", "meiervogt"}


def test_particles_are_indexed_with_and_without_the_surname() -> None:
    assert index_words("Anna von der Heide") == ["anna", "von", "der", "heide", "vonderheide"]
    assert index_words("van") == ["van"]


def test_cyrillic_and_greek_words_are_indexed_in_latin_letters_too() -> None:
    assert set(index_words("Юлия Щукина")) >= {"юлия", "julija", "yuliya", "schtschukina"}
    assert set(index_words("Ελένη Παπαδόπουλος")) >= {"eleni", "papadopoulos"}


def test_a_whole_name_is_the_same_in_any_order_and_without_titles_and_forms() -> None:
    assert whole_name(words("Dr. Anna von Abel")) == whole_name(words("Abel, Anna")) == "abel anna"
    assert whole_name(words("Abel Bau GmbH & Co. KG")) == "abel bau"
    assert whole_name(words("Dr. AG")) == "ag dr"
    assert whole_name([]) == ""


def test_other_scripts_keep_their_words() -> None:
    assert words("Иванов Пётр") == ["иванов", "петр"]
    assert words("付款") == ["付款"]


def test_names_in_any_order_are_one_key() -> None:
    assert name_key("Müller, Jürgen") == name_key("Juergen Mueller")
    assert name_key("") == frozenset()


@given(st.text(max_size=400))
def test_any_text_gives_bounded_words(text: str) -> None:
    found = words(text)
    assert len(found) <= MAX_WORDS
    assert all(0 < len(word) <= MAX_WORD_CHARS for word in found)
    assert set(found) <= set(index_words(text))
    assert isinstance(fold(text), str)


@given(st.text("aß \u0301\ufdfa-", max_size=200))
def test_a_text_is_cut_where_words_leave_something_out(text: str) -> None:
    whole = re.findall(r"[^\W_]+", fold(text))
    assert is_cut(text) == (words(text) != whole)


@given(st.text(max_size=30))
def test_a_rank_fits_tantivys_integer(text: str) -> None:
    assert 0 <= sort_rank(text) < 2**60


def test_ranks_are_alphabetical() -> None:
    names = ["", "Abel", "Maier", "Meier", "Müller", "Zorn", "Иванов"]
    assert [sort_rank(name) for name in names] == sorted(sort_rank(name) for name in names)
    assert sort_rank("Müller") == sort_rank("Mueller")


@given(st.lists(st.text("abz09 -'.ßжя田", max_size=14), min_size=2, max_size=2))
def test_ranks_leave_nobody_out_of_a_stretch_of_the_alphabet(names: list[str]) -> None:
    first, last = sorted(names, key=fold)
    assert sort_ranks(first)[0] <= sort_rank(last)
    assert sort_rank(first) <= sort_ranks(last)[1]
    assert sort_ranks("Meier") == (sort_rank("Meier"), sort_rank("Meier"))


@given(
    st.text(max_size=30) | st.text("aeouAÄÖÜäöüßéłøÆæŻ\u0130\u0131\u017f\u0308 -'`_7", max_size=30)
)
def test_letters_that_fold_one_by_one_stand_where_they_stood(text: str) -> None:
    letters = letters_of(text)
    if letters:
        assert letters.isascii()
        assert len(letters) == len(text)
        assert fold_once(text) == fold_once(letters)
        assert [letter.isalnum() for letter in letters] == [letter.isalnum() for letter in text]


@pytest.mark.parametrize(
    ("text", "letters"),
    [("Jörg KUESTER", "jorg kuester"), ("Łukasz Żak", "lukasz zak"), ("Æ", "a"), ("", "")],
)
def test_letters_fold_one_by_one_digraphs_too(text: str, letters: str) -> None:
    assert letters_of(text) == letters


@pytest.mark.parametrize("text", ["Strauß", "Mu\u0308ller", "Иванов", "\ufb01sch"])
def test_letters_that_become_others_do_not_fold_one_by_one(text: str) -> None:
    assert letters_of(text) == ""
