"""One searcher with the rights on it."""

from __future__ import annotations

import pytest

from engine import reader as reading
from engine.contact import Contact, ContactCard
from engine.errors import CorruptIndex
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from engine.schema import NAME, term
from engine.selecting import everyone_query
from engine.terms import rank_of
from engine.twins import MAX_TWINS
from tests.engine.building import change_of, contact, line
from tests.engine.searching import reader_of, table_of

EVA = Principal("eva", "user")
POLICIES = {
    "crm": SourcePolicy("crm", 500, fields={"phones.mobile": ("personnel",)}),
    "hr": SourcePolicy("hr", 900, ("personnel",)),
}
MOBILE = line("4917139200123", "mobile")
PEOPLE = (
    contact("1", "Anna Meier", MOBILE, surname="Meier", emails=("a@nord.example",)),
    contact("2", "Berta Meier", surname="Meier", emails=("a@nord.example",)),
    contact("3", "Carl Meier", MOBILE, source="hr", surname="Meier"),
)


def test_only_what_the_asker_sees_is_found_in_the_order_of_the_one_list() -> None:
    reader = reader_of(PEOPLE, POLICIES)
    for asker, keys in ((EVA, ["1", "2"]), (LOCAL_ADMIN, ["1", "2", "3"])):
        scope = reader.scope(asker)
        hits = reader.by_rank(term(NAME, "meier"), scope, 10)
        ranks = [rank for rank, _ in hits]
        assert ranks == sorted(ranks)
        found = reader.visible([address for _, address in hits], scope)
        assert sorted(each.id.key for each in found) == keys
        assert [rank_of(each) for each in found] == ranks


def test_a_record_is_remembered_whole_and_shown_to_each_asker_as_far_as_he_may_see_it() -> None:
    reader = reader_of(PEOPLE, POLICIES)
    personnel = Principal("ida", "user", groups=("personnel",))
    (_, address), *_ = reader.by_rank(term(NAME, "anna"), reader.scope(EVA), 1)
    for asker, phones in ((EVA, ()), (personnel, (MOBILE,)), (EVA, ())):
        (shown,) = reader.recalled([address], reader.scope(asker))
        assert shown.phones == phones
        assert [shown] == reader.visible([address], reader.scope(asker))


def test_versions_are_read_as_cards_and_as_far_as_the_asker_sees_them() -> None:
    unnamed = contact("5", "", line("493012345"), emails=("info@nord.example",))
    reader = reader_of((*PEOPLE, unnamed), POLICIES)
    for asker, keys in ((EVA, {"1", "2", "5"}), (LOCAL_ADMIN, {"1", "2", "3", "5"})):
        scope = reader.scope(asker)
        hits = reader.by_rank(everyone_query(), scope, 10)
        addresses, ranks = [at for _, at in hits], [rank for rank, _ in hits]
        versions = reader.body_keys(addresses, ranks)
        assert versions == [key for _, key in reader.versions(addresses)]
        assert reader.seen(versions, scope) == reader.visible(addresses, scope)
        cards = reader.cards(versions)
        assert {card.id.key for card in cards} == keys
        whole = reader.seen(versions, reader.scope(LOCAL_ADMIN))
        for card, each in zip(cards, whole, strict=True):
            assert (card.id, card.name, card.phones) == (each.id, each.name, each.phones)
            assert isinstance(card, Contact if each.id.key == "5" else ContactCard)
    assert reader.body_keys([], []) == reader.cards([]) == []
    with pytest.raises(CorruptIndex, match="no contact"):
        reader.cards([*versions, b"123456789"])


@pytest.mark.parametrize(("letters", "is_kept"), [(10, True), (3_000, False)])
def test_a_card_keeps_no_long_notes_in_memory(letters: int, *, is_kept: bool) -> None:
    noted = contact("1", "Anna Meier", MOBILE, department="Einkauf", notes="x" * letters)
    reader = reader_of((noted,), POLICIES)
    scope = reader.scope(LOCAL_ADMIN)
    ((rank, address),) = reader.by_rank(everyone_query(), scope, 1)
    (card,) = reader.cards(reader.body_keys([address], [rank]))
    assert isinstance(card, ContactCard)
    assert bytes(card.department) == (b"\xa7Einkauf" if is_kept else b"")
    assert (card.id, card.name, card.phones) == (noted.id, noted.name, noted.phones)


def test_links_of_a_hidden_field_are_no_links_for_the_asker() -> None:
    twins = (*PEOPLE[:2], contact("4", "A. Meier", MOBILE, surname="Meier"))
    reader = reader_of(twins, POLICIES)
    hits = reader.by_rank(term(NAME, "meier"), reader.scope(LOCAL_ADMIN), 10)
    for asker, numbers in ((EVA, 0), (LOCAL_ADMIN, 2), (EVA, 0)):
        scope = reader.scope(asker)
        links = [link for _, at in hits for link in reader.links(reader.record(at, scope))]
        assert sum(link.startswith("#") for link in links) == numbers
        assert sum(link.startswith("@") for link in links) == 2


def test_twins_are_shown_as_far_as_the_asker_sees_them_but_not_of_a_crowd() -> None:
    many = [
        contact(f"t{key}", f"T{key} Zorn", surname="Zorn", emails=("zorn@nord.example",))
        for key in range(MAX_TWINS + 2)
    ]
    reader = reader_of((*PEOPLE, *many), POLICIES)
    for asker, phones in ((LOCAL_ADMIN, (MOBILE,)), (EVA, ()), (LOCAL_ADMIN, (MOBILE,))):
        scope = reader.scope(asker)
        berta, *zorns = (
            reader.record(at, scope)
            for word in ("berta", "zorn")
            for _, at in reader.by_rank(term(NAME, word), scope, 100)
        )
        assert {each.twins for each in zorns} == {None}
        (anna,) = reader.twins([berta, *zorns], {each.version for each in [berta, *zorns]}, scope)
        assert (anna.contact.id.key, anna.contact.phones) == ("1", phones)
        assert [
            each.contact.id.key
            for each in reader.twins([anna, berta], {anna.version, berta.version}, scope)
        ] == ["3"]


def test_how_many_have_a_term_is_remembered_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_REMEMBERED_TERMS", 2)
    reader = reader_of(PEOPLE, POLICIES)
    for word, count in (("meier", 3), ("anna", 1), ("nobody", 0), ("meier", 3), ("anna", 1)):
        assert reader.frequency(NAME, word) == count
        assert len(reader._frequencies) <= 2


def test_hits_beyond_the_limit_are_counted_as_far_as_the_asker_sees_them() -> None:
    reader = reader_of(PEOPLE, POLICIES)
    for asker, count in ((EVA, 2), (LOCAL_ADMIN, 3)):
        hits, found = reader.counted_by_rank(term(NAME, "meier"), reader.scope(asker), 1)
        assert (len(hits), found) == (1, count)


def test_records_read_together_are_those_that_are_read_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [contact(str(key), f"P{key} Meier", surname="Meier") for key in range(50)]
    reader = reader_of(made, POLICIES)
    scope = reader.scope(EVA)
    found = reader.by_rank(term(NAME, "meier"), scope, 100)
    hits = [at for _, at in found]
    alone = [reader_of(made, POLICIES).record(at, scope).contact.id.key for at in hits[:3]]
    reader.record(hits[1], scope)
    together = reader.records_of([at for _, at in found], scope, [rank for rank, _ in found])
    monkeypatch.setattr(reading.Reader, "versions", lambda *_: pytest.fail("read twice"))
    assert [record.contact.id.key for record in together[:3]] == alone
    assert [reader.record(at, scope) for at in hits] == together
    assert {reader.record(at, scope).contact.id.key for at in hits} == {e.id.key for e in made}


def test_a_document_whose_contact_is_missing_is_told_and_is_never_another() -> None:
    reader = reader_of(PEOPLE, POLICIES)
    reader.numbers = table_of([change_of(7, PEOPLE[0])])
    scope = reader.scope(LOCAL_ADMIN)
    hits = [at for _, at in reader.by_rank(term(NAME, "meier"), scope, 10)]
    for ask in (
        reader.visible,
        reader.recalled,
        reader.records_of,
    ):
        with pytest.raises(CorruptIndex, match="leads to no contact"):
            ask(hits, scope)
    with pytest.raises(CorruptIndex, match="leads to no contact"):
        reader.record(hits[0], scope)


def test_without_an_index_nobody_is_found() -> None:
    empty = reading.Reader.empty(POLICIES)
    scope = empty.scope(LOCAL_ADMIN)
    assert empty.by_rank(everyone_query(), scope, 10) == []
    assert empty.counted_by_rank(everyone_query(), scope, 10) == ([], 0)
    assert empty.frequency(NAME, "meier") == 0
    assert empty.count() == 0


def test_versions_of_documents_are_remembered_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = reader_of(PEOPLE, POLICIES)
    hits = reader.by_rank(term(NAME, "meier"), reader.scope(LOCAL_ADMIN), 10)
    addresses = [address for _, address in hits]
    ranks = [rank for rank, _ in hits]
    places = [(each.segment_ord, each.doc) for each in addresses]
    told = reader.versions(addresses)
    assert reader.versions(addresses, ranks) == told
    for end in (1, 3, 2, 0, 3):
        assert reader.versions_at(places[:end], addresses[:end], ranks[:end]) == told[:end]
    monkeypatch.setattr(reader, "versions", None)  # whoever is remembered is not asked for
    assert reader.versions_at(places, addresses, ranks) == told
    monkeypatch.undo()
    monkeypatch.setattr(reading, "MAX_REMEMBERED_VERSIONS", 3)
    reader._versions.clear()
    for at in (0, 1, 2, 0, 1):
        two = slice(at, at + 2)
        assert reader.versions_at(places[two], addresses[two], ranks[two]) == told[two]
        assert len(reader._versions) <= 3
