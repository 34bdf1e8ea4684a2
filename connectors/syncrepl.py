"""The LDAP content synchronisation operation (RFC 4533): its controls, encoded and decoded.

Law: pure; bytes in, values out. BER as LDAP uses it (RFC 4511 5.1): definite lengths only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

import msgspec

SYNC_REQUEST = "1.3.6.1.4.1.4203.1.9.1.1"
SYNC_STATE = "1.3.6.1.4.1.4203.1.9.1.2"
SYNC_DONE = "1.3.6.1.4.1.4203.1.9.1.3"
SYNC_INFO = "1.3.6.1.4.1.4203.1.9.1.4"

REFRESH_REQUIRED = 4096
"""e-syncRefreshRequired: the server no longer knows what changed since the cookie."""

_SEQUENCE, _SET, _OCTETS, _BOOLEAN, _ENUMERATED = 0x30, 0x31, 0x04, 0x01, 0x0A
_REFRESH_ONLY = 1
_STATES: tuple[Literal["present", "add", "modify", "delete"], ...] = (
    "present", "add", "modify", "delete",
)  # fmt: skip
_NEW_COOKIE, _REFRESH_DELETE, _REFRESH_PRESENT, _ID_SET = 0x80, 0xA1, 0xA2, 0xA3
_LONG_FORM = 0x80


class EntryState(msgspec.Struct, frozen=True):
    """Sync State control of an entry."""

    state: Literal["present", "add", "modify", "delete"]
    uuid: UUID


class Info(msgspec.Struct, frozen=True):
    """Sync Info message: a set of entries that are gone or still there, or the end of a phase."""

    deleted: tuple[UUID, ...] = ()
    present: tuple[UUID, ...] = ()
    ends_present: bool = False


class Done(msgspec.Struct, frozen=True):
    """Sync Done control: the new cookie; `deletes` = deletions were told, else what is there."""

    cookie: bytes
    deletes: bool


def encode_request(cookie: bytes) -> bytes:
    """Return the value of a Sync Request control: refreshOnly, with this cookie if any."""
    body = bytes((_ENUMERATED, 1, _REFRESH_ONLY))
    if cookie:
        body += bytes((_OCTETS,)) + _length(len(cookie)) + cookie
    return bytes((_SEQUENCE,)) + _length(len(body)) + body


def decode_state(value: bytes) -> EntryState:
    """Decode the value of a Sync State control.

    Raises:
        ValueError: it is none.
    """
    elements = _sequence(value)
    if len(elements) < 2 or elements[0][0] != _ENUMERATED:  # noqa: PLR2004 - state and entryUUID
        raise ValueError("no Sync State control")
    number = int.from_bytes(elements[0][1])
    if number >= len(_STATES):
        raise ValueError(f"no state of an entry: {number}")
    return EntryState(_STATES[number], UUID(bytes=elements[1][1]))


def decode_done(value: bytes) -> Done:
    """Decode the value of a Sync Done control.

    Raises:
        ValueError: it is none.
    """
    cookie, deletes = b"", False
    for tag, content in _sequence(value):
        if tag == _OCTETS:
            cookie = content
        elif tag == _BOOLEAN:
            deletes = content != b"\0"
    return Done(cookie, deletes)


def decode_info(value: bytes) -> Info:
    """Decode the value of a Sync Info message; an unknown one says nothing.

    Raises:
        ValueError: it is none.
    """
    ((tag, content),) = list(_elements(value))[:1] or [(0, b"")]
    if tag == _REFRESH_PRESENT:
        return Info(ends_present=True)
    if tag != _ID_SET:
        return Info()
    deletes = False
    uuids: tuple[UUID, ...] = ()
    for inner, data in _elements(content):
        if inner == _BOOLEAN:
            deletes = data != b"\0"
        elif inner == _SET:
            uuids = tuple(UUID(bytes=item) for _, item in _elements(data))
    return Info(deleted=uuids) if deletes else Info(present=uuids)


def _sequence(value: bytes) -> list[tuple[int, bytes]]:
    for tag, content in _elements(value):
        if tag == _SEQUENCE:
            return list(_elements(content))
        break
    raise ValueError("no BER sequence")


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element."""
    place = 0
    while place < len(data):
        if place + 2 > len(data):
            raise ValueError("BER: cut off")
        tag, length = data[place], data[place + 1]
        place += 2
        if length >= _LONG_FORM:
            octets = length - _LONG_FORM
            length = int.from_bytes(data[place : place + octets])
            place += octets
        if place + length > len(data):
            raise ValueError("BER: cut off")
        yield tag, data[place : place + length]
        place += length


def _length(size: int) -> bytes:
    if size < _LONG_FORM:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((_LONG_FORM | len(octets),)) + octets
