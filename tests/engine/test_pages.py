"""Pages of whatever size cut the one list of all hits: nobody is lost between two, nor comes twice.

The directories are small ones, in which few people have several records each, in several sources,
that share a number or an address, some of them by a third record alone.
"""

from __future__ import annotations

from random import Random

import pytest
import tantivy

from engine.contact import Contact, ContactId, PhoneKind
from engine.guessing import without
from engine.people import PeopleSearch
from engine.query import PeoplePage, PeopleQuery
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from tests.engine.building import contact, line
from tests.engine.searching import search_of

POLICIES = {
    "crm": SourcePolicy("crm"),
    "erp": SourcePolicy("erp", 700, fields={"phones.mobile": ("hr",)}),
    "ad": SourcePolicy("ad", visible_to=("hr",)),
    "own": SourcePolicy("own", 300, owner="eva"),
}
ASKERS = (Principal("eva", "user", ("hr",)), Principal("bob", "user"), LOCAL_ADMIN)
GIVEN = ("Anna", "Ann", "Hans-Peter", "Hans", "Jürgen", "José", "Maria Anna", "Theo")
SURNAMES = ("Meier", "Maier", "Mayr", "Müller", "Gross", "Groß", "von der Heide", "O'Brien", "Li")
COMPANIES = ("", "Bau AG", "Meier GmbH", "Anna Meier e.K.")
TEXTS = (
    "a", "ann", "anna m", "anna meier", "mei an", "gross", "li", "jm", "am", "mayer", "meir",
    "thoe", "bau", "meier bau", "anna x.de", "meier 12345", "12345", "89 12345", "0891234", "345",
    "2662", "634",
)  # fmt: skip

Found = list[tuple[tuple[ContactId, ...], int]]


def person(key: str, source: str, world: int, draw: Random, *, people: int) -> Contact:
    """Return a record of one of some people, with a part of what is known of that person."""
    who = draw.randrange(people)
    is_of = Random(world * 1_000 + who)
    given, surname, company = map(is_of.choice, (GIVEN, SURNAMES, COMPANIES))
    known: tuple[tuple[str, PhoneKind, float], ...] = (
        (f"49891234{10 + who}", "work", 0.4),
        (f"4917010000{10 + who}", "mobile", 0.4),
        ("498912340", "company", 0.1),
        (f"49891234{draw.randrange(10, 99)}", "fax", 0.2),
    )
    numbers = [line(number, kind) for number, kind, share in known if draw.random() < share]
    is_apart = draw.random() < 0.7
    return contact(
        key,
        draw.choice((f"{given} {surname}", f"{surname}, {given}", "" if is_apart else surname)),
        *numbers,
        source=source,
        company=company if draw.random() < 0.6 else "",
        emails=(f"p{who}@x.de",) if draw.random() < 0.4 else (),
        given_name=given if is_apart else "",
        surname=surname if is_apart else "",
    )


def totals_of(search: PeopleSearch, query: PeopleQuery, size: int) -> list[int]:
    """Return what each page says is found at least, and the last one of all."""
    totals, cursor = [], ""
    while True:
        page = search.answer(PeopleQuery(query.text, query.principal, size, cursor))
        totals.append(page.total)
        cursor = page.cursor
        if not cursor:
            return totals


def paged(search: PeopleSearch, query: PeopleQuery, size: int) -> tuple[Found, PeoplePage]:
    """Return the hits of all pages, as records and class, and the last page."""
    found: Found = []
    cursor = ""
    while True:
        page = search.answer(PeopleQuery(query.text, query.principal, size, cursor, t9=query.t9))
        found += [(hit.records, hit.match_class) for hit in page.hits]
        cursor = page.cursor
        if not cursor:
            return found, page


@pytest.mark.parametrize("world", range(10))
def test_pages_of_any_size_are_pieces_of_one_list(world: int) -> None:
    draw = Random(world)
    made = [
        person(str(key), source, world, draw, people=24) for source in POLICIES for key in range(18)
    ]
    search = search_of(made, POLICIES)
    for text in TEXTS:
        asker = draw.choice(ASKERS)
        query = PeopleQuery(text, asker, 1_000, t9=draw.random() < 0.3)
        whole = [(hit.records, hit.match_class) for hit in search.answer(query).hits]
        for size in (1, 3):
            assert paged(search, query, size)[0] == whole, (text, asker.name, size)
        assert len({records[0] for records, _ in whole}) == len(whole), text


@pytest.mark.parametrize("size", [1, 2, 5])
def test_how_many_are_found_at_least_falls_on_no_page(size: int) -> None:
    for world in range(6):
        draw = Random(world)
        made = [
            person(str(key), source, world, draw, people=24)
            for source in POLICIES
            for key in range(9)
        ]
        search = search_of(made, POLICIES)
        for text in ("a", "ann", "m", "mei", "gross", "bau", "g"):
            totals = totals_of(search, PeopleQuery(text, LOCAL_ADMIN), size)
            assert totals == sorted(totals), (world, text)


def test_a_person_is_joined_by_a_record_between_two_others_wherever_a_page_ends() -> None:
    made = [
        contact("1", "Anna Gross", "4989123426", source="own"),
        contact("2", "", "4989123426", "498999998", given_name="Anna", surname="Gross"),
        contact("3", "Anna Groß", "498999998", source="own"),
    ]
    search = search_of(made, POLICIES)
    query = PeopleQuery("anna", ASKERS[0], 1)
    assert len(paged(search, query, 1)[0]) == 1
    both = {ContactId("own", "1"), ContactId("crm", "2"), ContactId("own", "3")}
    hit = search.answer(query).hits[0]
    assert set(hit.records) == both
    card = search.person(ContactId("own", "3"), ASKERS[0])
    assert card is not None
    assert set(card.records) == both  # the card has what the hit has


def test_a_hidden_record_joins_nobody_step_by_step() -> None:
    made = [
        contact("1", "Anna Gross", "4989123426"),
        contact("2", "Anna Gross", "4989123426", "498999998", source="ad"),
        contact("3", "Anna Gross", "498999998"),
    ]
    search = search_of(made, POLICIES)
    assert len(search.answer(PeopleQuery("anna", ASKERS[0])).hits) == 1
    assert len(search.answer(PeopleQuery("anna", ASKERS[1])).hits) == 2


@pytest.mark.parametrize(
    ("text", "t9"), [("jm", False), ("mayr", False), ("meihr", False), ("63", True)]
)
def test_who_was_found_by_a_guess_or_by_letters_comes_once(text: str, t9: bool) -> None:  # noqa: FBT001
    made = [
        contact(f"{key}", f"{given} Meier", source=source, emails=(f"{given}@x.de",))
        for key, given in enumerate(("Jakob", "Jan", "Jens", "Jonas", "Julia"))
        for source in ("crm", "erp")
    ]
    search = search_of(made, POLICIES)
    found, _ = paged(search, PeopleQuery(text, ASKERS[1], t9=t9), 2)
    assert [len(records) for records, _ in found] == [2] * 5


def test_who_has_the_digits_amid_a_number_is_not_lost_between_pages() -> None:
    made = [contact(str(key), f"A{key}", f"49891234{5000 + key}") for key in range(12)]
    made += [contact(f"e{key}", f"B{key}", f"4989{key}8912345") for key in range(5)]
    search = search_of(made, {"crm": SourcePolicy("crm")})
    for text in ("89 12345", "12345", "345"):
        query = PeopleQuery(text, ASKERS[1], 1_000)
        whole = search.answer(query)
        found, last = paged(search, query, 3)
        assert [records for records, _ in found] == [hit.records for hit in whole.hits]
        assert len(found) == whole.total == last.total
        assert whole.total_is_exact


def test_those_of_better_classes_are_left_out_by_a_query_where_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [contact(f"e{key}", f"A{key}", f"498930{key + 10}123") for key in range(12)]
    made += [contact(f"p{key}", f"B{key}", f"498912370{key + 10}") for key in range(12)]
    search = search_of(made, {"crm": SourcePolicy("crm")})
    query = PeopleQuery("123", ASKERS[1], 1_000)
    known, _ = paged(search, query, 7)
    assert len(known) == len(made)
    asked: list[int] = []

    def left_out(question: tantivy.Query, passed: list[tantivy.Query]) -> tantivy.Query:
        asked.append(len(passed))
        return without(question, passed)

    monkeypatch.setattr("engine.ranking.without", left_out)
    assert paged(search, query, 7)[0] == known
    assert not asked  # they are few, and told one by one
    monkeypatch.setattr("engine.ranking.MAX_READ_AGAIN", 0)
    assert paged(search, query, 7)[0] == known
    assert asked
