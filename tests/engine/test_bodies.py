from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.dictionary import train
from engine.bodies import DICTIONARY, BodyPacker, pack_body, unpack_bodies, unpack_body
from engine.contact import Contact, ContactId, decode_contact, encode_contact
from rufname.sample import contacts
from rufname.sample_contact import engine_contact

FROZEN = (
    "012060dd0100434207b3c62c62499de9cdab32cac69939d306d3341d345b863aa574e4a8130209fc49821093b8"
    "4b14c284a34d10fecc710db71e9e7d1521014288"
)
DICTIONARY_SHA256 = "ef7d486d7dbba8287133d6479c7232c8dcd768bef92498c9e5fbd51585de0223"


def sample_bodies() -> list[bytes]:
    return [encode_contact(engine_contact(made)) for made in contacts(2_000, seed=3)]


@given(st.binary(max_size=5_000))
@example(b"")
@example(b"a" * 100_000)
def test_whatever_is_packed_comes_back_and_is_one_octet_longer_at_most(body: bytes) -> None:
    packer = BodyPacker()
    packed = packer.pack(body, "crm", "1")
    assert packer.unpack(packed, "crm", "1") == body
    assert len(packed) <= len(body) + 1


@given(st.text(max_size=300), st.text(max_size=300))
def test_source_and_key_are_left_to_the_row(source: str, key: str) -> None:
    packer = BodyPacker()
    contact = Contact(ContactId(source, key), display_name="Anna Muster", notes=key)
    body = encode_contact(contact)
    packed = packer.pack(body, source, key)
    assert packed[0] == 2
    assert packer.unpack(packed, source, key) == body
    assert packer.unpack(packer.pack(body, source, key + "x"), source, key + "x") == body
    short = packer.pack(encode_contact(Contact(ContactId("s" * 99, "k"))), "s" * 99, "k")
    assert len(short) < 60


@given(st.binary(max_size=5_000))
def test_a_body_with_nothing_beside_it_comes_back_in_any_thread(body: bytes) -> None:
    packed = pack_body(body)
    assert len(packed) <= len(body) + 1
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(unpack_body, [packed] * 4)) == [body] * 4
    with pytest.raises(ValueError, match="begins with"):
        unpack_body(b"\2" + packed[1:])


@given(st.lists(st.binary(max_size=500), max_size=5), st.binary(max_size=5))
def test_many_bodies_are_read_as_one_by_one(bodies: list[bytes], damage: bytes) -> None:
    packed = [pack_body(body * 3) for body in bodies]
    assert unpack_bodies(packed) == [body * 3 for body in bodies]
    for broken in (b"", b"\1", b"\2" + damage, b"\1" + damage):
        with pytest.raises(ValueError, match="a body that"):
            unpack_bodies([*packed, broken])


def test_contacts_take_less_than_half() -> None:
    packer = BodyPacker()
    bodies = sample_bodies()
    assert sum(len(packer.pack(body, "crm", "1")) for body in bodies) < sum(map(len, bodies)) / 2


@given(st.binary(max_size=300))
def test_what_is_no_packed_body_is_refused_or_read_but_never_worse(kept: bytes) -> None:
    try:
        BodyPacker().unpack(kept, "crm", "1")
    except ValueError:
        return


@pytest.mark.parametrize(
    "kept", [b"", b"\x03abc", b"\x02", b"\x02abc", b"\x01", b"\x01\xa0\xff\xff\xff\x7f"]
)
def test_damage_is_a_value_error(kept: bytes) -> None:
    with pytest.raises(ValueError, match="a body that"):
        BodyPacker().unpack(kept, "crm", "1")


@pytest.mark.parametrize("length", range(1, 40, 3))
def test_a_body_cut_short_is_refused(length: int) -> None:
    packer = BodyPacker()
    packed = packer.pack(sample_bodies()[50], "crm", "1")
    with pytest.raises(ValueError, match="unpacked"):
        packer.unpack(packed[:length], "crm", "1")


def test_what_was_packed_once_can_be_read_for_ever() -> None:
    assert hashlib.sha256(DICTIONARY.read_bytes()).hexdigest() == DICTIONARY_SHA256
    assert (
        decode_contact(BodyPacker().unpack(bytes.fromhex(FROZEN), "crm", "1")).name == "Anna Muster"
    )


@pytest.mark.long
def test_the_dictionary_is_made_of_made_up_contacts_alone() -> None:
    assert train() == DICTIONARY.read_bytes()
