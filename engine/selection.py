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
    """Contacts that have, for each word of `text`, a word beginning with it.

    Attributes:
        text: any; without a word in it everyone is selected.
        everywhere: in any text of the contact; else in those that people search by (names, company,
            department, job, city, e-mail addresses, custom fields).
    """

    text: str
    everywhere: bool = False


class Called(msgspec.Struct, frozen=True):
    """Contacts that have, for each word of `text`, a word beginning with it in their names.

    Those without a name of their own are called by their company or an e-mail address.
    """

    text: str


class Contains(msgspec.Struct, frozen=True):
    """Contacts that may have `text` in one of their texts, beginning inside a word or not.

    A superset, but for fields that are `Cut`: three letters of a word are found wherever they
    stand. A piece of one or two letters from inside a word is not in the index and selects
    everyone.
    """

    text: str


class Has(msgspec.Struct, frozen=True):
    """Contacts whose field is not empty; names as `engine.document.fields_of` gives them."""

    field: str


class Cut(msgspec.Struct, frozen=True):
    """Contacts of whose field the index knows the beginning alone: notes, url, a custom field.

    Whoever has a text inside such a field may not be among those that `Contains` selects.
    """

    field: str


class EntryIs(msgspec.Struct, frozen=True):
    """The contact of this UUID, in any case."""

    entry_uuid: str


class AlphabetRange(msgspec.Struct, frozen=True):
    """Contacts from one place of the alphabet (`engine.tokens.sort_rank`) to another, inclusive.

    A contact stands under its surname, else under its name, else its first e-mail address.
    """

    low: int = 0
    high: int = 2**60


class NumberTail(msgspec.Struct, frozen=True):
    """Contacts that may have a number with `digits` at its end (at least three, a superset)."""

    digits: str


class NumberPrefix(msgspec.Struct, frozen=True):
    """Contacts with a number whose E.164 digits begin with `digits`."""

    digits: str


class NumberContains(msgspec.Struct, frozen=True):
    """Contacts that may have a number with `digits` in a row in it (at least three, a superset)."""

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


class Without(msgspec.Struct, frozen=True):
    """Contacts of `selection` that are not in `excluded`."""

    selection: Selection
    excluded: Selection


Selection = (
    Everyone
    | Prefix
    | Called
    | Contains
    | Has
    | Cut
    | EntryIs
    | AlphabetRange
    | NumberTail
    | NumberPrefix
    | NumberContains
    | NumberIs
    | AllOf
    | AnyOf
    | Without
)
"""A bounded set question for protocol faces that check the result themselves (LDAP filters)."""


class Position(msgspec.Struct, frozen=True, order=True, gc=False):
    """Where a contact stands among all: the same after every commit and rebuild.

    Attributes:
        rank: its place in the one list of all (`engine.terms.rank_of`).
        place: its place among those of equal `rank` (`engine.schema.place_of`).
    """

    rank: int
    place: int


class Selected(msgspec.Struct, frozen=True):
    """The contacts of a `Selection`, in a fixed order; `complete` is False where a limit cut it."""

    contacts: tuple[Contact, ...]
    complete: bool
