"""Bounded set questions, on a real index."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import UnsupportedQuery
from engine.selection import (
    AllOf,
    AnyOf,
    Everyone,
    NumberIs,
    NumberPrefix,
    NumberTail,
    Prefix,
    Selection,
)
from tests.engine.building import MUNICH, Directory, contact
from tests.engine.test_people import PEOPLE, USER


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Everyone(), ["1", "2", "3", "4", "6"]),
        (Prefix("mü"), ["1", "2", "4"]),
        (Prefix("mü jür"), ["1"]),
        (NumberTail("8123"), ["1"]),
        (NumberTail("200123"), ["3"]),
        (NumberTail("99"), []),
        (NumberTail("x"), []),
        (NumberPrefix("4930"), ["4"]),
        (NumberIs("089 99998124", MUNICH), ["2"]),
        (NumberIs("anonymous", MUNICH), []),
        (AllOf((Prefix("mü"), NumberTail("8123"))), ["1"]),
        (AnyOf((Prefix("obrien"), NumberTail("8123"))), ["1", "3"]),
        (AllOf(()), ["1", "2", "3", "4", "6"]),
        (AnyOf(()), []),
    ],
)
def test_set_questions(directory: Directory, selection: Selection, keys: list[str]) -> None:
    directory.hold(*PEOPLE)
    selected = directory.index.select(selection, USER, 100)
    assert sorted(each.id.key for each in selected.contacts) == keys
    assert selected.complete


def test_a_cut_selection_says_so_and_is_alphabetical(directory: Directory) -> None:
    directory.hold(*(contact(str(n), f"Name{chr(97 + n)}") for n in reversed(range(9))))
    selected = directory.index.select(Everyone(), USER, 3)
    assert [each.name for each in selected.contacts] == ["Namea", "Nameb", "Namec"]
    assert not selected.complete


def test_deep_or_wide_questions_are_refused(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    deep: Selection = Prefix("a")
    for _ in range(17):
        deep = AllOf((deep, deep) if deep is None else (deep,))
    with pytest.raises(UnsupportedQuery):
        directory.index.select(deep, USER, 10)
    with pytest.raises(UnsupportedQuery):
        directory.index.select(AnyOf(tuple(Prefix("a") for _ in range(300))), USER, 10)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(text=st.text(max_size=200))
def test_no_text_breaks_a_set_question(directory: Directory, text: str) -> None:
    directory.hold(*PEOPLE)
    directory.index.select(Prefix(text), USER, 5)
