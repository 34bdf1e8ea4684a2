from __future__ import annotations

import os

import pytest

from rufname.drivers import prepare
from tests.rufname.place import Place

ODBC = """
[[source]]
name = "crm"
kind = "odbc"
connection = "Driver=SQLite3;Database=crm.sqlite"
query = "SELECT * FROM contact"
key = ["id"]
map.display_name = "name"
"""


def test_without_an_odbc_source_nothing_is_written(place: Place) -> None:
    prepare(place.config)
    assert not place.config.data_dir.exists()


def test_an_odbc_source_gets_a_list_of_drivers_of_our_own(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODBCSYSINI", "/etc")
    place.write_config(end=ODBC)
    prepare(place.config)
    assert (place.config.run_dir / "odbcinst.ini").exists()
    assert os.environ["ODBCSYSINI"] == str(place.config.run_dir)
