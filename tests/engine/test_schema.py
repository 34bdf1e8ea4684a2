"""What a contact's document is found by."""

from __future__ import annotations

from engine import schema
from engine.contact import Address, ContactId, encode_contact
from engine.terms import other_texts
from engine.tokens import sort_rank
from tests.engine.building import contact


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


def test_a_contact_is_found_by_what_else_its_record_says() -> None:
    whole = contact(
        "1", "Anna Abel", "498999998123", title="Dr.", emails=("a@b.example",), notes="left early",
        address=Address("Lindwurmstr. 7", "80337", "Ulm", "DE"), custom={"7": "K7", "8": ""},
    )  # fmt: skip
    extra = ["lindwurmstr", "7", "80337", "de", "dr", "left", "early"]
    assert schema.extra_words(whole) == extra
    others = ["ulm", "a", "b", "example", "k7"]
    known = ["anna", "abel", *extra]
    assert schema.gram_words(known, other_texts(whole)) == [*known, *others]
    fields = {"title", "street", "postcode", "city", "country", "phones", "emails", "notes"}
    assert set(schema.fields_of(whole)) == {*fields, "custom.7"}


def test_a_place_is_the_uuids_own_bits() -> None:
    assert schema.place_of("00000000-0000-5000-8000-000000000000") == 0
    assert schema.place_of("00000000-0001-5002-8000-000000000000") == 0x1002
    assert schema.place_of("ffffffff-ffff-5fff-bfff-ffffffffffff") == 2**60 - 1


def test_whoever_has_no_name_stands_under_an_address() -> None:
    assert schema.order_of(contact("1", emails=("zoe@b.example",))) == sort_rank("zoe@b.example")
    assert schema.order_of(contact("1")) == sort_rank("-")
    assert schema.order_of(contact("1", "Anna Abel", surname="Abel")) == sort_rank("Abel")
