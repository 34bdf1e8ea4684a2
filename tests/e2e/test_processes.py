"""The end-to-end tests' own footing: what is started is found again, and ends."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import find_program, running_program, start_program, wait_until

pytestmark = pytest.mark.e2e

RUNAWAY = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("away", flush=True)
    time.sleep(600)
signal.pause()
"""


def test_a_missing_program_fails_and_names_its_debian_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.e2e.processes.SYSTEM_PATH", "/nowhere")
    with pytest.raises(AssertionError, match="apt-get install sip-tester"):
        find_program("sipp")


def test_a_wait_is_bounded_and_says_what_it_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: the moon"):
        wait_until(lambda: False, timeout_s=0.05, what="the moon")


def test_a_child_that_left_the_session_is_found_reported_and_killed(tmp_path: Path) -> None:
    program = start_program("runaway", [sys.executable, "-c", RUNAWAY], tmp_path)
    program.wait_for(lambda: "away" in program.output(), timeout_s=10, what="the child")
    assert len(program.family()) == 2
    with pytest.raises(AssertionError, match="children of runaway"):
        program.stop(children_s=0.1)
    assert program.family() == []


def test_a_foreign_program_ends_with_its_block(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import signal; signal.pause()"]
    with running_program("idle", argv, tmp_path) as program:
        assert program.family() == [program.pid]
    assert program.exit_code == -signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(program.pid, 0)
