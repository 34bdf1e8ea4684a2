"""vCards, read back by the rules of RFC 2426."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.contact import Address, Contact
from engine.joined import person_of
from relay.vcard import file_name, vcard
from tests.engine.building import contact, line

ERIKA = contact(
    "1", "Erika Müller-Lüdenscheidt", "498999998123", line("4917139200011", "mobile"),
    company="Abel; Söhne, GmbH", given_name="Erika", surname="Müller-Lüdenscheidt", title="Dr.",
    department="Einkauf", job="Leiterin", emails=("erika@abel.example",),
    address=Address("Weg 1", "80331", "München", "DE"), notes="eins\\zwei", url="https://x.example",
)  # fmt: skip


def read(card: bytes) -> list[tuple[str, str]]:
    """Unfold and split; escapes stay."""
    assert card.endswith(b"\r\n")
    text = card.decode()
    lines = text.replace("\r\n ", "").split("\r\n")[:-1]
    return [(name, value) for name, _, value in (each.partition(":") for each in lines)]


def test_every_field_stands_in_its_property() -> None:
    assert read(vcard(person_of([ERIKA]))) == [
        ("BEGIN", "VCARD"),
        ("VERSION", "3.0"),
        ("PRODID", "-//Rufname//EN"),
        ("FN", "Erika Müller-Lüdenscheidt"),
        ("N", "Müller-Lüdenscheidt;Erika;;Dr.;"),
        ("ORG", "Abel\\; Söhne\\, GmbH;Einkauf"),
        ("TITLE", "Leiterin"),
        ("ADR;TYPE=WORK", ";;Weg 1;München;;80331;DE"),
        ("TEL;TYPE=WORK,VOICE", "+49 89 99998123"),
        ("TEL;TYPE=CELL", "+49 171 39200011"),
        ("EMAIL;TYPE=INTERNET", "erika@abel.example"),
        ("URL", "https://x.example"),
        ("NOTE", "eins\\\\zwei"),
        ("UID", "crm:1"),
        ("END", "VCARD"),
    ]


@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_no_text_makes_another_property_or_a_long_line(text: str) -> None:
    card = vcard(person_of([Contact(ERIKA.id, display_name=text, notes=text, company=text)]))
    assert all(len(each) <= 75 for each in card.split(b"\r\n"))
    names = [each.partition(b":")[0] for each in card.replace(b"\r\n ", b"").split(b"\r\n")]
    assert names[:4] == [b"BEGIN", b"VERSION", b"PRODID", b"FN"]
    assert len(names) == 10
    assert b"\n" not in card.replace(b"\r\n", b"")


def test_who_has_no_name_goes_by_the_first_number_or_address() -> None:
    number = contact("1", "", "498999998123", emails=("a@abel.example",))
    address = Contact(ERIKA.id, emails=number.emails)
    assert ("FN", "+49 89 99998123") in read(vcard(person_of([number])))
    assert ("FN", "a@abel.example") in read(vcard(person_of([address])))


def test_a_file_is_named_after_the_person() -> None:
    assert file_name(person_of([ERIKA])) == "Erika_Müller_Lüdenscheidt"
    assert file_name(person_of([contact("1", "../../\r\n")])) == "contact"
