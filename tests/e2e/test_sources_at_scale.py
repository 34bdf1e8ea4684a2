"""A large PostgreSQL table: bounded memory, and runs that follow changes.

`RUFNAME_ROWS` sets its size; the figures are printed. Gates are memory, counts and ratios: a busy
machine has no seconds worth asserting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.index import ContactIndex
from engine.phone import DialPlan
from engine.query import CallerQuery
from engine.rights import Principal, SourcePolicy
from rufname.trial import RUFNAME, Installation, Run
from tests.e2e.postgres import Postgres, running_postgres

pytestmark = [pytest.mark.e2e, pytest.mark.long]

ROWS = int(os.environ.get("RUFNAME_ROWS", "200000"))
MAX_MEMORY_MIB = 1_024
"""Of the process that reads and the one that indexes together, mapped pages of the index too."""

CONFIG = """
[directory]
data_dir = "var"

[[source]]
name = "crm"
kind = "odbc"
connection = {{ file = "dsn" }}
query = "SELECT contact_no, first, last, company, phone, cell, mail, updated FROM contact"
key = ["contact_no"]
follow = {follow}
changed = "updated"
overlap_s = 0
[source.map]
display_name = "{{first}} {{last}}"
given_name = "first"
surname = "last"
company = "company"
phones.work = "phone"
phones.mobile = "cell"
emails = "mail"
"""

FILL = """
CREATE TABLE contact (contact_no int PRIMARY KEY, first text, last text, company text, phone text,
    cell text, mail text, updated timestamptz);
INSERT INTO contact SELECT n, 'Vorname' || n % 4001, 'Nachname' || n, 'Firma ' || n % 30011,
    '0' || 30 + n % 60 || ' / ' || 2000000 + n, '+49 (0)171 ' || 2000000 + n,
    'a' || n || '@firma' || n % 30011 || '.example', now() - n * interval '1 second'
    FROM generate_series(1, {rows}) n;
CREATE INDEX ON contact (updated);
GRANT SELECT ON contact TO crm;
"""


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def installed(folder: Path, postgres: Postgres, *, follow: bool) -> Installation:
    folder.mkdir(exist_ok=True)
    (folder / "dsn").write_text(postgres.connection)
    (folder / "rufname.toml").write_text(CONFIG.format(follow=str(follow).lower()))
    return Installation(folder, 0, 0)


def last_run(installation: Installation) -> dict[str, object]:
    argv = [*RUFNAME, "status", "-c", str(installation.config), "--json"]
    done = subprocess.run(argv, capture_output=True, check=True)
    run: dict[str, object] = json.loads(done.stdout)["sources"][0]["last_run"]
    return run


def said(installation: Installation) -> str:
    return (installation.folder / "sync.log").read_text().strip()


def asked(installation: Installation, number: str) -> str:
    index = ContactIndex.open(installation.folder / "var" / "index", {"crm": SourcePolicy("crm")})
    try:
        query = CallerQuery(number, DialPlan(), Principal(name="sbc", kind="client"))
        match = index.caller(query)
        return match.name if match else ""
    finally:
        index.close()


def test_a_large_table_is_read_in_bounded_memory_and_followed(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(what: str, run: Run, rows: int) -> None:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{what}: {rows:,} rows, {run.seconds:.1f} s, {rows / run.seconds:,.0f}/s,"
                f" {run.cpu_s:.1f} s CPU ({rows / run.cpu_s:,.0f}/CPU s), {run.peak_mib:.0f} MiB\n"
            )

    postgres.run(FILL.format(rows=ROWS), timeout_s=600)
    installation = installed(tmp_path / "large", postgres, follow=True)
    first = installation.sync()
    tell("first", first, ROWS)
    assert f"{ROWS:,} added" in said(installation)
    assert first.peak_mib < MAX_MEMORY_MIB
    name = f"Vorname{ROWS % 4001} Nachname{ROWS}"
    assert asked(installation, f"+49171{2_000_000 + ROWS}") == name

    postgres.run(
        "UPDATE contact SET cell = '0160 ' || 2000000 + contact_no, updated = now()"
        f" WHERE contact_no <= 100; DELETE FROM contact WHERE contact_no = {ROWS}"
    )
    followed = installation.sync()
    tell("100 changes followed", followed, 100)
    assert "100 read of what changed" in said(installation)
    assert "100 changed" in said(installation)
    assert "1 removed" in said(installation)
    assert asked(installation, "+491602000100") == "Vorname100 Nachname100"
    assert asked(installation, "+491712000100") == ""
    assert followed.cpu_s < first.cpu_s / 5

    installed(tmp_path / "large", postgres, follow=False)
    unchanged = installation.sync()
    tell("unchanged, by digest", unchanged, ROWS)
    assert f"{ROWS - 1:,} unchanged" in said(installation)
    assert "0 changed" in said(installation)
    assert unchanged.cpu_s < first.cpu_s / 3
