"""A second node gets the keys by a code; nobody between the two does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import RegistrationRefused
from relay.tunnel.invitation import (
    CODE_CHARS,
    Code,
    Knock,
    new_box,
    open_handover,
    seal_handover,
)
from relay.tunnel.keyring import Handover, KeyRing
from tests.relay.tunnel.houses import ONE

CODE = Code("ABCD-EFGH-JKLM-NPQR-STUV")
HANDOVER = Handover(b"identity", b"exchange")


def test_a_code_may_be_typed_as_people_type() -> None:
    assert CODE.text == "ABCD-EFGH-JKLM-NPQR-STUV"
    assert Code(" abcd efgh jklm-npqrstuv\n").id == CODE.id
    assert Code("ABCD-EFGH-JKLM-NPQR-STUW").id != CODE.id
    assert len(Code.new().text.replace("-", "")) == CODE_CHARS
    assert Code.new().text != Code.new().text


@pytest.mark.parametrize("text", ["", "ABCD", "ABCD-EFGH-JKLM-NPQR-STU0", "A" * 21, "ä" * 20])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="20 letters and digits"):
        Code(text)


def test_a_second_node_has_the_keys_of_the_first(tmp_path: Path) -> None:
    first = KeyRing.create(tmp_path / "first", ONE, 1_800_000_000)
    box, public = new_box()
    said = CODE.seal_knock(Knock("second", b"k" * 32, public))
    assert CODE.open_knock(said) == Knock("second", b"k" * 32, public)
    sealed = seal_handover(CODE, said, first.hand_over())
    assert first.identity.to_pem() not in sealed
    second = KeyRing.receive(tmp_path / "second", open_handover(CODE, said, box, sealed))
    assert second.identity.public == first.identity.public
    assert second.bundle(1_800_000_000).bundle == first.bundle(1_800_000_000).bundle


def test_nothing_is_sealed_for_who_does_not_know_the_code() -> None:
    _, public = new_box()
    said = Code.new().seal_knock(Knock("thief", b"k" * 32, public))
    with pytest.raises(RegistrationRefused, match="does not know the code"):
        seal_handover(CODE, said, HANDOVER)


def test_a_key_to_which_nothing_can_be_sealed_is_refused() -> None:
    said = CODE.seal_knock(Knock("odd", b"k" * 32, bytes(32)))
    with pytest.raises(RegistrationRefused):
        seal_handover(CODE, said, HANDOVER)


def test_what_was_sealed_opens_for_that_node_and_that_invitation_alone() -> None:
    box, public = new_box()
    said = CODE.seal_knock(Knock("second", b"k" * 32, public))
    sealed = seal_handover(CODE, said, HANDOVER)
    assert open_handover(CODE, said, box, sealed) == HANDOVER
    other_box, _ = new_box()
    other_said = CODE.seal_knock(Knock("other", b"k" * 32, public))
    for code, knock, key, octets in (
        (CODE, said, other_box, sealed),
        (Code.new(), said, box, sealed),
        (CODE, other_said, box, sealed),
        (CODE, said, box, sealed[:-1]),
        (CODE, said, box, b""),
        (CODE, said, box, sealed + b"\0"),
    ):
        with pytest.raises(RegistrationRefused, match="does not open"):
            open_handover(code, knock, key, octets)


@given(st.binary(max_size=200))
def test_what_was_not_said_under_the_code_is_refused(octets: bytes) -> None:
    with pytest.raises(RegistrationRefused):
        CODE.open_knock(octets)


@given(st.binary(max_size=100))
def test_what_was_said_under_the_code_but_is_no_knock_is_refused(octets: bytes) -> None:
    with pytest.raises(RegistrationRefused, match="cannot be read"):
        CODE.open_knock(CODE._mac(octets) + octets)
