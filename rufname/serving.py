"""`rufname serve`: the supervisor in the foreground, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging

import click

from rufname.config import Config
from rufname.options import serving_config_option
from rufname.supervisor import Supervisor
from rufname.telemetry import configure_logging

_log = logging.getLogger("rufname.supervisor")


@click.command()
@serving_config_option
def serve(config: Config) -> None:
    """Answer LDAP and HTTP, and read the sources by their schedules.

    SIGTERM or Ctrl-C ends it once what is in flight is answered, a second one at once. SIGHUP reads
    the configuration anew.
    """
    configure_logging("supervisor")
    for warning in config.warnings:
        _log.warning(warning)
    asyncio.run(Supervisor(config).run())
