"""Records of one person are one hit."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import grouping
from engine.contact import Contact, ContactId
from engine.grouping import (
    MAX_JOINED,
    MAX_RECORDS,
    Groups,
    Held,
    _may_have,
    same_person,
)
from engine.query import PeopleQuery
from engine.ranking import Ranking
from engine.reader import Reader
from engine.rights import LOCAL_ADMIN, SourcePolicy
from engine.terms import link_term, link_terms
from engine.twins import MAX_TWINS
from engine.typed import read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of, search_of
from tests.engine.test_ranking import EVA

POLICIES = {
    "crm": SourcePolicy("crm", 500),
    "book": SourcePolicy("book", 900),
    "hr": SourcePolicy("hr", 900, ("personnel",)),
}
NUMBER, OTHER = "498999998123", "4917139200123"
CROWD = MAX_TWINS + 3
"""Records that share a link, more than the table notes."""


def groups(*contacts: Contact, text: str = "mei") -> list[set[str]]:
    page = search_of(contacts, POLICIES).answer(PeopleQuery(text, EVA, 20))
    return [{record.key for record in hit.records} for hit in page.hits]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            contact("1", "Anna Meier", NUMBER, surname="Meier", given_name="Anna"),
            contact("2", "Meier, A.", NUMBER, source="book"),
        ),
        (
            contact("1", "Mei Herr", NUMBER, surname="Herr", given_name="Mei"),
            contact("2", "Herr, Mei", NUMBER, source="book"),
        ),
        (
            contact("1", "Anna Meier", emails=("a.meier@nord.example",)),
            contact("2", "Anna Meister", source="book", emails=("A.Meier@nord.example",)),
        ),
        (
            contact("1", "Anna Meier", link="staff-17"),
            contact("2", "Anna Meister", source="book", link="Staff-17"),
        ),
    ],
)  # fmt: skip
def test_records_of_one_person_are_one_hit(one: Contact, other: Contact) -> None:
    assert groups(one, other) == [{"1", "2"}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (contact("1", "Anna Meier", NUMBER), contact("2", "Bernd Meier", NUMBER)),
        (contact("1", "Anna Meier", NUMBER), contact("2", "Anna Meister", NUMBER)),
        (contact("1", "Anna Meier", NUMBER), contact("2", "Anna Meier", OTHER)),
        (
            contact("1", "Anna Meier", emails=("info@nord.example",)),
            contact("2", "Anna Meier", emails=("info@nord.example",)),
        ),
        (contact("1", "Anna Meier", NUMBER), contact("2", "", NUMBER, company="Meier Bau")),
        (contact("1", "Anna Meier", link="17"), contact("2", "Anna Meier", link="18")),
        (contact("1", "Anna Meier", link="17"), contact("2", "", company="Meier Bau", link="17")),
    ],
)  # fmt: skip
def test_different_people_stay_apart(one: Contact, other: Contact) -> None:
    assert sorted(map(sorted, groups(one, other))) == [["1"], ["2"]]


def test_named_links_with_one_term_in_the_index_join_nobody() -> None:
    one, other = "glbtigdtcleljd-nord-example", "hobkoqlfxdlzxy-nord-example"
    assert link_term(f"&{one}") == link_term(f"&{other}")
    crowd = [contact(f"{n:02}", "Anna Meister", source="book", link=one) for n in range(CROWD)]
    stranger = contact("z", "Anna Meier", source="book", link=other)
    joined = groups(*crowd, stranger, text="anna")
    assert {"z"} in joined
    assert sum(map(len, joined)) > MAX_RECORDS


@pytest.mark.parametrize(
    "shared",
    [
        {"link": "Staff-17"},
        {"emails": ("Anna.Meier-Groß_1@Süd.example",)},
        {"emails": ("_@-.--",)},
        {"emails": (f"anna.{'langername' * 5}@nord.example",)},
        {"number": NUMBER, "surname": "von der Meierhofersdorfer"},
        {"number": NUMBER, "surname": "Groß-Meier"},
        {"number": f"{NUMBER}x17", "surname": "Мейер"},
        {"number": NUMBER, "surname": "", "company": "Meier & Söhne Bau GmbH"},
    ],
)  # fmt: skip
def test_of_more_records_than_are_noted_as_many_are_joined_as_ever(
    shared: dict[str, Any],
) -> None:
    shared = dict(shared)  # pytest's own
    numbers = [number] if (number := shared.pop("number", "")) else []
    crowd = [contact(f"{n:02}", "", *numbers, source="book", **shared) for n in range(CROWD)]
    asked = replace(crowd[0], department="Archiv")
    (joined,) = groups(asked, *crowd[1:], text="archiv")
    assert len(joined) == MAX_RECORDS


PARTS = st.sampled_from(["a", "Meier", "meiér", "von", "ß", "_", "-", "Лев", "o'Brien", "x" * 45])
TEXTS = st.lists(PARTS, max_size=4).map(" ".join)
ADDRESSES = st.tuples(st.lists(PARTS, max_size=3), st.lists(PARTS, max_size=3)).map(
    lambda parts: f"{'.'.join(parts[0])}@{'-'.join(parts[1])}"
)


@given(
    st.lists(
        st.builds(
            contact,
            st.just("key"),
            TEXTS,
            st.sampled_from([NUMBER, OTHER]),
            given_name=TEXTS,
            surname=TEXTS,
            company=TEXTS,
            emails=st.lists(ADDRESSES, max_size=2).map(tuple),
            link=TEXTS,
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_a_record_is_found_by_each_of_its_links(made: list[Contact]) -> None:
    contacts = [
        replace(each, id=ContactId("book", str(number))) for number, each in enumerate(made)
    ]
    reader = reader_of(contacts, POLICIES)
    scope = reader.scope(EVA)
    for each in contacts:
        for link in link_terms(each):
            hits = reader.by_rank(_may_have(link), scope, len(contacts))
            assert each.id in {reader.record(at, scope).contact.id for _, at in hits}, link


def test_companies_are_joined_by_number_and_name() -> None:
    one = contact("1", "", NUMBER, company="Meier Bau GmbH")
    other = contact("2", "", NUMBER, source="book", company="Meier Bau")
    assert groups(one, other) == [{"1", "2"}]
    assert len(groups(one, contact("2", "", NUMBER, company="Meier Dach"))) == 2


def test_a_hidden_record_joins_no_two_visible_ones() -> None:
    one = contact("1", "Anna Meier", NUMBER, surname="Meier")
    between = contact(
        "2", "Anna Meier", NUMBER, source="hr", surname="Meier", emails=("a@nord.example",)
    )
    other = contact("3", "Anna Meier", OTHER, surname="Meier", emails=("a@nord.example",))
    assert sorted(map(sorted, groups(one, between, other))) == [["1"], ["3"]]


def test_a_record_found_by_another_word_is_part_of_the_hit() -> None:
    one = contact("1", "Anna Meier", NUMBER, surname="Meier", given_name="Anna")
    other = contact("2", "Meier", NUMBER, source="book", job="Leitung")
    assert groups(one, other, text="anna") == [{"1", "2"}]


def test_of_a_crowd_each_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [contact(f"{n:03}", "Anna Meier", surname="Meier", link="17") for n in range(200)]
    compared, compare = list[str](), grouping.same_person

    def counted(one: Contact, other: Contact, key: str) -> bool:
        compared.append(key)
        return compare(one, other, key)

    reader = search_of(made, {})._reader
    scope = reader.scope(LOCAL_ADMIN)
    records = [reader.find(made[n].id, LOCAL_ADMIN) for n in range(3)]
    groups = Groups(reader, scope, [record for record in records if record is not None])
    monkeypatch.setattr(grouping, "same_person", counted)
    assert len(groups.of(made[0], lambda _: False)) == MAX_RECORDS
    assert len(compared) < len(made)


@pytest.mark.parametrize("text", ["meier", "anna meier", "a m"])
def test_a_crowd_that_fills_many_batches_of_a_page_is_read_once(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    made = [contact(f"{n:03}", "Anna Meier", surname="Meier", link="17") for n in range(200)]
    search = search_of([*made, contact("other", "Anna Meier")], {})
    asked, may_have = list[str](), grouping._may_have

    def counted(link: str) -> Any:
        asked.append(link)
        return may_have(link)

    monkeypatch.setattr(grouping, "_may_have", counted)
    page = search.answer(PeopleQuery(text, LOCAL_ADMIN, 10))
    assert sorted(len(hit.records) for hit in page.hits) == [1, MAX_RECORDS]
    assert len(asked) == 1


@pytest.mark.parametrize("limit", [1, 10, 20, 50])
@pytest.mark.parametrize("text", ["meier", "meier einkauf"])
def test_a_person_of_a_crowd_is_one_hit_of_all_pages(text: str, limit: int) -> None:
    crowd = [
        contact(
            f"{n:03}", "Anna Meier", NUMBER, surname="Meier",
            department="Einkauf" if n % 4 == 3 else "Lager",
        )
        for n in range(390)
    ]  # fmt: skip
    search = search_of([*crowd, contact("zz", "Bert Meierhofer", department="Einkauf")], {})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("engine.plainpeople.MAX_JOINED", 40)
        patched.setattr("engine.people.MAX_JOINED", 40)
        found: list[str] = []
        cursor, more = "", True
        while more:
            page = search.answer(PeopleQuery(text, LOCAL_ADMIN, limit, cursor=cursor))
            found += [hit.name for hit in page.hits]
            cursor, more = page.cursor, bool(page.cursor)
    assert sorted(found) == ["Anna Meier", "Bert Meierhofer"]


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("text", ["meier", "anna meier", "a m"])
def test_a_page_ends_in_a_crowd_of_one_person_and_the_next_goes_on_behind(
    monkeypatch: pytest.MonkeyPatch, text: str, *, fold: bool
) -> None:
    records = 2 * MAX_JOINED + 100
    crowd = [contact(f"{n:04}", "Anna Meier", NUMBER, surname="Meier") for n in range(records)]
    search = search_of([*crowd, contact("zz", "Annabella Meierhofer")], {})
    looked_at, of = list[int](), Groups.of

    def counted(self: Groups, *about: Any) -> list[Contact]:
        looked_at[-1] += 1
        return of(self, *about)

    monkeypatch.setattr(Groups, "of", counted)
    pages: list[list[int]] = []
    cursor, more = "", True
    while more:
        looked_at.append(0)
        page = search.answer(PeopleQuery(text, LOCAL_ADMIN, 10, cursor=cursor, fold=fold))
        pages.append([len(hit.records) for hit in page.hits])
        cursor, more = page.cursor, bool(page.cursor)
    assert len(pages) == 3
    assert sorted(chain.from_iterable(pages)) == [1, MAX_RECORDS]
    assert MAX_RECORDS in pages[0]
    assert max(looked_at) <= MAX_JOINED + 1


def test_a_page_that_ends_in_a_crowd_is_the_same_by_the_short_and_the_long_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.plainpeople.MAX_JOINED", 7)
    monkeypatch.setattr("engine.people.MAX_JOINED", 7)
    names = ["Anna", "Berta", "Clara"]
    made = [
        contact(
            f"{n:03}", f"{names[n % 3]} Meier", NUMBER, surname="Meier", given_name=names[n % 3]
        )
        for n in range(60)
    ]
    search = search_of(made, {})
    for limit in (1, 2, 3, 10):
        query = PeopleQuery("meier", LOCAL_ADMIN, limit)
        page = search.answer(query)
        assert page == search.the_long_way(query, read_typed("meier"))
        assert page.cursor


def test_a_crowd_by_one_address_is_read_once_whatever_else_each_of_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [
        contact(f"{n:03}", f"Otto{n} Kunz", f"498999998{n:03}", emails=("otto.kunz@nord.example",))
        for n in range(200)
    ]
    search = search_of(made, {})
    asked, may_have = list[str](), grouping._may_have

    def counted(link: str) -> Any:
        asked.append(link)
        return may_have(link)

    monkeypatch.setattr(grouping, "_may_have", counted)
    page = search.answer(PeopleQuery("kunz", LOCAL_ADMIN, 10))
    assert [len(hit.records) for hit in page.hits] == [MAX_RECORDS]
    assert asked == ["@otto.kunz@nord.example"]


@pytest.mark.parametrize("fold", [False, True])
def test_a_crowd_is_read_in_few_steps_and_asked_for_in_few(
    monkeypatch: pytest.MonkeyPatch, *, fold: bool
) -> None:
    made = [
        contact(
            f"{n:04}", f"Otto{n} Kunz", f"49899999{n:04}", company="Nord", surname="Kunz",
            emails=("otto.kunz@nord.example",), given_name=f"Otto{n}",
        )
        for n in range(2 * MAX_JOINED + 50)
    ]  # fmt: skip
    search = search_of(made, {})
    steps = Counter[str]()

    def count(what: type, name: str) -> None:
        counted = getattr(what, name)

        def told(*about: Any, **named: Any) -> Any:
            steps[name] += 1
            return counted(*about, **named)

        monkeypatch.setattr(what, name, told)

    count(Reader, "_read")  # records, some at once
    count(Groups, "_find")
    count(Ranking, "place")
    cursor, more = "", True
    while more:
        steps.clear()
        page = search.answer(PeopleQuery("nord", LOCAL_ADMIN, 10, cursor=cursor, fold=fold))
        assert max(steps.values()) < 30
        cursor, more = page.cursor, bool(page.cursor)


def test_of_many_crowds_of_a_page_no_more_are_read_than_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [
        contact(f"{n:03}", f"Anna Meier{n // CROWD}", link=f"staff-{n // CROWD}")
        for n in range(4 * CROWD)
    ]
    search = search_of(made, {})
    asked, may_have = list[str](), grouping._may_have

    def counted(link: str) -> Any:
        asked.append(link)
        return may_have(link)

    monkeypatch.setattr(grouping, "_may_have", counted)
    monkeypatch.setattr(grouping, "MAX_CROWDS", 2)
    page = search.answer(PeopleQuery("anna", LOCAL_ADMIN, 50))
    assert len(asked) == 2
    assert {hit.name for hit in page.hits} == {f"Anna Meier{n}" for n in range(4)}


def test_of_namesakes_on_one_switchboard_those_are_compared_whose_given_names_begin_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_names = [
        f"{one}{other}{third}" for one in "abcdefg" for other in "aeiou" for third in "lmn"
    ]
    made = [
        contact(f"{n:03}", f"{name.title()} Kunz", NUMBER, given_name=name.title(), surname="Kunz")
        for n, name in enumerate(given_names)
    ]
    told, words_of = list[str](), grouping._given_words

    def counted(one: Contact, surname: str) -> list[str]:
        told.append(one.id.key)
        return words_of(one, surname)

    monkeypatch.setattr(grouping, "_given_words", counted)
    page = search_of(made, {}).answer(PeopleQuery("kunz", LOCAL_ADMIN, 50))
    assert [len(hit.records) for hit in page.hits] == [1] * 50
    assert len(told) < 10 * len(made)


def test_each_of_a_crowd_is_compared_with_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = "bdfgklm"
    given_names = [one + other + third for one in letters for other in "aeiou" for third in letters]
    made = [
        contact(str(n), f"{name} Kunz", NUMBER, given_name=name, surname="Kunz", company="Nord")
        for n, name in enumerate(given_names)
    ]
    compared, of_one_with = list[str](), grouping._ByGivenName.of_one_with

    def counted(self: Any, one: Contact) -> list[Contact]:
        compared.append(one.id.key)
        return of_one_with(self, one)

    monkeypatch.setattr(grouping._ByGivenName, "of_one_with", counted)
    (hit,) = search_of(made, {}).answer(PeopleQuery("nord", LOCAL_ADMIN, 10, fold=True)).hits
    assert len(hit.folded) == len(made) - 1
    assert sorted(compared) == sorted(one.id.key for one in made)


NAMES = st.sampled_from(("", "A.", "Anna", "Anna Li", "Annabel", "Bo", "Li", "-", "Meier"))


@given(
    st.lists(st.tuples(NAMES, st.booleans(), st.booleans()), min_size=1, max_size=40),
    st.sampled_from((f"#{NUMBER} meier", "@a.meier@nord.example", "&17")),
)
def test_the_holders_of_a_link_that_are_of_one_person_are_found_by_their_names(
    drawn: list[tuple[str, bool, bool]], link: str
) -> None:
    holders = [
        contact(str(n), company="Meier", surname="")
        if is_company
        else contact(str(n), f"{given} Meier", surname="Meier", given_name=given if told else "")
        for n, (given, told, is_company) in enumerate(drawn)
    ]
    held = Held({}, {}, {})
    for each in holders:
        held.add(each, (link,))
    for each in holders:
        expected = [other for other in holders if same_person(each, other, link)]
        assert held.of_one_with(each, link) == expected


def shown_on_all_pages(made: list[Contact], text: str, *, fold: bool = False) -> list[str]:
    """Return the names of all hits of a text; pages are short, and little is read of a crowd."""
    search = search_of(made, {})
    found: list[str] = []
    cursor, more = "", True
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("engine.grouping.MAX_LINKED", 1)
        patched.setattr("engine.plainpeople.MAX_JOINED", 20)
        patched.setattr("engine.people.MAX_JOINED", 20)
        while more:
            asked = PeopleQuery(text, LOCAL_ADMIN, 5, cursor=cursor, fold=fold)
            page = search.answer(asked)
            found += [each.name for hit in page.hits for each in (hit, *hit.folded)]
            cursor, more = page.cursor, bool(page.cursor)
    return found


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("text", ["meier", "meier einkauf", "einkauf", "nord"])
def test_the_people_of_a_crowd_that_is_not_read_whole_are_one_hit_each(
    text: str, *, fold: bool
) -> None:
    names = ["Anna", "Bert", "Carl"]
    made = [
        contact(
            f"{n:03}", f"{names[n % 3]} Meier", NUMBER, given_name=names[n % 3], surname="Meier",
            company="Nord", department="Lager" if n < 60 else "Einkauf",
        )
        for n in range(180)
    ]  # fmt: skip
    assert sorted(shown_on_all_pages(made, text, fold=fold)) == [f"{name} Meier" for name in names]


def test_a_crowd_of_one_address_of_which_the_last_alone_answer_is_one_hit() -> None:
    made = [
        contact(
            f"{n:03}", f"Anna{n:03} Meier", emails=("a.meier@nord.example",), surname="Meier",
            given_name=f"Anna{n:03}", department="Lager" if n < 60 else "Einkauf",
        )
        for n in range(120)
    ]  # fmt: skip
    assert len(shown_on_all_pages(made, "meier einkauf")) == 1


@pytest.mark.parametrize("seed", range(6))
def test_which_of_a_crowd_are_joined_hangs_on_what_the_asker_sees(seed: int) -> None:
    chosen = Random(seed).choice
    made = []
    for n in range(60):
        given_name, surname = chosen(("Anna", "Annabel", "A.", "")), chosen(("Meier", "Mayr"))
        one = contact(
            f"{n:02}", f"{given_name} {surname}".strip(), chosen((NUMBER, OTHER)),
            source=chosen(("crm", "crm", "hr")), given_name=given_name, surname=surname,
            emails=chosen(((), ("a.meier@nord.example",), (f"x{n}@nord.example",))),
        )  # fmt: skip
        made.append(one)
    seen = [one for one in made if one.id.source != "hr"]
    every, visible = search_of(made, POLICIES), search_of(seen, POLICIES)
    for text in ("meier", "anna meier", "a m", "nord", "mayr anna"):
        query = PeopleQuery(text, EVA, 10)
        assert every.answer(query) == visible.answer(query)
