"""Writes made-up contacts in the forms real firms keep them in: a CRM, a phone list, LDIF.

Law: streams; one batch of rows is held at a time. What is written is what the source says, dirty
numbers included; only LDIF gets the true numbers, since no LDAP server repairs them.
"""

from __future__ import annotations

import csv
import sqlite3
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from engine.contact import PhoneKind
from rufname.sample_contact import MadeContact

CRM_COLUMNS = (
    "contact_no", "name", "first_name", "last_name", "title", "company", "department", "job",
    "street", "postcode", "city", "phone1", "phone2", "cell", "fax", "mail", "customer_no",
    "notes", "updated_at",
)  # fmt: skip
"""Columns of the CRM's `contact_view`; all text but the key, an integer."""

CRM_QUERY = "SELECT * FROM contact_view"

CRM_MAP: dict[str, str | tuple[str, ...]] = {
    "display_name": "name",
    "given_name": "first_name",
    "surname": "last_name",
    "title": "title",
    "company": "company",
    "department": "department",
    "job": "job",
    "street": "street",
    "postcode": "postcode",
    "city": "city",
    "phones.work": ("phone1", "phone2"),
    "phones.mobile": "cell",
    "phones.fax": "fax",
    "emails": ("mail",),
    "notes": "notes",
    "custom.1": "customer_no",
    "changed": "updated_at",
}
"""The field mapping of `[source.map]` that fits `CRM_COLUMNS`."""

PHONE_LIST_COLUMNS = (
    "Nr", "Name", "Vorname", "Nachname", "Titel", "Firma", "Abteilung", "Position", "Straße", "PLZ",
    "Ort", "Telefon", "Telefon 2", "Mobil", "Fax", "E-Mail", "Kundennr.", "Bemerkung", "Geändert",
)  # fmt: skip
"""The same columns in German, as the phone list has them."""

PHONE_LIST_MAP: dict[str, str | tuple[str, ...]] = {
    field: tuple(PHONE_LIST_COLUMNS[CRM_COLUMNS.index(column)] for column in rule)
    if isinstance(rule, tuple)
    else PHONE_LIST_COLUMNS[CRM_COLUMNS.index(rule)]
    for field, rule in CRM_MAP.items()
}
"""The field mapping of `[source.map]` that fits `PHONE_LIST_COLUMNS`."""

LDIF_BASE = "dc=meta"

_BATCH = 5_000
_SAFE_FIRST = frozenset(map(chr, range(0x21, 0x7F))) - {":", "<"}
_WRITTEN_AS: dict[PhoneKind, str] = {
    "work": "telephoneNumber",
    "company": "telephoneNumber",
    "other": "telephoneNumber",
    "mobile": "mobile",
    "home": "homePhone",
    "fax": "facsimileTelephoneNumber",
}


def write_crm(path: Path, made: Iterable[MadeContact]) -> int:
    """Write a new SQLite database with the view `contact_view`; return how many rows it has.

    Raises:
        sqlite3.Error: the file exists and holds a CRM already, or cannot be written.
    """
    names = ", ".join(f"{name} TEXT NOT NULL" for name in CRM_COLUMNS[1:])
    marks = ", ".join("?" * len(CRM_COLUMNS))
    written = 0
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE contact (contact_no INTEGER PRIMARY KEY, {names})")
        database.execute("CREATE INDEX contact_updated ON contact (updated_at)")
        database.execute(
            f"CREATE VIEW contact_view AS SELECT {', '.join(CRM_COLUMNS)} FROM contact"  # noqa: S608 - our own column names
        )
        rows = map(crm_row, made)
        while batch := list(islice(rows, _BATCH)):
            database.executemany(f"INSERT INTO contact VALUES ({marks})", batch)  # noqa: S608 - question marks only
            written += len(batch)
    return written


def write_phone_list(path: Path, made: Iterable[MadeContact], encoding: str = "cp1252") -> int:
    """Write a CSV with a German header and semicolons, as a spreadsheet exports it.

    Args:
        path: the file; an old one is replaced.
        made: the contacts.
        encoding: `cp1252` writes "?" for what it has no character for, as spreadsheets do;
            `utf-8` keeps all, `utf-8-sig` too.

    Returns:
        The number of rows, without the header.
    """
    written = 0
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(PHONE_LIST_COLUMNS)
        rows = map(crm_row, made)
        while batch := list(islice(rows, _BATCH)):
            writer.writerows(batch)
            written += len(batch)
    return written


def write_ldif(path: Path, made: Iterable[MadeContact], base: str = LDIF_BASE) -> int:
    """Write LDIF (RFC 2849) with the base, `ou=contacts`, and an inetOrgPerson for each contact.

    Names in another script or with signs that LDIF reserves are written in base64. Numbers are the
    true ones in E.164 with "+". Return the number of contacts.
    """
    top = base.partition(",")[0].partition("=")
    written = 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(
            f"dn: {base}\nobjectClass: organization\nobjectClass: dcObject\n"
            f"{top[0]}: {top[2]}\no: made up\n\n"
            f"dn: ou=contacts,{base}\nobjectClass: organizationalUnit\nou: contacts\n\n"
        )
        for contact in made:
            file.writelines(_ldif_lines(contact, base))
            written += 1
    return written


def crm_row(contact: MadeContact) -> tuple[str, ...]:
    """Return the fields in the order of `CRM_COLUMNS`."""
    work = [line.written for line in contact.lines if line.kind == "work"]
    return (
        contact.key,
        contact.written_name or contact.name,
        contact.given_name,
        contact.surname,
        contact.title,
        contact.company,
        contact.department,
        contact.job,
        contact.street,
        contact.postcode,
        contact.city,
        work[0] if work else "",
        work[1] if len(work) > 1 else "",
        _written(contact, "mobile"),
        _written(contact, "fax"),
        contact.mail,
        contact.customer_no,
        contact.note,
        contact.changed,
    )


def _written(contact: MadeContact, kind: PhoneKind) -> str:
    for line in contact.lines:
        if line.kind == kind:
            return line.written
    return ""


def _ldif_lines(contact: MadeContact, base: str) -> Iterator[str]:
    yield f"dn: uid={contact.key},ou=contacts,{base}\nobjectClass: inetOrgPerson\n"
    yield f"uid: {contact.key}\n"
    for attribute, value in (
        ("cn", contact.name),
        ("sn", contact.surname or contact.name),
        ("givenName", contact.given_name),
        ("displayName", contact.name),
        ("o", contact.company),
        ("mail", contact.mail),
    ):
        if value:
            yield f"{attribute}{_ldif_value(value)}\n"
    numbers = {
        (_WRITTEN_AS[line.kind], number.digits)
        for line in contact.lines
        for number in line.truth
        if not number.extension  # no attribute holds one apart
    }
    for attribute, digits in sorted(numbers):
        yield f"{attribute}: +{digits}\n"
    yield "\n"


def _ldif_value(value: str) -> str:
    """Return separator and value: plain where RFC 2849 (SAFE-STRING) allows, else base64."""
    if value[0] in _SAFE_FIRST and value.isascii() and value.isprintable() and value[-1] != " ":
        return f": {value}"
    return f":: {b64encode(value.encode()).decode('ascii')}"
