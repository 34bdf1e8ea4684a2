"""`rufname check`: would it work?

Law: nothing is stored and nothing is served. A check goes on after a fault, so that one run names
them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from connectors.errors import ConnectorError
from connectors.registry import completed, open_source
from connectors.settings import SourceSettings
from engine.errors import CorruptStore
from rufname.config import Config, load_config
from rufname.drivers import prepare
from rufname.errors import ConfigError
from rufname.exits import DONE, NO
from rufname.listening import CannotListen, listen_on
from rufname.options import CONFIG_VARIABLE, DEFAULT_CONFIG
from rufname.ownership import barred
from rufname.pasting import with_file
from rufname.preflight import require_servable, require_store, warnings_of
from rufname.progress import say
from rufname.rundir import ServeStatus, read_status


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar=CONFIG_VARIABLE,
    show_default=True,
    show_envvar=True,
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
            say(f"fault: {fault}", err=True)
        return NO
    say(f"ok: {config.path}")
    for warning in (*config.warnings, *warnings_of(config)):
        say(f"warning: {warning}", err=True)
    whole = True
    if fault := _folder_fault(config.data_dir):
        whole = False
        say(f"fault: {config.path}: directory.data_dir: {fault}", err=True)
    else:
        prepare(config)
        try:
            require_store(config)
        except CorruptStore as error:
            whole = False
            say(f"fault: {error}", err=True)
    for source in config.sources:
        whole &= _check_source(source, config.path)
    serving = None if fault else read_status(config.run_dir)
    for fault in _listener_faults(config, serving):
        whole = False
        say(f"fault: {fault}", err=True)
    return DONE if whole else NO


def _folder_fault(data_dir: Path) -> str:
    """Return why the data folder cannot be made or written; "" if it can. Nothing is made."""
    there = data_dir
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{there} is no folder; allowed: a folder, or a new one"
    if fault := barred(data_dir):
        return fault
    for folder in (there, data_dir / "run"):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} may not be written by this user; allowed: a folder of its own"
    return ""


def _check_source(source: SourceSettings, file: Path) -> bool:
    """Print what a source's connection test says; tell whether it is without fault."""
    try:
        source = completed(source)
        report = open_source(source).check()
    except ConnectorError as error:
        say(f"fault: source {source.name}: {with_file(str(error), file)}", err=True)
        return False
    for fault in report.faults:
        say(f"fault: source {source.name}: {with_file(fault, file)}", err=True)
    for warning in report.warnings:
        say(f"warning: source {source.name}: {warning}", err=True)
    if not report.faults:
        rows = "" if report.estimated_rows is None else f", about {report.estimated_rows:,} rows"
        say(f"ok: source {source.name} ({source.kind}{rows})")
    return not report.faults


def _listener_faults(config: Config, serving: ServeStatus | None) -> Iterator[str]:
    """Try to listen where no `serve` of this data folder listens already; print what is well."""
    ours = serving.listens if serving else ()
    wanted = [(own.host, own.port, str(own)) for own in (config.ldap.listen if config.ldap else ())]
    if config.relay:
        wanted.append((config.relay.host, config.relay.port, str(config.relay)))
    if config.metrics:
        wanted.append((config.metrics.host, config.metrics.port, str(config.metrics)))
    for host, port, url in wanted:
        if url in ours:
            say(f"ok: {url} (served now by process {serving.pid if serving else 0})")
            continue
        try:
            listen_on(host, port, url).close()
        except CannotListen as error:
            yield str(error)
        else:
            say(f"ok: {url}")
