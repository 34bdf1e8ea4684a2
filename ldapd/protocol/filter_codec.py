"""Search filters from and to BER.

Law: pure code. The decoder keeps its own stack, counts depth and leaves while it reads, and never
recurses: a filter of 8 KiB can nest two thousand deep and has killed servers (CVE-2020-12243).

Source: RFC 4511 4.5.1.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from ldapd.errors import ProtocolError, RequestRefused
from ldapd.protocol.ber import (
    OCTET_STRING,
    SEQUENCE,
    check_rest,
    encode_boolean,
    encode_element,
    encode_text,
    read_boolean,
    read_element,
    read_header,
    read_text,
)
from ldapd.protocol.filters import (
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
)
from ldapd.protocol.messages import ResultCode

AND = 0xA0
OR = 0xA1
NOT = 0xA2
EQUALITY = 0xA3
SUBSTRINGS = 0xA4
GREATER_OR_EQUAL = 0xA5
LESS_OR_EQUAL = 0xA6
PRESENT = 0x87
APPROX = 0xA8
EXTENSIBLE = 0xA9

INITIAL = 0x80
ANY = 0x81
FINAL = 0x82

RULE = 0x81
TYPE = 0x82
MATCH_VALUE = 0x83
DN_ATTRIBUTES = 0x84

MAX_DEPTH = 16
"""And, or, not around one term. Real clients nest 4 deep; 389-ds stops at 40, slapd at 1,000."""

MAX_LEAVES = 64
"""Terms in one filter. Real clients send up to 15 for each word typed."""

MAX_PIECES = 64
"""Substrings in one term. AudioCodes puts a star between all digits of a key of 100 characters."""

_OPERATORS = frozenset({AND, OR, NOT})


def decode_filter(
    data: bytes, pos: int, end: int, *, max_depth: int = MAX_DEPTH, max_leaves: int = MAX_LEAVES
) -> tuple[Filter, int]:
    """Read the filter at `pos`.

    Args:
        data: the message.
        pos: where the filter's element begins.
        end: where the enclosing contents end.
        max_depth: most operators around one term; 0 = single terms only.
        max_leaves: most terms; an operator without parts counts as one.

    Returns:
        The filter and the position behind it. Time and memory are linear in its octets.

    Raises:
        RequestRefused: deeper, wider or of more substrings than allowed.
        ProtocolError: no filter.
    """
    opened: list[tuple[int, int, list[Filter]]] = []  # operator, end of its contents, parts so far
    leaves = 0
    while True:
        tag, start, stop = read_header(data, pos, end)
        if tag in _OPERATORS:
            if len(opened) >= max_depth:
                raise RequestRefused(
                    f"a filter nested deeper than {max_depth}", ResultCode.ADMIN_LIMIT_EXCEEDED
                )
            opened.append((tag, stop, []))
            pos, end = start, stop
            if start < stop:
                continue
        leaves += 1
        if leaves > max_leaves:
            raise RequestRefused(
                f"a filter of more than {max_leaves} terms", ResultCode.ADMIN_LIMIT_EXCEEDED
            )
        if tag not in _OPERATORS:
            part = _read_term(data, tag, start, stop)
            if not opened:
                return part, stop
            opened[-1][2].append(part)
            pos = stop
        while pos == end:
            operator, _, parts = opened.pop()
            part = _join(operator, parts)
            if not opened:
                return part, pos
            end = opened[-1][1]
            opened[-1][2].append(part)


def _join(operator: int, parts: list[Filter]) -> Filter:
    """Return the filter of an operator whose parts are all read."""
    if operator == AND:
        return And(tuple(parts))
    if operator == OR:
        return Or(tuple(parts))
    if len(parts) != 1:
        raise ProtocolError("a not of no filter or of several")
    return Not(parts[0])


def _read_term(data: bytes, tag: int, start: int, stop: int) -> Filter:
    """Return the single term in a span, by its tag."""
    reader = _TERMS.get(tag)
    if reader is None:
        raise ProtocolError(f"0x{tag:02x} is no kind of filter")
    return reader(data, start, stop)


def _read_assertion(data: bytes, start: int, stop: int) -> tuple[str, bytes]:
    """Read an `AttributeValueAssertion` (RFC 4511 4.1.6).

    AttributeValueAssertion ::= SEQUENCE {
         attributeDesc   AttributeDescription,
         assertionValue  AssertionValue }
    """
    name_start, name_stop = read_element(data, start, stop, OCTET_STRING)
    value_start, value_stop = read_element(data, name_stop, stop, OCTET_STRING)
    check_rest(data, value_stop, stop)
    return read_text(data, name_start, name_stop), data[value_start:value_stop]


def _read_equality(data: bytes, start: int, stop: int) -> Filter:
    return Equality(*_read_assertion(data, start, stop))


def _read_greater(data: bytes, start: int, stop: int) -> Filter:
    return GreaterOrEqual(*_read_assertion(data, start, stop))


def _read_less(data: bytes, start: int, stop: int) -> Filter:
    return LessOrEqual(*_read_assertion(data, start, stop))


def _read_approx(data: bytes, start: int, stop: int) -> Filter:
    return Approx(*_read_assertion(data, start, stop))


def _read_present(data: bytes, start: int, stop: int) -> Filter:
    return Present(read_text(data, start, stop))


def _read_substrings(data: bytes, start: int, stop: int) -> Filter:
    """Read a `SubstringFilter`; see `Substrings` for what becomes of empty pieces."""
    name_start, name_stop = read_element(data, start, stop, OCTET_STRING)
    pos, end = read_element(data, name_stop, stop, SEQUENCE)
    check_rest(data, end, stop)
    if pos == end:
        raise ProtocolError("a substring term without substrings")
    initial: bytes | None = None
    final: bytes | None = None
    pieces: list[bytes] = []
    first = True
    while pos < end:
        tag, piece_start, pos = read_header(data, pos, end)
        piece = data[piece_start:pos]
        if tag == INITIAL and first and piece:
            initial = piece
        elif tag == FINAL and pos == end and piece:
            final = piece
        elif tag == ANY or (tag == INITIAL and first) or (tag == FINAL and pos == end):
            pieces.append(piece)
        else:
            raise ProtocolError("substrings out of order or of an unknown kind")
        first = False
        if len(pieces) > MAX_PIECES:
            raise RequestRefused(
                f"a term of more than {MAX_PIECES} substrings", ResultCode.ADMIN_LIMIT_EXCEEDED
            )
    return Substrings(read_text(data, name_start, name_stop), initial, tuple(pieces), final)


def _read_extensible(data: bytes, start: int, stop: int) -> Filter:
    """Read a `MatchingRuleAssertion`: its components come in order, each at most once."""
    rule = attribute = ""
    value: bytes | None = None
    dn_attributes = False
    last = 0
    pos = start
    while pos < stop:
        tag, item, pos = read_header(data, pos, stop)
        if tag in (RULE, TYPE, MATCH_VALUE, DN_ATTRIBUTES):
            if tag <= last:
                raise ProtocolError("an extensible term out of order")
            last = tag
        if tag == RULE:
            rule = read_text(data, item, pos)
        elif tag == TYPE:
            attribute = read_text(data, item, pos)
        elif tag == MATCH_VALUE:
            value = data[item:pos]
        elif tag == DN_ATTRIBUTES:
            dn_attributes = read_boolean(data, item, pos)
    if value is None:
        raise ProtocolError("an extensible term without a value")
    if not rule and not attribute:
        raise ProtocolError("an extensible term without rule and attribute")
    return Extensible(rule, attribute, value, dn_attributes)


_TERMS: dict[int, Callable[[bytes, int, int], Filter]] = {
    EQUALITY: _read_equality,
    SUBSTRINGS: _read_substrings,
    GREATER_OR_EQUAL: _read_greater,
    LESS_OR_EQUAL: _read_less,
    PRESENT: _read_present,
    APPROX: _read_approx,
    EXTENSIBLE: _read_extensible,
}


_ASSERTION_TAGS: dict[type[Filter], int] = {
    Equality: EQUALITY,
    GreaterOrEqual: GREATER_OR_EQUAL,
    LessOrEqual: LESS_OR_EQUAL,
    Approx: APPROX,
}


def encode_filter(item: Filter) -> bytes:  # noqa: PLR0911 - one line a kind
    """Return a filter's octets, for clients; recursion ends with the caller's own nesting."""
    match item:
        case And(parts):
            return encode_element(AND, b"".join(map(encode_filter, parts)))
        case Or(parts):
            return encode_element(OR, b"".join(map(encode_filter, parts)))
        case Not(part):
            return encode_element(NOT, encode_filter(part))
        case Equality() | GreaterOrEqual() | LessOrEqual() | Approx():
            contents = encode_text(item.attribute) + encode_element(OCTET_STRING, item.value)
            return encode_element(_ASSERTION_TAGS[type(item)], contents)
        case Present(attribute):
            return encode_text(attribute, PRESENT)
        case Substrings():
            return _encode_substrings(item)
        case Extensible():
            return _encode_extensible(item)
        case _:
            assert_never(item)


def _encode_substrings(item: Substrings) -> bytes:
    pieces = [encode_element(ANY, piece) for piece in item.any]
    if item.initial is not None:
        pieces.insert(0, encode_element(INITIAL, item.initial))
    if item.final is not None:
        pieces.append(encode_element(FINAL, item.final))
    contents = encode_text(item.attribute) + encode_element(SEQUENCE, b"".join(pieces))
    return encode_element(SUBSTRINGS, contents)


def _encode_extensible(item: Extensible) -> bytes:
    contents = b""
    if item.rule:
        contents += encode_text(item.rule, RULE)
    if item.attribute:
        contents += encode_text(item.attribute, TYPE)
    contents += encode_element(MATCH_VALUE, item.value)
    if item.dn_attributes:
        contents += encode_boolean(value=True, tag=DN_ATTRIBUTES)
    return encode_element(EXTENSIBLE, contents)
