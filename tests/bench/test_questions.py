from __future__ import annotations

from collections import defaultdict

import pytest

from bench.questions import Asked, beginnings, draw, respell, work_numbers
from engine.phone import PhoneNumber, normalise, read_number
from rufname.load_questions import missing
from rufname.sample import contacts
from rufname.sample_numbers import SAMPLE_PLAN

COUNT = 3_000


def _names() -> dict[PhoneNumber, set[str]]:
    names: dict[PhoneNumber, set[str]] = defaultdict(set)
    for made in contacts(COUNT):
        for line in made.lines:
            for number in line.truth:
                names[number].add(made.name)
    return names


@pytest.mark.parametrize("case", ["hits", "spelled", "written"])
def test_every_hit_names_someone_who_has_the_number(case: str) -> None:
    names = _names()
    asked: tuple[Asked, ...] = getattr(draw(contacts(COUNT)), case)
    assert len(asked) > COUNT / 2
    for each in asked:
        meanings = read_number(each.number, SAMPLE_PLAN).numbers
        assert any(each.name in names[number] for number in meanings)


def test_misses_are_numbers_that_nobody_has() -> None:
    names = _names()
    for each in draw(contacts(COUNT)).misses:
        assert normalise(each.number, SAMPLE_PLAN) not in names
        assert each.name == ""


def test_shared_lines_answer_with_the_company() -> None:
    companies = {made.company for made in contacts(COUNT)}
    shared = draw(contacts(COUNT)).shared
    assert shared
    assert {each.name for each in shared} <= companies


def test_extensions_are_those_of_the_own_trunk_and_no_service_numbers() -> None:
    extensions = draw(contacts(COUNT)).extensions
    assert Asked("101", "Ø Ù Ú Û 付") in extensions
    assert not {"110", "112", "115"} & {each.number for each in extensions}


def test_draws_are_limited_and_the_same_each_time() -> None:
    assert len(draw(contacts(COUNT), 50).hits) == 50
    assert draw(contacts(COUNT), 50) == draw(contacts(COUNT), 50)


def test_six_spellings_mean_the_same_number() -> None:
    for number in ("+4987910000012", "+42042123456"):
        spelled = {respell(Asked(number, "X"), turn).number for turn in range(6)}
        assert len(spelled) >= 5
        assert {normalise(text, SAMPLE_PLAN).digits for text in spelled} == {number[1:]}


def test_a_missing_number_is_as_long_as_a_real_one() -> None:
    assert missing("+4987910000012") == "+4907910000012"


def test_work_numbers_are_asked_once_each() -> None:
    asked = [each.number for each in work_numbers(contacts(COUNT))]
    assert len(set(asked)) == len(asked) > COUNT / 2


def test_beginnings_name_more_than_were_wanted_and_only_those_that_fit() -> None:
    found = beginnings(contacts(COUNT), 20)
    assert {"mei", "sch", "tho"} <= set(found)
    made = list(contacts(COUNT))
    for begin, names in found.items():
        fit = [
            each.name
            for each in made
            if each.name.casefold().startswith(begin) or each.surname.casefold().startswith(begin)
        ]
        assert len(fit) > 20
        assert set(fit) <= set(names)
        for name in set(names) - set(fit):
            assert any(word.casefold().startswith(begin) for word in name.split())
    assert "mul" not in found  # Müller, for some servers
    assert not beginnings(contacts(COUNT), COUNT)


def test_an_unknown_extension_stands_behind_the_main_line_of_its_company() -> None:
    lines = {
        number.digits: made.name
        for made in contacts(COUNT)
        if made.is_company
        for line in made.lines
        for number in line.truth
    }
    trunks = draw(contacts(COUNT)).trunks
    assert trunks
    names = _names()
    for each in trunks:
        assert each.name == f"~{lines[each.number[1:-2]]}"
        assert normalise(each.number, SAMPLE_PLAN) not in names


def test_tails_are_of_one_person_alone_or_of_nobody() -> None:
    by_tail: dict[str, list[str]] = defaultdict(list)
    for made in contacts(COUNT):
        for line in made.lines:
            for number in line.truth:
                by_tail[number.digits[-8:]].append(made.name)
    drawn = draw(contacts(COUNT), 500)
    assert drawn.tails
    assert all(by_tail[each.number[-8:]] == [each.name] for each in drawn.tails)
    assert len(drawn.nowhere) == 500
    assert not any(each.number[-8:] in by_tail for each in drawn.nowhere)


def test_a_large_sample_is_thinned_but_for_the_colleagues() -> None:
    thin, whole = draw(contacts(COUNT), one_in=10), draw(contacts(COUNT))
    assert 0 < len(thin.hits) < len(whole.hits) / 2
    assert thin.extensions == whole.extensions
    assert thin.tails
