"""The contact store's file: its format, how it is made and brought up to it, who may read it.

Law: format and file modes; what is written and read stands in `engine.store`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import uuid
from collections.abc import Callable
from pathlib import Path

FORMAT_VERSION = 2
"""SQLite's `user_version`; a file of a newer one is refused by name, an older one brought up."""

PACKED_SINCE = 2
"""The format from which on bodies are packed (`engine.bodies`); before, they are as they came."""

APPLICATION_ID = 0x52756600
"""SQLite's `application_id` ("Ruf"): another program's database is never written to."""

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE sources (number INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE,
    live INTEGER NOT NULL DEFAULT 0);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, key TEXT NOT NULL,
    seq INTEGER NOT NULL, digest BLOB NOT NULL, body BLOB);
CREATE UNIQUE INDEX contacts_key ON contacts (source, key);
CREATE UNIQUE INDEX contacts_seq ON contacts (seq);
CREATE INDEX tombstones ON contacts (seq) WHERE body IS NULL;
CREATE TABLE bookmarks (source TEXT, seq INTEGER, bookmark BLOB NOT NULL,
    PRIMARY KEY (source, seq)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL, began_at REAL NOT NULL, ended_at REAL, counts BLOB NOT NULL,
    reason TEXT NOT NULL DEFAULT '');
CREATE INDEX runs_source ON runs (source, id);
CREATE TABLE rejected (id INTEGER PRIMARY KEY, source TEXT NOT NULL, locator TEXT NOT NULL,
    field TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX rejected_source ON rejected (source, id);
"""


def make_private(path: Path) -> None:
    """Make the file with mode 0600 if there is none, and take all others' rights from it.

    One that is there is never opened: to close it would end SQLite's locks of this whole process
    (POSIX), and whoever closes the store next would take itself for the last and remove the
    write-ahead log under the connections that are left here.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if mode & 0o077:
        path.chmod(0o600)


def create_tables(database: sqlite3.Connection) -> None:
    """Make the tables of a new store, within a transaction of the caller."""
    for statement in SCHEMA.split(";\n"):
        database.execute(statement)
    database.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [("identity", str(uuid.uuid4())), ("seq", 0), ("settled", 0)],
    )
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def pack_bodies(database: sqlite3.Connection, pack: Callable[[bytes, str, str], bytes]) -> None:
    """Bring a file of the first format to this one, within a transaction of the caller.

    Nothing of a contact changes, so that the index stays in step. Some 30 s a million contacts;
    another process may have been first.

    Args:
        database: open for writing.
        pack: takes body, source and key (`BodyPacker.pack`).
    """
    if database.execute("PRAGMA user_version").fetchone()[0] >= PACKED_SINCE:
        return
    database.create_function("pack", 3, pack, deterministic=True)
    database.execute(
        "UPDATE contacts SET body = pack(body, (SELECT sources.source FROM sources"
        " WHERE number = contacts.source), key) WHERE body IS NOT NULL"
    )
    database.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
