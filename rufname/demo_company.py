"""The demo's made-up company on disk: a CRM, a phone list, passwords, a configuration.

Law: everything stands in one folder and is made anew. What is written is what real firms have:
dirty numbers, duplicates over both sources, shared lines.
"""

from __future__ import annotations

import csv
import json
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from connectors.errors import ConnectorError
from connectors.registry import open_source
from engine.credentials import hash_password
from rufname.config import load_config
from rufname.drivers import prepare
from rufname.sample import contacts
from rufname.sample_contact import MadeContact, Source
from rufname.sample_files import (
    CRM_COLUMNS,
    CRM_MAP,
    CRM_QUERY,
    PHONE_LIST_MAP,
    write_crm,
    write_phone_list,
)
from rufname.sample_numbers import SAMPLE_PLAN

CONFIG_NAME = "rufname.toml"
HEAD = "# Made by `rufname demo`; the folder is made anew by the next one.\n"
BIND = "cn=sbc,dc=meta"
USER = "sbc"
VISITOR = "demo"
"""Who the page greets: everybody on this machine, without a password."""

PASSWORD = "demo"  # noqa: S105 - shown on the page, and good for made-up names on loopback only
LDAP_PORT, HTTP_PORT = 1389, 8080
CRM_DRIVER = "SQLite3"
LOOPBACK = "127.0.0.1"

_Rule = str | tuple[str, ...]


class Company(msgspec.Struct, frozen=True):
    """What was made.

    Attributes:
        config: the configuration file.
        odbc: whether the CRM is read over ODBC; else it was handed over as a CSV file.
        no_odbc: why not, "" if it is.
    """

    config: Path
    odbc: bool
    no_odbc: str = ""


def make_company(folder: Path, count: int) -> Company:
    """Make the company in an empty folder.

    Args:
        folder: exists; how it is named is how everything in it will be named.
        count: contacts in all.
    """
    write_crm(folder / "crm.sqlite", _of("crm", count))
    write_phone_list(folder / "phones.csv", _of("phonelist", count), "utf-8-sig")
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    _keep(keys / "sbc.hash", hash_password(PASSWORD))
    _keep(keys / "crm.dsn", f"Driver={CRM_DRIVER};Database={(folder / 'crm.sqlite').absolute()}")
    ports = _free_port(LDAP_PORT), _free_port(HTTP_PORT)
    path = folder / CONFIG_NAME
    path.write_text(_configuration(_CRM_OVER_ODBC, ports), encoding="utf-8")
    fault = _odbc_fault(path)
    if fault:
        _export(folder / "crm.sqlite", folder / "crm.csv")
        path.write_text(_configuration(_CRM_AS_FILE, ports), encoding="utf-8")
    return Company(path, odbc=not fault, no_odbc=fault)


def _of(source: Source, count: int) -> Iterator[MadeContact]:
    return (made for made in contacts(count) if made.source == source)


def _keep(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(f"{secret}\n", encoding="utf-8")


def _free_port(wanted: int) -> int:
    """Return `wanted` if it is free on loopback, else 0: any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return 0
    return wanted


def _odbc_fault(path: Path) -> str:
    """Return why the CRM cannot be read over ODBC here; "" if it can."""
    config = load_config(path)
    try:
        prepare(config)
        report = open_source(config.source("crm")).check()
    except ConnectorError as error:
        return str(error)
    return "; ".join(report.faults)


def _export(database: Path, path: Path) -> None:
    """Write the CRM's view as a CSV file, by the standard library."""
    with (
        closing(sqlite3.connect(database)) as connection,
        path.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(CRM_COLUMNS)
        writer.writerows(connection.execute(CRM_QUERY))


_CRM_OVER_ODBC: dict[str, object] = {
    "kind": "odbc",
    "connection": {"file": "keys/crm.dsn"},
    "query": CRM_QUERY,
    "changed": "updated_at",
    "key": ["contact_no"],
}
_CRM_AS_FILE: dict[str, object] = {"kind": "csv", "path": "crm.csv", "key": ["contact_no"]}


def _configuration(crm: Mapping[str, object], ports: tuple[int, int]) -> str:
    ldap_port, http_port = ports
    plan = {
        "country_code": SAMPLE_PLAN.country_code,
        "area_code": SAMPLE_PLAN.area_code,
        "trunks": [f"+{trunk}" for trunk in SAMPLE_PLAN.trunks],
        "extension_length": SAMPLE_PLAN.extension_length,
    }
    phone_list = {"kind": "csv", "path": "phones.csv", "key": ["Nr"]}
    client = {
        "name": USER,
        "bind": BIND,
        "password": {"file": "keys/sbc.hash"},
        "profile": "sbc",
        "dialplan": "home",
    }
    lines = [HEAD]
    lines += _table("directory", {"data_dir": "data", "region": "DE"})
    lines += _table("directory.custom_names", {"custom.1": "Customer number"})
    lines += _table("dialplan.home", plan)
    for name, source, rules in (
        ("crm", {**crm, "priority": 600, "every": "15m"}, CRM_MAP),
        ("phonelist", {**phone_list, "every": "1h"}, PHONE_LIST_MAP),
    ):
        lines += _table("[source]", {"name": name, **source, "dialplan": "home"})
        lines += _table("source.map", rules)
    lines += _table("ldap", {"listen": [f"ldap://{LOOPBACK}:{ldap_port}"], "base": "dc=meta"})
    lines += _table("[user]", {"name": VISITOR, "password": {"file": "keys/sbc.hash"}})
    relay = {"listen": f"http://{LOOPBACK}:{http_port}", "dev_user": VISITOR}
    lines += _table("relay", {**relay, "chat_domains": ["musterwerk.example"]})
    lines += _table("[client]", client)
    return "\n".join(lines)


def _table(name: str, values: Mapping[str, object] | Mapping[str, _Rule]) -> list[str]:
    return [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]


def _toml(value: object) -> str:
    """Write text, number, list or inline table as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(own)}" for key, own in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
