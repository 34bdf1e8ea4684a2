"""What the server says of itself: root DSE, subschema, and the entry of a naming context.

Law: pure code; entries are built once per set of settings and are the same for every asker.

Sources: RFC 4512 4.2 (subschema), 5.1 (root DSE); RFC 3045 (vendorName); RFC 3674
(supportedFeatures); RFC 4517 (syntaxes and rules); RFC 4519, RFC 4524, RFC 2798 (classes).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import metadata

import msgspec

from ldapd.entries import SUBSCHEMA_DN
from ldapd.errors import InvalidDn
from ldapd.protocol.controls import SEARCH_CONTROLS
from ldapd.protocol.dn import parse_dn
from ldapd.protocol.filters import And, Equality, Filter, Not, Or, Present
from ldapd.protocol.messages import CANCEL, START_TLS, WHO_AM_I, SearchRequest, encode_entry
from ldapd.sasl import EXTERNAL, PLAIN
from ldapd.schema import (
    DIRECTORY_STRING,
    DN_SYNTAX,
    GENERALIZED_TIME,
    IA5_STRING,
    INTEGER,
    OBJECT_CLASSES,
    OID_SYNTAX,
    OPERATIONAL,
    SUBSTRING_ASSERTION,
    TELEPHONE_NUMBER,
    TYPES,
    UUID_SYNTAX,
    AttributeType,
    all_types,
)

SUPPORTED_FEATURES = (
    "1.3.6.1.4.1.4203.1.5.1",  # RFC 3673: `+`, all operational attributes
    "1.3.6.1.4.1.4203.1.5.3",  # RFC 4526: absolute true and false filters
)


class OwnEntry(msgspec.Struct, frozen=True):
    """An entry that is no contact.

    Attributes:
        dn: its name.
        attributes: names and values, as they are sent.
    """

    dn: str
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...]

    def encode(self, message_id: int, request: SearchRequest) -> bytes:
        """Return the SearchResultEntry with the attributes a search asks for.

        `*` and `+` both stand for all: RFC 4512 5.1 leaves open which of a root DSE's attributes
        are operational, and clients ask for either.
        """
        wanted = {name.lower() for name in request.attributes}
        every = not wanted or "*" in wanted or "+" in wanted
        return encode_entry(
            message_id,
            self.dn,
            [
                (name, () if request.types_only else values)
                for name, values in self.attributes
                if every or name.lower() in wanted
            ],
        )

    def matches(self, search_filter: Filter) -> bool | None:
        """Evaluate a filter on the entry: presence and equality; other terms are Undefined."""
        match search_filter:
            case And(parts):
                results = [self.matches(part) for part in parts]
                return False if False in results else None if None in results else True
            case Or(parts):
                results = [self.matches(part) for part in parts]
                return True if True in results else None if None in results else False
            case Not(part):
                result = self.matches(part)
                return None if result is None else not result
            case Present(attribute):
                return bool(self._values(attribute))
            case Equality(attribute, value):
                wanted = value.lower()
                return any(each.lower() == wanted for each in self._values(attribute))
            case _:
                return None

    def _values(self, attribute: str) -> tuple[bytes, ...]:
        wanted = attribute.lower()
        return next((values for name, values in self.attributes if name.lower() == wanted), ())


def _entry(dn: str, attributes: Iterable[tuple[str, Sequence[str]]]) -> OwnEntry:
    return OwnEntry(
        dn,
        tuple(
            (name, tuple(value.encode() for value in values))
            for name, values in attributes
            if values
        ),
    )


def root_dse(contexts: Sequence[str], *, start_tls: bool = False) -> OwnEntry:
    """Return the root DSE.

    Args:
        contexts: the base and its aliases, the base first.
        start_tls: whether there is a certificate to begin TLS with.
    """
    return _entry(
        "",
        (
            ("objectClass", ("top",)),
            ("namingContexts", contexts),
            ("defaultNamingContext", contexts[:1]),
            ("subschemaSubentry", (SUBSCHEMA_DN,)),
            ("supportedLDAPVersion", ("3",)),
            ("supportedControl", sorted(SEARCH_CONTROLS)),
            ("supportedExtension", (*((START_TLS,) if start_tls else ()), WHO_AM_I, CANCEL)),
            ("supportedFeatures", SUPPORTED_FEATURES),
            ("supportedSASLMechanisms", (PLAIN, EXTERNAL) if start_tls else (PLAIN,)),
            ("vendorName", ("Rufname",)),
            ("vendorVersion", (version(),)),
        ),
    )


def version() -> str:
    """Return the version of the installed distribution, "unknown" without one."""
    try:
        return metadata.version("rufname")
    except metadata.PackageNotFoundError:
        return "unknown"


_CONTEXT_CLASSES = {
    "dc": "domain",
    "o": "organization",
    "ou": "organizationalUnit",
    "c": "country",
    "l": "locality",
}
"""The structural class that fits the first attribute of a naming context (RFC 4519, 4524)."""


def context_entry(dn: str) -> OwnEntry:
    """Return the entry of a naming context: its class and the values of its own name."""
    try:
        rdns = parse_dn(dn)
    except InvalidDn:
        rdns = ()
    named: dict[str, list[str]] = {}
    for ava in rdns[0] if rdns else ():
        named.setdefault(ava.attribute, []).append(ava.value)
    kind = next((_CONTEXT_CLASSES.get(name.lower()) for name in named), None)
    return _entry(
        dn,
        (
            ("objectClass", ("top", kind or "extensibleObject")),
            *named.items(),
            ("subschemaSubentry", (SUBSCHEMA_DN,)),
        ),
    )


_SYNTAXES = {
    DIRECTORY_STRING: "Directory String",
    IA5_STRING: "IA5 String",
    OID_SYNTAX: "OID",
    TELEPHONE_NUMBER: "Telephone Number",
    UUID_SYNTAX: "UUID",
    GENERALIZED_TIME: "Generalized Time",
    DN_SYNTAX: "DN",
    INTEGER: "INTEGER",
    SUBSTRING_ASSERTION: "Substring Assertion",
}

_RULES = {
    DIRECTORY_STRING: ("caseIgnoreMatch", "caseIgnoreSubstringsMatch"),
    IA5_STRING: ("caseIgnoreIA5Match", "caseIgnoreIA5SubstringsMatch"),
    OID_SYNTAX: ("objectIdentifierMatch", ""),
    TELEPHONE_NUMBER: ("telephoneNumberMatch", "telephoneNumberSubstringsMatch"),
    UUID_SYNTAX: ("UUIDMatch", ""),
    GENERALIZED_TIME: ("", ""),
    DN_SYNTAX: ("", ""),
    INTEGER: ("", ""),
}
"""Equality and substrings rule of each syntax; "" = none is served."""

_MATCHING_RULES = (
    ("2.5.13.0", "objectIdentifierMatch", OID_SYNTAX),
    ("2.5.13.2", "caseIgnoreMatch", DIRECTORY_STRING),
    ("2.5.13.4", "caseIgnoreSubstringsMatch", SUBSTRING_ASSERTION),
    ("2.5.13.20", "telephoneNumberMatch", TELEPHONE_NUMBER),
    ("2.5.13.21", "telephoneNumberSubstringsMatch", SUBSTRING_ASSERTION),
    ("1.3.6.1.4.1.1466.109.114.2", "caseIgnoreIA5Match", IA5_STRING),
    ("1.3.6.1.4.1.1466.109.114.3", "caseIgnoreIA5SubstringsMatch", SUBSTRING_ASSERTION),
    ("1.3.6.1.1.16.2", "UUIDMatch", UUID_SYNTAX),
)

_SERVER_TYPES = (
    ("2.5.21.1", "dITStructureRules", DIRECTORY_STRING),
    ("2.5.21.2", "dITContentRules", DIRECTORY_STRING),
    ("1.3.6.1.4.1.1466.101.120.5", "namingContexts", DN_SYNTAX),
    ("1.3.6.1.4.1.1466.101.120.6", "altServer", IA5_STRING),
    ("1.3.6.1.4.1.1466.101.120.7", "supportedExtension", OID_SYNTAX),
    ("1.3.6.1.4.1.1466.101.120.13", "supportedControl", OID_SYNTAX),
    ("1.3.6.1.4.1.1466.101.120.14", "supportedSASLMechanisms", DIRECTORY_STRING),
    ("1.3.6.1.4.1.1466.101.120.15", "supportedLDAPVersion", INTEGER),
    ("1.3.6.1.4.1.4203.1.3.5", "supportedFeatures", OID_SYNTAX),
    ("1.3.6.1.1.4", "vendorName", DIRECTORY_STRING),
    ("1.3.6.1.1.5", "vendorVersion", DIRECTORY_STRING),
    ("2.5.21.4", "matchingRules", DIRECTORY_STRING),
    ("2.5.21.5", "attributeTypes", DIRECTORY_STRING),
    ("2.5.21.6", "objectClasses", DIRECTORY_STRING),
    ("2.5.21.7", "nameForms", DIRECTORY_STRING),
    ("2.5.21.8", "matchingRuleUse", DIRECTORY_STRING),
    ("1.3.6.1.4.1.1466.101.120.16", "ldapSyntaxes", DIRECTORY_STRING),
)
"""Attributes of own entries, and those that clients ask a server for unseen: ldap3 refuses to send
a name that the schema it has read does not hold."""


_INTERNET_PERSON = "2.16.840.1.113730.3.2.2"


@cache
def subschema() -> OwnEntry:
    """Return the subschema entry (RFC 4512 4.2): all that may stand in a filter or an answer."""
    return _entry(
        SUBSCHEMA_DN,
        (
            ("objectClass", ("top", "subentry", "subschema", "extensibleObject")),
            ("cn", ("subschema",)),
            ("ldapSyntaxes", [f"( {oid} DESC '{name}' )" for oid, name in _SYNTAXES.items()]),
            (
                "matchingRules",
                [f"( {oid} NAME '{name}' SYNTAX {s} )" for oid, name, s in _MATCHING_RULES],
            ),
            (
                "attributeTypes",
                [
                    *map(_describe_type, all_types()),
                    *(
                        f"( {oid} NAME '{name}' SYNTAX {syntax} USAGE dSAOperation )"
                        for oid, name, syntax in _SERVER_TYPES
                    ),
                ],
            ),
            ("objectClasses", _object_classes()),
        ),
    )


def _describe_type(each: AttributeType) -> str:
    """Return an AttributeTypeDescription (RFC 4512 4.1.2)."""
    names = (each.name, *each.aliases)
    quoted = " ".join(f"'{name}'" for name in names)
    parts = [each.oid, "NAME", f"( {quoted} )" if len(names) > 1 else quoted]
    if each.subtype_of_name:
        parts.append("SUP name")
    equality, substrings = _RULES[each.syntax]
    parts += ["EQUALITY", equality] if equality else []
    parts += ["SUBSTR", substrings] if substrings else []
    parts += ["SYNTAX", each.syntax]
    if each.operational:
        parts += ["SINGLE-VALUE", "NO-USER-MODIFICATION", "USAGE directoryOperation"]
    return f"( {' '.join(parts)} )"


def _object_classes() -> list[str]:
    """Return the ObjectClassDescriptions (RFC 4512 4.1.1) of what the entries here are."""
    optional = [each.name for each in TYPES if each.name not in ("objectClass", "cn", "sn")]
    operational = [each.name for each in OPERATIONAL]
    may = " $ ".join([*optional, *operational])
    top, person, organizational, internet = OBJECT_CLASSES
    return [
        f"( 2.5.6.0 NAME '{top}' ABSTRACT MUST objectClass )",
        f"( 2.5.6.6 NAME '{person}' SUP top STRUCTURAL MUST ( sn $ cn ) MAY description )",
        f"( 2.5.6.7 NAME '{organizational}' SUP {person} STRUCTURAL MAY ( title $ ou $ l ) )",
        f"( {_INTERNET_PERSON} NAME '{internet}' SUP {organizational} STRUCTURAL MAY ( {may} ) )",
        "( 0.9.2342.19200300.100.4.13 NAME 'domain' SUP top STRUCTURAL MUST dc )",
    ]
