"""Who is near to the asker: the levels, told alike by the index and by the rule for one contact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contact import Contact
from engine.nearness import COLLEAGUE, NEAR, OTHERS, PRIVATE, Nearness
from engine.rights import SourcePolicy
from engine.selecting import everyone_query
from tests.engine.building import contact
from tests.engine.searching import reader_of
from tests.engine.test_ranking import EVA

POLICIES = {
    "crm": SourcePolicy("crm"),
    "shy": SourcePolicy("shy", fields={"department": ()}),
    "eva": SourcePolicy("eva", owner="eva"),
}
WORK = ("Nordlicht AG", "Einkauf")


def near(one: Contact, company: str = WORK[0], department: str = WORK[1]) -> int:
    scope = reader_of([one], POLICIES).scope(EVA)
    return Nearness(scope, company, department).level(one)


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (contact("1", "A", source="eva"), PRIVATE),
        (contact("1", "A", company="Nordlicht GmbH", department="Einkauf Süd"), COLLEAGUE),
        (contact("1", "A", company="Nordlicht AG", department="Vertrieb"), NEAR),
        (contact("1", "A", company="Südlicht AG", department="Einkauf"), NEAR),
        (contact("1", "A", company="Nordlichter AG"), OTHERS),
        (contact("1", "A", source="shy", company="X", department="Einkauf"), OTHERS),
    ],
)
def test_a_contact_has_one_level(one: Contact, level: int) -> None:
    assert near(one) == level


def test_whose_department_is_unknown_has_the_whole_company_for_colleagues() -> None:
    assert near(contact("1", "A", company="Nordlicht AG"), department="") == COLLEAGUE
    assert near(contact("1", "A", department="Einkauf"), company="") == NEAR
    assert near(contact("1", "A", company="Nordlicht AG"), "", "") == OTHERS


words = st.sampled_from(("Nordlicht AG", "Südlicht", "Einkauf", "Vertrieb", ""))
people = st.lists(
    st.builds(
        lambda source, company, department: (source, company, department),
        st.sampled_from(tuple(POLICIES)), words, words,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(people, words, words)
def test_every_contact_is_found_on_its_level_and_on_no_other(
    made: list[tuple[str, str, str]], company: str, department: str
) -> None:
    known = {
        str(key): contact(str(key), "A", source=source, company=firm, department=room)
        for key, (source, firm, room) in enumerate(made)
    }
    reader = reader_of(known.values(), POLICIES)
    scope = reader.scope(EVA)
    nearness = Nearness(scope, company, department)
    found = {
        reader.record(address, scope).contact.id.key: level.level
        for level in nearness.levels()
        for _, address in reader.by_rank(level.of(everyone_query()), scope, 100)
    }
    assert found == {key: nearness.level(each) for key, each in known.items()}
