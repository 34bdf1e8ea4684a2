"""The order of what is found, and that nothing hidden moves it."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contact import Address, Contact, PhoneLine
from engine.masking import masked
from engine.matching import NAME_COMPANY, SOUNDS, SPELLED, class_of
from engine.people import PeopleSearch
from engine.phone import PhoneNumber
from engine.query import MAX_TOTAL, PeoplePage, PeopleQuery
from engine.rights import (
    HIDEABLE,
    LOCAL_ADMIN,
    Principal,
    SourcePolicy,
    hidden_fields,
    visible_sources,
)
from engine.typed import read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of, search_of

WORDS = (
    "Anna", "Meier", "Mayr", "Maierhofer", "Müller", "Jürgen", "Theo", "Thoma", "Bau", "Ulm", "von",
    "Щукина",
)  # fmt: skip
EVA = Principal("eva", "user", groups=("staff",))
SOURCES = ("crm", "hr", "eva")

text = st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join)
numbers = st.builds(
    PhoneLine,
    st.sampled_from(("work", "mobile", "home")),
    st.sampled_from(("498999998123", "498999998124", "4917139200123")).map(PhoneNumber),
)


@st.composite
def records(draw: st.DrawFn) -> list[Contact]:
    made = []
    for key in range(draw(st.integers(1, 14))):
        given_name, surname = draw(text), draw(text)
        made.append(
            contact(
                str(key),
                draw(st.sampled_from(("", f"{given_name} {surname}".strip(), "Bau AG"))),
                *draw(st.lists(numbers, max_size=2)),
                source=draw(st.sampled_from(SOURCES)),
                given_name=given_name,
                surname=surname,
                company=draw(text),
                department=draw(text),
                job=draw(text),
                address=Address(city=draw(text)),
                emails=draw(st.sampled_from(((), ("a.meier@bau.example",), ("info@ulm.example",)))),
                custom=draw(st.sampled_from(({}, {"1": "K1234"}, {"2": "Müller"}))),
            )
        )
    return made


audiences = st.sampled_from(((), ("*",), ("staff",), ("others",)))


@st.composite
def rights(draw: st.DrawFn) -> dict[str, SourcePolicy]:
    return {
        source: SourcePolicy(
            source,
            draw(st.sampled_from((100, 500))),
            draw(audiences),
            owner=draw(st.sampled_from(("", "", "eva", "bert"))),
            fields=draw(st.dictionaries(st.sampled_from(sorted(HIDEABLE)), audiences, max_size=8)),
            searchable=frozenset({"custom.1"}),
        )
        for source in SOURCES
    }


questions = st.sampled_from(
    (
        "m", "me", "meier", "anna m", "müller bau", "ulm anna", "meyr", "jurgn", "bau", "am", "mj",
        "8124", "089 99998", "0171", "+4989", "k12", "bau.example", "meir anna", "vonmüller",
        "schtschukina", "anna qqqqqq", "maierhofr ulm", "anna bau meier", "meier anna bau m",
        "thoe",
    )
)  # fmt: skip


def pages(search: PeopleSearch, query: PeopleQuery) -> list[PeoplePage]:
    """Return all pages of a question, at most ten."""
    found = [search.answer(query)]
    while found[-1].cursor and len(found) < 10:
        rest = PeopleQuery(
            query.text,
            query.principal,
            query.limit,
            found[-1].cursor,
            query.company,
            query.department,
        )
        found.append(search.answer(rest))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=records(), policies=rights(), asked=questions, limit=st.sampled_from((1, 3, 20)),
    own=st.tuples(st.sampled_from(("", "Bau")), st.sampled_from(("", "Ulm"))),
)  # fmt: skip
def test_answers_are_those_of_an_index_without_what_is_hidden(
    made: list[Contact],
    policies: dict[str, SourcePolicy],
    asked: str,
    limit: int,
    own: tuple[str, str],
) -> None:
    visible = visible_sources(EVA, policies)
    assert visible is not None
    hidden = {source: hidden_fields(EVA, policies[source]) for source in SOURCES}
    shown = [masked(each, hidden[each.id.source]) for each in made if each.id.source in visible]
    query = PeopleQuery(asked, EVA, limit, "", *own)
    search = search_of(made, policies)
    for asker in (LOCAL_ADMIN, EVA):  # what is remembered of one asker's answer is not another's
        pages(search, msgspec.structs.replace(query, principal=asker))
    all_pages = pages(search, query)
    assert all_pages == pages(search_of(shown, policies), query)
    known = {each.id: each for each in shown}
    for hit in (hit for page in all_pages for hit in page.hits):
        assert set(hit.records) <= set(known)
        for field in hit.fields():
            assert (field.name, field.text) in _texts(known[field.origin])
        for number in hit.numbers:
            kinds = {(line.kind, line.number) for line in known[number.origin].phones}
            assert (number.kind, number.number) in kinds
        assert all(mail.address in known[mail.origin].emails for mail in hit.emails)


def _texts(known: Contact) -> set[tuple[str, str]]:
    """Return the texts of a contact by names of a map, told apart from the program's own list."""
    return {
        ("display_name", known.display_name), ("given_name", known.given_name),
        ("surname", known.surname), ("company", known.company), ("job", known.job),
        ("department", known.department), ("city", known.address.city),
        *((f"custom.{number}", text) for number, text in known.custom.items()),
    }  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=records(), asked=questions)
def test_the_index_and_the_rules_for_one_contact_agree(made: list[Contact], asked: str) -> None:
    policies = {source: SourcePolicy(source) for source in SOURCES}
    reader = reader_of(made, policies)
    searched = reader.scope(EVA).searched
    typed = read_typed(asked)
    ruled = {each.id: class_of(typed, each, searched[each.id.source]) for each in made}
    found = {
        record: hit.match_class
        for page in pages(PeopleSearch(reader), PeopleQuery(asked, EVA, 1000))
        for hit in page.hits
        for record in hit.records
    }
    assert {identity for identity, ruled_class in ruled.items() if ruled_class} <= set(found)
    for hit_class, identity in ((found[identity], identity) for identity in found):
        if hit_class < 12 and len(made) == 1:
            assert ruled[identity] == hit_class


def test_pages_go_on_where_they_ended_through_commits_and_show_nobody_twice() -> None:
    people = [
        contact(f"{n:02}", f"Anna{chr(97 + n)} Meier", surname="Meier", given_name=f"A{n}")
        for n in range(25)
    ]
    policies = {"crm": SourcePolicy("crm")}
    first = search_of(people, policies).answer(PeopleQuery("mei", EVA, 10))
    shown = [hit.id for hit in first.hits]
    changed = [each for each in people if each.id != shown[3]]  # another index altogether
    second = search_of(changed, policies).answer(PeopleQuery("mei", EVA, 10, first.cursor))
    third = search_of(changed, policies).answer(PeopleQuery("mei", EVA, 10, second.cursor))
    assert [*shown, *(hit.id for page in (second, third) for hit in page.hits)] == [
        hit.id for hit in search_of(people, policies).answer(PeopleQuery("mei", EVA, 100)).hits
    ]
    assert third.cursor == ""
    told = [(page.total, page.total_is_exact) for page in (first, second, third)]
    assert told == [(25, False), (25, False), (24, True)]


def test_the_own_book_then_colleagues_then_the_source_of_higher_priority_come_first() -> None:
    policies = {
        "high": SourcePolicy("high", 900),
        "low": SourcePolicy("low", 100),
        "mine": SourcePolicy("mine", 1, owner="eva"),
    }
    many = [contact(f"x{n}", f"Aaron Meier {n}", source="high") for n in range(30)]
    people = [
        contact("high", "Zoe Meier", source="high"),
        contact("low", "Anna Meier", source="low"),
        contact("colleague", "Paul Meier", source="low", company="Bau AG", department="Einkauf"),
        contact("house", "Quirin Meier", source="low", company="Bau AG"),
        contact("mine", "Zacharias Meier", source="mine"),
    ]
    query = PeopleQuery("mei", EVA, 100, "", "Bau AG", "Einkauf")
    few = search_of(people, policies).answer(query)
    assert [hit.id.key for hit in few.hits] == ["mine", "colleague", "house", "high", "low"]
    crowd = search_of([*people, *many], policies).answer(query)
    assert [hit.id.key for hit in crowd.hits][:3] == ["mine", "colleague", "house"]
    assert [hit.id.key for hit in crowd.hits][-2:] == ["high", "low"]
    assert search_of(people, policies).answer(PeopleQuery("mei", EVA, 1)).hits[0].id.key == "mine"


def test_counting_ends_at_its_cap() -> None:
    people = [contact(str(n), f"Meier {n}") for n in range(MAX_TOTAL + 20)]
    page = search_of(people, {"crm": SourcePolicy("crm")}).answer(PeopleQuery("me", EVA, 5))
    assert (len(page.hits), page.total, page.total_is_exact) == (5, MAX_TOTAL, False)


def test_worse_classes_than_those_that_fill_a_page_are_not_counted() -> None:
    people = [contact(str(n), f"Meier {n}") for n in range(4)]
    people += [contact(f"c{n}", f"Zorn {n}", company="Meier AG") for n in range(3)]
    search = search_of(people, {"crm": SourcePolicy("crm")})
    first = search.answer(PeopleQuery("mei", EVA, 2))
    assert (first.total, first.total_is_exact) == (4, False)
    rest = search.answer(PeopleQuery("mei", EVA, 9, first.cursor))
    assert (len(rest.hits), rest.total, rest.total_is_exact) == (5, 7, True)
    whole = search.answer(PeopleQuery("mei", EVA, 9))
    assert (len(whole.hits), whole.total, whole.total_is_exact) == (7, 7, True)


def test_a_kind_of_number_that_is_hidden_is_not_found_by() -> None:
    line = PhoneLine("mobile", PhoneNumber("4917139200123"))
    policies = {"crm": SourcePolicy("crm", fields={"phones.mobile": ("personnel",)})}
    search = search_of([contact("1", "Anna Meier", line)], policies)
    assert search.answer(PeopleQuery("200123", EVA)).hits == ()
    assert search.answer(PeopleQuery("anna", EVA)).hits[0].numbers == ()
    personnel = Principal("ida", "user", groups=("personnel",))
    assert search.answer(PeopleQuery("200123", personnel)).hits[0].numbers[0].kind == "mobile"


def test_a_part_that_many_numbers_nearly_have_ends_within_bounds() -> None:
    people = [contact(str(n), f"Meier{n}", f"4911201210211{n % 100:02}") for n in range(900)]
    people.append(contact("last", "Zorn", "49301121199"))
    search = search_of(people, {"crm": SourcePolicy("crm")})
    assert search.answer(PeopleQuery("11211", EVA)).hits == ()  # 900 read in vain stand before it
    assert [hit.id.key for hit in search.answer(PeopleQuery("301121", EVA)).hits] == ["last"]
    assert len(search.answer(PeopleQuery("1201210", EVA)).hits) == 10


def test_one_typo_comes_before_what_merely_sounds_alike_and_behind_what_is_spelled_nearly_so() -> (
    None
):
    people = [
        contact("typo", "Wolfgang Reitinger", given_name="Wolfgang", surname="Reitinger"),
        contact("near", "Wolfgang Reitegger", given_name="Wolfgang", surname="Reitegger"),
        *(
            contact(f"far{n}", f"Wolfgang {name}", given_name="Wolfgang", surname=name)
            for n, name in enumerate(("Reitacher", "Rotakker", "Redhacker", "Radekar"))
        ),
    ]
    search = search_of(people, {"crm": SourcePolicy("crm")})
    query = PeopleQuery("wolfgang reitiger", EVA)
    page = search.answer(query)
    found = [(hit.id.key, hit.match_class) for hit in page.hits]
    assert found[:2] == [("near", SOUNDS), ("typo", SPELLED)]
    assert sorted(found[2:]) == [(f"far{n}", SPELLED) for n in range(4)]
    assert (page.total, page.total_is_exact) == (6, True)
    for limit in (1, 2, 4):
        one_by_one = pages(search, msgspec.structs.replace(query, limit=limit))
        assert [hit.id for each in one_by_one for hit in each.hits] == [h.id for h in page.hits]
        assert one_by_one[-1].total == 6


def test_who_sounds_alike_is_found_where_no_typo_is_forgiven() -> None:
    people = [contact("1", "Rüdiger"), contact("2", "Rotker")]
    page = search_of(people, {"crm": SourcePolicy("crm")}).answer(PeopleQuery("rtk", EVA))
    assert [(hit.id.key, hit.match_class) for hit in page.hits] == [("2", SOUNDS), ("1", SOUNDS)]


def test_of_name_and_company_those_come_first_that_were_typed_in_a_row() -> None:
    row = [
        contact(f"row{n}", f"Werner Steiner{n}", company=f"Müller {firm}")
        for n, firm in enumerate(("Bau", "Solar", "Druck"))
    ]
    between = [
        contact(f"between{n}", f"Werner Müller{n}", company=f"Steinhof {firm}")
        for n, firm in enumerate(("Bau", "Solar"))
    ]
    search = search_of([*between, *row], {"crm": SourcePolicy("crm")})
    for text in ("wer stei müller", "müller stei wer"):
        whole = [hit.id.key for hit in search.answer(PeopleQuery(text, EVA)).hits]
        assert [key[:3] for key in whole] == ["row"] * 3 + ["bet"] * 2
        for limit in (1, 2, 4, 10):
            read = pages(search, PeopleQuery(text, EVA, limit))
            hits = [hit for page in read for hit in page.hits]
            assert [hit.id.key for hit in hits] == whole
            assert {hit.match_class for hit in hits} == {NAME_COMPANY}
            assert (read[-1].total, read[-1].total_is_exact) == (5, True)
    first = search.answer(PeopleQuery("wer müller stei", EVA)).hits[0]
    assert first.name.startswith("Werner Müller")  # of Steinhof, as is typed in a row here


def test_two_records_of_one_person_stand_where_the_one_that_was_typed_in_a_row_does() -> None:
    steiner = contact("1", "Werner Steiner", company="Müller Bau", emails=("w@nord.example",))
    mueller = contact("2", "Werner Müller", company="Steiner Bau", emails=("w@nord.example",))
    other = contact("3", "Werner Müller", company="Steinadler")
    search = search_of([mueller, other, steiner], {"crm": SourcePolicy("crm")})
    for limit in (1, 10):
        read = pages(search, PeopleQuery("wer stei müller", EVA, limit))
        assert [hit.id.key for page in read for hit in page.hits] == ["1", "3"]
