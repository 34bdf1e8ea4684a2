"""People search, on a real index."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contact import Address
from engine.errors import InvalidCursor
from engine.query import PeopleQuery
from engine.rights import LOCAL_ADMIN, Principal
from tests.engine.building import Directory, contact

USER = Principal("eva", "user")

PEOPLE = (
    contact("1", "Jürgen Müller", "498999998123", company="Beispiel GmbH"),
    contact("2", "Anna Meier-Vogt", "498999998124", company="Müller AG"),
    contact("3", "Eva O'Brien", "4917139200123", given_name="Eva", surname="O'Brien"),
    contact("4", "Petra Maier", "493023125077", address=Address(city="München")),
    contact("5", "Hidden Mueller", "498999998125", source="hr"),
    contact("6", "Maximilian Unterhuberbauer", emails=("max.u@beispiel.example",)),
)


def found(directory: Directory, text: str, who: Principal = USER, limit: int = 10) -> list[str]:
    return [
        hit.contact.id.key for hit in directory.index.people(PeopleQuery(text, who, limit)).hits
    ]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("mue", ["1", "2", "4", "6"]),  # "mu" are initials, too
        ("müller", ["1", "2"]),
        ("muller jurgen", ["1"]),
        ("jürg bei", ["1"]),
        ("obrien", ["3"]),
        ("o'brien eva", ["3"]),
        ("vogt", ["2"]),
        ("meiervogt", ["2"]),
        ("maier münch", ["4"]),
        ("unterhuberb", ["6"]),
        ("max.u@beispiel", ["6"]),
        ("8124", ["2"]),
        ("+49 30", ["4"]),
        ("nobody", []),
        ("", []),
        ("* ) (", []),
    ],
)
def test_every_word_is_a_prefix_in_any_order(
    directory: Directory, text: str, keys: list[str]
) -> None:
    directory.hold(*PEOPLE)
    assert sorted(found(directory, text)) == keys


def test_a_guess_beside_a_part_of_a_number_is_one_of_sound_and_says_so(
    directory: Directory,
) -> None:
    directory.hold(*PEOPLE, contact("7", "Ida Meter", "493023125078"))
    page = directory.index.people(PeopleQuery("mayr 2312507", USER))
    assert [(hit.id.key, hit.match_class) for hit in page.hits] == [("4", 14)]
    assert [each.how for each in page.hits[0].answers] == ["sounds", "part"]


def test_a_compound_is_marked_and_meant_where_it_is_guessed(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    page = directory.index.people(PeopleQuery("obrian", USER))
    assert [(hit.id.key, hit.match_class) for hit in page.hits] == [("3", 14)]
    assert [(each.text, each.how) for each in page.hits[0].answers] == [("O'Brien", "sounds")]
    assert page.did_you_mean == "O'Brien"


def test_a_number_that_has_typed_digits_in_pieces_alone_is_no_guess(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    assert found(directory, "mayr 2312507") == ["4"]
    assert found(directory, "jurgen 99998999") == []  # 999, 998, 989, 899 are in 498999998123


def test_a_beginning_with_a_letter_too_many_is_found_and_meant(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    page = directory.index.people(PeopleQuery("juergxe", USER))  # jurge of Jürgen
    assert [hit.id.key for hit in page.hits] == ["1"]
    assert [(each.text, each.how) for each in page.hits[0].answers] == [("Jürgen", "spelled")]
    assert page.did_you_mean == "Jürgen"


def test_two_letters_that_look_like_an_umlaut_may_have_been_turned_round(
    directory: Directory,
) -> None:
    thomas = [contact(f"t{n}", f"Thomas Acker{n}") for n in range(12)]
    directory.hold(
        *thomas,
        contact("theo", "Theo Zorn"),
        contact("thoene", "Anna Thöne"),
        contact("hidden", "Theo Abel", source="hr"),
        contact("company", "Ida Zorn", company="Theo AG"),
        contact("part", "Theodor Zorn"),
    )
    page = directory.index.people(PeopleQuery("thoe", USER, 20))
    first = page.hits[0]
    assert (first.id.key, first.match_class) == ("theo", 5)
    assert [(each.text, each.how) for each in first.answers] == [("Theo", "spelled")]
    assert {hit.id.key for hit in page.hits[1:]} == {*(each.id.key for each in thomas), "thoene"}
    assert found(directory, "thoe", limit=1) == ["theo"]
    assert (
        "turned round: theo"
        in directory.index.explain_people(PeopleQuery("thoe", USER))[1].steps[1].result
    )


def test_names_come_before_companies_and_whole_words_before_parts(directory: Directory) -> None:
    directory.hold(
        contact("company", "Zoe Zorn", company="Maier AG"),
        contact("part", "Anna Maierhofer"),
        contact("whole", "Zacharias Maier"),
    )
    assert found(directory, "maier") == ["whole", "part", "company"]


def test_equal_hits_come_in_alphabetical_order_by_priority(directory: Directory) -> None:
    directory.hold(
        contact("2", "Meier Beate"),
        contact("1", "Meier Anton"),
        contact("3", "Meier Anton", source="old"),
    )
    assert found(directory, "meier") == ["1", "2", "3"]


@pytest.mark.parametrize("surname", ["Koch", "Hoffmann", "Schneider", "Zimmermann"])
def test_namesakes_come_by_their_given_names_however_long_the_surname(
    directory: Directory, surname: str
) -> None:
    given_names = ("Anna", "Bernd", "Clara", "Eva", "Ines", "Maria", "Stefan", "Theo", "Uwe")
    made = [
        contact(f"{9 - n}", f"{given} {surname}", given_name=given, surname=surname)
        for n, given in enumerate(given_names)
    ]
    hits = directory.hold(*made).people(PeopleQuery(surname, USER)).hits
    assert [hit.contact.given_name for hit in hits] == list(given_names)


def test_hidden_people_are_not_found(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    assert "5" not in found(directory, "mueller")
    assert "5" in found(directory, "mueller", LOCAL_ADMIN)


def test_limits_are_clamped(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    for limit in (0, -1, 2**31 - 1):
        assert found(directory, "mü", limit=limit)
    assert len(found(directory, "mü", limit=1)) == 1


def test_a_hit_says_what_matched_and_why(directory: Directory) -> None:
    directory.hold(*PEOPLE)
    page, why = directory.index.explain_people(PeopleQuery("jürg", USER))
    assert page.hits[0].matched == ("display_name",)
    assert any(
        "'Jürgen Müller'" in step.result and "jurg begins 'Jürgen' (display_name)" in step.result
        for step in why.steps
    )
    number_hits = directory.index.people(PeopleQuery("8123", USER)).hits
    assert number_hits[0].matched == ("phones.work",)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(text=st.text(max_size=200))
def test_nothing_typed_breaks_the_search(directory: Directory, text: str) -> None:
    directory.hold(*PEOPLE)
    directory.index.explain_people(PeopleQuery(text, USER, 5))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("jm", ["1"]),
        ("schtsch", ["7"]),
        ("vonderhei", ["8"]),
        ("mayr", ["2", "4"]),
        ("petra maire", ["4"]),
        ("unterhubrbau", ["6"]),
        ("089 99998-12", ["1", "2"]),
        ("0171", ["3"]),
        ("1713", ["3"]),
        ("3912", []),
        ("beispiel.example", ["6"]),
    ],
)
def test_other_ways_to_write_a_name_or_a_number(
    directory: Directory, text: str, keys: list[str]
) -> None:
    directory.hold(
        *PEOPLE,
        contact("1", "Jürgen Müller", "498999998123", given_name="Jürgen", surname="Müller"),
        contact("7", "Юлия Щукина"),
        contact("8", "Anna von der Heide"),
    )
    assert sorted(found(directory, text)) == keys


def test_letters_on_a_phones_keys_are_found_if_asked_for(directory: Directory) -> None:
    index = directory.hold(*PEOPLE)
    keys = PeopleQuery("6243", USER, t9=True)
    assert [hit.id.key for hit in index.people(keys).hits] == ["4"]
    assert index.people(keys).hits[0].answers[0].how == "keys"
    assert index.people(PeopleQuery("6243", USER)).hits == ()


def test_another_spelling_is_suggested_where_nobody_was_found_as_typed(
    directory: Directory,
) -> None:
    index = directory.hold(*PEOPLE)
    assert index.people(PeopleQuery("petra mayer", USER)).did_you_mean == "Petra Maier"
    assert index.people(PeopleQuery("xyzzyq petra", USER)).did_you_mean == "petra"
    assert index.people(PeopleQuery("hiddn", USER)).did_you_mean == ""
    assert index.people(PeopleQuery("petra", USER)).did_you_mean == ""


def test_highlighted_are_the_letters_that_were_typed(directory: Directory) -> None:
    hit = directory.hold(*PEOPLE).people(PeopleQuery("muell bei", USER)).hits[0]
    shown = {
        span.field: getattr(hit.contact, span.field)[span.start : span.end] for span in hit.spans
    }
    assert shown == {"display_name": "Müll", "company": "Bei"}
    number = directory.index.people(PeopleQuery("8124", USER)).hits[0].spans[0]
    assert (number.field, number.at, number.start, number.end) == ("phones.work", 0, 8, 12)


@pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "a" * 5000, "é"])
def test_a_cursor_that_was_not_made_here_is_refused(directory: Directory, cursor: str) -> None:
    directory.hold(*PEOPLE)
    with pytest.raises(InvalidCursor):
        directory.index.people(PeopleQuery("mü", USER, cursor=cursor))


def test_a_cursor_of_another_text_is_refused(directory: Directory) -> None:
    index = directory.hold(*PEOPLE)
    cursor = index.people(PeopleQuery("mü", USER, 1)).cursor
    assert cursor
    with pytest.raises(InvalidCursor, match="another text"):
        index.people(PeopleQuery("an", USER, 1, cursor))


def test_the_person_of_a_record_is_it_with_the_records_linked_to_it(directory: Directory) -> None:
    twin = contact("9", "Müller, J.", "498999998123", source="old", job="Leitung")
    index = directory.hold(*PEOPLE, twin)
    person = index.person(PEOPLE[0].id, USER)
    assert person is not None
    assert [record.key for record in person.records] == ["1", "9"]
    assert person.contact.job == "Leitung"
    assert index.person(PEOPLE[4].id, USER) is None


COURTESY_PEOPLE = (
    contact("1", "", "493023125001", given_name="Jörg", surname="Großmann-Weiß", title="Dr."),
    contact("2", "Erika Maier"),
    contact("3", "Frauke Schmidt"),
    contact("4", "Eva Schmidt"),
    contact("5", "Ida Bauer", company="Abel & Söhne GmbH"),
)


@pytest.mark.parametrize(
    ("text", "keys", "meant"),
    [
        ("Dr. Großmann", ["1"], "Großmann"),
        ("Herr Dr. Grosmann", ["1"], "Großmann"),
        ("Frau Maier", ["2"], "Maier"),
        ("frau schm", ["3"], "schm"),
        ("Frau Schmidt", ["3"], "Schmidt"),
        ("Schmidt Frauke", ["3"], ""),
        ("Abel und Söhne", ["5"], "Abel Söhne"),
        ("Abel & Söhne KG", ["5"], "Abel Söhne"),
        ("Herr Xyzzyq", [], ""),
        ("Frau Xyzzyq", [], ""),
        ("herr", [], ""),
    ],
)
def test_where_nobody_is_found_with_them_titles_and_the_like_are_left_out(
    directory: Directory, text: str, keys: list[str], meant: str
) -> None:
    page = directory.hold(*COURTESY_PEOPLE).people(PeopleQuery(text, USER))
    assert [hit.id.key for hit in page.hits] == keys
    assert page.did_you_mean == meant


def test_pages_without_titles_go_on_and_say_what_was_left_out(directory: Directory) -> None:
    index = directory.hold(*COURTESY_PEOPLE)
    first = index.people(PeopleQuery("Hr. Schmidt", USER, 1))
    second = index.people(PeopleQuery("Hr. Schmidt", USER, 1, first.cursor))
    assert [hit.id.key for page in (first, second) for hit in page.hits] == ["4", "3"]
    assert second.cursor == ""
    _, explanation = index.explain_people(PeopleQuery("Hr. Maier", USER))
    read = {step.step: step.result for step in explanation.steps}["read"]
    assert read == "words: maier*; left out, since nobody was found with it: hr"


def test_what_is_counted_is_what_was_found(directory: Directory) -> None:
    pieces = [contact(f"{n:02}", f"Anna {n:02}", f"4917139000{n:02}0") for n in range(20, 30)]
    index = directory.hold(contact("1", "Bert", "491713900200"), *pieces)
    for text in ("3900200", "0171 3900200"):
        page = index.people(PeopleQuery(text, USER))
        assert (len(page.hits), page.total, page.total_is_exact) == (1, 1, True)


@pytest.mark.parametrize("text", ["山田太郎", "山田太", "山田 太郎"])
def test_names_of_east_asia_are_found_without_a_gap(directory: Directory, text: str) -> None:
    index = directory.hold(contact("1", given_name="太郎", surname="山田"))
    (hit,) = index.people(PeopleQuery(text, USER)).hits
    assert {span.field for span in hit.spans} == {"surname", "given_name"}


@pytest.mark.parametrize(
    ("name", "shown"), [("Großmann-Weiß", "Großmann-Weiß, Jörg"), ("O'Connor", "O'Connor, Jörg")]
)
def test_a_compound_surname_before_a_comma_is_the_same_surname(
    directory: Directory, name: str, shown: str
) -> None:
    one = contact("1", "", "493023125001", given_name="Jörg", surname=name)
    index = directory.hold(one, contact("2", shown, "493023125001"))
    (hit,) = index.people(PeopleQuery("jörg", USER)).hits
    assert len(hit.records) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [("vonderheide", "von der Heide"), ("meiervo", "Meier-Vo"), ("meiervogt", "Meier-Vogt")],
)
def test_words_that_are_found_as_one_are_highlighted_and_explained(
    directory: Directory, text: str, shown: str
) -> None:
    made = contact("1", "Anna von der Heide"), contact("2", "Ida Meier-Vogt")
    (hit,) = directory.hold(*made).people(PeopleQuery(text, USER)).hits
    (span,) = hit.spans
    assert hit.name[span.start : span.end] == shown
    assert [answer.word for answer in hit.answers] == [text]
