"""What a mapping may begin with: fields that look like a key, a time of change, a name.

Law: pure. What a field is mapped to goes by its name only, German and English; what its first
records hold tells its type and whether it may be the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from connectors.settings import MapRule
from engine.source import SourceField

_NAMES: dict[str, str] = {
    "display_name": "name displayname fullname vollname anzeigename kontakt contact contactname"
    " kontaktname ansprechpartner cn nameadressattypkeineangabe",
    "given_name": "firstname givenname vorname fname forename vornameadressattypnatuerlperson",
    "surname": "lastname surname nachname familyname lname sn zuname familienname"
    " nameadressattypnatuerlperson",
    "title": "title titel anrede salutation titelakadgrad nameprefix",
    "company": "company companyname firma firmenname organisation organization kunde kundenname"
    " account accountname unternehmen o nameadressattypunternehmen organizationname"
    " organization1name unternehmensname",
    "department": "department abteilung dept ou organizationdepartment organization1department",
    "job": "job jobtitle position funktion role stelle arbeitstitel organizationtitle"
    " organization1title",
    "street": "street strasse address adresse streetaddress anschrift strassehausnummer"
    " strassehausnr strassenr strasseundhausnummer address1street workaddress workstreet"
    " dienstlichadresse",
    "postcode": "postcode postalcode plz zip zipcode postleitzahl address1postalcode workzipcode"
    " workpostalcode dienstlichplz",
    "city": "city ort stadt town wohnort l address1city workcity dienstlichort",
    "country": "country land co address1country workcountry dienstlichland",
    "phones.work": "phone tel telefon telephone telephonenumber businessphone phonework workphone"
    " telefongeschaeftlich telefondienstlich durchwahl rufnummer phonenumber officephone fon"
    " telefonnummer telefonnr telnr telefonbuero festnetz festnetznummer teldienstlich worknumber"
    " telefonarbeit telarbeit telefongeschaeftl telgeschaeftl telefongesch telgesch",
    "phones.mobile": "cell mobile mobil handy mobiltelefon mobilephone cellphone mobilnummer"
    " mobiltel handynummer handynr mobilnr mobiltelefonnummer mobilfunk mobilfunknummer"
    " mobilrufnummer telefonmobil mobilenumber mobiltelnr",
    "phones.home": "homephone phonehome telefonprivat telprivat privat privattelefon",
    "phones.fax": "fax telefax businessfax faxnumber faxnummer faxnr telefaxnummer"
    " facsimiletelephonenumber workfax homefax",
    "phones.company": "mainphone zentrale companymainphone telefonfirma companyphone firmentelefon",
    "phones.other": "otherphone otherphonenumber phone1value phone2value phone3value phone4value"
    " phone5value phone6value",
    "emails": "mail email emailaddress emailadresse mailaddress emailwork smtp primaryemail"
    " secondaryemail primaereemailadresse sekundaereemailadresse email1value email2value"
    " email3value email4value",
    "url": "url www web website webseite homepage webpage internet website1value workurl",
    "notes": "notes notizen bemerkung bemerkungen comment comments note info",
    "birthday": "birthday geburtstag geburtsdatum birthdate",
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split()}

_PARTS_OF_A_DATE = frozenset({"birthmonth", "geburtsmonat"})
"""Beside one of these, what is called a birthday is the day of the month (Thunderbird)."""

_MANY = frozenset({"emails", *(field for field in _NAMES if field.startswith("phones."))})
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_KEY_NAME = re.compile(r"(^|[^a-z])(no|num|key|code|konto)$|(id|nr|no|number|nummer|schluessel)$")
_OF_SOMETHING_ELSE = re.compile(
    r"tel|fon|phone|fax|mobil|handy|haus|house|steuer|ust|tax|vat|iban|bank|postal|zip"
)
"""In the name of a number that does not identify a contact."""

_TELLS_CHANGE = re.compile(
    r"chang|modif|updat|mtime|rowversion|ge(?:ae|ä)nd|aenderung|änderung|xmin", re.IGNORECASE
)
_TYPES = (
    ("number", re.compile(r"-?(?:0|[1-9]\d*)(?:[.,]\d+)?")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}")),
    ("time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")),
)
"""What texts look like; a number with a leading 0 or + is none: a postcode, a telephone."""


DISCOVERED = 1_000
"""So many of the first records tell what a field may be."""


def found_fields(
    names: Iterable[str] | None,
    records: Sequence[Mapping[str, str]],
    types: Mapping[str, str] | None = None,
) -> tuple[SourceField, ...]:
    """Return the fields of a source of texts, as its first records show them.

    Args:
        names: the fields, in the source's order; None = those that the records have.
        records: the first ones; "" or absent = no value, a line for each of several.
        types: those that the source itself tells; of all others the texts are looked at.
    """
    if names is None:
        names = dict.fromkeys(name for record in records for name in record)
    fields = []
    for name in names:
        texts = [record.get(name, "") for record in records]
        kind = (types or {}).get(name) or _type_of([text for text in texts if text])
        changed = kind == "time" or (kind == "date" and tells_change(name))
        fields.append(SourceField(name, kind, key=may_be_key(texts), changed=changed))
    return tuple(fields)


def may_be_key(values: Sequence[object]) -> bool:
    """Tell whether values of a field are all there and all different; two at least."""
    if len(values) < 2 or any(value in (None, "") for value in values):  # noqa: PLR2004 - to differ
        return False
    if any(type(value) is str and "\n" in value for value in values):
        return False
    return len(set(values)) == len(values)


def tells_change(name: str) -> bool:
    """Tell whether a field is called like one that says when, or that, a record was changed."""
    return bool(_TELLS_CHANGE.search(name))


def _type_of(texts: Sequence[str]) -> str:
    if not texts:
        return "text"
    return next((kind for kind, form in _TYPES if all(map(form.fullmatch, texts))), "text")


_OTHER_RULE = re.compile(r"^=|[{}]")
"""In the name of a field: as a rule it would be a constant or a template."""


def suggested_map(fields: Sequence[SourceField]) -> dict[str, MapRule]:
    """Return the rules that the names of fields suggest; {} where none is known.

    Several fields of one kind ("phone1", "phone2") become a list where a contact may have several,
    else the first of them is taken. A first and a last name make no display name of their own: the
    directory puts them together. A "Name" beside a first name is the last one, as German lists have
    it. A name with braces, or behind a "=", would be another rule.
    """
    found: dict[str, list[str]] = {}
    for field in fields:
        target = _FIELD_OF.get(_bare(field.name))
        if target and not _OTHER_RULE.search(field.name):
            found.setdefault(target, []).append(field.name)
    if any(_bare(field.name) in _PARTS_OF_A_DATE for field in fields):
        found.pop("birthday", None)
    if "given_name" in found and "surname" not in found:
        whole = found.pop("display_name", [])
        surnames = [name for name in whole if name.strip().lower() == "name"]
        if rest := [name for name in whole if name not in surnames]:
            found["display_name"] = rest
        if surnames:
            found["surname"] = surnames
    return {
        target: tuple(names) if target in _MANY and len(names) > 1 else names[0]
        for target, names in ((target, found[target]) for target in _NAMES if target in found)
    }


def suggested_key(fields: Sequence[SourceField]) -> str:
    """Return the field that looks most like a key, "" if none may be one.

    What is called like a key, else any that is no field of contacts; then an e-mail address, which
    changes less often than a name or a telephone.
    """
    able = [field.name for field in fields if field.key]
    own = [name for name in able if _bare(name) not in _FIELD_OF]
    mails = [name for name in able if _FIELD_OF.get(_bare(name)) == "emails"]
    return next(iter([*filter(_is_key_name, own), *own, *mails, *able]), "")


def _is_key_name(name: str) -> bool:
    folded = re.sub(r"[^a-z0-9]+$", "", name.lower().translate(_FOLDED))
    return bool(_KEY_NAME.search(folded)) and not _OF_SOMETHING_ELSE.search(folded)


def suggested_change(fields: Sequence[SourceField]) -> str:
    """Return the field that looks most like the time of the last change, "" if none does."""
    return next((f.name for f in fields if f.changed and f.type in {"time", "date", "text"}), "")


def _bare(name: str) -> str:
    """Return a name in lower case, without punctuation and the number at its end."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower().translate(_FOLDED))
    return letters.rstrip("0123456789") or letters
