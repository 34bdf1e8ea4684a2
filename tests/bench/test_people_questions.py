"""The relevance set says itself who is meant."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from bench.people_questions import (
    KINDS,
    draw_meant,
    misspell,
    misspelt_words,
    respell,
    two_words,
    two_words_typed_on,
    typed_on,
    typed_prefixes,
    typing_at_once,
)
from rufname.sample import contacts


def test_every_kind_asks_for_people_that_there_are_and_the_same_each_time() -> None:
    meant = draw_meant(contacts(4_000), each=4)
    assert meant == draw_meant(contacts(4_000), each=4)
    assert {question.kind for question in meant} == set(KINDS)
    assert len(meant) == 4 * len(KINDS)
    known = {contact.key for contact in contacts(4_000)}
    assert all(question.text and question.keys <= known for question in meant)


def test_the_end_of_a_number_is_asked_for_only_if_one_person_has_it() -> None:
    made = list(contacts(4_000))
    for question in draw_meant(made, each=20):
        if question.kind == "end of a number":
            holders = {
                each.twin_of or each.key
                for each in made
                for line in each.lines
                for number in line.truth
                if number.digits.endswith(question.text)
            }
            assert len(holders) == 1
            assert holders <= question.keys


@pytest.mark.parametrize("seed", range(8))
def test_a_typo_is_one_edit_behind_the_first_letter(seed: int) -> None:
    word = misspell("schneider", Random(seed))
    assert word[0] == "s"
    assert abs(len(word) - len("schneider")) <= 1


def test_a_name_has_another_spelling_only_if_its_sound_has() -> None:
    assert respell("meier") == "maier"
    assert respell("huber") == ""


def test_what_is_typed_is_asked_once_and_has_the_letters_asked_for() -> None:
    prefixes = typed_prefixes(contacts(2_000), range(2, 5), 50)
    assert len(prefixes) == len(set(prefixes)) == 50
    assert {len(prefix) for prefix in prefixes} == {2, 3, 4}
    assert all(len(text.split()) == 2 for text in two_words(contacts(2_000), 20))
    assert len(misspelt_words(contacts(2_000), 20)) == 20


def test_a_text_that_is_typed_on_comes_behind_what_it_goes_on_from() -> None:
    typed = typed_on(contacts(2_000), range(2, 9), 200)
    assert len(typed) == len(set(typed)) == 200
    assert all(text[:-1] in typed[:at] for at, text in enumerate(typed) if len(text) > 2)
    pairs = two_words_typed_on(contacts(2_000), 60)
    assert len(pairs) == len(set(pairs)) == 60
    assert {len(text.split()[1]) for text in pairs} == {1, 2, 3}


def test_people_who_type_at_once_ask_letter_by_letter_between_each_others_questions() -> None:
    asked = typing_at_once(contacts(20_000), 2_000)
    assert len(asked) == 2_000
    assert asked == typing_at_once(contacts(20_000), 2_000), "seeded"
    longer = [(at, text[:-1].rstrip()) for at, text in enumerate(asked) if len(text) > 2]
    assert all(before in asked[:at] for at, before in longer)
    neighbours = sum(later[:-1] == text for text, later in pairwise(asked))
    assert neighbours < len(asked) / 10, "one person alone types here"
    assert any(len(text.split()) == 2 for text in asked)
    assert typing_at_once(contacts(30), 2_000), "few people are soon all looked for"
