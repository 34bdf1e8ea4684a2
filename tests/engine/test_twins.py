"""Which versions share a link: what the writer notes, against the links of all that there is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import twins
from engine.bodykeys import body_key
from engine.contact import Contact, ContactId
from engine.grouping import Groups
from engine.index import ContactIndex
from engine.numbertable import NumberTable
from engine.numberwriter import NumberWriter
from engine.query import PeopleQuery
from engine.rights import LOCAL_ADMIN, SourcePolicy
from engine.store import Change
from engine.terms import link_terms
from engine.twins import MAX_TWINS
from engine.writer import IndexWriter
from tests.engine.building import Directory, change_of, contact, put, remove
from tests.engine.searching import search_of

NUMBER, OTHER = "498999998123", "4917139200123"


@st.composite
def people(draw: st.DrawFn) -> Contact:
    """A contact that mostly shares something with another."""
    return contact(
        draw(st.sampled_from("abcdef")),
        draw(st.sampled_from(("Anna Meier", "Ben Meier", "Meier, A.", "Zoe Zorn", ""))),
        *draw(st.lists(st.sampled_from((NUMBER, OTHER, "49301234x12")), max_size=2)),
        source=draw(st.sampled_from(("crm", "book"))),
        company=draw(st.sampled_from(("", "Meier Bau"))),
        emails=tuple(draw(st.lists(st.sampled_from(("a@x.example", "b@x.example")), max_size=2))),
        link=draw(st.sampled_from(("", "", "17"))),
    )


class Held:
    """All versions there ever were, and how long each was there."""

    def __init__(self) -> None:
        self.seq = 0
        self._now: dict[ContactId, int] = {}
        self._all: dict[int, tuple[Contact, float]] = {}

    def change(self, made: Contact, *, gone: bool) -> Change:
        self.seq += 1
        former = self._now.pop(made.id, None)
        if former is not None:
            self._all[former] = self._all[former][0], self.seq
        if gone:
            return Change(self.seq, made.id.source, made.id.key, None)
        self._now[made.id] = self.seq
        self._all[self.seq] = made, float("inf")
        return change_of(self.seq, made)

    def at(self, commit: int) -> dict[bytes, Contact]:
        return {
            body_key(made, seq): made
            for seq, (made, end) in self._all.items()
            if seq <= commit and end > commit
        }

    def ever_linked(self, one: Contact) -> int:
        """Return how many versions ever had a link of one."""
        own = set(link_terms(one))
        return sum(not own.isdisjoint(link_terms(made)) for made, _ in self._all.values())


@contextlib.contextmanager
def table_of(writer: NumberWriter, commit: int) -> Iterator[NumberTable]:
    table = NumberTable(writer._file)
    assert table.serve(commit)
    yield table
    table.close()


def twins_of(table: NumberTable, versions: Sequence[bytes]) -> dict[bytes, twins.Twins]:
    """Return those of some versions that are there, each with its twins."""
    noted = table.twins(versions)
    return {version: noted.get(version, ()) for version in table.read(versions)[0]}


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(
        st.tuples(
            st.lists(st.tuples(people(), st.sampled_from((False, False, True))), max_size=6),
            st.booleans(),
        ),
        max_size=8,
    ),
    most=st.sampled_from((2, MAX_TWINS)),
)
def test_who_shares_a_link_is_known_of_every_commit_that_is_served(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[tuple[list[tuple[Contact, bool]], bool]],
    most: int,
) -> None:
    writer = NumberWriter.create(tmp_path_factory.mktemp("table"), "a store")
    held, commits = Held(), [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twins, "MAX_TWINS", most)
        for batch, commits_before in batches:
            if commits_before:
                commits = [held.seq]
            of_each = {made.id: (made, gone) for made, gone in batch}
            changes = [held.change(made, gone=gone) for made, gone in of_each.values()]
            writer.apply(changes, committed=commits[0])
            commits.append(held.seq)
            for commit in commits:
                there = held.at(commit)
                with table_of(writer, commit) as table:
                    read = {
                        version: found and {*twins_of(table, found)}
                        for version, found in twins_of(table, sorted(there)).items()
                    }
                assert read.keys() == there.keys()
                for version, found in read.items():
                    own = set(link_terms(there[version]))
                    expected = {
                        other
                        for other, made in there.items()
                        if other != version and not own.isdisjoint(link_terms(made))
                    }
                    if found is None:
                        assert held.ever_linked(there[version]) > most + 1
                    else:
                        assert set(found) == expected  # but for those whose bodies have gone


def test_an_entry_is_bounded_and_of_a_crowd_all_are_told(tmp_path: Path) -> None:
    writer = NumberWriter.create(tmp_path, "a store")
    made = [
        contact(f"{n:02}", f"N{n} Meier", surname="Meier", link="17") for n in range(MAX_TWINS + 3)
    ]
    versions = [body_key(each, seq) for seq, each in enumerate(made, 1)]
    for seq, each in enumerate(made, 1):
        writer.apply([change_of(seq, each)])
        with table_of(writer, seq) as table:
            found = twins_of(table, versions[:seq])
        for version, linked in found.items():
            others = tuple(other for other in found if other != version)
            assert linked == (others if len(others) <= MAX_TWINS else None)


def test_a_crowd_that_comes_all_at_once_is_one_for_who_was_there_before(tmp_path: Path) -> None:
    writer = NumberWriter.create(tmp_path, "a store")
    made = [contact(f"{n:03}", "Anna Meier", NUMBER, surname="Meier") for n in range(60)]
    made[:5] = [contact(f"z{n}", "Zoe Meier", NUMBER, surname="Meier") for n in range(5)]
    writer.apply([change_of(seq, each) for seq, each in enumerate(made[:5], 1)])
    writer.apply([change_of(seq, each) for seq, each in enumerate(made[5:], 6)])
    with table_of(writer, 60) as table:
        versions = [body_key(each, seq) for seq, each in enumerate(made, 1)]
        assert twins_of(table, versions) == dict.fromkeys(versions)


def test_a_record_that_is_changed_again_and_again_fills_no_entry(tmp_path: Path) -> None:
    writer = NumberWriter.create(tmp_path, "a store")
    one, last = contact("1", "Anna Meier", link="17"), 5 * MAX_TWINS
    writer.apply([change_of(1, one)])
    for seq in range(2, last + 1):
        other = contact("2", f"Anna {seq}", link="17")
        writer.apply([change_of(seq, other)], committed=seq - 1)
    first, second = body_key(one, 1), body_key(other, last)
    with table_of(writer, last) as table:
        read = twins_of(table, [first, second])
    assert read == {first: (second,), second: (first,)}
    writer.apply([Change(last + 1, "crm", "2", None)], committed=last)
    writer.apply([Change(last + 2, "crm", "1", None)], committed=last + 1)
    writer.apply([], committed=last + 2)
    with writer._file.environment.begin() as transaction:
        for name in ("links", "twins", "ended"):
            database = getattr(writer._file.databases, name)
            assert transaction.stat(database)["entries"] == 0, name


POLICIES = {"crm": SourcePolicy("crm", 500), "book": SourcePolicy("book", 900)}


def answers(index: ContactIndex) -> list[object]:
    return [index.people(PeopleQuery(text, LOCAL_ADMIN, 50)) for text in ("m", "anna", "zo", "bau")]


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("put", "put", "put", "remove", "commit", "rebuild")), people()),
        max_size=25,
    )
)
def test_people_are_those_of_an_index_made_anew_whatever_has_changed_since(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Contact]]
) -> None:
    """Also for a reader that opens the table when it is ahead of the commit."""
    directory = Directory(tmp_path_factory.mktemp("people"), **POLICIES)
    held: dict[ContactId, Contact] = {}
    committed: list[Contact] = []
    for what, made in steps:
        if what == "put":
            put(directory.store, [made])
            held[made.id] = made
        elif what == "remove":
            remove(directory.store, made)
            held.pop(made.id, None)
        else:
            if what == "commit":
                directory.writer.catch_up()
            else:
                directory.writer.rebuild()
            committed = list(held.values())
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(ZeroDivisionError):
        patch.setattr(IndexWriter, "_commit", lambda *_: 1 / 0)
        directory.writer.catch_up()  # the table has it, the index has not
    with contextlib.closing(ContactIndex.open(directory.index_dir, POLICIES)) as index:
        expected = search_of(committed, POLICIES)
        for text, told in zip(("m", "anna", "zo", "bau"), answers(index), strict=True):
            assert told == expected.answer(PeopleQuery(text, LOCAL_ADMIN, 50))
        for each in committed:
            assert index.person(each.id, LOCAL_ADMIN) == expected.person(each.id, LOCAL_ADMIN)
    directory.close()


def test_whoever_is_linked_to_nobody_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    search = search_of(
        [contact("1", "Anna Meier", NUMBER), contact("2", "Ben Meier", OTHER)], POLICIES
    )
    reader = search._reader
    monkeypatch.setattr(type(reader), "links", lambda *_: pytest.fail("links were worked out"))
    monkeypatch.setattr(Groups, "_find", lambda *_: pytest.fail("somebody was looked for"))
    assert len(search.answer(PeopleQuery("meier", LOCAL_ADMIN)).hits) == 2


def test_the_twins_of_a_page_are_read_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [contact(f"{name}{n}", f"{name} Meier", link=name) for name in "AB" for n in (1, 2)]
    shown = contact("A3", "Anna Schulz", link="A")  # found by nothing that is typed
    search = search_of([*pairs, shown], POLICIES)
    read, reading = list[int](), NumberTable.read
    monkeypatch.setattr(
        NumberTable, "read", lambda table, keys: read.append(len(keys)) or reading(table, keys)
    )
    page = search.answer(PeopleQuery("meier", LOCAL_ADMIN))
    assert [sorted(each.key for each in hit.records) for hit in page.hits] == [
        ["A1", "A2", "A3"],
        ["B1", "B2"],
    ]
    assert read == [5]
    assert search.answer(PeopleQuery("meier", LOCAL_ADMIN)) == page
    assert len(search.answer(PeopleQuery("schulz", LOCAL_ADMIN)).hits) == 1
    assert read == [5]  # all of them are remembered
