"""Terms on phone numbers: what number a term means, and which stored numbers it fits.

Law: pure code; nothing is looked up here. `engine.phone` reads whole numbers in any spelling; this
module only joins the pieces of a substring term and reads *beginnings* of numbers, which the engine
cannot (a beginning is no number). Attribute names do not count: a term on any number attribute asks
for every number of a contact, which is a superset of `telephoneNumberMatch` (RFC 4517 4.2.29) for
positive terms and the same predicate inside NOT.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import msgspec

from engine.contact import Contact
from engine.errors import InvalidNumber
from engine.numbertext import TEXT_MARKS
from engine.phone import MAX_RAW_CHARS, DialPlan, PhoneNumber, read_number
from engine.selection import (
    AllOf,
    AnyOf,
    Everyone,
    NumberContains,
    NumberIs,
    NumberPrefix,
    NumberTail,
    Selection,
)
from ldapd.matching import Pattern
from ldapd.protocol.filters import Substrings

MIN_TAIL_DIGITS = 3
"""Fewer last digits than the index holds as one term find nobody (`engine.terms.PART_DIGITS`)."""

_DIGIT = re.compile(r"\d")
_NO_DIGIT = re.compile(r"[^0-9]+")
_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
_NUMBER_LIKE = re.compile(rf"[\s{TEXT_MARKS}]*\(?\s*[+\d][\d\s()/.'\u2019\-]*")


class NumberTerm(msgspec.Struct, frozen=True):
    """One term of a filter that names a number.

    Attributes:
        value: the number as asked, in the client's spelling; holds a digit.
        attribute: the name of the attribute as the schema writes it.
        open_end: the stored number may go on behind the value ("N*").
        open_start: the stored number may begin before the value ("*N").
    """

    value: str
    attribute: str
    open_end: bool = False
    open_start: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether the value may be a part of a number, typed by a person key by key."""
        return self.open_end or self.open_start


def has_digit(text: str) -> bool:
    """Tell whether a term on a number can be true at all."""
    return _DIGIT.search(text) is not None


def is_number_like(text: str) -> bool:
    """Tell whether a text put into a search for anything is (a part of) a number."""
    return _NUMBER_LIKE.fullmatch(text) is not None and len(_DIGIT.findall(text)) >= MIN_TAIL_DIGITS


def join_substrings(term: Substrings, attribute: str) -> NumberTerm | None:
    """Read a substring term on a number as one number, perhaps open at either side.

    `5*0*3*8` (one character a piece) is how some SBCs ask for 5038 in any punctuation: equality.

    Returns:
        None if the pieces are several runs of digits ("+49*123"): a pattern, not a number.

    Raises:
        UnicodeDecodeError: a piece is no UTF-8.
    """
    pieces = [piece for piece in (term.initial, *term.any, term.final) if piece]
    texts = [piece.decode() for piece in pieces]
    if len(texts) > 1 and any(len(text.strip()) > 1 for text in texts):
        return None
    return _joined(term, texts, attribute)


def spaced_number(term: Substrings, attribute: str) -> NumberTerm | None:
    """Read a pattern as the number that somebody typed with spaces.

    Evolution and Linphone send "030 1234" as `*030*1234*`; as digits of E.164 the "030" stands in
    no number.

    Returns:
        None if the pieces together look like no number.

    Raises:
        UnicodeDecodeError: a piece is no UTF-8.
    """
    pieces = [piece for piece in (term.initial, *term.any, term.final) if piece]
    number = _joined(term, [piece.decode() for piece in pieces], attribute)
    return number if is_number_like(number.value) else None


def _joined(term: Substrings, texts: list[str], attribute: str) -> NumberTerm:
    return NumberTerm(
        "".join(texts), attribute, open_end=term.final is None, open_start=term.initial is None
    )


def pattern_of(term: Substrings, plan: DialPlan) -> tuple[Pattern, ...]:
    """Read a substring term on a number as patterns of its E.164 digits, one per beginning.

    Returns:
        Empty if the term holds no digit at all: it is false.

    Raises:
        UnicodeDecodeError: a piece is no UTF-8.
    """
    initial = (term.initial or b"").decode()
    middle = tuple(filter(None, (_digits(piece.decode()) for piece in term.any)))
    final = _digits((term.final or b"").decode())
    if not any((_digits(initial), *middle, final)):
        return ()
    beginnings = beginnings_of(initial, plan) or ("",)
    return tuple(Pattern(beginning, middle, final) for beginning in beginnings)


def keys_of(value: str, plan: DialPlan) -> frozenset[str]:
    """Return the index keys of every subscriber `value` may mean; empty if it is no number."""
    try:
        return frozenset(number.key for number in read_number(value, plan).numbers)
    except InvalidNumber:
        return frozenset()


def beginnings_of(value: str, plan: DialPlan) -> tuple[str, ...]:
    """Return the E.164 digits with which a number begins that is typed as far as `value`.

    Args:
        value: the first part of a number in any spelling.
        plan: where it is typed.

    Returns:
        The possible beginnings, most likely first; empty if `value` has no digit or says nothing
        yet (an international prefix alone).
    """
    text = unicodedata.normalize("NFKC", value[:MAX_RAW_CHARS])
    digits = _digits(_ZERO_IN_BRACKETS.sub("", text))
    if "+" in text:
        return (digits,) if digits else ()
    found = _unprefixed_beginnings(digits, plan)
    outside = plan.outside_line
    if outside and digits.startswith(outside):
        found += _unprefixed_beginnings(digits[len(outside) :], plan)
    return tuple(dict.fromkeys(filter(None, found)))


def _unprefixed_beginnings(digits: str, plan: DialPlan) -> list[str]:
    """Read the beginning of a number without "+" by its prefix."""
    exit_code, national = plan.international_prefix, plan.national_prefix
    if not digits:
        return []
    if exit_code and digits.startswith(exit_code):
        return [digits[len(exit_code) :]]
    if national and digits.startswith(national) and national != plan.country_code:
        return [plan.country_code + digits[len(national) :]]
    found = [trunk + digits for trunk in plan.trunks if len(digits) <= plan.extension_length[1]]
    if plan.area_code:
        found.append(plan.country_code + plan.area_code + digits)
    found.append(digits)
    return found


def tail_of(value: str, plan: DialPlan) -> str:
    """Return the digits with which a stored number ends; prefixes before a number are cut."""
    digits = _digits(unicodedata.normalize("NFKC", value[:MAX_RAW_CHARS]))
    exit_code, national = plan.international_prefix, plan.national_prefix
    if "+" not in value:
        if exit_code and digits.startswith(exit_code):
            return digits[len(exit_code) :]
        if national and digits.startswith(national):
            return digits[len(national) :]
    return digits


def term_selection(term: NumberTerm, plan: DialPlan) -> Selection:
    """Return candidates for a term: a superset of what `term_test` passes."""
    parts: list[Selection] = [NumberIs(term.value, plan)]
    if term.open_end:
        parts += [NumberPrefix(digits) for digits in beginnings_of(term.value, plan)]
    tail = _open_tail(term, plan)
    if tail:
        parts.append(NumberContains(tail) if term.open_end else NumberTail(tail))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def term_test(term: NumberTerm, plan: DialPlan) -> Callable[[Contact], bool]:
    """Return whether a contact has a number that a term names."""
    keys = keys_of(term.value, plan)
    beginnings = beginnings_of(term.value, plan) if term.open_end else ()
    tail = _open_tail(term, plan)
    inside = tail if term.open_end else ""

    def fits(number: PhoneNumber) -> bool:
        key = number.key
        return (
            key in keys
            or key.startswith(beginnings)
            or (tail != "" and not number.extension and number.digits.endswith(tail))
            or (inside != "" and inside in number.digits)
        )

    return lambda contact: any(fits(line.number) for line in contact.phones)


def _open_tail(term: NumberTerm, plan: DialPlan) -> str:
    """Return the digits that may stand behind others; "" for a term that begins a number."""
    tail = tail_of(term.value, plan) if term.open_start else ""
    return tail if len(tail) >= MIN_TAIL_DIGITS else ""


def pattern_selection(patterns: tuple[Pattern, ...]) -> Selection:
    """Return candidates for patterns: by their beginnings, their inside and their end."""
    beginnings = tuple(NumberPrefix(each.initial) for each in patterns if each.initial)
    parts: list[Selection] = [AnyOf(beginnings)] if beginnings else []
    long = [piece for piece in patterns[0].middle if len(piece) >= MIN_TAIL_DIGITS]
    parts += map(NumberContains, long)
    final = patterns[0].final
    if len(final) >= MIN_TAIL_DIGITS:
        parts.append(NumberTail(final))
    return AllOf(tuple(parts)) if parts else Everyone()


def pattern_test(patterns: tuple[Pattern, ...]) -> Callable[[Contact], bool]:
    """Return whether a contact has a number that fits one of the patterns."""

    def test(contact: Contact) -> bool:
        return any(
            pattern.matches(line.number.digits) for line in contact.phones for pattern in patterns
        )

    return test


def _digits(text: str) -> str:
    """Return the ASCII digits of a text, full-width ones among them."""
    return "".join(_NO_DIGIT.split(unicodedata.normalize("NFKC", text)))
