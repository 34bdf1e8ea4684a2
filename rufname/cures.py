"""Which setting cures what the quality report finds, in words for an administrator.

Law: values only; the settings named here are those of `docs/configuration.md`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shlex import quote

import msgspec

from connectors.settings import SourceSettings
from engine.quality import Finding
from rufname.pasting import with_file


class Cure(msgspec.Struct, frozen=True):
    """The setting to change, as the configuration writes it, and to what; "" where none helps."""

    setting: str
    advice: str


TITLES = {
    "unreadable": "numbers that cannot be read",
    "country_missing": "numbers whose country code is probably missing",
    "outside_line": "numbers with the digit of an outside line in front",
    "service_number": "service numbers as contacts",
    "without_number": "contacts without a number",
    "shared": "numbers that more than {more_than} people share",
    "duplicate": "people in several sources",
}


def cures_of(
    finding: Finding, source: SourceSettings | None, file: Path | None = None
) -> tuple[Cure, ...]:
    """Return what to do about a finding that was made; nothing for one that was not.

    Args:
        finding: of the report.
        source: whose finding it is; None for those over all sources.
        file: the configuration, for commands in an advice.
    """
    if not finding.count:
        return ()
    if source is None:
        return (_SHARED if finding.kind == "shared" else _DUPLICATE,)
    if finding.kind == "unreadable":
        cures = dict.fromkeys(_reading_cure(reason, source) for reason in finding.hints)
        return tuple(Cure(each.setting, with_file(each.advice, file)) for each in cures)
    return (_CURES[finding.kind](finding, source),)


_SHARED = Cure(
    "source.map.company",
    "map the company of these people: callers then see it instead of a name and a count. A main "
    "number that was copied to everybody belongs to a record of the company alone",
)
_DUPLICATE = Cure(
    "source.priority",
    "none needed: one person counts once, and the source of the higher priority is shown. A source "
    "that is a mere copy of another one can be left out",
)


def _reading_cure(reason: str, source: SourceSettings) -> Cure:
    """Return the cure for numbers that were refused for one reason."""
    if "spreadsheet" in reason:
        return Cure("", "export the column as text")
    if "make no number" in reason:
        if source.plan.area_code:
            return Cure(
                _plan_setting(source),
                f"the numbers fit no country code {source.plan.country_code} with area code "
                f"{source.plan.area_code}: is that how {source.name} writes them?",
            )
        return Cure(
            f"{_plan_of(source)}.area_code",
            "local numbers are read with the area code of the dial plan, which has none",
        )
    if "country code" in reason:
        return Cure(_plan_setting(source), "the dial plan of the country where they were written")
    return Cure(
        f"{_table(source)}.map.phones",
        "map columns that hold numbers alone, or correct the fields in the source; "
        f"`rufname preview {quote(source.name)} -c FILE` shows them as they come",
    )


def _country_cure(finding: Finding, source: SourceSettings) -> Cure:
    countries = [hint for hint in finding.hints if hint]
    if not countries:
        return Cure(
            _plan_setting(source),
            f"numbers without a country are read as +{source.plan.country_code}: name the dial "
            "plan of their country",
        )
    if len(countries) == 1:
        code = countries[0].removeprefix("+")
        advice = f'a dial plan with country_code = "{code}" for records of that country'
    else:
        advice = "one source for each country, each with its dial plan"
    return Cure(_plan_setting(source), f"{advice}, or country codes in the source")


def _outside_cure(finding: Finding, source: SourceSettings) -> Cure:
    digit = next(iter(finding.hints), "0")
    return Cure(
        f"{_plan_of(source)}.outside_line",
        f'outside_line = "{digit}" in the dial plan of this source (a plan of its own, where '
        "clients with the same plan dial none)",
    )


def _service_cure(_finding: Finding, _source: SourceSettings) -> Cure:
    return Cure(
        "",
        "none needed: calls from them have no subscriber. An own extension with these digits is "
        "declared by ranges in the dial plan",
    )


def _without_cure(_finding: Finding, source: SourceSettings) -> Cure:
    if any(field.startswith("phones.") for field in source.map):
        return Cure("", "none needed: they are found by name")
    return Cure(f"{_table(source)}.map.phones", "no column is mapped to a number")


_CURES: dict[str, Callable[[Finding, SourceSettings], Cure]] = {
    "country_missing": _country_cure,
    "outside_line": _outside_cure,
    "service_number": _service_cure,
    "without_number": _without_cure,
}


def _table(source: SourceSettings) -> str:
    return f"source[{json.dumps(source.name, ensure_ascii=False)}]"


def _plan_setting(source: SourceSettings) -> str:
    return f"{_table(source)}.dialplan"


def _plan_of(source: SourceSettings) -> str:
    return f"dialplan.{source.plan.name}" if source.plan.name else "dialplan.NAME"
