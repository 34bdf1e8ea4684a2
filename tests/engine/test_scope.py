"""What an asker's question may look at."""

from __future__ import annotations

from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from engine.scope import Scope, scope_of
from engine.terms import MARKS, NUMBER_PARTS, origin_of

EVA = Principal("eva", "user", groups=("staff",))
PRESENT = ("book", "crm", "eva", "hr", "lost")
POLICIES = {
    "book": SourcePolicy("book", 900),
    "crm": SourcePolicy("crm", 500, fields={"phones.mobile": ("hr",), "city": ("staff",)}),
    "eva": SourcePolicy("eva", 500, owner="eva", fields={"emails": ()}),
    "hr": SourcePolicy("hr", 999, ("hr",)),
    "elsewhere": SourcePolicy("elsewhere", 1),
}
CUSTOM = frozenset({MARKS["custom.1"]})


def scope(principal: Principal, present: tuple[str, ...] = PRESENT) -> Scope:
    return scope_of(principal, POLICIES, dict.fromkeys(present, 10), CUSTOM)


def test_only_visible_sources_that_are_in_the_index_are_searched_the_best_first() -> None:
    seen = scope(EVA)
    assert seen.sources == ("book", "crm", "eva")
    assert seen.priorities == {-900: ("book",), -500: ("crm", "eva")}
    assert list(seen.priorities) == [-900, -500]
    assert seen.by_origin == {
        origin_of("book"): -900,
        origin_of("crm"): -500,
        origin_of("eva"): -500,
    }
    assert seen.by_source == {"book": -900, "crm": -500, "eva": -500}


def test_the_administrator_sees_a_source_that_is_no_longer_configured_and_everybody_else_none() -> (
    None
):
    assert scope(LOCAL_ADMIN).sources == ("hr", "book", "crm", "eva", "lost")
    assert scope(LOCAL_ADMIN).sees_all
    assert not scope(EVA).sees_all
    assert scope(EVA, ("book", "crm")).sees_all


def test_a_hidden_field_is_not_searched_and_nothing_is_hidden_from_an_owner() -> None:
    seen = scope(EVA)
    assert seen.hidden == {"crm": frozenset({"phones.mobile"})}
    assert seen.private == frozenset({"eva"})
    crm, mine = seen.searched["crm"], seen.searched["eva"]
    assert "phones.mobile" not in crm.fields
    assert NUMBER_PARTS["mobile"] not in crm.parts
    assert {"city", "phones.work"} <= crm.fields
    assert mine.parts == tuple(NUMBER_PARTS.values())
    assert MARKS["emails"] in mine.marks


def test_sources_with_the_same_searched_fields_are_one_group() -> None:
    assert [sources for sources, _ in scope(EVA).groups] == [("book", "eva"), ("crm",)]


def test_of_the_custom_fields_those_are_searched_that_hold_something_and_are_marked_for_it() -> (
    None
):
    policy = SourcePolicy("crm", searchable=frozenset({"custom.2"}))
    for field, marks in (("custom.1", ()), ("custom.2", (MARKS["custom.2"],))):
        made = scope_of(EVA, {"crm": policy}, {"crm": 1}, frozenset({MARKS[field]}))
        custom = [mark for mark in made.searched["crm"].marks if mark.isupper()]
        assert tuple(custom) == marks


def test_the_share_of_the_best_sources_is_told_from_what_is_visible_alone() -> None:
    present = {"book": 30, "crm": 50, "eva": 40, "hr": 1_000}
    assert scope_of(EVA, POLICIES, present, CUSTOM).best_share == 0.25
    assert scope_of(EVA, POLICIES, {"book": 7}, CUSTOM).best_share == 1
    assert scope_of(EVA, POLICIES, {}, CUSTOM).best_share == 1
    assert 0 < scope_of(EVA, POLICIES, {"book": 0, "crm": 9}, CUSTOM).best_share < 1


def test_an_asker_who_sees_nothing_has_no_source_and_no_group() -> None:
    nobody = scope(Principal("x", "client", sources=()))
    assert (nobody.sources, nobody.groups, nobody.searched) == ((), (), {})
