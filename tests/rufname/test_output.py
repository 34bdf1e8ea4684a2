"""What commands print arrives wherever it goes; where nobody reads, the exit code counts."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rufname.place import Place

PROGRAM = [sys.executable, "-P", "-m", "rufname"]


def without_reader(place: Place, *arguments: str, errors_too: bool = False) -> tuple[int, bytes]:
    """Run a command whose output nobody reads; return its exit code, and its other stream."""
    reader, writer = os.pipe()
    os.close(reader)
    other = subprocess.STDOUT if errors_too else subprocess.PIPE
    done = subprocess.run(
        [*PROGRAM, *arguments, "-c", str(place.path)], stdout=writer, stderr=other, check=False
    )
    os.close(writer)
    return done.returncode, done.stderr or b""


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("preview", "phonelist"),
        ("search", "muster"),
        ("search", "muster", "--json"),
        ("quality",),
        ("quality", "--help"),
    ],
)
def test_a_question_whose_reader_has_seen_enough_is_no_fault(
    synced: Place, arguments: tuple[str, ...]
) -> None:
    assert without_reader(synced, *arguments) == (0, b"")


def test_a_check_that_nobody_reads_names_its_faults_and_has_its_exit_code(place: Place) -> None:
    assert without_reader(place, "check")[0] == 0
    place.people.unlink()
    code, errors = without_reader(place, "check")
    assert code == 1
    assert b"fault: source phonelist: " in errors
    assert without_reader(place, "check", errors_too=True)[0] == 1


def test_a_sync_that_nobody_reads_goes_on_and_has_its_exit_code(synced: Place) -> None:
    assert without_reader(synced, "sync", errors_too=True)[0] == 0
    synced.people.unlink()
    assert without_reader(synced, "sync", errors_too=True)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status", "--json"), 0),
        (("check",), 0),
        (("sync", "--source", "nobody's"), 2),
        (("password",), 3),
    ],
)
def test_a_process_whose_streams_are_closed_has_its_exit_code(
    synced: Place, arguments: tuple[str, ...], code: int
) -> None:
    config = ["-c", str(synced.path)] if arguments != ("password",) else []
    closed = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash"]
    done = subprocess.run([*closed, *PROGRAM, *arguments, *config], check=False)
    assert done.returncode == code


def run_with(encoding: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )


def test_a_letter_that_the_terminal_does_not_have_is_written_as_an_escape(place: Place) -> None:
    place.write_people([("1", "Мария Groß", "", "030 23125-001", "")])
    assert place.run("sync") == 0
    done = run_with("latin-1", place.folder, "search", "groß")
    assert done.stdout.splitlines()[0] == rb"\u041c\u0430\u0440\u0438\u044f Gro" + b"\xdf"
    shown = run_with("latin-1", place.folder, "preview", "phonelist")
    assert b"Gro\xdf" in shown.stdout


def test_a_file_whose_name_is_no_text_is_named(place: Place) -> None:
    name = os.fsdecode(b"r\xfc.toml")
    place.path.rename(place.folder / name)
    done = run_with("utf-8:strict", place.folder, "check", "-c", name)
    assert done.stdout.startswith(rb"ok: r\udcfc.toml")


def test_on_a_terminal_a_result_stands_in_a_line_of_its_own(place: Place) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [*PROGRAM, "sync", "-c", str(place.path)], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # so the end of a terminal is told
        pass
    os.close(ours)
    assert done.wait(60) == 0
    before, result, _ = said.partition(b"phonelist: 3 read, 3 added")
    assert result
    assert before.rpartition(b"\x1b[2K")[2].strip() == b""


def test_the_command_that_a_message_names_can_be_pasted_whatever_the_file_is_called(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.path = place.path.rename(place.folder / "Kunden & Co.toml")
    for arguments in (("lookup", "1"), ("trace",)):
        assert place.run(*arguments) == 3
        command = capfd.readouterr().err.split("`")[1]
        assert shlex.split(command)[2:] == ["-c", str(place.path)]
