from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import encode_element, encode_text, frame_span
from ldapd.protocol.client import (
    Entry,
    Reference,
    Result,
    decode_response,
    decode_responses,
    encode_abandon,
    encode_bind,
    encode_request,
    encode_search,
    encode_unbind,
)
from ldapd.protocol.filters import Equality
from ldapd.protocol.messages import (
    BIND_RESPONSE,
    SCOPE_BASE,
    SEARCH_DONE,
    AbandonRequest,
    BindRequest,
    LdapMessage,
    SearchRequest,
    UnbindRequest,
    WriteRequest,
    encode_entry,
    encode_message,
    encode_result,
)
from ldapd.protocol.requests import DecodeLimits, decode_message


def request(data: bytes) -> LdapMessage:
    span = frame_span(data, 0, len(data))
    assert span is not None
    return decode_message(data, *span, DecodeLimits())


def test_requests_are_what_the_daemon_reads() -> None:
    assert request(encode_bind(1, "cn=a", b"pw")) == LdapMessage(
        1, BindRequest(3, "cn=a", "", b"pw")
    )
    assert request(encode_bind(1, "", b"\0a\0pw", "PLAIN")).request == BindRequest(
        3, "", "PLAIN", b"\0a\0pw"
    )
    assert request(encode_unbind(4)) == LdapMessage(4, UnbindRequest())
    assert request(encode_abandon(5, 4)) == LdapMessage(5, AbandonRequest(4))
    wanted = Equality("cn", b"a")
    assert request(
        encode_search(
            6, "dc=meta", wanted, ["cn"], SCOPE_BASE, size_limit=1, time_limit_s=2, types_only=True
        )
    ).request == SearchRequest(
        "dc=meta", 0, 0, 1, 2, types_only=True, filter=wanted, attributes=("cn",)
    )


def test_a_client_writes_nothing() -> None:
    with pytest.raises(ValueError, match="WriteRequest"):
        encode_request(LdapMessage(1, WriteRequest(0x66)))


def test_responses_are_taken_apart_as_they_come() -> None:
    data = encode_entry(1, "cn=a", [("cn", [b"a"])]) + encode_result(1, SEARCH_DONE, 0)
    expected = [Entry(1, "cn=a", (("cn", (b"a",)),)), Result(1, SEARCH_DONE, 0)]
    assert decode_responses(data) == (expected, len(data))
    assert decode_responses(data + b"\x30") == (expected, len(data))
    assert decode_responses(data[:-1])[0] == expected[:1]
    assert decode_responses(b"") == ([], 0)


def test_values_are_found_in_any_case() -> None:
    entry = Entry(1, "", (("cn", (b"a",)), ("displayName", (b"b", b"c"))))
    assert entry.values("DISPLAYNAME") == (b"b", b"c")
    assert entry.values("sn") == ()


def test_other_servers_answer_with_references_and_credentials() -> None:
    uris = encode_text("ldap://a.example") + encode_text("ldap://b.example")
    assert decode_response(encode_message(1, encode_element(0x73, uris))) == Reference(
        1, ("ldap://a.example", "ldap://b.example")
    )
    result = b"\x0a\x01\x0e\x04\x00\x04\x00"
    referral = encode_element(0xA3, encode_text("ldap://a.example"))
    data = encode_message(1, encode_element(BIND_RESPONSE, result + referral + b"\x87\x02sc"))
    assert decode_response(data) == Result(1, BIND_RESPONSE, 14, value=b"sc")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x00",
        encode_unbind(1),
        encode_result(1, SEARCH_DONE, 0) + b"\x00",
        encode_message(1, encode_element(SEARCH_DONE, b"")),
        b"\x30\x0c\x02\x01\xff\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        encode_message(1, encode_element(0x64, b"\x04\x00\x30\x02\x30\x00")),
    ],
)
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_response(data)


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 255))
def test_responses_with_changed_octets_are_read_or_refused(
    value: bytes, where: int, octet: int
) -> None:
    data = bytearray(encode_entry(1, "cn=a", [("cn", [value])]))
    data[where % len(data)] = octet
    try:
        decode_responses(bytes(data))
    except ProtocolError as error:
        assert error.reason  # noqa: PT017 - either outcome is right
