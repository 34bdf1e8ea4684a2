from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.dictionary import train
from engine.bodies import DICTIONARY, BodyPacker
from engine.contact import decode_contact, encode_contact
from rufname.sample import contacts
from rufname.sample_contact import engine_contact

FROZEN = (
    "012060cd01005342071b887d24c27fd7eaec2923fc6bafccd94b76cae6c4f2b0a6e158f24c0809fc4b4c1c7910da"
    "071410943e4c9abe754e4f73b628803b03"
)
DICTIONARY_SHA256 = "3d9f1b89bba205c39a0d1cfb3808b73490a8cf8958cda5580ab3477f81de1361"


def sample_bodies() -> list[bytes]:
    return [encode_contact(engine_contact(made)) for made in contacts(2_000, seed=3)]


@given(st.binary(max_size=5_000))
@example(b"")
@example(b"a" * 100_000)
def test_whatever_is_packed_comes_back_and_is_one_octet_longer_at_most(body: bytes) -> None:
    packer = BodyPacker()
    packed = packer.pack(body)
    assert packer.unpack(packed) == body
    assert len(packed) <= len(body) + 1


def test_contacts_take_less_than_half() -> None:
    packer = BodyPacker()
    bodies = sample_bodies()
    assert sum(len(packer.pack(body)) for body in bodies) < sum(map(len, bodies)) / 2


@given(st.binary(max_size=300))
def test_what_is_no_packed_body_is_refused_or_read_but_never_worse(kept: bytes) -> None:
    try:
        BodyPacker().unpack(kept)
    except ValueError:
        return


@pytest.mark.parametrize("kept", [b"", b"\x02abc", b"\x01", b"\x01\xa0\xff\xff\xff\x7f"])
def test_damage_is_a_value_error(kept: bytes) -> None:
    with pytest.raises(ValueError, match="a body that"):
        BodyPacker().unpack(kept)


@pytest.mark.parametrize("length", range(1, 40, 3))
def test_a_body_cut_short_is_refused(length: int) -> None:
    packer = BodyPacker()
    packed = packer.pack(sample_bodies()[50])
    with pytest.raises(ValueError, match="unpacked"):
        packer.unpack(packed[:length])


def test_what_was_packed_once_can_be_read_for_ever() -> None:
    assert hashlib.sha256(DICTIONARY.read_bytes()).hexdigest() == DICTIONARY_SHA256
    assert decode_contact(BodyPacker().unpack(bytes.fromhex(FROZEN))).name == "Anna Muster"


@pytest.mark.long
def test_the_dictionary_is_made_of_made_up_contacts_alone() -> None:
    assert train() == DICTIONARY.read_bytes()
