"""Who may see which source."""

from __future__ import annotations

from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy, visible_sources

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
