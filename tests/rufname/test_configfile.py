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


_VALUE = st.sampled_from(
    ['""', '"x"', "-1", "0", "1.5", "true", "[]", '["x"]', "{}", '{ file = "x" }', "1979-05-27"]
)


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
    assert in_file - {"listen", "limits"} == names(RelaySettings) - {"host", "port"}


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
