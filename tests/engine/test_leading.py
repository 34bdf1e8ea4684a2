"""Which of the many contacts that share a beginning come first: guessed, and never wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import leading, questions
from engine.contact import Contact, encode_contact
from engine.leading import NO_LIMITS, Leading, windows
from engine.matching import NAME, NAME_WHOLE, SOUNDS
from engine.people import PeopleSearch
from engine.phonetics import sound
from engine.query import PeopleQuery
from engine.questions import Questions
from engine.reader import Reader
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from engine.schema import LEADING, SOUND, term
from engine.scope import Searched
from engine.selecting import _first, candidates
from engine.selection import Called
from engine.terms import name_words, pair_terms, rank_of
from engine.typed import read_typed
from tests.engine.building import Directory, contact
from tests.engine.searching import reader_of

EVA = Principal("eva", "user")
ASKERS = (LOCAL_ADMIN, EVA)
POLICIES = {
    "crm": SourcePolicy("crm", 500),
    "old": SourcePolicy("old", 100),
    "hr": SourcePolicy("hr", 900, ("personnel",)),
}
TEXTS = (
    "m",
    "mu",
    "muller",
    "meier",
    "a",
    "an",
    "anna",
    "x",
    "anna muller",
    "ann mul",
    "mull anna",
    "max mei",
    "ma an mul",
    "mullr",
    "meiir",
    "ana",
)


def people(count: int, seed: int = 1) -> list[Contact]:
    draw = random.Random(seed)
    made = []
    for key in range(count):
        given_name = draw.choice(("Anna", "Anton", "Max", "Maria", "Xaver"))
        surname = draw.choice(("Müller", "Müller", "Müllerschön", "Meier", "Anders", "Zorn"))
        source = draw.choice(("crm", "crm", "old", "hr"))
        name = f"{given_name} {surname}"
        made.append(contact(str(key), name, source=source, given_name=given_name, surname=surname))
    return made


def of_many_names(key: int) -> Contact:
    """A contact whose names begin in more ways than there are pairs for."""
    surname = " ".join(
        ("Müller", "Bach", "Carl", "Dorn", "Ernst", "Falk", "Graf", "Hahn", f"I{key}x")
    )
    given_name = "Anna" if key % 2 else "Max Meier"
    name = f"{given_name} {surname}"
    return contact(f"many{key}", name, given_name=given_name, surname=surname)


def guessed(contacts: list[Contact]) -> Leading:
    return Leading.guess(map(encode_contact, contacts), len(contacts))


def answers(search: PeopleSearch, asker: Principal) -> list[object]:
    """Return what is found for each text, page by page."""
    found: list[object] = []
    for text in TEXTS:
        for own in ("", "Bau"):
            cursor = ""
            for _ in range(4):
                page = search.answer(PeopleQuery(text, asker, 30, cursor, company=own))
                found.append(([hit.id for hit in page.hits], page.total, page.total_is_exact))
                cursor = page.cursor
                if not cursor:
                    break
    return found


def test_answers_are_the_same_whatever_the_limits_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "VERY_MANY", 100)
    contacts = [*people(700), *map(of_many_names, range(9))]
    plain = PeopleSearch(reader_of(contacts, POLICIES))
    wanted = {asker.name: answers(plain, asker) for asker in ASKERS}
    ranks = sorted(map(rank_of, contacts))
    draw = random.Random(7)
    beginnings = ("m", "mu", "muller", "muller$", "a", "an", "anna$", "meier$")
    others = (
        "ann mul",
        "max mei",
        f"~{sound('muller')}",
        f"~{sound('meier')}$",
        f"~{sound('anna')}$",
    )
    for _ in range(3):
        limits = {
            each: (draw.choice(ranks), draw.choice((0, draw.choice(ranks))))
            for each in beginnings + others
        }
        search = PeopleSearch(reader_of(contacts, POLICIES, Leading(limits)))
        for asker in ASKERS:
            assert answers(search, asker) == wanted[asker.name]


def queries_of(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the queries that a reader is asked from now on, as tantivy writes them."""
    asked: list[str] = []
    search = type(reader).counted_by_rank

    def counted(self: object, query: object, *more: object, **named: bool) -> object:
        asked.append(str(query))
        return search(self, query, *more, **named)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(type(reader), "counted_by_rank", counted)
    return asked


def test_the_first_of_many_are_found_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "MANY", 200)
    monkeypatch.setattr(questions, "WORTH_A_LIMIT", 200)
    monkeypatch.setattr(leading, "LEADERS", 120)
    contacts = people(900)
    limits = guessed(contacts)
    reader = reader_of(contacts, POLICIES, limits)
    assert limits.levels("m")
    assert reader.frequency(LEADING, "0m") == 120
    asked = queries_of(reader, monkeypatch)
    page = PeopleSearch(reader).answer(PeopleQuery("m", LOCAL_ADMIN, 5))
    assert page.total == 100
    assert "0m" in asked[0]
    assert not any('"m"' in query for query in asked)


def test_the_first_of_a_pair_that_many_have_are_found_without_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leading, "MANY", 50)
    monkeypatch.setattr(leading, "LEADERS", 40)
    contacts = people(900)
    reader = reader_of(contacts, POLICIES, guessed(contacts))
    asking = Questions(read_typed("ann mul"), Searched(frozenset(), (), ()), reader.frequency)
    (first,) = asking.first(NAME, reader.leading, 30)
    assert reader.frequency(LEADING, "0ann mul") == 40
    scope = reader.scope(LOCAL_ADMIN)
    all_of_them = asking.query(NAME)
    assert all_of_them is not None
    assert reader.counted_by_rank(all_of_them, scope, 1)[1] >= 80
    assert reader.by_rank(first, scope, 40) == reader.by_rank(all_of_them, scope, 40)
    assert asking.first(NAME_WHOLE, reader.leading, 30) == ()
    assert asking.first(NAME, reader.leading, 41) == ()


def test_of_very_many_of_one_sound_the_first_are_compared_without_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leading, "MANY", 200)
    monkeypatch.setattr(leading, "LEADERS", 140)
    monkeypatch.setattr(questions, "VERY_MANY", 200)
    contacts = people(900)
    plain = PeopleSearch(reader_of(contacts, POLICIES))
    reader = reader_of(contacts, POLICIES, guessed(contacts))
    assert reader.frequency(LEADING, f"0~{sound('muller')}") == 140
    monkeypatch.setattr(Questions, "likely", lambda _: pytest.fail("asked among all"))
    page = PeopleSearch(reader).answer(PeopleQuery("mullr", LOCAL_ADMIN, 30))
    monkeypatch.undo()
    assert page == plain.answer(PeopleQuery("mullr", LOCAL_ADMIN, 30))
    assert {hit.match_class for hit in page.hits} == {SOUNDS}


def test_of_very_many_of_one_sound_and_other_spelling_the_first_are_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leading, "MANY", 200)
    monkeypatch.setattr(leading, "LEADERS", 140)
    monkeypatch.setattr(questions, "VERY_MANY", 200)
    contacts = people(900)
    plain = PeopleSearch(reader_of(contacts, POLICIES))
    reader = reader_of(contacts, POLICIES, guessed(contacts))
    asked = queries_of(reader, monkeypatch)
    page = PeopleSearch(reader).answer(PeopleQuery("milira", LOCAL_ADMIN, 30))
    monkeypatch.undo()
    assert page == plain.answer(PeopleQuery("milira", LOCAL_ADMIN, 30))
    assert len(page.hits) == 30
    assert any("~657" in query for query in asked)
    assert str(term(SOUND, "657")) not in asked


def terms_of(limits: Leading, contact: Contact) -> list[str]:
    found = name_words(contact)
    return limits.terms(found, pair_terms(found), rank_of(contact))


def test_a_contact_has_the_terms_of_the_limits_that_it_is_not_above() -> None:
    limits = Leading({"mu": (500, 20), "muller$": (100,), "a": (0, 30)})
    assert sorted(limits.terms(["muller", "anna"], [], 20)) == ["0mu", "0muller$", "1a", "1mu"]
    assert limits.terms(["muller"], [], 500) == ["0mu"]
    assert limits.terms(["muller"], [], 501) == []
    assert limits.terms(["meier"], [], 1) == []
    assert NO_LIMITS.terms(["muller"], ["ann mul"], 1) == []
    assert Leading({"ann mul": (500, 20)}).terms([], ["ann mul", "ann car"], 21) == ["0ann mul"]


@given(
    st.dictionaries(
        st.text(max_size=12),
        st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3).map(tuple),
        max_size=5,
    )
)
def test_limits_are_read_as_they_were_written(limits: dict[str, tuple[int, ...]]) -> None:
    read = Leading.decode(Leading(limits).encode())
    for each, of_levels in limits.items():
        assert list(read.levels(each)) == [at for at, limit in enumerate(of_levels) if limit]
    assert read.encode() == Leading(limits).encode()


def test_limits_are_guessed_for_beginnings_that_many_have_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = guessed(people(50))
    assert not any(each.startswith("0") for each in few.terms(["meier"], ["mei xav"], 0))
    assert few.levels("m") == [2]  # for the time when there will be 5,000
    assert guessed([]).encode() == NO_LIMITS.encode()
    monkeypatch.setattr(leading, "MANY", 50)
    monkeypatch.setattr(leading, "LEADERS", 40)
    contacts = people(1_000)
    limits = guessed(contacts)
    assert limits.levels("zo") == limits.levels("m")
    assert not limits.levels("q")
    for first in ("0m", "0ann mul"):
        assert sum(first in terms_of(limits, each) for each in contacts) == 40


def test_limits_for_a_time_when_there_will_be_more_are_those_of_the_first_by_rank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leading, "LEADERS", 120)
    contacts = people(900)
    limits = guessed(contacts)
    ranks = sorted(rank_of(each) for each in contacts if "muller$" in words_of(each))
    assert len(ranks) < leading.MANY
    assert limits.limit(0, "muller$") == 0
    assert limits.limit(1, "muller$") == ranks[11]


def words_of(each: Contact) -> list[str]:
    return [f"{word}$" for word in name_words(each)]


def test_a_contact_whose_words_begin_alike_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "MANY", 30)
    monkeypatch.setattr(leading, "LEADERS", 10)
    contacts = [
        contact(str(key), f"Mara Meier{key}", given_name="Mara", surname=f"Meier{key}")
        for key in range(40)
    ]
    ranks = sorted(map(rank_of, contacts))
    assert guessed(contacts).limit(0, "m") == guessed(contacts).limit(0, "mara$") == ranks[9]


def test_a_sample_is_taken_from_all_of_a_large_store_and_is_all_of_a_small_one() -> None:
    assert windows(0, 0) == [(0, 1)]
    assert windows(900, 700) == [(0, 900)]
    pieces = windows(4_000_000, 1_000_000)
    assert sum(rows for _, rows in pieces) == leading.SAMPLE
    assert pieces[0][0] == 0
    assert 3_900_000 < pieces[-1][0] < 4_000_000


def test_limits_stand_as_long_as_the_index_does(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "MANY", 50)
    monkeypatch.setattr(leading, "LEADERS", 20)
    index = directory.hold(*people(300))  # the first contacts of an empty index
    limits = index._reader.leading
    assert limits.levels("m")
    assert index.status().documents == 300
    early = contact("new", "Aaron Abel Müller", given_name="Aaron", surname="Abel Müller")
    directory.hold(early)
    assert index._reader.leading.encode() == limits.encode()
    assert index._reader.frequency(LEADING, "0muller$") == 21
    (first, *_) = index.people(PeopleQuery("muller", LOCAL_ADMIN)).hits
    assert first.id != early.id  # hr has the higher priority
    directory.writer.rebuild()
    index.refresh()
    assert index.status().documents == 301
    assert index._reader.leading.encode() != limits.encode()


@pytest.mark.parametrize("unnamed", [0, 40])
def test_lists_are_the_same_whatever_the_limits_are(unnamed: int) -> None:
    nameless = [
        contact(f"u{key}", "", company="Müller GmbH" if key % 2 else "Anna AG")
        for key in range(unnamed)
    ]
    contacts = [*people(600), *nameless]
    ranks = sorted(map(rank_of, contacts))
    draw = random.Random(9)
    texts = ("m", "mü", "Müller", "a", "an", "anna mu", "x")
    plain = reader_of(contacts, POLICIES)
    assert plain.has_unnamed == bool(unnamed)
    asked = 0
    for _ in range(3):
        limits = {
            each: (draw.choice(ranks), draw.choice((0, draw.choice(ranks))))
            for each in ("m", "mu", "muller", "a", "an")
        }
        reader = reader_of(contacts, POLICIES, Leading(limits))
        for asker in ASKERS:
            for text in texts:
                for limit in (1, 9, 60):
                    told = []
                    for each in (plain, reader):
                        found = candidates(each, Called(text), asker, limit)
                        keys = [found.read(at).id for at in range(len(found))]
                        told.append((keys, found.complete, found.position(0) if keys else None))
                    assert told[0] == told[1]
                    asked += bool(_first(reader, Called(text), reader.scope(asker), limit))
    assert asked > 20


def test_a_list_of_many_asks_for_the_first_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "MANY", 200)
    monkeypatch.setattr(leading, "LEADERS", 120)
    contacts = people(900)
    reader = reader_of(contacts, POLICIES, guessed(contacts))
    asked = queries_of(reader, monkeypatch)
    assert len(candidates(reader, Called("M"), LOCAL_ADMIN, 29)) == 29
    assert len(asked) == 1
    assert "0m" in asked[0]
    assert not candidates(reader, Called("M"), LOCAL_ADMIN, 150).complete  # more than those
    assert '"m"' in asked[-1]
