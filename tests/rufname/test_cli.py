from __future__ import annotations

import subprocess
import sys

import click
import pytest

from connectors.errors import SourceFailed
from engine.errors import CorruptIndex
from rufname import cli
from rufname.errors import ConfigError, UnknownName


def test_every_command_is_there_and_explains_itself(capfd: pytest.CaptureFixture[str]) -> None:
    names = cli.rufname.list_commands(click.Context(cli.rufname))
    assert names[:3] == ["demo", "serve", "sync"]
    for name in names:
        assert cli.run([name, "--help"]) == 0
        assert name in capfd.readouterr().out


def test_the_help_lists_the_commands_but_not_the_internal_ones(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["--help"]) == 0
    said = capfd.readouterr().out
    assert "lookup" in said
    assert "\n  worker" not in said
    assert "\n  index" not in said


@pytest.mark.parametrize("arguments", [["foo"], ["lookup"], ["lookup", "1", "--foo"]])
def test_wrong_use_is_exit_code_2(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError(("a.toml: x: wrong", "a.toml: y: wrong")), 2, "a.toml: x: wrong\na.toml: y"),
        (UnknownName("no source called x"), 2, "no source called x"),
        (CorruptIndex("broken"), 3, "rufname: broken"),
        (SourceFailed("crm: gone"), 3, "rufname: crm: gone"),
        (OSError(28, "No space left on device"), 3, "No space left"),
        (OSError(13, "Permission denied", "/a"), 3, "rufname: /a: Permission denied"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("a defect"), 3, "Traceback"),
    ],
)
def test_an_error_gives_its_exit_code_and_its_words_on_standard_error(
    error: BaseException,
    code: int,
    said: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(cli.rufname, "main", fail)
    assert cli.run([]) == code
    printed = capfd.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_what_went_wrong_is_an_error_in_the_journal_of_systemd(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise ConfigError(("a.toml: x: wrong", "a.toml: y: wrong"))

    monkeypatch.setattr(cli.rufname, "main", fail)
    monkeypatch.setattr(cli, "is_journal", lambda _: True)
    assert cli.run([]) == 2
    assert capfd.readouterr().err == "<3>a.toml: x: wrong\n<3>a.toml: y: wrong\n"


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    command = f"{sys.executable} -P -m rufname --help | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, check=True
    )
    assert done.stderr == b""


def test_the_help_loads_no_index_and_no_web_framework() -> None:
    code = (
        "import sys; from rufname.cli import run; run(['--help']);"
        "print(*(m for m in ('tantivy', 'litestar', 'uvloop', 'pyodbc') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout.splitlines()[-1] == ""


def test_a_lookup_loads_no_web_framework_no_driver_and_no_loop() -> None:
    code = (
        "import sys; import rufname.asking;"
        "print(*(m for m in ('litestar', 'uvloop', 'pyodbc', 'rich') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout == "\n"
