"""The fields of the index: identities, places, versions."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from engine import schema
from engine.contact import ContactId
from engine.terms import origin_of


@given(st.uuids(), st.integers(0, 31), st.sampled_from("0123456789abcdef"))
def test_a_uuid_is_told_from_every_other_by_its_term_and_its_place(
    drawn: UUID, at: int, digit: str
) -> None:
    one = str(UUID(bytes=drawn.bytes, version=5))
    digits = one.replace("-", "")
    other = str(UUID(hex=digits[:at] + digit + digits[at + 1 :]))
    told = [(schema.uuid_term(each), schema.place_of(each)) for each in (one, other)]
    assert (told[0] == told[1]) == (one == other or at == 12)  # which is the version, always 5
    assert len(told[0][0]) == 12


@given(st.integers(0, 2**28 - 1), st.integers(0, 2**schema.SEQ_BITS - 1))
def test_a_version_is_read_as_it_was_written(origin: int, seq: int) -> None:
    written = [schema.version_of(origin, seq), None, schema.version_of(0, 1)]
    assert schema.read_versions(written) == [(origin, seq), (0, 0), (0, 1)]


@given(st.lists(st.none() | st.integers(0, 2**64 - 1), max_size=40))
def test_many_versions_are_gathered_as_each_alone(versions: list[int | None]) -> None:
    each_alone = [told for version in versions for told in schema.gathered([version])]
    assert list(schema.gathered(versions)) == each_alone
    present = [version for version in versions if version is not None]
    apart = [(told >> schema.SEQ_BITS, told & schema.MAX_SEQ) for told in schema.gathered(present)]
    assert apart == schema.read_versions(present)


def test_versions_of_one_source_are_too_scattered_to_be_packed_in_blocks() -> None:
    versions = [schema.version_of(origin_of("crm"), seq) for seq in range(1, 513)]
    assert all(0 <= each < 2**64 for each in versions)
    steps = [after - before for before, after in pairwise(versions)]
    assert min(map(abs, steps)) > 2**60
    assert any(step > 0 for step in steps)
    assert any(step < 0 for step in steps)


def test_ids_and_tails_are_terms() -> None:
    assert schema.id_term(ContactId("crm", "1")) != schema.id_term(ContactId("cr", "m1"))
    assert schema.tail_terms("498999998123") == ["123", "8123", "9998123"]
    assert schema.tail_terms("123") == ["123"]
    assert schema.tail_terms("12") == []


def test_a_place_is_the_uuids_own_bits() -> None:
    assert schema.place_of("00000000-0000-5000-8000-000000000000") == 0
    assert schema.place_of("00000000-0001-5002-8000-000000000000") == 0x1002
    assert schema.place_of("ffffffff-ffff-5fff-bfff-ffffffffffff") == 2**60 - 1
