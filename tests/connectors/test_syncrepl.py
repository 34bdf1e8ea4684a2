from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.syncrepl import (
    Done,
    EntryState,
    Info,
    decode_done,
    decode_info,
    decode_state,
    encode_request,
)

ONE = UUID(int=1)


def test_a_request_is_refresh_only_with_its_cookie() -> None:
    assert encode_request(b"") == bytes.fromhex("30030a0101")
    assert encode_request(b"ab") == bytes.fromhex("30070a01010402") + b"ab"
    long = encode_request(b"x" * 300)
    assert long[:4] == bytes.fromhex("30820133")
    assert long.endswith(b"x" * 300)


def test_the_state_of_an_entry_is_read() -> None:
    value = bytes.fromhex("30150a01030410") + ONE.bytes
    assert decode_state(value) == EntryState("delete", ONE)


def test_the_end_of_a_refresh_is_read() -> None:
    assert decode_done(b"\x30\x07\x04\x02ab\x01\x01\xff") == Done(b"ab", deletes=True)
    assert decode_done(b"\x30\x00") == Done(b"", deletes=False)


def test_sets_of_entries_are_gone_or_present() -> None:
    members = b"\x31\x12\x04\x10" + ONE.bytes
    assert decode_info(b"\xa3\x17\x01\x01\xff" + members) == Info(deleted=(ONE,))
    assert decode_info(b"\xa3\x14" + members) == Info(present=(ONE,))
    assert decode_info(b"\xa2\x00") == Info(ends_present=True)
    assert decode_info(b"\xa1\x00") == Info()
    assert decode_info(b"\x80\x02ab") == Info()
    assert decode_info(b"") == Info()


@pytest.mark.parametrize("value", [b"", b"\x31\x00", b"\x30\x05\x0a", b"\x30\x84\xff", b"\x30"])
def test_what_is_cut_off_or_something_else_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"BER|no "):
        decode_state(value)


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda rest: b"\xa3\x1c" + rest))
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    for decode in (decode_state, decode_done, decode_info):
        try:
            decode(value)
        except ValueError:
            continue


@given(st.lists(st.builds(uuid4), max_size=200))
def test_sets_of_any_length_are_read(uuids: list[UUID]) -> None:
    members = b"".join(b"\x04\x10" + uuid.bytes for uuid in uuids)
    inner = b"\x31\x82" + len(members).to_bytes(2) + members
    value = b"\xa3\x82" + len(inner).to_bytes(2) + inner
    assert decode_info(value) == Info(present=tuple(uuids))
