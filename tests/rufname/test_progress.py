from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from rufname import progress as module
from rufname.control import Progress
from rufname.progress import PIPE_WIDTH, Pace, ProgressView, print_table, wide_console

STEP = Progress("crm", "read", 1200, 5000, 3)


def test_without_a_terminal_short_work_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressView() as view:
        view.tell(STEP)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_long_work_prints_a_line_now_and_then(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLAIN_INTERVAL_S", 0.0)
    with ProgressView() as view:
        view.tell(STEP)
        view.tell(Progress("crm", "index", 10))
    said = capfd.readouterr()
    assert said.err == "reading crm: 1,200 of 5,000 3 rejected\nindexing crm: 10\n"
    assert said.out == ""


def test_on_a_terminal_there_is_a_bar() -> None:
    with ProgressView() as view:
        view._errors = view._bars.live.console = Console(
            force_terminal=True,
            width=100,
            record=True,
            file=open("/dev/null", "w"),  # noqa: PTH123, SIM115 - closed below
        )
        view.tell(STEP)
        view.tell(Progress("crm", "read", 5000, 5000))
        (task,) = view._bars.tasks
        assert (task.description, task.completed, task.total) == ("reading crm", 5000, 5000)
        view._errors.file.close()


def test_results_and_complaints_go_to_their_own_streams(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressView() as view:
        view.line("read [b]3[/b] of them")
        view.note("a note")
        view.complain("wrong " + "x" * 300)
    said = capfd.readouterr()
    assert said.out == "read [b]3[/b] of them\n"
    assert said.err == f"a note\nwrong {'x' * 300}\n"


def test_tables_are_wide_where_nobody_looks_at_a_terminal() -> None:
    assert wide_console().width == PIPE_WIDTH


@pytest.mark.parametrize("width", [20, 40, 80])
def test_nothing_of_a_table_is_cut_in_a_narrow_terminal(width: int) -> None:
    table = Table("source", "contacts", "last run", box=None, pad_edge=False)
    table.add_row("customers of Vienna", "1,234,567", "[green]done[/] 2 h 10 min ago")
    sink = StringIO()
    print_table(Console(file=sink, width=width), table)
    said = " ".join(sink.getvalue().split())
    for text in ("customers of Vienna", "contacts 1,234,567", "done 2 h 10 min ago"):
        assert (text if width < 80 else text.removeprefix("contacts ")) in said
    assert "…" not in said


def test_rate_and_remaining_time_are_told_where_they_are_known() -> None:
    pace = Pace()
    assert pace.words(0, 10_000, 100.0) == ""
    assert pace.words(4_000, 10_000, 102.0) == ", 2,000/s, 3 s left"
    assert pace.words(4_000, 1_000_000, 102.0) == ", 2,000/s, 8 min left"
    assert pace.words(4_000, 0, 102.0) == ", 2,000/s"
    assert pace.rate_words(4_000, 102.0) == " 2,000/s"


def test_work_that_begins_again_has_a_pace_of_its_own() -> None:
    pace = Pace()
    assert pace.words(0, 10_000, 100.0) == ""
    assert pace.words(10_000, 10_000, 110.0) == ", 1,000/s"
    assert pace.words(100, 2_000, 111.0) == ""
    assert pace.words(1_100, 2_000, 113.0) == ", 500/s, 2 s left"


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_no_word_of_a_table_that_wraps_is_cut_in_a_narrow_terminal(width: int) -> None:
    table = Table("worker", "figures", box=None, pad_edge=False)
    figures = ["connections_dropped=17", "memory_bytes=61550592"]
    table.add_row("ldapd-0", " ".join(figures))
    sink = StringIO()
    print_table(Console(file=sink, width=width), table, wraps=True)
    assert "…" not in sink.getvalue()
    words = sink.getvalue().replace("\n", "" if width < 30 else " ")
    assert all(figure in words for figure in figures)
