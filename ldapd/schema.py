"""Which attributes an entry has: their names, what of a contact each shows, how it is matched.

Law: a table and its look-up, nothing else. Names are case-blind; aliases, AD names and the
pseudo-attributes of other products stand beside the standard names, so that an SBC or a phone keeps
its settings when the server behind it changes. How an entry is written stands in `entries`.

Sources: RFC 4519 (2.x), RFC 4524, RFC 2798 (inetOrgPerson), RFC 4530 (entryUUID), RFC 2079
(labeledURI); the AD schema (1.2.840.113556); estos and innovaphone manuals for the pseudo names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from engine.contact import MAX_CUSTOM_FIELDS, Contact, PhoneKind, contact_uuid

AttributeKind = Literal["text", "number", "search_number", "search_text", "object_class", "id"]
"""How a term on the attribute is understood.

`text` case-ignore; `number` any number of the contact; `search_number` the same, never shown;
`search_text` words in any field, or a number, never shown; `object_class`; `id` the entry's UUID.
"""

OBJECT_CLASSES = ("top", "person", "organizationalPerson", "inetOrgPerson")
"""The classes each entry shows (RFC 4519 3.12, RFC 2798 3)."""

ASSUMED_CLASSES = frozenset({*map(str.lower, OBJECT_CLASSES), "user", "contact"})
"""Classes that every entry is asked for by: AD's `user` and `contact` mean a person as well."""

OWN_ARC = "2.25.36626836206266895573376584705490091007"
"""The OID arc of attributes without a registered OID: a UUID under 2.25 (ITU-T X.667 6.1)."""

_AD2 = "1.2.840.113556.1.2"
_AD4 = "1.2.840.113556.1.4"

DIRECTORY_STRING = "1.3.6.1.4.1.1466.115.121.1.15"
IA5_STRING = "1.3.6.1.4.1.1466.115.121.1.26"
OID_SYNTAX = "1.3.6.1.4.1.1466.115.121.1.38"
TELEPHONE_NUMBER = "1.3.6.1.4.1.1466.115.121.1.50"
UUID_SYNTAX = "1.3.6.1.1.16.1"
GENERALIZED_TIME = "1.3.6.1.4.1.1466.115.121.1.24"
DN_SYNTAX = "1.3.6.1.4.1.1466.115.121.1.12"
INTEGER = "1.3.6.1.4.1.1466.115.121.1.27"
SUBSTRING_ASSERTION = "1.3.6.1.4.1.1466.115.121.1.58"

Texts = Callable[[Contact], tuple[str, ...]]


def no_texts(_contact: Contact) -> tuple[str, ...]:
    """Return nothing, for any contact."""
    return ()


class AttributeType(msgspec.Struct, frozen=True, eq=False):
    """One attribute type (RFC 4512 4.1.2) and what it means for a contact.

    Attributes:
        name: as it is written in answers to `*` and in the schema.
        oid: dotted decimal; also accepted as a name.
        kind: how a term on it is understood.
        aliases: further names.
        texts: the values of a contact, for filters and, with kind "text", for entries.
        single: the one value, where `texts` always gives just one.
        found_by: further texts a term may match, which are not shown.
        lines: kind "number": which lines of a contact it shows, in this order.
        spare: which ones instead, where a contact has none of these.
        always: every entry has it, so that a presence test is free.
        indexed: the words of its values are among those that people search by.
        calls: its values are what a contact is called (`engine.selection.Called`).
        fields: the contact's fields (`engine.document.fields_of`) of which one must hold something
            for the attribute to have a value; empty = the index cannot tell.
        cut: these may be longer than what the index knows of them (`engine.selection.Cut`).
        inexact: a field that holds something may still give no value.
        operational: shown only if asked by name or by `+` (RFC 4512 3.4).
        subtype_of_name: a subtype of `name` (RFC 4519 2.18); `c` is one as well, but nobody looks
            for a country by `(name=de)`, and its values are not indexed.
        syntax: OID of its syntax, for the subschema.
        shown: an entry may carry it; the pseudo-attributes only stand in filters.
        is_number: kind "number" or "search_number".
        brief: what it shows, and what a term on it asks, an `engine.contact.Card` has.
    """

    name: str
    oid: str
    kind: AttributeKind = "text"
    aliases: tuple[str, ...] = ()
    texts: Texts = no_texts
    single: Callable[[Contact], str] | None = None
    found_by: Texts = no_texts
    lines: tuple[PhoneKind, ...] = ()
    spare: tuple[PhoneKind, ...] = ()
    always: bool = False
    indexed: bool = False
    calls: bool = False
    fields: tuple[str, ...] = ()
    cut: bool = False
    inexact: bool = False
    operational: bool = False
    subtype_of_name: bool = False
    syntax: str = DIRECTORY_STRING
    shown: bool = True
    is_number: bool = False
    brief: bool = False

    def asked(self, contact: Contact) -> tuple[str, ...]:
        """Return every text of a contact that a term on this attribute is compared with."""
        guesses = self.found_by(contact)
        return self.texts(contact) + guesses if guesses else self.texts(contact)


def common_name(contact: Contact) -> str:
    """Return what an entry is called: never "", since `cn` and `sn` must not be absent."""
    return contact.display_name or contact.name or next(iter(contact.emails), "") or "-"


def surname(contact: Contact) -> str:
    """Return the surname, else the common name: a `person` must have an `sn` (RFC 4519 3.12)."""
    return contact.surname or common_name(contact)


def _surname_guesses(contact: Contact) -> tuple[str, ...]:
    """Where a source has one name column only: "Meier" of "Bernd Meier", "van Dyk" and "Dyk".

    Desk phones ask for `(sn=mei*)`; whoever is listed under a display name alone must be found.
    """
    if contact.surname or contact.is_company:
        return ()
    parts = contact.name.split()
    return tuple(" ".join(parts[start:]) for start in range(1, min(len(parts), 8)))


def _optional(field: Callable[[Contact], str]) -> Texts:
    def texts(contact: Contact) -> tuple[str, ...]:
        value = field(contact)
        return (value,) if value else ()

    return texts


def _required(field: Callable[[Contact], str]) -> Texts:
    def texts(contact: Contact) -> tuple[str, ...]:
        return (field(contact),)

    return texts


def _country_code(contact: Contact) -> tuple[str, ...]:
    """`c` holds two letters (RFC 4519 2.2); a country written out stands in `co` alone."""
    country = contact.address.country
    if len(country) == 2 and country.isascii() and country.isalpha():  # noqa: PLR2004 - ISO 3166
        return (country.upper(),)
    return ()


def _postal_address(contact: Contact) -> tuple[str, ...]:
    """Lines joined by "$" (RFC 4517 3.3.28)."""
    address = contact.address
    lines = (address.street, f"{address.postcode} {address.city}".strip(), address.country)
    parts = [line.replace("\\", "\\5C").replace("$", "\\24") for line in lines if line]
    return ("$".join(parts),) if parts else ()


def _name_subtypes(contact: Contact) -> tuple[str, ...]:
    return tuple(text for each in TYPES if each.subtype_of_name for text in each.asked(contact))


def _modified(contact: Contact) -> tuple[str, ...]:
    return _generalized(contact.changed)


def _created(contact: Contact) -> tuple[str, ...]:
    """When the directory first read the record (RFC 4512 3.4.1)."""
    return _generalized(contact.created_at)


def _generalized(text: str) -> tuple[str, ...]:
    """ISO 8601 UTC as generalized time (RFC 4517 3.3.13), to the second; dates get midnight."""
    digits = "".join(filter(str.isdigit, text.partition(".")[0][:19]))
    if len(digits) not in (8, 14):
        return ()
    return (f"{digits:0<14}Z",)


def _custom(number: int) -> AttributeType:
    key = str(number)
    return AttributeType(
        f"custom{number}",
        f"{OWN_ARC}.2.{number}",
        texts=_optional(lambda contact: contact.custom.get(key, "")),
        indexed=True,
        fields=(f"custom.{key}",),
        cut=True,
    )


def _number(
    name: str,
    oid: str,
    *lines: PhoneKind,
    spare: tuple[PhoneKind, ...] = (),
    aliases: tuple[str, ...] = (),
) -> AttributeType:
    return AttributeType(
        name,
        oid,
        "number",
        aliases=aliases,
        lines=lines,
        spare=spare,
        fields=("phones",),
        syntax=TELEPHONE_NUMBER,
        is_number=True,
        brief=True,
    )


def _pseudo(name: str, oid: str, kind: AttributeKind) -> AttributeType:
    """A name for filters alone; presence on a search for anything is true."""
    is_number = kind == "search_number"
    return AttributeType(
        name,
        oid,
        kind,
        always=not is_number,
        fields=("phones",) if is_number else (),
        syntax=TELEPHONE_NUMBER if is_number else DIRECTORY_STRING,
        shown=False,
        is_number=is_number,
        brief=is_number,
    )


_Type = AttributeType

TYPES: tuple[AttributeType, ...] = (
    _Type(
        "objectClass", "2.5.4.0", "object_class", always=True, syntax=OID_SYNTAX,
        brief=True, texts=lambda _contact: OBJECT_CLASSES,
    ),
    _Type(
        "cn", "2.5.4.3", aliases=("commonName",), always=True, indexed=True, subtype_of_name=True,
        calls=True, brief=True, texts=_required(common_name), single=common_name,
    ),
    _Type(
        "sn", "2.5.4.4", aliases=("surname",), always=True, indexed=True, subtype_of_name=True,
        calls=True, brief=True, texts=_required(surname), single=surname,
        found_by=_surname_guesses,
    ),
    _Type(
        "givenName", "2.5.4.42", aliases=("gn",), indexed=True, subtype_of_name=True, calls=True,
        fields=("given_name",), brief=True, texts=_optional(lambda contact: contact.given_name),
    ),
    _Type(
        "displayName", "2.16.840.1.113730.3.1.241", always=True, indexed=True, calls=True,
        brief=True, texts=_required(common_name), single=common_name,
    ),
    _Type(
        "personalTitle", "0.9.2342.19200300.100.1.40",
        fields=("title",), brief=True, texts=_optional(lambda contact: contact.title),
    ),
    _Type(
        "o", "2.5.4.10", aliases=("organizationName",), indexed=True, subtype_of_name=True,
        fields=("company",), brief=True, texts=_optional(lambda contact: contact.company),
    ),
    _Type(
        "company", f"{_AD2}.146", indexed=True, fields=("company",),
        brief=True, texts=_optional(lambda contact: contact.company),
    ),
    _Type(
        "ou", "2.5.4.11", aliases=("organizationalUnitName",), indexed=True, subtype_of_name=True,
        fields=("department",), texts=_optional(lambda contact: contact.department),
    ),
    _Type(
        "department", f"{_AD2}.141", indexed=True,
        fields=("department",), texts=_optional(lambda contact: contact.department),
    ),
    _Type(
        "title", "2.5.4.12", indexed=True, subtype_of_name=True,
        fields=("job",), texts=_optional(lambda contact: contact.job),
    ),
    _Type(
        "mail", "0.9.2342.19200300.100.1.3", aliases=("rfc822Mailbox", "email"), indexed=True,
        fields=("emails",), texts=lambda contact: contact.emails, syntax=IA5_STRING,
    ),
    _number("telephoneNumber", "2.5.4.20", "work", "company", spare=("other",)),
    _number("mobile", "0.9.2342.19200300.100.1.41", "mobile", aliases=("mobileTelephoneNumber",)),
    _number("homePhone", "0.9.2342.19200300.100.1.20", "home", aliases=("homeTelephoneNumber",)),
    _number("facsimileTelephoneNumber", "2.5.4.23", "fax", aliases=("fax",)),
    _number("pager", "0.9.2342.19200300.100.1.42", aliases=("pagerTelephoneNumber",)),
    _number("otherTelephone", f"{_AD2}.18", "other"),
    _number("otherMobile", f"{_AD4}.647"),
    _number("otherHomePhone", f"{_AD2}.277"),
    _number("otherPager", f"{_AD2}.118"),
    _number("otherFacsimileTelephoneNumber", f"{_AD4}.646"),
    _number("ipPhone", f"{_AD4}.721"),
    _number("msRTCSIP-Line", f"{OWN_ARC}.1.1"),
    _number("telephoneNumberCompanyMain", f"{OWN_ARC}.1.2", "company"),
    _Type(
        "street", "2.5.4.9", aliases=("streetAddress",),
        fields=("street",), texts=_optional(lambda contact: contact.address.street),
    ),
    _Type(
        "postalCode", "2.5.4.17", fields=("postcode",),
        texts=_optional(lambda contact: contact.address.postcode),
    ),
    _Type(
        "l", "2.5.4.7", aliases=("localityName",), indexed=True, subtype_of_name=True,
        fields=("city",), texts=_optional(lambda contact: contact.address.city),
    ),
    _Type(
        "c", "2.5.4.6", aliases=("countryName",), fields=("country",), inexact=True,
        texts=_country_code,
    ),
    _Type(
        "co", "0.9.2342.19200300.100.1.43", aliases=("friendlyCountryName",),
        fields=("country",), texts=_optional(lambda contact: contact.address.country),
    ),
    _Type(
        "postalAddress", "2.5.4.16", fields=("street", "postcode", "city", "country"),
        texts=_postal_address,
    ),
    _Type(
        "labeledURI", "1.3.6.1.4.1.250.1.57", fields=("url",), cut=True,
        texts=_optional(lambda contact: contact.url),
    ),
    _Type(
        "description", "2.5.4.13", fields=("notes",), cut=True,
        texts=_optional(lambda contact: contact.notes),
    ),
    *map(_custom, range(1, MAX_CUSTOM_FIELDS + 1)),
)  # fmt: skip
"""User attributes an entry may carry, in the order they are written."""

NAME = AttributeType("name", "2.5.4.41", texts=_name_subtypes, always=True, indexed=True)
"""The supertype (RFC 4519 2.18): a term on it asks every subtype. AD's `name` is the common name,
and that is what an answer shows under it."""

OPERATIONAL: tuple[AttributeType, ...] = (
    _Type(
        "entryUUID", "1.3.6.1.1.16.4", "id", operational=True, always=True, syntax=UUID_SYNTAX,
        texts=lambda contact: (str(contact_uuid(contact.id)),),
    ),
    _Type("createTimestamp", "2.5.18.1", operational=True, texts=_created, syntax=GENERALIZED_TIME),
    _Type(
        "modifyTimestamp", "2.5.18.2", operational=True, texts=_modified, syntax=GENERALIZED_TIME
    ),
    _Type("entryDN", "1.3.6.1.1.20", operational=True, always=True, syntax=DN_SYNTAX),
    _Type("subschemaSubentry", "2.5.18.10", operational=True, always=True, syntax=DN_SYNTAX),
    _Type("rufnameClass", f"{OWN_ARC}.3.1", operational=True, syntax=INTEGER),
    _Type("rufnameRunnersUp", f"{OWN_ARC}.3.2", operational=True, syntax=INTEGER),
)  # fmt: skip
"""RFC 4512 3.4; the last two say how a caller was found: class 1-5, others that fitted too."""

SEARCH_ONLY: tuple[AttributeType, ...] = (
    _pseudo("searchNumber", f"{OWN_ARC}.4.1", "search_number"),
    _pseudo("metaSearchNumber", f"{OWN_ARC}.4.2", "search_number"),
    _pseudo("searchContact", f"{OWN_ARC}.4.3", "search_text"),
    _pseudo("searchIndividual", f"{OWN_ARC}.4.4", "search_text"),
    _pseudo("anr", f"{_AD4}.1208", "search_text"),
    _pseudo("objectCategory", f"{_AD4}.782", "object_class"),
    _Type(
        "dc", "0.9.2342.19200300.100.1.25", aliases=("domainComponent",), syntax=IA5_STRING,
        shown=False,
    ),
)  # fmt: skip
"""Names for filters alone: estos's and innovaphone's pseudo-attributes, AD's, and what names the
entries above: known here, but no contact has it."""

_ALL = (*TYPES, NAME, *OPERATIONAL, *SEARCH_ONLY)

_BY_NAME: dict[str, AttributeType] = {
    spelling: each
    for each in _ALL
    for name in (each.name, each.oid, *each.aliases)
    for spelling in (name, name.lower())
}


def attribute_type(description: str) -> AttributeType | None:
    """Return the attribute type of a description (RFC 4512 2.5), None if it is unknown.

    Args:
        description: a name in any case, an alias or an OID. With options ("cn;lang-de") it is
            unknown: no value here has options.
    """
    found = _BY_NAME.get(description)
    return found if found is not None else _BY_NAME.get(description.lower())


OF_ACCOUNTS = frozenset({
    "useraccountcontrol", "msexchhidefromaddresslists", "isdeleted", "memberof", "samaccounttype",
    "accountexpires", "lockouttime", "iscriticalsystemobject", "showinadvancedviewonly",
})  # fmt: skip
"""What Active Directory knows of an account, in lower case: no contact has one."""


def is_of_accounts(description: str) -> bool:
    """Tell whether a description is one of `OF_ACCOUNTS`: terms on it are false, not Undefined.

    Filters made for AD leave out who is disabled or hidden: `(!(userAccountControl:…803:=2))`.
    Undefined, such a term would leave out everybody.
    """
    return description.lower() in OF_ACCOUNTS


def has_language_tag(description: str) -> bool:
    """Tell whether a description is a known attribute with language tags alone (RFC 3866 2).

    Such a description is a subtype that no entry has: terms on it are false, not Undefined.
    """
    name, *options = description.split(";")
    return (
        bool(options)
        and attribute_type(name) is not None
        and all(option.lower().startswith("lang-") for option in options)
    )


def all_types() -> tuple[AttributeType, ...]:
    """Return every attribute type that may stand in a filter or an answer, for the subschema."""
    return _ALL
