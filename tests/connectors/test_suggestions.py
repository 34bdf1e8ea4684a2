from __future__ import annotations

import pytest

from connectors.rules import MAP_FIELDS
from connectors.suggestions import (
    _NAMES,
    found_fields,
    suggested_change,
    suggested_key,
    suggested_map,
)
from engine.source import SourceField


def fields(*names: str) -> list[SourceField]:
    return [SourceField(name) for name in names]


def test_names_of_fields_suggest_a_map() -> None:
    assert suggested_map(fields("KUNDEN_NR", "Firma", "Telefon 1", "Telefon_2", "E-Mail", "x")) == {
        "company": "Firma",
        "phones.work": ("Telefon 1", "Telefon_2"),
        "emails": "E-Mail",
    }
    assert suggested_map(fields("Vorname", "Nachname", "Straße", "PLZ", "Handy")) == {
        "given_name": "Vorname",
        "surname": "Nachname",
        "street": "Straße",
        "postcode": "PLZ",
        "phones.mobile": "Handy",
    }
    assert suggested_map(fields("a", "b", "")) == {}
    assert suggested_map(fields("=E-Mail", "{Mobil}", "Telefon}", "Mail =2")) == {
        "emails": "Mail =2"
    }


def test_a_name_beside_a_first_name_is_the_last_name() -> None:
    assert suggested_map(fields("Name", "Vorname", "Telefonnummer")) == {
        "given_name": "Vorname",
        "surname": "Name",
        "phones.work": "Telefonnummer",
    }
    assert suggested_map(fields("Name", "Vorname", "Nachname"))["display_name"] == "Name"
    whole = suggested_map(fields("Anzeigename", " NAME ", "First name"))
    assert (whole["display_name"], whole["surname"]) == ("Anzeigename", " NAME ")
    assert suggested_map(fields("Name 1", "Vorname"))["display_name"] == "Name 1"  # SAP's company


def test_the_columns_of_datev_suggest_a_map() -> None:
    assert suggested_map(
        fields(
            "Konto", "Name (Adressattyp Unternehmen)", "Name (Adressattyp natürl. Person)",
            "Vorname (Adressattyp natürl. Person)", "Name (Adressattyp keine Angabe)",
            "Straße", "Postleitzahl", "Ort", "Telefon", "Bemerkung (Telefon)", "E-Mail", "Fax",
        )
    ) == {
        "company": "Name (Adressattyp Unternehmen)",
        "surname": "Name (Adressattyp natürl. Person)",
        "given_name": "Vorname (Adressattyp natürl. Person)",
        "display_name": "Name (Adressattyp keine Angabe)",
        "street": "Straße",
        "postcode": "Postleitzahl",
        "city": "Ort",
        "phones.work": "Telefon",
        "emails": "E-Mail",
        "phones.fax": "Fax",
    }  # fmt: skip


def test_the_columns_of_google_suggest_every_number_and_address() -> None:
    assert suggested_map(
        fields(
            "First Name", "Middle Name", "Last Name", "Name Prefix", "File As", "Organization Name",
            "Organization Title", "Organization Department", "Birthday", "Notes", "Labels",
            "E-mail 1 - Label", "E-mail 1 - Value", "E-mail 2 - Label", "E-mail 2 - Value",
            "Phone 1 - Label", "Phone 1 - Value", "Phone 2 - Label", "Phone 2 - Value",
            "Address 1 - Label", "Address 1 - Formatted", "Address 1 - Street", "Address 1 - City",
            "Address 1 - Postal Code", "Address 1 - Country", "Website 1 - Value",
        )
    ) == {
        "given_name": "First Name",
        "surname": "Last Name",
        "title": "Name Prefix",
        "company": "Organization Name",
        "department": "Organization Department",
        "job": "Organization Title",
        "street": "Address 1 - Street",
        "postcode": "Address 1 - Postal Code",
        "city": "Address 1 - City",
        "country": "Address 1 - Country",
        "phones.other": ("Phone 1 - Value", "Phone 2 - Value"),
        "emails": ("E-mail 1 - Value", "E-mail 2 - Value"),
        "url": "Website 1 - Value",
        "notes": "Notes",
        "birthday": "Birthday",
    }  # fmt: skip


def test_the_columns_of_thunderbird_suggest_numbers_and_no_day_for_a_birthday() -> None:
    german = suggested_map(
        fields(
            "Vorname", "Nachname", "Anzeigename", "Primäre E-Mail-Adresse",
            "Sekundäre E-Mail-Adresse", "Tel. dienstlich", "Tel. privat", "Fax-Nummer",
            "Mobil-Tel.-Nr.", "Dienstlich: Adresse", "Dienstlich: Adresse 2", "Dienstlich: Ort",
            "Geburtsjahr", "Geburtsmonat", "Geburtstag",
        )
    )  # fmt: skip
    assert german == {
        "display_name": "Anzeigename",
        "given_name": "Vorname",
        "surname": "Nachname",
        "street": "Dienstlich: Adresse",
        "city": "Dienstlich: Ort",
        "phones.work": "Tel. dienstlich",
        "phones.mobile": "Mobil-Tel.-Nr.",
        "phones.home": "Tel. privat",
        "phones.fax": "Fax-Nummer",
        "emails": ("Primäre E-Mail-Adresse", "Sekundäre E-Mail-Adresse"),
    }
    english = fields("Primary Email", "Mobile Number", "Birth Year", "Birth Month", "Birth Day")
    assert suggested_map(english) == {
        "phones.mobile": "Mobile Number",
        "emails": "Primary Email",
    }


def test_every_suggestion_is_a_field_of_contacts() -> None:
    assert MAP_FIELDS.issuperset(_NAMES)


def test_a_field_that_is_called_like_a_key_comes_first() -> None:
    able = [SourceField("mail", key=True), SourceField("kunden_nr", key=True), SourceField("id")]
    assert suggested_key(able) == "kunden_nr"
    assert suggested_key(able[:1]) == "mail"
    assert suggested_key(able[2:]) == ""


@pytest.mark.parametrize(
    ("names", "key"),
    [
        ("Name;Telefonnummer;Kundennummer", "Kundennummer"),
        ("Name;Kd.-Nr.", "Kd.-Nr."),
        ("Telefon-Nr.;HausNr;SteuerNr;Personal-Nr.", "Personal-Nr."),
        ("TelefonNr;PLZ;Konto", "Konto"),
        ("Name;objectGUID", "objectGUID"),
        ("Name;Matchcode", "Matchcode"),  # called like nothing, but no field of contacts
        ("Name;Telefon;E-Mail", "E-Mail"),
        ("Name;Telefon", "Name"),
    ],
)
def test_neither_a_name_nor_a_telephone_is_the_key_where_another_field_may_be(
    names: str, key: str
) -> None:
    assert suggested_key([SourceField(name, key=True) for name in names.split(";")]) == key


def test_a_time_of_change_is_no_version_in_bytes() -> None:
    found = [
        SourceField("rv", "bytes", changed=True),
        SourceField("updated_at", "time", changed=True),
    ]
    assert suggested_change(found) == "updated_at"
    assert suggested_change(found[:1]) == ""


def test_what_fields_are_is_told_from_their_first_records() -> None:
    records = [
        {"nr": "1", "plz": "01069", "born": "1970-01-31", "geaendert": "31.12.2026", "n": ""},
        {"nr": "2,5", "plz": "80331", "born": "", "geaendert": "1.1.2026", "n": ""},
        {"nr": "-3", "plz": "80331", "born": "1971-02-01", "geaendert": "", "n": "", "x": "a\nb"},
    ]
    assert found_fields(None, records) == (
        SourceField("nr", "number", key=True),
        SourceField("plz", "text"),
        SourceField("born", "date"),
        SourceField("geaendert", "date", changed=True),
        SourceField("n", "text"),
        SourceField("x", "text"),
    )
    times = [{"at": "2026-11-27T09:30:00Z"}, {"at": "2026-11-27 09:30"}]
    assert found_fields(["at"], times) == (SourceField("at", "time", key=True, changed=True),)
    assert found_fields(["at"], times, {"at": "text"})[0].type == "text"


def test_one_record_tells_no_key() -> None:
    assert found_fields(["id"], [{"id": "1"}]) == (SourceField("id", "number"),)
    assert found_fields(["id"], []) == (SourceField("id", "text"),)
    many = [{"id": "1\n2"}, {"id": "3"}]
    assert not found_fields(["id"], many)[0].key
