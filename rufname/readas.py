"""How each source was read when it was last read to its end, kept over restarts of `serve`.

Law: a digest of dial plan, map and key for each source, no more. A file that is missing or damaged
knows nothing, and what it does not know has not changed.
"""

from __future__ import annotations

import logging
from hashlib import blake2b
from pathlib import Path

import msgspec

from connectors.settings import SourceSettings

DIGEST_BYTES = 16

_log = logging.getLogger("rufname.writer")


def manner_of(source: SourceSettings) -> str:
    """Return what stands for how records of a source are read; a plan's name changes nothing."""
    plan = msgspec.structs.replace(source.plan, name="")
    told = msgspec.json.encode([plan, sorted(source.map.items()), source.key])
    return blake2b(told, digest_size=DIGEST_BYTES).hexdigest()


class ReadAs:
    """What a file in `run/` says of all sources; belongs to the process that writes."""

    def __init__(self, path: Path) -> None:
        """Read the file, where there is one."""
        self._path = path
        self._manners: dict[str, str] = {}
        try:
            self._manners = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return

    def differs(self, source: SourceSettings) -> bool:
        """Tell whether a source is known to have been read in another way."""
        return self._manners.get(source.id, manner := manner_of(source)) != manner

    def note(self, source: SourceSettings) -> None:
        """Keep how a source was read; a full disk is told and costs a restart its knowledge."""
        manner = manner_of(source)
        if self._manners.get(source.id) == manner:
            return
        self._manners[source.id] = manner
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            fresh.touch(mode=0o600)
            fresh.write_bytes(msgspec.json.encode(self._manners))
            fresh.replace(self._path)
        except OSError as error:
            _log.error("cannot write %s: %s", self._path.name, error.strerror)
