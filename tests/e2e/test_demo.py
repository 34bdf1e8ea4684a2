"""`rufname demo` as a visitor meets it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.processes import Program, start_program, wait_until
from tests.e2e.running import rufname_command

pytestmark = pytest.mark.e2e

READY_S = 60.0


def started(folder: Path, *options: str) -> Program:
    argv = [*rufname_command(), "demo", "--contacts", "1000", *options]
    return start_program("demo", argv, folder, cwd=folder)


def test_once_asks_prints_the_answers_and_leaves_nothing(tmp_path: Path) -> None:
    program = started(tmp_path, "--once")
    assert program.wait(READY_S) == 0, program.output()
    said = program.output()
    assert "right  LDAP +498999998102  Jörg Großmann-Weiß" in said
    assert "right  HTTP +498999998102  Jörg Großmann-Weiß" in said
    assert "right  rufname lookup +498999998102  Jörg Großmann-Weiß" in said
    assert "wrong" not in said
    assert not program.family()
    assert [path.name for path in tmp_path.iterdir()] == [program.log.name]


def test_the_page_tells_what_to_try_and_ctrl_c_removes_everything(tmp_path: Path) -> None:
    program = started(tmp_path)
    page = wait_until(
        lambda: "Ctrl-C" in program.output() and program.output(),
        timeout_s=READY_S,
        what="the page",
        output=program.output,
    )
    assert max(map(len, page.splitlines())) <= 100
    for expected in ("ldapsearch -x", "curl -u", "lookup '089/99998-115'", "var/demo/rufname.toml"):
        assert expected in page
    assert (tmp_path / "var" / "demo" / "serve.log").stat().st_size > 0

    second = started(tmp_path)
    assert second.wait(READY_S) == 3
    assert f"another demo (process {program.pid}) runs" in second.output()

    program.signal(signal.SIGINT)
    assert program.wait(15) == 0
    assert "Traceback" not in program.output()
    assert not program.family()
    assert not (tmp_path / "var" / "demo").exists()


def test_a_killed_demo_is_cleared_away_by_the_next_one(tmp_path: Path) -> None:
    program = started(tmp_path)
    wait_until(lambda: "Ctrl-C" in program.output(), timeout_s=READY_S, what="the page")
    program.signal(signal.SIGKILL)
    program.wait(5)
    wait_until(lambda: not program.family(), timeout_s=10, what="its workers to end")
    again = started(tmp_path)
    wait_until(
        lambda: "Ctrl-C" in again.output(),
        timeout_s=READY_S,
        what="the page",
        output=again.output,
    )
    assert again.stop() == 0


def test_a_folder_that_is_no_demos_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "var" / "demo" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work", encoding="utf-8")
    program = started(tmp_path)
    assert program.wait(READY_S) == 3
    assert "is no demo's" in program.output()
    assert mine.read_text(encoding="utf-8") == "years of work"
