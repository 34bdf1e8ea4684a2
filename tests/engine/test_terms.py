"""The terms by which a contact is found."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from engine import terms
from engine.contact import Address
from engine.tokens import index_words
from tests.engine.building import contact, line


def test_a_contact_is_found_by_its_names_and_by_its_other_texts_field_by_field() -> None:
    whole = contact(
        "1", "Anna Abel", given_name="Anna", surname="Abel", company="ACME", department="Sales",
        job="Clerk", address=Address(city="Ulm"), emails=("a@b.example",), custom={"1": "K1"},
        notes="never searched",
    )  # fmt: skip
    assert terms.name_words(whole) == ["anna", "abel"]
    assert terms.other_texts(whole) == [
        ("department", "Sales"),
        ("job", "Clerk"),
        ("city", "Ulm"),
        ("emails", "a@b.example"),
        ("custom.1", "K1"),
    ]
    assert all(field in terms.MARKS for field, _ in terms.other_texts(whole))


def test_a_person_is_named_as_a_whole_without_titles_and_in_any_order() -> None:
    one = contact("1", "Dr. Anna von Abel", given_name="Anna", surname="Abel", link="K-17")
    assert terms.person_terms(one) == ["=abel anna", "~aa", terms.link_term("&k-17")]
    assert len(terms.link_term("&k-17")) == 7
    other = contact("2", "Abel, Anna", given_name="Anna-Lena", surname="Ebel")
    assert terms.person_terms(other) == ["=abel anna", "=anna annalena ebel lena", "~ae", "~ea"]
    firm = contact("3", company="Abel Bau GmbH & Co. KG", emails=("info@abel.example",))
    assert terms.person_terms(firm) == ["=abel bau"]


@given(st.text(max_size=50) | st.from_regex("[A-Za-z0-9]{1,50}", fullmatch=True))
def test_a_value_of_its_own_has_the_words_of_any_text(text: str) -> None:
    assert terms.marked_value("A", text) == terms.marked_text("A", text)


def test_two_words_of_a_name_make_one_term_whatever_their_order() -> None:
    assert terms.pair_terms(["anna", "abel", "m"]) == [
        "abe ann",
        "abe m",
        "ann m",
    ]
    assert terms.pair_terms(["anna", "annett"]) == terms.pair_terms(["anna"]) == []
    assert terms.pair_terms([f"{letter}x" for letter in "abcdefghi"]) == [terms.ANY_PAIR]
    assert terms.pair_of(("muller", "annab")) == "ann mul"
    assert terms.pair_of(("anna", "ann")) == terms.pair_of(("an", "muller")) == ""


@given(st.lists(st.text("abc", min_size=1, max_size=4), max_size=12), st.data())
def test_names_that_have_two_typed_beginnings_have_their_term(
    names: list[str], data: st.DataObject
) -> None:
    cuts = [word[: data.draw(st.integers(1, len(word)))] for word in names]
    typed = tuple(data.draw(st.lists(st.sampled_from(cuts), max_size=3))) if cuts else ()
    wanted = terms.pair_of(typed)
    assert not wanted or not {wanted, terms.ANY_PAIR}.isdisjoint(terms.pair_terms(names))


def test_the_parts_of_a_number_stand_in_the_field_of_its_kind() -> None:
    one = contact(
        "1", "A", line("498999998123"), line("491701234567", "mobile"), line("4989x7", "mobile")
    )
    assert terms.number_terms(one) == (
        ["498999998123", "491701234567", "4989x7"],
        ["498999998123", "491701234567"],
        {
            "part_work": ["^498999998123$", "^89"],
            "part_mobile": ["^491701234567$", "^17", "^4989$", "^89"],
        },
    )


def test_the_rank_is_alphabetical_by_surname_and_its_own_for_each_record() -> None:
    ranks = [
        terms.rank_of(contact(key, given_name=given, surname=surname))
        for key, given, surname in [
            ("1", "Zoe", "Abel"), ("2", "Anna", "Müller"), ("3", "Zoe", "Muller"), ("4", "A", "Z"),
        ]
    ]  # fmt: skip
    ranks += [
        terms.rank_of(contact(name, name, company=name))
        for name in ("", "Abel Bau", "Müller AG", "Muller GmbH", "Z", "zzzzzzzzzzzz", "付")
    ]
    assert ranks == sorted(ranks)
    assert ranks[0] >= 0
    assert ranks[-1] < 2**64
    twins = {terms.rank_of(contact(str(n), surname="Unterhuberbauer")) for n in range(50)}
    assert len(twins) == 50


def test_records_of_one_person_share_a_link_and_shared_mailboxes_make_none() -> None:
    one = contact("1", "Anna Abel", "498999998123", surname="Abel", emails=("Anna@b.example",))
    other = contact("2", "Abel, A.", "498999998123", surname="ABEL", emails=("info@b.example",))
    assert set(terms.link_terms(one)) & set(terms.link_terms(other)) == {"#498999998123 abel"}
    assert "@anna@b.example" in terms.link_terms(one)
    assert not any(term.startswith("@") for term in terms.link_terms(other))
    assert terms.link_terms(contact("3")) == []


def test_a_name_that_is_not_told_apart_may_have_its_surname_first_or_last() -> None:
    one = contact("1", "Dr. Meier, Anna", "498999998123")
    assert terms.link_terms(one) == ["#498999998123 meier", "#498999998123 anna"]
    firm = contact("2", company="Abel Bau GmbH")
    assert terms.link_names(firm) == ["abel bau"]
    for name, surname in (("Ma, Wei", "ma"), ("Dr. Herr, Anna", "herr"), ("Bau GmbH, Ulm", "bau")):
        assert surname in terms.link_names(contact("1", name))
    assert "herr" not in terms.link_names(contact("1", "Herr Meier"))


names = st.lists(
    st.sampled_from(("Anna", "von", "der", "Heide", "Meier-Vogt", "O'Brien", "Щукина", "Dr.", "")),
    max_size=3,
).map(" ".join)


@example("Anna", "Anna von", "{1}, {0}")
@given(names, names, st.sampled_from(("{0} {1}", "{1}, {0}", "{1} {0}", "{0}", "{1}", "Dr. {0}")))
def test_a_display_name_put_together_of_the_names_has_no_words_of_its_own(
    given_name: str, surname: str, order: str
) -> None:
    display = order.format(given_name, surname)
    one = contact("1", display, given_name=given_name, surname=surname)
    every = [*index_words(display), *index_words(given_name), *index_words(surname)]
    assert sorted(terms.name_words(one)) == sorted(set(every))
