from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import DriverMissing, UnknownKind
from connectors.kinds.delimited import DelimitedOptions, DelimitedSource
from connectors.kinds.odbc import OdbcOptions, OdbcSource
from connectors.registry import kinds, open_source, options_of
from tests.connectors.making import csv_settings, settings

ODBC = settings(kind="odbc", options=OdbcOptions(connection="DSN=x", query="SELECT 1"))


def test_the_kinds_there_are() -> None:
    assert kinds() == (
        "access",
        "ad",
        "carddav",
        "csv",
        "dbf",
        "graph",
        "ldap",
        "odbc",
        "ods",
        "pst",
        "rest",
        "singer",
        "vcard",
        "xlsx",
    )
    assert options_of("csv") is DelimitedOptions
    assert options_of("odbc") is OdbcOptions


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownKind, match="'xls'; there are access, ad, carddav"):
        options_of("xls")
    with pytest.raises(UnknownKind):
        open_source(settings(kind="xls"))


def test_opening_a_source_touches_nothing(tmp_path: Path) -> None:
    assert isinstance(open_source(csv_settings(tmp_path / "none.csv")), DelimitedSource)
    assert isinstance(open_source(ODBC), OdbcSource)


def test_no_driver_is_loaded_before_an_odbc_source_is_opened() -> None:
    code = (
        "import sys, connectors.registry, connectors.sync, connectors.kinds.odbc;"
        "print('pyodbc' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("libodbc.so.2: cannot open shared object file", "Debian package unixodbc"),
        ("No module named 'pyodbc'", "Python package pyodbc"),
    ],
)
def test_a_missing_driver_manager_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, message: str, words: str
) -> None:
    class Refuses:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "pyodbc":
                raise ImportError(message)

    monkeypatch.delitem(sys.modules, "pyodbc", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refuses(), *sys.meta_path])
    with pytest.raises(DriverMissing, match=words):
        open_source(ODBC)
