from __future__ import annotations

import re
import warnings

import pytest

from ldapd.own_entries import context_entry, root_dse, subschema
from ldapd.protocol.client import Entry, decode_response
from ldapd.protocol.filters import parse_filter
from ldapd.protocol.messages import SearchRequest
from ldapd.schema import all_types

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of ldap3 itself, about pyasn1
    from ldap3 import SchemaInfo
    from ldap3.utils.ciDict import CaseInsensitiveDict


def shown(entry_attributes: tuple[tuple[str, tuple[bytes, ...]], ...]) -> dict[str, list[str]]:
    return {name: [each.decode() for each in values] for name, values in entry_attributes}


def request(text: str, *attributes: str, types_only: bool = False) -> SearchRequest:
    return SearchRequest("", 0, 0, 0, 0, types_only, parse_filter(text), attributes)


def test_the_root_dse_says_what_is_served() -> None:
    values = shown(root_dse(("dc=meta", "dc=phone")).attributes)
    assert values["namingContexts"] == ["dc=meta", "dc=phone"]
    assert values["supportedLDAPVersion"] == ["3"]
    assert values["supportedExtension"] == ["1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.1.8"]
    assert values["supportedControl"] == [
        "1.2.826.0.1.3344810.2.3",
        "1.2.840.113556.1.4.319",
        "1.2.840.113556.1.4.473",
        "2.16.840.1.113730.3.4.2",
        "2.16.840.1.113730.3.4.9",
    ]
    assert values["supportedFeatures"] == [
        "1.3.6.1.4.1.4203.1.5.1",
        "1.3.6.1.4.1.4203.1.5.3",
    ]
    assert values["subschemaSubentry"] == ["cn=subschema"]
    assert values["vendorName"] == ["Rufname"]
    assert values["vendorVersion"] != [""]


@pytest.mark.parametrize("attributes", [(), ("*",), ("+",), ("*", "+")])
def test_all_its_attributes_come_for_a_star_and_for_a_plus(attributes: tuple[str, ...]) -> None:
    entry = root_dse(("dc=meta",))
    decoded = decode_response(entry.encode(1, request("(objectClass=*)", *attributes)))
    assert isinstance(decoded, Entry)
    assert decoded.attributes == entry.attributes


def test_named_attributes_come_alone_and_without_values_if_so_asked() -> None:
    asked = request("(objectClass=*)", "VENDORNAME", types_only=True)
    decoded = decode_response(root_dse(("dc=meta",)).encode(1, asked))
    assert isinstance(decoded, Entry)
    assert decoded.attributes == (("vendorName", ()),)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("(objectClass=*)", True),
        ("(objectclass=TOP)", True),
        ("(objectClass=person)", False),
        ("(cn=*)", False),
        ("(vendorName~=x)", None),
        ("(&(objectClass=*)(vendorName=rufname))", True),
        ("(&(objectClass=*)(cn=*))", False),
        ("(&(objectClass=*)(vendorName~=x))", None),
        ("(|(cn=*)(objectClass=*))", True),
        ("(|(cn=*)(vendorName~=x))", None),
        ("(!(cn=*))", True),
        ("(!(vendorName~=x))", None),
        ("(&)", True),
        ("(|)", False),
    ],
)
def test_filters_are_evaluated_on_own_entries(text: str, outcome: bool | None) -> None:  # noqa: FBT001 - a parameter
    assert root_dse(("dc=meta",)).matches(parse_filter(text)) is outcome


@pytest.mark.parametrize(
    ("dn", "kind", "attribute", "value"),
    [
        ("dc=meta", "domain", "dc", "meta"),
        ("dc=ldap,dc=firm,dc=test", "domain", "dc", "ldap"),
        ("o=Firma", "organization", "o", "Firma"),
        ("ou=People,o=Firma", "organizationalUnit", "ou", "People"),
        ("x=y", "extensibleObject", "x", "y"),
    ],
)
def test_a_naming_context_is_an_entry_of_its_own_kind(
    dn: str, kind: str, attribute: str, value: str
) -> None:
    entry = context_entry(dn)
    values = shown(entry.attributes)
    assert entry.dn == dn
    assert values["objectClass"] == ["top", kind]
    assert values[attribute] == [value]


def test_the_subschema_is_understood_by_a_client_library() -> None:
    values = shown(subschema().attributes)
    raw = CaseInsensitiveDict({name: each for name, each in values.items()})  # noqa: C416 - its own dictionary
    schema = SchemaInfo("cn=subschema", raw, raw)
    assert schema.is_valid()
    for each in all_types():
        assert schema.attribute_types[each.name].oid == each.oid
    assert schema.object_classes["inetOrgPerson"].superior == ["organizationalPerson"]
    assert "telephoneNumberMatch" in schema.matching_rules


def test_all_that_the_subschema_refers_to_stands_in_it() -> None:
    values = shown(subschema().attributes)
    described = {name: " ".join(values[name]) for name in values if name not in ("cn", "dn")}
    syntaxes = {text.split()[1] for text in values["ldapSyntaxes"]}
    rules = set(re.findall(r"NAME '(\w+)'", described["matchingRules"]))
    types = set(
        re.findall(
            r"[\w.-]+", " ".join(re.findall(r"NAME (\(.+?\)|\S+)", described["attributeTypes"]))
        )
    )
    classes = set(re.findall(r"NAME '(\w+)'", described["objectClasses"]))
    used = described["matchingRules"] + described["attributeTypes"]
    assert set(re.findall(r"SYNTAX (\S+)", used)) <= syntaxes
    assert set(re.findall(r"(?:EQUALITY|SUBSTR|ORDERING) (\S+)", used)) <= rules
    assert set(re.findall(r"SUP (\w+)", described["attributeTypes"])) <= types
    assert set(re.findall(r"SUP (\w+)", described["objectClasses"])) <= classes
    held = re.findall(r"(?:MUST|MAY) (?:\((.+?)\)|(\w+))", described["objectClasses"])
    assert {name for pair in held for part in pair for name in re.findall(r"[\w-]+", part)} <= types


def test_the_subschema_names_what_client_libraries_ask_for_unseen() -> None:
    described = " ".join(shown(subschema().attributes)["attributeTypes"])
    for name in ("createTimestamp", "matchingRuleUse", "dITContentRules", "nameForms", "altServer"):
        assert f"'{name}'" in described
