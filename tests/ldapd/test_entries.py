from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contact import Contact, contact_uuid, contact_uuid_text
from engine.phone import NumberFormat, PhoneNumber
from engine.query import CallerMatch, Known
from ldapd.entries import (
    MAX_REMEMBERED_SELECTIONS,
    EntryWriter,
    Shown,
    answer_of,
    uuid_of,
)
from ldapd.protocol.client import Entry, decode_response
from ldapd.protocol.filters import Present
from ldapd.protocol.messages import SearchRequest
from tests.engine.building import contact, line
from tests.ldapd.house import ANNA, BERND, EVA, FIRM, MUNICH, SPARE

DN = "entryUUID=x,dc=meta"


def request(*attributes: str, types_only: bool = False) -> SearchRequest:
    return SearchRequest("dc=meta", 2, 0, 0, 0, types_only, Present("cn"), attributes)


def entry(
    shown: Shown,
    *attributes: str,
    number_format: NumberFormat = "e164",
    types_only: bool = False,
) -> dict[str, list[str]]:
    writer = EntryWriter(MUNICH, number_format)
    decoded = decode_response(writer.encode(7, shown, request(*attributes, types_only=types_only)))
    assert isinstance(decoded, Entry)
    assert decoded.dn == shown.dn
    assert decoded.message_id == 7
    return {name: [value.decode() for value in values] for name, values in decoded.attributes}


def test_all_user_attributes_are_shown_without_a_list_and_for_a_star() -> None:
    shown = Shown(ANNA, DN)
    everything = entry(shown)
    assert entry(shown, "*") == everything
    assert list(everything) == [
        "objectClass", "cn", "sn", "givenName", "displayName", "personalTitle", "o", "company",
        "ou", "department", "title", "mail", "telephoneNumber", "mobile", "homePhone",
        "facsimileTelephoneNumber", "msRTCSIP-Line", "street", "postalCode", "l", "c", "co",
        "postalAddress", "labeledURI", "description", "custom1",
    ]  # fmt: skip
    assert everything["objectClass"] == [
        "top", "person", "organizationalPerson", "inetOrgPerson"
    ]  # fmt: skip
    assert everything["telephoneNumber"] == ["+493023125001"]
    assert everything["mobile"] == ["+4917139200001"]
    assert everything["homePhone"] == ["+493023125991"]
    assert everything["facsimileTelephoneNumber"] == ["+493023125981"]
    assert everything["msRTCSIP-Line"] == ["tel:+493023125001"]


def test_operational_attributes_are_shown_for_a_plus_or_by_name() -> None:
    shown = Shown(ANNA, DN, match_class=3, runners_up=2)
    assert entry(shown, "+") == {
        "entryUUID": [str(contact_uuid(ANNA.id))],
        "modifyTimestamp": ["20240301123045Z"],
        "entryDN": [DN],
        "subschemaSubentry": ["cn=subschema"],
        "rufnameClass": ["3"],
        "rufnameRunnersUp": ["2"],
    }
    assert entry(shown, "rufnameclass") == {"rufnameclass": ["3"]}
    assert "rufnameClass" not in entry(Shown(ANNA, DN), "+")
    assert "rufnameClass" not in entry(shown)


def test_nothing_is_shown_for_1_1() -> None:
    assert entry(Shown(ANNA, DN), "1.1") == {}


def test_1_1_beside_names_is_passed_over() -> None:
    assert entry(Shown(ANNA, DN), "1.1", "cn") == {"cn": ["Anna Müller"]}


def test_attributes_come_under_the_name_the_client_asked() -> None:
    assert entry(Shown(ANNA, DN), "GIVENNAME", "surname", "2.5.4.3", "mobileTelephoneNumber") == {
        "GIVENNAME": ["Anna"],
        "surname": ["Müller"],
        "2.5.4.3": ["Anna Müller"],
        "mobileTelephoneNumber": ["+4917139200001"],
    }


def test_unknown_pseudo_and_repeated_names_are_passed_over() -> None:
    assert entry(Shown(ANNA, DN), "unheardOf", "searchNumber", "cn", "CN", "cn;lang-de") == {
        "cn": ["Anna Müller"]
    }


def test_a_star_and_an_operational_name_add_up() -> None:
    shown = entry(Shown(ANNA, DN), "*", "entryUUID", "cn")
    assert shown["entryUUID"] == [str(contact_uuid(ANNA.id))]
    assert shown["sn"] == ["Müller"]


def test_types_only_leaves_the_values_out() -> None:
    assert entry(Shown(ANNA, DN), "cn", "mail", "custom2", types_only=True) == {
        "cn": [],
        "mail": [],
    }


def test_name_is_shown_as_the_common_name() -> None:
    assert entry(Shown(ANNA, DN), "name", "displayName") == {
        "name": ["Anna Müller"],
        "displayName": ["Anna Müller"],
    }


def test_a_company_alone_has_cn_and_sn() -> None:
    assert entry(Shown(FIRM, DN), "cn", "sn", "givenName") == {
        "cn": [FIRM.company],
        "sn": [FIRM.company],
    }


@pytest.mark.parametrize(
    ("number_format", "number"),
    [
        ("e164", "+493023125001"),
        ("international", "+49 30 23125001"),
        ("national", "030 23125001"),
        ("dialable", "03023125001"),
        ("echo", "+493023125001"),
    ],
)
def test_numbers_are_written_in_the_clients_format(
    number_format: NumberFormat, number: str
) -> None:
    shown = Shown(ANNA, DN)
    assert entry(shown, "telephoneNumber", number_format=number_format) == {
        "telephoneNumber": [number]
    }


def test_echo_returns_the_found_number_as_asked_and_others_in_e164() -> None:
    shown = Shown(ANNA, DN, PhoneNumber("493023125001"), asked="(030) 23125-001")
    assert entry(shown, "telephoneNumber", "mobile", number_format="echo") == {
        "telephoneNumber": ["(030) 23125-001"],
        "mobile": ["+4917139200001"],
    }


def test_the_attribute_the_filter_named_carries_the_found_number() -> None:
    shown = Shown(ANNA, DN, PhoneNumber("4917139200001"), "017139200001", "telephoneNumber")
    assert entry(shown, "telephoneNumber", "mobile") == {
        "telephoneNumber": ["+4917139200001", "+493023125001"],
        "mobile": ["+4917139200001"],
    }
    assert entry(shown, "telephoneNumber", "mobile", number_format="echo") == {
        "telephoneNumber": ["017139200001", "+493023125001"],
        "mobile": ["017139200001"],
    }


def test_a_number_the_contact_does_not_have_is_never_shown() -> None:
    shown = Shown(BERND, DN, PhoneNumber("4917139200001"), "017139200001", "telephoneNumber")
    assert entry(shown, "telephoneNumber") == {"telephoneNumber": ["+493023125002"]}


def test_other_numbers_stand_in_where_there_is_no_business_number() -> None:
    assert entry(Shown(SPARE, DN), "telephoneNumber", "otherTelephone") == {
        "telephoneNumber": ["+498999998777"],
        "otherTelephone": ["+498999998777"],
    }


def test_several_lines_of_a_kind_are_all_shown_once() -> None:
    someone = contact("1", "X", "493023125004", "493023125005", line("493023125004", "company"))
    assert entry(Shown(someone, DN), "telephoneNumber") == {
        "telephoneNumber": ["+493023125004", "+493023125005"]
    }


def test_an_extension_of_the_own_trunk_is_the_ip_phone() -> None:
    assert entry(Shown(EVA, DN), "ipPhone", "msRTCSIP-Line") == {
        "ipPhone": ["123"],
        "msRTCSIP-Line": ["tel:+498999998123"],
    }


def test_an_extension_apart_stays_in_the_line_uri() -> None:
    someone = contact("1", "X", "493023125004x55")
    assert entry(Shown(someone, DN), "msRTCSIP-Line", "telephoneNumber") == {
        "msRTCSIP-Line": ["tel:+493023125004;ext=55"],
        "telephoneNumber": ["+493023125004;ext=55"],
    }


def test_lists_of_attributes_are_remembered_within_bounds() -> None:
    writer = EntryWriter(MUNICH, "e164")
    for number in range(MAX_REMEMBERED_SELECTIONS * 2 + 1):
        writer.columns(("cn", f"a{number}"))
    assert 0 < len(writer._selections) <= MAX_REMEMBERED_SELECTIONS
    assert writer.columns(("cn",)) is writer.columns(("cn",))


def match(name: str, of: Contact, match_class: int = 2) -> CallerMatch:
    phone = of.phones[0]
    return CallerMatch(name, match_class, phone.number, phone.kind, of.id, Known(of))


def test_the_answer_of_one_holder_is_its_record() -> None:
    assert answer_of(match("Anna Müller", ANNA)) == ANNA


@pytest.mark.parametrize(
    ("name", "match_class"),
    [("Anna Müller", 1), ("Anna Müller", 2), ("Anna Müller +2", 3), ("~Brückner Bau GmbH", 4),
     ("Anna Müller", 3), ("Anna Müller", 5)],
)  # fmt: skip
def test_the_uuid_of_an_answer_is_known_before_it_is_read(name: str, match_class: int) -> None:
    found = match(name, ANNA, match_class)
    assert uuid_of(found).decode() == contact_uuid_text(answer_of(found).id)
    assert (uuid_of(found).decode() == contact_uuid_text(ANNA.id)) == (name == ANNA.name)


def test_the_answer_of_a_shared_line_shows_nothing_of_one_person() -> None:
    answer = answer_of(match("Brückner Bau GmbH", ANNA, 3))
    assert answer.name == "Brückner Bau GmbH"
    assert answer.company == "Brückner Bau GmbH"
    assert answer.address == ANNA.address
    assert answer.phones == ANNA.phones[:1]
    assert (answer.given_name, answer.surname, answer.emails, answer.notes) == ("", "", (), "")
    assert answer.id != ANNA.id
    assert answer_of(match("Brückner Bau GmbH", ANNA, 3)).id == answer.id


def test_the_answer_of_strangers_on_one_line_names_no_company() -> None:
    answer = answer_of(match("Anna Müller +2", ANNA, 3))
    assert (answer.name, answer.company) == ("Anna Müller +2", "")
    assert answer.address.city == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_every_text_of_a_contact_survives_the_wire(text: str) -> None:
    someone = contact("1", text, company=text, notes=text)
    shown = entry(Shown(someone, DN), "cn", "o", "description")
    assert shown == {"cn": [text], "o": [text], "description": [text]}
