"""Requests read by shape: a search that differs from an earlier one only in its values.

Law: pure code; the result equals that of `requests.decode_operation` for every input (a property
test holds this). A template is a search's octets, message ID apart, with gaps for the assertion
values; it fits octets of the same length that are equal outside the gaps. All lengths stand outside
the gaps, so that equal octets there mean equal structure.

A Session Border Controller sends one shape, in as many lengths as its numbers have. A search for
one number then takes 2 µs in place of 6.5, an or of three 3.2 in place of 8 (Python 3.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from ldapd.protocol.ber import read_header
from ldapd.protocol.filter_codec import AND, EQUALITY, NOT, OR, PRESENT, SUBSTRINGS
from ldapd.protocol.filters import And, Equality, Filter, Not, Or, Substrings
from ldapd.protocol.messages import Control, Request, SearchRequest
from ldapd.protocol.requests import DecodeLimits, decode_operation

MAX_TEMPLATES = 256
"""Templates in one process: a few a client device, times the lengths of numbers and names."""

MAX_SAME_LENGTH = 8
"""Templates for one length of request: they are tried one by one, at 70 ns each."""

MAX_OCTETS = 1_024
"""Longer requests are always read in full: no look-up of a number comes near."""

MAX_GAPS = 16
"""Values in one template."""

MAX_LEARNED_DEPTH = 4
"""Operators around one term of a template; real clients nest no deeper."""

_FILTER_INDEX = 6
"""The filter is the seventh element of a SearchRequest."""

_Span = tuple[int, int]
_Build = Callable[[bytes, int], Filter]


class _Template:
    """One shape of search; all offsets count from the operation's first octet.

    Attributes:
        head: the octets before the first gap.
        rest: the octets behind each gap, with their offsets; the last of them end the request.
        build: makes the filter from octets and the operation's position in them.
        before: the SearchRequest's fields before the filter.
        attributes: its field behind the filter.
        controls: the request's controls.
    """

    __slots__ = ("attributes", "before", "build", "controls", "head", "rest")

    def __init__(
        self,
        octets: bytes,
        gaps: list[_Span],
        request: SearchRequest,
        controls: tuple[Control, ...],
    ) -> None:
        self.head = octets[: gaps[0][0]]
        ends = [start for start, _ in gaps[1:]] + [len(octets)]
        self.rest = [(start, octets[start:end]) for (_, start), end in zip(gaps, ends, strict=True)]
        self.build = _builder(request.filter, iter(gaps))
        self.before = (
            request.base,
            request.scope,
            request.deref,
            request.size_limit,
            request.time_limit_s,
            request.types_only,
        )
        self.attributes = request.attributes
        self.controls = controls

    def fits(self, data: bytes, pos: int) -> bool:
        """Tell whether the request at `pos`, of the template's length, differs in values only."""
        if not data.startswith(self.head, pos):
            return False
        for offset, octets in self.rest:  # noqa: SIM110 - all() takes twice as long
            if not data.startswith(octets, pos + offset):
                return False
        return True


class RequestDecoder:
    """Reads operations; remembers at most `MAX_TEMPLATES` shapes of searches.

    It holds no value that a client asked for: the gaps are left out, and requests with controls,
    whose values differ from page to page, are not remembered. Its limits are its own, since
    a remembered request is not measured again.
    """

    __slots__ = ("_count", "_limits", "_templates")

    def __init__(self, limits: DecodeLimits) -> None:
        self._limits = limits
        self._templates: dict[int, list[_Template]] = {}
        self._count = 0

    def decode(self, data: bytes, pos: int, stop: int) -> tuple[Request, tuple[Control, ...]]:
        """Read the operation at `pos` and its controls, up to `stop`, as `decode_operation` does.

        Raises:
            ProtocolError: malformed, or more controls than allowed.
        """
        templates = self._templates.get(stop - pos)
        if templates is not None:
            for template in templates:
                if template.fits(data, pos):
                    request = SearchRequest(
                        *template.before, template.build(data, pos), template.attributes
                    )
                    return request, template.controls
        decoded, controls = decode_operation(data, pos, stop, self._limits)
        if isinstance(decoded, SearchRequest) and not controls and stop - pos <= MAX_OCTETS:
            self._learn(data[pos:stop], decoded, controls)
        return decoded, controls

    def _learn(self, octets: bytes, request: SearchRequest, controls: tuple[Control, ...]) -> None:
        """Remember the shape of a search if it has one; too many make room by being forgotten."""
        gaps = value_spans(octets)
        if not gaps:
            return
        if self._count >= MAX_TEMPLATES:
            self._templates.clear()
            self._count = 0
        template = _Template(octets, gaps, request, controls)
        templates = self._templates.setdefault(len(octets), [])
        if len(templates) >= MAX_SAME_LENGTH:
            del templates[0]
            self._count -= 1
        templates.append(template)
        self._count += 1


@lru_cache(maxsize=8)
def shared_decoder(limits: DecodeLimits) -> RequestDecoder:
    """Return the process's decoder for these limits: clients that reconnect profit from it."""
    return RequestDecoder(limits)


def value_spans(octets: bytes) -> list[_Span]:
    """Return the spans of the assertion values in a valid search; [] if it is not worth a template.

    A filter of and, or, not, equality, substrings and presence has a shape; its other terms are
    rare, and their values must not stay in memory.
    """
    _, pos, end = read_header(octets, 0, len(octets))
    for _ in range(_FILTER_INDEX):
        _, _, pos = read_header(octets, pos, end)
    gaps: list[_Span] = []
    if not _collect_gaps(octets, pos, end, MAX_LEARNED_DEPTH, gaps) or len(gaps) > MAX_GAPS:
        return []
    return gaps


def _collect_gaps(octets: bytes, pos: int, end: int, depth: int, gaps: list[_Span]) -> bool:
    """Append the spans of the values in the filter at `pos`; return False if it has no shape."""
    tag, start, stop = read_header(octets, pos, end)
    if tag in (AND, OR, NOT):
        while start < stop:
            if depth == 0 or not _collect_gaps(octets, start, stop, depth - 1, gaps):
                return False
            _, _, start = read_header(octets, start, stop)
        return True
    if tag == PRESENT:
        return True
    _, _, start = read_header(octets, start, stop)  # the attribute
    _, value, value_stop = read_header(octets, start, stop)
    if tag == EQUALITY:
        gaps.append((value, value_stop))
        return True
    if tag != SUBSTRINGS:
        return False
    while value < value_stop:
        _, piece, value = read_header(octets, value, value_stop)
        gaps.append((piece, value))
    return True


def _builder(item: Filter, gaps: Iterator[_Span]) -> _Build:
    """Return what makes a filter like `item` from the octets in `gaps`, in their order."""
    match item:
        case Equality(attribute):
            return _equality_builder(attribute, next(gaps))
        case Substrings():
            return _substrings_builder(item, gaps)
        case And(parts) | Or(parts):
            builds = [_builder(part, gaps) for part in parts]
            kind = type(item)
            return lambda data, pos: kind(tuple([build(data, pos) for build in builds]))
        case Not(part):
            inner = _builder(part, gaps)
            return lambda data, pos: Not(inner(data, pos))
        case _:
            return lambda _data, _pos: item


def _equality_builder(attribute: str, gap: _Span) -> _Build:
    start, stop = gap
    return lambda data, pos: Equality(attribute, data[pos + start : pos + stop])


def _substrings_builder(item: Substrings, gaps: Iterator[_Span]) -> _Build:
    """Return a builder: which pieces there are, and which of them are empty, is in the shape."""
    attribute = item.attribute
    initial = None if item.initial is None else next(gaps)
    pieces = [next(gaps) for _ in item.any]
    final = None if item.final is None else next(gaps)

    def build(data: bytes, pos: int) -> Filter:
        return Substrings(
            attribute,
            None if initial is None else data[pos + initial[0] : pos + initial[1]],
            tuple([data[pos + start : pos + stop] for start, stop in pieces]),
            None if final is None else data[pos + final[0] : pos + final[1]],
        )

    return build
