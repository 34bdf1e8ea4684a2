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
from ldapd.protocol.templates import value_spans

MAX_OCTETS = 512
"""Longer searches are no call's: an OR over a dozen attributes has half of it."""

MAX_SHAPES = 128
"""Shapes of one client: a few searches, times the lengths of numbers and of message IDs."""

MAX_SAME_LENGTH = 4
"""Shapes of one length: they are tried one by one."""


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
        ending: the end of each entry's DN.
    """

    __slots__ = (
        "_head",
        "_id_at",
        "_id_end",
        "_pieces",
        "_start",
        "_stop",
        "attribute",
        "base",
        "ending",
        "names",
        "request",
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
        self.ending = f",{base}".encode()
        self._id_at, self._id_end = id_at, id_end
        self._head = data[:id_at]
        self._start, self._stop = spans[0]
        starts = [id_end, *(stop for _, stop in spans)]
        stops = [*(start for start, _ in spans), len(data)]
        self._pieces = [data[at:stop] for at, stop in zip(starts, stops, strict=True)]

    def number_in(self, data: bytes) -> str:
        """Return the number that received octets ask for; "" if they are not of this shape.

        They are if they are what was learnt with another message ID and another number in all its
        places. The head holds the lengths of both, so that they are one whole message.

        Args:
            data: as long as what was learnt.
        """
        value = data[self._start : self._stop]
        identifier = data[self._id_at : self._id_end]
        if self._head + identifier + value.join(self._pieces) != data:
            return ""
        try:
            number = value.decode()
        except UnicodeDecodeError:
            return ""
        return number if value[1:].isdigit() or has_digit(number) else ""  # the first is a "+"

    def identifier_in(self, data: bytes) -> bytes:
        """Return the element of the message ID, b"" where it is not as it must be (X.690 8.3)."""
        return identifier_of(data, self._id_at, self._id_end)


class KnownCalls:
    """The shapes of one client, by their length."""

    __slots__ = ("_calls", "_count")

    def __init__(self) -> None:
        self._calls: dict[int, list[Call]] = {}
        self._count = 0

    def find(self, data: bytes) -> tuple[Call, bytes, str] | None:
        """Return the call that received octets are, its message ID's element and its number.

        None: an unknown one.
        """
        for call in self._calls.get(len(data), ()):
            number = call.number_in(data)
            if number:
                identifier = call.identifier_in(data)
                return (call, identifier, number) if identifier else None
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


def _is_plain(wanted: Filter) -> bool:
    """Tell whether a filter is an equality, or an OR of equalities."""
    parts = wanted.parts if isinstance(wanted, Or) else (wanted,)
    return all(isinstance(part, Equality) for part in parts)
