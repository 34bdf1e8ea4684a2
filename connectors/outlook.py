"""Outlook's own exports (CSV, Excel), German and English: known by their headers.

Law: tables and pure functions. An export has no column that identifies a contact: its names,
company and first e-mail address together do; whoever changes one of them is a new contact.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.settings import MapRule

SURE_COLUMNS = 8
"""So many columns of an export, and a table is one: a list of a firm's own shares one or two."""

_ENGLISH = {
    "Title", "First Name", "Middle Name", "Last Name", "Suffix", "Company", "Department",
    "Job Title", "Business Street", "Business City", "Business Postal Code", "Business Country",
    "Business Country/Region", "Home Street", "Home City", "Business Fax", "Business Phone",
    "Business Phone 2", "Company Main Phone", "Home Phone", "Mobile Phone", "Other Phone",
    "Primary Phone", "E-mail Address", "E-mail 2 Address", "Web Page", "Notes",
}  # fmt: skip
_GERMAN = {
    "Anrede", "Vorname", "Weitere Vornamen", "Nachname", "Suffix", "Firma", "Abteilung", "Position",
    "Straße geschäftlich", "Ort geschäftlich", "Postleitzahl geschäftlich", "Land geschäftlich",
    "Land/Region geschäftlich", "Straße privat", "Ort privat", "Fax geschäftlich",
    "Telefon geschäftlich", "Telefon geschäftlich 2", "Telefon (geschäftlich)", "Telefon Firma",
    "Telefon privat", "Telefon (privat)", "Mobiltelefon", "Weiteres Telefon", "Haupttelefon",
    "E-Mail-Adresse", "E-Mail 2: Adresse", "Webseite", "Notizen",
}  # fmt: skip

NAMING = (
    "First Name", "Vorname", "Middle Name", "Weitere Vornamen", "Last Name", "Nachname",
    "Company", "Firma", "E-mail Address", "E-Mail-Adresse",
)  # fmt: skip

MAP: dict[str, tuple[str, ...]] = {
    "given_name": ("First Name", "Vorname"),
    "surname": ("Last Name", "Nachname"),
    "title": ("Title", "Anrede"),
    "company": ("Company", "Firma"),
    "department": ("Department", "Abteilung"),
    "job": ("Job Title", "Position"),
    "street": ("Business Street", "Straße geschäftlich", "Home Street", "Straße privat"),
    "postcode": (
        "Business Postal Code", "Postleitzahl geschäftlich",
        "Home Postal Code", "Postleitzahl privat",
    ),
    "city": ("Business City", "Ort geschäftlich", "Home City", "Ort privat"),
    "country": (
        "Business Country/Region", "Business Country", "Land/Region geschäftlich",
        "Land geschäftlich", "Home Country/Region", "Home Country", "Land/Region privat",
        "Land privat",
    ),
    "phones.work": (
        "Business Phone", "Business Phone 2", "Telefon geschäftlich", "Telefon geschäftlich 2",
        "Telefon (geschäftlich)", "Telefon (geschäftlich 2)", "Primary Phone", "Haupttelefon",
    ),
    "phones.mobile": (
        "Mobile Phone", "Mobile Phone 2", "Car Phone", "Mobiltelefon", "Mobiltelefon 2",
        "Autotelefon",
    ),
    "phones.home": (
        "Home Phone", "Home Phone 2", "Telefon privat", "Telefon privat 2", "Telefon (privat)",
        "Telefon (privat 2)",
    ),
    "phones.fax": (
        "Business Fax", "Home Fax", "Other Fax", "Fax geschäftlich", "Fax privat", "Weiteres Fax",
    ),
    "phones.company": ("Company Main Phone", "Telefon Firma"),
    "phones.other": ("Other Phone", "Weiteres Telefon", "ISDN"),
    "emails": (
        "E-mail Address", "E-mail 2 Address", "E-mail 3 Address",
        "E-Mail-Adresse", "E-Mail 2: Adresse", "E-Mail 3: Adresse",
    ),
    "url": ("Web Page", "Webseite"),
    "birthday": ("Birthday", "Geburtstag"),
    "notes": ("Notes", "Notizen"),
}  # fmt: skip
"""What an export's columns become; the telephones of an assistant are somebody else's."""


def is_outlook(columns: Sequence[str]) -> bool:
    """Tell whether a table with these columns is an export of Outlook."""
    names = set(columns)
    return max(len(names & _ENGLISH), len(names & _GERMAN)) >= SURE_COLUMNS


def usual(columns: Sequence[str]) -> tuple[tuple[str, ...], dict[str, MapRule]]:
    """Return key and mapping for a table with these columns; empty ones where it is no export."""
    names = set(columns)
    if not is_outlook(columns):
        return (), {}
    rules: dict[str, MapRule] = {}
    for field, rule in MAP.items():
        there = tuple(column for column in rule if column in names)
        if there:
            rules[field] = there
    return tuple(column for column in NAMING if column in names), rules
