"""`rufname check` and `rufname preview`: would it work, and what would come of it?

Law: nothing is stored and nothing is served. A check goes on after a fault, so that one run names
them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.errors import ConnectorError
from connectors.mapping import Mapping
from connectors.registry import completed, open_source
from connectors.settings import SourceSettings
from engine.contact import Contact
from engine.source import RejectedRecord, Upsert
from rufname.config import Config, load_config
from rufname.drivers import prepare
from rufname.errors import ConfigError
from rufname.exits import DONE, NO
from rufname.listening import CannotListen, listen_on
from rufname.options import CONFIG_VARIABLE, DEFAULT_CONFIG, config_option
from rufname.preflight import require_servable
from rufname.progress import wide_console
from rufname.rundir import read_status

MAX_PREVIEW_ROWS = 1_000


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar=CONFIG_VARIABLE,
    show_default=True,
    metavar="FILE",
    help="The configuration.",
)
def check(path: Path) -> int:
    """Try the configuration, each source's connection and each listener; name every fault."""
    try:
        config = load_config(path)
        require_servable(config)
    except ConfigError as error:
        for fault in error.faults:
            click.echo(f"fault: {fault}", err=True)
        return NO
    click.echo(f"ok: {config.path}")
    for warning in config.warnings:
        click.echo(f"warning: {warning}", err=True)
    prepare(config)
    whole = True
    for source in config.sources:
        whole &= _check_source(source)
    for fault in _listener_faults(config):
        whole = False
        click.echo(f"fault: {fault}", err=True)
    return DONE if whole else NO


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
    """Show the first records of SOURCE: raw beside the contact that the mapping makes of each."""
    prepare(config)
    settings = completed(config.source(source))
    mapping = Mapping(settings)
    records = open_source(settings).preview(rows)
    console = wide_console()
    for record in records:
        if isinstance(record, RejectedRecord):
            console.print(f"[red]rejected[/] {escape(record.locator)}: {escape(record.reason)}\n")
        else:
            _print_record(record, mapping, console)
    console.print(f"{len(records)} records of {escape(settings.name)}; nothing was stored")


def _check_source(source: SourceSettings) -> bool:
    """Print what a source's connection test says; tell whether it is without fault."""
    try:
        source = completed(source)
        report = open_source(source).check()
    except ConnectorError as error:
        click.echo(f"fault: source {source.name}: {error}", err=True)
        return False
    for fault in report.faults:
        click.echo(f"fault: source {source.name}: {fault}", err=True)
    for warning in report.warnings:
        click.echo(f"warning: source {source.name}: {warning}", err=True)
    if not report.faults:
        rows = "" if report.estimated_rows is None else f", about {report.estimated_rows:,} rows"
        click.echo(f"ok: source {source.name} ({source.kind}{rows})")
    return not report.faults


def _listener_faults(config: Config) -> Iterator[str]:
    """Try to listen where no `serve` of this data folder listens already; print what is well."""
    serving = read_status(config.run_dir)
    ours = serving.listens if serving else ()
    wanted = [(own.host, own.port, str(own)) for own in (config.ldap.listen if config.ldap else ())]
    if config.relay:
        wanted.append((config.relay.host, config.relay.port, str(config.relay)))
    for host, port, url in wanted:
        if url in ours:
            click.echo(f"ok: {url} (served now by process {serving.pid if serving else 0})")
            continue
        try:
            listen_on(host, port, url).close()
        except CannotListen as error:
            yield str(error)
        else:
            click.echo(f"ok: {url}")


def _print_record(record: Upsert, mapping: Mapping, console: Console) -> None:
    """Print one record: raw fields on the left, the contact on the right, faults below."""
    contact, rejected = mapping.contact(record.key, record.record, record.locator)
    raw = [(name, value) for name, value in record.record.items() if value]
    mapped = list(_fields(contact)) if contact else []
    table = Table("raw field", "raw value", "contact field", "value", title_justify="left")
    table.title = escape(f"{record.locator or 'record'}, key {record.key}")
    for row in range(max(len(raw), len(mapped))):
        left = raw[row] if row < len(raw) else ("", "")
        right = mapped[row] if row < len(mapped) else ("", "")
        table.add_row(*(escape(text.replace("\n", " | ")) for text in (*left, *right)))
    console.print(table)
    for fault in rejected:
        what = f"field {fault.field}" if fault.field else "record"
        console.print(f"[red]{what} rejected:[/] {escape(fault.reason)}")
    console.print()


def _fields(contact: Contact) -> Iterator[tuple[str, str]]:
    """Give the fields of a contact that are not empty, as the mapping calls them."""
    for field in ("display_name", "given_name", "surname", "title", "company", "department", "job"):
        if value := getattr(contact, field):
            yield field, value
    for line in contact.phones:
        yield f"phones.{line.kind}", f"+{line.number.key.replace('x', ' ext. ')}"
    for email in contact.emails:
        yield "emails", email
    for field in ("street", "postcode", "city", "country"):
        if value := getattr(contact.address, field):
            yield field, value
    for field in ("url", "photo", "birthday", "notes", "changed"):
        if value := getattr(contact, field):
            yield field, value
    for number, value in contact.custom.items():
        yield f"custom.{number}", value
