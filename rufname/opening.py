"""Opening the index that a configuration names, for commands that ask it themselves.

Law: apart from `rufname.options`, since a command that asks nothing loads no search.
"""

from __future__ import annotations

from engine.index import ContactIndex
from rufname.config import Config
from rufname.errors import RufnameError


class NothingIndexed(RufnameError):
    """There is no index yet: sync first."""


def open_index(config: Config) -> ContactIndex:
    """Return the index of a configuration.

    Raises:
        NothingIndexed: no source has been read yet.
        CorruptIndex: it is damaged.
    """
    index = ContactIndex.open(config.index_dir, config.policies())
    if not index.status().generation:
        raise NothingIndexed(
            f"{config.data_dir} holds no index yet: run `rufname sync -c {config.path}`"
        )
    return index
