"""One term: true, false or undefined (RFC 4511 4.5.1.7), and where it is looked for."""

from __future__ import annotations

import pytest

from engine.contact import contact_uuid
from engine.index import ContactIndex
from engine.rights import LOCAL_ADMIN
from engine.selection import (
    AllOf,
    AlphabetRange,
    AnyOf,
    Called,
    Contains,
    Cut,
    EntryIs,
    Everyone,
    Has,
    NumberIs,
    Prefix,
)
from engine.tokens import sort_rank
from ldapd.protocol.filters import (
    Approx,
    Equality,
    Extensible,
    GreaterOrEqual,
    LessOrEqual,
    Present,
    Substrings,
    parse_filter,
)
from ldapd.terms import FALSE, NOBODY, TRUE, UNDEFINED, Leaf, compile_term
from tests.ldapd.house import ANNA, BERND, DORA, EVERYBODY, FIRM, MUNICH, SILENT


@pytest.mark.parametrize(
    ("term", "outcome"),
    [
        (Equality("cn", b"anna mueller"), True),
        (Equality("cn", b"anna"), False),
        (Equality("sn", "Müller".encode()), True),
        (Equality("givenName", b"anna"), True),
        (Equality("o", b"BRUECKNER BAU GMBH"), True),
        (Equality("name", b"berlin"), True),  # a subtype of name
        (Equality("pager", b"+493023125001"), True),  # any number, whatever the attribute
        (Equality("telephoneNumber", b"+493023125009"), False),
        (Equality("telephoneNumber", b"anonymous"), False),
        (Equality("telephoneNumber", b""), False),
        (Equality("unheardOf", b"x"), None),
        (Equality("cn;lang-de", b"anna"), False),
        (Present("cn;LANG-de;lang-en"), False),
        (Equality("cn;binary", b"anna"), None),
        (Equality("unheardOf;lang-de", b"anna"), None),
        (Equality("cn", b"\xff"), None),
        (Equality("telephoneNumber", b"\xff1"), None),
        (Equality("objectClass", b"inetOrgPerson"), True),
        (Equality("objectClass", b"USER"), True),
        (Equality("objectClass", b"printer"), False),
        (Equality("objectCategory", b"person"), True),
        (Equality("objectCategory", b"CN=Person,CN=Schema,DC=firm,DC=test"), True),
        (Equality("objectCategory", b"computer"), False),
        (Equality("entryUUID", str(contact_uuid(ANNA.id)).upper().encode()), True),
        (Equality("entryUUID", str(contact_uuid(BERND.id)).encode()), False),
        (Substrings("cn", b"an", (b"mu",), b"er"), True),
        (Substrings("cn", None, (b"nna",), None), True),
        (Substrings("cn", None, (), b"ller"), True),
        (Substrings("cn", b"mu", (), None), False),
        (Substrings("cn", None, (b"",), None), True),  # nothing but stars: presence
        (Substrings("telephoneNumber", b"030 2312", (), None), True),
        (Substrings("telephoneNumber", None, (), b"125001"), True),
        (Substrings("telephoneNumber", b"030", (b"12",), b"01"), True),
        (Substrings("telephoneNumber", b"030", (b"77",), b"01"), False),
        (Substrings("telephoneNumber", b"x", (b"yy",), None), False),
        (Substrings("telephoneNumber", None, (b"abc",), None), False),
        (Substrings("telephoneNumber", None, (b"",), None), True),
        (Substrings("objectClass", b"inet", (), None), None),
        (Substrings("entryUUID", b"3", (), None), None),
        (Substrings("unheardOf", b"3", (), None), None),
        (Present("cn"), True),
        (Present("mail"), True),
        (Present("mobile"), True),
        (Present("searchNumber"), True),
        (Present("custom2"), False),
        (Present("unheardOf"), None),
        (Present("userPassword"), None),
        (GreaterOrEqual("sn", b"mul"), True),
        (LessOrEqual("sn", b"mul"), False),
        (GreaterOrEqual("telephoneNumber", b"+49"), None),
        (LessOrEqual("objectClass", b"x"), None),
        (GreaterOrEqual("anr", b"x"), None),
        (Approx("cn", b"mue ann"), True),
        (Approx("cn", b"mai ann"), False),
        (Extensible("caseIgnoreMatch", "cn", b"anna mueller", dn_attributes=False), True),
        (Extensible("2.5.13.20", "mobile", b"0171 39200001", dn_attributes=False), True),
        (Extensible("", "sn", b"mueller", dn_attributes=True), True),
        (Extensible("caseExactMatch", "cn", "Anna Müller".encode(), dn_attributes=False), True),
        (Extensible("caseExactMatch", "cn", "anna Müller".encode(), dn_attributes=False), False),
        (Extensible("caseExactMatch", "cn", b"\xff", dn_attributes=False), None),
        (Extensible("caseIgnoreMatch", "", b"anna", dn_attributes=False), True),
        (Extensible("caseIgnoreMatch", "", b"bernd", dn_attributes=False), False),
        (Extensible("caseIgnoreMatch", "", b"\xff", dn_attributes=False), None),
        (Extensible("2.5.13.4", "", b"anna", dn_attributes=False), None),
        (Extensible("2.5.13.4", "", b"an*mu*r", dn_attributes=False), True),
        (Extensible("telephoneNumberMatch", "", b"0171 39200001", dn_attributes=False), True),
        (Extensible("telephoneNumberMatch", "", b"0171 39200009", dn_attributes=False), False),
        (Extensible("2.5.13.21", "", b"*3920*", dn_attributes=False), True),
        (Extensible("2.5.13.4", "cn", b"an*mu*r", dn_attributes=False), True),
        (Present("entryDN"), True),
        (Equality("entryDN", b"cn=x,dc=meta"), None),
        (Substrings("subschemaSubentry", b"cn", (), None), None),
        (Extensible("2.5.13.4", "cn", b"*mu*rx", dn_attributes=False), False),
        (Extensible("2.5.13.4", "cn", b"anna", dn_attributes=False), None),
        (Extensible("2.5.13.21", "mobile", b"*392*", dn_attributes=False), True),
        (Extensible("1.2.840.113556.1.4.803", "cn", b"2", dn_attributes=False), None),
        (Equality("anr", b"mull ann"), True),
        (Equality("searchContact", b"einkauf"), True),
        (Substrings("searchIndividual", b"ber", (), None), True),  # lives in Berlin
        (Equality("anr", b"nobody"), False),
        (Equality("anr", b"++"), False),
        (Equality("searchContact", b"030 23125001"), True),
        (Equality("metaSearchNumber", b"493023125001"), True),
        (Equality("searchNumber", b"x"), False),
    ],
    ids=str,
)
def test_each_term_is_true_false_or_undefined_for_anna(term: Leaf, outcome: bool | None) -> None:  # noqa: FBT001 - a parameter
    assert compile_term(term, MUNICH).check(ANNA) is outcome


def test_absent_values_make_a_known_attribute_false() -> None:
    assert compile_term(Equality("mail", b"x"), MUNICH).check(BERND) is False
    assert compile_term(Present("mail"), MUNICH).check(BERND) is False
    assert compile_term(Present("telephoneNumber"), MUNICH).check(SILENT) is False


def test_presence_of_any_number_attribute_asks_for_any_number() -> None:
    assert compile_term(Present("telephoneNumber"), MUNICH).check(DORA) is True


def test_presence_of_what_every_entry_has_costs_nothing() -> None:
    for name in ("cn", "sn", "displayName", "name", "objectClass", "entryUUID", "anr"):
        assert compile_term(Present(name), MUNICH) is TRUE


def test_constants_select_nobody() -> None:
    for constant in (FALSE, UNDEFINED):
        assert constant.selection == NOBODY


ADDRESS = ("street", "postcode", "city", "country")


@pytest.mark.parametrize(
    ("term", "selection"),
    [
        (Equality("cn", b"Anna"), Called("Anna")),
        (
            Substrings("cn", b"an", (b"na",), b"er"),
            AllOf((Called("an"), Contains("na"), Contains("er"))),
        ),
        (Substrings("cn", None, (b"mei",), None), Contains("mei")),
        (Substrings("cn", None, (), b"mei"), Contains("mei")),
        (Substrings("cn", None, (b"&",), None), Everyone()),
        (Equality("street", b"Am Ring 1"), Prefix("Am Ring 1", everywhere=True)),
        (GreaterOrEqual("sn", b"m"), AlphabetRange(low=sort_rank("m"))),
        (LessOrEqual("surname", b"m"), AlphabetRange(high=sort_rank("m"))),
        (GreaterOrEqual("cn", b"m"), Everyone()),
        (Substrings("description", None, (b"mei",), None), AnyOf((Contains("mei"), Cut("notes")))),
        (Substrings("custom3", None, (b"mei",), None), AnyOf((Contains("mei"), Cut("custom.3")))),
        (Present("description"), Has("notes")),
        (Present("postalAddress"), AnyOf(tuple(map(Has, ADDRESS)))),
        (Present("modifyTimestamp"), Everyone()),
        (Equality("entryUUID", b" AB "), EntryIs("ab")),
        (Equality("mobile", b"017139200001"), NumberIs("017139200001", MUNICH)),
        (Equality("telephoneNumber", b"nobody"), NOBODY),
        (Equality("unheardOf", b"x"), NOBODY),
        (Equality("title", b"Leiter"), Prefix("Leiter")),
        (Equality("cn", b"a" * 500), Called("a" * 100)),
    ],
    ids=str,
)
def test_candidates_come_from_beginnings_of_words_and_numbers(
    term: Leaf, selection: object
) -> None:
    assert compile_term(term, MUNICH).selection == selection


@pytest.mark.parametrize(
    "text",
    [
        "(cn=Anna Müller)",
        "(cn=anna m*)",
        "(sn=mei*)",
        "(sn=o'brien*)",
        "(cn=Frieda O'Brien-Meiß)",
        "(o=Zeppelin*)",
        "(o=Tor & Tür*)",
        "(cn=*tür*)",
        "(mail=*@example.test)",
        "(mail=anna.mueller@*)",
        "(custom1=k-1001)",
        "(telephoneNumber=0302312*)",
        "(telephoneNumber=*125002)",
        "(telephoneNumber=49*3023*1)",
        "(telephoneNumber=123)",
        "(street=am ring*)",
        "(l=ber*)",
        "(ou=einkauf)",
        "(cn~=mull)",
        "(sn=*meier*)",
        "(sn=*lotmei*)",
        "(cn=*ei*)",
        "(street=*ing*)",
        "(description=*neun)",
        "(postalAddress=*10115 berlin*)",
        "(postalAddress=am ring 1$10115*)",
        "(telephoneNumber=*2312*)",
        "(telephoneNumber=*23*5002)",
        "(sn>=Meier)",
        "(sn<=MEIER)",
        "(cn>=e)",
        "(mail=*)",
        "(c=*)",
        "(co=de)",
        "(personalTitle=dr*)",
        "(labeledURI=https://brueck*)",
        "(:caseIgnoreMatch:=berlin)",
        "(cn:caseIgnoreSubstringsMatch:=\\2aei\\2a)",
    ],
)
def test_candidates_hold_everybody_the_term_finds(text: str, index: ContactIndex) -> None:
    compiled = compile_term(parse_filter(text), MUNICH)  # type: ignore[arg-type]  # all are leaves
    selected = index.select(compiled.selection, LOCAL_ADMIN, 1_000)
    expected = {each.id for each in EVERYBODY if compiled.check(each)}
    assert {each.id for each in selected.contacts if compiled.check(each)} == expected
    if compiled.exact:
        assert {each.id for each in selected.contacts} == expected


def test_a_company_is_found_by_its_company_name() -> None:
    assert compile_term(Substrings("cn", b"zeppelin", (), None), MUNICH).check(FIRM) is True
