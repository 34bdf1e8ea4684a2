"""Records of lately shown hits, kept decoded."""

from __future__ import annotations

import pytest

from engine import recall
from engine.recall import Recall, Record
from tests.engine.building import contact


def key(number: int) -> bytes:
    return str(number).encode()


def record(number: int, octets: int = 1) -> Record:
    return Record(contact(str(number), "Anna Meier"), key(number), octets)


def test_what_was_kept_is_found_and_what_was_not_is_not() -> None:
    memory = Recall()
    kept = record(1)
    memory.keep(key(1), kept)
    assert memory.get(key(1)) is kept
    assert memory.get(key(2)) is None
    assert memory.get((key(1), frozenset({"emails"}))) is None
    assert len(memory) == 1


def test_several_are_kept_and_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "MAX_RECORDS", 3)
    memory = Recall()
    kept = [record(number) for number in range(5)]
    memory.keep_all({each.version: each for each in kept[:3]}, 3 * kept[0].octets)
    assert memory.known([key(2), key(9), key(0)]) == {key(2): kept[2], key(0): kept[0]}
    memory.keep_all({each.version: each for each in kept[3:]}, 2 * kept[0].octets)
    assert len(memory) == 5
    assert memory.known([key(4), key(1), key(9)]) == {key(4): kept[4], key(1): kept[1]}


@pytest.mark.parametrize("kept", ["each", "at once"])
@pytest.mark.parametrize("bound", ["number", "octets"])
def test_it_is_bounded_and_what_is_read_again_outlives_what_is_not(
    bound: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "MAX_RECORDS" if bound == "number" else "MAX_OCTETS", 10)
    memory = Recall()
    favourite = record(-1)
    memory.keep(key(-1), favourite)
    for number in range(100):
        if kept == "at once":
            memory.keep_all({key(number): record(number)}, record(number).octets)
            assert memory.known([key(-1)]) == {key(-1): favourite}
        else:
            memory.keep(key(number), record(number))
        assert memory.get(key(-1)) is favourite
        assert len(memory) <= 20
    assert memory.get(key(99)) is not None
    assert memory.get(key(50)) is None


def test_a_record_larger_than_all_is_kept_until_the_next_but_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recall, "MAX_OCTETS", 10)
    memory = Recall()
    for number in range(3):
        memory.keep(key(number), record(number, octets=100))
    assert memory.get(key(0)) is None
    assert len(memory) == 2
