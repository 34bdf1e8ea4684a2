"""What a made-up contact is, and the probe set: names that break careless programs.

Law: values only. The probe set stands at the same places of every sample, before all others.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.contact import Address, Contact, ContactId, PhoneKind, PhoneLine
from engine.phone import PhoneNumber

Source = Literal["crm", "phonelist"]


class MadeLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One phone field of a contact.

    Attributes:
        kind: the column the source keeps it in.
        written: what stands there, dirty as it may be; two numbers may share one field.
        truth: the numbers that a reader under `SAMPLE_PLAN` must get; () if none can be got back.
        answer: the name that a lookup of the first number must give, "" where it depends on the
            sources' priorities (records of one person in both sources share it).
    """

    kind: PhoneKind
    written: str
    truth: tuple[PhoneNumber, ...]
    answer: str = ""


class MadeContact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record of one source; "" where the source says nothing.

    Attributes:
        source: which of the two sources holds it.
        key: the source's own key: digits, rising, unique over both sources.
        name: the name to show once cleaned; a main line's record has the company here too.
        written_name: what the source writes where that differs from `name`; else "".
        twin_of: the key of the record of the same person in the other source, else "".
        changed: time of change, ISO 8601 UTC.
    """

    source: Source
    key: str
    name: str
    given_name: str = ""
    surname: str = ""
    title: str = ""
    company: str = ""
    department: str = ""
    job: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    lines: tuple[MadeLine, ...] = ()
    mail: str = ""
    customer_no: str = ""
    note: str = ""
    changed: str = ""
    twin_of: str = ""
    written_name: str = ""

    @property
    def is_company(self) -> bool:
        """Whether it is a main line: a company without a person."""
        return not self.surname and not self.given_name


def engine_contact(made: MadeContact) -> Contact:
    """Return the contact that mapping must make of a record: true numbers, clean name."""
    return Contact(
        id=ContactId(made.source, made.key),
        display_name=made.name,
        given_name=made.given_name,
        surname=made.surname,
        title=made.title,
        company=made.company,
        department=made.department,
        job=made.job,
        address=Address(made.street, made.postcode, made.city),
        phones=tuple(
            PhoneLine(line.kind, number, line.written)
            for line in made.lines
            for number in line.truth
        ),
        emails=(made.mail,) if made.mail else (),
        notes=made.note.strip(),
        custom={"1": made.customer_no} if made.customer_no else {},
        changed=made.changed,
    )


def _probe(
    position: int, given: str, surname: str, written: str = "", name: str = ""
) -> MadeContact:
    digits = f"4989999981{position:02d}"
    name = name or f"{given} {surname}".strip()
    return MadeContact(
        source="crm" if position % 4 else "phonelist",
        key=str(1_000_000 + position),
        name=name,
        given_name=given,
        surname=surname,
        company="" if position % 3 else OWN_COMPANY,
        lines=(
            MadeLine(
                "work",
                f"089/99998-1{position:02d}",
                (PhoneNumber(digits),),
                name,
            ),
        ),
        mail=f"probe{position}@musterwerk.example",
        changed="2026-08-31T12:00:00Z",
        written_name=written,
    )


OWN_COMPANY = "Musterwerk Rufname GmbH"

PROBES: tuple[MadeContact, ...] = (
    MadeContact(
        source="crm",
        key="1000000",
        name=OWN_COMPANY,
        company=OWN_COMPANY,
        lines=(
            MadeLine("work", "+49 (0)89 99998-000", (PhoneNumber("498999998000"),), OWN_COMPANY),
        ),
        mail="info@musterwerk.example",
        changed="2026-08-31T12:00:00Z",
    ),
    _probe(1, "Ø Ù", "Ú Û 付"),
    _probe(2, "Jörg", "Großmann-Weiß"),
    _probe(3, 'Eva "Evi"', "O'Brien"),
    _probe(4, "Back\\slash", "M\\üller"),
    _probe(5, "Mallory", "<sip:mallory@intruder.example>"),
    _probe(6, "Zoë 😀", "Smile"),
    _probe(7, "שרה", "לוי"),
    _probe(8, "ليلى", "حداد"),
    _probe(9, "付", "偉"),
    _probe(10, "Łukasz", "Żółć"),
    _probe(11, "İpek", "Işık"),  # noqa: RUF001 - the Turkish dotless i is meant
    _probe(12, "Юлия", "Щукина"),
    _probe(13, "Semi;kolon", "Komma, Tabula"),
    _probe(14, "Star*", "(Paren) #1 +Plus="),
    _probe(15, "Nina", "Nachname", written="Nina Nachname\u202e\u0007"),
    _probe(16, "Jürgen", "Über", written="Ju\u0308rgen U\u0308ber"),
    _probe(17, "Null", "Null"),
    _probe(18, "%s %n {0}", "$(id) `id`"),
    _probe(19, "=1+1", "@SUM(A1)"),
)
"""Record 0 is the made-up company's main line; record N (1-19) has +49 89 99998 1NN."""
