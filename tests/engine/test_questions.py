"""The query of each class finds those of the class, and nobody of a worse one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from engine import questions as questioning
from engine.contact import Contact
from engine.matching import (
    COMPANY,
    INITIALS,
    KEYS,
    NAME,
    NAME_OTHER,
    NUMBER_BEGIN,
    NUMBER_PART,
    OTHER,
    SOUNDS,
    SPELLED,
    class_of,
)
from engine.questions import CLASSES, Questions
from engine.reader import Reader
from engine.rights import SourcePolicy
from engine.typed import read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of
from tests.engine.test_ranking import EVA, SOURCES, questions, records

POLICIES = {source: SourcePolicy(source) for source in SOURCES}


def found(reader: Reader, text: str, match_class: int, *, keys: bool = False) -> set[str]:
    """Return the keys of what the query of a class finds."""
    scope = reader.scope(EVA)
    (_, searched), *_ = scope.groups
    asked = Questions(read_typed(text, keys=keys), searched, reader.frequency)
    query = asked.query(match_class)
    if query is None:
        return set()
    hits = [at for _, at in reader.by_rank(query, scope, 1000)]
    return {each.id.key for each in reader.visible(hits, scope)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=records(), asked=questions)
def test_a_class_is_found_by_its_query_or_by_those_of_better_ones(
    made: list[Contact], asked: str
) -> None:
    reader = reader_of(made, POLICIES)
    searched = reader.scope(EVA).searched
    typed = read_typed(asked)
    ruled = {each.id.key: class_of(typed, each, searched[each.id.source]) for each in made}
    better: set[str] = set()
    for match_class in (each for each in CLASSES if each <= OTHER):
        hits = found(reader, asked, match_class)
        better |= hits
        assert {key for key, ruled_class in ruled.items() if ruled_class == match_class} <= better
        if not any(letter.isdigit() for letter in asked):  # parts of numbers are a superset
            assert all(0 < ruled[key] <= match_class for key in hits)


@pytest.mark.parametrize(
    ("text", "match_class"),
    [
        ("qqq", NAME),
        ("qqq anna", NAME_OTHER),
        ("anna", NAME_OTHER),
        ("qqq", COMPANY),
        ("12", NUMBER_PART),
        ("", NAME),
        ("jmx", INITIALS),
        ("ab", SOUNDS),
        ("abc", SPELLED),
        ("1234", SPELLED),
    ],
)
def test_what_cannot_find_anybody_is_not_asked(text: str, match_class: int) -> None:
    reader = reader_of([contact("1", "Anna Meier")], POLICIES)
    (_, searched), *_ = reader.scope(EVA).groups
    assert Questions(read_typed(text), searched, reader.frequency).query(match_class) is None


@pytest.mark.parametrize(
    ("text", "match_class", "keys"),
    [
        ("am", INITIALS, {"1", "4"}),
        ("ma", INITIALS, {"1", "4"}),
        ("maier", SOUNDS, {"1"}),
        ("anna mair", SOUNDS, {"1"}),
        ("mejer", SPELLED, {"1"}),
        ("mejer ana", SPELLED, {"1"}),
        ("berk", SPELLED, {"3"}),
        ("maierhofre", SPELLED, {"2"}),
    ],
)
def test_guesses_by_initials_sound_and_spelling(
    text: str, match_class: int, keys: set[str]
) -> None:
    made = [
        contact("1", "Anna Meier", given_name="Anna", surname="Meier"),
        contact("2", "Zoe Maierhofer", given_name="Zoe", surname="Maierhofer"),
        contact("3", "Zoe", company="Berg AG"),
        contact("4", "Meixner, Dr. Anton"),
        contact("5", "Alu Meixnerbau", company="Alu Meixnerbau"),
    ]
    assert found(reader_of(made, POLICIES), text, match_class) == keys


def test_letters_on_keys_are_asked_for_where_the_text_may_be_keys() -> None:
    reader = reader_of([contact("1", "Meier"), contact("2", "Ofen")], POLICIES)
    assert found(reader, "634", KEYS, keys=True) == {"1"}
    assert found(reader, "634", KEYS) == set()


def test_a_typed_country_code_stands_at_the_beginning_alone() -> None:
    people = [contact("1", "A", "498912345"), contact("2", "B", "12124989123")]
    reader = reader_of(people, POLICIES)
    assert found(reader, "+49 89", NUMBER_BEGIN) == {"1"}
    assert found(reader, "+49 89", NUMBER_PART) == set()
    assert found(reader, "4989", NUMBER_PART) == {"1", "2"}


def test_two_words_are_met_in_their_pair_and_in_names_of_very_many_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questioning, "MANY", 1)
    many = " ".join(f"{letter}x" for letter in "abcdefghi") + " Anna Meier"
    reader = reader_of(
        (
            contact("1", "Anna Meier"),
            contact("2", many),
            contact("3", "Anna Anton"),
            contact("4", "Meier Mertens"),
        ),
        POLICIES,
    )
    for text, keys in (
        ("anna meier", {"1", "2"}), ("mei ann", {"1", "2"}), ("an ant", {"3"}),
        ("me mei", {"1", "2", "4"}), ("a m", {"1", "2"}), ("anna zzz", set()),
        ("ann mei", {"1", "2"}), ("ann ant", {"3"}), ("ant mei", set()), ("mei an", {"1", "2"}),
        ("mei mer", {"4"}), ("ann mei ax", {"2"}),
    ):  # fmt: skip
        assert found(reader, text, NAME) == keys, text
