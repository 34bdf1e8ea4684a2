from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from connectors.errors import Cancelled, DriverMissing, SourceFailed
from connectors.programs import Program


def shell(script: str, timeout_s: int = 20, **options: object) -> Program:
    return Program(["sh", "-c", script], timeout_s=timeout_s, **options)  # type: ignore[arg-type]  # as named


def test_lines_come_and_the_exit_code_counts() -> None:
    with shell("echo one; printf two") as program:
        assert list(program.lines()) == [b"one\n", b"two"]
        program.finish()


def test_a_fault_is_named_by_the_end_of_what_it_complained() -> None:
    with shell("echo out; seq 1 100000 >&2; echo 'no such table' >&2; exit 3") as program:
        list(program.lines())
        with pytest.raises(SourceFailed, match="sh: exit code 3: .*no such table"):  # noqa: RUF043
            program.finish()


def test_one_that_is_silent_is_ended_with_all_that_it_started() -> None:
    with shell("sleep 600 & sleep 600", timeout_s=1) as program:
        assert list(program.lines()) == []
        with pytest.raises(SourceFailed, match="said nothing for 1 s"):
            program.finish()


def test_one_that_complains_without_end_is_ended() -> None:
    with shell("while :; do echo no >&2; done", timeout_s=1) as program:
        assert list(program.lines()) == []
        with pytest.raises(SourceFailed, match="said nothing"):
            program.finish()


def test_it_ends_when_cancelled_or_left() -> None:
    began = time.monotonic()
    with shell("echo one; sleep 600") as program:
        next(program.lines())
        program.cancel()
        assert list(program.lines()) == []
    with shell("trap '' TERM; echo one; while :; do sleep 1; done") as program:
        next(program.lines())
    assert time.monotonic() - began < 30


def test_one_that_was_cancelled_before_it_began_ends_at_once() -> None:
    program = shell("sleep 600")
    program.cancel()
    with program:
        assert list(program.lines()) == []
        with pytest.raises(Cancelled):
            program.finish()


@pytest.mark.parametrize("kept", ["2>/dev/null", ">/dev/null"])
def test_what_it_left_behind_with_its_pipes_is_not_waited_for(kept: str, tmp_path: Path) -> None:
    """Ended with its session are all that it started, but not who left the session."""
    began, left = time.monotonic(), tmp_path / "pid"
    script = f"echo one; setsid sh -c 'echo $$ > {left}; exec sleep 600' {kept} &"
    with shell(f"{script} while ! [ -s {left} ]; do :; done; exit 3", timeout_s=4) as program:
        assert list(program.lines()) == [b"one\n"]
        with pytest.raises(SourceFailed, match=r"said nothing for 4 s|exit code 3"):
            program.finish()
    os.kill(int(left.read_text()), signal.SIGKILL)  # it is still there
    assert time.monotonic() - began < 30


def test_a_line_may_come_in_pieces_and_many_at_once() -> None:
    script = "printf on; sleep 0.1; printf 'e\\n\\n'; seq 1 50000; printf end"
    with shell(script) as program:
        lines = list(program.lines())
        program.finish()
    assert lines == [b"one\n", b"\n", *(b"%d\n" % n for n in range(1, 50_001)), b"end"]


def test_a_line_without_end_is_refused() -> None:
    with (
        shell("head -c 20000000 /dev/zero") as program,
        pytest.raises(SourceFailed, match="a line longer than 16 MiB"),
    ):
        list(program.lines())


def test_secrets_of_the_environment_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "s3cret")
    with shell("env", environment={"TAP_SECRET": "mine"}) as program:
        said = b"".join(program.lines()).decode()
    assert "s3cret" not in said
    assert "TAP_SECRET=mine" in said
    assert f"PATH={os.environ['PATH']}" in said


def test_a_program_that_is_not_there_is_named_with_its_package() -> None:
    with pytest.raises(DriverMissing, match="install the Debian package pst-utils"):
        Program(["no-such-program"], timeout_s=1, package="pst-utils").__enter__()
