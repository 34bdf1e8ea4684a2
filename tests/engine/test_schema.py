"""What a contact's document is found by."""

from __future__ import annotations

from engine import schema
from engine.contact import Address, ContactId, encode_contact
from engine.tokens import sort_rank
from tests.engine.building import contact, line


def test_a_contact_is_found_by_its_names_and_by_its_other_texts_field_by_field() -> None:
    whole = contact(
        "1", "Anna Abel", given_name="Anna", surname="Abel", company="ACME", department="Sales",
        job="Clerk", address=Address(city="Ulm"), emails=("a@b.example",), custom={"1": "K1"},
        notes="never searched",
    )  # fmt: skip
    assert schema.name_words(whole) == ["anna", "abel"]
    assert schema.other_texts(whole) == [
        ("department", "Sales"),
        ("job", "Clerk"),
        ("city", "Ulm"),
        ("emails", "a@b.example"),
        ("custom.1", "K1"),
    ]
    assert all(field in schema.MARKS for field, _ in schema.other_texts(whole))


def test_a_person_is_named_as_a_whole_without_titles_and_in_any_order() -> None:
    one = contact("1", "Dr. Anna von Abel", given_name="Anna", surname="Abel", emails=("A@b.de",))
    assert schema.person_terms(one) == ["=abel anna", "~aa", "@a@b.de"]
    other = contact("2", "Abel, Anna", given_name="Anna-Lena", surname="Ebel")
    assert schema.person_terms(other) == ["=abel anna", "=anna annalena ebel lena", "~ae", "~ea"]
    firm = contact("3", company="Abel Bau GmbH & Co. KG", emails=("info@abel.example",))
    assert schema.person_terms(firm) == ["=abel bau"]


def test_the_parts_of_a_number_stand_in_the_field_of_its_kind() -> None:
    one = contact("1", "A", line("498999998123"), line("491701234567", "mobile"))
    assert schema.number_parts(one) == {
        "part_work": ["^498999998123$", "^89"],
        "part_mobile": ["^491701234567$", "^17"],
    }


def test_the_rank_is_alphabetical_by_surname_and_its_own_for_each_record() -> None:
    ranks = [
        schema.rank_of(contact(key, given_name=given, surname=surname))
        for key, given, surname in [
            ("1", "Zoe", "Abel"), ("2", "Anna", "Müller"), ("3", "Zoe", "Muller"), ("4", "A", "Z"),
        ]
    ]  # fmt: skip
    assert ranks == sorted(ranks)
    assert ranks[0] >= 0
    assert ranks[-1] < 2**64
    twins = {schema.rank_of(contact(str(n), surname="Unterhuberbauer")) for n in range(50)}
    assert len(twins) == 50


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
    assert schema.gram_words(whole, ["anna", "abel", *extra]) == ["anna", "abel", *extra, *others]
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
