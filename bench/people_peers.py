"""The same contacts in SQLite FTS5 and in PostgreSQL with pg_trgm: what else one would search with.

Both are set up as their manuals advise for search as you type: FTS5 with a prefix index for one to
three letters and diacritics removed; pg_trgm with a GIN index, ILIKE for each word and, where that
finds nobody, word similarity. Ten keys come back, best first.

Sources: https://sqlite.org/fts5.html (4.2 Prefix indexes), PostgreSQL manual F.35 (pg_trgm).
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pyodbc  # type: ignore[import-not-found]  # it brings no types

from bench.postgres import connect, has_postgres, running_postgres
from rufname.sample_contact import MadeContact

LIMIT = 10
_WORD = re.compile(r"[^\W_]+")


class Peer(Protocol):
    """Answers a typed text with the keys of at most ten records."""

    def find(self, text: str) -> list[str]:
        """Return keys, best first."""


class Fts5:
    """SQLite FTS5 with a prefix index."""

    def __init__(self, path: Path, made: Iterable[MadeContact]) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute(
            "CREATE VIRTUAL TABLE people USING fts5(key UNINDEXED, name, company, place, mail,"
            " numbers, prefix='1 2 3', tokenize=\"unicode61 remove_diacritics 2\")"
        )
        self._database.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", map(_row, made))
        self._database.execute("INSERT INTO people(people) VALUES ('optimize')")
        self._database.commit()

    def find(self, text: str) -> list[str]:
        """Every word a prefix, ranked by BM25."""
        words = _WORD.findall(text)
        if not words:
            return []
        match = " ".join(f'"{word}"*' for word in words)
        rows = self._database.execute(
            "SELECT key FROM people WHERE people MATCH ? ORDER BY rank LIMIT ?", (match, LIMIT)
        )
        return [key for (key,) in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class Trigrams:
    """PostgreSQL with pg_trgm and GIN."""

    def __init__(self, connection: pyodbc.Connection) -> None:
        self._cursor = connection.cursor()

    def find(self, text: str) -> list[str]:
        """Every word somewhere in the text, by name; where nobody has them, by likeness."""
        words = _WORD.findall(text)
        if not words:
            return []
        every = " AND ".join(["doc ILIKE ?"] * len(words))
        self._cursor.execute(
            f"SELECT key FROM people WHERE {every} ORDER BY name LIMIT {LIMIT}",
            [f"%{word}%" for word in words],
        )
        found = [row[0] for row in self._cursor.fetchall()]
        if not found:
            self._cursor.execute(
                f"SELECT key FROM people WHERE ? <% doc ORDER BY ? <<-> doc LIMIT {LIMIT}",
                [text, text],
            )
            found = [row[0] for row in self._cursor.fetchall()]
        return found


@contextlib.contextmanager
def trigrams(made: Iterable[MadeContact]) -> Iterator[Trigrams | None]:
    """Run PostgreSQL with the contacts for a `with` block; None where it is not installed."""
    if not has_postgres():
        yield None
        return
    with running_postgres() as server, contextlib.closing(connect(server.dsn)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE EXTENSION pg_trgm")
        cursor.execute("CREATE TABLE people (key text, name text, doc text)")
        rows = [(row[0], row[1], " ".join(row[1:])) for row in map(_row, made)]
        many = 500
        for start in range(0, len(rows), many):
            part = rows[start : start + many]
            marks = ", ".join(["(?, ?, ?)"] * len(part))
            cursor.execute(
                f"INSERT INTO people VALUES {marks}",
                [text for row in part for text in row],
            )
        cursor.execute("CREATE INDEX people_doc ON people USING gin (doc gin_trgm_ops)")
        connection.commit()
        connection.autocommit = True
        cursor.execute("ANALYZE people")
        yield Trigrams(connection)


def _row(made: MadeContact) -> tuple[str, str, str, str, str, str]:
    """Return key, name, company, place, mail and numbers (digits, and those of the country)."""
    digits = [number.digits for line in made.lines for number in line.truth]
    numbers = " ".join([*digits, *(f"0{each[2:]}" for each in digits if each.startswith("49"))])
    name = made.name if made.surname in made.name else f"{made.name} {made.surname}"
    place = f"{made.city} {made.department} {made.job}"
    return made.key, name, made.company, place, made.mail, numbers
