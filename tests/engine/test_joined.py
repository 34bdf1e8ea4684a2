"""The records of one person become one hit."""

from __future__ import annotations

from engine.contact import Address
from engine.joined import alone, person_of
from engine.matching import NAME
from engine.typed import read_typed
from tests.engine.building import contact, line

NUMBER, OTHER = "498999998123", "4917139200123"


def test_the_first_record_shows_and_the_others_fill_its_blanks() -> None:
    best = contact("1", "Anna Meier", NUMBER, company="Nord", emails=("a@nord.example",))
    other = contact(
        "2", "A. Meier", NUMBER, OTHER, source="book", company="Nordlicht", job="Leitung",
        emails=("A@nord.example", "anna@home.example"), address=Address(city="Ulm"),
        custom={"1": "K1"},
    )  # fmt: skip
    person = person_of([best, other])
    assert (person.name, person.company, person.contact.job) == ("Anna Meier", "Nord", "Leitung")
    assert person.contact.custom == {"1": "K1"}
    assert {field.name: field.origin.key for field in person.fields()} == {
        "display_name": "1", "company": "1", "job": "2", "city": "2", "custom.1": "2",
    }  # fmt: skip
    assert [(each.number.digits, each.origin.key) for each in person.numbers] == [
        (NUMBER, "1"), (OTHER, "2"),
    ]  # fmt: skip
    assert [(each.address, each.origin.key) for each in person.emails] == [
        ("a@nord.example", "1"), ("anna@home.example", "2"),
    ]  # fmt: skip


def test_a_number_that_a_record_has_twice_is_shown_once() -> None:
    twice = contact("1", "Anna Meier", line(NUMBER), line(NUMBER, "fax"), OTHER)
    hit = alone(twice, NAME, read_typed("anna"), frozenset())
    assert [(each.number.digits, each.kind) for each in hit.numbers] == [
        (NUMBER, "work"), (OTHER, "work"),
    ]  # fmt: skip
    assert (hit.match_class, hit.records) == (NAME, (twice.id,))
