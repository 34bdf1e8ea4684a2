"""The manual's page about callers: its examples are what the program prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rufname.cli import run

PAGE = Path(__file__).parents[2] / "docs" / "callers.md"

_FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n\$ rufname (.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TIME = re.compile(r"\([\d.,]+ µs\)")

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = _CONSOLE.findall(TEXT)


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
    assert said.err == ""
    assert _TIME.sub("(µs)", said.out) == _TIME.sub("(µs)", printed)


def test_there_is_one_example_for_each_class_that_answers() -> None:
    answers = [printed.split("  answer  ")[1] for _, printed in EXAMPLES]
    found = [re.search(r"class (\d)", answer) for answer in answers]
    assert [each and each[1] for each in found] == ["1", "2", "3", "4", "5"]


def test_every_class_and_every_format_is_on_the_page() -> None:
    for match_class in range(6):
        assert f"\n| {match_class} | " in TEXT
    for number_format in ("e164", "international", "national", "internal", "dialable", "echo"):
        assert f"`{number_format}`" in TEXT
