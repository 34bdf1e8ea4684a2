"""Real sources that go wrong in every way they can: each a small world that a test breaks.

A kind of source gets a world of its own beside its tests, and passes `conformance.Conformance`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from typing import ClassVar, Protocol

from typing_extensions import override

from connectors.kinds.odbc import OdbcOptions
from connectors.settings import SecretRef, SourceSettings
from tests.connectors.making import csv_settings, settings
from tests.e2e.postgres import Postgres

Row = tuple[str, str, str]
"""Key, name, phone. A source that makes its own keys (an LDAP server) keeps the first for itself;
no two rows of a world have the same name, unless a test doubles them."""

Rows = list[Row]

COUNT = 40

ROWS: Rows = [(str(n), f"Jörg Groß {n}", f"+49 89 99998 {n:03}") for n in range(COUNT)]


def many(count: int) -> Rows:
    """Rows enough for several batches: a world can be broken while it is read."""
    return [(str(n), f"Name {n}", f"+49 89 99998 {n % 1000:03}") for n in range(count)]


class World(Protocol):
    """A source of contacts that a test can change and break.

    Attributes:
        settings: id "crm", name "CRM", the kind's options, a map of `display_name` and
            `phones.work` (or what is usual for the kind).
        lacks: what this kind cannot do or suffer → why; the tests of it are skipped with that
            reason. The names are those of `conformance.DAMAGES` and `FAULTS`, "key change",
            "lost column", "preview".
        incremental: whether a second read sends only what changed.
        faults: further ways to break, known to `damage`, after which no run is done.
    """

    settings: SourceSettings
    lacks: ClassVar[dict[str, str]]
    incremental: bool
    faults: tuple[str, ...]

    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        """Let the source hold exactly these rows, touch no row that stays, and mend all damage.

        `name_column` renames the field that `display_name` is mapped from (schema drift).
        """

    def damage(self, fault: str) -> None:
        """Break it until the next `fill`, in one of the ways of `DAMAGES`, `FAULTS`, `faults`.

        "killed" is asked for while a run reads many rows: the peer dies, the file is replaced.
        """


class CsvWorld(World):
    incremental = False
    faults = ("gone", "empty", "cut off")
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "a file has none",
        "no rights": "root, as whom tests may run, reads every file",
        "hang": "a file never blocks",
        "expired bookmark": "a file is read as a whole",
    }

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
        if fault in {"gone", "error"}:
            self.path.unlink()
        elif fault == "empty":
            self.path.write_text("")
        elif fault == "bad encoding":
            self.path.write_bytes(text.encode("cp1252"))
        elif fault == "cut off":
            self.path.write_text(text[: len(text) // 2] + '\n9;"', encoding="utf-8")
        elif fault == "killed":
            self.path.write_text(text[: len(text) // 2], encoding="utf-8")
        elif fault == "bad lines":
            self.path.write_text(text.replace(";+", ";x;+"), encoding="utf-8")
        else:
            raise AssertionError(fault)


class SqlWorld(World):
    """A table behind a view, so that the view can be replaced by what hangs or fails."""

    incremental = False
    query = "SELECT * FROM contact_view"
    table = "CREATE TABLE people (id varchar(255), name text, phone text)"
    endless = ""
    lacks: ClassVar[dict[str, str]] = {
        "expired bookmark": "without changed = … a database is read as a whole"
    }

    def __init__(self) -> None:
        self._rows: Rows | None = None

    def run(self, sql: str) -> None:
        raise NotImplementedError

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        if self._rows is None:
            self.run("DROP VIEW IF EXISTS contact_view")
            self.run("DROP TABLE IF EXISTS people")
            self.run(self.table)
            self._rows = []
        old, new = Counter(self._rows), Counter(rows)
        gone = list((old - new).elements())
        if len(gone) == len(self._rows):
            self.run("DELETE FROM people")
        else:
            for row in gone:
                self.run(
                    "DELETE FROM people WHERE id = '{}' AND name = '{}' AND phone = '{}'".format(
                        *row
                    )
                )
        fresh = list((new - old).elements())
        for start in range(0, len(fresh), 500):
            values = ", ".join(map(str, fresh[start : start + 500]))
            self.run(f"INSERT INTO people (id, name, phone) VALUES {values}")
        self._rows = rows
        self.view(f"SELECT id, name AS {name_column}, phone FROM people")

    def view(self, select: str) -> None:
        self.run("DROP VIEW IF EXISTS contact_view")
        self.run(f"CREATE VIEW contact_view AS {select}")

    @override
    def damage(self, fault: str) -> None:
        if fault == "error":
            self.run("DROP VIEW contact_view")
        elif fault == "hang":
            self.view(self.endless)
        else:
            raise AssertionError(fault)


class SqliteWorld(SqlWorld):
    faults = ("file gone", "no database")
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
        " SELECT count(*) AS id, 'x' AS name, '' AS phone FROM c"
    )
    lacks: ClassVar[dict[str, str]] = {
        **SqlWorld.lacks,
        "wrong password": "a file has none",
        "no rights": "root, as whom tests may run, reads every file",
        "killed": "a file has no peer",
        "bad encoding": "SQLite knows UTF-8 and UTF-16 only, and converts",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__()
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
            self._rows = None
        elif fault == "no database":
            self.path.write_text("no database " * 1_000)
            self._rows = None
        else:
            super().damage(fault)

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        if self._rows is None:
            self.path.unlink(missing_ok=True)
        super().fill(rows, name_column=name_column)


class PostgresWorld(SqlWorld):
    faults = ()
    endless = "SELECT '1'::text AS id, 'x'::text AS name, pg_sleep(60)::text AS phone"
    lacks: ClassVar[dict[str, str]] = {
        **SqlWorld.lacks,
        "bad encoding": "the server converts, and refuses what it cannot",
    }

    def __init__(self, server: Postgres, secret: Path) -> None:
        super().__init__()
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
        elif fault == "killed":
            with contextlib.suppress(AssertionError):  # nobody is connected any more
                self.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crm'"
                )
        else:
            super().damage(fault)
