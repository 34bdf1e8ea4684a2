from __future__ import annotations

import socket
from pathlib import Path

import pytest

from connectors.sync import sync_source
from engine.store import ContactStore
from rufname import demo_company
from rufname.config import load_config
from rufname.demo_company import HEAD, make_company

COUNT = 300


def read_all(path: Path, folder: Path) -> dict[str, int]:
    store = ContactStore.open(folder / "contacts.sqlite")
    try:
        return {
            source.name: sync_source(source, store).added for source in load_config(path).sources
        }
    finally:
        store.close()


def test_both_sources_can_be_read_and_hold_all_contacts(tmp_path: Path) -> None:
    company = make_company(tmp_path, COUNT)
    assert company.config.read_text(encoding="utf-8").startswith(HEAD)
    read = read_all(company.config, tmp_path)
    assert sum(read.values()) == COUNT
    assert min(read.values()) > 0
    [warning] = load_config(company.config).warnings
    assert warning.endswith(
        'relay.dev_user: everybody on this machine is "demo" without a password'
    )


def test_without_the_driver_the_crm_is_handed_over_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_company, "CRM_DRIVER", "/nonexistent/libsqlite3odbc.so")
    company = make_company(tmp_path, COUNT)
    assert not company.odbc
    assert company.no_odbc
    assert load_config(company.config).source("crm").kind == "csv"
    assert sum(read_all(company.config, tmp_path).values()) == COUNT


def test_secrets_are_private(tmp_path: Path) -> None:
    make_company(tmp_path, COUNT)
    keys = list((tmp_path / "keys").iterdir())
    assert keys
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_a_taken_port_makes_way_for_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert demo_company._free_port(taken.getsockname()[1]) == 0
