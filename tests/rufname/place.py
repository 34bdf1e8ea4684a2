"""A small installation on disk for tests: a CSV source, a configuration, its data folder."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.credentials import hash_password
from rufname.cli import run
from rufname.config import Config, load_config

PASSWORD = "correct horse"
PEOPLE = (
    ("1", "Jürgen Groß", "Beispiel GmbH", "030 23125-001", "j.gross@beispiel.example"),
    ("2", "Ada Muster", "Beispiel GmbH", "+49 30 23125 002", "ada@beispiel.example"),
    ("3", "Zentrale", "", "030/23125-000", ""),
)
CONFIG = """
[directory]
data_dir = "var"
region = "DE"

[dialplan.berlin]
country_code = "49"
area_code = "30"
trunks = ["+49 30 23125"]
extension_length = [3, 3]

[[source]]
name = "phonelist"
kind = "csv"
path = "people.csv"
key = ["id"]
dialplan = "berlin"
{more}
[source.map]
display_name = "name"
company = "company"
phones.work = "phone"
emails = "mail"

[[client]]
name = "sbc"
bind = "cn=sbc,dc=meta"
password = {{ file = "sbc.hash" }}
dialplan = "berlin"
"""
SERVICES = """
[ldap]
listen = ["ldap://127.0.0.1:0"]
workers = 1

[relay]
listen = "http://127.0.0.1:0"
"""


class Place:
    """A folder with a configuration; what its commands say goes to standard output as usual."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "rufname.toml"
        self.people = folder / "people.csv"
        (folder / "sbc.hash").write_text(hash_password(PASSWORD), encoding="utf-8")
        (folder / "sbc.hash").chmod(0o600)
        self.write_people(PEOPLE)
        self.write_config()

    def write_people(self, people: Iterable[Sequence[str]]) -> None:
        with self.people.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "name", "company", "phone", "mail"), *people])

    def write_config(self, more: str = "", end: str = "") -> None:
        """Write the configuration; `more` goes into the source, `end` behind all."""
        self.path.write_text(CONFIG.format(more=more) + end, encoding="utf-8")

    @property
    def config(self) -> Config:
        return load_config(self.path)

    def run(self, *arguments: str) -> int:
        """Run a command of this installation in this process; returns its exit code."""
        return run([*arguments, "-c", str(self.path)])


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` is truthy; fails after 20 s."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process or thread brings it about
            await asyncio.sleep(0.02)
