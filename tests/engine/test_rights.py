"""Who may see which source."""

from __future__ import annotations

from engine.rights import (
    LOCAL_ADMIN,
    Principal,
    SourcePolicy,
    hidden_fields,
    hidden_reason,
    visible_sources,
)

POLICIES = {
    "crm": SourcePolicy("CRM"),
    "hr": SourcePolicy("HR", visible_to=("personnel", "anna")),
    "own": SourcePolicy("Own", visible_to=()),
}


def test_the_administrator_sees_everything() -> None:
    assert visible_sources(LOCAL_ADMIN, POLICIES) is None


def test_a_source_is_seen_by_name_by_group_or_by_all() -> None:
    assert visible_sources(Principal("sbc", "client"), POLICIES) == {"crm"}
    assert visible_sources(Principal("anna", "user"), POLICIES) == {"crm", "hr"}
    in_group = Principal("ben", "user", groups=("personnel",))
    assert visible_sources(in_group, POLICIES) == {"crm", "hr"}


def test_a_client_asks_only_the_sources_it_names() -> None:
    assert visible_sources(Principal("anna", "client", sources=("HR",)), POLICIES) == {"hr"}
    assert visible_sources(Principal("sbc", "client", sources=("HR",)), POLICIES) == set()
    assert visible_sources(Principal("sbc", "client", sources=()), POLICIES) == set()


def test_a_private_source_belongs_to_its_owner_alone() -> None:
    policies = {"book": SourcePolicy("Book", owner="anna")}
    assert visible_sources(Principal("anna", "user"), policies) == {"book"}
    assert visible_sources(Principal("anna", "client"), policies) == set()
    assert visible_sources(Principal("ben", "user", groups=("anna",)), policies) == set()
    assert hidden_reason(Principal("ben", "user"), "book", policies) == "Book is private"


def test_a_field_is_hidden_from_all_but_its_audience() -> None:
    policy = SourcePolicy("CRM", fields={"phones.mobile": ("personnel", "sbc"), "notes": ()})
    assert hidden_fields(Principal("ben", "user"), policy) == {"phones.mobile", "notes"}
    assert hidden_fields(Principal("sbc", "client"), policy) == {"notes"}
    assert hidden_fields(Principal("ida", "user", groups=("personnel",)), policy) == {"notes"}
    assert hidden_fields(LOCAL_ADMIN, policy) == frozenset()
    assert hidden_fields(Principal("ben", "user"), None) == frozenset()


def test_nothing_of_a_private_source_is_hidden_from_its_owner() -> None:
    policy = SourcePolicy("Book", owner="anna", fields={"notes": ()})
    assert hidden_fields(Principal("anna", "user"), policy) == frozenset()
