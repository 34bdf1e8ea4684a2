"""How fast is a PostgreSQL read, compared again, and followed by change until LDAP finds it?

Through the real `rufname sync` over ODBC with Debian's driver; the changed rows are asked for over
LDAP, of a `rufname serve` that runs meanwhile and reads the source when `rufname sync` asks it to.
"""

from __future__ import annotations

import csv
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import ldap3  # type: ignore[import-untyped]

from bench.installation import open_index, serving_ldap
from bench.postgres import Postgres, connect, has_postgres, running_postgres
from bench.questions import draw
from bench.report import Measure
from bench.servers import Server
from engine.query import CallerQuery
from engine.rights import Principal
from rufname.sample import contacts
from rufname.sample_files import CRM_COLUMNS, CRM_MAP, CRM_QUERY, crm_row
from rufname.sample_numbers import SAMPLE_PLAN
from rufname.trial import Installation, configure

QUESTION = "sync from PostgreSQL"
RATE_GOAL = 8_000
MEMORY_GOAL_MIB = 1_024
GROWTH, FLAT_GOAL = "first run, that peak by the one of its first half", 1.1
UNCHANGED_GOAL_S = 10.0
FOUND_GOAL_S = 2.0
CHANGED_ROWS = 100
CHECKED = 500
FIRST_NUMBER = 498999997000
"""Of the changed rows: a block that no made-up contact has."""

LIMIT_S = 60.0
MILLION = 1_000_000


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give rate and memory of the first run, an unchanged one, and how soon changes are found."""
    del quick
    if not has_postgres():
        return
    with running_postgres() as server:
        _fill(server, count, folder)
        source = (
            f'kind = "odbc"\nconnection = "{server.dsn}"\nquery = "{CRM_QUERY}"\n'
            'key = ["contact_no"]\nchanged = "updated_at"'
        )
        installation = configure(folder / "rufname", source, CRM_MAP)
        first = installation.sync()
        _check(installation, count)
        yield Measure(
            QUESTION, "first run", count / first.seconds, "contacts/s", "at least", RATE_GOAL
        )
        yield Measure(QUESTION, "first run, CPU", first.cpu_s / count * 1e6, "µs/contact")
        yield Measure(
            QUESTION, "first run, peak memory", first.peak_mib, "MiB", "at most", MEMORY_GOAL_MIB
        )
        yield Measure(
            QUESTION, "first run, peak memory without mapped files", first.own_peak_mib, "MiB"
        )
        growth = first.own_peak_mib / first.own_half_mib
        limit = FLAT_GOAL if count >= MILLION else 0.0  # fewer rows than its memories hold
        yield Measure(QUESTION, GROWTH, growth, "ratio", "at most" if limit else "", limit)
        again = installation.sync("--full")
        goal = UNCHANGED_GOAL_S * max(1.0, count / 100_000)
        yield Measure(QUESTION, "full run, nothing changed", again.seconds, "s", "at most", goal)
        with serving_ldap(installation) as serving:
            found = _follow(installation, server, serving)
        case = f"{CHANGED_ROWS} changed rows found over LDAP"
        yield Measure(QUESTION, case, found, "s", "at most", FOUND_GOAL_S)


def measure_million(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the same for a million rows, whatever the count."""
    del count
    for each in measure(MILLION, folder, quick=quick):
        yield Measure(
            f"{QUESTION}, a million", each.case, each.value, each.unit, each.goal, each.limit
        )


def _fill(server: Postgres, count: int, folder: Path) -> None:
    """Make the CRM's table and view, and load the contacts as `COPY` does."""
    path = folder / "crm.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(map(crm_row, contacts(count)))
    names = ", ".join(f"{name} text" for name in CRM_COLUMNS[1:-1])
    script = (
        f"CREATE TABLE contact (contact_no integer PRIMARY KEY, {names}, updated_at timestamptz);\n"
        f"\\copy contact FROM '{path}' WITH (FORMAT csv)\n"
        "CREATE INDEX ON contact (updated_at);\n"
        f"CREATE VIEW contact_view AS SELECT {', '.join(CRM_COLUMNS)} FROM contact;\n"
        "ANALYZE contact;\n"
    )
    subprocess.run(
        ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port),
         "-U", "bench", "-d", "postgres"],
        input=script.encode(), check=True,
    )  # fmt: skip
    path.unlink()


def _follow(installation: Installation, server: Postgres, serving: Server) -> float:
    """Change rows, let them be read, ask for the last one; return how long it took."""
    with closing(connect(server.dsn)) as connection:
        for number in range(CHANGED_ROWS):
            connection.execute(
                "UPDATE contact SET name = ?, first_name = '', last_name = '', phone1 = ?,"
                " updated_at = now() WHERE contact_no = ?",
                f"Neu {number}", f"+{FIRST_NUMBER + number}", 1_000_100 + number,
            )  # fmt: skip
        connection.commit()
    line = ldap3.Connection(
        ldap3.Server("127.0.0.1", port=serving.port), serving.bind, serving.password, auto_bind=True
    )
    began = time.monotonic()
    installation.sync()
    last = CHANGED_ROWS - 1
    while not _is_called(line, serving.base, FIRST_NUMBER + last, f"Neu {last}"):
        if time.monotonic() - began > LIMIT_S:
            raise AssertionError("the changed rows are not found")
    seconds = time.monotonic() - began
    for number in range(CHANGED_ROWS):
        assert _is_called(line, serving.base, FIRST_NUMBER + number, f"Neu {number}"), number
    line.unbind()
    return seconds


def _is_called(line: ldap3.Connection, base: str, number: int, name: str) -> bool:
    line.search(base, f"(telephoneNumber=+{number})", attributes=["displayName"])
    return [str(entry.displayName) for entry in line.entries] == [name]


def _check(installation: Installation, count: int) -> None:
    """Ask the index for known names.

    Raises:
        AssertionError: contacts are missing, or a name is wrong.
    """
    index = open_index(installation)
    status = index.status()
    assert status.documents >= count * 0.999, f"{status.documents} of {count} contacts"
    asker = Principal(name="sbc", kind="client")
    for asked in draw(contacts(count), CHECKED).hits:
        match = index.caller(CallerQuery(asked.number, SAMPLE_PLAN, asker))
        assert match is not None, f"nobody has {asked.number}"
        assert match.name == asked.name, f"{asked.number}: {match.name!r}, not {asked.name!r}"
    index.close()
