"""The short plan of a beginning says what the plan of any filter says."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ldapd.beginnings import beginning
from ldapd.planner import compile_filter, set_question
from ldapd.protocol.filters import Filter, Or, Substrings, parse_filter
from tests.engine.building import contact
from tests.ldapd.generated_filters import people
from tests.ldapd.house import EVERYBODY, MUNICH

CONTACTS = (
    *people(60, seed=8),
    *EVERYBODY,
    contact("two", "Prof. Dr. Ute van der Meiß"),
    contact("mail", "", emails=("meier@firm.example",)),
    contact("none", ""),
)
NAMES = ("cn", "sn", "displayName", "givenName", "commonName", "SURNAME", "gn", "2.5.4.3")

beginnings = st.sampled_from(
    [each.name[:length] for each in CONTACTS for length in (1, 2, 3, 6)]
    + [word for each in CONTACTS for word in each.name.casefold().split()]
) | st.text(max_size=5)


@given(
    names=st.lists(st.sampled_from((*NAMES, "mail", "o", "unheardOf")), min_size=1, max_size=4),
    text=beginnings,
)
@example(names=["cn", "sn"], text="mei")
@example(names=["sn"], text="van der m")
@example(names=["givenName", "cn"], text="Ju")
@example(names=["cn"], text="ß")
@example(names=["cn"], text="x" * 300)
def test_it_finds_whom_the_plan_of_any_filter_finds(names: list[str], text: str) -> None:
    terms = tuple(Substrings(name, text.encode(), (), None) for name in names)
    asked: Filter = Or(terms) if len(terms) > 1 else terms[0]
    short, long = beginning(asked), compile_filter(asked, MUNICH)
    if short is None:
        return
    assert short.selection == long.selection
    for each in CONTACTS:
        assert short.check(each) is long.check(each)


@pytest.mark.parametrize("text", ["(cn=mei*)", "(|(cn=mei*)(sn=mei*))", "(|(sn=ö*)(givenName=ö*))"])
def test_beginnings_of_names_have_a_short_plan(text: str) -> None:
    found = beginning(parse_filter(text))
    assert found is not None
    assert found.brief
    question = set_question(parse_filter(text), MUNICH)
    assert (question.selection, question.brief) == (found.selection, True)
    assert not set_question(parse_filter(text), MUNICH, trusting=False).brief


@pytest.mark.parametrize(
    "text",
    [
        "(cn=mei)", "(cn=*mei*)", "(cn=mei*er)", "(cn=mei*e*)", "(cn=*)", "(o=mei*)",
        "(|(cn=mei*)(sn=mai*))", "(|(cn=mei*)(mail=mei*))", "(|(cn=mei*)(unheardOf=mei*))",
        "(|(cn=mei*)(|(sn=mei*)))", "(&(cn=mei*)(sn=mei*))", "(cn=-*)", "(cn=\\ff*)", "(|)",
    ],
)  # fmt: skip
def test_whatever_else_is_asked_has_none(text: str) -> None:
    assert beginning(parse_filter(text)) is None
