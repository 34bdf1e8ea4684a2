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


def test_a_word_that_is_meant_twice_is_suggested_once() -> None:
    assert meant("mayr meyer") == "Maier"


def test_what_was_typed_is_not_suggested_once_more() -> None:
    search = search_of([contact("1", "Юрий Чайковский")], {"crm": SourcePolicy("crm")})
    page = search.answer(PeopleQuery("tchaikovsky", EVA))
    assert len(page.hits) == 1
    assert page.did_you_mean == ""


def test_digits_that_were_typed_stay_in_what_is_suggested() -> None:
    made = [contact("1", "Petra Maier", custom={"1": "00191"})]
    search = search_of(made, {"crm": SourcePolicy("crm")})
    assert search.answer(PeopleQuery("meyr 001", EVA)).did_you_mean == "Maier 001"
