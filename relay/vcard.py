"""A person as a vCard 3.0 (RFC 2426): the version that Outlook, phones and Thunderbird all read.

Law: pure; every text is escaped, so that no field of a contact can make another property.
"""

from __future__ import annotations

from engine.contact import PhoneKind
from engine.phone import DialPlan, format_number
from engine.query import PersonHit

MEDIA_TYPE = "text/vcard"

_MAX_LINE_BYTES = 75
"""RFC 2426, 2.6 (of RFC 2425, 5.8.1): longer lines are folded."""

_TYPES: dict[PhoneKind, str] = {
    "work": "WORK,VOICE",
    "mobile": "CELL",
    "home": "HOME,VOICE",
    "fax": "WORK,FAX",
    "company": "WORK,VOICE,MSG",
    "other": "VOICE",
}
_ESCAPED = str.maketrans(
    {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": "", "\x85": " ", "\u2028": "\\n"}
)
_ANY_PLAN = DialPlan()


def vcard(hit: PersonHit) -> bytes:
    """Return the vCard of a person; lines end in CRLF, UTF-8.

    Who has no name goes by the first number or address: programs drop a card without `FN`.
    """
    contact = hit.contact
    address = contact.address
    numbers = [format_number(each.number, _ANY_PLAN, "international") for each in hit.numbers]
    addresses = [each.address for each in hit.emails]
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "PRODID:-//Rufname//EN",
        _line("FN", hit.name or next(iter((*numbers, *addresses)), "")),
        _line("N", contact.surname or ("" if contact.given_name else contact.name),
              contact.given_name, "", contact.title, ""),
    ]  # fmt: skip
    if contact.company or contact.department:
        lines.append(_line("ORG", contact.company, contact.department))
    lines += [_line(name, text) for name, text in (("TITLE", contact.job),) if text]
    if any((address.street, address.city, address.postcode, address.country)):
        lines.append(
            _line("ADR;TYPE=WORK", "", "", address.street, address.city, "", address.postcode,
                  address.country)
        )  # fmt: skip
    for each, number in zip(hit.numbers, numbers, strict=True):
        lines.append(_line(f"TEL;TYPE={_TYPES[each.kind]}", number))
    lines += [_line("EMAIL;TYPE=INTERNET", each) for each in addresses]
    lines += [
        _line(name, text) for name, text in (("URL", contact.url), ("NOTE", contact.notes)) if text
    ]
    lines += [_line("UID", str(contact.id)), "END:VCARD"]
    return b"".join(map(_fold, lines))


def file_name(hit: PersonHit) -> str:
    """Return a name for the file: letters and digits of the person's name."""
    kept = "".join(letter if letter.isalnum() else " " for letter in hit.name)
    return "_".join(kept.split())[:60] or "contact"


def _line(name: str, *parts: str) -> str:
    return f"{name}:{';'.join(part.translate(_ESCAPED) for part in parts)}"


def _fold(line: str) -> bytes:
    """End a line, folded to 75 octets without cutting a character."""
    folded, left = [], line.encode()
    width = _MAX_LINE_BYTES
    while len(left) > width:
        cut = width
        while left[cut] & 0xC0 == 0x80:  # noqa: PLR2004 - an octet within a character of UTF-8
            cut -= 1
        folded.append(left[:cut])
        left = left[cut:]
        width = _MAX_LINE_BYTES - 1  # the blank in front counts
    folded.append(left)
    return b"\r\n ".join(folded) + b"\r\n"
