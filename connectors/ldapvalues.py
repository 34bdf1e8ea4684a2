"""Values of LDAP attributes → the texts of a record; what a typical directory is mapped to.

Law: pure. Most values are UTF-8 (RFC 4517); what is written in another way is named here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from uuid import UUID

from connectors.settings import MapRule

GUID_BYTES = 16

PEOPLE = "(objectClass=person)"
"""What an LDAP directory is asked for: inetOrgPerson and its like are persons."""

AD_PEOPLE = (
    "(&(|(objectClass=user)(objectClass=contact))(!(objectClass=computer))"
    "(!(userAccountControl:1.2.840.113556.1.4.803:=2)))"
)
"""Users and contacts; no machines, no accounts that are switched off. By objectClass, since the
deleted lose their objectCategory."""

LDAP_KEY = ("entryUUID",)
LDAP_MAP: dict[str, MapRule] = {
    "display_name": ("displayName", "cn"),
    "given_name": "givenName",
    "surname": "sn",
    "company": ("o", "company"),
    "department": ("departmentNumber", "department", "ou"),
    "job": "title",
    "street": ("street", "postalAddress"),
    "postcode": "postalCode",
    "city": "l",
    "country": ("co", "c"),
    "phones.work": "telephoneNumber",
    "phones.mobile": "mobile",
    "phones.home": "homePhone",
    "phones.fax": "facsimileTelephoneNumber",
    "emails": "mail",
    "url": "labeledURI",
    "notes": "description",
    "changed": "modifyTimestamp",
}

AD_KEY = ("objectGUID",)
AD_MAP: dict[str, MapRule] = {
    "display_name": ("displayName", "cn"),
    "given_name": "givenName",
    "surname": "sn",
    "company": "company",
    "department": "department",
    "job": "title",
    "street": "streetAddress",
    "postcode": "postalCode",
    "city": "l",
    "country": ("co", "c"),
    "phones.work": ("telephoneNumber", "otherTelephone", "msRTCSIP-Line"),
    "phones.mobile": ("mobile", "otherMobile"),
    "phones.home": ("homePhone", "otherHomePhone"),
    "phones.fax": ("facsimileTelephoneNumber", "otherFacsimileTelephoneNumber"),
    "emails": "mail",
    "url": "wWWHomePage",
    "notes": "info",
    "changed": "whenChanged",
}

_ESCAPED = re.compile(r"\\(24|5[Cc])")
_TIME = re.compile(
    rb"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2})?(?:[.,]\d+)?(Z|[+-]\d{2}(?:\d{2})?)"
)


def texts_of(name: str, values: Sequence[bytes]) -> list[str]:
    """Return the values of an attribute as texts.

    Args:
        name: in lower case.
        values: as the server sent them.

    Returns:
        As many; bytes that are no UTF-8 become hexadecimal digits.
    """
    write = _WRITERS.get(name.partition(";")[0], _utf8)
    return [write(value) for value in values]


def generalized_time(text: str) -> str:
    """Return an ISO 8601 time in UTC as LDAP writes it (RFC 4517 3.3.13)."""
    return re.sub(r"[-:T]", "", text)[:14] + "Z"


def _utf8(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def _guid(value: bytes) -> str:
    """A GUID as Active Directory shows it: its first three parts are little-endian."""
    return str(UUID(bytes_le=value)) if len(value) == GUID_BYTES else value.hex()


def _time(value: bytes) -> str:
    match = _TIME.fullmatch(value)
    if match is None:
        return _utf8(value)
    year, month, day, hour, minute, second, zone = (
        part.decode() if part else "" for part in match.groups()
    )
    offset = zone if zone == "Z" else f"{zone[:3]}:{zone[3:] or '00'}"
    return f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{offset}"


def _before_dollar(value: bytes) -> str:
    """A fax number without its parameters (RFC 4517 3.3.11)."""
    return _utf8(value).partition("$")[0]


def _lines(value: bytes) -> str:
    """A postal address: "$" stands between its lines (RFC 4517 3.3.28)."""
    parts = [
        _ESCAPED.sub(lambda found: chr(int(found[1], 16)), part).strip()
        for part in _utf8(value).split("$")
    ]
    return ", ".join(part for part in parts if part)


def _uri(value: bytes) -> str:
    """An address without the label behind it (RFC 2079)."""
    return _utf8(value).partition(" ")[0]


_WRITERS: dict[str, Callable[[bytes], str]] = {
    "objectguid": _guid,
    "msexchmailboxguid": _guid,
    "modifytimestamp": _time,
    "createtimestamp": _time,
    "whenchanged": _time,
    "whencreated": _time,
    "facsimiletelephonenumber": _before_dollar,
    "postaladdress": _lines,
    "homepostaladdress": _lines,
    "registeredaddress": _lines,
    "labeleduri": _uri,
}
