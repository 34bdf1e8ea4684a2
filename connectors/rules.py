"""Mapping rules: a column, several columns or a template → a compiled reader of raw records.

Law: pure; a rule is read once, when a run begins, and never again for a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from urllib.parse import quote

from connectors.errors import SourceFailed
from connectors.settings import MapRule
from engine.cleaning import clean
from engine.contact import MAX_CUSTOM_FIELDS, PHONE_KINDS
from engine.source import Record

MAX_TEXT_CHARS = 255
MAX_NOTES_CHARS = 4_096
MAX_KEY_CHARS = 255
MAX_LISTED_COLUMNS = 50

TEXT_FIELDS = {
    "display_name": MAX_TEXT_CHARS,
    "given_name": MAX_TEXT_CHARS,
    "surname": MAX_TEXT_CHARS,
    "title": MAX_TEXT_CHARS,
    "company": MAX_TEXT_CHARS,
    "department": MAX_TEXT_CHARS,
    "job": MAX_TEXT_CHARS,
    "birthday": MAX_TEXT_CHARS,
    "notes": MAX_NOTES_CHARS,
    "link": MAX_TEXT_CHARS,
}
ADDRESS_FIELDS = ("street", "postcode", "city", "country")
REFERENCE_FIELDS = ("url", "photo")
CUSTOM_FIELDS = tuple(f"custom.{number}" for number in range(1, MAX_CUSTOM_FIELDS + 1))
_PHONES = tuple(f"phones.{kind}" for kind in PHONE_KINDS)

MAP_FIELDS = frozenset(
    (
        *TEXT_FIELDS,
        *ADDRESS_FIELDS,
        *REFERENCE_FIELDS,
        "emails",
        "changed",
        *CUSTOM_FIELDS,
        *_PHONES,
    )
)
"""The keys a `[source.map]` may have."""

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
CONSTANT = "="
"""A rule that begins with it is the text behind it, of every record."""

_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]")

Read = Callable[[Record], str]
"""A compiled rule: the cleaned text of one field, "" if the record has none."""


def rule_faults(rules: dict[str, MapRule]) -> tuple[str, ...]:
    """Return what is wrong with mapping rules, one line each; () = nothing."""
    faults: list[str] = []
    for field, rule in rules.items():
        if field not in MAP_FIELDS:
            faults.append(f"map: no contact field is called {field!r}")
        parts = (rule,) if isinstance(rule, str) else rule
        for part in parts:
            if is_constant(part):
                if not clean(part[1:]):
                    faults.append(f"map.{field}: nothing behind the {CONSTANT}")
            elif not part.strip():
                faults.append(f"map.{field}: an empty column name")
            elif ("{" in part or "}" in part) and re.search("[{}]", _TEMPLATE.sub("", part)):
                faults.append(f"map.{field}: braces in {part!r} do not match")
    return tuple(faults)


def require_columns(wanted: Sequence[str], offered: Sequence[str], place: str) -> None:
    """Make sure that every column the configuration names is there, and there once.

    Raises:
        SourceFailed: naming the lost columns, and those there are.
    """
    there = set(offered)
    lost = [column for column in wanted if column not in there]
    if lost:
        names = ", ".join(repr(column) for column in lost)
        named = list(filter(None, offered))  # a sheet may have thousands without
        listed = ", ".join(column[:60] for column in named[:MAX_LISTED_COLUMNS])
        rest = len(named) - MAX_LISTED_COLUMNS
        more = f" and {rest} more" if rest > 0 else ""
        word = "column" if len(lost) == 1 else "columns"
        raise SourceFailed(f"{place}: no {word} {names}; there are: {listed}{more}")
    twice = [column for column in there.intersection(wanted) if offered.count(column) > 1]
    if twice:
        names = ", ".join(sorted(map(repr, twice)))
        raise SourceFailed(f"{place}: more than one column is called {names}")


def compile_key(columns: Sequence[str]) -> Callable[[Record], str]:
    r"""Return a function that reads a record's key; "" if all its columns are empty.

    The parts of a composite key are joined by "|", with a backslash before each "|" and backslash
    inside a part.
    """
    if len(columns) == 1:
        column = columns[0]
        return lambda record: record.get(column, "").strip()

    def read(record: Record) -> str:
        parts = [record.get(column, "").strip() for column in columns]
        if not any(parts):
            return ""
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)

    return read


def key_fault(key: str) -> str:
    """Return why a key cannot be taken; "" if it can."""
    if not key:
        return "no key"
    if len(key) > MAX_KEY_CHARS:
        return f"the key is longer than {MAX_KEY_CHARS} characters"
    if not key.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in key):
        return "control characters in the key"
    return ""


def is_constant(part: str) -> bool:
    """Tell whether a part of a rule is a text of every record ("=Example Ltd"), no column."""
    return part.startswith(CONSTANT)


def columns_of(rule: MapRule) -> list[str]:
    """Return the columns that a rule names, in its order."""
    parts = (rule,) if isinstance(rule, str) else rule
    return [
        column
        for part in parts
        if not is_constant(part)
        for column in (_TEMPLATE.findall(part) if "{" in part else (part,))
    ]


def plain_column(rule: MapRule) -> str:
    """Return the column that a rule takes as it is; "" for lists, templates and constants."""
    if not isinstance(rule, str):
        return plain_column(rule[0]) if len(rule) == 1 else ""
    return "" if is_constant(rule) or "{" in rule else rule


def compile_text(rule: MapRule) -> Read:
    """Compile a rule to the first text that is not empty."""
    if isinstance(rule, str):
        if is_constant(rule):
            return _compile_constant(rule)
        return _compile_template(rule) if "{" in rule else _compile_column(rule)
    reads = [compile_text(part) for part in rule]
    if len(reads) == 1:
        return reads[0]

    def first(record: Record) -> str:
        for read in reads:
            text = read(record)
            if text:
                return text
        return ""

    return first


def compile_link(rule: MapRule) -> Read:
    """Compile a rule for a web address: what a template puts behind its beginning is quoted.

    A link with an empty part would lead somewhere else: it is none.
    """
    if not isinstance(rule, str):
        reads = [compile_link(part) for part in rule]
        return lambda record: next(filter(None, (read(record) for read in reads)), "")
    if is_constant(rule) or "{" not in rule:
        return compile_text(rule)
    pieces = _TEMPLATE.split(rule)
    literals, columns = pieces[::2], pieces[1::2]

    def read(record: Record) -> str:
        texts = [clean(record.get(column, "")) for column in columns]
        if not all(texts):
            return ""
        # "{server}/contact/{id}": what begins an address is one already
        first = 0 if literals[0] else 1
        texts[first:] = [quote(text, safe="") for text in texts[first:]]
        return literals[0] + "".join(
            text + literal for text, literal in zip(texts, literals[1:], strict=True)
        )

    return read


def _compile_constant(rule: str) -> Read:
    text = clean(rule.removeprefix(CONSTANT))
    return lambda _record: text


def _compile_column(column: str) -> Read:
    def read(record: Record) -> str:
        text = record.get(column, "")
        return clean(text) if text else ""

    return read


def _compile_template(template: str) -> Read:
    """Compile "{first} {last}": empty columns leave no double space, bracket or comma behind."""
    pieces = _TEMPLATE.split(template)
    literals, columns = pieces[::2], pieces[1::2]

    def read(record: Record) -> str:
        texts = [clean(record.get(column, "")) for column in columns]
        if not any(texts):
            return ""
        whole = literals[0] + "".join(
            text + literal for text, literal in zip(texts, literals[1:], strict=True)
        )
        if all(texts):
            return clean(whole)
        return clean(_EMPTY_BRACKETS.sub(" ", whole)).strip(" ,;/|-")

    return read


def compile_values(rule: MapRule) -> Callable[[Record], list[str]]:
    """Compile a rule to the raw texts of all its columns, the empty ones left out."""
    parts = (rule,) if isinstance(rule, str) else rule
    column = plain_column(rule)
    if column:

        def one(record: Record) -> list[str]:
            text = record.get(column, "")
            return [text] if text else []

        return one
    reads = [(part, None if plain_column(part) else compile_text(part)) for part in parts]

    def every(record: Record) -> list[str]:
        found = []
        for part, read in reads:
            text = read(record) if read else record.get(part)
            if text:
                found.append(text)
        return found

    return every
