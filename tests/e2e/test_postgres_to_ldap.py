"""From a PostgreSQL table over ODBC to OpenLDAP's `ldapsearch`: every contact found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.postgres import Postgres, running_postgres
from tests.e2e.processes import wait_until
from tests.e2e.running import Rufname, running_rufname

pytestmark = pytest.mark.e2e

CONTACTS = 5_000
FINDABLE_S = 2.0

AREAS = (("30", "23125"), ("69", "90009"), ("40", "66969"), ("221", "4710"), ("89", "99998"))
"""Area code and subscriber beginning; three digits follow. All reserved for fiction."""

STORED = (
    "+49 {0} {1}{2}",
    "0{0} / {1}-{2}",
    "+49 (0){0} {1} {2}",
    "0049 {0} {1}{2}",
    "(0{0}) {1}{2}",
)
"""How the clerks wrote numbers, in turn."""

ASKED = {
    "E.164 with plus": "+49{0}{1}{2}",
    "E.164 without plus": "49{0}{1}{2}",
    "international prefix": "0049{0}{1}{2}",
    "national": "0{0}{1}{2}",
    "separators and brackets": "+49 \\280\\29\\c2\\a0{0} / {1}\\e2\\80\\93{2}",
    "tel URI": "tel:+49-{0}-{1}{2}",
    "SIP URI": "sip:+49{0}{1}{2}@sbc.example.test;user=phone",
}
"""How an SBC may ask, as LDAP filter values: brackets, a no-break space, an en dash escaped."""

GIVEN = ("Jürgen", "Zoë", "Łukasz", "Дмитрий", "Anna-Lena", "小明", "D'Arcy")
SURNAMES = ("Groß", "Öztürk", "von der Heide", "Müller", "O'Brien", 'de "Boer"', "Щукин")

QUERY = "SELECT contact_no, first, last, company, phone, cell, mail FROM crm.contact_view"


def name_of(index: int) -> str:
    return f"{GIVEN[index % 7]} {SURNAMES[index // 7 % 7]} {index}"


def number_of(index: int, pattern: str) -> str:
    area, beginning = AREAS[index // 1000]
    return pattern.format(area, beginning, f"{index % 1000:03}")


def source(**changes: object) -> dict[str, object]:
    return {
        "name": "crm",
        "kind": "odbc",
        "connection": {"env": "CRM_DSN"},
        "query": QUERY,
        "key": ["contact_no"],
        "dialplan": "berlin",
        "map": {
            "display_name": "{first} {last}",
            "given_name": "first",
            "surname": "last",
            "company": "company",
            "phones.work": ["phone"],
            "phones.mobile": "cell",
            "emails": ["mail"],
        },
        **changes,
    }


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.run(
            "CREATE SCHEMA crm; GRANT USAGE ON SCHEMA crm TO crm;"
            "CREATE TABLE crm.contact (contact_no int PRIMARY KEY, first text, last text,"
            " company text, phone text, cell text, mail text);"
            "CREATE VIEW crm.contact_view AS SELECT * FROM crm.contact;"
            "GRANT SELECT ON crm.contact_view TO crm"
        )
        yield server


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Iterator[Rufname]:
    rows = []
    for index in range(CONTACTS):
        first, _, last = name_of(index).partition(" ")
        phone = number_of(index, STORED[index % len(STORED)])
        quoted = last.replace('"', '""')
        rows.append(f'{index},{first},"{quoted}",Firma {index % 50} GmbH,{phone},,')
    postgres.run("TRUNCATE crm.contact")
    postgres.run(
        "COPY crm.contact FROM STDIN WITH (FORMAT csv, NULL '')", data="\n".join([*rows, ""])
    )
    environment = {"CRM_DSN": postgres.connection}
    with running_rufname(tmp_path, sources=[source()], environment=environment) as running:
        yield running


def test_every_spelling_of_a_number_finds_the_display_name(server: Rufname) -> None:
    for index in (1, 999, 1500, 2600, 3700, 4999):
        for kind, pattern in ASKED.items():
            asked = number_of(index, pattern)
            assert server.display_names(asked) == [name_of(index)], (kind, asked)


def test_a_local_number_and_an_extension_find_the_display_name(server: Rufname) -> None:
    assert server.display_names("23125042") == [name_of(42)]
    assert server.display_names("042") == [name_of(42)]


def test_all_five_thousand_contacts_are_found(server: Rufname) -> None:
    patterns = [pattern for kind, pattern in ASKED.items() if "separators" not in kind]
    asked = [number_of(index, patterns[index % len(patterns)]) for index in range(CONTACTS)]
    found = server.display_names(*asked)
    assert found == [name_of(index) for index in range(CONTACTS)]
    assert server.display_names("+4989999980000") == []


def test_a_changed_row_is_found_within_two_seconds_of_a_sync(
    server: Rufname, postgres: Postgres
) -> None:
    old, new = number_of(7, "+49{0}{1}{2}"), "+491713920007"
    assert server.display_names(old) == [name_of(7)]
    pids = set(server.processes())

    postgres.run(
        "UPDATE crm.contact SET phone = '0171 / 39 200-07' WHERE contact_no = 7;"
        "DELETE FROM crm.contact WHERE contact_no = 8;"
        "INSERT INTO crm.contact VALUES (9000, 'Neu', 'Hier', '', '0171 3920008', NULL, NULL)"
    )
    server.sync()
    synced = time.monotonic()

    def every_worker_follows() -> bool:
        # each question may meet another worker, and each follows by itself
        gone, added = number_of(8, "+49{0}{1}{2}"), "+491713920008"
        return all(
            server.display_names(new) == [name_of(7)]
            and server.display_names(added) == ["Neu Hier"]
            and server.display_names(old) == server.display_names(gone) == []
            for _ in range(4)
        )

    wait_until(every_worker_follows, timeout_s=FINDABLE_S, what="the change")
    assert time.monotonic() - synced < FINDABLE_S
    assert pids <= set(server.processes()), "a process was replaced"
