"""Bounded set questions, on a real index."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine import selecting
from engine.contact import Address, Contact, ContactId, contact_uuid_text
from engine.errors import UnsupportedQuery
from engine.rights import SourcePolicy
from engine.schema import APPLIED_ID, TAILS, place_of
from engine.selection import (
    AllOf,
    AlphabetRange,
    AnyOf,
    Called,
    Contains,
    EntryIs,
    Everyone,
    Has,
    NumberContains,
    NumberIs,
    NumberPrefix,
    NumberTail,
    Position,
    Prefix,
    Selection,
    Without,
)
from engine.terms import rank_of
from engine.tokens import sort_rank
from tests.engine.building import MUNICH, Directory, contact, remove
from tests.engine.searching import reader_of
from tests.engine.test_people import PEOPLE, USER

EVERYBODY = (
    structs.replace(PEOPLE[0], address=Address("Lindwurmstr. 7", "80337", "Ulm")),
    PEOPLE[1],
    structs.replace(PEOPLE[2], custom={"7": "K7"}),
    *PEOPLE[3:],
)


def other_digit(entry_uuid: str, at: int) -> str:
    """Return a UUID with another digit at a place."""
    return entry_uuid[:at] + f"{15 - int(entry_uuid[at], 16):x}" + entry_uuid[at + 1 :]


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Everyone(), ["1", "2", "3", "4", "6"]),
        (Prefix("mü"), ["1", "2", "4"]),
        (Prefix("mü jür"), ["1"]),
        (Called("mü"), ["1"]),
        (Called("mü jür"), ["1"]),
        (Called("max unterhuberbauer"), ["6"]),
        (Called("beispiel"), []),
        (Called("-"), ["1", "2", "3", "4", "6"]),
        (NumberTail("8123"), ["1"]),
        (NumberTail("200123"), ["3"]),
        (NumberTail("123"), ["1", "3"]),
        (NumberTail("999998123"), ["1"]),
        (NumberTail("812"), []),
        (NumberTail("99"), []),
        (NumberTail("x"), []),
        (NumberPrefix("4930"), ["4"]),
        (NumberContains("99812"), ["1", "2"]),
        (NumberContains("1392"), ["3"]),
        (NumberContains("39"), []),
        (NumberContains("x99"), []),
        (NumberIs("089 99998124", MUNICH), ["2"]),
        (NumberIs("anonymous", MUNICH), []),
        (AllOf((Prefix("mü"), NumberTail("8123"))), ["1"]),
        (AnyOf((Prefix("obrien"), NumberTail("8123"))), ["1", "3"]),
        (Contains("eier"), ["2", "4"]),
        (Contains("eier-Vo"), ["2"]),
        (Contains("ller"), ["1", "2"]),
        (Contains("üller ag"), ["2"]),
        (Contains(" vogt"), ["2"]),
        (Contains("ogt"), ["2"]),
        (Contains("xyz"), []),
        (Contains("ei"), ["1", "2", "3", "4", "6"]),
        (Contains("*"), ["1", "2", "3", "4", "6"]),
        (Prefix("lindwurm", everywhere=True), ["1"]),
        (Prefix("lindwurm"), []),
        (Prefix("8033", everywhere=True), ["1"]),
        (Prefix("beispiel", everywhere=True), ["1", "6"]),
        (Contains("wurmstr"), ["1"]),
        (Has("emails"), ["6"]),
        (Has("street"), ["1"]),
        (Has("custom.7"), ["3"]),
        (Has("nothing"), []),
        (Without(Everyone(), Has("company")), ["3", "4", "6"]),
        (EntryIs(contact_uuid_text(ContactId("crm", "2")).upper()), ["2"]),
        (EntryIs(contact_uuid_text(ContactId("hr", "5"))), []),
        (EntryIs(contact_uuid_text(ContactId("crm", "2"))), ["2"]),
        (EntryIs(other_digit(contact_uuid_text(ContactId("crm", "2")), 0)), []),
        (EntryIs(other_digit(contact_uuid_text(ContactId("crm", "2")), 14)), []),
        (EntryIs(other_digit(contact_uuid_text(ContactId("crm", "2")), 35)), []),
        (EntryIs("none"), []),
        (EntryIs(APPLIED_ID), []),
        (EntryIs("crm\x1f1"), []),
        (AlphabetRange(low=sort_rank("meier")), ["3", "4"]),
        (AlphabetRange(high=sort_rank("anna z")), ["2"]),
        (AlphabetRange(5, 4), []),
        (AllOf(()), ["1", "2", "3", "4", "6"]),
        (AnyOf(()), []),
    ],
)
def test_set_questions(directory: Directory, selection: Selection, keys: list[str]) -> None:
    directory.hold(*EVERYBODY)
    selected = directory.index.select(selection, USER, 100)
    assert sorted(each.id.key for each in selected.contacts) == keys
    assert selected.complete


def test_whoever_has_no_name_is_called_by_company_or_address(directory: Directory) -> None:
    directory.hold(
        contact("1", "", company="Meister GmbH"),
        contact("2", "", emails=("meike@example.com", "post@example.com")),
        contact("3", "Anna Groß", company="Meister GmbH", emails=("mei@example.com",)),
        contact("4", "", given_name="Meinhard", company="Andere AG"),
    )
    selected = directory.index.select(Called("mei"), USER, 100)
    assert sorted(each.id.key for each in selected.contacts) == ["1", "2", "4"]


def test_a_cut_selection_says_so_and_is_alphabetical(directory: Directory) -> None:
    directory.hold(*(contact(str(n), f"Name{chr(97 + n)}") for n in reversed(range(9))))
    selected = directory.index.select(Everyone(), USER, 3)
    assert [each.name for each in selected.contacts] == ["Namea", "Nameb", "Namec"]
    assert not selected.complete


@pytest.mark.parametrize(("most", "remembered"), [(256, True), (1, False)])
def test_candidates_of_a_short_list_are_remembered_for_the_next_letter(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, most: int, *, remembered: bool
) -> None:
    monkeypatch.setattr(selecting, "RECALLED", most)
    directory.hold(*EVERYBODY)
    first = directory.index.candidates(Prefix("m"), USER, 100)
    again = directory.index.candidates(Prefix("mü"), USER, 100)
    read = [first.read(at) for at in range(len(first))]
    for contact_again in [again.read(at) for at in range(len(again))]:
        assert contact_again in read
        assert any(contact_again is each for each in read) is remembered
    assert len(first) > len(again) > 1


def test_deep_or_wide_questions_are_refused(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    deep: Selection = Prefix("a")
    for _ in range(17):
        deep = AllOf((deep, deep) if deep is None else (deep,))
    with pytest.raises(UnsupportedQuery):
        directory.index.select(deep, USER, 10)
    with pytest.raises(UnsupportedQuery):
        directory.index.select(AnyOf(tuple(Prefix("a") for _ in range(300))), USER, 10)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None
)
@given(text=st.text(max_size=200))
def test_no_text_breaks_a_set_question(directory: Directory, text: str) -> None:
    for question in (Prefix(text), Prefix(text, everywhere=True), Contains(text), EntryIs(text)):
        directory.index.select(question, USER, 5)


DIGITS = st.text(alphabet="129", min_size=3, max_size=15)


@settings(max_examples=30, deadline=None)
@given(
    held=st.lists(st.lists(DIGITS, max_size=3), min_size=1, max_size=12),
    asked=st.lists(DIGITS, min_size=1, max_size=12),
)
def test_numbers_are_found_by_their_ends_and_by_few_digits_no_others(
    held: list[list[str]], asked: list[str]
) -> None:
    made = [contact(str(at), "A", *numbers, f"{at}x17") for at, numbers in enumerate(held)]
    reader = reader_of(made, {"crm": SourcePolicy("crm")})
    for tail in (
        *asked,
        *(number[-length:] for each in held for number in each for length in range(3, 9)),
    ):
        hits = reader.by_rank(selecting.tail_query(tail), reader.scope(USER), len(made))
        found = {reader.record(at, reader.scope(USER)).contact.id.key for _, at in hits}
        ending = {
            str(at)
            for at, numbers in enumerate(held)
            if any(each.endswith(tail) for each in numbers)
        }
        assert ending <= found, tail
        if len(tail) in TAILS:
            assert found == ending, tail


NAMES = ("Abel", "Meier", "Meier", "Meier", "Meier", "Meier", "Zorn", "", "Öztürk")


def walked(directory: Directory, selection: Selection, page: int) -> list[str]:
    """Read a set question page by page."""
    keys: list[str] = []
    after: Position | None = None
    for _ in range(200):
        found = directory.index.candidates(selection, USER, page, after)
        assert len(found) <= page
        keys += [found.read(at).id.key for at in range(len(found))]
        if found.complete:
            return keys
        after = found.position(len(found) - 1)
    raise AssertionError("no end")


@pytest.mark.parametrize("page", [1, 2, 3, 5, 7, 100])
def test_pages_of_any_size_give_everybody_once_in_one_order(
    directory: Directory, page: int
) -> None:
    directory.hold(
        *(contact(str(number), NAMES[number % len(NAMES)]) for number in range(45)),
        contact("hidden", "Meier", source="hr"),
    )
    whole = walked(directory, Everyone(), 1_000)
    assert sorted(whole) == sorted(map(str, range(45)))
    assert walked(directory, Everyone(), page) == whole
    assert walked(directory, Prefix("mei"), page) == [
        key for key in whole if NAMES[int(key) % len(NAMES)] == "Meier"
    ]


@pytest.mark.parametrize("spare", [0, 1, 8])
@pytest.mark.parametrize("page", [1, 2, 3, 5, 7, 100])
def test_those_of_equal_rank_have_one_order_wherever_a_page_ends(
    directory: Directory, page: int, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "SPARE", spare)
    equal: dict[int, list[Contact]] = defaultdict(list)
    for number in range(2_000):
        each = contact(str(number), "Meier")
        equal[rank_of(each)].append(each)
    people = [each for group in equal.values() if len(group) > 1 for each in group][:40]
    assert len(people) == 40
    directory.hold(*people)
    whole = walked(directory, Everyone(), 1_000)
    places = {each.id.key: place_of(contact_uuid_text(each.id)) for each in people}
    ranks = {each.id.key: rank_of(each) for each in people}
    assert whole == sorted(places, key=lambda key: (ranks[key], places[key]))
    assert walked(directory, Prefix("mei"), page) == whole


def test_pages_go_on_behind_their_place_whatever_is_committed_meanwhile(
    directory: Directory,
) -> None:
    held = [contact(str(number), NAMES[number % len(NAMES)]) for number in range(45)]
    directory.hold(*held)
    whole = walked(directory, Everyone(), 1_000)
    first = directory.index.candidates(Everyone(), USER, 10)
    last = first.position(9)
    seen = [first.read(at).id.key for at in range(10)]
    remove(directory.store, *(each for each in held if each.id.key in seen[5:]))
    directory.hold(contact("early", "Aachen"), contact("late", "Zypern", company="Zypern"))
    rest = directory.index.candidates(Everyone(), USER, 1_000, last)
    assert [rest.read(at).id.key for at in range(len(rest))] == [*whole[10:], "late"]
    assert [first.read(at).id.key for at in range(10)] == seen  # its own commit


NAMES_AND_CUTS = st.tuples(
    st.text("aeouäöüßbmE-' 1.", min_size=1, max_size=14).filter(str.strip),
    st.integers(0, 13),
    st.integers(0, 13),
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(cases=st.lists(NAMES_AND_CUTS, min_size=1, max_size=20))
def test_whatever_stands_in_a_text_is_among_the_candidates(
    directory: Directory, cases: list[tuple[str, int, int]]
) -> None:
    directory.hold(*(contact(str(number), case[0]) for number, case in enumerate(cases)))
    for number, (name, *cut) in enumerate(cases):
        for question in (Contains(name[min(cut) : max(cut)]), Prefix(name[: max(cut)])):
            keys = {each.id.key for each in directory.index.select(question, USER, 100).contacts}
            assert str(number) in keys


def test_the_first_contact_without_a_name_is_found_by_what_it_is_called(
    directory: Directory,
) -> None:
    def called(text: str) -> list[str]:
        found = directory.index.select(Called(text), USER, 10)
        return [each.id.key for each in found.contacts]

    firm = contact("firm", "", company="Meier GmbH")
    employee = contact("anna", "Anna Vogt", company="Meier GmbH")
    directory.hold(employee)
    assert (called("mei"), called("anna")) == ([], ["anna"])
    directory.hold(firm)
    assert (called("mei"), called("anna")) == (["firm"], ["anna"])
    everyone_else = Without(Everyone(), Called("mei"))
    found = directory.index.select(everyone_else, USER, 10)
    assert [each.id.key for each in found.contacts] == ["anna"]
