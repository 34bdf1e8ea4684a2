"""`rufname relay`: one node of a relay, until a signal ends it; and what its operator may do."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click
import msgspec
import uvloop

from relay.tunnel.keys import grouped
from relay.tunnel.tenants import OutdatedRecord
from relay.tunnel.tenantstore import SqliteRecords
from rufname.exits import DONE, NO
from rufname.node import Node, open_records
from rufname.nodeconfig import NodeConfig, load_node_config
from rufname.telemetry import configure_logging

DEFAULT_CONFIG = "relay.toml"

_log = logging.getLogger("rufname.relay")


@click.command()
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="RUFNAME_RELAY_CONFIG",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The configuration of the node.",
)
@click.option(
    "--forget",
    default="",
    metavar="TENANT",
    help="Remove a tenant that cannot remove itself, whether nodes run or not; then end.",
)
@click.option(
    "--take-over",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Copy the tenants of a relay of one node, its tenants.sqlite, to those on NATS; then end.",
)
def relay(path: Path, forget: str, file: Path | None) -> int:
    """Connect people in Teams with directories that open no port; reads nothing of what they say.

    SIGTERM or Ctrl-C ends it once the directories are connected elsewhere and what is in flight is
    answered, a second one at once. SIGHUP reads certificate and key anew.
    """
    if forget and file is not None:
        raise click.UsageError("--forget and --take-over exclude each other")
    config = load_node_config(path)
    if file is not None:
        if config.nats_records is None:
            raise click.UsageError(f"--take-over: {path} has no [nats]")
        return asyncio.run(_take_over(config, file))
    if forget:
        return asyncio.run(_forget(config, forget.lower()))
    configure_logging("relay")
    for warning in config.warnings:
        _log.warning(warning)
    uvloop.run(Node(config).run())
    return DONE


async def _forget(config: NodeConfig, tid: str) -> int:
    """Remove a tenant's record; running nodes hear of it and close its lines."""
    records = await open_records(config)
    try:
        record = await records.get(tid)
        if record is None:
            click.echo(f"no tenant {tid} is registered at {config.settings.url}", err=True)
            return NO
        await records.delete(tid)
    finally:
        await records.close()
    click.echo(
        f"forgot tenant {tid}, fingerprint {grouped(record.fingerprint)}\n"
        "its lines end within some seconds; its directory can register again"
    )
    return DONE


async def _take_over(config: NodeConfig, path: Path) -> int:
    """Copy the records of a file; tenants that are there already stay as they are."""
    file = SqliteRecords(path)
    try:
        found = await file.every()
    finally:
        await file.close()
    records, there = await open_records(config), 0
    try:
        for record in found:
            try:
                await records.put(msgspec.structs.replace(record, revision=0))
            except OutdatedRecord:
                there += 1
    finally:
        await records.close()
    click.echo(f"took over {len(found) - there} tenants; {there} were there already, and stay")
    return DONE
