"""`rufname discover` and `rufname preview`: what a source offers, and what becomes of it.

Law: nothing is stored. `discover` works before a source has a key and a map: it is how one is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.errors import SourceFailed
from connectors.mapping import Mapping
from connectors.registry import completed, open_source
from connectors.rules import columns_of
from connectors.settings import MapRule, SourceSettings
from connectors.suggestions import suggested_change, suggested_key, suggested_map
from engine.contact import Contact
from engine.source import RejectedRecord, SourceField, Upsert
from rufname.config import Config
from rufname.drivers import prepare
from rufname.options import config_option, draft_config_option
from rufname.progress import wide_console
from rufname.telemetry import printable

MAX_PREVIEW_ROWS = 1_000
MAX_SHOWN_CHARS = 1_000
"""So much of one value is shown: a photo has a hundred times as many."""

_CHOICE = re.compile(r"\[[^\]]*\]")
"""What a path into JSON chooses of a list: `phones[type=work].number` of `phones.number`."""


@click.command()
@click.argument("source")
@config_option
@click.option(
    "--rows",
    type=click.IntRange(1, MAX_PREVIEW_ROWS),
    default=5,
    show_default=True,
    help="How many.",
)
def preview(source: str, config: Config, rows: int) -> None:
    """Show the first records of SOURCE: raw, mapped and normalised, and what would be refused."""
    prepare(config)
    settings = completed(config.source(source))
    mapping = Mapping(settings)
    records = open_source(settings).preview(rows)
    console = wide_console()
    for record in records:
        if isinstance(record, RejectedRecord):
            where, why = _shown(record.locator), _shown(record.reason)
            console.print(f"[red]rejected[/] {where}: {why}\n")
        else:
            _print_record(record, settings, mapping, console)
    what = "record" if len(records) == 1 else "records"
    console.print(f"{len(records)} {what} of {escape(settings.name)}; nothing was stored")


@click.command()
@click.argument("source")
@draft_config_option
def discover(source: str, config: Config) -> None:
    """List the fields of SOURCE, what may be its key, and a map to begin with."""
    prepare(config)
    settings = own = config.source(source)
    try:
        settings = completed(own)
    except SourceFailed:
        if settings.key and settings.map:
            raise
    fields = open_source(settings).discover()
    console = wide_console()
    table = Table("field", "type", "may be", box=None, pad_edge=False)
    for field in fields:
        roles = [*(["key"] * field.key), *(["change"] * field.changed)]
        table.add_row(_shown(field.name), escape(field.type), ", ".join(roles))
    console.print(table)
    console.print()
    for line in _draft(own, settings, fields):
        console.print(line, markup=False, soft_wrap=True)


def _draft(
    own: SourceSettings, settings: SourceSettings, fields: tuple[SourceField, ...]
) -> Iterator[str]:
    """Give the lines of a `[[source]]` that can be copied: what it has, else what is suggested.

    Args:
        own: the source as it is written.
        settings: with what is usual for its kind.
        fields: what it offers.
    """
    key = settings.key or tuple(filter(None, [suggested_key(fields)]))
    yield f"key = {_toml(key)}" if key else "# key = […]   no field of the first rows is a key"
    change = suggested_change(fields)
    has_option = hasattr(settings.options, "changed")
    if change and getattr(settings.options, "changed", None) == "":
        yield f"# changed = {_toml(change)}   to read only what changed"
    yield "[source.map]"
    rules = settings.map or suggested_map(fields)
    if change and not has_option and not settings.map:
        rules = {**rules, "changed": change}  # among equals the newest wins
    for field, rule in rules.items():
        yield f"{field} = {_toml(rule)}"
    if not rules:
        yield "# no field is called as fields of contacts often are"
    names = {field.name for field in fields}
    used = {column for rule in rules.values() for column in columns_of(rule)} | {*key}
    used |= {_CHOICE.sub("", column) for column in used - names}
    written = {column for rule in own.map.values() for column in columns_of(rule)} | {*own.key}
    lost = {column for column in written - names if _CHOICE.sub("", column) not in names}
    if lost:
        yield f"# mapped, but not among these fields: {', '.join(sorted(lost))}"
    left = [field.name for field in fields if field.name not in used]
    if left:
        yield f"# not mapped: {', '.join(left)}"


def _toml(rule: MapRule) -> str:
    """Return a text, or several, as TOML writes them: its basic strings escape as JSON does."""
    if isinstance(rule, str):
        return json.dumps(rule, ensure_ascii=False).replace("\x7f", "\\u007F")
    return f"[{', '.join(map(_toml, rule))}]"


def _print_record(
    record: Upsert, settings: SourceSettings, mapping: Mapping, console: Console
) -> None:
    """Print one record: for each field what it is made of, and what becomes of it."""
    contact, rejected = mapping.contact(record.key, record.record, record.locator)
    becomes: dict[str, list[str]] = {}
    for field, value in _fields(contact) if contact else ():
        becomes.setdefault(field, []).append(value)
    table = Table("contact field", "from", "raw", "becomes", title_justify="left")
    table.title = _shown(f"{record.locator or 'record'}, key {record.key}")
    for each in table.columns:
        each.overflow = "fold"  # else long values lose their end
    for field, rule in settings.map.items():
        columns = [column for column in columns_of(rule) if record.record.get(column)]
        raw = [record.record[column] for column in columns]
        values = becomes.pop(field, [])
        if raw or values:
            table.add_row(field, *map(_lines, (columns, raw, values)))
    for field, values in becomes.items():  # a fax number in a field of telephones
        table.add_row(field, "", "", _lines(values))
    console.print(table)
    used = {column for rule in settings.map.values() for column in columns_of(rule)}
    left = [
        f"{name} = {value}" for name, value in record.record.items() if value and name not in used
    ]
    if left:
        console.print(f"[dim]not mapped:[/] {'; '.join(map(_shown, left))}")
    for fault in rejected:
        what = f"field {fault.field}" if fault.field else "record"
        console.print(f"[red]{what} rejected:[/] {_shown(fault.reason)}")
    console.print()


def _lines(values: Iterable[str]) -> str:
    return "\n".join(map(_shown, values))


def _shown(value: str) -> str:
    """Return what a source says, for a terminal: in one line, and nothing that it would act on."""
    text = printable(value[:MAX_SHOWN_CHARS].replace("\n", " | "))
    cut = f"… ({len(value):,} characters)" if len(value) > MAX_SHOWN_CHARS else ""
    return escape(f"{text}{cut}")


def _fields(contact: Contact) -> Iterator[tuple[str, str]]:
    """Give the fields of a contact that are not empty, as the mapping calls them."""
    for field in ("display_name", "given_name", "surname", "title", "company", "department", "job"):
        if value := getattr(contact, field):
            yield field, value
    for line in contact.phones:
        trunk = f" (on the trunk +{line.trunk})" if line.trunk else ""
        yield f"phones.{line.kind}", f"+{line.number.key.replace('x', ' ext. ')}{trunk}"
    for email in contact.emails:
        yield "emails", email
    for field in ("street", "postcode", "city", "country"):
        if value := getattr(contact.address, field):
            yield field, value
    for field in ("url", "photo", "birthday", "notes", "link", "changed"):
        if value := getattr(contact, field):
            yield field, value
    for number, value in contact.custom.items():
        yield f"custom.{number}", value
