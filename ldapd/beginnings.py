"""The short plan of what a phone asks at each letter: names that begin so, in one attribute or any.

`(|(cn=mei*)(sn=mei*))` names one beginning; compiled term by term and joined it takes three times
as long, and so does its check.

Law: pure code. It says what `planner.compile_filter` says, which a property test holds, and leaves
to that whatever is not just such a filter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from engine.contact import Contact
from engine.selection import Called
from engine.tokens import words
from ldapd import matching
from ldapd.protocol.filters import Filter, Or, Substrings
from ldapd.schema import Texts, attribute_type, no_texts
from ldapd.terms import MAX_PREFIX_CHARS, Check


class Beginning(msgspec.Struct, frozen=True, eq=False):
    """Names that begin so.

    Attributes:
        selection: a superset of the contacts the check is true for.
        check: the filter itself.
        brief: as in `planner.SetQuestion`.
    """

    selection: Called
    check: Check
    brief: bool


class _Names(msgspec.Struct, frozen=True, eq=False):
    """What of a contact some attributes are compared with: one text each, then those that vary."""

    singles: tuple[Callable[[Contact], str], ...]
    several: tuple[Texts, ...]
    brief: bool


def beginning(search_filter: Filter) -> Beginning | None:
    """Return the plan of a filter, None if it is no beginning of names alone."""
    parts = search_filter.parts if type(search_filter) is Or else (search_filter,)
    value = None
    attributes = []
    for part in parts:
        if type(part) is not Substrings or part.any or part.final is not None:
            return None
        if value is None:
            value = part.initial
        elif part.initial != value:
            return None
        attributes.append(part.attribute)
    names = _names(tuple(attributes))
    if not value or names is None:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    asked = text[:MAX_PREFIX_CHARS]
    if not words(asked):
        return None
    return Beginning(
        Called(asked), _check(matching.substrings_test(text, (), ""), names), names.brief
    )


@lru_cache(maxsize=256)
def _names(attributes: tuple[str, ...]) -> _Names | None:
    """Return what a term on each of some attributes asks; None if one is no name."""
    types = [attribute_type(each) for each in attributes]
    known = [each for each in types if each is not None and each.calls]
    if len(known) < len(types):
        return None
    several = [each.found_by for each in known if each.found_by is not no_texts]
    several += [each.texts for each in known if each.single is None]
    return _Names(
        tuple(dict.fromkeys(each.single for each in known if each.single is not None)),
        tuple(several),
        all(each.brief for each in known),
    )


def _check(test: matching.ValueTest, names: _Names) -> Check:
    singles, several = names.singles, names.several

    def check(contact: Contact) -> bool:
        for single in singles:
            if test(single(contact)):
                return True
        for texts in several:
            for text in texts(contact):
                if test(text):
                    return True
        return False

    return check
