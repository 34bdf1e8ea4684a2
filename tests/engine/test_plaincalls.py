"""The short way of a look-up names whom the long way names, or leaves it to that."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.caller import EXACT
from engine.contact import ContactId, contact_uuid_text
from engine.plaincalls import NOBODY, Named
from engine.query import EVERY_CLASS, CallerQuery
from engine.rights import Principal, SourcePolicy
from tests.engine.building import MUNICH, Directory, contact, line

SBC = Principal("sbc", "client")
PERSONNEL = Principal("anna", "user", ("personnel",))

ALONE, SHARED, UNNAMED, HIDDEN = "498999998123", "498999998124", "498999998125", "498999998126"
TRUNK, NOBODYS, ROMAN = "498977770", "4989123456789", "390612345678"


@pytest.fixture
def filled(directory: Directory) -> Directory:
    directory.hold(
        contact("1", "", ALONE, given_name="Anna", surname="Abel"),
        contact("2", "Bert Bode", SHARED),
        contact("3", "Carl Cohn", SHARED),
        contact("4", "", UNNAMED),
        contact("5", "Dora Dohm", HIDDEN, source="hr"),
        contact("6", "", line(TRUNK, "company"), company="Eck GmbH"),
        contact("7", "Fabio Fo", ROMAN),
    )
    return directory


def plain(
    directory: Directory,
    digits: str,
    who: Principal = SBC,
    classes: frozenset[int] = EVERY_CLASS,
) -> Named | None:
    return directory.index.plain_caller(CallerQuery("", MUNICH, who, classes))(digits.encode())


def test_the_only_holder_is_named(filled: Directory) -> None:
    found = plain(filled, ALONE)
    assert found == (b"Anna Abel", contact_uuid_text(ContactId("crm", "1")).encode())
    for needless in ("490", "490049"):
        assert plain(filled, needless + ALONE[2:]) == found


def test_a_zero_that_belongs_to_the_number_stays(filled: Directory) -> None:
    found = plain(filled, ROMAN)
    assert found is not None
    assert found[0] == b"Fabio Fo"


def test_a_number_of_nobody_is_known_to_be_nobodys(filled: Directory) -> None:
    assert plain(filled, NOBODYS) is NOBODY
    assert plain(filled, "490" + NOBODYS[2:]) is NOBODY


@pytest.mark.parametrize(
    "digits",
    [SHARED, UNNAMED, HIDDEN, TRUNK + "12", "49110", "4989", "999123456789", "", NOBODYS + "1234"],
)
def test_what_is_no_plain_case_is_left_to_the_long_way(filled: Directory, digits: str) -> None:
    assert plain(filled, digits) is None


def test_who_does_not_want_the_class_is_answered_the_long_way(filled: Directory) -> None:
    assert plain(filled, ALONE, classes=EVERY_CLASS - {EXACT}) is None


def test_rights_are_those_of_the_asker(filled: Directory) -> None:
    found = plain(filled, HIDDEN, PERSONNEL)
    assert found is not None
    assert found[0] == b"Dora Dohm"


def test_commits_and_policies_are_followed(filled: Directory) -> None:
    index = filled.index
    ask = index.plain_caller(CallerQuery("", MUNICH, SBC))
    assert ask(NOBODYS.encode()) is NOBODY
    filled.hold(contact("8", "Gerd Gohl", NOBODYS))
    found = ask(NOBODYS.encode())
    assert found is not None
    assert found[0] == b"Gerd Gohl"
    index.set_policies({"crm": SourcePolicy("crm", 500, ("somebody else",))})
    assert ask(NOBODYS.encode()) is None
    index.close()
    assert ask(NOBODYS.encode()) is None


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    digits=st.one_of(
        st.sampled_from([ALONE, SHARED, UNNAMED, HIDDEN, TRUNK, NOBODYS, ROMAN]),
        st.text("0123456789", max_size=17),
        st.tuples(
            st.sampled_from(["49", "490", "4900", "490049", "39", "390", "1", "10", "43"]),
            st.sampled_from(["8999998", "89777", "8977770", "612345678", "0612345678", ""]),
            st.text("0123456789", max_size=5),
        ).map("".join),
    ),
    who=st.sampled_from([SBC, PERSONNEL]),
    classes=st.sets(st.integers(1, 5)).map(frozenset),
)
def test_any_digits_get_the_name_of_the_long_way(
    filled: Directory, digits: str, who: Principal, classes: frozenset[int]
) -> None:
    found = plain(filled, digits, who, classes)
    match = filled.index.caller(CallerQuery(f"+{digits}", MUNICH, who, classes))
    if found is NOBODY:
        assert match is None
    elif found is not None:
        assert match is not None
        named = (match.name.encode(), contact_uuid_text(match.id).encode())
        assert (named, match.match_class) == (found, EXACT)
        assert match.runners_up == 0
