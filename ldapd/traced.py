"""What one request was and what became of it, for an administrator and for the log of searches.

Law: pure values and texts. Passwords never come this far; values of attributes that are named like
secrets are hidden. A `Traced` holds names and numbers and goes to a terminal only; `log_fields` has
none: client, kinds of terms, counts and times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import assert_never

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.client import Entry, Response, Result, decode_responses
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
    format_filter,
)
from ldapd.protocol.messages import (
    AbandonRequest,
    BindRequest,
    CompareRequest,
    ExtendedRequest,
    Request,
    SearchRequest,
    UnbindRequest,
    WriteRequest,
)
from ldapd.schema import attribute_type

MAX_TEXT = 500
"""Characters of one text of a peer's: a line of a terminal or three."""

MAX_VALUES = 8
SCOPES = {0: "base", 1: "one", 2: "sub"}

_SECRET = re.compile(r"passw|pwd|secret|token|credential", re.IGNORECASE)
_HIDDEN = b"hidden"
_ANY = b"?"


class TraceRequest(msgspec.Struct, frozen=True, tag="trace", forbid_unknown_fields=True):
    """Show the look-ups that are remembered, then with `follow` every request as it is answered.

    `client` and `number` ("" = any) say whose, and for which number in any spelling.
    """

    client: str = ""
    number: str = ""
    follow: bool = True


class Following(msgspec.Struct, frozen=True, tag="following"):
    """What is remembered has been sent; what comes now is happening."""


class Traced(msgspec.Struct, frozen=True, omit_defaults=True, tag="traced"):
    """One request and its answer, or one remembered look-up.

    Attributes:
        at: seconds since 1970, when it was answered.
        operation: search, bind, compare, …; "look-up" for a remembered one.
        client: who was bound when it came (of a bind: afterwards); "" = nobody.
        address: where the peer is; "" = on this machine without an address, or not known any more.
        base: of a search or a compare.
        scope: base, one, sub.
        filter: as RFC 4515 writes it.
        attributes: what was asked for.
        detail: what else there is to say of the request, such as the mechanism of a bind.
        code: the result code; None = none was due.
        message: the diagnostic message.
        entries: how many were sent.
        shown: attributes of the first entry.
        number: the number that was looked up last, as it was asked; "" = none was.
        name: whom it found.
        match_class: 1-5 as in `engine.query.CallerMatch`, 0 = nobody.
        runners_up: others that fitted as well.
        duration_us: from the request to its answer; a list's until its last slice.
        missed: requests before this one that were not shown, since the reader was too slow.
    """

    at: float
    operation: str
    client: str = ""
    address: str = ""
    base: str = ""
    scope: str = ""
    filter: str = ""
    attributes: tuple[str, ...] = ()
    detail: str = ""
    code: int | None = None
    message: str = ""
    entries: int = 0
    shown: dict[str, tuple[str, ...]] = {}
    number: str = ""
    name: str = ""
    match_class: int = 0
    runners_up: int = 0
    duration_us: float = 0.0
    missed: int = 0


class Outcome:
    """What the octets of an answer say, slice by slice."""

    __slots__ = ("code", "entries", "message", "shown")

    def __init__(self) -> None:
        self.code: int | None = None
        self.message = ""
        self.entries = 0
        self.shown: dict[str, tuple[str, ...]] = {}

    def take(self, octets: bytes) -> None:
        """Read whole responses; what is none is passed over."""
        try:
            responses, _ = decode_responses(octets)
        except ProtocolError:
            return
        for response in responses:
            self._take(response)

    def _take(self, response: Response) -> None:
        if isinstance(response, Result):
            self.code, self.message = response.code, response.message
        elif isinstance(response, Entry):
            self.entries += 1
            if self.entries == 1:
                self.shown = {
                    name: tuple(
                        _cut(value.decode(errors="replace")) for value in values[:MAX_VALUES]
                    )
                    for name, values in response.attributes
                }


def describe(request: Request) -> Traced:
    """Return what a request asks; time, asker and answer are filled in by whoever knows them."""
    match request:
        case SearchRequest():
            return Traced(
                0.0,
                "search",
                base=_cut(request.base),
                scope=SCOPES.get(request.scope, "?"),
                filter=_cut(format_filter(without_secrets(request.filter))),
                attributes=tuple(map(_cut, request.attributes)),
            )
        case CompareRequest():
            value = _hide(request.attribute, request.value)
            term = format_filter(Equality(request.attribute, value))
            return Traced(0.0, "compare", base=_cut(request.name), filter=_cut(term))
        case BindRequest():
            return Traced(0.0, "bind", detail=_cut(request.mechanism) or "simple")
        case ExtendedRequest():
            return Traced(0.0, "extended", detail=_cut(request.name))
        case _:
            return Traced(0.0, _OPERATIONS.get(type(request), "refused"))


_OPERATIONS: dict[type[Request], str] = {
    WriteRequest: "write",
    AbandonRequest: "abandon",
    UnbindRequest: "unbind",
}


def without_secrets(wanted: Filter) -> Filter:
    """Return a filter with the values of attributes that are named like secrets hidden."""
    return _changed(wanted, str, _hide)


def shape_of(wanted: Filter) -> str:
    """Write a filter without anything that a peer may have put into it.

    Returns:
        such as `(|(telephoneNumber=?)(cn=?*))`; unknown attributes are called `unknown`.
    """
    return _cut(format_filter(_changed(wanted, _known_name, lambda _name, _value: _ANY)))


def log_fields(traced: Traced, wanted: Filter) -> dict[str, str | int | float | None]:
    """Return what the log may hold of a search: nothing that belongs to a person."""
    return {
        "client": traced.client,
        "scope": traced.scope,
        "filter": shape_of(wanted),
        "code": traced.code,
        "entries": traced.entries,
        "class": traced.match_class,
        "duration_us": round(traced.duration_us, 1),
    }


def _changed(
    wanted: Filter, name_of: Callable[[str], str], value_of: Callable[[str, bytes], bytes]
) -> Filter:
    """Return a filter with other names and values; bounded in depth by the decoder."""
    match wanted:
        case And(parts) | Or(parts):
            return type(wanted)(tuple(_changed(part, name_of, value_of) for part in parts))
        case Not(part):
            return Not(_changed(part, name_of, value_of))
        case Present(attribute):
            return Present(name_of(attribute))
        case Equality() | GreaterOrEqual() | LessOrEqual() | Approx():
            name = wanted.attribute
            return type(wanted)(name_of(name), value_of(name, wanted.value))
        case Substrings(name, initial, pieces, final):
            return Substrings(
                name_of(name),
                None if initial is None else value_of(name, initial),
                tuple(value_of(name, piece) for piece in pieces),
                None if final is None else value_of(name, final),
            )
        case Extensible(rule, name, value, dn_attributes):
            attribute = name_of(name) if name else ""
            shown = value_of(name, value)
            return Extensible(rule and name_of(rule), attribute, shown, dn_attributes)
        case _:
            assert_never(wanted)


def _known_name(attribute: str) -> str:
    known = attribute_type(attribute)
    return "unknown" if known is None else known.name


def _hide(attribute: str, value: bytes) -> bytes:
    return _HIDDEN if _SECRET.search(attribute) else value


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"
