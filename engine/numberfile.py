"""The number table's file: one LMDB environment beside the index, and its databases.

    <generation>/numbers/      written together with the tantivy index

Law: LMDB forbids to open a file twice in one process, so that `open_file` keeps one handle a file.
What is in the databases says `engine.numbertable`, which reads them; `engine.numberwriter` alone
writes.

Source: LMDB's documentation (lmdb.h, "Caveats"); py-lmdb.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import lmdb
import msgspec

from engine.errors import CorruptIndex

FOLDER = "numbers"
DATA = "data.mdb"

MAP_BYTES = 1 << 36
"""Address space set aside (64 GiB), not memory: the file grows as it must, 5 GiB for 10 M."""

MAX_READERS = 510
"""Processes and snapshots that read at once: workers of one machine, and commands beside them."""

SEQ_KEY, STORE_KEY, KEPT_KEY, PACKED_KEY = b"seq", b"store", b"kept", b"packed"

Database = Any
"""A handle that LMDB gives; py-lmdb names its type for itself alone."""


class Databases(msgspec.Struct, frozen=True):
    """The handles of the table's databases; good for every transaction of their environment."""

    bodies: Database
    retired: Database
    rows: Database
    numbers: Database
    trunks: Database
    sources: Database
    links: Database
    twins: Database
    ended: Database
    meta: Database


class NumberFile:
    """One open environment; kept as long as somebody in this process uses it."""

    __slots__ = ("__weakref__", "databases", "environment")

    def __init__(self, folder: Path, *, sync: bool) -> None:
        """Open or make the environment in `folder`; raises `lmdb.Error`."""
        self.environment = lmdb.open(
            os.fspath(folder),
            map_size=MAP_BYTES,
            max_dbs=len(Databases.__struct_fields__),
            max_readers=MAX_READERS,
            mode=0o600,
            readahead=False,
            sync=sync,
        )
        opened = self.environment.open_db
        self.databases = Databases(
            bodies=opened(b"bodies"),
            retired=opened(b"retired"),
            rows=opened(b"rows"),
            numbers=opened(b"numbers", dupsort=True),
            trunks=opened(b"trunks", dupsort=True),
            sources=opened(b"sources"),
            links=opened(b"links", dupsort=True, dupfixed=True),
            twins=opened(b"twins"),
            ended=opened(b"ended"),
            meta=opened(b"meta"),
        )

    def __del__(self) -> None:
        """Close the file with its last user."""
        environment = getattr(self, "environment", None)
        if environment is not None:
            environment.close()


_opened: WeakValueDictionary[tuple[int, int], NumberFile] = WeakValueDictionary()


def create_file(generation: Path) -> NumberFile:
    """Make the table of a generation that is not served yet: nothing is written through.

    Raises:
        CorruptIndex: it cannot be made.
    """
    folder = generation / FOLDER
    try:
        folder.mkdir(mode=0o700)
        return NumberFile(folder, sync=False)
    except (lmdb.Error, OSError) as error:
        raise CorruptIndex(f"{folder}: {error}") from error


def open_file(generation: Path) -> NumberFile:
    """Return the table of a generation, opened once in this process.

    Raises:
        CorruptIndex: there is no table, or it is no LMDB file.
    """
    folder = generation / FOLDER
    try:
        identity = _identity(folder / DATA)
        known = _opened.get(identity)
        if known is None:
            known = _opened[identity] = NumberFile(folder, sync=True)
    except (lmdb.Error, OSError) as error:
        raise CorruptIndex(f"{folder}: {error}") from error
    return known


def _identity(data: Path) -> tuple[int, int]:
    status = data.stat()
    return status.st_dev, status.st_ino


def noted(transaction: lmdb.Transaction[bytes], file: NumberFile, key: bytes) -> int:
    """Return a `seq` that is noted in `meta`; 0 where none is."""
    return int.from_bytes(transaction.get(key, b"", db=file.databases.meta), "big")
