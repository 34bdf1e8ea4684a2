"""How a worker that answers follows the index: opened once it is whole, refreshed all the time.

Law: an answering process never writes to the index and never waits for the writer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from engine.errors import CorruptIndex, ForeignIndex
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from rufname.errors import OTHER_VERSION

REFRESH_INTERVAL_S = 0.2
"""A commit is seen at most so much later; a look costs two system calls."""

REOPEN_INTERVAL_S = 1.0

_log = logging.getLogger("rufname.worker")


async def open_when_whole(index_dir: Path, policies: Mapping[str, SourcePolicy]) -> ContactIndex:
    """Return the index; while it is damaged wait for the writer to build it anew.

    Until then nothing is accepted, so that questions queue instead of getting a wrong "nobody".
    """
    said = False
    while True:
        try:
            return ContactIndex.open(index_dir, policies)
        except CorruptIndex as error:
            if not said:
                _log.error("waiting for a whole index: %s", error)
                if isinstance(error, ForeignIndex):  # an upgraded `serve` starts it later
                    _log.error(OTHER_VERSION)
                said = True
            await asyncio.sleep(REOPEN_INTERVAL_S)


async def follow(index: ContactIndex) -> None:
    """Follow commits and swapped generations for ever; a damaged new one leaves the old in use."""
    said = ""
    while True:
        await asyncio.sleep(REFRESH_INTERVAL_S)
        try:
            index.refresh()
        except CorruptIndex as error:
            if str(error) != said:
                said = str(error)
                _log.error("the index cannot be followed: %s", said)
        else:
            said = ""
