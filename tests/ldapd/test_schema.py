from __future__ import annotations

from typing import cast

import pytest

from engine.contact import (
    MAX_CUSTOM_FIELDS,
    Address,
    Contact,
    ContactId,
    decode_card,
    encode_contact,
)
from ldapd.schema import TYPES, all_types, attribute_type, common_name, surname
from tests.engine.building import contact
from tests.ldapd.generated_filters import people
from tests.ldapd.house import ANNA, BERND, FIRM


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("mobileTelephoneNumber", "mobile"),
        ("homeTelephoneNumber", "homePhone"),
        ("pagerTelephoneNumber", "pager"),
        ("gn", "givenName"),
        ("surname", "sn"),
        ("fax", "facsimileTelephoneNumber"),
        ("TELEPHONENUMBER", "telephoneNumber"),
        ("msrtcsip-line", "msRTCSIP-Line"),
        ("otherTelephone", "otherTelephone"),
        ("otherMobile", "otherMobile"),
        ("otherHomePhone", "otherHomePhone"),
        ("ipphone", "ipPhone"),
        ("metasearchnumber", "metaSearchNumber"),
        ("2.5.4.3", "cn"),
        ("CommonName", "cn"),
        ("streetAddress", "street"),
    ],
)
def test_aliases_ad_names_and_oids_name_the_same_attribute(name: str, canonical: str) -> None:
    found = attribute_type(name)
    assert found is not None
    assert found.name == canonical


@pytest.mark.parametrize("name", ["", "nonsense", "cn;lang-de", "userPassword", "2.5.4.999"])
def test_unknown_names_and_options_are_unknown(name: str) -> None:
    assert attribute_type(name) is None


def test_no_name_and_no_oid_is_given_twice() -> None:
    names = [name.lower() for each in all_types() for name in (each.name, *each.aliases)]
    assert len(names) == len(set(names))
    oids = [each.oid for each in all_types()]
    assert len(oids) == len(set(oids))


def test_every_custom_field_has_an_attribute() -> None:
    assert {f"custom{number}" for number in range(1, MAX_CUSTOM_FIELDS + 1)} <= {
        each.name for each in TYPES
    }


def values(name: str, of: Contact) -> tuple[str, ...]:
    found = attribute_type(name)
    assert found is not None
    return found.texts(of)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cn", ("Anna Müller",)),
        ("sn", ("Müller",)),
        ("givenName", ("Anna",)),
        ("displayName", ("Anna Müller",)),
        ("personalTitle", ("Dr.",)),
        ("o", ("Brückner Bau GmbH",)),
        ("company", ("Brückner Bau GmbH",)),
        ("ou", ("Einkauf",)),
        ("department", ("Einkauf",)),
        ("title", ("Leitung",)),
        ("mail", ("anna.mueller@brueckner.example", "am@brueckner.example")),
        ("street", ("Am Ring 1",)),
        ("postalCode", ("10115",)),
        ("l", ("Berlin",)),
        ("c", ("DE",)),
        ("co", ("DE",)),
        ("postalAddress", ("Am Ring 1$10115 Berlin$DE",)),
        ("labeledURI", ("https://brueckner.example/am",)),
        ("description", ("mag keine Anrufe vor neun",)),
        ("custom1", ("K-1001",)),
        ("custom2", ()),
        ("modifyTimestamp", ("20240301123045Z",)),
    ],
)
def test_each_attribute_shows_its_field(name: str, expected: tuple[str, ...]) -> None:
    assert values(name, ANNA) == expected


def test_cn_and_sn_are_never_absent() -> None:
    nameless = Contact(ContactId("crm", "1"), emails=("info@example.test",))
    nothing = Contact(ContactId("crm", "2"))
    assert (common_name(FIRM), surname(FIRM)) == (FIRM.company, FIRM.company)
    assert (common_name(nameless), surname(nameless)) == ("info@example.test",) * 2
    assert (common_name(nothing), surname(nothing)) == ("-", "-")


def test_c_holds_two_letters_or_nothing() -> None:
    for country, code in (("at", ("AT",)), ("Österreich", ()), ("", ()), ("1A", ())):
        someone = contact("1", "X", address=Address(country=country))
        assert values("c", someone) == code
        assert values("co", someone) == ((country,) if country else ())


def test_postal_addresses_escape_their_separator() -> None:
    someone = contact("1", "X", address=Address(street="A$B\\C", city="Ulm"))
    assert values("postalAddress", someone) == ("A\\24B\\5CC$Ulm",)


def test_the_time_of_change_may_be_a_date_or_nothing() -> None:
    for changed, shown in (
        ("2024-03-01", ("20240301000000Z",)),
        ("", ()),
        ("yesterday", ()),
        ("2024-03-01T12:30:45.123Z", ("20240301123045Z",)),
    ):
        assert values("modifyTimestamp", contact("1", "X", changed=changed)) == shown


def test_the_time_of_creation_is_shown_to_the_second_or_not_at_all() -> None:
    for created, shown in ((0, ()), (1_795_716_005, ("20261126180005Z",))):
        assert values("createTimestamp", contact("1", "X", created=created)) == shown


def test_a_display_name_alone_is_found_by_each_of_its_later_words() -> None:
    found = attribute_type("sn")
    assert found is not None
    assert found.asked(BERND) == ("Bernd Meier", "Meier")
    assert found.asked(ANNA) == ("Müller",)
    assert found.asked(FIRM) == (FIRM.company,)


def test_a_term_on_name_asks_every_subtype() -> None:
    assert {"Anna Müller", "Müller", "Anna", "Berlin", "Leitung"} <= set(values("name", ANNA))


@pytest.mark.parametrize("attribute", [each.name for each in all_types() if each.brief])
def test_a_card_has_all_that_a_brief_attribute_shows_and_asks(attribute: str) -> None:
    found = attribute_type(attribute)
    assert found is not None
    for whole in people(40, seed=4):
        card = cast("Contact", decode_card(encode_contact(whole)))
        assert found.texts(card) == found.texts(whole)
        assert found.asked(card) == found.asked(whole)
        if found.single is not None:
            assert found.single(card) == found.single(whole)
        assert card.phones == whole.phones
