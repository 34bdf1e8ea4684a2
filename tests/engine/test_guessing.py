"""Which records are compared with a text that nobody answers as it was typed."""

from __future__ import annotations

import pytest

from engine.guessing import GUESS_WINDOW, Guessing, over_groups, without
from engine.likeness import SOUND_COST, TYPO_COST
from engine.matching import SOUNDS, SPELLED
from engine.query import PeopleQuery
from engine.questions import Questions
from engine.reader import Place
from engine.rights import Principal, SourcePolicy
from engine.schema import NAME, term
from engine.typed import read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of, search_of

EVA = Principal("eva", "user")
POLICIES = {
    "crm": SourcePolicy("crm", fields={"job": ("personnel",)}),
    "hr": SourcePolicy("hr", 900, ("personnel",)),
    "open": SourcePolicy("open"),
}
PEOPLE = (
    contact("1", "Meyer"),
    contact("2", "Maier"),
    contact("3", "Meter", source="open"),
    contact("4", "Mayr", source="hr"),
)


def guessing_at(text: str) -> tuple[Guessing, list[tuple[tuple[str, ...], Questions]]]:
    reader = reader_of(PEOPLE, POLICIES)
    scope, typed = reader.scope(EVA), read_typed(text)
    groups = [(s, Questions(typed, searched, reader.frequency)) for s, searched in scope.groups]
    return Guessing(reader, scope, typed, groups, []), groups


@pytest.mark.parametrize(
    ("match_class", "costs"),
    [(SOUNDS, {"1": SOUND_COST + 2, "2": SOUND_COST + 2}), (SPELLED, {"3": TYPO_COST})],
)
def test_visible_records_are_compared_each_once(match_class: int, costs: dict[str, int]) -> None:
    guessing, groups = guessing_at("meier" if match_class == SOUNDS else "menter")
    assert len(groups) == 2, "one source hides a field, one does not"
    question = over_groups(groups, lambda questions: questions.query(match_class))
    assert question is not None
    found = set[Place]()
    compared = {
        record.contact.id.key: cost
        for cost, _, record, _ in guessing.compared(match_class, question, found)
    }
    assert compared.items() >= costs.items()
    assert "4" not in compared
    assert len(found) == len(compared)
    assert list(guessing.compared(match_class, question, found)) == []


def test_no_group_has_a_query_for_what_cannot_be_guessed() -> None:
    _, groups = guessing_at("me")
    assert over_groups(groups, lambda questions: questions.query(SPELLED)) is None


def test_what_was_given_before_is_left_out() -> None:
    reader = reader_of(PEOPLE, POLICIES)
    whole, passed = term(NAME, "m"), term(NAME, "mey")
    for question, most in ((without(whole, []), 3), (without(whole, [passed]), 2)):
        assert len(reader.by_rank(question, reader.scope(EVA), 10)) == most


def test_companies_with_a_typo_are_looked_for_where_few_names_have_one() -> None:
    firms = [contact(f"c{n}", f"Ida Zorn {n}", company="Bergmann AG") for n in range(3)]
    names = [contact(f"n{n}", f"Bergmann Paul{n}") for n in range(GUESS_WINDOW)]
    query = PeopleQuery("berkmqnn", EVA, 1000)
    policies = {"crm": SourcePolicy("crm")}
    few = search_of([*firms, *names[1:]], policies).answer(query)
    assert {hit.id.key for hit in few.hits[: GUESS_WINDOW - 1]} == {e.id.key for e in names[1:]}
    assert len(few.hits) == GUESS_WINDOW
    many = search_of([*firms, *names], policies).answer(query)
    assert {hit.id.key for hit in many.hits} == {each.id.key for each in names}
