from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import encode_element, encode_text, read_header
from ldapd.protocol.controls import (
    APPLIED_CONTROLS,
    KNOWN_CONTROLS,
    MANAGE_DSA_IT,
    MAX_CONTROLS,
    PAGED_RESULTS,
    PagedResults,
    decode_controls,
    decode_paged_results,
    encode_paged_results,
    unavailable_control,
)
from ldapd.protocol.messages import (
    MAX_INT,
    AbandonRequest,
    Control,
    LdapMessage,
    Request,
    UnbindRequest,
    WriteRequest,
    encode_controls,
)
from tests.ldapd.protocol import strategies


def decode(data: bytes) -> tuple[Control, ...]:
    _, start, stop = read_header(data, 0, len(data))
    return decode_controls(data, start, stop)


@given(st.lists(strategies.controls, min_size=1, max_size=MAX_CONTROLS).map(tuple))
def test_controls_come_back_from_their_octets(controls: tuple[Control, ...]) -> None:
    assert decode(encode_controls(controls)) == controls


@given(strategies.controls)
def test_controls_cut_at_any_octet_are_refused(control: Control) -> None:
    data = encode_controls((control,))
    for cut in range(3, len(data)):
        with pytest.raises(ProtocolError):
            decode_controls(data, 2, cut)


def test_no_controls_take_no_octets() -> None:
    assert encode_controls(()) == b""
    assert decode(b"\xa0\x00") == ()


def test_controls_are_bounded() -> None:
    assert len(decode(encode_controls([Control("1.2")] * MAX_CONTROLS))) == MAX_CONTROLS
    with pytest.raises(ProtocolError, match="controls"):
        decode(encode_controls([Control("1.2")] * (MAX_CONTROLS + 1)))


def test_unknown_elements_of_a_control_are_ignored() -> None:
    contents = encode_text("1.2") + b"\x01\x01\x01\x04\x01v\x05\x00"
    data = encode_element(0xA0, encode_element(0x30, contents))
    assert decode(data) == (Control("1.2", critical=True, value=b"v"),)
    data = encode_element(0xA0, encode_element(0x30, encode_text("1.2") + b"\x05\x00"))
    assert decode(data) == (Control("1.2"),)


@pytest.mark.parametrize(
    "contents", [b"", b"\x01\x01\xff", b"\x04\x01\xff", b"\x04\x031.2\x01\x00"]
)
def test_malformed_controls_are_refused(contents: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(encode_element(0xA0, encode_element(0x30, contents)))


@pytest.mark.parametrize("request_", [WriteRequest(0x66), AbandonRequest(1)])
def test_an_unknown_critical_control_forbids_the_request(request_: Request) -> None:
    plain, critical = Control("1.2.3"), Control("1.2.3.4", critical=True)
    known = Control(MANAGE_DSA_IT, critical=True)
    assert unavailable_control(LdapMessage(1, request_)) is None
    assert unavailable_control(LdapMessage(1, request_, (plain, known))) is None
    assert unavailable_control(LdapMessage(1, request_, (plain, known, critical))) == critical
    assert (
        unavailable_control(LdapMessage(1, request_, (critical,)), frozenset({"1.2.3.4"})) is None
    )
    paged = Control(PAGED_RESULTS, critical=True)
    assert unavailable_control(LdapMessage(1, request_, (paged,))) == paged


def test_an_unbind_is_done_whatever_its_controls() -> None:
    assert (
        unavailable_control(LdapMessage(1, UnbindRequest(), (Control("1.2", critical=True),)))
        is None
    )


def test_what_is_applied_is_known() -> None:
    assert set(KNOWN_CONTROLS) >= APPLIED_CONTROLS


@given(st.integers(0, MAX_INT), st.binary(max_size=200))
def test_a_page_comes_back_from_its_octets(size: int, cookie: bytes) -> None:
    page = PagedResults(size, cookie)
    value = encode_paged_results(page)
    assert decode_paged_results(value) == page
    for cut in range(len(value)):
        with pytest.raises(ProtocolError):
            decode_paged_results(value[:cut])
    with pytest.raises(ProtocolError):
        decode_paged_results(value + b"\x00")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"0\x05\x02\x01\xff\x04\x00",
        b"0\x05\x0a\x01\x01\x04\x00",
        b"0\x09\x02\x05\x00\x80\x00\x00\x00\x04\x00",
        b"0\x03\x02\x01\x05",
    ],
)
def test_a_malformed_page_is_refused(value: bytes | None) -> None:
    with pytest.raises(ProtocolError):
        decode_paged_results(value)
