"""`rufname status`: how sources, index and workers stand.

Law: reads only: the contact store, the index, and what a running `serve` left in `run/`. What
cannot be read is said, and the rest is shown all the same.

Over 400 lines: what is read and how it is shown go through one list of things.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.settings import Schedule, SourceSettings
from engine.errors import CorruptIndex, CorruptStore, StoreUnavailable
from engine.index import ContactIndex, IndexStatus
from engine.runs import Run
from engine.source import RejectedRecord
from engine.store import LEFT, MAX_REJECTED, MAX_RUNS, ContactStore
from rufname import control
from rufname.config import Config
from rufname.errors import RufnameError
from rufname.exits import DONE, FAULT
from rufname.opening import rebuilt_by
from rufname.options import config_option
from rufname.ownership import require_entry
from rufname.pasting import with_file
from rufname.progress import print_table, wide_console
from rufname.rundir import ServeStatus, is_written, read_status, serving_pid

SHOWN_REJECTED = 5
SHOWN_FAULTS = 5
WRITER_PATIENCE_S = 3.0

ALARMING_FAILURES = 3
RETRIES_S = 600.0
ALARMING_REJECTED = 1_000
ALARMING_SHARE = 0.05
FEW_REJECTED = 20
"""More records than the first, or than this share and the last: not they are wrong, but how the
source is read."""

DAY_S = 86_400.0

_COUNTS = ("read", "added", "changed", "removed", "rejected", "rejected_fields")
_STATE_STYLE = {"done": "green", "running": "cyan", "refused": "yellow", "failed": "red"}


class SourceStatus(msgspec.Struct, frozen=True):
    """One configured source: contacts served, newest run, what is rejected of its records now.

    Attributes:
        age_s: seconds since the source was last read to its end, None if it never was.
        alarm: why somebody should look, in one line; "" for nothing.
        runs: the newest runs, newest first, as many as were asked for.
    """

    id: str
    name: str
    kind: str
    contacts: int
    schedule: bool
    last_run: Run | None
    rejected: tuple[RejectedRecord, ...] = ()
    age_s: float | None = None
    alarm: str = ""
    runs: tuple[Run, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """The whole as `status --json` prints it.

    `faults` names what could not be read; `behind` counts the changes that the index has not
    followed yet; `index_age_s` are the seconds since its last commit, None without one; `serve` and
    `writer` are None where they do not run, or cannot say so: then `serves` tells of the first.
    """

    sources: tuple[SourceStatus, ...]
    index: IndexStatus
    index_age_s: float | None
    behind: int
    serve: ServeStatus | None
    writer: control.Status | None = None
    faults: tuple[str, ...] = ()
    serves: bool = False


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--runs",
    type=click.IntRange(0, MAX_RUNS),
    default=0,
    metavar="N",
    help="Show the last N runs of each source.",
)
@click.option(
    "--rejected",
    type=click.IntRange(0, MAX_REJECTED),
    default=SHOWN_REJECTED,
    show_default=True,
    metavar="N",
    help="Show N rejected records or fields of each source.",
)
def status(config: Config, *, as_json: bool, runs: int, rejected: int) -> int:
    """Show sources, last runs, counts, rejected records, index age, workers."""
    found = read_standing(config, runs, rejected)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        _print(found, wide_console(), config.path)
    return FAULT if found.faults else DONE


def read_standing(config: Config, runs: int = 0, rejected: int = SHOWN_REJECTED) -> Status:
    """Return how a directory stands now, with so many runs and rejected records of each source."""
    require_entry(config.data_dir)
    faults: list[str] = []
    sources: tuple[SourceStatus, ...] = ()
    index = IndexStatus()
    last_seq = 0
    try:
        store = ContactStore.open(config.store_path, read_only=True)
    except StoreUnavailable as error:
        if config.store_path.exists():  # on a disk that became read-only, say
            faults.append(str(error))
        sources = tuple(
            _source_status(source, None, runs, 0, bool, config.path) for source in config.sources
        )
    except CorruptStore as error:
        faults.append(str(error))
    else:
        whether = partial(is_written, config.run_dir)
        try:
            sources = tuple(
                _source_status(each, store, runs, rejected, whether, config.path)
                for each in config.sources
            )
            last_seq = store.last_seq()
        except (CorruptStore, StoreUnavailable) as error:  # damaged further inside
            faults.append(str(error))
        finally:
            store.close()
    try:
        opened = ContactIndex.open(config.index_dir, config.policies())
        index = opened.status()
        opened.close()
    except CorruptIndex as error:
        faults.append(f"{error}: {rebuilt_by(config, error)}")
    serving = read_status(config.run_dir)
    return Status(
        sources=sources,
        index=index,
        index_age_s=round(time.time() - index.committed_at, 1) if index.generation else None,
        behind=max(last_seq - index.seq, 0),
        serve=serving,
        writer=_ask_writer(config) if serving else None,
        faults=tuple(faults),
        serves=serving is not None or serving_pid(config.run_dir) is not None,
    )


def _ask_writer(config: Config) -> control.Status | None:
    """Return what the writing process does now; None if it does not say."""
    try:
        for reply in control.ask(config.control_path, control.StatusRequest(), WRITER_PATIENCE_S):
            if isinstance(reply, control.Status):
                return reply
    except RufnameError:
        return None
    return None


def _source_status(  # noqa: PLR0917 - of one thing each
    source: SourceSettings,
    store: ContactStore | None,
    runs: int,
    rejected: int,
    is_written: Callable[[], bool],
    file: Path,
) -> SourceStatus:
    known = [_told(run, file) for run in store.runs(source.id, MAX_RUNS)] if store else []
    if any(run.state == "running" for run in known) and not is_written():
        known = [_ended(run) for run in known]
    done = next((run for run in known if run.state == "done"), None)
    age_s = time.time() - (done.ended_at or done.began_at) if done else None
    return SourceStatus(
        id=source.id,
        name=source.name,
        kind=source.kind,
        contacts=store.count(source.id) if store else 0,
        schedule=source.schedule.exists,
        last_run=known[0] if known else None,
        rejected=tuple(store.rejected(source.id, rejected)) if store else (),
        age_s=None if age_s is None else round(age_s, 1),
        alarm=alarm_of(source.schedule, known, age_s),
        runs=tuple(known[:runs]),
    )


def _told(run: Run, file: Path) -> Run:
    """Return a run with the commands of its reason as they can be pasted."""
    reason = with_file(run.reason, file)
    return run if reason == run.reason else msgspec.structs.replace(run, reason=reason)


def _ended(run: Run) -> Run:
    """Return a run as the next process that writes will find it: a kill ended what is running."""
    if run.state != "running":
        return run
    return msgspec.structs.replace(run, state="failed", reason=LEFT)


def alarm_of(schedule: Schedule, runs: Sequence[Run], age_s: float | None) -> str:
    """Return why somebody should look at a source, in one line; "" for nothing.

    Args:
        schedule: of the source.
        runs: its runs, newest first.
        age_s: seconds since it was last read to its end, None if it never was.
    """
    ended = [run for run in runs if run.state != "running"]
    if ended and ended[0].state == "refused":
        return f"run {ended[0].id} was held back and waits for a release"
    failed = next((n for n, run in enumerate(ended) if run.state != "failed"), len(ended))
    if failed >= ALARMING_FAILURES:
        return f"the last {failed} runs failed"
    if schedule.exists and age_s is not None and age_s > _overdue_s(schedule):
        return f"not read to its end for {_age(age_s)}"
    rejected, read = (ended[0].counts.rejected, ended[0].counts.read) if ended else (0, 0)
    if rejected > ALARMING_REJECTED or FEW_REJECTED < rejected > ALARMING_SHARE * read:
        return f"{rejected:,} of {read:,} records were rejected: look at key, map and encoding"
    return ""


def _overdue_s(schedule: Schedule) -> float:
    """Return after how many seconds a source is too old: some of its periods were missed."""
    if schedule.at:
        return DAY_S * (8 if schedule.on else 2)
    missed = ALARMING_FAILURES * schedule.every_s + RETRIES_S
    return missed + DAY_S if schedule.window else missed


def _print(found: Status, console: Console, file: Path) -> None:
    print_table(console, _source_table(found))
    for source in found.sources:
        _print_troubles(source, console)
    if found.index_age_s is None:
        absent = with_file("none yet; `rufname sync -c FILE` makes one", file)
        text = "none that can be used" if found.faults else absent
        console.print(f"index: {escape(text)}", soft_wrap=True)
    else:
        console.print(
            f"index: {found.index.documents:,} contacts, last change {_age(found.index_age_s)} ago"
            + (f", {found.behind:,} changes behind the store" if found.behind else "")
        )
    if found.writer is not None and (fault := found.writer.index_fault):
        console.print(f"[red]alarm:[/] the index does not follow: {escape(fault)}", soft_wrap=True)
    if found.serve is None and found.serves:  # it starts just now, or its disk is full
        console.print("serve: runs, but what it does stands nowhere: see its log")
    elif found.serve is None:
        console.print("serve: not running")
    else:
        print_table(console, _worker_table(found.serve), wraps=True)
        console.print(f"serve: process {found.serve.pid}, {', '.join(found.serve.listens)}")
        _print_reload(found.serve, console)
    for fault in found.faults:
        console.print(f"[red]fault:[/] {escape(fault)}", soft_wrap=True)  # commands stay whole


def _print_reload(serve: ServeStatus, console: Console) -> None:
    """Print what the last SIGHUP did not change, and why."""
    if serve.refused:
        age = _age(time.time() - serve.configured_at)
        console.print(
            f"[red]alarm:[/] serve: SIGHUP was refused; what was read {age} ago is in force",
            soft_wrap=True,
        )
    for fault in serve.refused[:SHOWN_FAULTS]:
        console.print(f"  {escape(fault)}", soft_wrap=True)
    if serve.restart_for:
        console.print(f"serve: changed only by a restart: {', '.join(serve.restart_for)}")


def _source_table(found: Status) -> Table:
    table = Table("source", "kind", box=None, pad_edge=False)
    for column in ("contacts", *_COUNTS):
        table.add_column(column.replace("rejected_", "rej. "), justify="right")
    table.add_column("last run")
    table.add_column("age", justify="right")
    table.add_column("next")
    for source in found.sources:
        run = source.last_run
        counts = run.counts if run else None
        table.add_row(
            escape(source.name),
            source.kind,
            f"{source.contacts:,}",
            *(f"{getattr(counts, name):,}" if counts else "-" for name in _COUNTS),
            _last_run(run),
            "-" if source.age_s is None else _age(source.age_s),
            _next_run(source, found.writer),
        )
    return table


def _next_run(source: SourceStatus, writer: control.Status | None) -> str:
    if not source.schedule:
        return "by hand"
    if writer is None:
        return "-"
    if source.name in writer.all_reading:
        return "[cyan]now[/]"
    due = writer.next_reads.get(source.name)
    if due is None or source.name in writer.waiting:
        return "waiting"
    return f"in {_age(due - time.time())}"


def _last_run(run: Run | None) -> str:
    if run is None:
        return "never"
    style = _STATE_STYLE[run.state]
    return f"[{style}]{run.state}[/] {_age(time.time() - (run.ended_at or run.began_at))} ago"


def _print_troubles(source: SourceStatus, console: Console) -> None:
    run, name = source.last_run, escape(source.name)
    if source.alarm:
        console.print(f"[red]alarm:[/] {name}: {escape(source.alarm)}", soft_wrap=True)
    if source.runs:
        print_table(console, _run_table(source))
    if run is not None and run.reason:
        # A run that went wrong names its source itself.
        reason = run.reason.removeprefix(f"source {source.name}: ")
        console.print(f"{name}: {escape(reason)}", soft_wrap=True)
    for record in source.rejected:
        field = f", {record.field}" if record.field else ""
        console.print(
            f"  [dim]rejected:[/] {name}: {escape(record.locator)}{field}: {escape(record.reason)}"
        )
    counted = run.counts.rejected + run.counts.rejected_fields if run is not None else 0
    if source.rejected and min(counted, MAX_REJECTED) > len(source.rejected):
        console.print(
            f"  [dim]rejected:[/] {name}: {len(source.rejected):,} of {counted:,} are shown;"
            " --rejected N shows more"
        )


def _run_table(source: SourceStatus) -> Table:
    table = Table(f"runs of {escape(source.name)}", "state", "began", box=None, pad_edge=False)
    for column in ("seconds", *_COUNTS, "held back"):
        table.add_column(column.replace("rejected_", "rej. "), justify="right")
    for run in source.runs:
        seconds = "-" if run.ended_at is None else f"{run.ended_at - run.began_at:,.1f}"
        began = datetime.fromtimestamp(run.began_at).astimezone()
        table.add_row(
            str(run.id),
            f"[{_STATE_STYLE[run.state]}]{run.state}[/]",
            f"{began:%Y-%m-%d %H:%M:%S}",
            seconds,
            *(f"{getattr(run.counts, name):,}" for name in _COUNTS),
            f"{run.counts.held_back:,}",
        )
    return table


def _worker_table(serve: ServeStatus) -> Table:
    table = Table("worker", "state", box=None, pad_edge=False)
    for column in ("process", "restarts", "since"):
        table.add_column(column, justify="right")
    table.add_column("figures")
    for worker in serve.workers:
        figures = " ".join(f"{name}={value}" for name, value in sorted(worker.metrics.items()))
        table.add_row(
            worker.name,
            worker.state,
            str(worker.pid or "-"),
            str(worker.restarts),
            _age(time.time() - worker.started_at) if worker.started_at else "-",
            figures,
        )
    return table


def _age(seconds: float) -> str:
    """Return a duration in its largest two units: "5 s", "3 min", "2 h 10 min", "4 d 3 h"."""
    whole = max(int(seconds), 0)
    for unit, size, part, part_size in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60)):
        if whole >= size:
            rest = whole % size // part_size
            return f"{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole // 60} min" if whole >= 60 else f"{whole} s"  # noqa: PLR2004 - a minute
