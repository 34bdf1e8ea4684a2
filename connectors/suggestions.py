"""What a mapping may begin with: fields of a source that are called as contacts' fields often are.

Law: pure; it goes by names only, German and English, and never by what records say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.settings import MapRule
from engine.source import SourceField

_NAMES: dict[str, str] = {
    "display_name": "name displayname fullname vollname anzeigename kontakt contact contactname"
    " kontaktname ansprechpartner cn",
    "given_name": "firstname givenname vorname fname forename",
    "surname": "lastname surname nachname familyname lname sn zuname familienname",
    "title": "title titel anrede salutation",
    "company": "company companyname firma firmenname organisation organization kunde kundenname"
    " account accountname unternehmen o",
    "department": "department abteilung dept ou",
    "job": "job jobtitle position funktion role stelle",
    "street": "street strasse address adresse streetaddress anschrift",
    "postcode": "postcode postalcode plz zip zipcode postleitzahl",
    "city": "city ort stadt town wohnort l",
    "country": "country land co",
    "phones.work": "phone tel telefon telephone telephonenumber businessphone phonework workphone"
    " telefongeschaeftlich telefondienstlich durchwahl rufnummer phonenumber officephone fon",
    "phones.mobile": "cell mobile mobil handy mobiltelefon mobilephone cellphone mobilnummer"
    " mobiltel handynummer",
    "phones.home": "homephone phonehome telefonprivat telprivat privat privattelefon",
    "phones.fax": "fax telefax businessfax faxnumber faxnummer facsimiletelephonenumber",
    "phones.company": "mainphone zentrale companymainphone telefonfirma companyphone firmentelefon",
    "emails": "mail email emailaddress emailadresse mailaddress emailwork smtp",
    "url": "url www web website webseite homepage webpage",
    "notes": "notes notizen bemerkung bemerkungen comment comments note info",
    "birthday": "birthday geburtstag geburtsdatum birthdate",
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split()}

_MANY = frozenset({"emails", *(field for field in _NAMES if field.startswith("phones."))})
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_KEY_NAME = re.compile(
    r"(^|[^a-z])(id|nr|no|num|number|nummer|key|guid|uuid|uid|code)$|id$|nr$|no$"
)


def suggested_map(fields: Sequence[SourceField]) -> dict[str, MapRule]:
    """Return the rules that the names of fields suggest; {} where none is known.

    Several fields of one kind ("phone1", "phone2") become a list where a contact may have several,
    else the first of them is taken. A first and a last name make no display name of their own: the
    directory puts them together.
    """
    found: dict[str, list[str]] = {}
    for field in fields:
        target = _FIELD_OF.get(_bare(field.name))
        if target:
            found.setdefault(target, []).append(field.name)
    return {
        target: tuple(names) if target in _MANY and len(names) > 1 else names[0]
        for target, names in ((target, found[target]) for target in _NAMES if target in found)
    }


def suggested_key(fields: Sequence[SourceField]) -> str:
    """Return the field that looks most like a key, "" if none may be one."""
    able = [field.name for field in fields if field.key]
    named = [name for name in able if _KEY_NAME.search(name.lower())]
    return next(iter(named or able), "")


def suggested_change(fields: Sequence[SourceField]) -> str:
    """Return the field that looks most like the time of the last change, "" if none does."""
    return next((f.name for f in fields if f.changed and f.type in {"time", "date", "text"}), "")


def _bare(name: str) -> str:
    """Return a name in lower case, without punctuation and the number at its end."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower().translate(_FOLDED))
    return letters.rstrip("0123456789") or letters
