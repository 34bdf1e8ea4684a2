"""The command on figures that were kept; `tests/e2e/test_capacity.py` measures really."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rufname.cli import run
from rufname.costs import read_calibration, write_calibration
from tests.rufname.costing import CALIBRATION


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    write_calibration(tmp_path / "costs.json", CALIBRATION)
    return tmp_path / "costs.json"


def _run(kept: Path, *options: str) -> int:
    return run(["capacity", "--users", "5000", "--calls-per-hour", "2000", "--from", str(kept),
                *options])  # fmt: skip


def test_figures_of_another_machine_are_taken_and_a_page_is_written(
    kept: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page, copy = tmp_path / "order.html", tmp_path / "copy.json"
    assert _run(kept, "--contacts", "300000", "--html", str(page), "--save", str(copy)) == 0
    said = capfd.readouterr()
    assert "ORDER " in said.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert read_calibration(copy) == CALIBRATION
    assert said.err == f"kept: {copy}\nwritten: {page}\n"


@pytest.mark.parametrize("option", ["--save", "--html"])
def test_a_file_that_cannot_be_written_is_named_before_anything_is_measured(
    option: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rufname.capacity.calibrate", lambda *_args, **_named: 1 / 0)
    asked = ["capacity", "--users", "1", "--contacts", "1", "--calls-per-hour", "1"]
    assert run([*asked, option, str(tmp_path / "none" / "file")]) == 2
    assert f"{tmp_path / 'none'} is no folder" in capfd.readouterr().err
    monkeypatch.setattr("rufname.options.os.access", lambda path, _mode: path != tmp_path)
    assert run([*asked, option, str(tmp_path / "file")]) == 2
    assert f"{tmp_path} may not be written" in capfd.readouterr().err


def test_contacts_are_of_kinds_and_add_up(kept: Path, capfd: pytest.CaptureFixture[str]) -> None:
    options = ("--contacts", "crm=200,000", "--contacts", "1000", "--contacts", "odbc=500")
    assert _run(kept, *options, "--json") == 0
    (line,) = capfd.readouterr().out.splitlines()
    company = json.loads(line)["sizings"][0]["company"]
    assert company["contacts"] == {"crm": 200_000, "odbc": 1_500}


@pytest.mark.parametrize(
    ("contacts", "words"),
    [
        ("fax=3", "'fax' is no kind of source; allowed: odbc, crm"),
        ("many", "'many' is no number of contacts"),
        ("crm=0", "'0' is no number of contacts"),
        ("crm=-5", "'-5' is no number of contacts"),
        ("9" * 12, "is no number of contacts"),
    ],
)
def test_what_is_no_number_of_contacts_is_named(
    kept: Path, contacts: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run(kept, "--contacts", contacts) == 2
    assert words in capfd.readouterr().err


def test_a_file_without_figures_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path / "absent.json", "--contacts", "5") == 3
    assert "absent.json: No such file" in capfd.readouterr().err
