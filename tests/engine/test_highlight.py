"""Where the typed words stand in what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact import Address
from engine.highlight import Span, _forms_of, answers_of, spans_in_name, spans_of, texts_of
from engine.matching import COMPANY, KEYS, NAME, NAME_WHOLE, NUMBER_PART, OTHER, SOUNDS
from engine.rights import HIDEABLE
from engine.terms import words_of_field
from engine.typed import read_typed
from tests.engine.building import contact, line

ALL = HIDEABLE
ANNA = contact(
    "1", "Dr. Änna Meier-Vogt", line("498999998123"), line("4917139200011", "mobile"),
    given_name="Änna", surname="Meier-Vogt", company="Straßenbau AG", department="Einkauf",
    address=Address(city="Ulm"), emails=("info@bau.example", "a.meier@bau.example"),
    custom={"1": "K-4711"},
)  # fmt: skip


def marked(text: str, match_class: int = OTHER, searched: frozenset[str] = ALL) -> list[str]:
    """Return field and highlighted letters of each answer."""
    texts = dict(texts_of(ANNA))
    shown = []
    for span in spans_of(answers_of(read_typed(text), ANNA, searched, match_class)):
        whole = texts.get(span.field, "")
        if span.field == "emails":
            whole = ANNA.emails[span.at]
        elif span.field.startswith("phones."):
            whole = ANNA.phones[span.at].number.digits
        shown.append(f"{span.field}: {whole[span.start : span.end]}")
    return shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna", ["display_name: Änna"]),
        ("aen", ["display_name: Än"]),
        ("vogt", ["display_name: Vogt"]),
        ("strass", ["company: Straß"]),
        ("vo", ["display_name: Vo"]),
        ("meier ulm", ["display_name: Meier", "city: Ulm"]),
        ("ulm meier", ["city: Ulm", "display_name: Meier"]),
        ("a.meier@bau", ["emails: a", "display_name: Meier", "emails: bau"]),
        ("k47", ["custom.1: K-47"]),
        ("47", ["custom.1: 47"]),
        ("meier 8123", ["display_name: Meier", "phones.work: 8123"]),
        ("qqqqqq", []),
    ],
)
def test_the_best_place_of_each_word_is_marked(text: str, shown: list[str]) -> None:
    assert marked(text) == shown


def test_a_guess_marks_the_whole_word() -> None:
    assert marked("mayer", SOUNDS) == ["display_name: Meier"]


@pytest.mark.parametrize(
    ("text", "how"),
    [("mayer", "sounds"), ("maria", "sounds"), ("mariah", "sounds"), ("meter", "spelled")],
)
def test_a_guess_is_told_as_what_it_is_however_far(text: str, how: str) -> None:
    (answer,) = answers_of(read_typed(text), ANNA, ALL, SOUNDS)
    assert (answer.text, answer.how) == ("Meier", how)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("meiervokt", "Meier-Vogt"), ("meiervoctx", "Meier-Vogt"), ("maier", "Meier")],
)
def test_a_guess_may_be_a_compound(text: str, shown: str) -> None:
    assert marked(text, SOUNDS) == [f"display_name: {shown}"]


def test_letters_on_keys_and_initials_are_marked() -> None:
    keys = answers_of(read_typed("2662", keys=True), ANNA, ALL, KEYS)
    assert [(answer.how, answer.field) for answer in keys] == [("keys", "display_name")]
    both = answers_of(read_typed("am"), ANNA, ALL, 13)
    assert [answer.span for answer in both] == [
        Span("given_name", 0, 0, 1),
        Span("surname", 0, 0, 1),
    ]


def test_initials_of_a_name_that_is_only_shown_are_marked_in_it() -> None:
    one = contact("1", "Meier, Dr. Änna von der")
    both = answers_of(read_typed("am"), one, ALL, 13)
    assert [(answer.text, answer.span) for answer in both] == [
        ("Meier", Span("display_name", 0, 0, 1)),
        ("Änna", Span("display_name", 0, 11, 12)),
    ]
    assert answers_of(read_typed("ad"), one, ALL, 13) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("98123", ["phones.work: 98123"]),
        ("089 9999", ["phones.work: 899999"]),
        ("+49", ["phones.work: 49", "phones.mobile: 49"]),
        ("0171", ["phones.mobile: 171"]),
        ("777777", []),
    ],
)
def test_the_digits_are_marked_in_every_number_that_has_them(text: str, shown: list[str]) -> None:
    assert marked(text, NUMBER_PART) == shown


def test_what_may_not_be_searched_is_not_marked() -> None:
    assert marked("ulm", searched=ALL - {"city"}) == []
    assert marked("98123", NUMBER_PART, ALL - {"phones.work"}) == []
    assert marked("meier 8123", searched=ALL - {"phones.work"}) == ["display_name: Meier"]


@given(st.text(max_size=40), st.integers(1, 15))
def test_every_mark_lies_within_its_text(text: str, match_class: int) -> None:
    texts = dict(texts_of(ANNA))
    for answer in answers_of(read_typed(text), ANNA, ALL, match_class):
        span = answer.span
        if span.field in texts:
            assert 0 <= span.start < span.end <= len(texts[span.field])
            assert answer.text in texts[span.field]


def test_a_beginning_of_the_name_is_marked_there_though_the_company_is_called_so_whole() -> None:
    one = contact("1", "Anna Meier", company="Mei AG")
    for match_class, field in ((NAME, "display_name"), (COMPANY, "company")):
        (answer,) = answers_of(read_typed("mei"), one, ALL, match_class)
        assert answer.field == field


def test_where_a_linked_record_was_found_the_likest_word_of_the_shown_one_is_marked() -> None:
    one = contact("1", "Anna Meier", company="Nord AG")
    (answer,) = answers_of(read_typed("mayer"), one, ALL, NAME)
    assert (answer.text, answer.how) == ("Meier", "sounds")


@given(st.from_regex(r"[A-Za-z0-9äößéÆжλ]{1,60}", fullmatch=True))
def test_a_word_is_marked_by_the_forms_that_the_index_has_of_it(word: str) -> None:
    assert _forms_of(word) == words_of_field(word)


@given(
    st.text(alphabet="abeouäüÉł-'. _7", max_size=60),
    st.text(alphabet="abeouäl7", min_size=1, max_size=6),
)
def test_texts_in_plain_letters_are_marked_as_any_other(company: str, text: str) -> None:
    plain, other = (
        answers_of(read_typed(text), contact("1", "", company=name), ALL, COMPANY)
        for name in (company, f"{company} 付")
    )
    assert plain == other


@pytest.mark.parametrize(
    ("shown", "text", "letters"),
    [
        ("Jörg Kuester", "küst", "Kuest"),
        ("Jörg Kuester", "ku", "Ku"),
        ("Joe Neuer", "joe", "Joe"),
        ("Joe Neuer", "neue", "Neu"),
        ("Raphaël Maeß", "raphael", "Raphaël"),
        ("Łukasz Kříž", "kriz", "Kříž"),
    ],
)
def test_letters_are_marked_as_they_are_written(shown: str, text: str, letters: str) -> None:
    (answer,) = answers_of(read_typed(text), contact("1", shown), ALL, NAME)
    assert shown[answer.span.start : answer.span.end] == letters


_LETTERS = st.text("aenouAÖßéz -_1", max_size=8)


@given(
    _LETTERS,
    _LETTERS,
    st.sampled_from(("{0} {1}", "{1}, {0}", "Dr. {0} {1}", "{1} {0}", "aen {0}")),
    st.text("aenouö z1", max_size=6),
    st.sampled_from((NAME_WHOLE, NAME)),
)
def test_words_in_the_name_are_marked_on_the_short_way_as_on_the_long_one(
    given_name: str, surname: str, shown: str, text: str, match_class: int
) -> None:
    somebody = contact(
        "1", shown.format(given_name, surname), given_name=given_name, surname=surname
    )
    typed = read_typed(text)
    spans = spans_in_name(typed, somebody, match_class)
    if spans is not None:
        assert spans == spans_of(answers_of(typed, somebody, ALL, match_class))


def test_nearly_every_name_is_marked_on_the_short_way() -> None:
    assert spans_in_name(read_typed("vo än"), ANNA, NAME) == [
        Span("display_name", 0, 15, 17),
        Span("display_name", 0, 4, 6),
    ]
