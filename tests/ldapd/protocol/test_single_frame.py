from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ldapd.protocol.ber import encode_integer, encode_text
from ldapd.protocol.messages import (
    MAX_INT,
    SEARCH_DONE,
    ResultCode,
    encode_done,
    encode_entry,
    encode_result,
)
from ldapd.protocol.single_frame import SingleFrame

LENGTHS = st.one_of(st.integers(0, 300), st.sampled_from([127, 128, 255, 256, 65_535, 65_536]))


@given(
    message_id=st.one_of(st.integers(1, 300), st.integers(1, MAX_INT)),
    beginning=LENGTHS,
    own=LENGTHS,
    ending=LENGTHS,
    names=st.lists(st.sampled_from(["cn", "displayName", "n" * 130]), min_size=1, max_size=4),
    value_octets=LENGTHS,
)
def test_a_frame_filled_in_is_one_entry_and_the_result(  # noqa: PLR0917 - drawn by name
    message_id: int, beginning: int, own: int, ending: int, names: list[str], value_octets: int
) -> None:
    identifier = encode_integer(message_id)
    elements = [encode_text(name) for name in names]
    parts = b"b" * beginning, own, b"e" * ending
    frame = SingleFrame.of(len(identifier), parts, elements, value_octets)
    dn, value = "b" * beginning + "o" * own + "e" * ending, b"v" * value_octets
    done = encode_result(message_id, SEARCH_DONE, ResultCode.SUCCESS)
    entry = encode_entry(message_id, dn, [(name, [value]) for name in names])
    assert frame.answer(identifier, b"o" * own, value) == entry + done
    assert encode_done(identifier) == done
