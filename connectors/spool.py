"""Records that may come more than once, the last of each counting: kept on disk until the end.

Law: memory holds a key and a place for each record, never the records; the file has no name and
goes with the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import msgspec


class Spool:
    """Takes records of one read by their keys, for a `with` block."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._places: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def put(self, key: str, record: Any) -> None:
        """Keep a record instead of an earlier one of the same key."""
        data = msgspec.json.encode(record)
        self._places.pop(key, None)  # the order is that of the last
        self._places[key] = (self._file.tell(), len(data))
        self._file.write(data)

    def drop(self, key: str) -> bool:
        """Forget the record of a key; tell whether there was one."""
        return self._places.pop(key, None) is not None

    def pairs(self) -> Iterator[tuple[str, Any]]:
        """Yield key and record of each, in the order of their last coming; nothing may follow."""
        for key, (place, size) in self._places.items():
            self._file.seek(place)
            yield key, msgspec.json.decode(self._file.read(size))
