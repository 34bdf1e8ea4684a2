"""Who holds which number or e-mail address, over all sources: in a file, not in memory.

Law: SQLite's own temporary database, which is unlinked as soon as it is made and gone with the
process; memory stays flat for any number of contacts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

CACHE_KIB = 16 * 1024

MAX_NAMES = 10_000
"""Names of one number that are told apart; a number with more is a shared one by any measure."""


class Shared(msgspec.Struct, frozen=True):
    """A number and how many people hold it; `first` are source and key of a few of them."""

    number: str
    people: int
    first: tuple[tuple[str, str], ...]


class Twin(msgspec.Struct, frozen=True):
    """One person in several sources: the first record in each, and what they have in common."""

    records: tuple[tuple[str, str], ...]
    link: str


class Holders:
    """Collects holders; ask it once all are told. Use from one thread; close it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE held (link TEXT, name TEXT, source TEXT, key TEXT)")
        self._db.execute(
            "CREATE TABLE twins (source TEXT, key TEXT, link TEXT, records TEXT,"
            " PRIMARY KEY (source, key)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Drop everything."""
        self._db.close()

    def tell(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Take holders: number (digits) or e-mail address, folded name, source, key."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO held VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def shared(self, more_than: int, source: str | None, examples: int) -> Iterator[Shared]:
        """Give the numbers that more than so many people hold; people are told apart by name.

        Args:
            more_than: at least 1.
            source: only numbers that one of its records holds; None = of any.
            examples: holders named at the most.
        """
        rows = self._db.execute(
            "SELECT link, name, source, key FROM held WHERE link NOT LIKE '%@%'"
            " ORDER BY link, source, key"
        )
        for number, group in groupby(rows, itemgetter(0)):
            names: set[str] = set()
            first: list[tuple[str, str]] = []
            touched = source is None
            for _, name, own, key in group:
                if len(names) < MAX_NAMES:
                    names.add(name)
                if len(first) < examples:
                    first.append((own, key))
                touched = touched or own == source
            if touched and len(names) > more_than:
                yield Shared(number, len(names), tuple(first))

    def twins(self, source: str | None, examples: int) -> tuple[int, list[Twin]]:
        """Return how many people stand in several sources, and the first of them.

        One person: the same folded name with a number or an address in common. Who has several in
        common counts once.
        """
        rows = self._db.execute(
            "SELECT link, name, min(source), max(source), count(DISTINCT source), source, min(key)"
            " FROM held WHERE name != '' GROUP BY link, name, source ORDER BY link, name, source"
        )
        self._db.execute("BEGIN")
        for (link, _), group in groupby(rows, itemgetter(0, 1)):
            records = [(own, key) for *_, own, key in group]
            if len(records) > 1 and (source is None or source in dict(records)):
                packed = msgspec.json.encode(records).decode()
                self._db.execute(
                    "INSERT OR IGNORE INTO twins VALUES (?, ?, ?, ?)", (*records[0], link, packed)
                )
        self._db.execute("COMMIT")
        count = self._db.execute("SELECT count(*) FROM twins").fetchone()[0]
        found = self._db.execute("SELECT records, link FROM twins LIMIT ?", (examples,))
        return count, [
            Twin(tuple(msgspec.json.decode(packed, type=tuple[tuple[str, str], ...])), link)
            for packed, link in found
        ]
