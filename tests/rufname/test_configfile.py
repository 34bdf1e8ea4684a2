"""The tables of the configuration file: the manual names each setting as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from connectors.registry import kinds, options_of
from connectors.rules import MAP_FIELDS
from ldapd.settings import LdapLimits, LdapSettings, ProfileLimits, Profiles, TlsSettings
from relay.settings import RelaySettings
from rufname import configfile
from rufname.config import ConfigError
from rufname.tomltables import words_for
from tests.rufname.configuring import (
    MANUAL,
    load,
    make_folder,
)
from tests.rufname.manual import default_of, documented, value_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


SHAPES: dict[str, type[msgspec.Struct]] = {
    "[directory]": configfile.DirectoryTable,
    "[dialplan.NAME]": configfile.DialPlanTable,
    "[[source]]": configfile.SourceTable,
    "[ldap]": configfile.LdapTable,
    "[ldap.tls]": configfile.TlsTable,
    "[ldap.limits]": configfile.LdapLimitsTable,
    "[ldap.profiles]": configfile.ProfilesTable,
    "[ldap.profiles.phone]": configfile.ProfileTable,
    "[ldap.profiles.addressbook]": configfile.ProfileTable,
    "[ldap.profiles.bulk]": configfile.BulkTable,
    "[[client]]": configfile.ClientTable,
    "[[user]]": configfile.UserTable,
    "[[group]]": configfile.GroupTable,
    "[relay]": configfile.RelayTable,
    "[relay.limits]": configfile.RelayLimitsTable,
    "[tunnel]": configfile.TunnelTable,
    "[tunnel.limits]": configfile.TunnelLimitsTable,
    "[metrics]": configfile.MetricsTable,
    **{f'kind = "{kind}"': options_of(kind) for kind in kinds()},
}


VALUES = [
    '""', '"x"', '" "', f'"{"x" * 300}"', "-1", "0", "1.5", "true", "[]", '["x"]', "{}",
    '{ file = "x" }', "1979-05-27",
]  # fmt: skip
_VALUE = st.sampled_from(VALUES)
_WHOLE = {
    "csv": 'path = "a.csv"', "odbc": 'connection = "DSN=a"\nquery = "SELECT 1"',
    "xlsx": 'path = "a.xlsx"', "ods": 'path = "a.ods"', "vcard": 'path = "a.vcf"',
    "ldap": 'url = "ldaps://a"\nbase = "dc=a"', "ad": 'url = "ldaps://a"\nbase = "dc=a"',
    "carddav": 'url = "https://a"', "rest": 'url = "https://a"', "singer": 'command = ["a"]',
    "graph": 'tenant = "a"\nclient_id = "a"\nclient_secret = { env = "A" }', "pst": 'path = "a"',
    "access": 'path = "a"\ntable = "a"', "dbf": 'path = "a"',
}  # fmt: skip
"""What each kind of source needs at least."""

_BETWEEN = re.compile(r"belong together|exactly one of|either .* or|needs|two ways to follow")
"""What is wrong with two settings together says what is right by naming both."""


@given(data=st.data())
def test_no_value_makes_loading_fail_in_another_way(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    section, shape = data.draw(st.sampled_from(list(SHAPES.items())))
    names = sorted(field.encode_name for field in msgspec.structs.fields(shape))
    keys = data.draw(st.lists(st.sampled_from([*names, "other"]), unique=True, max_size=6))
    head = f"[[source]]\n{section}" if section.startswith("kind") else section
    lines = [f"{key} = {data.draw(_VALUE)}" for key in keys]
    faults: tuple[str, ...] = ()
    try:
        load(tmp_path_factory.getbasetemp(), "\n".join([head, *lines]))
    except ConfigError as error:
        faults = error.faults
    assert all(fault.count("\n") == 0 for fault in faults)


@pytest.mark.parametrize("kind", kinds())
def test_a_bad_value_of_a_kind_names_its_key_and_what_is_allowed(folder: Path, kind: str) -> None:
    whole = f'[[source]]\nname = "a"\nkind = "{kind}"\nkey = "id"\nmap.company = "c"\n'
    for setting in (field.encode_name for field in msgspec.structs.fields(options_of(kind))):
        rest = [each for each in _WHOLE[kind].splitlines() if not each.startswith(f"{setting} =")]
        for value in VALUES:
            try:
                load(folder, "\n".join([whole, *rest, f"{setting} = {value}"]))
            except ConfigError as error:
                (fault,) = error.faults
                assert f'source[1] "a".{setting}' in fault or _BETWEEN.search(fault), fault
                assert "; allowed: " in fault or _BETWEEN.search(fault), fault


def test_the_manual_names_every_section_and_no_other() -> None:
    assert documented(MANUAL).keys() == {"Secrets", *SHAPES}


@pytest.mark.parametrize("section", SHAPES)
def test_the_manual_names_every_setting_and_no_other(section: str) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(SHAPES[section])}
    assert documented(MANUAL)[section].keys() == fields


@pytest.mark.parametrize("section", SHAPES)
def test_the_manual_says_what_is_allowed_as_a_fault_does(section: str) -> None:
    for field in msgspec.structs.fields(SHAPES[section]):
        allowed, _ = documented(MANUAL)[section][field.encode_name]
        assert (field.encode_name, allowed) == (field.encode_name, words_for(field.type))


@pytest.mark.parametrize("section", SHAPES)
def test_the_manual_gives_the_true_defaults(section: str) -> None:
    for field in msgspec.structs.fields(SHAPES[section]):
        _, default = documented(MANUAL)[section][field.encode_name]
        assert (field.encode_name, default_of(default)) == (field.encode_name, value_of(field))


def test_the_manual_names_every_contact_field() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    rows = re.search(r"### `\[source.map\]`(.*?)\n##", text, re.DOTALL)
    assert rows
    named = set(re.findall(r"`([a-z_]+(?:\.\w+)?)`(?=[,` |])", rows[1])) - {"phones"}
    custom = {field for field in MAP_FIELDS if field.startswith("custom.")}
    assert named | custom == MAP_FIELDS


def test_the_settings_of_the_daemons_are_all_in_the_file() -> None:
    def names(shape: type[msgspec.Struct]) -> set[str]:
        return {field.name for field in msgspec.structs.fields(shape)}

    assert names(configfile.LdapLimitsTable) == names(LdapLimits)
    assert names(configfile.ProfilesTable) == names(Profiles)
    for table in (configfile.ProfileTable, configfile.BulkTable):
        assert names(table) == names(ProfileLimits)
    assert names(configfile.LdapTable) == names(LdapSettings)
    assert names(configfile.TlsTable) == names(TlsSettings)
    in_file = names(configfile.RelayTable) | names(configfile.RelayLimitsTable)
    assert in_file - {"listen", "limits"} == names(RelaySettings) - {
        "host",
        "port",
        "custom_names",  # of `[directory]`
    }


def test_no_setting_has_a_type_that_corrupts_memory() -> None:
    """As msgspec 0.22 does, over a union of a text that has a pattern and a list or a table."""
    for shape in SHAPES.values():
        for field in msgspec.structs.fields(shape):
            for union in unions(inspect.type_info(field.type)):
                kinds_of = {type(plain(part)) for part in union.types}
                patterned = any(getattr(plain(part), "pattern", None) for part in union.types)
                assert not (patterned and kinds_of & CONTAINERS), field.name


CONTAINERS = {
    inspect.ListType,
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.SetType,
    inspect.DictType,
}


def plain(node: inspect.Type) -> inspect.Type:
    return node.type if isinstance(node, inspect.Metadata) else node


def unions(node: inspect.Type) -> Iterator[inspect.UnionType]:
    node = plain(node)
    if isinstance(node, inspect.UnionType):
        yield node
        for part in node.types:
            yield from unions(part)
    elif isinstance(node, inspect.ListType | inspect.VarTupleType):
        yield from unions(node.item_type)
