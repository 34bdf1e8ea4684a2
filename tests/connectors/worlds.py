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
from tests.e2e.mariadb import MariaDb
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
        bookmark_is_state: whether a source that holds what it held is not read at all.
        faults: further ways to break, known to `damage`, after which no run is done.
    """

    settings: SourceSettings
    lacks: ClassVar[dict[str, str]]
    incremental: bool
    bookmark_is_state: bool = False
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
    bookmark_is_state = True
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
    faults = ()
    columns = "id varchar(255), name text, phone text"
    changed = "updated timestamp DEFAULT CURRENT_TIMESTAMP"
    endless = ""
    lacks: ClassVar[dict[str, str]] = {}

    def __init__(self, connection: SecretRef | str, changed: str = "", version: str = "") -> None:
        """Begin without a table; it is followed by the column `changed`, or `version`, if any."""
        self._rows: Rows | None = None
        self._column = changed or version
        self._shown = f", {self._column}" if self._column else ""
        options = OdbcOptions(
            connection=connection,
            query="SELECT * FROM contact_view",
            changed=changed,
            version=version,
        )
        self.incremental = bool(self._column)
        self.settings = settings(kind="odbc", options=options)
        self.lacks = dict(type(self).lacks)
        if not self.incremental:
            self.lacks["expired bookmark"] = "this query is read as a whole"

    def run(self, *statements: str) -> None:
        raise NotImplementedError

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        steps = []
        if self._rows is None:
            steps = ["DROP VIEW IF EXISTS contact_view", "DROP TABLE IF EXISTS people"]
            steps += [f"CREATE TABLE people ({self.columns}, {self.changed})"]
            self._rows = []
        old, new = Counter(self._rows), Counter(rows)
        gone = list((old - new).elements())
        if len(gone) == len(self._rows):
            steps.append("DELETE FROM people")
        elif gone:
            steps.append(f"DELETE FROM people WHERE (id, name, phone) IN (VALUES {_values(gone)})")
        fresh = list((new - old).elements())
        for start in range(0, len(fresh), 1_000):
            values = _values(fresh[start : start + 1_000])
            steps.append(f"INSERT INTO people (id, name, phone) VALUES {values}")
        self._rows = rows
        view = self.view(f"SELECT id, name AS {name_column}, phone{self._shown} FROM people")
        self.run(*steps, *view)

    def view(self, select: str) -> list[str]:
        """The statements that make the view anew."""
        return ["DROP VIEW IF EXISTS contact_view", f"CREATE VIEW contact_view AS {select}"]

    @override
    def damage(self, fault: str) -> None:
        if fault == "error":
            self.run("DROP VIEW contact_view")
        elif fault == "hang":
            self.run(
                *self.view(self.endless.format(shown=self._shown and f", 1 AS {self._column}"))
            )
        elif fault == "expired bookmark":  # the database was put back to an older state
            self.run("UPDATE people SET updated = '2020-01-01 00:00:00'")
        else:
            raise AssertionError(fault)


def _values(rows: Rows) -> str:
    return ", ".join("({})".format(", ".join(f"'{text}'" for text in row)) for row in rows)


class SqliteWorld(SqlWorld):
    faults = ("file gone", "no database")
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
        " SELECT count(*) AS id, 'x' AS name, '' AS phone{shown} FROM c"
    )
    lacks: ClassVar[dict[str, str]] = {
        "wrong password": "a file has none",
        "no rights": "root, as whom tests may run, reads every file",
        "killed": "a file has no peer",
        "bad encoding": "SQLite knows UTF-8 and UTF-16 only, and converts",
    }

    def __init__(self, folder: Path, **following: str) -> None:
        self.path = folder / "crm.db"
        super().__init__(f"Driver={{SQLite3}};Database={self.path}", **following)

    @override
    def run(self, *statements: str) -> None:
        with sqlite3.connect(self.path) as database:
            database.executescript(";\n".join(statements))
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


class ServerWorld(SqlWorld):
    """A database behind a login whose connection string a file holds."""

    lacks: ClassVar[dict[str, str]] = {
        "bad encoding": "the server converts, and refuses what it cannot",
    }
    grant = ""
    revoke = ""

    def __init__(self, server: Postgres | MariaDb, secret: Path, **following: str) -> None:
        self.server = server
        self.secret = secret
        super().__init__(SecretRef(file=secret), **following)

    @override
    def run(self, *statements: str) -> None:
        self.server.run(";\n".join(statements))

    @override
    def view(self, select: str) -> list[str]:
        self.secret.write_text(self.server.connection)
        return [*super().view(select), self.grant]

    def kill_readers(self) -> None:
        raise NotImplementedError

    @override
    def damage(self, fault: str) -> None:
        if fault == "no rights":
            self.run(self.revoke)
        elif fault == "wrong password":
            self.secret.write_text(self.server.connection.replace("only", "wrong"))
        elif fault == "killed":
            self.kill_readers()
        else:
            super().damage(fault)


class PostgresWorld(ServerWorld):
    changed = "updated timestamptz DEFAULT now()"
    endless = "SELECT '1'::text AS id, 'x'::text AS name, pg_sleep(60)::text AS phone{shown}"
    grant = "GRANT SELECT ON contact_view TO crm"
    revoke = "REVOKE SELECT ON contact_view FROM crm"

    def __init__(self, server: Postgres, secret: Path, **following: str) -> None:
        super().__init__(server, secret, **following)
        if self._column == "row_xmin":
            self._shown = ", xmin AS row_xmin"
            self.lacks["expired bookmark"] = "takes 4,000,000,000 transactions"
            self.endless = self.endless.replace("{shown}", ", '1'::xid AS row_xmin")

    @override
    def kill_readers(self) -> None:
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crm'")


class MariaDbWorld(ServerWorld):
    changed = "updated timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    endless = "SELECT '1' AS id, 'x' AS name, SLEEP(60) AS phone{shown}"
    grant = "GRANT SELECT ON crm.contact_view TO crm"
    revoke = "REVOKE SELECT ON crm.contact_view FROM crm"

    @override
    def kill_readers(self) -> None:
        rows = self.server.run("SELECT id FROM information_schema.processlist WHERE user = 'crm'")
        for number in rows.split():
            with contextlib.suppress(AssertionError):  # it ended by itself
                self.run(f"KILL {number}")
