"""The front door of `python -m rufname`: how a command ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rufname.place import Place

PROGRAM = """
import atexit, gc, sys
from rufname.__main__ import main
sys.argv = ["rufname", *{arguments}]
atexit.register(lambda: print("left as they are:", gc.get_freeze_count()))
main()
"""

SIGNALLED = """
import os, signal, sys
_, number, *arguments = sys.argv
class Sender:
    def find_spec(name, path=None, target=None):
        if name == "rufname.cli":
            os.kill(os.getpid(), int(number))
sys.meta_path.insert(0, Sender)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from rufname.__main__ import main
sys.argv = ["rufname", *arguments]
main()
"""
"""The front door, with a signal while it loads."""


def end_of(*arguments: str) -> tuple[int, int]:
    """Run a command line; return its exit code, and how many objects its end passes over."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, int(run.stdout.rpartition("left as they are:")[2])


def test_a_command_ends_without_a_look_through_all_that_it_loaded() -> None:
    code, left = end_of("--version")
    assert code == 0
    assert left > 10_000


def test_its_exit_code_is_that_of_the_command() -> None:
    code, left = end_of("no-such-command")
    assert code == 2
    assert left > 10_000


def signalled(number: signal.Signals, *arguments: str) -> list[str]:
    """Return the command line of one that gets a signal while it loads."""
    return [sys.executable, "-c", SIGNALLED, str(number.value), *arguments]


def test_ctrl_c_while_the_program_loads_shows_no_traceback() -> None:
    run = subprocess.run(
        signalled(signal.SIGINT, "--version"), capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (-signal.SIGINT, "")


def test_a_reload_that_comes_while_serve_loads_waits_and_does_not_end_it(place: Place) -> None:
    command = signalled(signal.SIGHUP, "serve", "-c", str(place.path))
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        said = []
        for line in serving.stderr:
            said.append(line)
            if '"ready"' in line:
                serving.send_signal(signal.SIGTERM)
    assert serving.returncode == 0, said
    assert sum('"configuration reloaded"' in line for line in said) == 1


def test_a_terminal_that_is_closed_while_another_command_loads_ends_it() -> None:
    run = subprocess.run(signalled(signal.SIGHUP, "--version"), capture_output=True, check=False)
    assert run.returncode == -signal.SIGHUP


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_path_with_umlauts_works_in_every_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    folder = tmp_path / "Müller & Söhne"
    folder.mkdir()
    config = str(Place(folder).path)
    environment = {"PATH": os.environ["PATH"], "PYTHONCOERCECLOCALE": "0", **locale}
    for command, said in (("sync", "3 added"), ("search", "J\\xfcrgen Gro\\xdf")):
        arguments = [command, *(["grosz"] if command == "search" else []), "-c", config]
        run = subprocess.run(
            [sys.executable, "-m", "rufname", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert run.returncode == 0, run.stderr[-500:]
        assert said in run.stdout or said.encode().decode("unicode_escape") in run.stdout


def test_the_driver_manager_of_odbc_is_told_utf_8_in_every_locale() -> None:
    program = (
        "import locale; from rufname.__main__ import _speak_utf8; _speak_utf8();"
        "print(locale.nl_langinfo(locale.CODESET))"
    )
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    assert subprocess.check_output(
        [sys.executable, "-c", program], env=environment, text=True
    ).split() == ["UTF-8"]
