"""Real sources that go wrong in every way they can: each a small world that a test breaks."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from connectors.kinds.odbc import OdbcOptions
from connectors.settings import SecretRef, SourceSettings
from tests.connectors.making import csv_settings, settings
from tests.e2e.postgres import Postgres

COUNT = 40

ROWS = [(str(n), f"Jörg Groß {n}", f"+49 89 99998 {n:03}") for n in range(COUNT)]

Rows = list[tuple[str, str, str]]


class World(Protocol):
    """A source of contacts.

    `faults` names the ways it can break beside the common ones.
    """

    settings: SourceSettings
    faults: tuple[str, ...]

    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        """Let the source hold exactly these rows."""

    def damage(self, fault: str) -> None:
        """Break it in one of its own ways."""


class CsvWorld(World):
    faults = ("gone", "empty", "bad encoding", "cut off", "bad lines")

    def __init__(self, folder: Path) -> None:
        self.path = folder / "phones.csv"
        self.settings = csv_settings(self.path, options={"encoding": "utf-8"})

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        lines = [f"id;{name_column};phone", *(";".join(row) for row in rows)]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @override
    def damage(self, fault: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        if fault == "gone":
            self.path.unlink()
        elif fault == "empty":
            self.path.write_text("")
        elif fault == "bad encoding":
            self.path.write_bytes(text.encode("cp1252"))
        elif fault == "cut off":
            self.path.write_text(text[: len(text) // 2] + '\n9;"', encoding="utf-8")
        elif fault == "bad lines":
            self.path.write_text(text.replace(";+", ";x;+"), encoding="utf-8")


class SqlWorld(World):
    """Rows behind a view, so that any of them can be replaced by what hangs or fails."""

    query = "SELECT * FROM contact_view"
    endless = ""

    def run(self, sql: str) -> None:
        raise NotImplementedError

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        values = " UNION ALL ".join(
            f"SELECT '{key}' AS id, '{name}' AS {name_column}, '{phone}' AS phone"
            for key, name, phone in rows or ROWS[:1]
        )
        where = "" if rows else " WHERE 1 = 0"
        self.view(f"SELECT * FROM ({values}) q{where}")

    def view(self, select: str) -> None:
        self.run("DROP VIEW IF EXISTS contact_view")
        self.run(f"CREATE VIEW contact_view AS {select}")

    @override
    def damage(self, fault: str) -> None:
        if fault == "view gone":
            self.run("DROP VIEW contact_view")
        elif fault == "hang":
            self.view(self.endless)


class SqliteWorld(SqlWorld):
    faults = ("view gone", "hang", "file gone", "no database")
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
        " SELECT count(*) AS id, 'x' AS name, '' AS phone FROM c"
    )

    def __init__(self, folder: Path) -> None:
        self.path = folder / "crm.db"
        options = OdbcOptions(
            connection=f"Driver={{SQLite3}};Database={self.path}", query=self.query
        )
        self.settings = settings(kind="odbc", options=options)

    @override
    def run(self, sql: str) -> None:
        with sqlite3.connect(self.path) as database:
            database.execute(sql)
        database.close()

    @override
    def damage(self, fault: str) -> None:
        if fault == "file gone":
            self.path.unlink()
        elif fault == "no database":
            self.path.write_text("no database " * 1_000)
        else:
            super().damage(fault)

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        if self.path.exists() and not self.path.read_bytes().startswith(b"SQLite"):
            self.path.unlink()
        super().fill(rows, name_column=name_column)


class PostgresWorld(SqlWorld):
    faults = ("view gone", "hang", "no rights", "wrong password")
    endless = "SELECT '1'::text AS id, 'x'::text AS name, pg_sleep(60)::text AS phone"

    def __init__(self, server: Postgres, secret: Path) -> None:
        self.server = server
        self.secret = secret
        options = OdbcOptions(connection=SecretRef(file=secret), query=self.query)
        self.settings = settings(kind="odbc", options=options)

    @override
    def run(self, sql: str) -> None:
        self.server.run(sql)

    @override
    def view(self, select: str) -> None:
        super().view(select)
        self.run("GRANT SELECT ON contact_view TO crm")
        self.secret.write_text(self.server.connection)

    @override
    def damage(self, fault: str) -> None:
        if fault == "no rights":
            self.run("REVOKE SELECT ON contact_view FROM crm")
        elif fault == "wrong password":
            self.secret.write_text(self.server.connection.replace("only", "wrong"))
        else:
            super().damage(fault)


WORLDS = {"csv": CsvWorld, "sqlite": SqliteWorld, "postgres": PostgresWorld}


def faults_of(name: str) -> tuple[str, ...]:
    return ("nothing", "half", "duplicates", "lost column", "lost key", *WORLDS[name].faults)


CASES = [(name, fault) for name in WORLDS for fault in faults_of(name)]


def break_it(world: World, fault: str) -> None:
    """Break a filled world in one of its ways."""
    if fault == "nothing":
        world.fill([])
    elif fault == "half":
        world.fill(ROWS[: COUNT // 2])
    elif fault == "duplicates":
        world.fill(ROWS + [(key, "Somebody Else", phone) for key, _, phone in ROWS])
    elif fault == "lost column":
        world.fill(ROWS, name_column="full_name")
    elif fault == "lost key":
        world.fill([("", name, phone) for _, name, phone in ROWS])
    else:
        world.damage(fault)
