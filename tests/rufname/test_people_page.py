"""The manual's page about people search: its examples are what the program prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from engine.query import MATCH_CLASSES
from rufname.cli import run

PAGE = Path(__file__).parents[2] / "docs" / "people.md"

_FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ rufname (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_TIME = re.compile(r"\([\d.,]+ µs\)")

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = [each for block in _CONSOLE.findall(TEXT) for each in _COMMAND.findall(block)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installation that the page writes down, read once."""
    made = tmp_path_factory.mktemp("page")
    for name, content in _FILE.findall(TEXT):
        (made / name).write_text(content, encoding="utf-8")
    assert run(["sync", "-c", str(made / "rufname.toml")]) == 0
    return made


@pytest.mark.parametrize(("command", "printed"), EXAMPLES, ids=[each for each, _ in EXAMPLES])
def test_an_example_is_what_the_program_prints_but_for_the_times(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    printed: str,
) -> None:
    monkeypatch.chdir(folder)
    capfd.readouterr()
    assert run(shlex.split(command)) == 0
    said = capfd.readouterr()
    assert _TIME.sub("(µs)", said.out + said.err) == _TIME.sub("(µs)", printed)


def test_there_are_examples_and_every_class_is_on_the_page() -> None:
    assert len(EXAMPLES) == 8
    told = re.findall(r"^\| ([\d, ]+) \|", TEXT, re.MULTILINE)
    assert [int(each) for cell in told for each in cell.split(",")] == list(MATCH_CLASSES)
