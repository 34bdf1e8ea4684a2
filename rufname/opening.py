"""Opening the index that a configuration names, for commands that ask it themselves.

Law: apart from `rufname.options`, since a command that asks nothing loads no search.
"""

from __future__ import annotations

import os

from engine.errors import CorruptIndex, ForeignIndex
from engine.index import ContactIndex
from rufname.config import Config
from rufname.errors import RufnameError
from rufname.ownership import require_entry
from rufname.pasting import with_file
from rufname.rundir import serving_pid


class NothingIndexed(RufnameError):
    """There is no index yet, or none that this version can use: sync first."""


def open_index(config: Config) -> ContactIndex:
    """Return the index of a configuration.

    Raises:
        ForeignFolder: the data folder is another user's.
        NothingIndexed: no source has been read yet, or it is damaged or of another version.
    """
    require_entry(config.data_dir)
    try:
        index = ContactIndex.open(config.index_dir, config.policies())
    except CorruptIndex as error:
        raise NothingIndexed(f"{error}: {rebuilt_by(config, error)}") from error
    if not index.status().generation:
        command = with_file("rufname sync -c FILE", config.path)
        raise NothingIndexed(f"{config.data_dir} holds no index yet: run `{command}`")
    return index


def rebuilt_by(config: Config, error: CorruptIndex) -> str:
    """Return how an index that cannot be used is built anew, for whoever is told of it."""
    if isinstance(error, ForeignIndex) and serving_pid(config.run_dir) is not None:
        return (
            "the `rufname serve` that runs builds the index anew; if it began before this version"
            " was installed, restart it"
        )
    if config.index_dir.exists() and not os.access(config.index_dir, os.W_OK):
        return "the folder may not be written, and whoever asks takes a lock in it"
    return (
        "a running `rufname serve` builds the index anew from the contact store, or "
        + with_file("`rufname sync -c FILE`", config.path)
    )
