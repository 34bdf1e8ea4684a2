"""Dial plans of the configuration, and what all resolving of its tables shares.

Law of the resolving modules (this one, `configsources`, `configfaces`): what is wrong is noted in
`Findings` and the work goes on with a harmless value, so that one pass names every fault; nothing
made here may be used once there are faults. No network, no source is opened.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from connectors.errors import SecretUnavailable
from connectors.settings import SecretRef
from engine.credentials import check_hash
from engine.errors import InvalidCredential
from engine.phone import DialPlan, country_plan, region_plan
from rufname import notation
from rufname.configfile import DialPlanTable, FileTable, Name
from rufname.tomltables import Findings, Table, TableReader, quote, words_for


class Scope(msgspec.Struct, frozen=True):
    """What resolving a table needs to know of the rest of the file.

    Attributes:
        findings: where faults and warnings go.
        reader: makes Structs of tables.
        plans: every `[dialplan.NAME]`.
        home: the region's plan, for those who name none.
        keys_dir: where sealed secrets stand.
        draft: a source may still be without key and map.
    """

    findings: Findings
    reader: TableReader
    plans: Mapping[str, DialPlan]
    home: DialPlan
    keys_dir: Path = Path("keys")
    draft: bool = False

    def plan(self, key: str, name: str | None) -> DialPlan:
        """Return the plan of this name; the region's where there is none."""
        if name is None:
            return self.home
        if name not in self.plans:
            self.findings.unknown(key, "dial plan", name, self.plans)
        return self.plans.get(name, self.home)


def resolve_plans(reader: TableReader, table: FileTable) -> tuple[DialPlan, dict[str, DialPlan]]:
    """Return the region's plan, and every `[dialplan.NAME]` by name, faulty ones included."""
    findings = reader.findings
    region = table.directory.region
    home = findings.attempt("directory.region", region_plan, region) or DialPlan()
    plans = {}
    for name, raw in table.dialplan.items():
        place = f"dialplan.{name}"
        try:
            msgspec.convert(name, Name)
        except msgspec.ValidationError:
            findings.fault(place, f"got the name {quote(name)}", words_for(Name))
        shape = reader.read(raw, DialPlanTable, place)
        plans[name] = home if shape is None else _dial_plan(findings, place, name, shape, home)
    return home, plans


def place_of(section: str, number: int, raw: Table) -> str:
    """Return how a fault names a table of a list: `source[2] "crm"`, counted from 1."""
    name = raw.get("name")
    return f"{section}[{number}] {quote(name)}" if isinstance(name, str) else f"{section}[{number}]"


def numbered(key: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Return each value of a list with its key, counted from 1."""
    return [(f"{key}[{number}]", value) for number, value in enumerate(values, 1)]


def refuse_twice(findings: Findings, key: str, values: Iterable[tuple[str, object]]) -> None:
    """Note a fault at each place whose value stood at an earlier place.

    Args:
        findings: where to.
        key: of the values.
        values: place and value; what is no text, or empty, is another fault or none.
    """
    first: dict[str, str] = {}
    for place, value in values:
        if isinstance(value, str) and value:
            if value in first:
                findings.fault(f"{place}.{key}", f"{quote(value)} is taken by {first[value]}")
            first.setdefault(value, place)


def warn_if_open(findings: Findings, key: str, file: Path | None) -> None:
    """Warn where a secret's file may be read by everybody; an absent file is not this one's."""
    with contextlib.suppress(OSError):
        if file is not None and file.stat().st_mode & stat.S_IROTH:
            findings.warn(key, f"{file} may be read by every user: chmod 600")


def note_absent(
    findings: Findings, key: str, reference: SecretRef, error: SecretUnavailable, allowed: str
) -> None:
    """Note a secret that cannot be read: no fault for a command that needs none of the service's.

    A credential of systemd, or a variable of its unit, is seen by the service alone; `status` and
    the like are for people at a terminal.
    """
    if findings.serves or (reference.credential is None and reference.env is None):
        findings.fault(key, str(error), allowed)
    else:
        findings.warn(key, str(error))


def password_hash(findings: Findings, key: str, reference: SecretRef | None) -> str:
    """Read a client's or user's hash; "" without a reference or with a fault."""
    if reference is None:
        return ""
    warn_if_open(findings, key, reference.file)
    try:
        stored = reference.read().strip()
        check_hash(stored)
    except SecretUnavailable as error:
        note_absent(findings, key, reference, error, "a hash made by `rufname password`")
    except InvalidCredential as error:
        findings.fault(key, f"{reference.file or reference.env}: {error}")
    else:
        return stored
    return ""


def _dial_plan(
    findings: Findings, place: str, name: str, table: DialPlanTable, home: DialPlan
) -> DialPlan:
    """Return one dial plan; its prefixes default to those of its country."""
    code = table.country_code or home.country_code
    country: DialPlan | None = home
    if code != home.country_code:
        country = findings.attempt(f"{place}.country_code", country_plan, code)
    country = country or home
    national, international = table.national_prefix, table.international_prefix
    plan = DialPlan(
        name=name,
        country_code=code,
        area_code=table.area_code,
        national_prefix=country.national_prefix if national is None else national,
        international_prefix=(
            country.international_prefix if international is None else international
        ),
        outside_line=table.outside_line,
        extension_length=table.extension_length,
    )
    if plan.national_prefix == "0" and plan.area_code.startswith("0"):
        wrong = f"got {quote(plan.area_code)} with its national prefix"
        findings.fault(f"{place}.area_code", wrong, quote(plan.area_code.lstrip("0")))
    least, most = plan.extension_length
    if least > most or (least == 0 and most > 0):
        wrong = f"got [{least}, {most}]"
        findings.fault(
            f"{place}.extension_length", wrong, "[LEAST, MOST], each from 1 to 8, or [0, 0]"
        )
    trunks = [
        findings.attempt(
            f"{place}.{key}", notation.trunk_digits, text, plan
        )
        for key, text in numbered("trunks", table.trunks)
    ]  # fmt: skip
    ranges = [
        findings.attempt(f"{place}.{key}", notation.extension_range, text, plan)
        for key, text in numbered("ranges", table.ranges)
    ]
    if table.trunks and not most:
        findings.warn(place, "trunks have no effect without extension_length")
    if most and not table.trunks:
        findings.warn(place, "extension_length has no effect without trunks")
    return msgspec.structs.replace(
        plan, trunks=tuple(dict.fromkeys(filter(None, trunks))), ranges=tuple(filter(None, ranges))
    )
