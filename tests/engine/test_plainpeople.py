"""The short way of a people search gives what the long way gives, or leaves it to that."""

from __future__ import annotations

import gc
from itertools import combinations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import plainpeople
from engine.contact import Address, Contact, encode_contact
from engine.leading import Leading
from engine.people import PeopleSearch
from engine.plainpeople import plain_page
from engine.plainwords import PlainWords
from engine.query import PeoplePage, PeopleQuery
from engine.reader import Reader
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from engine.terms import rank_of
from engine.typed import read_typed
from tests.engine.building import contact
from tests.engine.searching import reader_of
from tests.engine.test_ranking import EVA, records, rights

POLICIES = {"crm": SourcePolicy("crm", 500), "old": SourcePolicy("old", 100)}

TYPED = (
    "m", "me", "mei", "meier", "maierhofer", "maierhoferinnen", "anna", "am", "b", "bau", "ulm",
    "von", "щук", "schtsch", "info", "k12", "anna m", "m anna", "meier anna", "anna anna",
    "an ann", "mull bau", "bau ulm", "ulm ann", "von mull", "vonmuller", "anna k1234",
    "meyr", "meir anna", "nobody", "anna nobody", "bau.example", "qq", "jurgen von",
)  # fmt: skip


def short(reader: Reader, query: PeopleQuery) -> PeoplePage | None:
    found = plain_page(
        reader, PlainWords(reader.frequency), query, read_typed(query.text), query.limit
    )
    return found if isinstance(found, PeoplePage) else None


def long(reader: Reader, query: PeopleQuery) -> PeoplePage:
    return PeopleSearch(reader).the_long_way(query, read_typed(query.text))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=records(), policies=rights(), limit=st.sampled_from((1, 3, 10)))
def test_it_gives_what_the_long_way_gives(
    made: list[Contact], policies: dict[str, SourcePolicy], limit: int
) -> None:
    reader = reader_of(made, policies)
    for who in (EVA, LOCAL_ADMIN):
        for text in TYPED:
            query = PeopleQuery(text, who, limit)
            page = long(reader, query)
            assert PeopleSearch(reader).page(query, read_typed(text)) == page
            found = short(reader, query)
            assert found is None or found == page


GIVEN, SURNAMES = ("Anna", "Anton", "Bert", "Theo"), ("Bauer", "Meier", "Meiring", "Thoma")
COMPANIES = ("", "Bauer & Thoma", "Meier AG", "Antonbau Thoma", "von Bauer")
PLACES = ("", "Bautzen", "Meiringen", "Anton Thomas")
MAILS = ((), ("anna.bauer@thoma.example",), ("meier@bauer.example", "bert@meier.example"))


@st.composite
def crossed(draw: st.DrawFn) -> list[Contact]:
    """Draw contacts whose names, companies, cities, jobs and addresses begin alike."""
    chosen = st.sampled_from
    return [
        contact(
            str(key),
            source=draw(chosen(("crm", "old"))),
            given_name=draw(chosen(GIVEN)),
            surname=draw(chosen(SURNAMES)),
            company=draw(chosen(COMPANIES)),
            department=draw(chosen(PLACES)),
            job=draw(chosen(PLACES)),
            address=Address(city=draw(chosen(PLACES))),
            emails=draw(chosen(MAILS)),
        )
        for key in range(draw(st.integers(1, 40)))
    ]


TYPED_WORDS = "anna", "anton", "antonbau", "bauer", "bautzen", "meiringen", "thomas", "ag"

two_words = st.lists(
    st.builds(
        lambda word, letters: word[:letters],
        st.sampled_from(TYPED_WORDS),
        st.integers(1, 9),
    ),
    min_size=2,
    max_size=2,
).map(" ".join)


@pytest.mark.parametrize(("many_found", "most_read"), [(60, 12), (60, 2), (5, 12), (0, 0)])
def test_two_words_are_found_alike_in_whatever_way_they_are_asked_for(
    many_found: int, most_read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plainpeople, "MANY_FOUND", many_found)
    monkeypatch.setattr(plainpeople, "MOST_READ", most_read)

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        made=crossed(),
        texts=st.lists(two_words, min_size=8, max_size=8),
        priority=st.sampled_from((100, 500)),
    )
    def alike(made: list[Contact], texts: list[str], priority: int) -> None:
        policies = {
            "crm": SourcePolicy("crm", 500),
            "old": SourcePolicy("old", priority, ("staff",)),
        }
        reader = reader_of(made, policies)
        people = PeopleSearch(reader)  # remembers the words of the texts before
        for who in (EVA, Principal("bert", "user"), LOCAL_ADMIN):
            for text, limit in product(texts, (2, 10)):
                query = PeopleQuery(text, who, limit)
                assert people.page(query, read_typed(text)) == long(reader, query)

    alike()


def questions_of(reader: Reader, text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many questions a text is asked by, the first time."""
    questions, ask = list[object](), Reader.counted_by_rank
    monkeypatch.setattr(
        Reader,
        "counted_by_rank",
        lambda self, question, *rest, **named: (
            questions.append(question) or ask(self, question, *rest, **named)
        ),
    )
    assert short(reader, PeopleQuery(text, EVA)) is not None
    return len(questions)


def test_who_does_not_have_both_words_in_the_name_is_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["Anna Bauer", "Anna Bauwein", "Anna Baumann", "Bert Baum", "Anna Meier", "Carl Meier"]
    companies = ["", "", "Annabau", "Annahof", "Bautzener", "Anna Bau AG"]
    made = [
        contact(name, name, company=company, emails=(f"{name.replace(' ', '.')}@anna.example",))
        for name, company in zip(names, companies, strict=True)
    ]
    assert questions_of(reader_of(made, POLICIES), "ann bau", monkeypatch) == 2


def test_a_page_leaves_no_circle_behind(crowd: Reader) -> None:
    people = PeopleSearch(crowd)
    texts = ("m", "mei", "anna bauer", "bert meir", "an mei", "bau meiring", "anna nobody")
    gc.collect()
    gc.disable()
    try:
        for text in texts:
            people.answer(PeopleQuery(text, EVA))
        assert gc.collect() == 0
    finally:
        gc.enable()


def namesakes(many: int) -> list[Contact]:
    """Return contacts of whom many share beginnings, a tenth of them twice, in two sources."""
    given_names, surnames = ("Anna", "Anton", "Bert", "M."), ("Meier", "Meiring", "Mayr", "Bauer")
    made = []
    for key in range(many):
        name = f"{given_names[key % 4]} {surnames[key % 13 % 4]}"
        mail = (f"p{key // 20 * 20}@bau.example",) if key % 10 == 0 else ()
        source = "old" if key % 3 else "crm"
        made.append(
            contact(str(key), name, source=source, company=f"Meiring {key % 7}", emails=mail)
        )
    return made


@pytest.fixture(scope="module")
def crowd() -> Reader:
    """Return a reader of classes that are too large to be sorted, with limits of beginnings."""
    made = namesakes(1_500)
    return reader_of(made, POLICIES, Leading.guess(map(encode_contact, made), len(made)))


@pytest.mark.parametrize("limit", [1, 10, 60, 1_000])
@pytest.mark.parametrize(
    "text", ["m", "a", "mei", "meier", "bert", "an mei", "anna bauer", "m mei", "bert meir", "p"]
)
def test_classes_that_are_too_large_to_be_sorted_are_read_as_far(
    crowd: Reader, text: str, limit: int
) -> None:
    query = PeopleQuery(text, EVA, limit)
    found = short(crowd, query)
    assert found == long(crowd, query)
    assert found is not None
    assert len(found.hits) > 0


@pytest.mark.parametrize("limit", [1, 3, 10])
@pytest.mark.parametrize("text", ["mei", "meier", "anna", "ann mei", "anna meier", "ag"])
@pytest.mark.parametrize("best_has_one", [False, True])
def test_they_are_found_whose_source_is_not_the_best(
    text: str, limit: int, *, best_has_one: bool
) -> None:
    towns = "bcdfghjklmnpqrstvwxz"
    made = [
        contact(f"{one}{other}", f"Anna {one}{other} Meier", source="old", company="Bau AG")
        for one in towns
        for other in towns[:5]
    ]
    made += [contact(str(key), f"Kunde {key}") for key in range(50)]
    if best_has_one:  # the last of all in the alphabet
        made.append(contact("last", "Anna Zz Meier", company="Bau AG"))
    reader = reader_of(made, POLICIES)
    query = PeopleQuery(text, EVA, limit)
    page = PeopleSearch(reader).answer(query)
    assert page == long(reader, query)
    assert len(page.hits) == limit


def test_namesakes_of_one_rank_are_left_to_the_long_way() -> None:
    made = [contact(str(key * key), "Anna Meier") for key in range(1_500)]
    by_rank: dict[int, list[Contact]] = {}
    for each in made:
        by_rank.setdefault(rank_of(each), []).append(each)
    twins = next(same for same in by_rank.values() if len(same) > 1)
    reader = reader_of([*twins, contact("x", "Anna Meierhof")], POLICIES)
    assert all(rank_of(one) == rank_of(other) for one, other in combinations(twins, 2))
    query = PeopleQuery("meier", EVA)
    assert short(reader, query) is None
    assert len(PeopleSearch(reader).answer(query).hits) == len(twins) + 1


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("8124", {}),
        ("meier 8124", {}),
        ("anna bert meier", {}),
        ("nobody", {}),
        ("meier", {"company": "Bau"}),
        ("meier", {"department": "Bau"}),
        ("meier", {"fold": True}),
        ("634", {"t9": True}),
    ],
)
def test_what_is_not_plain_is_left_to_the_long_way(
    crowd: Reader, text: str, changes: dict[str, str]
) -> None:
    assert short(crowd, PeopleQuery(text, EVA, **changes)) is None  # type: ignore[arg-type]  # as above


def test_an_asker_with_an_own_book_or_with_hidden_fields_is_left_to_the_long_way() -> None:
    made = [contact("1", "Anna Meier"), contact("2", "Bert Meier", source="old")]
    eva = Principal("eva", "user")
    for policy in (SourcePolicy("old", owner="eva"), SourcePolicy("old", fields={"emails": ()})):
        reader = reader_of(made, {"crm": SourcePolicy("crm"), "old": policy})
        assert short(reader, PeopleQuery("meier", eva)) is None


@pytest.mark.parametrize(
    ("surnames", "asked"),
    [(("Waldmann",), 1), (("Waldmann", "Waldmannin"), 2), (("Waldmannin", "Waldmanner"), 1)],
)
def test_a_class_that_can_add_nobody_is_not_asked(
    surnames: tuple[str, ...], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        contact(f"{surname}{given}", f"{given} {surname}")
        for surname in surnames
        for given in ("Anna", "Bert", "Carl")
    ]
    reader = reader_of(made, POLICIES)
    query = PeopleQuery("waldmann", EVA)
    expected = long(reader, query)
    questions, ask = list[object](), Reader.counted_by_rank
    monkeypatch.setattr(
        Reader,
        "counted_by_rank",
        lambda self, question, *rest: questions.append(question) or ask(self, question, *rest),
    )
    assert short(reader, query) == expected
    assert len(expected.hits) == len(made)
    assert len(questions) == asked
