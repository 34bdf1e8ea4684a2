"""Bodies stand in the alphabet's order, and their keys are told from contact and document alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.bodykeys import KEY_BYTES, SEQ_BYTES, body_key, body_key_of, body_keys_of
from engine.contact import Contact
from engine.schema import SEQ_BITS
from engine.terms import rank_of
from tests.engine.building import contact

names = st.text(max_size=14)
seqs = st.integers(0, 2**SEQ_BITS - 1)


def made(surname: str, given_name: str, display_name: str = "") -> Contact:
    return contact("1", display_name, given_name=given_name, surname=surname)


@given(names, names, names, seqs)
def test_a_document_leads_to_the_key_of_its_contact(
    surname: str, given_name: str, display_name: str, seq: int
) -> None:
    one = made(surname, given_name, display_name)
    key = body_key(one, seq)
    assert key == body_key_of(rank_of(one), seq)
    assert len(key) == KEY_BYTES
    assert int.from_bytes(key[-SEQ_BYTES:], "big") == seq


@given(names, names, names, names, seqs)
def test_keys_sort_as_the_list_of_all(a: str, b: str, c: str, d: str, seq: int) -> None:
    one, other = sorted((made(a, b), made(c, d)), key=rank_of)
    assert body_key(one, seq) <= body_key(other, seq)


def test_people_of_one_surname_stand_together_by_their_given_names() -> None:
    people = [("Meier", "Anna"), ("Meier", "Zora"), ("Meister", "Anna"), ("Mendel", "Anna")]
    keys = [body_key(made(*each), 9 - at) for at, each in enumerate(people)]
    assert keys == sorted(keys)
    assert len({key[:-SEQ_BYTES] for key in keys}) == len(people)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), seqs)))
def test_many_keys_are_those_of_each(documents: list[tuple[int, int]]) -> None:
    ranks, told = [rank for rank, _ in documents], [seq for _, seq in documents]
    assert body_keys_of(ranks, told) == [body_key_of(*each) for each in documents]
