"""Preparing this process for the drivers that sources need."""

from __future__ import annotations

from connectors.drivers import prepare_drivers
from rufname.config import Config
from rufname.rundir import make_private


def prepare(config: Config) -> None:
    """Write and use an own list of ODBC drivers, if any source needs one.

    Raises:
        OSError: the data folder cannot be written.
    """
    if any(source.kind == "odbc" for source in config.sources):
        prepare_drivers(make_private(config.run_dir))
