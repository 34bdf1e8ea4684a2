"""The company that the app's tests search: people with everything a card can show.

All numbers are of ranges reserved for fiction; nobody is real.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from tests.e2e.running import Rufname, UserSpec


class Person(NamedTuple):
    """One row of the company's list."""

    id: str
    name: str = ""
    first: str = ""
    last: str = ""
    company: str = ""
    department: str = ""
    job: str = ""
    city: str = ""
    street: str = ""
    zip: str = ""
    work: str = ""
    mobile: str = ""
    fax: str = ""
    mail: str = ""
    url: str = ""
    customer: str = ""
    notes: str = ""
    changed: str = ""


JOERG = Person(
    "1", "Jörg Großmann-Weiß", "Jörg", "Großmann-Weiß", "Abel & Söhne GmbH", "Einkauf", "Leiter",
    "München", "Lindenweg 5", "80331", "+49 30 23125 101", "+49 171 39200 11", "+49 30 23125 199",
    "joerg.grossmann@firm.example", "https://crm.example/contacts/1", "K-4711",
    "Ruft gern vormittags zurück", "2026-10-01T08:30:00Z",
)  # fmt: skip
ANNA = Person(
    "2", "Anna Abel", "Anna", "Abel", "Abel & Söhne GmbH", "Geschäftsleitung", "Inhaberin",
    "München", work="+49 30 23125 102", mail="anna@elsewhere.example",
)  # fmt: skip
COMPANY = Person("3", "Abel & Söhne GmbH", company="Abel & Söhne GmbH", work="+49 30 23125 100")
MAIL_ONLY = Person(
    "4", "Zoë Özdemir-O'Neil", company="Nordlicht AG", mail="zoe@firm.example",
    url="www.nordlicht.example",
)  # fmt: skip
EVIL = Person(
    "5", "<img src=x onerror=alert(1)>", company='"><script>alert(1)</script>',
    url="javascript:alert(1)", work="+49 30 23125 105",
)  # fmt: skip

PEOPLE = (
    JOERG,
    ANNA,
    COMPANY,
    MAIL_ONLY,
    EVIL,
    *(
        Person(
            f"m{number}",
            f"Martin Muster{number:02d}",
            "Martin",
            f"Muster{number:02d}",
            "Muster Werke AG",
            ("Vertrieb", "Lager", "Service")[number % 3],
            city="Köln",
            work=f"+49 30 23125 {200 + number}",
        )
        for number in range(60)
    ),
    *(
        Person(f"q{number}", "Quirin Quast", "Quirin", "Quast", work="+49 30 23125 300")
        for number in range(700)  # as many as an ERP has delivery addresses of a chain
    ),
    Person("nn", work="+49 30 23125 303"),
    Person("n", "", "Nora", "Namenlos", work="+49 30 23125 302"),
    Person("q", "Xaver Quastel", "Xaver", "Quastel", work="+49 30 23125 301"),
)

ERIKA = UserSpec("erika", "Erikas Wort", groups=("sales",))
OUTSIDER = UserSpec("outsider", "draußen", sources=())

RULES = {
    "display_name": "name",
    "given_name": "first",
    "surname": "last",
    "company": "company",
    "department": "department",
    "job": "job",
    "city": "city",
    "street": "street",
    "postcode": "zip",
    "phones.work": ["work"],
    "phones.mobile": "mobile",
    "phones.fax": "fax",
    "emails": ["mail"],
    "url": "url",
    "custom.1": "customer",
    "notes": "notes",
    "changed": "changed",
}


def company_source(folder: Path, people: tuple[Person, ...] = PEOPLE) -> dict[str, object]:
    """Write the company's list and return the `[[source]]` that reads it."""
    path = folder / "company.csv"
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
        writer.writerow(Person._fields)
        writer.writerows(people)
    return {
        "name": "CRM", "id": "crm", "kind": "csv", "path": str(path), "key": ["id"],
        "dialplan": "berlin", "map": RULES,
    }  # fmt: skip


def address_of(server: Rufname) -> str:
    """Return where the page is."""
    return f"http://127.0.0.1:{server.http_port}"
