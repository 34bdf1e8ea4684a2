"""`[[source]]` tables become `SourceSettings`: kind, options, field mapping, schedule.

Law: that of `rufname.configplans`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from connectors.registry import has_defaults, kinds, merges_defaults, options_of
from connectors.rules import MAP_FIELDS, rule_faults
from connectors.settings import (
    FULL_EVERY_S,
    REFERENCE_IN_WORDS,
    DropLimit,
    MapRule,
    Schedule,
    SealedPlace,
    SecretRef,
    SourceSettings,
)
from engine.rights import ALL, HIDEABLE, SEARCHED_CUSTOM
from rufname import notation
from rufname.configfile import SourceTable
from rufname.configplans import Scope, numbered, place_of, refuse_twice, warn_if_open
from rufname.tomltables import Findings, Table, shown

NAMING_FIELDS = ("display_name", "given_name", "surname", "company")
MAP_FIELDS_IN_WORDS = (
    "display_name, given_name, surname, title, company, department, job, street, postcode, city, "
    "country, phones.work, phones.mobile, phones.home, phones.fax, phones.company, phones.other, "
    "emails, url, photo, birthday, notes, link, changed, custom.1 to custom.20"
)
RULE_IN_WORDS = 'a column, a template such as "{first} {last}", or a list of at least one column'

AUDIENCE_IN_WORDS = 'a list of names of users, groups and clients, ["*"] = all who see the source'

CUSTOM_IN_WORDS = "custom.1 to custom.20"

NAME_OF_A_FIELD_IN_WORDS = 'a text of 1 to 40 characters in one line, such as "Customer number"'
_NAME_OF_A_FIELD = re.compile(
    r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,40}"
)

_COMMON = frozenset(field.encode_name for field in msgspec.structs.fields(SourceTable))

_STAND_INS = {"name": "", "kind": ""}


def resolve_sources(scope: Scope, tables: Sequence[Table]) -> tuple[SourceSettings, ...]:
    """Return every `[[source]]` that can be read, in the order of the file."""
    places = [place_of("source", number, raw) for number, raw in enumerate(tables, 1)]
    made = [_source(scope, place, raw) for place, raw in zip(places, tables, strict=True)]
    for key in ("name", "id"):
        values = [raw.get(key, raw.get("name")) for raw in tables]
        refuse_twice(scope.findings, key, zip(places, values, strict=True))
    return tuple(source for source in made if source is not None)


def _source(scope: Scope, place: str, raw: Table) -> SourceSettings | None:
    """Return one source; None where its options cannot be read, or its kind is unknown."""
    findings = scope.findings
    common = {key: value for key, value in raw.items() if key in _COMMON}
    table = scope.reader.read(common, SourceTable, place, stand_ins=_STAND_INS)
    options = _options(scope, place, raw)
    assert table is not None, "every key of SourceTable has a default or a stand-in"
    max_drop = findings.attempt(f"{place}.max_drop", notation.drop_limit, table.max_drop)
    usual = has_defaults(table.kind) or scope.draft
    if not (usual or table.key):
        findings.fault(f"{place}.key", "missing", "a column, or a list of at least one")
    if table.map:
        usual = merges_defaults(table.kind)
    rules = _map(findings, f"{place}.map", table.map, usual=usual)
    full_every_s = findings.attempt(f"{place}.full_every", notation.duration_s, table.full_every)
    plan = scope.plan(f"{place}.dialplan", table.dialplan)
    schedule = _schedule(findings, place, table)
    audiences = _audiences(findings, f"{place}.field_visible_to", table.field_visible_to)
    searchable = _searchable(findings, f"{place}.searchable", table.searchable)
    if table.owner and table.visible_to != ALL:
        findings.fault(f"{place}.owner", "stands beside visible_to", "one of the two")
    if options is None:
        return None
    return SourceSettings(
        id=table.id or table.name,
        name=table.name,
        kind=table.kind,
        key=(table.key,) if isinstance(table.key, str) else table.key,
        map=rules,
        plan=plan,
        options=options,
        priority=table.priority,
        visible_to=table.visible_to,
        owner=table.owner,
        field_visible_to=audiences,
        searchable=searchable,
        max_drop=max_drop or DropLimit(),
        schedule=schedule,
        full_every_s=full_every_s or FULL_EVERY_S,
    )


def _options(scope: Scope, place: str, raw: Table) -> msgspec.Struct | None:
    """Return the options of the source's kind; None where the kind is missing or unknown."""
    kind = raw.get("kind")
    if not isinstance(kind, str):
        return None
    if kind not in kinds():
        scope.findings.unknown(f"{place}.kind", "kind", kind, kinds())
        return None
    rest = {key: value for key, value in raw.items() if key not in _COMMON}
    options = scope.reader.read(rest, options_of(kind), place, also=_COMMON)
    if options is None:
        return None
    sealed = {}
    for field in msgspec.structs.fields(options):
        value = getattr(options, field.name)
        if not isinstance(value, SecretRef):
            continue
        key = f"{place}.{field.encode_name}"
        warn_if_open(scope.findings, key, value.file)
        if value.place is not None:
            scope.findings.fault(key, "unknown key place", REFERENCE_IN_WORDS)
        if value.sealed:
            own = str(raw.get("id", raw.get("name", "")))
            sealed_at = SealedPlace(scope.keys_dir, own, field.name)
            sealed[field.name] = msgspec.structs.replace(value, place=sealed_at)
    return msgspec.structs.replace(options, **sealed)


def _schedule(findings: Findings, place: str, table: SourceTable) -> Schedule:
    """Return the schedule of a source; without `every` and `at` it has none."""
    every = table.every
    every_s = every and findings.attempt(f"{place}.every", notation.duration_s, every)
    at = times_of_day(findings, f"{place}.at", table.at)
    days = findings.attempt(f"{place}.on", notation.weekdays, table.on)
    if table.on and not table.at:
        findings.fault(f"{place}.on", "there is no at", 'on together with at = ["HH:MM"]')
    window = findings.attempt(f"{place}.window", notation.window, table.window)
    if table.window and not every:
        findings.fault(f"{place}.window", "there is no every", 'window together with every = "15m"')
    return Schedule(every_s=every_s or 0, at=at, on=days or (), window=window or ())


def times_of_day(findings: Findings, place: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return times of day as a schedule holds them, each once, sorted; faulty ones are left out."""
    times = [
        findings.attempt(key, notation.time_of_day, text) for key, text in numbered(place, texts)
    ]
    return tuple(sorted({time for time in times if time}))


def _map(findings: Findings, place: str, raw: Table, *, usual: bool) -> dict[str, MapRule]:
    """Return the field mapping, flat: `phones.work` may be a dotted key, a table, or quoted.

    `usual`: the kind brings a mapping of its own, which this one changes field by field; the rule
    "" leaves a field out.
    """
    rules: dict[str, MapRule] = {}
    for field, value in _flat(raw):
        key = f"{place}.{field}"
        if field not in MAP_FIELDS:
            findings.unknown(key, "contact field", field, MAP_FIELDS, MAP_FIELDS_IN_WORDS)
        elif field in rules:
            findings.fault(key, "stands twice", "each contact field once")
        elif usual and value == "":
            rules[field] = ""
        else:
            rule = _rule(findings, key, value)
            rules[field] = rule
            for fault in rule_faults({field: rule}) if rule else ():
                findings.fault(key, fault.removeprefix(f"map.{field}: "), RULE_IN_WORDS)
    if usual:
        return rules
    if not raw:
        findings.fault(place, "maps nothing", f"at least one of {MAP_FIELDS_IN_WORDS}")
    elif rules.keys().isdisjoint(NAMING_FIELDS):
        findings.warn(place, f"no contact will have a name: map one of {', '.join(NAMING_FIELDS)}")
    return rules


def _audiences(findings: Findings, place: str, raw: Table) -> dict[str, tuple[str, ...]]:
    """Return who sees which field; keys are dotted, or tables, as in the map."""
    audiences = {}
    for field, names in _flat(raw):
        if field not in HIDEABLE:
            findings.unknown(
                f"{place}.{field}", "field that can be hidden", field, sorted(HIDEABLE)
            )
        elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            findings.fault(f"{place}.{field}", f"got {shown(names)}", AUDIENCE_IN_WORDS)
        else:
            audiences[field] = tuple(names)
    return audiences


def resolve_custom_names(findings: Findings, raw: Table) -> dict[str, str]:
    """Return what people call custom fields (`custom.1`); keys are dotted, or tables."""
    place, called = "directory.custom_names", {}
    for field, name in _flat(raw):
        if field not in SEARCHED_CUSTOM:
            findings.unknown(
                f"{place}.{field}", "custom field", field, sorted(SEARCHED_CUSTOM), CUSTOM_IN_WORDS
            )
        elif not isinstance(name, str) or not _NAME_OF_A_FIELD.fullmatch(name):
            findings.fault(f"{place}.{field}", f"got {shown(name)}", NAME_OF_A_FIELD_IN_WORDS)
        else:
            called[field] = name
    return called


def _searchable(findings: Findings, place: str, fields: tuple[str, ...] | None) -> frozenset[str]:
    """Return the custom fields that people search looks into: by default all."""
    if fields is None:
        return SEARCHED_CUSTOM
    for number, field in enumerate(fields, 1):
        if field not in SEARCHED_CUSTOM:
            findings.unknown(f"{place}[{number}]", "custom field", field, sorted(SEARCHED_CUSTOM))
    return frozenset(fields)


def _flat(raw: Table) -> Iterator[tuple[str, object]]:
    """Yield contact field and rule; tables within the table become dotted names."""
    for name, value in raw.items():
        if isinstance(value, dict):
            for part, rule in value.items():
                yield f"{name}.{part}", rule
        else:
            yield name, value


def _rule(findings: Findings, key: str, value: object) -> MapRule:
    """Return a column, a template, or several columns; "" and a fault for anything else."""
    parts = [value] if isinstance(value, str) else value
    if isinstance(parts, list) and parts and all(isinstance(p, str) and p.strip() for p in parts):
        return value if isinstance(value, str) else tuple(parts)
    findings.fault(key, f"got {shown(value)}", RULE_IN_WORDS)
    return ""
