from __future__ import annotations

import pytest
from hypothesis import given

from ldapd.errors import ProtocolError, RequestRefused
from ldapd.protocol.ber import encode_element, encode_text
from ldapd.protocol.filter_codec import (
    AND,
    ANY,
    EQUALITY,
    EXTENSIBLE,
    FINAL,
    INITIAL,
    MATCH_VALUE,
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_PIECES,
    NOT,
    OR,
    PRESENT,
    RULE,
    SUBSTRINGS,
    TYPE,
    decode_filter,
    encode_filter,
)
from ldapd.protocol.filters import And, Equality, Filter, Not, Or, Present, Substrings
from ldapd.protocol.messages import ResultCode
from tests.ldapd.protocol.strategies import filters

TERM = encode_filter(Equality("cn", b"a"))


def decode(data: bytes) -> Filter:
    item, pos = decode_filter(data, 0, len(data))
    assert pos == len(data)
    return item


def substrings(*pieces: tuple[int, bytes]) -> bytes:
    inner = b"".join(encode_element(tag, piece) for tag, piece in pieces)
    return encode_element(SUBSTRINGS, encode_text("cn") + encode_element(0x30, inner))


@given(filters)
def test_a_filter_comes_back_from_its_octets(item: Filter) -> None:
    data = encode_filter(item)
    assert decode_filter(data + b"\x30\x00", 0, len(data) + 2) == (item, len(data))


@given(filters)
def test_a_filter_cut_at_any_octet_is_refused(item: Filter) -> None:
    data = encode_filter(item)
    for cut in range(len(data)):
        with pytest.raises(ProtocolError):
            decode_filter(data, 0, cut)


@pytest.mark.parametrize("operator", [AND, OR, NOT])
def test_nesting_is_bounded(operator: int) -> None:
    data = TERM
    for _ in range(MAX_DEPTH):
        data = encode_element(operator, data)
    assert decode(data)
    with pytest.raises(RequestRefused, match="nested") as caught:
        decode(encode_element(operator, data))
    assert caught.value.code == ResultCode.ADMIN_LIMIT_EXCEEDED


def test_a_filter_nested_to_the_end_of_its_octets_is_refused() -> None:
    data = b""
    for _ in range(2_000):
        data = encode_element(NOT, data)
    with pytest.raises(RequestRefused, match="nested"):
        decode(data)


def test_terms_are_bounded_and_empty_operators_count() -> None:
    assert decode(encode_element(OR, TERM * MAX_LEAVES)) == Or((Equality("cn", b"a"),) * MAX_LEAVES)
    for wide in (TERM * (MAX_LEAVES + 1), b"\xa0\x00" * (MAX_LEAVES + 1)):
        with pytest.raises(RequestRefused, match="terms") as caught:
            decode(encode_element(OR, wide))
        assert caught.value.code == ResultCode.ADMIN_LIMIT_EXCEEDED


def test_limits_are_arguments() -> None:
    data = encode_element(OR, TERM * 2)
    assert decode_filter(data, 0, len(data), max_depth=1, max_leaves=2)
    with pytest.raises(RequestRefused):
        decode_filter(data, 0, len(data), max_depth=1, max_leaves=1)
    with pytest.raises(RequestRefused):
        decode_filter(data, 0, len(data), max_depth=0, max_leaves=2)
    assert decode_filter(TERM, 0, len(TERM), max_depth=0, max_leaves=1)


def test_empty_and_and_or_are_true_and_false() -> None:
    assert decode(b"\xa0\x00") == And(())
    assert decode(b"\xa1\x00") == Or(())
    assert decode(b"\xa0\x04\xa1\x00\xa0\x00") == And((Or(()), And(())))


def test_a_not_has_one_part() -> None:
    assert decode(encode_element(NOT, TERM)) == Not(Equality("cn", b"a"))
    for parts in (b"", TERM * 2):
        with pytest.raises(ProtocolError, match="not"):
            decode(encode_element(NOT, parts))


def test_empty_pieces_stand_among_the_inner_ones() -> None:
    assert decode(substrings((INITIAL, b""))) == Substrings("cn", None, (b"",), None)
    assert decode(substrings((INITIAL, b""), (FINAL, b"5"))) == Substrings("cn", None, (b"",), b"5")
    assert decode(substrings((INITIAL, b"a"), (ANY, b"b"), (FINAL, b""))) == Substrings(
        "cn", b"a", (b"b", b""), None
    )


@pytest.mark.parametrize(
    "data",
    [
        substrings(),
        substrings((ANY, b"a"), (INITIAL, b"b")),
        substrings((INITIAL, b"a"), (INITIAL, b"b")),
        substrings((FINAL, b"a"), (ANY, b"b")),
        substrings((FINAL, b"a"), (FINAL, b"b")),
        substrings((0x83, b"a")),
        encode_element(SUBSTRINGS, encode_text("cn")),
    ],
)
def test_substrings_out_of_order_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(data)


def test_substrings_are_bounded() -> None:
    assert decode(substrings((INITIAL, b"1"), *[(ANY, b"2")] * MAX_PIECES, (FINAL, b"3")))
    with pytest.raises(RequestRefused, match="substrings"):
        decode(substrings(*[(ANY, b"2")] * (MAX_PIECES + 1)))


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        encode_text("cn", TYPE),
        encode_element(MATCH_VALUE, b"a"),
        encode_element(MATCH_VALUE, b"a") + encode_text("cn", TYPE),
        encode_text("cn", TYPE) * 2 + encode_element(MATCH_VALUE, b"a"),
        encode_text("cn", TYPE) + encode_text("1.2", RULE) + encode_element(MATCH_VALUE, b"a"),
        encode_text("cn", TYPE) + encode_element(MATCH_VALUE, b"a") + b"\x84\x00",
    ],
)
def test_extensible_terms_that_lack_something_are_refused(contents: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(encode_element(EXTENSIBLE, contents))


@pytest.mark.parametrize("tag", [0xAA, 0x30, 0x04, 0x83, 0xBE])
def test_other_tags_are_no_filter(tag: int) -> None:
    with pytest.raises(ProtocolError, match="no kind of filter"):
        decode(encode_element(tag, b"cn"))


def test_attributes_keep_their_case_and_options() -> None:
    assert decode(encode_text("TelephoneNumber;Lang-DE", PRESENT)) == Present(
        "TelephoneNumber;Lang-DE"
    )


def test_octets_behind_an_assertion_are_refused_unless_they_are_elements() -> None:
    pair = encode_text("cn") + encode_text("a")
    assert decode(encode_element(EQUALITY, pair + b"\x05\x00")) == Equality("cn", b"a")
    with pytest.raises(ProtocolError):
        decode(encode_element(EQUALITY, pair + b"\x05"))
    with pytest.raises(ProtocolError):
        decode(encode_element(EQUALITY, b"\x04\x01\xff" + encode_text("a")))
