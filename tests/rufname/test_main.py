"""The front door of `python -m rufname`: how a command ends."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import atexit, gc, sys
from rufname.__main__ import main
sys.argv = ["rufname", *{arguments}]
atexit.register(lambda: print("left as they are:", gc.get_freeze_count()))
main()
"""

INTERRUPTED = """
import os, signal, sys
class CtrlC:
    def find_spec(name, path=None, target=None):
        if name == "rufname.cli":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
signal.signal(signal.SIGINT, signal.default_int_handler)
from rufname.__main__ import main
main()
"""


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


def test_ctrl_c_while_the_program_loads_shows_no_traceback() -> None:
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (-signal.SIGINT, "")
