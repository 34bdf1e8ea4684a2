"""The people of a company folded under it."""

from __future__ import annotations

from itertools import islice, product

from engine.contact import Contact
from engine.people import PeopleSearch
from engine.query import PeoplePage, PeopleQuery
from engine.rights import SourcePolicy
from tests.engine.building import contact
from tests.engine.searching import search_of
from tests.engine.test_ranking import EVA

CONSONANTS = "bcdfghklmnprstvw"
POLICIES = {"crm": SourcePolicy("crm")}


def people_of(company: str, count: int, letter: str = "A") -> list[Contact]:
    """Return people in the order of the alphabet."""
    return [
        contact(
            f"{company} {n}",
            f"{letter}nna {n:03}",
            given_name="Anna",
            surname=letter + place,
            company=company,
        )
        for n, place in enumerate(map("".join, islice(product(CONSONANTS, repeat=3), count)))
    ]


def ask(search: PeopleSearch, text: str, limit: int = 10, cursor: str = "") -> PeoplePage:
    return search.answer(PeopleQuery(text, EVA, limit, cursor, fold=True))


def rows(page: PeoplePage) -> list[tuple[str, int]]:
    return [(hit.name, len(hit.folded)) for hit in page.hits]


def test_the_people_of_a_company_stand_under_its_own_record() -> None:
    firm = contact("firm", company="Nordlicht AG")
    search = search_of([firm, *people_of("Nordlicht", 12)], POLICIES)
    page = ask(search, "nordl")
    assert rows(page) == [("Nordlicht AG", 12)]
    assert [hit.name for hit in page.hits[0].folded][:2] == ["Anna 000", "Anna 001"]
    assert (page.total, page.cursor) == (13, "")


def test_without_a_record_of_the_company_they_stand_under_the_first_of_them() -> None:
    made = [*people_of("Nordlicht AG", 3), *people_of("Nordstern GmbH", 2, "B")]
    assert rows(ask(search_of(made, POLICIES), "nord")) == [("Anna 000", 2), ("Bnna 000", 1)]


def test_whoever_is_found_by_name_keeps_a_row_of_his_own() -> None:
    made = [*people_of("Nordlicht AG", 3), contact("n", "Nordmann, Eva", company="Nordlicht AG")]
    assert rows(ask(search_of(made, POLICIES), "nord")) == [("Nordmann, Eva", 0), ("Anna 000", 2)]


def test_nothing_is_folded_unless_it_is_asked_for() -> None:
    page = search_of(people_of("Nordlicht AG", 3), POLICIES).answer(PeopleQuery("nord", EVA))
    assert rows(page) == [("Anna 000", 0), ("Anna 001", 0), ("Anna 002", 0)]


def test_pages_go_on_behind_those_that_were_folded() -> None:
    made = [
        each
        for n, letter in enumerate("ABCDE")
        for each in people_of(f"Nord{letter} AG", 4 + n, letter)
    ]
    search = search_of(made, POLICIES)
    first = ask(search, "nord", 2)
    second = ask(search, "nord", 2, first.cursor)
    third = ask(search, "nord", 2, second.cursor)
    assert [rows(page) for page in (first, second, third)] == [
        [("Anna 000", 3), ("Bnna 000", 4)],
        [("Cnna 000", 5), ("Dnna 000", 6)],
        [("Enna 000", 7)],
    ]
    assert third.cursor == ""


def test_a_company_with_very_many_people_goes_on_with_the_next_page() -> None:
    search = search_of(people_of("Nordlicht AG", 700), POLICIES)
    first = ask(search, "nord", 1)
    assert rows(first) == [("Anna 000", 500)]
    assert first.cursor
    second = ask(search, "nord", 1, first.cursor)
    assert rows(second) == [("Anna 501", 198)]
    assert second.cursor == ""
