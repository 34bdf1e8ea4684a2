"""Which links more than one record may have: never too few, and seldom too many."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import linkmap
from engine.linkmap import NO_MAP, LinkMap, new_links
from engine.numbertable import NumberTable
from engine.numberwriter import NumberWriter
from engine.store import Change
from engine.terms import link_terms
from tests.engine.building import Directory, change_of, contact

LINKS = st.lists(st.sampled_from([f"@{name}@nord.example" for name in "abcdefgh"]), unique=True)


def shared_by_count(table: NumberTable) -> set[str]:
    """Return the links that several records of a table have, found by reading them all."""
    assert table.file is not None
    with table.file.environment.begin() as transaction:
        versions = [version for _, version in transaction.cursor(table.file.databases.rows)]
    contacts = list(map(table.contact, versions))
    counted = Counter(link for each in contacts for link in set(link_terms(each)))
    return {link for link, holders in counted.items() if holders > 1}


def test_a_link_noted_once_is_nobody_elses_and_one_noted_twice_may_be() -> None:
    links = LinkMap.sized(10)
    links.note(["@anna@nord.example", "#49891 meier"])
    links.note(["#49891 meier"])
    assert links.shared(["@anna@nord.example", "#49891 meier", "@new@nord.example"]) == [
        "#49891 meier"
    ]


def test_few_links_are_taken_for_shared_by_chance() -> None:
    links = LinkMap.sized(20_000)
    alone = [f"@person{number}@nord.example" for number in range(50_000)]
    links.note(alone)
    assert len(links.shared(alone)) < len(alone) / 25
    assert not links.is_full


def test_what_was_noted_is_read_back_from_its_entries() -> None:
    links = LinkMap.sized(1_000)
    links.note(["@a", "@b", "@b"])
    stored = dict(links.entries())
    again = LinkMap.read(stored.get)
    assert again.noted == 2
    assert again.shared(["@a", "@b"]) == ["@b"]
    again.note(["@a"])
    assert dict(again.entries()).items() - stored.items(), "only what changed is written"
    assert len(again.entries()) < len(stored)
    assert LinkMap.read({**stored, **dict(again.entries())}.get).shared(["@a"]) == ["@a"]


def test_without_a_map_every_link_may_be_shared() -> None:
    assert not NO_MAP
    NO_MAP.note(["@a"])
    assert NO_MAP.shared(["@a", "@b"]) == ["@a", "@b"]
    assert NO_MAP.entries() == []
    assert not LinkMap.read({}.get)


def test_a_former_versions_links_are_not_noted_again() -> None:
    former = contact("1", "Anna Meier", "498999998101", emails=("a@nord.example",))
    fresh = contact("1", "Anna Meier", "498999998102", emails=("a@nord.example",))
    assert new_links(former, None) == link_terms(former)
    assert all("498999998102" in link for link in new_links(fresh, former))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 6), LINKS | st.none()), max_size=5), max_size=6))
def test_whatever_changes_no_shared_link_is_missed(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[int, list[str] | None]]],
) -> None:
    folder = tmp_path_factory.mktemp("table")
    writer = NumberWriter.create(folder, "a store")
    writer.seal(0)
    writer = NumberWriter.open(folder, "a store", 0)
    seq = 0
    for batch in batches:
        changes = []
        for key, links in dict(batch).items():
            seq += 1
            if links is None:
                changes.append(Change(seq, "crm", str(key), None))
            else:
                emails = tuple(link[1:] for link in links)
                changes.append(change_of(seq, contact(str(key), "Anna", emails=emails)))
        writer.apply(changes, committed=0)
        table = NumberTable(writer._file)
        assert table.links
        shared = shared_by_count(table)
        assert shared <= set(table.links.shared(sorted(shared)))
        table.close()


def test_a_full_map_gives_way_to_a_greater_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkmap, "FEWEST", 8)
    writer = NumberWriter.create(tmp_path, "a store")
    writer.seal(0)
    writer = NumberWriter.open(tmp_path, "a store", 0)
    for first in range(0, 400, 40):
        people = [
            contact(f"{key}", f"Name{key}", emails=(f"{key}@nord.example", f"{key // 2}@x.example"))
            for key in range(first, first + 40)
        ]
        writer.apply([change_of(int(each.id.key) + 1, each) for each in people])
    table = NumberTable(writer._file)
    shared = shared_by_count(table)
    assert len(shared) == 200
    assert set(table.links.shared(sorted(shared))) == shared
    alone = [f"@{key}@nord.example" for key in range(400)]
    assert len(table.links.shared(alone)) < 100
    table.close()


def test_an_index_that_is_built_and_then_changed_knows_its_shared_links(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    anna = contact("1", "Anna Meier", "498999998101", emails=("a@nord.example",))
    ben = contact("2", "Ben Bauer", "498999998102", emails=("b@nord.example",))
    directory.hold(anna, ben)
    directory.writer.rebuild()
    index = directory.index
    index.refresh()
    links = index._reader.numbers.links
    assert links
    assert links.shared([*link_terms(anna), *link_terms(ben)]) == []
    directory.hold(contact("3", "A. Meier", emails=("a@nord.example",)))
    assert "@a@nord.example" in index._reader.numbers.links.shared(link_terms(anna))
    directory.close()
