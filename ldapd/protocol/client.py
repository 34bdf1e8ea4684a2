"""The client's half of the protocol: requests to bytes, bytes to responses.

Law: pure code, for tests, benchmarks and the demo; the daemon itself needs none of it.

Source: RFC 4511 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import (
    BOOLEAN,
    ENUMERATED,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    check_rest,
    encode_boolean,
    encode_element,
    encode_integer,
    encode_text,
    frame_span,
    read_element,
    read_header,
    read_integer,
    read_text,
)
from ldapd.protocol.controls import decode_controls
from ldapd.protocol.filter_codec import encode_filter
from ldapd.protocol.filters import Filter
from ldapd.protocol.messages import (
    ABANDON_REQUEST,
    BIND_REQUEST,
    BIND_RESPONSE,
    COMPARE_REQUEST,
    CONTROLS,
    EXTENDED_REQUEST,
    EXTENDED_RESPONSE,
    MAX_INT,
    RESPONSE_NAME,
    RESPONSE_TAGS,
    RESPONSE_VALUE,
    SCOPE_SUB,
    SEARCH_ENTRY,
    SEARCH_REFERENCE,
    SEARCH_REQUEST,
    UNBIND_REQUEST,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    Request,
    SearchRequest,
    UnbindRequest,
    encode_message,
)
from ldapd.protocol.requests import REQUEST_NAME, REQUEST_VALUE, SASL, SIMPLE

MAX_RESPONSE_CONTROLS = 64
"""A server is trusted to send few."""

_RESULT_TAGS = frozenset(RESPONSE_TAGS.values())


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A SearchResultEntry (RFC 4511 4.5.2).

    Attributes:
        message_id: the search's.
        dn: the entry's name.
        attributes: descriptions with their values, as sent.
        controls: response controls.
    """

    message_id: int
    dn: str
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...]
    controls: tuple[Control, ...] = ()

    def values(self, attribute: str) -> tuple[bytes, ...]:
        """Return the values of an attribute, in any case; () if it is absent."""
        wanted = attribute.lower()
        for name, values in self.attributes:
            if name.lower() == wanted:
                return values
        return ()


class Reference(msgspec.Struct, frozen=True, gc=False):
    """A SearchResultReference (RFC 4511 4.5.3): where else to ask."""

    message_id: int
    uris: tuple[str, ...]


class Result(msgspec.Struct, frozen=True, gc=False):
    """A response that ends an operation, or an unsolicited notification.

    Attributes:
        message_id: the request's; 0 for a notification.
        tag: the response's.
        code: a result code.
        matched: the matchedDN.
        message: the diagnosticMessage.
        name: the responseName of an ExtendedResponse, else "".
        value: the responseValue of an ExtendedResponse or the serverSaslCreds, else None.
        controls: response controls.
    """

    message_id: int
    tag: int
    code: int
    matched: str = ""
    message: str = ""
    name: str = ""
    value: bytes | None = None
    controls: tuple[Control, ...] = ()


Response = Entry | Reference | Result


def encode_request(message: LdapMessage) -> bytes:
    """Return a request's octets.

    Raises:
        ValueError: a request that this client never sends (write, unknown, refused).
    """
    return encode_message(message.message_id, _encode_operation(message.request), message.controls)


def _encode_operation(request: Request) -> bytes:
    match request:
        case BindRequest():
            return _encode_bind_operation(request)
        case UnbindRequest():
            return encode_element(UNBIND_REQUEST, b"")
        case SearchRequest():
            return _encode_search_operation(request)
        case CompareRequest(name, attribute, value):
            assertion = encode_text(attribute) + encode_element(OCTET_STRING, value)
            contents = encode_text(name) + encode_element(SEQUENCE, assertion)
            return encode_element(COMPARE_REQUEST, contents)
        case AbandonRequest(message_id):
            return encode_integer(message_id, ABANDON_REQUEST)
        case ExtendedRequest(name, value):
            contents = encode_text(name, REQUEST_NAME)
            if value is not None:
                contents += encode_element(REQUEST_VALUE, value)
            return encode_element(EXTENDED_REQUEST, contents)
        case _:
            raise ValueError(f"a client sends no {type(request).__name__}")


def _encode_bind_operation(request: BindRequest) -> bytes:
    if request.mechanism:
        sasl = encode_text(request.mechanism)
        if request.credentials:
            sasl += encode_element(OCTET_STRING, request.credentials)
        choice = encode_element(SASL, sasl)
    else:
        choice = encode_element(SIMPLE, request.credentials)
    return encode_element(
        BIND_REQUEST, encode_integer(request.version) + encode_text(request.name) + choice
    )


def _encode_search_operation(request: SearchRequest) -> bytes:
    return encode_element(
        SEARCH_REQUEST,
        b"".join(
            (
                encode_text(request.base),
                encode_integer(request.scope, ENUMERATED),
                encode_integer(request.deref, ENUMERATED),
                encode_integer(request.size_limit),
                encode_integer(request.time_limit_s),
                encode_boolean(request.types_only, BOOLEAN),
                encode_filter(request.filter),
                encode_element(SEQUENCE, b"".join(map(encode_text, request.attributes))),
            )
        ),
    )


def encode_bind(message_id: int, name: str, password: bytes, mechanism: str = "") -> bytes:
    """Return a version 3 bind: simple, or SASL with the credentials in `password`."""
    return encode_request(LdapMessage(message_id, BindRequest(3, name, mechanism, password)))


def encode_unbind(message_id: int) -> bytes:
    """Return an unbind; the server closes the connection."""
    return encode_request(LdapMessage(message_id, UnbindRequest()))


def encode_abandon(message_id: int, abandoned_id: int) -> bytes:
    """Return an abandon of an earlier request."""
    return encode_request(LdapMessage(message_id, AbandonRequest(abandoned_id)))


def encode_search(  # the fields of the protocol, in its order of importance
    message_id: int,
    base: str,
    wanted: Filter,
    attributes: Sequence[str] = (),
    scope: int = SCOPE_SUB,
    *,
    size_limit: int = 0,
    time_limit_s: int = 0,
    types_only: bool = False,
    controls: Sequence[Control] = (),
) -> bytes:
    """Return a search that never dereferences aliases; see `SearchRequest` for the fields."""
    request = SearchRequest(
        base, scope, 0, size_limit, time_limit_s, types_only, wanted, tuple(attributes)
    )
    return encode_request(LdapMessage(message_id, request, tuple(controls)))


def decode_responses(data: bytes) -> tuple[list[Response], int]:
    """Read every response that has arrived whole.

    Args:
        data: received octets, beginning with a response.

    Returns:
        The responses in order, and how many octets they took; keep the rest for the next call.

    Raises:
        ProtocolError: no LDAP response.
    """
    responses: list[Response] = []
    pos = 0
    while True:
        span = frame_span(data, pos, len(data))
        if span is None or span[1] > len(data):
            return responses, pos
        responses.append(_read_response(data, *span))
        pos = span[1]


def decode_response(data: bytes) -> Response:
    """Read exactly one response.

    Raises:
        ProtocolError: no response, a part of one, or octets behind it.
    """
    start, stop = read_element(data, 0, len(data), SEQUENCE)
    if stop != len(data):
        raise ProtocolError("octets behind the response")
    return _read_response(data, start, stop)


def _read_response(data: bytes, start: int, stop: int) -> Response:
    item, pos = read_element(data, start, stop, INTEGER)
    message_id = read_integer(data, item, pos)
    if not 0 <= message_id <= MAX_INT:
        raise ProtocolError("a message ID outside 0 to 2^31-1")
    tag, item, pos = read_header(data, pos, stop)
    operation_stop = pos
    controls: tuple[Control, ...] = ()
    if pos < stop:
        first, controls_start, pos = read_header(data, pos, stop)
        if first == CONTROLS:
            controls = decode_controls(
                data, controls_start, pos, max_controls=MAX_RESPONSE_CONTROLS
            )
        check_rest(data, pos, stop)
    if tag == SEARCH_ENTRY:
        return _read_entry(data, item, operation_stop, message_id, controls)
    if tag == SEARCH_REFERENCE:
        return Reference(message_id, _read_uris(data, item, operation_stop))
    if tag in _RESULT_TAGS:
        return _read_result(
            data, item, operation_stop, Result(message_id, tag, 0, controls=controls)
        )
    raise ProtocolError(f"0x{tag:02x} is no response")


def _read_entry(
    data: bytes, start: int, stop: int, message_id: int, controls: tuple[Control, ...]
) -> Entry:
    item, pos = read_element(data, start, stop, OCTET_STRING)
    dn = read_text(data, item, pos)
    pos, end = read_element(data, pos, stop, SEQUENCE)
    check_rest(data, end, stop)
    attributes: list[tuple[str, tuple[bytes, ...]]] = []
    while pos < end:
        item, pos = read_element(data, pos, end, SEQUENCE)
        name_start, name_stop = read_element(data, item, pos, OCTET_STRING)
        value, values_stop = read_element(data, name_stop, pos, SET)
        check_rest(data, values_stop, pos)
        values: list[bytes] = []
        while value < values_stop:
            value_start, value = read_element(data, value, values_stop, OCTET_STRING)
            values.append(data[value_start:value])
        attributes.append((read_text(data, name_start, name_stop), tuple(values)))
    return Entry(message_id, dn, tuple(attributes), controls)


def _read_uris(data: bytes, pos: int, stop: int) -> tuple[str, ...]:
    uris: list[str] = []
    while pos < stop:
        item, pos = read_element(data, pos, stop, OCTET_STRING)
        uris.append(read_text(data, item, pos))
    return tuple(uris)


def _read_result(data: bytes, start: int, stop: int, known: Result) -> Result:
    """Read an LDAPResult and what follows it in bind and extended responses."""
    item, pos = read_element(data, start, stop, ENUMERATED)
    code = read_integer(data, item, pos)
    item, pos = read_element(data, pos, stop, OCTET_STRING)
    matched = read_text(data, item, pos)
    item, pos = read_element(data, pos, stop, OCTET_STRING)
    message = read_text(data, item, pos)
    name = ""
    value: bytes | None = None
    while pos < stop:
        tag, item, pos = read_header(data, pos, stop)
        if known.tag == EXTENDED_RESPONSE and tag == RESPONSE_NAME:
            name = read_text(data, item, pos)
        elif (known.tag, tag) in _VALUE_TAGS:
            value = data[item:pos]
    return msgspec.structs.replace(
        known, code=code, matched=matched, message=message, name=name, value=value
    )


_SERVER_SASL_CREDENTIALS = 0x87
_VALUE_TAGS = frozenset(
    {(EXTENDED_RESPONSE, RESPONSE_VALUE), (BIND_RESPONSE, _SERVER_SASL_CREDENTIALS)}
)
