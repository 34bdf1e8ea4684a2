"""What a contact's document is found by."""

from __future__ import annotations

import json

import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import schema
from engine.contact import Address, Contact
from engine.document import contact_document, cut_fields, extra_words, fields_of, order_of
from engine.phonetics import sound
from engine.terms import MARKS, name_words, origin_of, other_texts, rank_of
from engine.tokens import index_words, sort_rank, whole_name, words
from tests.engine.building import contact

WORDS = st.sampled_from(
    ["", "Anna", "anna", "Meier-Vogt", "von der Heide", "O'Brien", "Dr. Öz", "Щукина", "李", "付"]
)
TEXTS = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DISPLAYED = st.sampled_from(["", "{0} {1}", "{1}, {0}", "{1} {0}", "{1}", "Team {0}"])


@st.composite
def contacts(draw: st.DrawFn) -> Contact:
    """Draw a contact whose texts are anything that a store can hold."""
    given_name, surname = draw(TEXTS), draw(TEXTS)
    return contact(
        draw(TEXTS),
        draw(DISPLAYED).format(given_name, surname),
        *draw(st.lists(st.sampled_from(["498999998123", "498999998123x55", "4915112345"]))),
        given_name=given_name, surname=surname, title=draw(TEXTS), company=draw(TEXTS),
        job=draw(TEXTS), notes=draw(TEXTS), emails=tuple(draw(st.lists(TEXTS, max_size=2))),
        address=Address(draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS)),
        custom={"7": draw(TEXTS)},
    )  # fmt: skip


@settings(max_examples=25)  # each makes an index
@given(st.lists(contacts(), min_size=1, max_size=5))
def test_the_index_takes_every_contact_that_a_store_can_hold(made: list[Contact]) -> None:
    index = tantivy.Index(schema.schema())
    schema.register_tokenizers(index)
    writer = index.writer(heap_size=15_000_000, num_threads=1)
    for seq, each in enumerate(made, 1):
        writer.add_json(contact_document(each, seq))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    assert searcher.num_docs == len(made)
    for seq, each in enumerate(made, 1):
        question = schema.term(schema.ID, schema.id_term(each.id))
        found = [address for _, address in searcher.search(question, 10).hits]
        versions = searcher.fast_field_values(schema.VERSION, found)
        at = found[versions.index(schema.version_of(origin_of(each.id.source), seq))]
        assert searcher.fast_field_values(schema.RANK, [at]) == [rank_of(each)]
        assert searcher.doc(at).to_dict() == {}  # found by it, kept elsewhere


@given(contacts())
def test_a_document_holds_just_the_words_that_are_asked_for(made: Contact) -> None:
    document = json.loads(contact_document(made, 1))
    names, company = name_words(made), index_words(made.company)
    others = [
        (MARKS[field], words(text) if field == "emails" else index_words(text))
        for field, text in other_texts(made)
    ]
    assert set(document[schema.NAME]) == {f"{word}$" for word in names}
    assert set(document[schema.COMPANY]) == {f"{word}$" for word in company}
    assert set(document[schema.OTHER]) == {mark + word for mark, has in others for word in has}
    assert set(document[schema.SOUND]) == {f"{sound(word)}$" for word in names if sound(word)[1:]}
    every = [
        *names,
        *company,
        *document[schema.EXTRA],
        *(word for _, has in others for word in has),
    ]
    assert set(document[schema.GRAM]) == {word for word in every if len(word) >= 3}
    assert f"={whole_name(words(made.name))}" in document[schema.PERSON]
    assert document[schema.HAS].split() == (
        [*fields_of(made)] if names else [*fields_of(made), schema.UNNAMED]
    )


def test_a_rank_and_a_version_beyond_63_bits_survive_the_way_into_the_index() -> None:
    last = contact("1", surname="zzzzzzzzzz")
    assert rank_of(last) >= 2**63
    document = json.loads(contact_document(last, 7))
    assert document[schema.RANK] == rank_of(last)
    assert document[schema.VERSION] == schema.version_of(origin_of("crm"), 7) >= 2**63


def test_a_contact_is_found_by_what_else_its_record_says() -> None:
    whole = contact(
        "1", "Anna Abel", "498999998123", title="Dr.", emails=("a@b.example",), notes="left early",
        address=Address("Lindwurmstr. 7", "80337", "Ulm", "DE"), custom={"7": "K7", "8": ""},
    )  # fmt: skip
    extra = ["lindwurmstr", "7", "80337", "de", "dr", "left", "early"]
    assert list(extra_words(whole)[0]) == extra
    document = json.loads(contact_document(whole, 1))
    assert document[schema.OTHER] == ["oulm", "eb", "eexample", "ea", "Gk7"]
    assert document[schema.GRAM] == [
        "anna", "abel", "lindwurmstr", "80337", "left", "early", "ulm", "example",
    ]  # fmt: skip
    fields = {"title", "street", "postcode", "city", "country", "phones", "emails", "notes"}
    assert set(fields_of(whole)) == {*fields, "custom.7"}


def test_a_text_of_which_the_index_has_the_beginning_alone_is_marked() -> None:
    whole, many, long = "vor neun", "wort " * 65, "x" * 41
    assert cut_fields(contact("1", notes=whole, url=whole, custom={"1": whole})) == []
    cut = contact("1", notes=many, url=f"https://b.example/{long}", custom={"1": many, "2": ""})
    assert cut_fields(cut) == ["#cut.notes", "#cut.url", "#cut.custom.1"]
    assert {"notes", "#cut.notes"} <= set(json.loads(contact_document(cut, 1))[schema.HAS].split())


def test_whoever_has_no_name_stands_under_an_address() -> None:
    assert order_of(contact("1", emails=("zoe@b.example",))) == sort_rank("zoe@b.example")
    assert order_of(contact("1")) == sort_rank("-")
    assert order_of(contact("1", "Anna Abel", surname="Abel")) == sort_rank("Abel")
