"""Matched values: of an entry only the values that fit, such as the number that hit.

Law: pure code. An item of the control is a filter on one value. Attributes none of whose values fit
are left out.

Source: RFC 3876.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.contact import Contact, ContactId, PhoneLine
from engine.errors import InvalidNumber
from engine.phone import DialPlan, read_number
from ldapd import matching, number_terms
from ldapd.matching import ValueTest
from ldapd.number_terms import NumberTerm
from ldapd.protocol.filters import (
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Present,
    Substrings,
)
from ldapd.schema import NAME, AttributeType, attribute_type

KeepValues = Callable[[str, Sequence[bytes]], Sequence[bytes]]
"""Attribute as asked for and its values → those that fit."""


def keep_values(items: Sequence[Filter], plan: DialPlan) -> KeepValues:
    """Return what keeps the values that fit at least one item; items that are Undefined fit none.

    Args:
        items: single terms.
        plan: how the client writes numbers.
    """
    tests = [each for each in (_item(item, plan) for item in items) if each is not None]

    def keep(name: str, values: Sequence[bytes]) -> Sequence[bytes]:
        found = attribute_type(name)
        fitting = [test for asked, test in tests if found is not None and _covers(asked, found)]
        if not fitting:
            return ()
        return [value for value in values if any(test(value.decode()) for test in fitting)]

    return keep


def _covers(asked: AttributeType, found: AttributeType) -> bool:
    """Tell whether a term on one attribute is about another: itself, or a subtype of `name`."""
    if asked is NAME:
        return found.subtype_of_name or found is NAME
    return asked is found or (asked.is_number and found.is_number)


def _item(item: Filter, plan: DialPlan) -> tuple[AttributeType, ValueTest] | None:
    attribute = getattr(item, "attribute", "")
    found = attribute_type(attribute)
    if found is None:
        return None
    try:
        test = _number_test(item, plan) if found.is_number else _text_test(item)
    except UnicodeDecodeError:
        return None
    return None if test is None else (found, test)


def _text_test(item: Filter) -> ValueTest | None:  # noqa: PLR0911 - one line a kind
    match item:
        case Present():
            return lambda _value: True
        case Equality(_, value) | Extensible("", _, value, _):
            return matching.equality_test(value.decode())
        case Substrings(_, initial, middle, final):
            return matching.substrings_test(
                (initial or b"").decode(),
                [piece.decode() for piece in middle],
                (final or b"").decode(),
            )
        case GreaterOrEqual(_, value):
            return matching.ordering_test(value.decode(), least=True)
        case LessOrEqual(_, value):
            return matching.ordering_test(value.decode(), least=False)
        case Approx(_, value):
            any_test = matching.words_test(value.decode())
            return lambda text: any_test((text,))
        case _:
            return None


def _number_test(item: Filter, plan: DialPlan) -> ValueTest | None:
    """A number as the client sees it is read again: its spelling is the client's own."""
    match item:
        case Present():
            return lambda _value: True
        case Equality(_, value) | Approx(_, value) | Extensible("", _, value, _):
            term: NumberTerm | None = NumberTerm(value.decode(), "")
        case Substrings():
            term = number_terms.join_substrings(item, "")
        case _:
            return None
    if term is None or not number_terms.has_digit(term.value):
        return None
    fits = number_terms.term_test(term, plan)

    def test(value: str) -> bool:
        try:
            numbers = read_number(value, plan).numbers
        except InvalidNumber:
            return False
        lines = tuple(PhoneLine("other", number) for number in numbers)
        return fits(Contact(ContactId("", ""), phones=lines))

    return test
