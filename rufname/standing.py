"""`rufname status`: how sources, index and workers stand.

Law: reads only: the contact store, the index, and what a running `serve` left in `run/`. What
cannot be read is said, and the rest is shown all the same.
"""

from __future__ import annotations

import sys
import time

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.settings import SourceSettings
from engine.errors import CorruptIndex, CorruptStore, StoreUnavailable
from engine.index import ContactIndex, IndexStatus
from engine.source import RejectedRecord
from engine.store import ContactStore, Run
from rufname import control
from rufname.config import Config
from rufname.errors import RufnameError
from rufname.exits import DONE, FAULT
from rufname.options import config_option
from rufname.progress import wide_console
from rufname.rundir import ServeStatus, read_status

SHOWN_REJECTED = 5
WRITER_PATIENCE_S = 3.0

_COUNTS = ("read", "added", "changed", "removed", "rejected", "rejected_fields")
_STATE_STYLE = {"done": "green", "running": "cyan", "refused": "yellow", "failed": "red"}


class SourceStatus(msgspec.Struct, frozen=True):
    """One configured source: contacts served, newest run, first rejected records of that run."""

    id: str
    name: str
    kind: str
    contacts: int
    schedule: bool
    last_run: Run | None
    rejected: tuple[RejectedRecord, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """The whole as `status --json` prints it.

    `faults` names what could not be read; `behind` counts the changes that the index has not
    followed yet; `index_age_s` are the seconds since its last commit, None without one; `serve` and
    `writer` are None where they do not run.
    """

    sources: tuple[SourceStatus, ...]
    index: IndexStatus
    index_age_s: float | None
    behind: int
    serve: ServeStatus | None
    writer: control.Status | None = None
    faults: tuple[str, ...] = ()


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(config: Config, *, as_json: bool) -> int:
    """Show sources, last runs, counts, rejected records, index age, workers."""
    found = read_standing(config)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        _print(found, wide_console())
    return FAULT if found.faults else DONE


def read_standing(config: Config) -> Status:
    """Return how a configuration's directory stands now."""
    faults: list[str] = []
    sources: tuple[SourceStatus, ...] = ()
    index = IndexStatus()
    last_seq = 0
    try:
        store = ContactStore.open(config.store_path, read_only=True)
    except StoreUnavailable:
        sources = tuple(_source_status(source, None) for source in config.sources)
    except CorruptStore as error:
        faults.append(str(error))
    else:
        sources = tuple(_source_status(source, store) for source in config.sources)
        last_seq = store.last_seq()
        store.close()
    try:
        opened = ContactIndex.open(config.index_dir, config.policies())
        index = opened.status()
        opened.close()
    except CorruptIndex as error:
        faults.append(str(error))
    serving = read_status(config.run_dir)
    return Status(
        sources=sources,
        index=index,
        index_age_s=round(time.time() - index.committed_at, 1) if index.generation else None,
        behind=max(last_seq - index.seq, 0),
        serve=serving,
        writer=_ask_writer(config) if serving else None,
        faults=tuple(faults),
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


def _source_status(source: SourceSettings, store: ContactStore | None) -> SourceStatus:
    return SourceStatus(
        id=source.id,
        name=source.name,
        kind=source.kind,
        contacts=store.count(source.id) if store else 0,
        schedule=source.schedule.exists,
        last_run=store.last_run(source.id) if store else None,
        rejected=tuple(store.rejected(source.id, SHOWN_REJECTED)) if store else (),
    )


def _print(found: Status, console: Console) -> None:
    console.print(_source_table(found))
    for source in found.sources:
        _print_troubles(source, console)
    if found.index_age_s is None:
        console.print("index: none yet; `rufname sync` makes one")
    else:
        console.print(
            f"index: {found.index.documents:,} contacts, last change {_age(found.index_age_s)} ago"
            + (f", {found.behind:,} changes behind the store" if found.behind else "")
        )
    if found.serve is None:
        console.print("serve: not running")
    else:
        console.print(_worker_table(found.serve))
        console.print(f"serve: process {found.serve.pid}, {', '.join(found.serve.listens)}")
    for fault in found.faults:
        console.print(f"[red]fault:[/] {escape(fault)}")


def _source_table(found: Status) -> Table:
    table = Table("source", "kind", box=None, pad_edge=False)
    for column in ("contacts", *_COUNTS):
        table.add_column(column.replace("rejected_", "rej. "), justify="right")
    table.add_column("last run")
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
            _next_run(source, found.writer),
        )
    return table


def _next_run(source: SourceStatus, writer: control.Status | None) -> str:
    if not source.schedule:
        return "by hand"
    if writer is None:
        return "-"
    if writer.reading == source.name:
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
    run = source.last_run
    if run is not None and run.reason:
        console.print(f"{escape(source.name)}: {escape(run.reason)}")
    for record in source.rejected:
        field = f", {record.field}" if record.field else ""
        console.print(
            f"  [dim]rejected:[/] {escape(record.locator)}{field}: {escape(record.reason)}"
        )


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
