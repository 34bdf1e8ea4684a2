"""Search filters: what one is, how it is read from bytes, how it is written for people.

Law: pure code. A filter is bounded in depth and in leaves before anything walks it; attribute
descriptions stay as sent, in their case and with their options.

Sources: RFC 4511 4.5.1.7 (bytes), RFC 4515 (text), RFC 4526 (`(&)` is true, `(|)` is false).
"""

from __future__ import annotations

import msgspec


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
