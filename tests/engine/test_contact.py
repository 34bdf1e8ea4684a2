"""What a contact is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact import (
    ContactId,
    contact_uuid,
    contact_uuid_text,
    decode_contact,
    encode_contact,
    uuid_texts_of,
)
from tests.engine.building import contact, line


def test_a_contact_survives_its_encoding() -> None:
    whole = contact(
        "7", "Jürgen Müller", line("498999998x55", "mobile"), company="ACME",
        emails=("j@acme.example",), custom={"1": "K-17"}, changed="2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert decode_contact(encode_contact(whole)) == whole


def test_damage_is_an_error() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_contact(b"\x93\x01\x02")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "Anna Abel", "given_name": "A"}, "Anna Abel"),
        ({"given_name": "Anna", "surname": "Abel"}, "Anna Abel"),
        ({"surname": "Abel", "company": "ACME"}, "Abel"),
        ({"company": "ACME"}, "ACME"),
        ({}, ""),
    ],
)
def test_the_name_is_the_first_that_is_known(fields: dict[str, str], name: str) -> None:
    assert contact("1", **fields).name == name


def test_a_record_without_a_person_is_a_company() -> None:
    assert contact("1", company="ACME").is_company
    assert contact("1", "ACME", company="ACME").is_company
    assert not contact("1", "Anna Abel", company="ACME").is_company


def test_the_uuid_belongs_to_source_and_key() -> None:
    first = contact_uuid(ContactId("crm", "1"))
    assert first == contact_uuid(ContactId("crm", "1"))
    assert first.version == 5
    assert (
        len({first, contact_uuid(ContactId("cr", "m1")), contact_uuid(ContactId("hr", "1"))}) == 3
    )
    assert str(ContactId("crm", "1")) == "crm:1"


@given(st.text(), st.text())
def test_the_uuid_as_text_is_that_of_the_standard_library(source: str, key: str) -> None:
    identity = ContactId(source, key)
    assert contact_uuid_text(identity) == str(contact_uuid(identity))
    assert uuid_texts_of(source)(key.encode()).decode() == contact_uuid_text(identity)
