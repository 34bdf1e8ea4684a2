"""Search filters: what one is, how it is read from bytes, how it is written for people.

Law: pure code. A filter is bounded in depth and in leaves before anything walks it; attribute
descriptions stay as sent, in their case and with their options.

Sources: RFC 4511 4.5.1.7 (bytes), RFC 4515 (text), RFC 4526 (`(&)` is true, `(|)` is false).
"""

from __future__ import annotations

import re
from typing import assert_never

import msgspec

from ldapd.errors import InvalidFilter


class And(msgspec.Struct, frozen=True, gc=False):
    """`and [0] SET SIZE (1..MAX) OF filter Filter`; no parts (RFC 4526): true."""

    parts: tuple[Filter, ...]


class Or(msgspec.Struct, frozen=True, gc=False):
    """`or [1] SET SIZE (1..MAX) OF filter Filter`; no parts (RFC 4526): false."""

    parts: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True, gc=False):
    """`not [2] Filter`."""

    part: Filter


class Equality(msgspec.Struct, frozen=True, gc=False):
    """`equalityMatch [3] AttributeValueAssertion`."""

    attribute: str
    value: bytes


class Substrings(msgspec.Struct, frozen=True, gc=False):
    """`substrings [4] SubstringFilter` (RFC 4511 4.5.1.7.2).

        SubstringFilter ::= SEQUENCE {
             type           AttributeDescription,
             substrings     SEQUENCE SIZE (1..MAX) OF substring CHOICE {
                  initial [0] AssertionValue,  -- can occur at most once
                  any     [1] AssertionValue,
                  final   [2] AssertionValue } -- can occur at most once
             }

    Attributes:
        attribute: as sent.
        initial: never b""; None = none.
        any: in order; an empty `initial` or `final` on the wire stands here as b"".
        final: never b""; None = none.
    """

    attribute: str
    initial: bytes | None
    any: tuple[bytes, ...]
    final: bytes | None


class GreaterOrEqual(msgspec.Struct, frozen=True, gc=False):
    """`greaterOrEqual [5] AttributeValueAssertion`."""

    attribute: str
    value: bytes


class LessOrEqual(msgspec.Struct, frozen=True, gc=False):
    """`lessOrEqual [6] AttributeValueAssertion`."""

    attribute: str
    value: bytes


class Present(msgspec.Struct, frozen=True, gc=False):
    """`present [7] AttributeDescription`."""

    attribute: str


class Approx(msgspec.Struct, frozen=True, gc=False):
    """`approxMatch [8] AttributeValueAssertion`."""

    attribute: str
    value: bytes


class Extensible(msgspec.Struct, frozen=True, gc=False):
    """`extensibleMatch [9] MatchingRuleAssertion` (RFC 4511 4.5.1.7.7).

        MatchingRuleAssertion ::= SEQUENCE {
             matchingRule    [1] MatchingRuleId OPTIONAL,
             type            [2] AttributeDescription OPTIONAL,
             matchValue      [3] AssertionValue,
             dnAttributes    [4] BOOLEAN DEFAULT FALSE }

    Attributes:
        rule: "" = none; then `attribute` is not "".
        attribute: "" = every attribute the rule fits.
        value: what to match.
        dn_attributes: the attributes of the entry's DN count as well.
    """

    rule: str
    attribute: str
    value: bytes
    dn_attributes: bool


Filter = (
    And
    | Or
    | Not
    | Equality
    | Substrings
    | GreaterOrEqual
    | LessOrEqual
    | Present
    | Approx
    | Extensible
)
"""Any search filter."""

MAX_TEXT_DEPTH = 64
"""Operators around one term of a written filter: far beyond use, far below Python's stack."""

_OID = r"(?:[A-Za-z][A-Za-z0-9-]*|(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+)"
_DESCRIPTION = rf"{_OID}(?:;[A-Za-z0-9-]+)*"
_HEAD = re.compile(rf"({_DESCRIPTION})(~=|>=|<=|=)")
_EXTENSIBLE_HEAD = re.compile(rf"({_DESCRIPTION})?(:[dD][nN])?(?::({_OID}))?:=")
_VALUE = re.compile(r"(?:[^()*\\\0]|\\[0-9A-Fa-f]{2})*")
_ESCAPE = re.compile(rb"\\(..)")
_Comparison = Equality | GreaterOrEqual | LessOrEqual | Approx
_COMPARISONS: dict[str, type[_Comparison]] = {
    "=": Equality,
    ">=": GreaterOrEqual,
    "<=": LessOrEqual,
    "~=": Approx,
}
_SIGNS = {kind: sign for sign, kind in _COMPARISONS.items()}


def parse_filter(text: str) -> Filter:
    """Read a written filter, strictly as RFC 4515 3 says: brackets around it, no spare spaces.

        filter     = LPAREN filtercomp RPAREN
        filtercomp = and / or / not / item
        and / or   = AMPERSAND filterlist / VERTBAR filterlist     ; RFC 4526: 0 or more filters
        item       = simple / present / substring / extensible

    Args:
        text: such as `(&(objectClass=person)(cn=mei*))`.

    Raises:
        InvalidFilter: with the position of the first character that does not fit.
    """
    reader = _FilterReader(text)
    parsed = reader.read(0)
    if reader.pos != len(text):
        raise InvalidFilter("nothing more is due", reader.pos)
    return parsed


class _FilterReader:
    """Reads one filter after the other; `pos` is the next character."""

    __slots__ = ("pos", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def read(self, depth: int) -> Filter:
        """Read a filter with its brackets."""
        if depth > MAX_TEXT_DEPTH:
            raise InvalidFilter(f"nested deeper than {MAX_TEXT_DEPTH}", self.pos)
        self._expect("(")
        operator = self.text[self.pos : self.pos + 1]
        parsed: Filter
        if operator in ("&", "|"):
            self.pos += 1
            parts: list[Filter] = []
            while self.text.startswith("(", self.pos):
                parts.append(self.read(depth + 1))
            parsed = And(tuple(parts)) if operator == "&" else Or(tuple(parts))
        elif operator == "!":
            self.pos += 1
            parsed = Not(self.read(depth + 1))
        else:
            parsed = self._read_item()
        self._expect(")")
        return parsed

    def _expect(self, character: str) -> None:
        if not self.text.startswith(character, self.pos):
            raise InvalidFilter(f"{character!r} is due", self.pos)
        self.pos += 1

    def _read_item(self) -> Filter:
        head = _HEAD.match(self.text, self.pos)
        if head is None:
            return self._read_extensible()
        self.pos = head.end()
        attribute, comparison = head.groups()
        if comparison != "=":
            return _COMPARISONS[comparison](attribute, self._read_value())
        pieces = [self._read_value()]
        while self.text.startswith("*", self.pos):
            self.pos += 1
            pieces.append(self._read_value())
        if len(pieces) == 1:
            return Equality(attribute, pieces[0])
        if pieces == [b"", b""]:
            return Present(attribute)
        return Substrings(attribute, pieces[0] or None, tuple(pieces[1:-1]), pieces[-1] or None)

    def _read_extensible(self) -> Filter:
        head = _EXTENSIBLE_HEAD.match(self.text, self.pos)
        if head is None:
            raise InvalidFilter("an attribute and =, ~=, >=, <= or := is due", self.pos)
        attribute, dn_attributes, rule = head.groups()
        if attribute is None and rule is None:
            raise InvalidFilter("an attribute or a matching rule is due", self.pos)
        self.pos = head.end()
        return Extensible(rule or "", attribute or "", self._read_value(), bool(dn_attributes))

    def _read_value(self) -> bytes:
        """Read `valueencoding = 0*(normal / escaped)`; stops before anything else."""
        found = _VALUE.match(self.text, self.pos)
        assert found is not None  # the pattern matches the empty text
        try:
            value = found[0].encode()
        except UnicodeEncodeError as error:
            raise InvalidFilter("a lone surrogate", self.pos + error.start) from None
        self.pos = found.end()
        if self.text.startswith("\\", self.pos):
            raise InvalidFilter("two hexadecimal digits are due behind the backslash", self.pos)
        return _ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), value)


def format_filter(item: Filter) -> str:  # noqa: PLR0911 - one line a kind
    """Write a filter as RFC 4515 says, for tools and tests.

    Values that are UTF-8 stand as text; brackets, stars, backslashes, unprintable characters and
    other octets are escaped, so that the result is one printable line.
    """
    match item:
        case And(parts):
            return f"(&{''.join(map(format_filter, parts))})"
        case Or(parts):
            return f"(|{''.join(map(format_filter, parts))})"
        case Not(part):
            return f"(!{format_filter(part)})"
        case Equality() | GreaterOrEqual() | LessOrEqual() | Approx():
            return f"({_printable(item.attribute)}{_SIGNS[type(item)]}{_escape(item.value)})"
        case Present(attribute):
            return f"({_printable(attribute)}=*)"
        case Substrings(attribute, initial, pieces, final):
            text = "*".join(map(_escape, (initial or b"", *pieces, final or b"")))
            return f"({_printable(attribute)}={text})"
        case Extensible(rule, attribute, value, dn_attributes):
            head = _printable(attribute) + ":dn" * dn_attributes
            if rule:
                head += f":{_printable(rule)}"
            return f"({head}:={_escape(value)})"
        case _:
            assert_never(item)


def _printable(name: str) -> str:
    """Return an attribute or rule as sent; what a name cannot hold is escaped like a value."""
    return _escape(name.encode())


def _escape(value: bytes) -> str:
    text = value.decode("utf-8", "surrogateescape")
    if text.isalnum():
        return text
    return "".join(
        character
        if character.isprintable() and character not in "\\*()"
        else "".join(f"\\{octet:02x}" for octet in character.encode("utf-8", "surrogateescape"))
        for character in text
    )
