from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolError
from ldapd.protocol import ber


@given(st.integers(0, 0xDE), st.binary(max_size=300), st.binary(max_size=5))
def test_an_element_comes_back_whatever_stands_behind_it(
    tag: int, contents: bytes, behind: bytes
) -> None:
    tag &= 0xDE  # never 0x1F in the low bits: a tag of several octets
    data = ber.encode_element(tag, contents) + behind
    found, start, stop = ber.read_header(data, 0, len(data))
    assert (found, data[start:stop]) == (tag, contents)
    assert data[stop:] == behind
    assert ber.read_element(data, 0, len(data), tag) == (start, stop)


@given(st.binary(max_size=300))
def test_an_element_cut_at_any_octet_is_refused(contents: bytes) -> None:
    data = ber.encode_element(ber.OCTET_STRING, contents)
    for cut in range(len(data)):
        with pytest.raises(ProtocolError):
            ber.read_header(data[:cut], 0, cut)
        with pytest.raises(ProtocolError):
            ber.read_header(data, 0, cut)


@pytest.mark.parametrize("octets", [1, 2, 3, 4])
def test_a_long_length_need_not_be_minimal(octets: int) -> None:
    data = b"\x04" + bytes((0x80 | octets,)) + (3).to_bytes(octets, "big") + b"abc"
    assert ber.read_header(data, 0, len(data)) == (4, 2 + octets, 5 + octets)
    assert ber.frame_span(b"\x30" + data[1:], 0, len(data)) == (2 + octets, 5 + octets)


@pytest.mark.parametrize(
    "data", [b"\x30\x80\x00\x00", b"\x30\x85\x00\x00\x00\x00\x00", b"\x30\xff\x00"]
)
def test_indefinite_and_endless_lengths_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="length"):
        ber.read_header(data, 0, len(data))
    with pytest.raises(ProtocolError, match="length"):
        ber.frame_span(data, 0, len(data))


def test_a_tag_of_several_octets_is_refused() -> None:
    with pytest.raises(ProtocolError, match="tag"):
        ber.read_header(b"\x7f\x01\x00", 0, 3)
    with pytest.raises(ProtocolError, match="0x02"):
        ber.read_element(b"\x04\x00", 0, 2, ber.INTEGER)


def test_a_frame_is_judged_octet_by_octet() -> None:
    data = b"\x30\x82\x01\x00"
    assert [ber.frame_span(data[:n], 0, n) for n in range(4)] == [None] * 4
    assert ber.frame_span(data, 0, 4) == (4, 260)
    assert ber.frame_span(b"\x00" + data, 1, 5) == (5, 261)
    with pytest.raises(ProtocolError, match="first octet"):
        ber.frame_span(b"G", 0, 1)


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_comes_back(value: int) -> None:
    data = ber.encode_integer(value)
    start, stop = ber.read_element(data, 0, len(data), ber.INTEGER)
    assert ber.read_integer(data, start, stop) == value
    assert stop - start == 1 or value.bit_length() >= 8 * (stop - start - 1)


def test_integers_of_no_octet_or_too_many_are_refused() -> None:
    with pytest.raises(ProtocolError):
        ber.read_integer(b"", 0, 0)
    with pytest.raises(ProtocolError):
        ber.read_integer(bytes(9), 0, 9)
    assert ber.read_integer(b"\x00\x00\x00\x07", 0, 4) == 7


def test_every_octet_but_zero_is_true() -> None:
    assert ber.encode_boolean(value=True) == b"\x01\x01\xff"
    assert ber.encode_boolean(value=False) == b"\x01\x01\x00"
    assert ber.read_boolean(b"\x01", 0, 1)
    assert not ber.read_boolean(b"\x00", 0, 1)
    for data in (b"", b"\xff\xff"):
        with pytest.raises(ProtocolError):
            ber.read_boolean(data, 0, len(data))


def test_text_is_utf8() -> None:
    data = ber.encode_text("Jörg Müßig")
    assert ber.read_text(data, 2, len(data)) == "Jörg Müßig"
    with pytest.raises(ProtocolError, match="UTF-8"):
        ber.read_text(b"\xc3\x28", 0, 2)


@given(st.integers(0, 2**32 - 1))
def test_lengths_are_minimal(length: int) -> None:
    octets = ber.encode_length(length)
    if length < 128:
        assert octets == bytes((length,))
    else:
        assert octets[0] & 0x7F == len(octets) - 1
        assert octets[1] != 0
        assert int.from_bytes(octets[1:], "big") == length


def test_unknown_elements_are_passed_over_only_if_whole() -> None:
    ber.check_rest(b"\x04\x01a\x05\x00", 0, 5)
    ber.check_rest(b"", 0, 0)
    with pytest.raises(ProtocolError):
        ber.check_rest(b"\x04\x01a\x05", 0, 4)
