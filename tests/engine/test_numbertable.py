"""The number table: who holds a number, what stands behind a trunk, and what an asker may see."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import generation as folders
from engine.contact import ContactId, PhoneLine, encode_contact
from engine.holding import MAX_SHOWN
from engine.numberfile import open_file
from engine.numbertable import (
    MAX_EXAMINED,
    NO_TABLE,
    Behind,
    NumberTable,
    Sources,
)
from engine.numberwriter import NumberWriter
from engine.phone import PhoneNumber
from engine.query import CallerQuery
from engine.rights import LOCAL_ADMIN
from engine.store import Change
from tests.engine.building import MUNICH, Directory, change_of, contact, line

NUMBER, TRUNK, UNKNOWN = "493023125001", "493023125", "493023125777"


def served(directory: Directory) -> Path:
    folder = folders.current_generation(directory.index_dir)
    assert folder is not None
    return folder


def table(directory: Directory) -> NumberTable:
    return NumberTable(open_file(served(directory)))


def held(snapshot: NumberTable, number: str, visible: Sources, most: int) -> list[str]:
    return [snapshot.contact(each).name for each in snapshot.holders(number, visible, most)]


def companies(snapshot: NumberTable, found: Behind) -> list[str]:
    return [snapshot.company(entry)[0] for entry in found.entries]


def behind(number: str = NUMBER) -> PhoneLine:
    return PhoneLine("work", PhoneNumber(number), "", TRUNK)


def test_holders_come_best_first_by_source_and_no_more_than_wanted(directory: Directory) -> None:
    directory.hold(
        contact("1", "Private", line(NUMBER, "home")),
        contact("2", "Unknown time", NUMBER),
        contact("3", "Old", NUMBER, changed="2025-12-31T23:59:59Z"),
        contact("4", "New", NUMBER, changed="2026-01-01T00:00:00Z"),
        contact("5", "Later source", NUMBER, source="hr", changed="2026-06-01T00:00:00Z"),
    )
    everyone = ["New", "Old", "Unknown time", "Private", "Later source"]
    assert held(table(directory), NUMBER, None, 9) == everyone
    assert held(table(directory), NUMBER, None, 3) == everyone[:3]
    assert table(directory).holders(f"{NUMBER}x1", None, 3) == []


def test_hidden_sources_are_passed_over_whatever_their_number(directory: Directory) -> None:
    directory.hold(
        *(contact(f"h{n}", f"Hidden {n}", NUMBER, source="hr") for n in range(20)),
        contact("1", "Seen", NUMBER),
        *(contact(f"i{n}", f"Other {n}", NUMBER, source="old") for n in range(20)),
    )
    snapshot = table(directory)
    visible = snapshot.sources(frozenset({"crm", "never read"}))
    assert held(snapshot, NUMBER, visible, 10) == ["Seen"]
    assert snapshot.holders(NUMBER, snapshot.sources(frozenset()), 10) == []
    assert snapshot.sources(frozenset({"crm", "hr", "old"})) is None
    assert len(snapshot.holders(NUMBER, None, MAX_EXAMINED)) == 41


def test_holders_of_one_source_can_be_asked_for(directory: Directory) -> None:
    directory.hold(
        *(contact(f"h{n}", f"H{n}", NUMBER, source="hr") for n in range(3)),
        contact("1", "Private", line(NUMBER, "home")),
        contact("2", "Work", NUMBER),
    )
    snapshot = table(directory)
    (crm,), (hr,) = (snapshot.sources(frozenset({name})) or () for name in ("crm", "hr"))
    found = {
        (source, most): [
            snapshot.contact(each).name for each in snapshot.holders_in(source, NUMBER, most)
        ]
        for source in (crm, hr)
        for most in (2, 9)
    }
    assert found[crm, 9] == found[crm, 2] == ["Work", "Private"]
    assert sorted(found[hr, 9]) == ["H0", "H1", "H2"]
    assert found[hr, 2] == found[hr, 9][:2]
    assert snapshot.holders_in(b"\0\7", NUMBER, 9) == []
    assert snapshot.holders_in(crm, "4930", 9) == []
    assert NO_TABLE.holders_in(crm, NUMBER, 9) == []


def endings(
    snapshot: NumberTable, tail: str, visible: Sources, most: int = 99
) -> list[tuple[str, str]]:
    found = snapshot.ending(tail, visible, most)
    return sorted((digits, snapshot.contact(holder).name) for digits, holder in found)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(
                    st.text("059", max_size=8),
                    st.sampled_from(("12345678", "00000000", "4567", "87654321")),
                    st.sampled_from(("", "5", "12345678", "87654321")),
                ),
                max_size=4,
            ),
            st.sampled_from(("crm", "hr")),
        ),
        max_size=8,
    )
)
def test_last_digits_lead_to_every_visible_line_that_ends_so(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[list[tuple[str, str, str]], str]]
) -> None:
    writer = NumberWriter.create(tmp_path_factory.mktemp("table"), "a store")
    contacts = [
        contact(
            str(seq),
            f"P{seq}",
            *(PhoneLine("work", PhoneNumber(head + tail, apart)) for head, tail, apart in lines),
            source=source,
        )
        for seq, (lines, source) in enumerate(made, 1)
    ]
    writer.apply([change_of(seq, each) for seq, each in enumerate(contacts, 1)])
    snapshot = NumberTable(writer._file)
    for tail in ("12345678", "00000000", "87654321", "11111111"):
        for sources in (None, frozenset({"hr"})):
            expected = {
                (phone.number.digits, each.name)
                for each in contacts
                if sources is None or each.id.source in sources
                for phone in each.phones
                if not phone.number.extension
                and phone.number.digits.endswith(tail)
                and len(phone.number.digits) <= 15
            }
            assert endings(snapshot, tail, snapshot.sources(sources)) == sorted(expected)
    snapshot.close()


def test_of_many_lines_that_end_so_no_more_come_than_wanted(directory: Directory) -> None:
    directory.hold(*(contact(str(n), f"P{n}", f"49{n:02}12345678") for n in range(20)))
    assert len(table(directory).ending("12345678", None, 7)) == 7
    assert len(table(directory).ending("12345678", None, 99)) == 20


def test_two_lines_of_one_person_that_end_so_are_one_person(directory: Directory) -> None:
    index = directory.hold(contact("1", "Anna", line("498912345678", "fax"), "493012345678"))
    match = index.caller(CallerQuery("012345678", MUNICH, LOCAL_ADMIN))
    assert match is not None
    assert (match.name, match.kind, match.number.digits) == ("Anna", "work", "493012345678")


def test_one_alone_hidden_holder_is_nobody(directory: Directory) -> None:
    directory.hold(contact("1", "Hidden", NUMBER, source="hr"), contact("2", "Seen", "4912345678"))
    snapshot = table(directory)
    assert snapshot.holders(NUMBER, snapshot.sources(frozenset({"crm"})), 10) == []


def test_a_trunk_tells_how_many_companies_its_visible_records_name(directory: Directory) -> None:
    directory.hold(
        contact("1", "Nobody's", behind()),
        *(contact(f"a{n}", f"A{n}", behind(), company="ACME") for n in range(50)),
        contact("x", "X", behind(), company="Other", source="hr"),
    )
    snapshot = table(directory)
    seen = snapshot.behind(UNKNOWN, 6, snapshot.sources(frozenset({"crm"})))
    assert seen is not None
    assert (seen.on_line, companies(snapshot, seen)) == (False, ["ACME"])
    assert snapshot.behind(UNKNOWN, 6, None) == Behind(TRUNK, (), on_line=False)
    assert snapshot.behind(UNKNOWN, 6, snapshot.sources(frozenset())) is None
    assert snapshot.behind("49302", 4, None) is None


def test_records_on_the_trunk_line_itself_stand_apart(directory: Directory) -> None:
    directory.hold(
        contact("0", "", behind(TRUNK), company="ACME"),
        contact("1", "", behind(f"{TRUNK}0"), company="ACME KG", source="old"),
        contact("2", "Nameless", behind(TRUNK)),
        *(contact(f"p{n}", f"P{n}", behind(), company="Lodger") for n in range(9)),
        contact("x", "", behind(TRUNK), company="Hidden", source="hr"),
    )
    snapshot = table(directory)
    found = snapshot.behind(UNKNOWN, 6, snapshot.sources(frozenset({"crm", "old"})))
    assert found is not None
    assert (found.on_line, companies(snapshot, found)) == (True, ["ACME", "ACME KG"])


@pytest.mark.parametrize(
    ("company", "key"),
    [("Bäckerei Müller", "7"), ("K" * 254, "7"), ("K" * 255, "7"), ("ÄCME", "k" * 300)],
)
def test_what_a_trunk_shows_stands_with_it_unless_it_is_very_long(
    directory: Directory, company: str, key: str
) -> None:
    directory.hold(contact(key, "Anna", behind(), company=company))
    snapshot = table(directory)
    found = snapshot.behind(UNKNOWN, 6, None)
    assert found is not None
    (entry,) = found.entries
    is_short = len(company.encode()) + len(key.encode()) <= MAX_SHOWN
    assert len(entry) <= 511
    assert (company.encode() in entry) == is_short
    assert snapshot.company(entry) == (company, ContactId("crm", key))
    directory.hold(contact(key, "Anna"))
    assert table(directory).behind(UNKNOWN, 6, None) is None


def test_a_trunk_whose_records_name_no_company_is_still_a_trunk(directory: Directory) -> None:
    directory.hold(contact("1", "Anna", behind()))
    assert table(directory).behind(UNKNOWN, 6, None) == Behind(TRUNK, (), on_line=False)
    assert [each.name for each in table(directory).standing_behind(TRUNK, None, 5)] == ["Anna"]


def test_a_snapshot_stays_as_it_was_while_the_table_is_written(directory: Directory) -> None:
    directory.hold(contact("1", "Anna", NUMBER))
    before = table(directory)
    directory.hold(contact("1", "Anna Two", NUMBER))
    assert held(before, NUMBER, None, 5) == ["Anna"]
    assert held(table(directory), NUMBER, None, 5) == ["Anna Two"]
    before.close()
    assert before.holders(NUMBER, None, 5) == []
    before.close()


def test_without_a_table_nobody_is_found() -> None:
    assert NO_TABLE.holders(NUMBER, None, 5) == []
    assert NO_TABLE.ending("12345678", None, 5) == []
    assert NO_TABLE.standing_behind(TRUNK, None, 5) == []
    assert NO_TABLE.behind(UNKNOWN, 6, None) is None


TRUNKS = ("4930", "493023", "4930231", "493023125", "4930231257", "4989", "49302312577", "4312")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    stored=st.dictionaries(
        st.sampled_from(TRUNKS), st.sets(st.sampled_from(("crm", "hr")), min_size=1)
    ),
    digits=st.one_of(
        st.builds(str.__add__, st.sampled_from(TRUNKS), st.text("0123456789", max_size=5)),
        st.text("0123456789", min_size=1, max_size=15),
    ),
    shortest=st.integers(1, 12),
    seen=st.sampled_from((("crm",), ("hr",), ("crm", "hr"))),
)
def test_the_longest_trunk_before_a_number_behind_which_a_visible_record_stands_is_found(
    tmp_path_factory: pytest.TempPathFactory,
    stored: dict[str, set[str]],
    digits: str,
    shortest: int,
    seen: tuple[str, ...],
) -> None:
    writer = NumberWriter.create(tmp_path_factory.mktemp("table"), "a store")
    held = [(trunk, source) for trunk, sources in stored.items() for source in sorted(sources)]
    writer.apply(
        Change(
            seq,
            source,
            trunk,
            encode_contact(contact(trunk, "P", PhoneLine("work", PhoneNumber("49301"), "", trunk))),
        )
        for seq, (trunk, source) in enumerate(held, 1)
    )
    snapshot = NumberTable(writer._file)
    found = snapshot.behind(digits, shortest, snapshot.sources(frozenset(seen)))
    snapshot.close()
    before = [
        digits[:length]
        for length in range(len(digits) - 1, shortest - 1, -1)
        if stored.get(digits[:length], set()).intersection(seen)
    ]
    assert (found.trunk if found else None) == (before[0] if before else None)
