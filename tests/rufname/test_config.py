"""A configuration file is read whole, or every fault in it is named."""

from __future__ import annotations

import contextlib
import os
import pickle
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from connectors.settings import DropLimit, Schedule
from engine.phone import region_plan
from engine.rights import SourcePolicy
from ldapd.settings import LdapLimits, Listener
from relay.settings import RelaySettings
from rufname.config import Config, ConfigError, UnknownName, load_config
from tests.rufname.configuring import (
    CLIENT,
    HASH,
    SOURCE,
    example,
    fault_of,
    faults_of,
    load,
    make_folder,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_the_example_of_the_manual_loads(folder: Path) -> None:
    config = load(folder, example())
    assert config.warnings == ()
    assert config.data_dir == folder / "var"
    assert config.plan == region_plan("DE")
    munich = config.plans["munich"]
    assert munich.trunks == ("498999998",)
    assert (munich.national_prefix, munich.international_prefix) == ("0", "00")
    assert [source.id for source in config.sources] == ["phonelist", "crm"]
    phonelist, crm = config.sources
    assert phonelist.plan == munich
    assert phonelist.schedule == Schedule(at=("02:00", "12:30"), on=(0, 1, 2, 3, 4, 6))
    assert phonelist.map["phones.work"] == ("phone", "phone2")
    assert crm.schedule == Schedule(every_s=900)
    assert crm.max_drop == DropLimit(percent=5.0)
    assert crm.plan == config.plan
    assert config.ldap is not None
    assert config.ldap.listen == (Listener("127.0.0.1", 1389),)
    assert config.ldap.limits == LdapLimits(idle_time_s=1800)
    sbc, phones = config.clients
    assert sbc.password_hash == phones.password_hash == HASH
    assert sbc.networks == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert (phones.profile, phones.number_format) == ("phone", "dialable")
    assert config.relay == RelaySettings("127.0.0.1", 8080)


def test_an_empty_file_starts_nothing_and_warns(folder: Path) -> None:
    config = load(folder, "")
    assert config == Config(
        path=folder / "rufname.toml",
        data_dir=folder / "var",
        region="DE",
        plan=region_plan("DE"),
        plans={},
        sources=(),
        clients=(),
        ldap=None,
        relay=None,
        warnings=(f"{folder / 'rufname.toml'}: source: no [[source]]: there is nothing to find",),
        is_blank=True,
    )


def test_the_folders_of_the_data_are_where_the_design_says(folder: Path) -> None:
    config = load(folder, '[directory]\ndata_dir = "/srv/x"')
    assert config.store_path == Path("/srv/x/contacts.sqlite")
    assert config.index_dir == Path("/srv/x/index")
    assert config.run_dir == Path("/srv/x/run")
    assert config.control_path == Path("/srv/x/run/control.sock")
    assert config.keys_dir == Path("/srv/x/keys")


def test_paths_are_relative_to_the_file_wherever_the_process_is(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "rufname.toml").write_text(SOURCE)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with contextlib.chdir(elsewhere):
        config = load_config(Path(os.path.relpath(folder / "rufname.toml")))
    assert config.data_dir.is_absolute()
    assert config.data_dir.resolve() == folder / "var"
    options: Any = config.sources[0].options
    assert options.path.resolve() == folder / "crm.csv"


def test_the_index_is_built_anew_on_sundays_unless_set_otherwise(folder: Path) -> None:
    assert load(folder, "").rebuild == Schedule(at=("03:30",), on=(6,))
    daily = '[directory]\nrebuild_at = ["22:00", "04:15"]\nrebuild_on = []\n'
    assert load(folder, daily).rebuild == Schedule(at=("04:15", "22:00"))
    assert not load(folder, "[directory]\nrebuild_at = []\n").rebuild.exists


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ('rebuild_at = ["25:00"]', 'directory.rebuild_at[1]: got "25:00"'),
        ('rebuild_on = ["sunday"]', "directory.rebuild_on"),
    ],
)
def test_a_faulty_time_of_building_anew_is_named(folder: Path, setting: str, fault: str) -> None:
    assert fault in faults_of(folder, f"[directory]\n{setting}\n")[0]


def test_a_source_has_the_defaults_of_the_design(folder: Path) -> None:
    (source,) = load(folder, SOURCE).sources
    assert (source.id, source.key, source.priority) == ("crm", ("id",), 500)
    assert source.visible_to == ("*",)
    assert source.max_drop == DropLimit(percent=20.0)
    assert not source.schedule.exists


def test_a_source_may_name_one_key_column_as_a_text(folder: Path) -> None:
    assert load(folder, SOURCE.replace('["id"]', '"id"')).sources[0].key == ("id",)


def test_a_map_may_be_dotted_nested_or_quoted(folder: Path) -> None:
    text = (
        SOURCE.partition("map.")[0]
        + """
map.phones.work = "a"
map.phones.mobile = ["b", "{c} {d}"]
map."phones.home" = "e"
map.custom = { 1 = "f", 20 = "g" }
map.company = "h"
"""
    )
    assert load(folder, text).sources[0].map == {
        "phones.work": "a",
        "phones.mobile": ("b", "{c} {d}"),
        "phones.home": "e",
        "custom.1": "f",
        "custom.20": "g",
        "company": "h",
    }


def test_a_renamed_source_keeps_its_id(folder: Path) -> None:
    config = load(folder, SOURCE.replace('name = "crm"', 'name = "Kunden (neu)"\nid = "crm"'))
    assert config.policies() == {"crm": SourcePolicy("Kunden (neu)", 500, ("*",))}


def test_policies_say_who_sees_what(folder: Path) -> None:
    config = load(folder, SOURCE + 'visible_to = ["sales", "x@firm.example"]\npriority = 999')
    assert config.policies() == {"crm": SourcePolicy("crm", 999, ("sales", "x@firm.example"))}


def test_sources_and_clients_are_found_by_name(folder: Path) -> None:
    config = load(folder, SOURCE + CLIENT)
    assert config.source("crm") is config.sources[0]
    assert config.client("sbc") is config.clients[0]
    with pytest.raises(UnknownName, match=r'no source "crn"; did you mean "crm"\? there is: crm'):
        config.source("crn")
    with pytest.raises(UnknownName, match='no client "x"; there is: sbc'):
        config.client("x")


def test_a_configuration_can_be_sent_to_a_worker(folder: Path) -> None:
    config = load(folder, example())
    assert pickle.loads(pickle.dumps(config)) == config


def test_an_unknown_section_is_refused_with_the_nearest(folder: Path) -> None:
    assert fault_of(folder, "[[sources]]").startswith(
        'unknown key "sources"; did you mean "source"?; allowed: client, dialplan, directory'
    )


def test_a_section_of_the_wrong_form_says_how_it_is_written(folder: Path) -> None:
    assert fault_of(folder, "[source]\nname = 'x'") == (
        "source: got a table; allowed: tables, each begun by [[source]]"
    )
    assert fault_of(folder, "[[ldap]]") == "ldap: got a list; allowed: a table"
    assert fault_of(folder, "dialplan = 5").endswith("begun by [dialplan.NAME]")


def test_faults_of_all_sections_come_together(folder: Path) -> None:
    text = SOURCE.replace('"csv"', '"cvs"') + CLIENT + 'profile = "x"\n[ldap]\n[relay]\nx = 1'
    assert [fault.partition(":")[0] for fault in sorted(faults_of(folder, text))] == [
        'client[1] "sbc".profile',
        "ldap.listen",
        "relay.listen",
        "relay",
        'source[1] "crm".kind',
    ]


def test_a_file_that_is_no_toml_has_one_fault_with_its_line(folder: Path) -> None:
    assert fault_of(folder, "[ldap\n") == (
        "not TOML: Expected ']' at the end of a table declaration (at line 1, column 6)"
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load_config(tmp_path / "none.toml")


def test_a_data_folder_whose_name_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"M\xfcller")
    folder.mkdir()
    named = f"{tmp_path}/M\\xfcller/var"
    assert fault_of(make_folder(folder), "") == (
        f"directory.data_dir: {named} is not written in UTF-8; allowed: one that is"
    )
