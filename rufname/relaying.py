"""`rufname relay`: one node of a relay, in the foreground, until a signal ends it."""

from __future__ import annotations

import logging
from pathlib import Path

import click
import uvloop

from rufname.node import Node
from rufname.nodeconfig import load_node_config
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
def relay(path: Path) -> None:
    """Connect people in Teams with directories that open no port; reads nothing of what they say.

    SIGTERM or Ctrl-C ends it once the directories are connected elsewhere and what is in flight is
    answered, a second one at once. SIGHUP reads certificate and key anew.
    """
    config = load_node_config(path)
    configure_logging("relay")
    for warning in config.warnings:
        _log.warning(warning)
    uvloop.run(Node(config).run())
