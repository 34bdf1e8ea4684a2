"""Bounded set questions: which contacts may be meant, for faces that check the rest themselves.

Law: values only. What each selects is said here; how it is found in the index stands in
`engine.selecting`.
"""

from __future__ import annotations

import msgspec

from engine.contact import Contact
from engine.phone import DialPlan


class Everyone(msgspec.Struct, frozen=True):
    """Every visible contact."""


class Prefix(msgspec.Struct, frozen=True):
    """Contacts that have, for each word of `text`, a word beginning with it in any text field."""

    text: str


class NumberTail(msgspec.Struct, frozen=True):
    """Contacts with a number that ends in `digits` (at least `schema.MIN_TAIL` digits)."""

    digits: str


class NumberPrefix(msgspec.Struct, frozen=True):
    """Contacts with a number whose E.164 digits begin with `digits`."""

    digits: str


class NumberIs(msgspec.Struct, frozen=True):
    """Contacts with exactly this number, in any spelling under `plan`."""

    number: str
    plan: DialPlan


class AllOf(msgspec.Struct, frozen=True):
    """Contacts in every part; no parts: everyone."""

    parts: tuple[Selection, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """Contacts in at least one part; no parts: nobody."""

    parts: tuple[Selection, ...]


Selection = Everyone | Prefix | NumberTail | NumberPrefix | NumberIs | AllOf | AnyOf
"""A bounded set question for protocol faces that check the result themselves (LDAP filters)."""


class Selected(msgspec.Struct, frozen=True):
    """The contacts of a `Selection`, in a fixed order; `complete` is False where a limit cut it."""

    contacts: tuple[Contact, ...]
    complete: bool
