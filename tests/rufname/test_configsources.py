"""`[[source]]` tables become settings, or faults that say what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.registry import kinds
from connectors.settings import SecretRef
from rufname import configfile
from rufname.configsources import MAP_FIELDS_IN_WORDS
from rufname.tomltables import words_for
from tests.rufname.configuring import (
    SOURCE,
    fault_of,
    faults_of,
    load,
    make_folder,
    warnings_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("priority = 1000", ".priority: got 1000; allowed: a whole number from 1 to 999"),
        ("priority = 0", ".priority: got 0; allowed: a whole number from 1 to 999"),
        ('every = "15"', '.every: got "15"; allowed: a text from "1s" to "31d"'),
        ("every = 15", '.every: got 15; allowed: a text from "1s" to "31d"'),
        ('at = ["2:00"]', '.at[1]: got "2:00"; allowed: "HH:MM"'),
        ('at = ["02:00"]\non = ["mo"]', '.on: got "mo"; allowed: mon, tue'),
        ('on = ["mon"]', ".on: there is no at; allowed: on together with at"),
        ('max_drop = "20"', '.max_drop: got "20"; allowed: a share from "0%" to "100%"'),
        ("max_drop = -1", '.max_drop: got -1; allowed: a share from "0%" to "100%"'),
        ("max_drop = true", '.max_drop: got true; allowed: a share from "0%" to "100%"'),
        ('dialplan = "x"', '.dialplan: unknown dial plan "x"; allowed: none: this file has no'),
        ('visible_to = [""]', '.visible_to[1]: got ""; allowed: a list of texts'),
        ('visible_to = "sbc"', '.visible_to: got "sbc"; allowed: a list of texts'),
        ("prioritty = 5", ': unknown key "prioritty"; did you mean "priority"?'),
        ('seperator = ";"', ': unknown key "seperator"; did you mean "separator"?'),
        ('header = "yes"', '.header: got "yes"; allowed: true or false'),
        ('separator = "||"', '.separator: got "||"; allowed: one character, "tab", or ""'),
        ('quote = ";"\nseparator = ";"', ".quote: the same character as separator; allowed: one"),
        ('encoding = "utf-9"', '.encoding: got "utf-9"; allowed: a name such as "utf-8"'),
        ('id = "a:b"', '.id: got "a:b"; allowed: a name of 1 to 64'),
        ('map.name = "x"', '.map.name: unknown contact field "name"; did you mean "surname"?'),
        ('map.phones.wrk = "x"', '.map.phones.wrk: unknown contact field "phones.wrk"; did you'),
        ('map.custom.21 = "x"', '.map.custom.21: unknown contact field "custom.21"; did you'),
        ("map.emails = []", ".map.emails: got an empty list; allowed: a column, a template"),
        ('map.emails = [" "]', ".map.emails: got a list; allowed: a column, a template"),
        ("map.emails = 5", ".map.emails: got 5; allowed: a column, a template"),
        ('map.company = "{a"', ".map.company: braces in '{a' do not match; allowed: a column"),
        ('map."custom.1" = "a"\nmap.custom.1 = "b"', ".map.custom.1: stands twice; allowed: each"),
    ],
)
def test_a_faulty_setting_of_a_source_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault_of(folder, SOURCE + text).startswith(f'source[1] "crm"{fault}')


@pytest.mark.parametrize("name", ["", " crm", "crm ", "a:b", "*", "a\\u0000", "x" * 65, "\\u202ea"])
def test_a_name_that_would_mislead_is_refused(folder: Path, name: str) -> None:
    assert "allowed: a name of 1 to 64" in str(
        faults_of(folder, SOURCE.replace('"crm"', f'"{name}"'))
    )


def test_an_unknown_kind_is_refused_with_those_there_are(folder: Path) -> None:
    fault = fault_of(folder, SOURCE.replace('"csv"', '"cvs"'))
    assert fault == (
        f'source[1] "crm".kind: unknown kind "cvs"; did you mean "csv"?; '
        f"allowed: {', '.join(kinds())}"
    )


def test_what_is_missing_is_named_together(folder: Path) -> None:
    assert faults_of(folder, "[[source]]") == [
        f"source[1].name: missing; allowed: {words_for(configfile.Name)}",
        "source[1].kind: missing; allowed: a text of 1 to 256 characters, on one line",
        "source[1].key: missing; allowed: a column, or a list of at least one",
        f"source[1].map: maps nothing; allowed: at least one of {MAP_FIELDS_IN_WORDS}",
    ]
    faults = faults_of(folder, '[[source]]\nkind = "csv"')
    assert "source[1].path: missing; allowed: a path" in faults


def test_names_and_ids_of_sources_are_unique(folder: Path) -> None:
    renamed = SOURCE.replace('name = "crm"', 'name = "other"\nid = "crm"')
    assert faults_of(folder, SOURCE + SOURCE + renamed) == [
        'source[2] "crm".name: "crm" is taken by source[1] "crm"',
        'source[2] "crm".id: "crm" is taken by source[1] "crm"',
        'source[3] "other".id: "crm" is taken by source[1] "crm"',
    ]


def test_a_map_without_a_name_is_a_warning(folder: Path) -> None:
    text = SOURCE.replace("map.display_name", "map.notes")
    assert "no contact will have a name" in warnings_of(folder, text)[0]
    nothing = SOURCE.replace('map.display_name = "name"', "map = {}")
    assert warnings_of(folder, nothing) == []  # it may be an export of Outlook
    database = nothing.replace('"csv"', '"odbc"').replace(
        'path = "crm.csv"', 'connection = "DSN=x"\nquery = "SELECT 1"'
    )
    assert "maps nothing" in fault_of(folder, database)


def test_the_secrets_of_a_source_are_not_read(folder: Path) -> None:
    text = """
    [[source]]
    name = "crm"
    kind = "odbc"
    connection = { file = "none" }
    query = "SELECT 1"
    key = "id"
    map.company = "c"
    """
    options: Any = load(folder, text).sources[0].options
    assert options.connection == SecretRef(file=folder / "none")


def test_a_secret_in_clear_is_never_quoted(folder: Path) -> None:
    text = """
    [[source]]
    name = "crm"
    kind = "odbc"
    connection = "DRIVER=x;PWD=hunter2"
    password = "hunter2"
    query = "SELECT 1"
    key = "id"
    map.company = "c"
    [[client]]
    name = "sbc"
    password = "hunter2"
    """
    said = str(faults_of(folder, text))
    assert "hunter2" not in said
    assert 'source[1] "crm".password: got a text; allowed: { file' in said
    assert 'client[1] "sbc".password: got a text; allowed: { file' in said


def test_a_secret_that_everybody_may_read_is_a_warning(folder: Path) -> None:
    (folder / "keys" / "sbc.hash").chmod(0o644)
    (folder / "dsn").touch(0o644)
    (folder / "dsn").chmod(0o644)
    text = """
    [[source]]
    name = "crm"
    kind = "odbc"
    connection = { file = "dsn" }
    query = "SELECT 1"
    key = "id"
    map.company = "c"
    [[client]]
    name = "sbc"
    password = { file = "keys/sbc.hash" }
    """
    assert warnings_of(folder, text) == [
        f'source[1] "crm".connection: {folder}/dsn may be read by every user: chmod 600',
        f'client[1] "sbc".password: {folder}/keys/sbc.hash may be read by every user: chmod 600',
    ]


def test_rights_by_field_and_private_sources_become_a_policy(folder: Path) -> None:
    text = (
        SOURCE
        + """
    field_visible_to.phones.mobile = ["personnel"]
    field_visible_to."custom.3" = []
    searchable = ["custom.1"]
    """
    )
    policy = load(folder, text).policies()["crm"]
    assert policy.fields == {"phones.mobile": ("personnel",), "custom.3": ()}
    assert policy.searchable == {"custom.1"}
    private = load(folder, SOURCE + 'owner = "anna"').policies()["crm"]
    assert (private.owner, private.visible_to) == ("anna", ("*",))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('field_visible_to.surname = ["a"]', 'unknown field that can be hidden "surname"'),
        ('field_visible_to.phones.mobil = ["a"]', 'did you mean "phones.mobile"'),
        ('field_visible_to.notes = "anna"', "allowed: a list of names of users"),
        ('searchable = ["custom.21"]', 'unknown custom field "custom.21"'),
        ('owner = "anna"\nvisible_to = ["bert"]', "owner: stands beside visible_to"),
    ],
)
def test_a_faulty_right_is_named(folder: Path, text: str, fault: str) -> None:
    assert fault in fault_of(folder, SOURCE + text)
