"""The end-to-end tests' own footing: what is started is found again, and ends."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import (
    command_line,
    find_program,
    running_program,
    start_program,
    wait_until,
)

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


def test_what_a_killed_test_run_started_ends_by_itself(tmp_path: Path) -> None:
    script = f"""
import signal, sys
from pathlib import Path
from tests.e2e.processes import start_program
idle = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
print(start_program("idle", idle, Path({str(tmp_path)!r})).pid, flush=True)
signal.pause()
"""
    argv = [sys.executable, "-c", script]
    run = start_program("run", argv, tmp_path, cwd=Path(__file__).parents[2])
    pid = int(run.wait_for(run.output, timeout_s=10, what="the pid"))
    idle = tmp_path / "idle-0.log"
    run.wait_for(lambda: "up" in idle.read_text(), timeout_s=10, what="the program")
    run.signal(signal.SIGKILL)
    run.wait(5)
    wait_until(lambda: not command_line(pid), timeout_s=5, what="the orphan to end")
