"""Class 4 of caller look-up: which trunks a number may stand behind.

Law: pure; `engine.caller` asks the index. Guards: never for mobiles, service numbers and the North
American plan, never with more than five digits behind the trunk.
"""

from __future__ import annotations

from engine.contact import Contact
from engine.phone import PhoneNumber, country_code_of
from engine.schema import trunks_of
from engine.servicenumbers import may_be_trunk

MAX_EXTENSION_DIGITS = 5

MIN_TRUNK_DIGITS = 4
"""Digits behind the country code that a trunk has at the least; fewer would be an area."""

MARK = "~"
"""Stands before the company: the caller is somebody of it, not a known person."""


def possible_trunks(number: PhoneNumber) -> list[str]:
    """Return the trunks that a number may stand behind, longest first; [] where none can be."""
    digits = number.digits
    country = country_code_of(digits)
    if number.extension or not country or not may_be_trunk(digits, country):
        return []
    shortest = len(country) + MIN_TRUNK_DIGITS
    return [
        digits[:length]
        for length in range(len(digits) - 1, len(digits) - MAX_EXTENSION_DIGITS - 1, -1)
        if length >= shortest
    ]


def longest_of(contact: Contact, trunks: list[str]) -> str:
    """Return the longest of the trunks that a contact stands behind, "" if it is none."""
    own = set(trunks_of(contact))
    return next((trunk for trunk in trunks if trunk in own), "")
