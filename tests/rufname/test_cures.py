"""Every finding has a cure that names a real setting."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connectors.settings import SourceSettings
from engine.phone import DialPlan
from engine.quality import KINDS, Finding
from rufname.configfile import DialPlanTable, SourceTable
from rufname.cures import TITLES, cures_of

BERLIN = DialPlan(name="berlin", area_code="30")


def source(plan: DialPlan = BERLIN, **rules: str) -> SourceSettings:
    return SourceSettings(
        id="crm", name="crm", kind="csv", key=("id",), map=dict(rules), plan=plan,
        options=msgspec.defstruct("Options", [])(),
    )  # fmt: skip


REASONS = (
    "no digits", "letters or signs among the digits", "no such country code",
    "12 digits make no number under this dial plan",
    "a spreadsheet rounded the number (like 4,98941E+11): export it as text",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plan", [BERLIN, DialPlan()])
def test_every_finding_has_a_cure_and_its_setting_exists(kind: str, plan: DialPlan) -> None:
    assert kind in TITLES
    over_all = kind in ("shared", "duplicate")
    finding = Finding(kind, "", 3, hints=dict.fromkeys(REASONS, 1))  # type: ignore[arg-type]  # one of KINDS
    cures = cures_of(finding, None if over_all else source(plan))
    assert cures
    for cure in cures:
        assert cure.advice
        if not cure.setting:
            continue
        table, _, key = cure.setting.partition(".")
        if table == "dialplan":
            assert key.partition(".")[2] in DialPlanTable.__struct_fields__
        else:
            assert table.startswith("source")
            assert key.partition(".")[0] in SourceTable.__struct_fields__


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_found_needs_no_cure(kind: str) -> None:
    assert cures_of(Finding(kind, ""), source()) == ()  # type: ignore[arg-type]  # one of KINDS


def test_the_country_is_named_where_all_numbers_hint_at_one() -> None:
    one = Finding("country_missing", "crm", 2, hints={"+43": 2})
    assert 'country_code = "43"' in cures_of(one, source())[0].advice
    two = Finding("country_missing", "crm", 2, hints={"+43": 1, "+41": 1})
    assert "one source for each country" in cures_of(two, source())[0].advice


def test_the_command_that_a_cure_names_can_be_pasted_whatever_the_source_is_called() -> None:
    finding = Finding("unreadable", "", 1, hints={"no digits": 1})
    named = msgspec.structs.replace(source(), name="Kunden (Wien)")
    file = Path("/etc/Ruf name/rufname.toml")
    advice = " ".join(cure.advice for cure in cures_of(finding, named, file))
    assert "`rufname preview 'Kunden (Wien)' -c '/etc/Ruf name/rufname.toml'`" in advice


def test_contacts_without_number_are_a_fault_only_where_no_number_is_mapped() -> None:
    finding = Finding("without_number", "crm", 1)
    assert cures_of(finding, source(**{"phones.work": "phone"}))[0].setting == ""
    assert cures_of(finding, source())[0].setting == 'source["crm"].map.phones'
