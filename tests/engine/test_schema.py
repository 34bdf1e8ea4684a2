"""What a contact's document is found by."""

from __future__ import annotations

from engine import schema
from engine.contact import Address, ContactId, encode_contact
from tests.engine.building import contact


def test_texts_are_parted_into_names_and_others() -> None:
    whole = contact(
        "1", "Anna Abel", given_name="Anna", surname="Abel", company="ACME", department="Sales",
        job="Clerk", address=Address(city="Ulm"), emails=("a@b.example",), custom={"1": "K1"},
        notes="never searched",
    )  # fmt: skip
    names, others = schema.searchable_texts(whole)
    assert names == ["Anna Abel", "Anna", "Abel"]
    assert others == ["ACME", "Sales", "Clerk", "Ulm", "a@b.example", "K1"]


def test_a_document_holds_the_contacts_own_body() -> None:
    one = contact("1", "Anna Abel", "498999998123")
    body = encode_contact(one)
    document = schema.contact_document(one, body)
    assert document.get_first(schema.BODY) == body
    assert document.get_first(schema.NUMBER) == "498999998123"


def test_ids_and_tails_are_terms() -> None:
    assert schema.id_term(ContactId("crm", "1")) != schema.id_term(ContactId("cr", "m1"))
    assert schema.tail_term("498999998123") == "3218999998"
    assert schema.tail_term("123") == "321"
