"""Classes, ties and rights of caller look-up, on a real index."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.caller import WINDOW, exact_class, match_of
from engine.contact import PHONE_KINDS, Contact, PhoneKind, PhoneLine
from engine.numbertable import MAX_ON_LINE
from engine.phone import DialPlan, PhoneNumber
from engine.query import CallerMatch, CallerQuery, Known
from engine.rights import LOCAL_ADMIN, Principal, SourcePolicy
from tests.engine.building import MUNICH, Directory, contact, line

SBC = Principal("sbc", "client")


def ask(
    directory: Directory, number: str, who: Principal = SBC, plan: DialPlan = MUNICH
) -> CallerMatch | None:
    match = directory.index.caller(CallerQuery(number, plan, who))
    if match is not None:
        contact = match.contact
        assert match.id == contact.id
        assert match.match_class not in {1, 2} or match.name == contact.name
        if match.match_class != 4:  # the trunk before a number need not be anybody's
            assert any(
                (each.number, each.kind) == (match.number, match.kind) for each in contact.phones
            )
    return match


def shown(directory: Directory, number: str, who: Principal = SBC) -> tuple[str, int] | None:
    match = ask(directory, number, who)
    return (match.name, match.match_class) if match else None


def test_an_empty_index_knows_nobody(directory: Directory) -> None:
    assert ask(directory, "+498999998123") is None


@pytest.mark.parametrize(
    "number", ["", "anonymous", "112", "Zentrale", "*", ")(", "\x00", "9" * 400]
)
def test_class_0_is_no_answer_and_no_error(directory: Directory, number: str) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998112"))
    assert ask(directory, number) is None


def test_a_record_without_a_name_answers_no_call(directory: Directory) -> None:
    directory.hold(
        contact("1", "", "498999998123", given_name="Anna", surname="Abel"),
        contact("2", "Bert Bode", "498999998124"),
        contact("3", "Carl Cohn", "498999998124"),
        contact("4", "", "498999998125"),
    )
    assert shown(directory, "123") == ("Anna Abel", 1)
    assert shown(directory, "124") == ("Bert Bode +1", 3)
    assert shown(directory, "125") is None


def test_class_1_is_an_extension_of_the_own_plan(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    assert shown(directory, "123") == ("Anna Abel", 1)
    assert ask(directory, "123", plan=DialPlan()) is None


def test_class_2_is_the_exact_number_of_one_person(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    for written in ("+498999998123", "498999998123", "0049 89 99998 123", "089/99998-123"):
        assert shown(directory, written) == ("Anna Abel", 2)


def test_records_of_one_person_in_two_sources_are_one_person(directory: Directory) -> None:
    directory.hold(
        contact("1", "Jürgen Müller", "498999998123"),
        contact("9", "Mueller, Juergen", "498999998123", source="old"),
    )
    match = ask(directory, "+498999998123")
    assert match is not None
    assert (match.name, match.match_class, match.runners_up) == ("Jürgen Müller", 2, 1)


def test_class_3_shows_the_company_that_all_share(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "493023125000", company="ACME GmbH"),
        contact("2", "Ben Beck", "493023125000", company="Acme  GmbH".replace("  ", " ")),
        contact("3", "", "493023125000", company="ACME GmbH"),
    )
    assert shown(directory, "+493023125000") == ("ACME GmbH", 3)


def test_class_3_counts_the_others_where_companies_differ(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "493023125000", company="ACME"),
        contact("2", "Ben Beck", "493023125000"),
        contact("3", "Cem Celik", "493023125000", company="Other"),
    )
    assert shown(directory, "+493023125000") == ("Anna Abel +2", 3)


def test_a_switchboard_of_hundreds_still_shows_its_company(directory: Directory) -> None:
    directory.hold(
        *(contact(str(n), f"Person {n}", "493023125000", company="ACME") for n in range(200))
    )
    assert shown(directory, "+493023125000") == ("ACME", 3)


SHARED_LINE = "493023125000"
holders_of_a_line = st.lists(
    st.builds(
        lambda key, name, kind, company, emails, changed, source: contact(
            str(key), name, line(SHARED_LINE, kind),
            company=company, emails=emails, changed=changed, source=source,
        ),
        st.integers(0, 99),
        st.sampled_from(("", "Anna Abel", "Abel, Anna", "Ben Beck", "ACME")),
        st.sampled_from(PHONE_KINDS),
        st.sampled_from(("", "ACME", "Acme", "Other")),
        st.lists(st.sampled_from(("a@b.example", "A@b.example", "c@d.example")), max_size=2)
        .map(tuple),
        st.sampled_from(("", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")),
        st.sampled_from(("crm", "erp", "old", "hr")),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(holders_of_a_line)
def test_a_line_is_settled_unread_as_it_is_by_reading_every_record(
    tmp_path_factory: pytest.TempPathFactory, holders: list[Contact]
) -> None:
    directory = Directory(
        tmp_path_factory.mktemp("line"),
        crm=SourcePolicy("crm", 500), erp=SourcePolicy("erp", 700), old=SourcePolicy("old", 500),
    )  # fmt: skip
    directory.hold(*holders)
    lookup = directory.index._caller
    number = PhoneNumber(SHARED_LINE)
    for who in (SBC, LOCAL_ADMIN):
        read = lookup.holders_of(number, lookup.holding(number, who))
        expected = match_of(exact_class(read, internal=False)) if read else None
        found = ask(directory, f"+{SHARED_LINE}", who)
        assert (found and replace(found, read=Known(found.contact))) == expected
    directory.close()


def test_of_more_holders_than_are_looked_at_those_of_the_first_source_count(
    tmp_path: Path,
) -> None:
    directory = Directory(tmp_path, old=SourcePolicy("old", 1), crm=SourcePolicy("crm", 900))
    many = (contact(str(n), f"Old {n}", SHARED_LINE, source="old") for n in range(WINDOW + 9))
    directory.hold(*many, contact("1", "Anna Abel", SHARED_LINE))
    match = ask(directory, f"+{SHARED_LINE}")
    assert match is not None
    assert (match.name, match.runners_up) == (f"Anna Abel +{WINDOW - 1}", WINDOW - 1)
    directory.close()


def behind(number: str, trunk: str, kind: PhoneKind = "work") -> PhoneLine:
    return PhoneLine(kind, PhoneNumber(number), "", trunk)


def test_class_4_shows_the_company_on_the_trunk_line(directory: Directory) -> None:
    directory.hold(
        contact("0", "", behind("4930231250", "493023125"), company="ACME GmbH"),
        contact("1", "Anna Abel", behind("493023125001", "493023125"), company="Other Name"),
    )
    assert shown(directory, "+493023125777") == ("~ACME GmbH", 4)
    assert shown(directory, "030 23125-7") == ("~ACME GmbH", 4)
    assert shown(directory, "+493023125001") == ("Anna Abel", 2)


def test_class_4_shows_the_company_all_records_behind_the_trunk_name(directory: Directory) -> None:
    behind_it = [
        contact(str(n), f"P{n}", behind(f"493023125{n:03d}", "493023125"), company="ACME")
        for n in range(150)
    ]
    directory.hold(*behind_it, contact("x", "No Company", behind("493023125900", "493023125")))
    assert shown(directory, "+493023125777") == ("~ACME", 4)
    directory.hold(contact("y", "Y", behind("493023125901", "493023125"), company="Lodger AG"))
    assert shown(directory, "+493023125777") is None


def test_class_4_takes_the_main_number_of_a_company_as_its_trunk(directory: Directory) -> None:
    directory.hold(contact("0", "", "4930231250", company="ACME"))
    assert shown(directory, "+493023125012345") == ("~ACME", 4)
    assert shown(directory, "+4930231250123456") is None


def test_class_4_takes_the_longest_trunk(directory: Directory) -> None:
    directory.hold(
        contact("0", "", behind("4930231250", "493023125"), company="ACME"),
        contact("1", "", behind("4930231257770", "493023125777"), company="ACME Lab"),
    )
    assert shown(directory, "+49302312577712") == ("~ACME Lab", 4)
    assert shown(directory, "+493023125712") == ("~ACME", 4)


@pytest.mark.parametrize("number", ["491713920012", "498003301000", "12125550123"])
def test_class_4_never_answers_for_mobiles_service_numbers_and_north_america(
    directory: Directory, number: str
) -> None:
    directory.hold(contact("0", "", behind(number, number), company="ACME"))
    assert shown(directory, f"+{number}7") is None


def test_class_4_takes_the_highest_priority_of_many_records_on_the_trunk_line(
    directory: Directory,
) -> None:
    directory.hold(
        *(
            contact(f"{n}", "", line("49899999770"), source="old", company=f"Alt {n}")
            for n in range(6)
        ),
        contact("z", "", line("49899999770"), company="Zuletzt im Alphabet"),
    )
    assert shown(directory, "+4989999977012") == ("~Zuletzt im Alphabet", 4)


def test_class_4_takes_the_highest_priority_whatever_many_records_another_source_has(
    directory: Directory,
) -> None:
    directory.hold(
        *(
            contact(f"{n}", "", line("49899999770"), source="old", company="Alt")
            for n in range(MAX_ON_LINE + 6)
        ),
    )
    directory.hold(contact("z", "", line("49899999770"), company="Neu"))
    assert shown(directory, "+4989999977012") == ("~Neu", 4)


def test_class_4_keeps_hidden_records_hidden(directory: Directory) -> None:
    directory.hold(contact("0", "", behind("4930231250", "493023125"), company="ACME", source="hr"))
    assert shown(directory, "+493023125777") is None
    assert shown(directory, "+493023125777", LOCAL_ADMIN) == ("~ACME", 4)
    directory.hold(contact("1", "Ben", behind("493023125001", "493023125"), company="Beck KG"))
    assert shown(directory, "+493023125777") == ("~Beck KG", 4)


@pytest.mark.parametrize(
    ("off", "number"), [(1, "123"), (2, "+498999998123"), (3, "+493023125000"), (4, "+4930231777"),
                        (5, "089 99998777")],
)  # fmt: skip
def test_each_class_can_be_switched_off(directory: Directory, off: int, number: str) -> None:
    directory.hold(
        contact("1", "Anna Abel", "498999998123"),
        contact("2", "Ben Beck", "493023125000"),
        contact("3", "Cem Celik", "493023125000"),
        contact("4", "", behind("4930231000", "4930231"), company="ACME"),
        contact("5", "Eva Eck", "494099998777"),
    )
    full = CallerQuery(number, MUNICH, SBC)
    match = directory.index.caller(full)
    assert match is not None
    assert match.match_class == off
    less = CallerQuery(number, MUNICH, SBC, frozenset({1, 2, 3, 4, 5}) - {off})
    other = directory.index.caller(less)
    assert other is None or other.match_class != off


def test_class_5_needs_eight_equal_digits_and_one_person(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "493099998123"))
    assert shown(directory, "089 99998123") == ("Anna Abel", 5)
    assert shown(directory, "+498999998123") is None
    directory.hold(contact("2", "Ben Beck", "494099998123"))
    assert shown(directory, "089 99998123") is None


def test_class_5_answers_for_one_company(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "493099998123", company="ACME"),
        contact("2", "Ben Beck", "494099998123", company="ACME"),
    )
    assert shown(directory, "089 99998123") == ("ACME", 5)


def test_a_number_with_an_extension_apart_needs_it(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998x55"))
    assert shown(directory, "+49 89 99998 ext. 55") == ("Anna Abel", 2)
    assert shown(directory, "+498999998") is None
    assert shown(directory, "+498999998;ext=56") is None


def test_priority_then_kind_then_newest_then_key_settle_a_tie(directory: Directory) -> None:
    number = "498999998123"
    directory.hold(
        contact("b", "Low Priority", number, source="old"),
        contact("4", "At Home", line(number, "home")),
        contact("3", "Second Key", line(number, "mobile"), changed="2026-01-01"),
        contact("2", "First Key", line(number, "mobile"), changed="2026-01-01"),
        contact("9", "Newest", line(number, "mobile"), changed="2026-02-01"),
    )
    order = [
        each.name for each in directory.index.holders(CallerQuery(f"+{number}", MUNICH, SBC), 10)
    ]
    assert order == ["Newest", "First Key", "Second Key", "At Home", "Low Priority"]


def test_hidden_sources_leave_no_trace(directory: Directory) -> None:
    directory.hold(
        contact("1", "Anna Abel", "498999998123"),
        contact("2", "Hidden Person", "498999998123", source="hr"),
        contact("3", "Only Hidden", "498999998124", source="hr"),
    )
    match = ask(directory, "123")
    assert match is not None
    assert (match.name, match.runners_up) == ("Anna Abel", 0)
    assert ask(directory, "124") is None
    assert shown(directory, "124", LOCAL_ADMIN) == ("Only Hidden", 1)
    staff = Principal("eva", "user", groups=("personnel",))
    assert shown(directory, "124", staff) == ("Only Hidden", 1)


def test_a_source_that_left_the_configuration_is_seen_by_the_administrator_alone(
    directory: Directory,
) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    directory.index.set_policies({})
    assert ask(directory, "123") is None
    assert shown(directory, "123", LOCAL_ADMIN) == ("Anna Abel", 1)


def test_a_remembered_answer_ends_with_the_commit_that_changes_it(directory: Directory) -> None:
    directory.hold(contact("1", "Anna Abel", "498999998123"))
    assert shown(directory, "123") == shown(directory, "123") == ("Anna Abel", 1)
    directory.hold(contact("1", "Anna Berg", "498999998123"))
    assert shown(directory, "123") == ("Anna Berg", 1)
    directory.index.set_policies({})
    assert shown(directory, "123") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(raw=st.one_of(st.text(max_size=60), st.text("0123456789+*()-; ", max_size=30)))
def test_any_text_gets_an_answer_or_a_clean_no(directory: Directory, raw: str) -> None:
    if not directory.index.status().documents:  # the same one for every text
        directory.hold(contact("1", "Anna Abel", "498999998123"))
    match = ask(directory, raw)
    assert match is None or match.name == "Anna Abel"
