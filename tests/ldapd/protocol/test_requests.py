from __future__ import annotations

import pytest
from hypothesis import given

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import (
    ENUMERATED,
    OCTET_STRING,
    encode_element,
    encode_integer,
    encode_text,
    frame_span,
)
from ldapd.protocol.client import encode_request
from ldapd.protocol.filters import Equality, Or
from ldapd.protocol.messages import (
    ADD_REQUEST,
    BIND_REQUEST,
    DELETE_REQUEST,
    EXTENDED_REQUEST,
    MAX_INT,
    MODIFY_DN_REQUEST,
    MODIFY_REQUEST,
    SEARCH_REQUEST,
    BindRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    RefusedRequest,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    UnknownRequest,
    WriteRequest,
    encode_controls,
    encode_message,
)
from ldapd.protocol.requests import MAX_ATTRIBUTES, DecodeLimits, decode_message
from tests.ldapd.protocol.strategies import messages

LIMITS = DecodeLimits()


def decode(data: bytes, limits: DecodeLimits = LIMITS) -> LdapMessage:
    span = frame_span(data, 0, len(data))
    assert span is not None
    return decode_message(data, *span, limits)


def search(**changed: bytes) -> bytes:
    """Return a search whose elements may be replaced by others."""
    elements = {
        "base": encode_text("dc=meta"),
        "scope": encode_integer(2, ENUMERATED),
        "deref": encode_integer(0, ENUMERATED),
        "size_limit": encode_integer(0),
        "time_limit": encode_integer(0),
        "types_only": b"\x01\x01\x00",
        "filter": b"\x87\x02cn",
        "attributes": b"\x30\x00",
        "behind": b"",
    }
    elements.update(changed)
    return encode_message(5, encode_element(SEARCH_REQUEST, b"".join(elements.values())))


@given(messages)
def test_a_request_comes_back_from_its_octets(message: LdapMessage) -> None:
    assert decode(encode_request(message)) == message


@given(messages)
def test_a_request_cut_at_any_octet_is_refused(message: LdapMessage) -> None:
    bare = encode_request(LdapMessage(message.message_id, message.request))
    for data in (bare, encode_request(message)):
        span = frame_span(data, 0, len(data))
        assert span is not None
        start, stop = span
        controls = encode_controls(message.controls) if data != bare else b""
        for cut in range(start, stop):
            if cut + len(controls) == stop:
                continue  # whole, without its controls
            with pytest.raises(ProtocolError):
                decode_message(data, start, cut, LIMITS)


def long_form(tag: int, contents: bytes) -> bytes:
    """Return an element as wldap32 (Windows) writes every constructed one."""
    return bytes((tag, 0x84)) + len(contents).to_bytes(4, "big") + contents


def test_a_windows_client_writes_long_lengths() -> None:
    fields = bytes.fromhex("04000a01000a0100020100020100010100")
    term = long_form(0xA3, b"\x04\x02cn\x04\x01a")
    either = long_form(0xA1, term + term)
    attributes = long_form(0x30, b"\x04\x02cn")
    data = long_form(0x30, b"\x02\x01\x01" + long_form(0x63, fields + either + attributes))
    assert decode(data) == LdapMessage(
        1,
        SearchRequest(
            "",
            0,
            0,
            0,
            0,
            types_only=False,
            filter=Or((Equality("cn", b"a"), Equality("cn", b"a"))),
            attributes=("cn",),
        ),
    )


@pytest.mark.parametrize("tag", [MODIFY_REQUEST, ADD_REQUEST, DELETE_REQUEST, MODIFY_DN_REQUEST])
def test_writes_are_recognised_and_not_read(tag: int) -> None:
    assert decode(encode_message(3, encode_element(tag, b"\xff\xff\xff"))) == LdapMessage(
        3, WriteRequest(tag)
    )


@pytest.mark.parametrize("tag", [0x61, 0x64, 0x78, 0x62, 0x40, 0x30, 0xA0])
def test_other_operations_are_unknown_but_framed(tag: int) -> None:
    assert decode(encode_message(3, encode_element(tag, b""))).request == UnknownRequest(tag)


@pytest.mark.parametrize("size", [-1, MAX_INT + 1])
def test_limits_outside_their_range_are_refused(size: int) -> None:
    for name in ("size_limit", "time_limit"):
        with pytest.raises(ProtocolError, match="limit"):
            decode(search(**{name: encode_integer(size)}))


def test_an_unknown_scope_is_answered() -> None:
    for changed in (
        {"scope": encode_integer(3, ENUMERATED)},
        {"scope": encode_integer(-1, ENUMERATED)},
        {"deref": encode_integer(4, ENUMERATED)},
    ):
        assert decode(search(**changed)).request == RefusedRequest(
            SEARCH_REQUEST, ResultCode.PROTOCOL_ERROR, "an unknown scope or alias choice"
        )


def test_attributes_are_bounded() -> None:
    def attributes(count: int) -> bytes:
        return encode_element(0x30, encode_text("cn") * count)

    assert decode(search(attributes=attributes(MAX_ATTRIBUTES)))
    refused = decode(search(attributes=attributes(MAX_ATTRIBUTES + 1))).request
    assert isinstance(refused, RefusedRequest)
    assert refused.code is ResultCode.ADMIN_LIMIT_EXCEEDED


def test_a_filter_beyond_its_limits_is_answered() -> None:
    term = b"\xa3\x07\x04\x02cn\x04\x01a"
    deep = term
    for _ in range(17):
        deep = encode_element(0xA2, deep)
    wide = encode_element(0xA1, term * 65)
    for item in (deep, wide):
        message = decode(search(filter=item))
        assert isinstance(message.request, RefusedRequest)
        assert message.message_id == 5
        assert message.request.tag == SEARCH_REQUEST
        assert message.request.code is ResultCode.ADMIN_LIMIT_EXCEEDED


def test_unknown_elements_behind_a_search_are_ignored() -> None:
    assert decode(search(behind=b"\x85\x01x")) == decode(search())
    with pytest.raises(ProtocolError):
        decode(search(behind=b"\x85\x02x"))


@pytest.mark.parametrize(
    "changed",
    [
        {"base": b"\x04\x01\xff"},
        {"base": b"\x0c\x00"},
        {"scope": b"\x02\x01\x00"},
        {"types_only": b"\x01\x02\x00\x00"},
        {"filter": b""},
        {"filter": b"\xaa\x00"},
        {"attributes": b""},
        {"attributes": b"\x30\x02\x02\x00"},
        {"attributes": b"\x31\x00"},
    ],
)
def test_a_malformed_search_is_refused(changed: dict[str, bytes]) -> None:
    with pytest.raises(ProtocolError):
        decode(search(**changed))


def bind(version: int, choice: bytes) -> bytes:
    contents = encode_integer(version) + encode_text("cn=sbc") + choice
    return encode_message(1, encode_element(BIND_REQUEST, contents))


def test_binds_of_all_kinds() -> None:
    assert decode(bind(3, b"\x80\x02pw")).request == BindRequest(3, "cn=sbc", "", b"pw")
    assert decode(bind(2, b"\x80\x00")).request == BindRequest(2, "cn=sbc", "", b"")
    sasl = encode_element(0xA3, encode_text("EXTERNAL"))
    assert decode(bind(3, sasl)).request == BindRequest(3, "cn=sbc", "EXTERNAL", b"")
    assert decode(bind(0, b"\x80\x00")).request == RefusedRequest(
        BIND_REQUEST, ResultCode.PROTOCOL_ERROR, "a version outside 1 to 127"
    )


def test_sasl_without_a_mechanism_never_passes_for_simple() -> None:
    sasl = encode_element(0xA3, encode_text("") + encode_element(OCTET_STRING, b"pw"))
    refused = decode(bind(3, sasl)).request
    assert isinstance(refused, RefusedRequest)
    assert refused.code is ResultCode.AUTH_METHOD_NOT_SUPPORTED


def test_kerberos_of_version_2_is_answered() -> None:
    refused = decode(bind(2, b"\x81\x02tk")).request
    assert isinstance(refused, RefusedRequest)
    assert refused.code is ResultCode.AUTH_METHOD_NOT_SUPPORTED


def test_an_extended_request_may_have_no_value() -> None:
    def extended(contents: bytes) -> bytes:
        return encode_message(1, encode_element(EXTENDED_REQUEST, contents))

    name = encode_text("1.3.6.1.4.1.1466.20037", 0x80)
    assert decode(extended(name)).request == ExtendedRequest("1.3.6.1.4.1.1466.20037", None)
    assert decode(extended(name + b"\x81\x00")).request == ExtendedRequest(
        "1.3.6.1.4.1.1466.20037", b""
    )
    assert decode(extended(name + b"\x82\x00")).request == ExtendedRequest(
        "1.3.6.1.4.1.1466.20037", None
    )
    with pytest.raises(ProtocolError):
        decode(extended(b""))


def test_an_unbind_is_empty() -> None:
    assert decode(b"\x30\x05\x02\x01\x01\x42\x00").request == UnbindRequest()
    with pytest.raises(ProtocolError):
        decode(b"\x30\x06\x02\x01\x01\x42\x01x")


@pytest.mark.parametrize(
    "message_id", [b"\x02\x01\x00", b"\x02\x01\xff", b"\x02\x05\x00\x80\x00\x00\x00", b"\x02\x00"]
)
def test_message_ids_outside_their_range_are_refused(message_id: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(encode_element(0x30, message_id + b"\x42\x00"))


def test_message_ids_may_have_leading_zeros() -> None:
    assert decode(encode_element(0x30, b"\x02\x04\x00\x00\x00\x07\x42\x00")).message_id == 7


@pytest.mark.parametrize("id_", [b"\x50\x01\xff", b"\x50\x00", b"\x50\x05\x00\x80\x00\x00\x00"])
def test_an_abandon_of_no_message_id_is_refused(id_: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(encode_element(0x30, b"\x02\x01\x01" + id_))


def test_controls_stand_behind_the_operation_once() -> None:
    start = b"\x02\x01\x01\x42\x00"
    controls = encode_element(0xA0, encode_element(0x30, encode_text("1.2")))
    assert decode(encode_element(0x30, start + controls)).controls == (Control("1.2"),)
    assert decode(encode_element(0x30, start + b"\x85\x00" + controls + b"\x86\x00")).controls == (
        Control("1.2"),
    )
    with pytest.raises(ProtocolError, match="two lists"):
        decode(encode_element(0x30, start + controls * 2))
    with pytest.raises(ProtocolError):
        decode(encode_element(0x30, start + b"\x00"))


def test_the_limit_of_controls_is_an_argument() -> None:
    data = encode_request(LdapMessage(1, UnbindRequest(), (Control("1.2"),) * 3))
    assert len(decode(data, DecodeLimits(max_controls=3)).controls) == 3
    with pytest.raises(ProtocolError, match="controls"):
        decode(data, DecodeLimits(max_controls=2))
