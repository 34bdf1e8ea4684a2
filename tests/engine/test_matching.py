"""Which class a contact answers in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import matching
from engine.contact import Address
from engine.likeness import begins
from engine.matching import class_of
from engine.rights import SourcePolicy
from engine.scope import Searched
from engine.tokens import words
from engine.typed import read_typed
from tests.engine.building import contact, line
from tests.engine.searching import reader_of
from tests.engine.test_ranking import EVA

ANNA = contact(
    "1", "Dr. Anna Meier-Vogt", line("498999998123"), given_name="Anna", surname="Meier-Vogt",
    company="Nordlicht AG", department="Einkauf", address=Address(city="Ulm"),
    emails=("a.meier@nord.example",), custom={"1": "K1234"},
)  # fmt: skip


def searched() -> Searched:
    return reader_of([ANNA], {"crm": SourcePolicy("crm")}).scope(EVA).searched["crm"]


@pytest.mark.parametrize(
    ("text", "match_class"),
    [
        ("vogt meier anna", matching.FULL_NAME),
        ("anna meier", matching.NAME_WHOLE),
        ("ann meiervo", matching.NAME),
        ("anna nord", matching.NAME_COMPANY),
        ("mei ulm", matching.NAME_OTHER),
        ("nordlicht", matching.COMPANY_WHOLE),
        ("nordl", matching.COMPANY),
        ("nord eink", matching.OTHER),
        ("k12", matching.OTHER),
        ("meier 8123", matching.NAME_OTHER),
        ("8123", matching.NUMBER_END),
        ("089 9999", matching.NUMBER_BEGIN),
        ("+49 89", matching.NUMBER_BEGIN),
        ("9998", matching.NUMBER_PART),
        ("am", matching.INITIALS),
        ("ma", matching.INITIALS),
        ("mx", 0),
        ("mayer", 0),
        ("berlin", 0),
    ],
)
def test_a_contact_answers_in_its_best_class(text: str, match_class: int) -> None:
    assert class_of(read_typed(text), ANNA, searched()) == match_class


@pytest.mark.parametrize(
    ("digits", "match_class"), [("634", matching.KEYS), ("2662 634", matching.KEYS), ("6342", 0)]
)
def test_letters_on_a_phones_keys_are_a_class_where_they_are_asked_for(
    digits: str, match_class: int
) -> None:
    assert class_of(read_typed(digits, keys=True), ANNA, searched()) == match_class
    assert class_of(read_typed(digits), ANNA, searched()) == 0


def test_what_is_not_searched_is_not_answered() -> None:
    nothing = Searched(frozenset(), (), ())
    for text in ("ulm", "8123", "k12", "einkauf"):
        assert class_of(read_typed(text), ANNA, nothing) == 0


@given(st.text(max_size=60))
def test_any_text_has_a_class(text: str) -> None:
    nothing = Searched(frozenset(), (), ())
    assert 0 <= class_of(read_typed(text), ANNA, nothing) <= matching.SPELLED


def test_of_a_hundred_addresses_those_alone_are_split_that_have_the_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = tuple(f"a{number}.meier@nord{number}.example" for number in range(100))
    many = contact("1", "Anna Meier", emails=addresses)
    split: list[str] = []

    def watched(text: str) -> list[str]:
        split.append(text)
        return words(text)

    monkeypatch.setattr(matching, "words", watched)
    assert class_of(read_typed("0000"), many, searched()) == 0
    assert class_of(read_typed("nord77 a7"), many, searched()) == matching.OTHER
    assert not {each for each in split if "@" in each and "7" not in each}


@given(
    st.lists(
        st.text("aeuoüß\u0308İΣΠς\u0431.@-1 ", max_size=45).map(
            lambda text: text + "@nord.example"
        ),
        max_size=4,
    ),
    st.text("aeuoüßisπ\u04311", min_size=1, max_size=13),
)
def test_a_word_of_an_address_is_found_as_it_is_split(addresses: list[str], text: str) -> None:
    of_mail = contact("1", "Anna Meier", emails=tuple(addresses))
    typed = read_typed(text)
    if not typed.words or typed.digits:
        return
    found = all(
        any(begins(word, each) for address in addresses for word in words(address))
        for each in typed.words
    )
    if not any(begins(name, each) for name in ("anna", "meier") for each in typed.words):
        assert (class_of(typed, of_mail, searched()) == matching.OTHER) == found
