"""People search, on a real index."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contact import Address
from engine.query import PeopleQuery
from engine.rights import LOCAL_ADMIN, Principal
from tests.engine.building import Directory, contact

USER = Principal("eva", "user")

PEOPLE = (
    contact("1", "Jürgen Müller", "498999998123", company="Beispiel GmbH"),
    contact("2", "Anna Meier-Vogt", "498999998124", company="Müller AG"),
    contact("3", "Eva O'Brien", "4917139200123", given_name="Eva", surname="O'Brien"),
    contact("4", "Petra Maier", "493023125077", address=Address(city="München")),
    contact("5", "Hidden Mueller", "498999998125", source="hr"),
    contact("6", "Maximilian Unterhuberbauer", emails=("max.u@beispiel.example",)),
)


def found(directory: Directory, text: str, who: Principal = USER, limit: int = 10) -> list[str]:
    return [
        hit.contact.id.key for hit in directory.index.people(PeopleQuery(text, who, limit)).hits
    ]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("mue", ["1", "2", "4"]),
        ("müller", ["1", "2"]),
        ("muller jurgen", ["1"]),
        ("jürg bei", ["1"]),
        ("obrien", ["3"]),
        ("o'brien eva", ["3"]),
        ("vogt", ["2"]),
        ("meiervogt", ["2"]),
        ("maier münch", ["4"]),
        ("unterhuberb", ["6"]),
        ("max.u@beispiel", ["6"]),
        ("8124", ["2"]),
        ("+49 30", ["4"]),
        ("nobody", []),
        ("", []),
        ("* ) (", []),
    ],
)
def test_every_word_is_a_prefix_in_any_order(
    directory: Directory, text: str, keys: list[str]
) -> None:
    directory.hold(*PEOPLE)
    assert sorted(found(directory, text)) == keys


def test_names_come_before_companies_and_whole_words_before_parts(directory: Directory) -> None:
    directory.hold(
        contact("company", "Zoe Zorn", company="Maier AG"),
        contact("part", "Anna Maierhofer"),
        contact("whole", "Zacharias Maier"),
    )
    assert found(directory, "maier") == ["whole", "part", "company"]


def test_equal_hits_come_in_alphabetical_order_by_priority(directory: Directory) -> None:
    directory.hold(
        contact("2", "Meier Beate"),
        contact("1", "Meier Anton"),
        contact("3", "Meier Anton", source="old"),
    )
    assert found(directory, "meier") == ["1", "2", "3"]


def test_hidden_people_are_not_found(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    assert "5" not in found(directory, "mueller")
    assert "5" in found(directory, "mueller", LOCAL_ADMIN)


def test_limits_are_clamped(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    for limit in (0, -1, 2**31 - 1):
        assert found(directory, "mü", limit=limit)
    assert len(found(directory, "mü", limit=1)) == 1


def test_a_hit_says_what_matched_and_why(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    page, why = directory.index.explain_people(PeopleQuery("jürg", USER))
    assert page.hits[0].matched == ("display_name",)
    assert any(
        "'Jürgen Müller'" in step.result and "jurg begins 'Jürgen' (display_name)" in step.result
        for step in why.steps
    )
    number_hits = directory.index.people(PeopleQuery("8123", USER)).hits
    assert number_hits[0].matched == ("phones.work",)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(text=st.text(max_size=200))
def test_nothing_typed_breaks_the_search(directory: Directory, text: str) -> None:
    directory.hold(*PEOPLE)
    directory.index.explain_people(PeopleQuery(text, USER, 5))
