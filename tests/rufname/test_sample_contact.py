from __future__ import annotations

from engine.phone import PhoneNumber
from rufname.sample import contacts
from rufname.sample_contact import PROBES, engine_contact


def test_the_probe_set_stands_first_in_every_sample() -> None:
    assert tuple(contacts(len(PROBES), seed=99)) == PROBES


def test_probe_n_has_extension_1nn_of_the_range_reserved_for_fiction() -> None:
    assert PROBES[0].is_company
    for position, probe in enumerate(PROBES[1:], 1):
        (line,) = probe.lines
        assert line.truth == (PhoneNumber(f"4989999981{position:02d}"),)
        assert line.answer == probe.name
        assert probe.key == str(1_000_000 + position)


def test_the_probe_set_holds_every_sign_that_breaks_careless_programs() -> None:
    names = "".join(probe.name for probe in PROBES)
    for sign in ("Ø", "Ù", "Ú", "Û", "付", '"', "'", "\\", "<sip:", "😀", "ל", "ل", ";", "*", "("):
        assert sign in names
    assert any("\u202e" in probe.written_name for probe in PROBES)


def test_an_engine_contact_carries_the_true_numbers_and_the_clean_name() -> None:
    made = PROBES[15]
    contact = engine_contact(made)
    assert (contact.id.source, contact.id.key) == (made.source, made.key)
    assert contact.name == "Nina Nachname"
    assert contact.phones[0].number == PhoneNumber("498999998115")
    assert contact.phones[0].written == "089/99998-115"
    assert contact.emails == (made.mail,)


def test_a_main_line_becomes_a_company_contact() -> None:
    contact = engine_contact(PROBES[0])
    assert contact.is_company
    assert contact.name == contact.company
