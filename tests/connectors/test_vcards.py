from __future__ import annotations

import vobject
from hypothesis import given
from hypothesis import strategies as st

from connectors.vcards import MAX_LINE_BYTES, Card, CardReader

PROBES = ("Øystein", "Ùab", "Úrsula", "Ústí nad Labem", "付款", "Ł Ж Ω ع 😀")


def cards(data: bytes | str, legacy: str = "cp1252") -> list[Card]:
    raw = data.encode() if isinstance(data, str) else data
    return list(CardReader(legacy).cards(raw.splitlines(keepends=True)))


def record(*lines: str | bytes, version: str = "3.0") -> dict[str, str]:
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    data = b"\r\n".join([b"BEGIN:VCARD", f"VERSION:{version}".encode(), *raw, b"END:VCARD", b""])
    (card,) = cards(data)
    assert card.fault == ""
    return card.record


def test_a_card_of_version_3_is_read() -> None:
    found = record(
        "UID:urn:uuid:7",
        "N:Müller;Anna;Maria;Dr.;MSc",
        "FN:Dr. Anna Müller",
        "ORG:Brot & Söhne\\, GmbH;Verkauf;Süd",
        "TITLE:Leiterin",
        "TEL;TYPE=WORK,VOICE:+49 89 99998100",
        "TEL;TYPE=CELL:+49 151 1",
        "TEL;TYPE=HOME:2",
        "TEL;TYPE=WORK;TYPE=FAX:3",
        "TEL:4",
        "EMAIL;TYPE=INTERNET:a@firm.example",
        "ADR;TYPE=WORK:;;Hauptstr. 1;München;Bayern;80331;Deutschland",
        "NOTE:eins\\nzwei\\; drei",
    )
    assert found == {
        "UID": "urn:uuid:7",
        "FN": "Dr. Anna Müller",
        "N.surname": "Müller",
        "N.given": "Anna",
        "N.additional": "Maria",
        "N.prefix": "Dr.",
        "N.suffix": "MSc",
        "ORG": "Brot & Söhne, GmbH",
        "ORG.unit": "Verkauf / Süd",
        "TITLE": "Leiterin",
        "TEL.work": "+49 89 99998100",
        "TEL.mobile": "+49 151 1",
        "TEL.home": "2",
        "TEL.fax": "3",
        "TEL.other": "4",
        "EMAIL": "a@firm.example",
        "ADR.street": "Hauptstr. 1",
        "ADR.city": "München",
        "ADR.region": "Bayern",
        "ADR.postcode": "80331",
        "ADR.country": "Deutschland",
        "NOTE": "eins zwei; drei",
    }


def test_quoted_printable_of_version_2_1_goes_on_over_soft_line_breaks() -> None:
    found = record(
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg",
        "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=F6rg M=FCl=",
        "ler",
        "TEL;WORK;VOICE:089 1",
        "TEL;CELL:0151 2",
        "TEL;WORK;FAX:089 3",
        version="2.1",
    )
    assert found["FN"] == "Jörg Müller"
    assert (found["N.surname"], found["N.given"]) == ("Müller", "Jörg")
    assert (found["TEL.work"], found["TEL.mobile"], found["TEL.fax"]) == (
        "089 1",
        "0151 2",
        "089 3",
    )


def test_the_end_of_a_card_is_seen_behind_a_soft_line_break() -> None:
    found = record("FN;ENCODING=QUOTED-PRINTABLE:Anna=", version="2.1")
    assert found["FN"].startswith("Anna")


def test_numbers_of_version_4_are_uris_and_types_may_come_as_one_text() -> None:
    found = record(
        "FN:Anna",
        'TEL;VALUE=uri;TYPE="voice,work";PREF=2:tel:+49-89-99998-100',
        'TEL;VALUE=uri;TYPE="voice,work";PREF=1:tel:+49-89-99998-200;ext=5',
        "TEL;VALUE=uri;TYPE=cell:tel:+49-151-1",
        version="4.0",
    )
    assert found["TEL.work"] == "tel:+49-89-99998-200;ext=5\ntel:+49-89-99998-100"
    assert found["TEL.mobile"] == "tel:+49-151-1"


def test_of_two_addresses_names_and_companies_one_counts() -> None:
    found = record(
        "FN;ALTID=1;LANGUAGE=de:Jörg Groß",
        "FN;ALTID=1;LANGUAGE=en:Joerg Gross",
        "N:Groß;Jörg;;;",
        "N:Gross;Joerg;;Dr.;",
        "ADR;TYPE=HOME:;;Gasse 2;Hof;;95028;Deutschland",
        "ADR;TYPE=WORK:;;;;;;",
        "ADR;TYPE=WORK:;;Hauptstr. 1;Köln;;;",
        "URL:https://home.example/",
        "URL;PREF=1:https://work.example/",
        "NOTE:one",
        "NOTE:two",
    )
    assert {column: text for column, text in found.items() if column != "UID"} == {
        "FN": "Jörg Groß",
        "N.surname": "Groß",
        "N.given": "Jörg",
        "ADR.street": "Hauptstr. 1",
        "ADR.city": "Köln",
        "URL": "https://work.example/",
        "NOTE": "one\ntwo",
    }


def test_files_that_were_put_together_lose_no_card() -> None:
    one, two = (f"\ufeffBEGIN:VCARD\r\nUID:{n}\r\nFN:A\r\nEND:VCARD\r\n" for n in (1, 2))
    found = CardReader().cards((one + two).encode().splitlines(keepends=True))
    assert [card.record["UID"] for card in found] == ["1", "2"]


def test_a_fold_may_cut_a_character_in_two() -> None:
    data = "FN:Jörg".encode()
    cut = data[:5] + b"\r\n " + data[5:]
    assert record(cut)["FN"] == "Jörg"


def test_probe_names_come_out_as_they_are() -> None:
    for probe in PROBES:
        assert record(f"FN:{probe}")["FN"] == probe


def test_a_card_in_a_code_page_is_read_by_the_one_given() -> None:
    data = b"BEGIN:VCARD\nFN:J\xf6rg\nEND:VCARD\n"
    assert cards(data)[0].record["FN"] == "Jörg"
    assert cards(b"BEGIN:VCARD\nFN:\xaf\nEND:VCARD\n", "cp1250")[0].record["FN"] == "Ż"


def test_labels_of_an_address_book_of_apple_name_the_kind() -> None:
    found = record(
        "FN:Anna",
        "item1.TEL:1",
        "ITEM1.X-ABLabel:_$!<Mobile>!$_",
        "item2.TEL;type=pref:2",
        "item2.X-ABLabel:Arbeit",
    )
    assert (found["TEL.mobile"], found["TEL.work"]) == ("1", "2")


def test_a_second_person_inside_a_card_is_not_mixed_in() -> None:
    found = record("FN:Anna", "AGENT:", "BEGIN:VCARD", "FN:Bo", "END:VCARD", version="2.1")
    assert found["FN"] == "Anna"


def test_photos_are_kept_as_addresses_only() -> None:
    picture = "PHOTO;ENCODING=b;TYPE=JPEG:" + "A" * 200
    assert "PHOTO" not in record("FN:Anna", picture)
    inside = "PHOTO:data:image/jpeg;base64," + "A" * 200
    assert "PHOTO" not in record("FN:Anna", inside)
    address = "https://firm.example/anna.jpg"
    assert record("FN:Anna", f"PHOTO;VALUE=uri:{address}")["PHOTO"] == address


def test_a_huge_photo_is_cut_and_the_card_goes_on() -> None:
    folded = "PHOTO;ENCODING=b:" + "\r\n ".join(["A" * 70] * (MAX_LINE_BYTES // 50))
    assert record(folded, "FN:Anna")["FN"] == "Anna"


def test_cards_without_a_uid_get_a_lasting_one() -> None:
    text = "BEGIN:VCARD\nFN:Anna\nTEL;TYPE=WORK:1\nEND:VCARD\n"
    one, two, three = cards(text + text + text.replace("Anna", "Bo"))
    assert cards(text)[0].record["UID"] == one.record["UID"]
    assert two.record["UID"] == one.record["UID"] + "-2"
    assert three.record["UID"] not in {one.record["UID"], two.record["UID"]}
    assert "Anna" not in one.record["UID"]


def test_a_group_is_named_and_is_no_contact() -> None:
    (card,) = cards("BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:All\nEND:VCARD\n")
    assert card.fault == "a group of other cards, not a contact"


def test_what_evolution_exports_is_read_but_for_its_lists() -> None:
    text = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:evl\r\nFN:Liste Alle\r\nX-EVOLUTION-LIST:TRUE\r\n"
        "EMAIL;X-EVOLUTION-DEST-CONTACT-UID=ev1:Jörg <j@firm.example>\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ev1\r\nFN:Jörg Groß\\, Dr.\r\n"
        'TEL;X-EVOLUTION-E164=899999801,"+49";TYPE=WORK,VOICE:+49 89 9999801\r\n'
        "TEL;X-EVOLUTION-E164=01711234567,;TYPE=CELL:0171 1234567\r\n"
        'TEL;X-EVOLUTION-E164=0899999803,;TYPE="X-EVOLUTION-ASSISTANT":089 9999803\r\n'
        'TEL;X-EVOLUTION-E164=0899999800,;TYPE="X-EVOLUTION-COMPANY":089 9999800\r\n'
        "PHOTO;VALUE=uri:file:///var/lib/evolution/addressbook/system/phot\r\n"
        " os/ev1_photo-file0.image-2FJPEG\r\nEND:VCARD\r\n"
    )
    group, person = CardReader().cards(text.encode().splitlines(keepends=True))
    assert group.fault == "a group of other cards, not a contact"
    assert person.record == {
        "UID": "ev1",
        "FN": "Jörg Groß, Dr.",
        "TEL.work": "+49 89 9999801",
        "TEL.mobile": "0171 1234567",
        "TEL.other": "089 9999803",
        "TEL.company": "089 9999800",
    }


def test_a_card_that_does_not_end_is_noticed() -> None:
    reader = CardReader()
    found = list(reader.cards([b"BEGIN:VCARD\n", b"FN:A\n", b"END:VCARD\n", b"BEGIN:VCARD\n"]))
    assert (len(found), reader.ends_open, reader.found) == (1, True, 2)


@given(st.binary(max_size=300) | st.lists(
    st.sampled_from([
        b"BEGIN:VCARD", b"END:VCARD", b"TEL;TYPE=", b'TEL;X=":', b"N:;;;\\", b" folded", b"=",
        b"FN;ENCODING=QUOTED-PRINTABLE:=", b"FN;CHARSET=nope:\xff", b"a.b.c:", b"ADR:" + b";" * 20,
    ]),
    max_size=12,
).map(b"\n".join))  # fmt: skip
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    for card in cards(b"BEGIN:VCARD\n" + data + b"\nEND:VCARD\n"):
        assert card.line >= 1
        assert card.fault or card.record["UID"]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Cs", "Zs")), min_size=1
)


@given(given_name=TEXTS, surname=TEXTS, company=TEXTS, note=TEXTS)
def test_what_another_program_writes_is_read_back(
    given_name: str, surname: str, company: str, note: str
) -> None:
    """vobject, the vCard library of Radicale and others, as the writer."""
    card = vobject.vCard()
    card.add("n").value = vobject.vcard.Name(family=surname, given=given_name)
    card.add("fn").value = f"{given_name} {surname}"
    card.add("org").value = [company]
    card.add("note").value = note
    found = cards(card.serialize())[0].record
    assert found["N.surname"] == surname
    assert found["N.given"] == given_name
    assert found["ORG"] == company
    assert found["NOTE"] == note


def test_a_birthday_without_a_year_has_none() -> None:
    """A card of Apple writes 1604 there, the first leap year of its calendar."""
    apple = record("FN:Anna", "BDAY;value=date;X-APPLE-OMIT-YEAR=1604:1604-03-02")
    assert apple["BDAY"] == "--03-02"
    assert record("FN:Anna", "BDAY;X-APPLE-OMIT-YEAR=1604:16040302")["BDAY"] == "--0302"
    assert record("FN:Anna", "BDAY:1604-03-02")["BDAY"] == "1604-03-02"
