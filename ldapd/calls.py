"""The short way of a call: a search that differs from an earlier one only in number and message ID.

A Session Border Controller sends one search, day after day. Read in full, planned and dispatched it
costs as much as its answer; compared with one that was, a fifth of that.

Law: pure code; it says what the long way would say to the same octets, which a property test holds,
and leaves to the long way whatever it is not sure of. A shape is learnt from a search the long way
has answered as one number, and lives as long as the client's settings.
"""

from __future__ import annotations

from collections.abc import Sequence

from ldapd.errors import ProtocolError
from ldapd.number_terms import has_digit
from ldapd.protocol.ber import encode_text, read_header
from ldapd.protocol.filters import Equality, Filter, Or
from ldapd.protocol.messages import SEARCH_REQUEST, SearchRequest
from ldapd.protocol.requests import identifier_of
from ldapd.protocol.single_frame import SingleFrame
from ldapd.protocol.templates import value_spans

MAX_OCTETS = 512
"""Longer searches are no call's: an OR over a dozen attributes has half of it."""

MAX_SHAPES = 128
"""Shapes of one client: a few searches, times the lengths of numbers and of message IDs."""

MAX_SAME_LENGTH = 4
"""Shapes of one length: they are tried one by one."""

MAX_FRAMES = 256
"""Of one shape: lengths of names, times those of message IDs."""


def is_search(data: bytes) -> bool:
    """Tell whether the whole message that octets begin with is a search; nothing else is read."""
    try:
        _, start, end = read_header(data, 0, len(data))
        _, _, start = read_header(data, start, end)
    except ProtocolError:
        return False
    return start < end and data[start] == SEARCH_REQUEST


class Call:
    """One shape of search, and what is the same in all of it.

    Attributes:
        request: the search that was read; its filter is that of the first.
        base: the DN under which entries are named.
        attribute: the number attribute that the filter names first, as in `NumberQuestion`.
        names: the elements of the attributes asked for, if all show the name; else none.
        id_at, id_end: the span of the message ID's value.
        start, stop: the span of the first of the places in which the number stands.
        head: what stands before the message ID.
        pieces: what stands behind it, where the number is left out.
    """

    __slots__ = (
        "_ending",
        "_frames",
        "attribute",
        "base",
        "head",
        "id_at",
        "id_end",
        "names",
        "pieces",
        "request",
        "start",
        "stop",
    )

    def __init__(
        self,
        data: bytes,
        id_at: int,
        id_end: int,
        spans: list[tuple[int, int]],
        *,
        request: SearchRequest,
        base: str,
        attribute: str,
        names: Sequence[str] = (),
    ) -> None:
        self.request, self.base, self.attribute = request, base, attribute
        self.names = tuple(map(encode_text, names))
        self._ending = f",{base}".encode()
        self._frames: dict[int, SingleFrame] = {}
        self.id_at, self.id_end = id_at, id_end
        self.head = data[:id_at]
        self.start, self.stop = spans[0]
        starts = [id_end, *(stop for _, stop in spans)]
        stops = [*(start for start, _ in spans), len(data)]
        self.pieces = [data[at:stop] for at, stop in zip(starts, stops, strict=True)]

    def answer(self, identifier: bytes, entry_uuid: bytes, name: bytes) -> bytes:
        """Return the answer to a call that asks for `names` alone.

        Args:
            identifier: the element of its message ID.
            entry_uuid: of the entry (ASCII).
            name: what all its attributes say (UTF-8).
        """
        lengths = len(name) << 3 | len(identifier)
        frame = self._frames.get(lengths)
        if frame is None:
            if len(self._frames) >= MAX_FRAMES:
                self._frames.clear()
            dn = b"entryUUID=", len(entry_uuid), self._ending
            frame = SingleFrame.of(len(identifier), dn, self.names, len(name))
            self._frames[lengths] = frame
        return frame.answer(identifier, entry_uuid, name)


Found = tuple[Call, bytes, bytes, bytes]
"""A call, the element of its message ID, its number (UTF-8), and of a "+" and digits the digits."""


class KnownCalls:
    """The shapes of one client, by their length."""

    __slots__ = ("_calls", "_count")

    def __init__(self) -> None:
        self._calls: dict[int, list[Call]] = {}
        self._count = 0

    def find(self, data: bytes) -> Found | None:
        """Return the call that received octets are, its message ID's element and its number.

        They are one if they are what was learnt with another message ID and another number in all
        its places. The head holds the lengths of both, so that they are one whole message. Flat,
        since every call passes here.

        Returns:
            None for octets that are of no known shape, or hold no digit where the number belongs.
        """
        for call in self._calls.get(len(data), ()):
            id_at, id_end = call.id_at, call.id_end
            value = data[call.start : call.stop]
            if call.head + data[id_at:id_end] + value.join(call.pieces) != data:
                continue
            digits = value[1:]
            if not (value[:1] == b"+" and digits.isdigit()):
                digits = b""
                if not _is_number(value):
                    continue
            identifier = identifier_of(data, id_at, id_end)
            return (call, identifier, value, digits) if identifier else None
        return None

    def learn(
        self,
        data: bytes,
        request: SearchRequest,
        base: str,
        attribute: str,
        names: Sequence[str] = (),
    ) -> None:
        """Remember the shape of a search that asked for one number; passed over if it has none.

        Args:
            data: what was received; learnt only if it is this one message without controls.
            request: what was read from it.
            base: the DN under which entries are named.
            attribute: as in `NumberQuestion`.
            names: the attributes asked for, if an entry shows nothing but its name in them.
        """
        same_length = self._calls.setdefault(len(data), [])
        if (
            len(data) > MAX_OCTETS
            or self._count >= MAX_SHAPES
            or len(same_length) >= MAX_SAME_LENGTH
            or not _is_plain(request.filter)
        ):
            return
        _, start, end = read_header(data, 0, len(data))
        _, id_at, id_end = read_header(data, start, end)
        _, _, operation_end = read_header(data, id_end, end)
        if end != len(data) or operation_end != end:
            return
        spans = [(id_end + at, id_end + stop) for at, stop in value_spans(data[id_end:])]
        if not spans:
            return
        if id_at != start + 2:
            return  # a length that is longer than it need be
        call = Call(
            data, id_at, id_end, spans, request=request, base=base, attribute=attribute, names=names
        )
        same_length.append(call)
        self._count += 1


def _is_number(value: bytes) -> bool:
    try:
        return has_digit(value.decode())
    except UnicodeDecodeError:
        return False


def _is_plain(wanted: Filter) -> bool:
    """Tell whether a filter is an equality, or an OR of equalities."""
    parts = wanted.parts if isinstance(wanted, Or) else (wanted,)
    return all(isinstance(part, Equality) for part in parts)
