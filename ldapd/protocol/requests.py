"""Requests from bytes: one whole LDAPMessage in, one value out.

Law: pure code. What the ASN.1 of RFC 4511 forbids is a `ProtocolError` and ends the session; what
is well formed but beyond a limit, or names an unknown choice, becomes a `RefusedRequest` and is
answered. Trailing elements with unknown tags are ignored, as RFC 4511 4 demands.

Source: RFC 4511 4.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ldapd.errors import ProtocolError, RequestRefused
from ldapd.protocol.ber import (
    BOOLEAN,
    ENUMERATED,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    check_rest,
    read_boolean,
    read_element,
    read_header,
    read_integer,
    read_text,
)
from ldapd.protocol.controls import MAX_CONTROLS, decode_controls
from ldapd.protocol.filter_codec import MAX_DEPTH, MAX_LEAVES, decode_filter
from ldapd.protocol.messages import (
    ABANDON_REQUEST,
    ADD_REQUEST,
    BIND_REQUEST,
    COMPARE_REQUEST,
    CONTROLS,
    DELETE_REQUEST,
    EXTENDED_REQUEST,
    MAX_INT,
    MODIFY_DN_REQUEST,
    MODIFY_REQUEST,
    SCOPE_SUB,
    SEARCH_REQUEST,
    START_TLS,
    UNBIND_REQUEST,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    RefusedRequest,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    UnknownRequest,
    WriteRequest,
)

MAX_ATTRIBUTES = 100
"""Attributes one search may name; macOS asks for 22, sssd for 35."""

MAX_VERSION = 127
MAX_DEREF = 3

SIMPLE = 0x80
SASL = 0xA3
REQUEST_NAME = 0x80
REQUEST_VALUE = 0x81

_NO_MESSAGE_ID = "a message ID outside 1 to 2^31-1"

_SIGN = 0x80
"""The first octet of a negative INTEGER has this bit; a positive one may need a zero before it."""

_MAX_ID_OCTETS = 4
"""Of `MAX_INT`."""

_WRITES = frozenset({MODIFY_REQUEST, ADD_REQUEST, DELETE_REQUEST, MODIFY_DN_REQUEST})


class DecodeLimits(msgspec.Struct, frozen=True, gc=False):
    """What one request may hold.

    Attributes:
        max_filter_depth: operators around one term of a filter.
        max_filter_leaves: terms in one filter.
        max_controls: controls; one more is a protocol violation.
        max_attributes: attributes that one search names.
    """

    max_filter_depth: int = MAX_DEPTH
    max_filter_leaves: int = MAX_LEAVES
    max_controls: int = MAX_CONTROLS
    max_attributes: int = MAX_ATTRIBUTES


def read_message_id(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Read `messageID MessageID ::= INTEGER (0 .. maxInt)`; whether 0 is one: `check_unnumbered`.

    Returns:
        The message ID and the position behind it.

    Raises:
        ProtocolError: no integer from 0 to 2^31-1.
    """
    item, pos = read_element(data, start, stop, INTEGER)
    message_id = read_integer(data, item, pos)
    if not 0 <= message_id <= MAX_INT:
        raise ProtocolError(_NO_MESSAGE_ID)
    return message_id, pos


def check_unnumbered(request: Request) -> None:
    """Let a request of message ID 0 pass if it is a StartTLS.

    RFC 4511 4.1.1.1 has requests non-zero, but eldap of Erlang (RabbitMQ) numbers its first
    StartTLS 0, and other servers answer it.

    Raises:
        ProtocolError: any other request.
    """
    if type(request) is not ExtendedRequest or request.name != START_TLS:
        raise ProtocolError(_NO_MESSAGE_ID)


def identifier_of(data: bytes, start: int, stop: int) -> bytes:
    """Return the element of a message ID from the span of its value, as an answer repeats it.

    Args:
        data: received octets.
        start: behind the element's tag and its length, which is one octet.
        stop: behind the value, which has at least one octet.

    Returns:
        b"" if that is no message ID, or not in the fewest octets (X.690 8.3.2).
    """
    first = data[start]
    if first >= _SIGN or stop - start > _MAX_ID_OCTETS:
        return b""
    if not first and (stop - start == 1 or data[start + 1] < _SIGN):
        return b""
    return data[start - 2 : stop]


def decode_message(data: bytes, start: int, stop: int, limits: DecodeLimits) -> LdapMessage:
    """Read the contents of one LDAPMessage.

    Args:
        data: received octets.
        start: where the contents of the message's SEQUENCE begin.
        stop: where they end, <= len(data).
        limits: what it may hold.

    Returns:
        The message; what exceeds a limit as a `RefusedRequest`, an operation that RFC 4511 does not
        know as an `UnknownRequest`.

    Raises:
        ProtocolError: malformed, or more controls than allowed.
    """
    message_id, pos = read_message_id(data, start, stop)
    request, controls = decode_operation(data, pos, stop, limits)
    if not message_id:
        check_unnumbered(request)
    return LdapMessage(message_id, request, controls)


def decode_operation(
    data: bytes, pos: int, stop: int, limits: DecodeLimits
) -> tuple[Request, tuple[Control, ...]]:
    """Read the operation at `pos` and the controls behind it; see `decode_message`."""
    tag, item, pos = read_header(data, pos, stop)
    request: Request
    try:
        request = _decode_request(data, tag, item, pos, limits)
    except RequestRefused as refusal:
        request = RefusedRequest(tag, ResultCode(refusal.code), refusal.reason)
    if pos == stop:
        return request, ()
    controls: tuple[Control, ...] | None = None
    while pos < stop:
        tag, item, pos = read_header(data, pos, stop)
        if tag == CONTROLS:
            if controls is not None:
                raise ProtocolError("two lists of controls")
            controls = decode_controls(data, item, pos, max_controls=limits.max_controls)
    return request, controls or ()


def _decode_request(data: bytes, tag: int, start: int, stop: int, limits: DecodeLimits) -> Request:
    if tag == SEARCH_REQUEST:
        return _read_search(data, start, stop, limits)
    if tag in _WRITES:
        return WriteRequest(tag)
    reader = _READERS.get(tag)
    if reader is None:
        return UnknownRequest(tag)
    return reader(data, start, stop)


def _read_search(data: bytes, start: int, stop: int, limits: DecodeLimits) -> SearchRequest:
    """Read a SearchRequest; its ASN.1 stands at the type."""
    item, pos = read_element(data, start, stop, OCTET_STRING)
    base = read_text(data, item, pos)
    item, pos = read_element(data, pos, stop, ENUMERATED)
    scope = read_integer(data, item, pos)
    item, pos = read_element(data, pos, stop, ENUMERATED)
    deref = read_integer(data, item, pos)
    item, pos = read_element(data, pos, stop, INTEGER)
    size_limit = read_integer(data, item, pos)
    item, pos = read_element(data, pos, stop, INTEGER)
    time_limit_s = read_integer(data, item, pos)
    item, pos = read_element(data, pos, stop, BOOLEAN)
    types_only = read_boolean(data, item, pos)
    if not (0 <= size_limit <= MAX_INT and 0 <= time_limit_s <= MAX_INT):
        raise ProtocolError("a size or time limit outside 0 to 2^31-1")
    if not (0 <= scope <= SCOPE_SUB and 0 <= deref <= MAX_DEREF):
        raise RequestRefused("an unknown scope or alias choice", ResultCode.PROTOCOL_ERROR)
    wanted, pos = decode_filter(
        data,
        pos,
        stop,
        max_depth=limits.max_filter_depth,
        max_leaves=limits.max_filter_leaves,
    )
    item, pos = read_element(data, pos, stop, SEQUENCE)
    attributes = _read_attributes(data, item, pos, limits.max_attributes)
    check_rest(data, pos, stop)
    return SearchRequest(
        base, scope, deref, size_limit, time_limit_s, types_only, wanted, attributes
    )


def _read_attributes(data: bytes, pos: int, end: int, most: int) -> tuple[str, ...]:
    """Read `AttributeSelection ::= SEQUENCE OF selector LDAPString` (RFC 4511 4.5.1.8)."""
    names: list[str] = []
    while pos < end:
        if len(names) >= most:
            raise RequestRefused(
                f"a search for more than {most} attributes", ResultCode.ADMIN_LIMIT_EXCEEDED
            )
        item, pos = read_element(data, pos, end, OCTET_STRING)
        names.append(read_text(data, item, pos))
    return tuple(names)


def _read_bind(data: bytes, start: int, stop: int) -> BindRequest:
    """Read a BindRequest; SASL without a mechanism must not pass for simple (RFC 4511 4.2)."""
    item, pos = read_element(data, start, stop, INTEGER)
    version = read_integer(data, item, pos)
    if not 1 <= version <= MAX_VERSION:
        raise RequestRefused("a version outside 1 to 127", ResultCode.PROTOCOL_ERROR)
    item, pos = read_element(data, pos, stop, OCTET_STRING)
    name = read_text(data, item, pos)
    tag, item, pos = read_header(data, pos, stop)
    check_rest(data, pos, stop)
    if tag == SIMPLE:
        return BindRequest(version, name, "", data[item:pos])
    if tag != SASL:
        raise RequestRefused(
            "a kind of authentication other than simple and SASL",
            ResultCode.AUTH_METHOD_NOT_SUPPORTED,
        )
    end = pos
    item, pos = read_element(data, item, end, OCTET_STRING)
    mechanism = read_text(data, item, pos)
    credentials = b""
    if pos < end:
        item, pos = read_element(data, pos, end, OCTET_STRING)
        credentials = data[item:pos]
    check_rest(data, pos, end)
    if not mechanism:
        raise RequestRefused("no SASL mechanism", ResultCode.AUTH_METHOD_NOT_SUPPORTED)
    return BindRequest(version, name, mechanism, credentials)


def _read_unbind(data: bytes, start: int, stop: int) -> UnbindRequest:  # noqa: ARG001 - a table's signature
    if start != stop:
        raise ProtocolError("an unbind with contents")
    return UnbindRequest()


def _read_compare(data: bytes, start: int, stop: int) -> CompareRequest:
    item, pos = read_element(data, start, stop, OCTET_STRING)
    name = read_text(data, item, pos)
    item, pos = read_element(data, pos, stop, SEQUENCE)
    check_rest(data, pos, stop)
    end = pos
    item, pos = read_element(data, item, end, OCTET_STRING)
    attribute = read_text(data, item, pos)
    item, pos = read_element(data, pos, end, OCTET_STRING)
    check_rest(data, pos, end)
    return CompareRequest(name, attribute, data[item:pos])


def _read_abandon(data: bytes, start: int, stop: int) -> AbandonRequest:
    message_id = read_integer(data, start, stop)
    if not 0 <= message_id <= MAX_INT:
        raise ProtocolError("a message ID outside 0 to 2^31-1")
    return AbandonRequest(message_id)


def decode_cancel(value: bytes | None) -> int:
    """Return the message ID in `cancelRequestValue ::= SEQUENCE { cancelID MessageID }` (RFC 3909).

    Raises:
        ProtocolError: absent or malformed.
    """
    if value is None:
        raise ProtocolError("a cancel without a value")
    pos, end = read_element(value, 0, len(value), SEQUENCE)
    message_id, pos = read_message_id(value, pos, end)
    check_rest(value, pos, end)
    if not message_id:
        raise ProtocolError(_NO_MESSAGE_ID)
    if end != len(value):
        raise ProtocolError("octets behind the value of a cancel")
    return message_id


def _read_extended(data: bytes, start: int, stop: int) -> ExtendedRequest:
    item, pos = read_element(data, start, stop, REQUEST_NAME)
    name = read_text(data, item, pos)
    value: bytes | None = None
    if pos < stop:
        tag, item, end = read_header(data, pos, stop)
        if tag == REQUEST_VALUE:
            value = data[item:end]
        pos = end
    check_rest(data, pos, stop)
    return ExtendedRequest(name, value)


_READERS: dict[int, Callable[[bytes, int, int], Request]] = {
    BIND_REQUEST: _read_bind,
    UNBIND_REQUEST: _read_unbind,
    COMPARE_REQUEST: _read_compare,
    ABANDON_REQUEST: _read_abandon,
    EXTENDED_REQUEST: _read_extended,
}
