from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.protocol.client import Entry, Result, decode_response
from ldapd.protocol.messages import (
    BIND_RESPONSE,
    EXTENDED_RESPONSE,
    MAX_INT,
    NOTICE_OF_DISCONNECTION,
    RESPONSE_TAGS,
    SEARCH_DONE,
    SEARCH_REQUEST,
    BindRequest,
    Control,
    LdapMessage,
    ResultCode,
    encode_entry,
    encode_extended,
    encode_message,
    encode_result,
    notice_of_disconnection,
)
from tests.ldapd.protocol.strategies import controls, texts, values

lists_of_controls = st.lists(controls, max_size=3).map(tuple)


def test_a_result_is_encoded_octet_by_octet() -> None:
    assert encode_result(1, BIND_RESPONSE, ResultCode.SUCCESS) == bytes.fromhex(
        "300c02010161070a010004000400"
    )
    assert encode_result(300, SEARCH_DONE, 32, "no", "dc=x") == bytes.fromhex(
        "30130202012c650d0a012004 0464633d78 04026e6f".replace(" ", "")
    )


def test_an_entry_is_encoded_octet_by_octet() -> None:
    assert encode_entry(2, "cn=a", [("cn", [b"a", b"b"]), ("sn", [])]) == bytes.fromhex(
        "3023020102641e0404636e3d613016300c0402636e31060401610401 62 30060402736e3100".replace(
            " ", ""
        )
    )


@given(
    st.integers(0, MAX_INT),
    st.sampled_from(sorted(set(RESPONSE_TAGS.values()))),
    st.sampled_from(list(ResultCode)),
    texts,
    texts,
    lists_of_controls,
)
def test_a_result_comes_back(  # noqa: PLR0917 - one argument a field
    message_id: int,
    tag: int,
    code: ResultCode,
    message: str,
    matched: str,
    sent: tuple[Control, ...],
) -> None:
    data = encode_result(message_id, tag, code, message, matched, controls=sent)
    assert decode_response(data) == Result(message_id, tag, code, matched, message, controls=sent)


@given(
    st.integers(1, MAX_INT),
    texts,
    st.lists(
        st.tuples(texts, st.lists(values | st.binary(min_size=120, max_size=300), max_size=3)),
        max_size=6,
    ),
    lists_of_controls,
)
def test_an_entry_comes_back(
    message_id: int,
    dn: str,
    attributes: list[tuple[str, list[bytes]]],
    sent: tuple[Control, ...],
) -> None:
    data = encode_entry(message_id, dn, attributes, sent)
    expected = tuple((name, tuple(values)) for name, values in attributes)
    assert decode_response(data) == Entry(message_id, dn, expected, sent)


def test_large_values_take_long_lengths() -> None:
    photo = bytes(100_000)
    response = decode_response(encode_entry(9, "", [("jpegPhoto", [photo, photo])]))
    assert isinstance(response, Entry)
    assert response.values("JPEGPHOTO") == (photo, photo)


@pytest.mark.parametrize("name", ["cn", "facsimileTelephoneNumber", "x" * 130])
def test_values_of_every_length_come_back(name: str) -> None:
    for length in range(140):
        value = b"v" * length
        response = decode_response(encode_entry(9, "", [(name, [value]), ("sn", [])]))
        assert isinstance(response, Entry)
        assert response.attributes == ((name, (value,)), ("sn", ()))


@given(texts, st.none() | values, texts, lists_of_controls)
def test_an_extended_response_comes_back(
    name: str, value: bytes | None, message: str, sent: tuple[Control, ...]
) -> None:
    data = encode_extended(7, 0, name, value, message=message, controls=sent)
    assert decode_response(data) == Result(7, EXTENDED_RESPONSE, 0, "", message, name, value, sent)


def test_a_notice_of_disconnection_is_unsolicited() -> None:
    response = decode_response(notice_of_disconnection(ResultCode.UNAVAILABLE, "going down"))
    assert response == Result(
        0, EXTENDED_RESPONSE, ResultCode.UNAVAILABLE, "", "going down", NOTICE_OF_DISCONNECTION
    )


def test_a_password_is_never_printed() -> None:
    message = LdapMessage(1, BindRequest(3, "cn=a", "", b"SECRET"))
    assert "cn=a" in repr(message)
    assert "SECRET" not in repr(message)


def test_message_ids_take_the_fewest_octets() -> None:
    for message_id, octets in ((0, 1), (127, 1), (128, 2), (32_767, 2), (32_768, 3), (MAX_INT, 4)):
        assert encode_message(message_id, b"")[:4] == bytes((0x30, octets + 2, 2, octets))


def test_every_request_but_unbind_and_abandon_has_its_response() -> None:
    for request, response in RESPONSE_TAGS.items():
        step = 2 if request == SEARCH_REQUEST else 1  # entries stand between
        assert response & 0x1F == (request & 0x1F) + step
        assert response & 0xE0 == 0x60
