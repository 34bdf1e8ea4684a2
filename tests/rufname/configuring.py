"""Configurations for tests: written to a real file, loaded, their faults without its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rufname.config import Config, ConfigError, load_config

MANUAL = Path(__file__).parents[2] / "docs" / "configuration.md"

HASH = (  # of "correct horse"; the same in every process, since names of tests hold it
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$6i//qVUSsuQUF9BFB40ctw$xaCQtXvJnc3zjFtaI6sqo+inmFVof4pp3kNV3+bHUJ0"
)
"""Made once: hashing takes tens of milliseconds."""

SOURCE = """
[[source]]
name = "crm"
kind = "csv"
path = "crm.csv"
key = ["id"]
map.display_name = "name"
"""
CLIENT = """
[[client]]
name = "sbc"
"""


def make_folder(folder: Path) -> Path:
    """Put the password hashes of two clients into a folder; return it."""
    (folder / "keys").mkdir()
    for name in ("sbc", "phones"):
        file = folder / "keys" / f"{name}.hash"
        file.write_text(f"{HASH}\n")
        file.chmod(0o600)
    return folder


def load(folder: Path, text: str) -> Config:
    file = folder / "rufname.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def faults_of(folder: Path, text: str) -> list[str]:
    """Load a file that has faults; return them without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    before = f"{folder / 'rufname.toml'}: "
    assert all(fault.startswith(before) and "\n" not in fault for fault in caught.value.faults)
    return [fault.removeprefix(before) for fault in caught.value.faults]


def fault_of(folder: Path, text: str) -> str:
    (fault,) = faults_of(folder, text)
    return fault


def warnings_of(folder: Path, text: str) -> list[str]:
    before = f"{folder / 'rufname.toml'}: "
    return [warning.removeprefix(before) for warning in load(folder, text).warnings]


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]
