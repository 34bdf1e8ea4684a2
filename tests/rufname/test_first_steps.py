"""The manual's first steps: its configuration, completed as it says, does what it says."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from rufname.cli import run
from tests.rufname.configuring import HASH, faults_of

PAGE = Path(__file__).parents[2] / "docs" / "first-steps.md"
TEXT = PAGE.read_text(encoding="utf-8")

_BLOCK = re.compile(r"(?:^    .*\n|^\n(?=    ))+", re.MULTILINE)
_COMMAND = re.compile(r"^\d\. `rufname ((?!serve)[^`]+)`", re.MULTILINE)

LIST = """\
Kundennr;Firma;Name;Vorname;Telefonnummer;Mobil\r
10001;Müller & Söhne GmbH;Müller;Jürgen;089/99998-123;0171 1234567\r
10002;Bäckerei Groß;Groß;Änne;+49 (0)89 99998 200;\r
"""
"""As a German Excel saves it."""


def block(heading: str) -> str:
    """Return the configuration below a heading of the page."""
    found = _BLOCK.search(TEXT.partition(f"## {heading}\n")[2])
    assert found, heading
    return textwrap.dedent(found[0])


def test_a_list_of_ones_own_has_a_name_for_a_call_after_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("phones.csv").write_bytes(LIST.encode("cp1252"))
    config = Path("rufname.toml")
    started = block("Your own contacts").replace(":1389", ":0")
    config.write_text(started, encoding="utf-8")
    hashed = Path("sbc.hash")
    hashed.touch(0o600)
    hashed.write_text(f"{HASH}\n")
    discover, check, *others = _COMMAND.findall(TEXT)

    assert run(shlex.split(discover)) == 0
    said = capfd.readouterr().out
    suggested = said[said.index("key = ") : said.index("# not mapped") if "# not" in said else None]
    path = 'path = "phones.csv"\n'
    config.write_text(started.replace(path, path + suggested), encoding="utf-8")

    assert run(shlex.split(check)) == 0
    assert [run(shlex.split(command)) for command in others] == [0] * len(others)
    assert [shlex.split(command)[0] for command in others] == [
        "preview", "sync", "lookup", "quality"
    ]  # fmt: skip
    assert "\nJürgen Müller\n  Müller & Söhne GmbH · work" in capfd.readouterr().out


def test_what_opens_the_directory_to_the_network_wants_its_files_and_no_more(
    tmp_path: Path,
) -> None:
    faults = faults_of(tmp_path, block("The first telephone, the SBC"))
    assert [fault.partition(": ")[0] for fault in faults] == [
        "ldap.tls.certificate", "ldap.tls.key"
    ]  # fmt: skip
