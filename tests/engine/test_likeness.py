"""How far names are from what was typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from engine.contact import Address, Contact
from engine.likeness import (
    ELSEWHERE,
    IN_COMPANY,
    NEVER,
    TYPO_COST,
    Likeness,
    Nearby,
    begins,
    cost_in_word,
    sound_of,
    typos_allowed,
)
from engine.matching import words_of
from engine.questions import _misspelt
from engine.rights import LOCAL_ADMIN
from engine.scope import Searched
from engine.terms import MARKS
from engine.typed import Typed, read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of

ALL = Searched(frozenset(MARKS), tuple(MARKS.values()), ())
NOTHING = Searched(frozenset(), (), ())


def likeness(text: str, one: Contact, searched: Searched = ALL) -> int:
    return Likeness(read_typed(text)).of_each([one], {one.id.source: searched})[0]


ANNA = contact(
    "1", "Dr. Anna Meier-Vogt", given_name="Anna", surname="Meier-Vogt", company="Nordlicht AG",
    department="Einkauf", address=Address(city="Ulm"), emails=("a.meier@nord.example",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        ("meier", "meie"),
        ("meie", "mayer"),
        ("mayer", "meter"),
        ("anna meier", "anna mejer"),
        ("anna mejer", "xxx anna"),
    ],
)
def test_the_likest_costs_least(nearer: str, farther: str) -> None:
    near, far = (likeness(text, ANNA) for text in (nearer, farther))
    assert near < far


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("meier", 0),
        ("mei", 1),
        ("mayr", 16),
        ("meiehr", 10 + 2),
        ("mayher", 26),
        ("maayhr", 28),
        ("mejer", 12),
        ("meter", 20),
        ("metler", NEVER),
        ("meixe", 21),
        ("nordlciht", 20 + IN_COMPANY),
        ("ulm", NEVER),
        ("ulm anna", ELSEWHERE),
    ],
)
def test_each_way_to_answer_has_its_cost(text: str, cost: int) -> None:
    assert likeness(text, ANNA) == cost


def test_what_is_not_searched_does_not_answer() -> None:
    assert likeness("ulm anna", ANNA, NOTHING) == NEVER


def test_a_part_of_a_number_answers_as_another_field_does() -> None:
    called = contact("1", "Anna Meier", "498999998123")
    seen = Searched(frozenset({"phones.work"}), (), ())
    assert likeness("mayr 99812", called, seen) == 16 + ELSEWHERE
    assert likeness("mayr 99812", called, NOTHING) >= NEVER
    assert likeness("mayr 99", called, seen) >= NEVER  # too few digits


@pytest.mark.parametrize(
    ("asked", "word", "cost"),
    [
        ("mulfle", "muller", 21),  # mulle
        ("mstrmann", "mustermannhof", 41),  # mustermann
        ("maierxxm", "maiermay", 41),  # maierm
    ],
)
def test_a_beginning_may_be_as_much_longer_or_shorter_as_typos_are_forgiven(
    asked: str, word: str, cost: int
) -> None:
    assert cost_in_word(asked, word, "", typos_allowed(asked)) == cost


def test_digits_have_no_sound_and_make_no_word_longer() -> None:
    codes = [sound_of(word) for word in ("kd10024", "89x999", "meier2", "kd", "kader")]
    assert codes == ["", "", "67", "", "427"]


def test_typos_are_forgiven_by_length_and_never_in_numbers() -> None:
    allowed = [typos_allowed(word) for word in ("mei", "meie", "meierei", "meiereie", "k1234567")]
    assert allowed == [0, 1, 1, 2, 0]


texts = st.sampled_from(
    ("", "Anna", "Meier", "Maier-Vogt", "von der Heide", "Bau AG", "Щукина", "O'Brien", "Ulm")
)
people = st.builds(
    lambda display, given_name, surname, company, city, mail: contact(
        "1", display, given_name=given_name, surname=surname, company=company,
        address=Address(city=city), emails=(mail,),
    ),
    texts, texts, texts, texts, texts, st.sampled_from(("a.meier@bau.example", "x@ulm.example")),
)  # fmt: skip
asked = st.lists(
    st.sampled_from(("meier", "mayr", "mejer", "anna", "ana", "heide", "heid", "bau", "ulm", "x")),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


@given(asked, st.lists(people, max_size=4))
def test_what_is_remembered_costs_what_it_cost_at_first(
    words: list[str], made: list[Contact]
) -> None:
    typed = Typed(tuple(words))
    remembering = Likeness(typed)
    costs = [sum(_cost(word, each, alone=len(words) == 1) for word in words) for each in made]
    for _ in range(2):
        assert remembering.of_each(made, {"crm": ALL}) == costs


def _cost(word: str, among: Contact, *, alone: bool) -> int:
    """Return the same word by word, without remembering anything."""
    has, code, allowed = words_of(among, ALL), sound_of(word), typos_allowed(word)
    best = min((cost_in_word(word, each, code, allowed) for each in has.names), default=NEVER)
    if not alone or best > TYPO_COST + IN_COMPANY:
        costs = [cost_in_word(word, each, "", allowed) + IN_COMPANY for each in has.company]
        best = min(best, *costs) if costs else best
    elsewhere = not alone and any(begins(each, word) for _, each in has.others)
    return min(best, ELSEWHERE) if elsewhere else min(best, NEVER)


@given(st.text("abem", min_size=4, max_size=7), st.text("abem", max_size=9))
def test_no_word_that_is_one_typo_away_is_passed_over(asked: str, word: str) -> None:
    beginnings = [word, *(word[: len(asked) + more] for more in (-1, 0, 1))]
    near = any(OSA.distance(asked, each) <= 1 for each in beginnings)
    assert (cost_in_word(asked, word, "", 1) < NEVER) == (near or word.startswith(asked))


@given(st.text(max_size=60))
def test_any_text_has_a_likeness(text: str) -> None:
    assert likeness(text, ANNA, NOTHING) >= 0


@given(st.lists(st.text("abcmnrs", min_size=1, max_size=14), min_size=1, max_size=3))
@settings(max_examples=30)  # each makes an index
def test_a_word_is_near_where_the_index_finds_it_with_one_typo(found: list[str]) -> None:
    made = contact("1", " ".join(found), company=found[0][::-1])
    reader = reader_of([made], {})
    scope = reader.scope(LOCAL_ADMIN)
    for word in (*found, "amsel", "mann", *(each[1:] + "m" for each in found), found[0][::-1]):
        if typos_allowed(word):
            question = _misspelt(word, 1)[0]
            assert Nearby(word).has(made) == bool(reader.by_rank(question, scope, 1))
