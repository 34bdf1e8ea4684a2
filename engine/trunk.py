"""Class 4 of caller look-up: which trunks a number may stand behind, and a contact does.

Law: pure; `engine.caller` asks the number table. Guards: never for mobiles, service numbers and the
North American plan, never with more than five digits behind the trunk.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.contact import Contact, ContactName
from engine.phone import PhoneNumber, country_code_of
from engine.servicenumbers import may_be_trunk

MAX_EXTENSION_DIGITS = 5

MIN_TRUNK_DIGITS = 4
"""Digits behind the country code that a trunk has at the least; fewer would be an area."""

MARK = "~"
"""Stands before the company: the caller is somebody of it, not a known person."""


def may_stand_behind(number: PhoneNumber) -> bool:
    """Tell whether a number may be an extension behind some trunk."""
    digits = number.digits
    country = country_code_of(digits)
    return bool(country) and not number.extension and may_be_trunk(digits, country)


def shortest_trunk(digits: str) -> int:
    """Return how many digits a trunk before E.164 digits has at the least."""
    return max(len(country_code_of(digits)) + MIN_TRUNK_DIGITS, len(digits) - MAX_EXTENSION_DIGITS)


def trunks_of(contact: Contact) -> Iterator[str]:
    """Give the trunks a contact stands behind: before its hyphen, and a company's own main lines.

    A person's number without a hint is no trunk: what is dialled behind it reaches nobody's
    company for certain.
    """
    company = contact.is_company
    for line in contact.phones:
        if line.trunk:
            yield line.trunk
        if (company or line.kind == "company") and not line.number.extension:
            digits = line.number.digits
            if may_be_trunk(digits, country_code_of(digits)):
                yield digits


def company_of(contact: ContactName) -> str:
    """Return the company a record names; "" for a person without one."""
    return contact.company or (contact.display_name if contact.is_company else "")
