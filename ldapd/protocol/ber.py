"""The part of BER that LDAP uses: definite lengths, single-octet tags, primitive strings.

Law: pure functions over one `bytes` object and positions; nothing is copied but the values asked
for, nothing is read beyond `end`, and every failure is a `ProtocolError`.

Sources: RFC 4511 5.1 (which part of BER), X.690 8.1 (headers), 8.2, 8.3 (values).
"""

from __future__ import annotations

from ldapd.errors import ProtocolError

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31

MAX_LENGTH_OCTETS = 4
"""Length octets behind 0x8n: four hold 4 GiB. wldap32 (Windows) always writes `84 00 00 xx xx`, so
that lengths need not be minimal."""

MAX_INTEGER_OCTETS = 8
"""LDAP's integers end at 2^31-1; leading zero octets are let through up to this size."""

_SHORT = 0x80
_MULTI_OCTET_TAG = 0x1F

Header = tuple[int, int, int]
"""Identifier octet, first position of the contents, position behind the contents."""


def read_header(data: bytes, pos: int, end: int) -> Header:
    """Read the identifier and the length of the element at `pos`.

    Args:
        data: the message.
        pos: where the element begins, 0 <= pos.
        end: where the enclosing contents end, <= len(data).

    Returns:
        The tag and the span of the contents, which lies within `end`.

    Raises:
        ProtocolError: nothing is left, the tag takes several octets, the length is indefinite,
            takes more than four octets, or reaches beyond `end`.
    """
    if end - pos < 2:  # noqa: PLR2004 - an identifier and a length octet
        raise ProtocolError("an element is missing or cut off")
    tag = data[pos]
    start = pos + 2
    length = data[pos + 1]
    if length < _SHORT:
        stop = start + length
    else:
        span = _long_span(data, pos, end)
        if span is None:
            raise ProtocolError("an element is missing or cut off")
        start, stop = span
    if stop > end:
        raise ProtocolError("an element is longer than what holds it")
    if tag & _MULTI_OCTET_TAG == _MULTI_OCTET_TAG:
        raise ProtocolError("a tag of several octets")
    return tag, start, stop


def frame_span(data: bytes | bytearray, pos: int, end: int) -> tuple[int, int] | None:
    """Read the header of a message that may not have arrived whole.

    Args:
        data: octets received so far.
        pos: where the message begins.
        end: where the received octets end.

    Returns:
        The span of the contents, which may reach beyond `end`; None if the header is incomplete.

    Raises:
        ProtocolError: the first octet is no SEQUENCE, or the length is indefinite or takes more
            than four octets. Each is found at the first octet that shows it.
    """
    if pos >= end:
        return None
    if data[pos] != SEQUENCE:
        raise ProtocolError("no LDAP message: the first octet is not 0x30")
    if pos + 1 >= end:
        return None
    length = data[pos + 1]
    if length < _SHORT:
        return pos + 2, pos + 2 + length
    return _long_span(data, pos, end)


def message_end(data: bytes, pos: int) -> int:
    """Return where the message at `pos` ends; 0 if it is not whole, or none at all."""
    try:
        span = frame_span(data, pos, len(data))
    except ProtocolError:
        return 0
    return span[1] if span is not None and span[1] <= len(data) else 0


def _long_span(data: bytes | bytearray, pos: int, end: int) -> tuple[int, int] | None:
    """Read a length of the long form (X.690 8.1.3.5) at `pos` + 1; None if `end` cuts it off."""
    octets = data[pos + 1] & 0x7F
    if octets == 0:
        raise ProtocolError("a length of the indefinite form")
    if octets > MAX_LENGTH_OCTETS:
        raise ProtocolError("a length of more than four octets")
    start = pos + 2 + octets
    if start > end:
        return None
    return start, start + int.from_bytes(data[pos + 2 : start], "big")


def read_element(data: bytes, pos: int, end: int, tag: int) -> tuple[int, int]:
    """Read the header of an element that must have `tag`; return the span of its contents.

    Raises:
        ProtocolError: as `read_header`, or another tag.
    """
    start = pos + 2
    if (
        start <= end and data[pos] == tag and data[pos + 1] < _SHORT
    ):  # a third faster, fifteen times a search
        stop = start + data[pos + 1]
        if stop <= end:
            return start, stop
    found, start, stop = read_header(data, pos, end)
    if found != tag:
        raise ProtocolError(f"tag 0x{found:02x} where 0x{tag:02x} is due")
    return start, stop


def read_integer(data: bytes, start: int, stop: int) -> int:
    """Return the INTEGER or ENUMERATED in a span of 1-8 octets: two's complement.

    Raises:
        ProtocolError: no octet, or more than eight.
    """
    if not 1 <= stop - start <= MAX_INTEGER_OCTETS:
        raise ProtocolError("an integer of no octet or of too many")
    return int.from_bytes(data[start:stop], "big", signed=True)


def read_boolean(data: bytes, start: int, stop: int) -> bool:
    """Return the BOOLEAN in a span of one octet; every octet but 0 is true (X.690 8.2).

    Raises:
        ProtocolError: not one octet.
    """
    if stop - start != 1:
        raise ProtocolError("a boolean that is not one octet")
    return data[start] != 0


def read_text(data: bytes, start: int, stop: int) -> str:
    """Return the `LDAPString` in a span: UTF-8 (RFC 4511 4.1.2); an empty span is "".

    Raises:
        ProtocolError: no UTF-8.
    """
    try:
        return data[start:stop].decode()
    except UnicodeDecodeError:
        raise ProtocolError("a text that is not UTF-8") from None


def check_rest(data: bytes, pos: int, end: int) -> None:
    """Pass over elements behind the known ones, which RFC 4511 4 tells us to ignore.

    Raises:
        ProtocolError: what is left is not whole elements.
    """
    while pos < end:
        _, _, pos = read_header(data, pos, end)


def encode_length(length: int) -> bytes:
    """Return the minimal definite length octets of a length from 0 to 2^32-1."""
    if length < _SHORT:
        return _LENGTHS[length]
    octets = (length.bit_length() + 7) // 8
    return bytes((_SHORT | octets,)) + length.to_bytes(octets, "big")


_LENGTHS = [bytes((length,)) for length in range(_SHORT)]


def encode_element(tag: int, contents: bytes) -> bytes:
    """Return an element: identifier, length, contents."""
    length = len(contents)
    if length < _SHORT:
        return bytes((tag, length)) + contents
    return bytes((tag,)) + encode_length(length) + contents


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return an INTEGER (or ENUMERATED, by `tag`) in the fewest octets (X.690 8.3.2)."""
    octets = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return bytes((tag, octets)) + value.to_bytes(octets, "big", signed=True)


def encode_boolean(value: bool, tag: int = BOOLEAN) -> bytes:  # noqa: FBT001 - the one value
    """Return a BOOLEAN; true is 0xFF (RFC 4511 5.1)."""
    return bytes((tag, 1, 0xFF if value else 0))


def encode_text(value: str, tag: int = OCTET_STRING) -> bytes:
    """Return an `LDAPString` in UTF-8.

    Raises:
        UnicodeEncodeError: `value` holds a lone surrogate.
    """
    return encode_element(tag, value.encode())
