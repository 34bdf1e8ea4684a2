"""LDAP messages: requests and controls as values, result codes, and the bytes of responses.

Law: pure code. Tables are copied once from RFC 4511 and stand only here. Tags are whole
identifier octets (0x63), as they stand on the wire. Over 400 lines: half of them are the tables
and the ASN.1 of RFC 4511, which belong beside their types.

Sources: RFC 4511 4 and appendix B. Requests are read in `requests`, controls in `controls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache

import msgspec
from typing_extensions import override

from ldapd.protocol.ber import (
    ENUMERATED,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    encode_boolean,
    encode_element,
    encode_integer,
    encode_length,
    encode_text,
)
from ldapd.protocol.filters import Filter


class ResultCode(IntEnum):
    """The result codes of RFC 4511 4.1.9, and of RFC 3909 3; names and numbers as there."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    COMPARE_FALSE = 5
    COMPARE_TRUE = 6
    AUTH_METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    REFERRAL = 10
    ADMIN_LIMIT_EXCEEDED = 11
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    CONFIDENTIALITY_REQUIRED = 13
    SASL_BIND_IN_PROGRESS = 14
    NO_SUCH_ATTRIBUTE = 16
    UNDEFINED_ATTRIBUTE_TYPE = 17
    INAPPROPRIATE_MATCHING = 18
    CONSTRAINT_VIOLATION = 19
    ATTRIBUTE_OR_VALUE_EXISTS = 20
    INVALID_ATTRIBUTE_SYNTAX = 21
    NO_SUCH_OBJECT = 32
    ALIAS_PROBLEM = 33
    INVALID_DN_SYNTAX = 34
    ALIAS_DEREFERENCING_PROBLEM = 36
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS_RIGHTS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53
    LOOP_DETECT = 54
    NAMING_VIOLATION = 64
    OBJECT_CLASS_VIOLATION = 65
    NOT_ALLOWED_ON_NON_LEAF = 66
    NOT_ALLOWED_ON_RDN = 67
    ENTRY_ALREADY_EXISTS = 68
    OBJECT_CLASS_MODS_PROHIBITED = 69
    AFFECTS_MULTIPLE_DSAS = 71
    OTHER = 80
    CANCELED = 118
    NO_SUCH_OPERATION = 119
    TOO_LATE = 120
    CANNOT_CANCEL = 121


BIND_REQUEST = 0x60
BIND_RESPONSE = 0x61
UNBIND_REQUEST = 0x42
SEARCH_REQUEST = 0x63
SEARCH_ENTRY = 0x64
SEARCH_DONE = 0x65
SEARCH_REFERENCE = 0x73
MODIFY_REQUEST = 0x66
MODIFY_RESPONSE = 0x67
ADD_REQUEST = 0x68
ADD_RESPONSE = 0x69
DELETE_REQUEST = 0x4A
DELETE_RESPONSE = 0x6B
MODIFY_DN_REQUEST = 0x6C
MODIFY_DN_RESPONSE = 0x6D
COMPARE_REQUEST = 0x6E
COMPARE_RESPONSE = 0x6F
ABANDON_REQUEST = 0x50
EXTENDED_REQUEST = 0x77
EXTENDED_RESPONSE = 0x78
INTERMEDIATE_RESPONSE = 0x79

RESPONSE_TAGS = {
    BIND_REQUEST: BIND_RESPONSE,
    SEARCH_REQUEST: SEARCH_DONE,
    MODIFY_REQUEST: MODIFY_RESPONSE,
    ADD_REQUEST: ADD_RESPONSE,
    DELETE_REQUEST: DELETE_RESPONSE,
    MODIFY_DN_REQUEST: MODIFY_DN_RESPONSE,
    COMPARE_REQUEST: COMPARE_RESPONSE,
    EXTENDED_REQUEST: EXTENDED_RESPONSE,
}
"""The response that ends each request (RFC 4511 4.2–4.12); Unbind and Abandon have none."""

SCOPE_BASE = 0
SCOPE_ONE = 1
SCOPE_SUB = 2

MAX_INT = 2**31 - 1
"""`maxInt INTEGER ::= 2147483647` (RFC 4511 4.1.1)."""

NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"
"""RFC 4511 4.4.1."""

START_TLS = "1.3.6.1.4.1.1466.20037"
"""RFC 4511 4.14."""

WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"
"""RFC 4532."""

CANCEL = "1.3.6.1.1.8"
"""RFC 3909."""

CONTROLS = 0xA0
"""`controls [0] Controls OPTIONAL`, behind the operation."""


RESPONSE_NAME = 0x8A
RESPONSE_VALUE = 0x8B

_SHORT = 0x80
_OCTETS_HEADS = [bytes((OCTET_STRING, length)) for length in range(_SHORT)]
_USUAL = 1_024
_MESSAGE_HEADS = [b"\x30" + encode_length(length) for length in range(_USUAL)]
_ENTRY_HEADS = [b"\x64" + encode_length(length) for length in range(_USUAL)]
_SEQUENCE_HEADS = [bytes((SEQUENCE, length)) for length in range(_SHORT)]
_SET_HEADS = [bytes((SET, length)) for length in range(_SHORT)]
_INTEGER_HEADS = [bytes((INTEGER, length)) for length in range(_SHORT)]


class BindRequest(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.2.

        BindRequest ::= [APPLICATION 0] SEQUENCE {
             version                 INTEGER (1 ..  127),
             name                    LDAPDN,
             authentication          AuthenticationChoice }
        AuthenticationChoice ::= CHOICE {
             simple                  [0] OCTET STRING,
             sasl                    [3] SaslCredentials, ... }
        SaslCredentials ::= SEQUENCE {
             mechanism               LDAPString,
             credentials             OCTET STRING OPTIONAL }

    Attributes:
        version: 1-127; only 3 is this protocol.
        name: any text; "" = anonymous or SASL.
        mechanism: "" = simple, else the SASL mechanism as sent.
        credentials: the password or the SASL credentials; b"" also where absent. Never printed.
    """

    version: int
    name: str
    mechanism: str
    credentials: bytes

    @override
    def __repr__(self) -> str:
        return (
            f"BindRequest(version={self.version}, name={self.name!r}, "
            f"mechanism={self.mechanism!r}, credentials=...)"
        )


class UnbindRequest(msgspec.Struct, frozen=True, gc=False):
    """`UnbindRequest ::= [APPLICATION 2] NULL` (RFC 4511 4.3): close, answer nothing."""


class SearchRequest(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.5.1.

        SearchRequest ::= [APPLICATION 3] SEQUENCE {
             baseObject      LDAPDN,
             scope           ENUMERATED {
                  baseObject (0), singleLevel (1), wholeSubtree (2), ... },
             derefAliases    ENUMERATED { neverDerefAliases (0), derefInSearching (1),
                  derefFindingBaseObj (2), derefAlways (3) },
             sizeLimit       INTEGER (0 ..  maxInt),
             timeLimit       INTEGER (0 ..  maxInt),
             typesOnly       BOOLEAN,
             filter          Filter,
             attributes      AttributeSelection }

    Attributes:
        base: as sent, not checked for being a DN.
        scope: `SCOPE_BASE`, `SCOPE_ONE` or `SCOPE_SUB`.
        deref: 0-3.
        size_limit: most entries wanted; 0 = no wish.
        time_limit_s: 0 = no wish.
        types_only: names of attributes without values.
        filter: bounded in depth and leaves.
        attributes: as sent; empty = all user attributes.
    """

    base: str
    scope: int
    deref: int
    size_limit: int
    time_limit_s: int
    types_only: bool
    filter: Filter
    attributes: tuple[str, ...]


class CompareRequest(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.10.

    CompareRequest ::= [APPLICATION 14] SEQUENCE {
         entry           LDAPDN,
         ava             AttributeValueAssertion }
    """

    name: str
    attribute: str
    value: bytes


class WriteRequest(msgspec.Struct, frozen=True, gc=False):
    """Modify, add, delete or modify DN (RFC 4511 4.6-4.9): `tag` says which; not read further."""

    tag: int


class AbandonRequest(msgspec.Struct, frozen=True, gc=False):
    """`AbandonRequest ::= [APPLICATION 16] MessageID` (RFC 4511 4.11): answer nothing."""

    message_id: int


class ExtendedRequest(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.12.

        ExtendedRequest ::= [APPLICATION 23] SEQUENCE {
             requestName      [0] LDAPOID,
             requestValue     [1] OCTET STRING OPTIONAL }

    Attributes:
        name: the OID as sent.
        value: None where absent.
    """

    name: str
    value: bytes | None


class UnknownRequest(msgspec.Struct, frozen=True, gc=False):
    """A well-framed operation that is no request of RFC 4511: end the session (4.1.1)."""

    tag: int


class RefusedRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that was read but exceeds a limit: answer it with `code`, keep the connection.

    Attributes:
        tag: the request's; `RESPONSE_TAGS[tag]` is the answer's.
        code: why, for the answer.
        message: why, in words without anything the peer sent.
    """

    tag: int
    code: ResultCode
    message: str


Request = (
    BindRequest
    | UnbindRequest
    | SearchRequest
    | CompareRequest
    | WriteRequest
    | AbandonRequest
    | ExtendedRequest
    | UnknownRequest
    | RefusedRequest
)
"""Any request."""


class Control(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.1.11.

        Control ::= SEQUENCE {
             controlType             LDAPOID,
             criticality             BOOLEAN DEFAULT FALSE,
             controlValue            OCTET STRING OPTIONAL }

    Attributes:
        oid: dotted decimal.
        critical: without it the request must not be done.
        value: None where absent.
    """

    oid: str
    critical: bool = False
    value: bytes | None = None


class LdapMessage(msgspec.Struct, frozen=True, gc=False):
    """RFC 4511 4.1.1.

        LDAPMessage ::= SEQUENCE {
             messageID       MessageID,
             protocolOp      CHOICE { ... },
             controls       [0] Controls OPTIONAL }

    Attributes:
        message_id: 1 to 2^31-1.
        request: what is asked.
        controls: at most as many as the session allows.
    """

    message_id: int
    request: Request
    controls: tuple[Control, ...] = ()


def encode_controls(controls: Sequence[Control]) -> bytes:
    """Return `controls [0] SEQUENCE OF Control` (RFC 4511 4.1.11); no controls: b""."""
    if not controls:
        return b""
    items = []
    for control in controls:
        contents = encode_text(control.oid)
        if control.critical:
            contents += encode_boolean(value=True)
        if control.value is not None:
            contents += encode_element(OCTET_STRING, control.value)
        items.append(encode_element(SEQUENCE, contents))
    return encode_element(CONTROLS, b"".join(items))


def encode_message(message_id: int, operation: bytes, controls: Sequence[Control] = ()) -> bytes:
    """Return the LDAPMessage around an encoded operation.

    Args:
        message_id: 0 (notices only) to 2^31-1.
        operation: one whole element.
        controls: put behind it.
    """
    octets = message_id.bit_length() // 8 + 1
    contents = _INTEGER_HEADS[octets] + message_id.to_bytes(octets, "big") + operation
    if controls:
        contents += encode_controls(controls)
    length = len(contents)
    if length < _SHORT:
        return _SEQUENCE_HEADS[length] + contents
    return b"\x30" + encode_length(length) + contents


def encode_messages(message_id: int, operations: Iterable[bytes]) -> bytes:
    """Return the messages around operations that answer one request, in their order.

    Args:
        message_id: as in `encode_message`.
        operations: each one whole element.
    """
    octets = message_id.bit_length() // 8 + 1
    identifier = _INTEGER_HEADS[octets] + message_id.to_bytes(octets, "big")
    parts: list[bytes] = []
    for operation in operations:
        length = len(identifier) + len(operation)
        head = _MESSAGE_HEADS[length] if length < _USUAL else b"\x30" + encode_length(length)
        parts += (head, identifier, operation)
    return b"".join(parts)


def encode_result(
    message_id: int,
    tag: int,
    code: int,
    message: str = "",
    matched: str = "",
    *,
    controls: Sequence[Control] = (),
) -> bytes:
    """Return a response that is an LDAPResult (RFC 4511 4.1.9); it never carries a referral.

        LDAPResult ::= SEQUENCE {
             resultCode         ENUMERATED { ... },
             matchedDN          LDAPDN,
             diagnosticMessage  LDAPString,
             referral           [3] Referral OPTIONAL }

    Args:
        message_id: the request's.
        tag: the response's, from `RESPONSE_TAGS`.
        code: a `ResultCode`.
        message: for people; it quotes nothing secret.
        matched: the DN of the nearest entry that exists; "" = none.
        controls: response controls.
    """
    return encode_message(message_id, _encode_outcome(tag, code, matched, message), controls)


@lru_cache(maxsize=256)
def _encode_outcome(tag: int, code: int, matched: str, message: str) -> bytes:
    """Return the LDAPResult alone: a daemon sends few different ones, again and again."""
    return encode_element(tag, _encode_components(code, matched, message))


def _encode_components(code: int, matched: str, message: str) -> bytes:
    return encode_integer(code, ENUMERATED) + encode_text(matched) + encode_text(message)


def encode_entry(
    message_id: int,
    dn: str,
    attributes: Iterable[tuple[str, Sequence[bytes]]],
    controls: Sequence[Control] = (),
) -> bytes:
    """Return a SearchResultEntry (RFC 4511 4.5.2).

        SearchResultEntry ::= [APPLICATION 4] SEQUENCE {
             objectName      LDAPDN,
             attributes      PartialAttributeList }
        PartialAttributeList ::= SEQUENCE OF partialAttribute PartialAttribute
        PartialAttribute ::= SEQUENCE {
             type       AttributeDescription,
             vals       SET OF value AttributeValue }

    Args:
        message_id: the request's.
        dn: the entry's name.
        attributes: descriptions with their values; no values (typesOnly): an empty set.
        controls: response controls.
    """
    return encode_message(message_id, encode_entry_operation(dn, attributes), controls)


def encode_entry_operation(dn: str, attributes: Iterable[tuple[str, Sequence[bytes]]]) -> bytes:
    """Return a SearchResultEntry without the message around it, which alone knows whose it is.

    Args:
        dn: as in `encode_entry`.
        attributes: as in `encode_entry`.
    """
    return enclose_entry(dn.encode(), b"".join([encode_attribute(*each) for each in attributes]))


def encode_attribute(name: str, values: Sequence[bytes]) -> bytes:
    """Return one PartialAttribute: its description and its values, in one flat piece of code.

    Every answered call passes here, and a call per element would take twice as long.
    """
    if len(values) == 1:  # nearly every attribute
        (value,) = values
        length, heads = len(value), value_heads(name)
        if length < len(heads):
            return heads[length] + value
    octets = b""
    for value in values:
        length = len(value)
        octets += (
            _OCTETS_HEADS[length] if length < _SHORT else b"\x04" + encode_length(length)
        ) + value
    length = len(octets)
    contents = (
        _encode_name(name)
        + (_SET_HEADS[length] if length < _SHORT else b"\x31" + encode_length(length))
        + octets
    )
    length = len(contents)
    head = _SEQUENCE_HEADS[length] if length < _SHORT else b"\x30" + encode_length(length)
    return head + contents


def enclose_entry(dn: bytes, attributes: bytes) -> bytes:
    """Return the SearchResultEntry around encoded attributes (`encode_attribute`)."""
    length = len(attributes)
    list_head = _MESSAGE_HEADS[length] if length < _USUAL else b"\x30" + encode_length(length)
    length = len(dn)
    dn_head = _OCTETS_HEADS[length] if length < _SHORT else b"\x04" + encode_length(length)
    length += len(dn_head) + len(list_head) + len(attributes)
    head = _ENTRY_HEADS[length] if length < _USUAL else b"\x64" + encode_length(length)
    return b"".join((head, dn_head, dn, list_head, attributes))


@lru_cache(maxsize=256)
def value_heads(name: str) -> list[bytes]:
    """Return what stands before the only value of an attribute, by the value's octets.

    Only for lengths with which each length is one octet; a longer value's attribute has others.
    """
    described = _encode_name(name)
    return [
        b"%c%c%b%c%c%c%c"
        % (SEQUENCE, len(described) + length + 4, described, SET, length + 2, OCTET_STRING, length)
        for length in range(_SHORT - 4 - len(described))
    ]


SUCCESS_DONE = b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
"""A SearchResultDone of success, without a word."""


def encode_done(identifier: bytes) -> bytes:
    """Return the result of a search that found all there is.

    `identifier` is the whole element of the message ID.
    """
    return _SEQUENCE_HEADS[len(identifier) + len(SUCCESS_DONE)] + identifier + SUCCESS_DONE


def encode_extended(
    message_id: int,
    code: int,
    name: str = "",
    value: bytes | None = None,
    *,
    message: str = "",
    matched: str = "",
    controls: Sequence[Control] = (),
) -> bytes:
    """Return an ExtendedResponse (RFC 4511 4.12).

        ExtendedResponse ::= [APPLICATION 24] SEQUENCE {
             COMPONENTS OF LDAPResult,
             responseName     [10] LDAPOID OPTIONAL,
             responseValue    [11] OCTET STRING OPTIONAL }

    Args:
        message_id: the request's; 0 for unsolicited notifications.
        code: a `ResultCode`.
        name: an OID; "" = absent.
        value: None = absent.
        message: as in `encode_result`.
        matched: as in `encode_result`.
        controls: response controls.
    """
    contents = _encode_components(code, matched, message)
    if name:
        contents += encode_text(name, RESPONSE_NAME)
    if value is not None:
        contents += encode_element(RESPONSE_VALUE, value)
    return encode_message(message_id, encode_element(EXTENDED_RESPONSE, contents), controls)


def notice_of_disconnection(code: int, message: str) -> bytes:
    """Return the notice after which the connection is closed (RFC 4511 4.4.1): message ID 0."""
    return encode_extended(0, code, NOTICE_OF_DISCONNECTION, message=message)


@lru_cache(maxsize=1024)
def _encode_name(name: str) -> bytes:
    """Return an attribute description's element: the same few dozen in every answer."""
    return encode_text(name)
