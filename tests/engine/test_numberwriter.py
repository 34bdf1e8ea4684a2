"""The number table follows the store: each change once, the former version gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import generation as folders
from engine.bodykeys import body_key
from engine.contact import Contact, decode_contact
from engine.errors import CorruptIndex, CorruptStore
from engine.numberfile import DATA, FOLDER, NumberFile
from engine.numbertable import NumberTable
from engine.numberwriter import NumberWriter
from engine.store import Change
from tests.engine.building import Directory, contact
from tests.engine.building import change_of as change
from tests.engine.test_numbertable import held

NUMBERS = ("498999998101", "498999998102", "493023125", "493023125x7", "12125550123")


def contents(file: NumberFile) -> dict[str, int]:
    """Entries of each database: what is left of a version that is gone shows here."""
    databases = file.databases
    with file.environment.begin() as transaction:
        return {
            name: transaction.stat(getattr(databases, name))["entries"]
            for name in ("bodies", "retired", "rows", "numbers", "trunks")
        }


@pytest.fixture
def writer(tmp_path: Path) -> NumberWriter:
    return NumberWriter.create(tmp_path, "a store")


def test_a_new_version_replaces_the_former_one_whole(writer: NumberWriter) -> None:
    writer.apply([change(1, contact("1", "", "4930231250", "498999998101", company="ACME"))])
    writer.apply([change(2, contact("1", "Anna", "498999998102"))])
    writer.apply([], committed=2)
    expected = {"bodies": 1, "retired": 0, "rows": 1, "numbers": 1, "trunks": 0}
    assert contents(writer._file) == expected
    snapshot = NumberTable(writer._file)
    assert snapshot.holders("498999998101", None, 5) == []
    assert held(snapshot, "498999998102", None, 5) == ["Anna"]
    snapshot.close()


def test_a_deletion_leaves_nothing(writer: NumberWriter) -> None:
    writer.apply([change(1, contact("1", "Anna", "498999998101", "493023125x7"))])
    writer.apply([Change(2, "crm", "1", None), Change(3, "crm", "never there", None)])
    writer.apply([], committed=3)
    assert set(contents(writer._file).values()) == {0}


def test_what_a_change_ended_stays_until_a_commit_without_it_is_in_force(
    writer: NumberWriter,
) -> None:
    first, other = contact("1", "Anna"), contact("2", "Ben")
    second, third = contact("1", "Anna Two"), contact("1", "Anna Three")
    keys = [body_key(each, seq) for seq, each in enumerate((first, other, second, other, third), 1)]
    writer.apply([change(1, first), change(2, other)])
    writer.apply([change(3, second)], committed=2)
    before = NumberTable(writer._file)
    assert [before.serve(applied) for applied in (0, 1, 2, 3, 4)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    writer.apply([Change(4, "crm", "2", None)], committed=2)
    writer.apply([change(5, third)], committed=3)
    after = NumberTable(writer._file)
    assert [after.serve(applied) for applied in (2, 3, 4, 5)] == [False, True, True, True]
    for snapshot, there in ((before, {1, 2, 3}), (after, {2, 3, 5})):
        for seq, key in enumerate(keys, 1):
            if seq in there:
                assert snapshot.body(key)
            else:
                with pytest.raises(CorruptIndex, match="no contact"):
                    snapshot.body(key)
    assert decode_contact(before.body(keys[0])) == first
    assert decode_contact(after.body(keys[1])) == other


def test_a_table_that_lacks_what_the_index_holds_is_refused(
    writer: NumberWriter, tmp_path: Path
) -> None:
    writer.apply([change(1, contact("1", "Anna"))])
    writer.apply([change(2, contact("1", "Anna Two"))], committed=1)
    writer.apply([change(3, contact("1", "Anna Three"))], committed=2)
    writer.seal(3)
    with pytest.raises(CorruptIndex, match="not in step"):
        NumberWriter.open(tmp_path, "a store", 1)
    NumberWriter.open(tmp_path, "a store", 2)


def test_to_apply_changes_twice_changes_nothing(writer: NumberWriter) -> None:
    changes = [change(n, contact(str(n), f"P{n}", NUMBERS[n % 5])) for n in range(1, 20)]
    writer.apply(changes)
    once = contents(writer._file)
    writer.apply(changes)
    assert contents(writer._file) == once


def test_a_sealed_table_is_opened_again_and_written_on(
    writer: NumberWriter, tmp_path: Path
) -> None:
    for n in range(1, 60):
        writer.apply(change(n * 100 + i, contact(f"{n}-{i}", "P", f"49{n:03d}{i:07d}"))
                     for i in range(50))  # fmt: skip
    before = contents(writer._file)
    writer.seal(7_000)
    again = NumberWriter.open(tmp_path, "a store", 7_000)
    assert contents(again._file) == before
    again.apply([change(7_001, contact("late", "Late", "498999998101"))])
    snapshot = NumberTable(again._file)
    assert held(snapshot, "498999998101", None, 5) == ["Late"]
    snapshot.close()


def test_a_sealed_table_has_full_pages_and_all_that_it_had(
    tmp_path: Path, writer: NumberWriter
) -> None:
    numbers = [f"4989{place * 7919 % 10_007:06}" for place in range(3_000)]
    for first in range(0, len(numbers), 100):
        writer.apply(
            change(seq, contact(str(seq), f"P{seq}", numbers[seq - 1], company="ACME"))
            for seq in range(first + 1, first + 101)
        )
    before, file = contents(writer._file), tmp_path / FOLDER / DATA
    octets = file.stat().st_size
    writer.seal(3_000)
    assert file.stat().st_size < octets * 0.7
    assert sorted(each.name for each in file.parent.iterdir()) == [DATA, "lock.mdb"]
    opened = NumberWriter.open(tmp_path, "a store", 3_000)
    assert contents(opened._file) == before
    snapshot = NumberTable(opened._file)
    for seq in (1, 1_500, 3_000):
        assert held(snapshot, numbers[seq - 1], None, 5) == [f"P{seq}"]
    snapshot.close()


def test_keys_longer_than_a_key_of_the_table_are_kept_apart(writer: NumberWriter) -> None:
    long = "k" * 2_000
    writer.apply([change(1, contact(long + "1", "Anna", "498999998101"))])
    writer.apply([change(2, contact(long + "2", "Ben", "498999998101"))])
    snapshot = NumberTable(writer._file)
    names = sorted(held(snapshot, "498999998101", None, 5))
    snapshot.close()
    assert names == ["Anna", "Ben"]


def test_a_batch_that_fails_leaves_the_table_as_it_was(writer: NumberWriter) -> None:
    writer.apply([change(1, contact("1", "Anna", "498999998101"))])
    bad = Change(3, "other", "2", b"\xc1 no contact")
    with pytest.raises(CorruptStore, match="other"):
        writer.apply([change(2, contact("1", "Berta", "498999998102", source="third")), bad])
    snapshot = NumberTable(writer._file)
    assert held(snapshot, "498999998101", None, 5) == ["Anna"]
    snapshot.close()
    writer.apply([change(4, contact("1", "Cem", "498999998102", source="fourth"))])
    snapshot = NumberTable(writer._file)
    only = snapshot.sources(frozenset({"fourth"}))
    assert held(snapshot, "498999998102", only, 5) == ["Cem"]
    snapshot.close()


def test_a_table_of_another_store_or_one_that_is_behind_is_refused(directory: Directory) -> None:
    directory.hold(contact("1", "Anna", "498999998101"))
    served = folders.current_generation(directory.index_dir)
    assert served is not None
    store = directory.store.identity()
    NumberWriter.open(served, store, directory.store.last_seq())
    with pytest.raises(CorruptIndex, match="not in step"):
        NumberWriter.open(served, "another", 0)
    with pytest.raises(CorruptIndex, match="not in step"):
        NumberWriter.open(served, store, directory.store.last_seq() + 1)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.sets(st.sampled_from(NUMBERS)), st.booleans()), max_size=25
    ),
    size=st.integers(1, 4),
)
def test_the_table_holds_what_a_dictionary_would(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, set[str], bool]],
    size: int,
) -> None:
    """Any order of additions, changes and deletions, cut into batches as the store cuts them."""
    writer = NumberWriter.create(tmp_path_factory.mktemp("table"), "a store")
    expected: dict[str, Contact] = {}
    latest: dict[str, Change] = {}
    waiting = 0
    for seq, (key, numbers, is_gone) in enumerate(steps, 1):
        made = contact(str(key), f"P{seq}", *sorted(numbers))
        latest[str(key)] = Change(seq, "crm", str(key), None) if is_gone else change(seq, made)
        expected.pop(str(key), None)
        if not is_gone:
            expected[str(key)] = made
        waiting += 1
        if waiting == size:
            writer.apply(sorted(latest.values(), key=lambda each: each.seq))
            latest, waiting = {}, 0
    writer.apply(sorted(latest.values(), key=lambda each: each.seq))
    snapshot = NumberTable(writer._file)
    for number in NUMBERS:
        found = set(held(snapshot, number, None, 50))
        assert found == {
            each.name
            for each in expected.values()
            if any(line.number.key == number for line in each.phones)
        }
    snapshot.close()


def test_versions_are_kept_in_whatever_order_they_come(writer: NumberWriter) -> None:
    made = {seq: contact(str(seq), f"P{seq}") for seq in (10, 3, 7, 20)}
    for seq, each in made.items():
        writer.apply([change(seq, each)])
    snapshot = NumberTable(writer._file)
    found = {seq: decode_contact(snapshot.body(body_key(each, seq))) for seq, each in made.items()}
    assert found == made
    snapshot.close()
