"""People as the app gets them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rules import MAX_KEY_CHARS
from engine.contact import ContactId
from engine.query import PeopleQuery
from engine.rights import Principal, SourcePolicy
from relay.persons import Answers, is_web_address, person_id, read_person_id
from tests.engine.building import contact
from tests.engine.searching import search_of


@pytest.mark.parametrize(
    ("source", "key", "text"),
    [
        ("crm", "1042", "crm:1042"),
        ("CRM (alt)", "A-1 ä", "CRM (alt):A-1 %C3%A4"),
        ("crm", "a/b:c?d#e%f;g", "crm:a%2Fb:c%3Fd%23e%25f%3Bg"),
        ("crm", "..", "crm:.."),
    ],
)
def test_an_id_is_the_records_own_wherever_a_path_carries_it(
    source: str, key: str, text: str
) -> None:
    assert person_id(ContactId(source, key)) == text
    assert read_person_id(text) == ContactId(source, key)


_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


@given(source=_TEXT.filter(lambda text: ":" not in text), key=_TEXT)
def test_every_record_has_an_id_that_leads_back(source: str, key: str) -> None:
    text = person_id(ContactId(source, key))
    assert "/" not in text
    assert text.isascii()
    assert read_person_id(text) == ContactId(source, key)


def test_the_longest_key_of_the_most_costly_letters_leads_back() -> None:
    longest = ContactId("ä" * 64, "\N{CJK UNIFIED IDEOGRAPH-20000}" * MAX_KEY_CHARS)
    assert read_person_id(person_id(longest)) == longest


@pytest.mark.parametrize("text", ["", ":", "crm", "crm:", ":1", "x" * 5000 + ":1"])
def test_what_is_no_id_is_nobody(text: str) -> None:
    assert read_person_id(text) is None


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("https://crm.example/c/1?x=1", True),
        ("http://crm.example", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("//crm.example", False),
        ("https:///x", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_a_click_opens_web_addresses_only(text: str, *, opens: bool) -> None:
    assert is_web_address(text) is opens


@pytest.mark.parametrize(
    ("fields", "text", "shown"),
    [
        ({"given_name": "Nora", "surname": "van Ström"}, "stroem nora", {"Nora", "Ström"}),
        ({"surname": "Ström"}, "str", {"Str"}),
        ({"company": "Ström & Söhne"}, "soehne", {"Söhne"}),
        ({"name": "Ström, Nora", "given_name": "Nora", "surname": "Ström"}, "nora", {"Nora"}),
    ],
)
def test_letters_of_a_name_are_highlighted_however_it_is_put_together(
    fields: dict[str, str], text: str, shown: set[str]
) -> None:
    search = search_of([contact("1", **fields)], {"crm": SourcePolicy("crm")})
    page = Answers({}).page(search.answer(PeopleQuery(text, Principal("eva", "user"))))
    (hit,) = page.hits
    spans = [span for span in hit.spans if span.field == "display_name"]
    assert {hit.name[span.start : span.end] for span in spans} == shown
