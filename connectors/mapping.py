"""The field mapping: one raw record → one clean `Contact`, compiled once per source.

Law: pure; nothing is ever dropped in silence: what cannot be taken comes back as a
`RejectedRecord`, and no reason quotes what the record says. Nothing that breaks a line, reverses it
or hides in it gets past this module (`connectors.texts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from connectors.errors import SourceFailed
from connectors.rules import (
    ADDRESS_FIELDS,
    CUSTOM_FIELDS,
    MAX_TEXT_CHARS,
    REFERENCE_FIELDS,
    TEXT_FIELDS,
    columns_of,
    compile_link,
    compile_text,
    compile_values,
    plain_column,
    rule_faults,
)
from connectors.settings import MapRule, SourceSettings
from connectors.texts import email_addresses, utc_time
from engine.cleaning import clean
from engine.contact import PHONE_KINDS, Address, Contact, ContactId, PhoneKind, PhoneLine
from engine.fieldparts import MAX_FIELD_CHARS
from engine.phone import NORMALISER_VERSION, DialPlan, PhoneNumber
from engine.phonefields import read_field
from engine.source import Record, RejectedRecord

MAPPING_VERSION = 2
"""Part of every digest: raise it whenever the same record maps to another contact."""

MAX_REFERENCE_CHARS = 2_048
"""Web addresses: a cut one is wrong, so a longer one is dropped."""

MAX_VALUES = 64
"""Numbers, or e-mail addresses, of one contact: real records have below twenty."""

CACHED_FIELDS = 1_024
"""Phone fields remembered: shared company lines repeat; some MiB a kind of line."""

_NO_ADDRESS = re.compile(
    r"(?:javascript|vbscript|file)\s*:|data\s*:(?!image/(?:png|jpeg|gif|webp)[;,])", re.IGNORECASE
)
"""What a browser would run, or look for on its own disk; a photo may be an image itself."""

_FINDABLE = frozenset({"display_name", "given_name", "surname", "company", "phones"})

Lines = tuple[tuple[PhoneLine, ...], tuple[str, ...]]
"""What a phone field holds: its numbers, and why other parts of it are no number."""

_DATE = re.compile(r"[1-9]|[^\W\d_T]")
"""What a date says: exports write "0.0.00", "0/0/00" or "0000-00-00" where there is none."""

_TextField = tuple[str, str, str, Callable[[Record], str], int]
"""Field, its name within its part of the contact, plain column or "", reader, greatest length."""

ReadValues = Callable[[Record], list[str]]
ReadLines = Callable[[str], Lines]


class Mapping:
    """The compiled mapping of one source.

    Attributes:
        columns: every column that key and rules name, each once.
        several: those of which every value counts (phones, e-mails), not only the first.
        digest_key: 64 bytes that stand for mapping, dial plan and normaliser: the key of the keyed
            digests, so that a change of any of them maps every record again.
    """

    def __init__(self, settings: SourceSettings) -> None:
        """Compile the rules of a source.

        Raises:
            SourceFailed: a rule names no contact field or is no rule.
        """
        rules = dict(settings.map)
        changed = getattr(settings.options, "changed", "")
        if changed:
            rules.setdefault("changed", changed)
        faults = rule_faults(rules)
        if faults:
            raise SourceFailed("; ".join(faults))
        mapped = (column for rule in rules.values() for column in columns_of(rule))
        self.columns = tuple(dict.fromkeys([*settings.key, *mapped]))
        self.several = frozenset(
            column
            for field, rule in rules.items()
            if field == "emails" or field.startswith("phones.")
            for column in columns_of(rule)
        )
        self.digest_key = _digest_key(settings, rules)
        self._source = settings.id
        self._texts = _compile_texts(rules, TEXT_FIELDS)
        self._address = _compile_texts(rules, dict.fromkeys(ADDRESS_FIELDS, MAX_TEXT_CHARS))
        self._custom = _compile_texts(rules, dict.fromkeys(CUSTOM_FIELDS, MAX_TEXT_CHARS))
        self._references = [(f, compile_link(rules[f])) for f in REFERENCE_FIELDS if f in rules]
        constant = {field for field, rule in rules.items() if not columns_of(rule)}
        self._findable = _FINDABLE - constant
        self._changed = compile_text(rules["changed"]) if "changed" in rules else None
        self._emails = compile_values(rules["emails"]) if "emails" in rules else None
        self._phones: list[tuple[str, ReadValues, ReadLines]] = [
            (
                f"phones.{kind}",
                compile_values(rules[f"phones.{kind}"]),
                _compile_lines(settings.plan, kind),
            )
            for kind in PHONE_KINDS
            if f"phones.{kind}" in rules
        ]

    def contact(
        self, key: str, record: Record, locator: str = "", created: int = 0
    ) -> tuple[Contact | None, list[RejectedRecord]]:
        """Map one record.

        Args:
            key: the record's key, already checked (`connectors.rules.key_fault`).
            record: column → text; a column that is missing counts as empty.
            locator: where it stands for a human; "" = the key.
            created: when the directory reads it first, as in `Contact`.

        Returns:
            The contact, or None if it says nothing that can be looked up; and what was rejected
            (whole or by field), in the order of the fields.
        """
        rejected: list[RejectedRecord] = []
        place = locator or key
        values: dict[str, Any] = _read_texts(self._texts, record, place, rejected)
        if "birthday" in values and not _DATE.search(values["birthday"]):
            del values["birthday"]
        if self._phones:
            self._read_phones(record, values, place, rejected)
        if self._findable.isdisjoint(values):
            rejected.append(RejectedRecord(place, "neither a name nor a company nor a number"))
            return None, rejected
        self._read_details(record, values, place, rejected)
        return Contact(ContactId(self._source, key), **values, created=created), rejected

    def _read_details(
        self, record: Record, values: dict[str, Any], place: str, rejected: list[RejectedRecord]
    ) -> None:
        if self._emails is not None:
            self._read_emails(self._emails(record), values, place, rejected)
        if self._address:
            parts = _read_texts(self._address, record, place, rejected)
            if parts:
                values["address"] = Address(**parts)
        if self._custom:
            values["custom"] = _read_texts(self._custom, record, place, rejected)
        if self._references or self._changed is not None:
            self._read_rest(record, values, place, rejected)

    def _read_phones(
        self, record: Record, values: dict[str, Any], place: str, rejected: list[RejectedRecord]
    ) -> None:
        lines: tuple[PhoneLine, ...] = ()
        for field, read, read_lines in self._phones:
            for raw in read(record):
                found, faults = read_lines(raw)
                lines += found
                if faults:
                    rejected.extend(RejectedRecord(place, fault, field) for fault in faults)
        if len(lines) > 1:
            lines = _each_once(lines)
            if len(lines) > MAX_VALUES:
                rejected.append(RejectedRecord(place, f"more than {MAX_VALUES} numbers", "phones"))
                lines = lines[:MAX_VALUES]
        if lines:
            values["phones"] = lines

    def _read_emails(
        self, texts: list[str], values: dict[str, Any], place: str, rejected: list[RejectedRecord]
    ) -> None:
        found: dict[str, str] = {}
        for text in texts:
            addresses = email_addresses(text)
            for address in addresses:
                found.setdefault(address.lower(), address)
            if not addresses and clean(text):
                rejected.append(RejectedRecord(place, "no e-mail address", "emails"))
        if len(found) > MAX_VALUES:
            rejected.append(RejectedRecord(place, f"more than {MAX_VALUES} addresses", "emails"))
        if found:
            values["emails"] = tuple(found.values())[:MAX_VALUES]

    def _read_rest(
        self, record: Record, values: dict[str, Any], place: str, rejected: list[RejectedRecord]
    ) -> None:
        for field, read in self._references:
            text = read(record)
            if len(text) > MAX_REFERENCE_CHARS:
                reason = f"longer than {MAX_REFERENCE_CHARS} characters, dropped"
                rejected.append(RejectedRecord(place, reason, field))
            elif _NO_ADDRESS.match(text):
                rejected.append(RejectedRecord(place, "no web address", field))
            elif text:
                values[field] = text
        text = self._changed(record) if self._changed is not None else ""
        if text:
            try:
                values["changed"] = utc_time(text)
            except ValueError:
                reason = "not a time such as 2026-11-05T14:30:00+01:00 (ISO 8601)"
                rejected.append(RejectedRecord(place, reason, "changed"))


def _digest_key(settings: SourceSettings, rules: dict[str, MapRule]) -> bytes:
    plan = msgspec.structs.replace(settings.plan, name="")  # a new name reads no number anew
    version = [MAPPING_VERSION, NORMALISER_VERSION, sorted(rules.items()), settings.key, plan]
    return blake2b(msgspec.json.encode(version), digest_size=64).digest()


def _compile_texts(rules: dict[str, MapRule], caps: dict[str, int]) -> list[_TextField]:
    """Compile those of these fields, each with its greatest length, that have a rule."""
    return [
        (
            field,
            field.removeprefix("custom."),
            plain_column(rules[field]),
            compile_text(rules[field]),
            cap,
        )
        for field, cap in caps.items()
        if field in rules
    ]


def _read_texts(
    fields: list[_TextField], record: Record, place: str, rejected: list[RejectedRecord]
) -> dict[str, str]:
    """Return the texts that are not empty, by the name of their part of a contact."""
    found: dict[str, str] = {}
    for field, name, column, read, cap in fields:
        if column:  # most fields: not worth a call
            text = record.get(column, "")
            if text:
                text = clean(text)
        else:
            text = read(record)
        if text:
            if len(text) > cap:
                text = _cut(text, field, cap, place, rejected)
            found[name] = text
    return found


def _each_once(lines: tuple[PhoneLine, ...]) -> tuple[PhoneLine, ...]:
    """Return the first line of each kind and number."""
    firsts: dict[tuple[str, PhoneNumber], PhoneLine] = {}
    for line in lines:
        firsts.setdefault((line.kind, line.number), line)
    return lines if len(firsts) == len(lines) else tuple(firsts.values())


def _compile_lines(plan: DialPlan, kind: PhoneKind) -> ReadLines:
    """Return a reader of phone fields of one kind that remembers the last of them."""

    @lru_cache(maxsize=CACHED_FIELDS)
    def read(field: str) -> Lines:
        return _read_lines(field, plan, kind)

    return read


def _read_lines(field: str, plan: DialPlan, kind: PhoneKind) -> Lines:
    if len(field) > MAX_FIELD_CHARS and "\n" in field:  # many values of one column, a line each
        read = [_read_lines(line, plan, kind) for line in field.split("\n")[: MAX_VALUES + 1]]
        return (
            tuple(line for lines, _ in read for line in lines),
            tuple(fault for _, faults in read for fault in faults),
        )
    reading = read_field(field, plan)
    lines = [
        PhoneLine(
            "fax" if found.fax else kind,
            found.number,
            clean(found.written)[:MAX_TEXT_CHARS],
            found.trunk,
        )
        for found in reading.numbers
    ]
    return tuple(lines), reading.refused


def _cut(text: str, field: str, cap: int, place: str, rejected: list[RejectedRecord]) -> str:
    rejected.append(RejectedRecord(place, f"longer than {cap} characters, cut", field))
    return text[:cap].rstrip()
