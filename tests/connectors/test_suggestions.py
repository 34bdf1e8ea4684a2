from __future__ import annotations

from connectors.rules import MAP_FIELDS
from connectors.suggestions import _NAMES, suggested_change, suggested_key, suggested_map
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


def test_every_suggestion_is_a_field_of_contacts() -> None:
    assert MAP_FIELDS.issuperset(_NAMES)


def test_a_field_that_is_called_like_a_key_comes_first() -> None:
    able = [SourceField("mail", key=True), SourceField("kunden_nr", key=True), SourceField("id")]
    assert suggested_key(able) == "kunden_nr"
    assert suggested_key(able[:1]) == "mail"
    assert suggested_key(able[2:]) == ""


def test_a_time_of_change_is_no_version_in_bytes() -> None:
    found = [
        SourceField("rv", "bytes", changed=True),
        SourceField("updated_at", "time", changed=True),
    ]
    assert suggested_change(found) == "updated_at"
    assert suggested_change(found[:1]) == ""
