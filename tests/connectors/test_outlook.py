from __future__ import annotations

from connectors.outlook import is_outlook, usual

ENGLISH = [
    "First Name",
    "Middle Name",
    "Last Name",
    "Title",
    "Suffix",
    "E-mail Address",
    "Home Phone",
    "Business Phone",
    "Mobile Phone",
    "Business Fax",
    "Company Main Phone",
    "Job Title",
    "Department",
    "Company",
    "Business Street",
    "Web Page",
    "Notes",
]
GERMAN = [
    "Anrede",
    "Vorname",
    "Weitere Vornamen",
    "Nachname",
    "Suffix",
    "Firma",
    "Abteilung",
    "Position",
    "Straße geschäftlich",
    "Ort geschäftlich",
    "Fax geschäftlich",
    "Telefon geschäftlich",
    "Telefon geschäftlich 2",
    "Telefon Firma",
    "Telefon privat",
    "Mobiltelefon",
    "E-Mail-Adresse",
    "E-Mail 2: Adresse",
    "Webseite",
    "Notizen",
]


def test_exports_in_two_languages_are_known_by_their_headers() -> None:
    assert is_outlook(ENGLISH)
    assert is_outlook(GERMAN)
    assert not is_outlook(["id", "Vorname", "Nachname", "Firma", "Mobiltelefon", "Notizen"])
    assert usual(["id", "name", "phone"]) == ((), {})


def test_the_usual_mapping_names_columns_that_are_there_only() -> None:
    for columns in (ENGLISH, GERMAN):
        key, rules = usual(columns)
        named = {column for rule in rules.values() for column in rule}
        assert named | set(key) <= set(columns)
        assert {"given_name", "surname", "company", "phones.work", "phones.mobile"} <= set(rules)


def test_an_exports_key_is_made_of_what_names_a_contact() -> None:
    assert usual(GERMAN)[0] == (
        "Vorname",
        "Weitere Vornamen",
        "Nachname",
        "Firma",
        "E-Mail-Adresse",
    )
