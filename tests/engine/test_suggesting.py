"""What somebody may have meant."""

from __future__ import annotations

import pytest

from engine.contact import Address
from engine.query import PeopleQuery
from engine.rights import SourcePolicy
from tests.engine.building import contact
from tests.engine.searching import search_of
from tests.engine.test_ranking import EVA

POLICIES = {"crm": SourcePolicy("crm"), "hr": SourcePolicy("hr", 500, ("personnel",))}
PEOPLE = (
    contact("1", "Petra Maier", address=Address(city="Ulm")),
    contact("2", "Jürgen Müller"),
    contact("3", "Xaver Hidden", source="hr"),
)


def meant(text: str, cursor: str = "") -> str:
    return search_of(PEOPLE, POLICIES).answer(PeopleQuery(text, EVA, 10, cursor)).did_you_mean


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("meyer", "Maier"),
        ("petra mayr", "Petra Maier"),
        ("ulm meir", "Ulm Maier"),
        ("jurgen miller", "Jürgen Müller"),
        ("petra qqqqqq", "petra"),
        ("Müller-qqqqqq Jürgen", "Müller Jürgen"),
        ("qqqqqq JÜRGEN", "JÜRGEN"),
        ("may qqqqqq", ""),
        ("mai er petra", "maier petra"),
        ("ma qqqqqq", ""),
        ("qqqqqq petra maier", "petra maier"),
        ("Petra Maier, +49 (0)30 23125-102", "Petra Maier"),
        ("Petra\tMaier\t030 23125 102", "Petra Maier"),
        ("Petra Nobody 030 23125 102", ""),
        ("qqqqqq", ""),
        ("qqqqqq zzzzzz", ""),
        ("petra", ""),
        ("", ""),
        ("123456", ""),
    ],
)
def test_the_words_of_the_likest_or_those_that_find_somebody(text: str, suggested: str) -> None:
    assert meant(text) == suggested


@pytest.mark.parametrize("text", ["xaver", "xavr hiden", "hidden qqqqqq"])
def test_nothing_is_suggested_out_of_what_is_hidden(text: str) -> None:
    assert meant(text) == ""


def test_of_many_words_the_last_alone_is_left_out() -> None:
    names = "Anna Berta Carla Dora Emma Frida Gerda"
    search = search_of([contact("1", names)], {"crm": SourcePolicy("crm")})
    for text, suggested in (
        (f"{names} 77q", names),
        (f"77q {names}", ""),
        ("77q anna berta carla", "anna berta carla"),
    ):
        assert search.answer(PeopleQuery(text, EVA)).did_you_mean == suggested


def test_digits_are_suggested_where_a_number_has_them_in_one_piece() -> None:
    search = search_of([contact("1", "Ida Thal", "498999998123")], {"crm": SourcePolicy("crm")})
    assert search.answer(PeopleQuery("8999998 9", EVA)).did_you_mean == "8999998"


def test_words_of_two_records_of_a_person_are_not_suggested_together() -> None:
    made = [
        contact("1", "Ida Thal", emails=("thal@x.example",), source="erp"),
        contact("2", "Ida Schmidt", emails=("thal@x.example",)),
    ]
    search = search_of(made, {"crm": SourcePolicy("crm"), "erp": SourcePolicy("erp", 700)})
    page = search.answer(PeopleQuery("i schmitt", EVA))
    assert [(hit.name, hit.match_class) for hit in page.hits] == [("Ida Thal", 14)]
    assert page.did_you_mean == ""  # nobody is found by "Ida schmitt"
    page = search.answer(PeopleQuery("schmitt", EVA))
    assert [(hit.name, hit.match_class) for hit in page.hits] == [("Ida Thal", 14)]
    assert page.did_you_mean == ""  # what was typed is not suggested once more


def test_a_word_that_is_meant_twice_is_suggested_once() -> None:
    assert meant("mayr meyer") == "Maier"


def test_a_name_of_another_script_is_suggested_as_it_is_written() -> None:
    search = search_of([contact("1", "Юрий Чайковский")], {"crm": SourcePolicy("crm")})
    page = search.answer(PeopleQuery("tchaikovsky", EVA))
    assert len(page.hits) == 1
    assert page.did_you_mean == "Чайковский"


def test_digits_that_were_typed_stay_in_what_is_suggested() -> None:
    made = [contact("1", "Petra Maier", custom={"1": "00191"})]
    search = search_of(made, {"crm": SourcePolicy("crm")})
    assert search.answer(PeopleQuery("meyr 001", EVA)).did_you_mean == "Maier 001"
