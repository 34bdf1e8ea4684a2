"""`rufname sync`: read sources now, by the process that writes for `serve`, else in this one.

Law: exit code 0 only if every source was read to its end and nothing was refused; what was not is
one line on standard error. A progress bar on a terminal, plain lines elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from connectors.report import RunReport
from connectors.settings import SourceSettings
from connectors.sync import SyncProgress, sync_source
from engine.errors import StoreUnavailable, WriterBusy
from engine.store import ContactStore
from rufname.config import Config
from rufname.control import Progress, Refused, Report, SyncRequest, ask
from rufname.drivers import prepare
from rufname.errors import RufnameError, ServerAbsent
from rufname.exits import DONE, FAULT
from rufname.options import config_option
from rufname.pasting import with_file
from rufname.progress import ProgressView
from rufname.writing import Tell, Writing, total_of

LOCK_PATIENCE_S = 600.0
"""How long to wait for another `rufname sync`: longer than most first runs."""

RETRY_S = 0.25

REGULAR = SyncRequest()
"""As a schedule reads: what changed, where the source can be followed; nothing is released."""


class NotCarriedOut(RufnameError):
    """The process that writes refused the request; the text is its reason."""


@click.command()
@config_option
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would change; store nothing.")
@click.option("--full", is_flag=True, help="Read every record, not only what changed.")
@click.option(
    "--release",
    type=click.IntRange(min=1),
    default=None,
    metavar="RUN",
    help="Let the deletions pass that this run of the source was refused.",
)
def sync(
    config: Config, names: tuple[str, ...], *, dry_run: bool, full: bool, release: int | None
) -> int:
    """Read sources into the directory now."""
    if release is not None and (len(names) != 1 or dry_run):
        raise click.UsageError("--release needs one --source, and no --dry-run")
    manner = SyncRequest(full=full, release=release or 0)
    sources = tuple(map(config.source, names)) if names else config.sources
    if not sources:
        click.echo(f"{config.path}: no [[source]] to read", err=True)
        # what the last one left is dropped, but not for the sake of a file that was cut off
        if dry_run or config.is_blank or not config.store_path.exists():
            return DONE
    with ProgressView() as view:
        if dry_run:
            return _dry_run(config, sources, view, full=full)
        reports = read_now(
            config, sources, view.tell, view.note, everything=not names, manner=manner
        )
        return print_reports(reports, view)


def read_now(
    config: Config,
    sources: Sequence[SourceSettings],
    tell: Tell,
    note: Callable[[str], None],
    *,
    everything: bool,
    manner: SyncRequest = REGULAR,
) -> list[RunReport]:
    """Read sources one after the other, by whoever may write.

    Args:
        config: the configuration.
        sources: which of its sources.
        tell: told how far it is.
        note: told once if another process has to end first.
        everything: `sources` are all there are: what other sources left behind is dropped.
        manner: whether to read in full, and which run is released.

    Raises:
        WriterBusy: another process did not end within ten minutes.
        NotCarriedOut: the process that writes refused.
        ConnectionLost: it went away meanwhile.
    """
    deadline = time.monotonic() + LOCK_PATIENCE_S
    noted = False
    while True:
        try:
            wanted = [None] if everything else [source.name for source in sources]
            return _ask_writer(config, wanted, tell, manner)
        except ServerAbsent:
            pass
        try:
            writing = Writing.open(config)
        except WriterBusy as error:
            if time.monotonic() >= deadline:
                raise
            if not noted:
                note(f"waiting: {error}")
                noted = True
            time.sleep(RETRY_S)
            continue
        try:
            return _write_here(config, writing, sources, tell, everything=everything, manner=manner)
        finally:
            writing.close()


def print_reports(reports: Sequence[RunReport], view: ProgressView) -> int:
    """Print what came of each source; return the exit code of it all."""
    code = DONE
    for report in reports:
        if report.state == "done":
            view.line(summary(report))
            for note in report.notes:
                view.note(f"{report.name}: {note}")
        else:
            view.complain(f"{report.reason} ({still_served(report.served)})")
            code = FAULT
    return code


def still_served(contacts: int) -> str:
    """Return what a run that went wrong leaves of its source."""
    if not contacts:
        return "nothing of it is served yet"
    return f"{contacts:,} contact{'' if contacts == 1 else 's'} of it still served"


def summary(report: RunReport) -> str:
    """Return what a run did, in one line."""
    rate = f", {report.read / report.seconds:,.0f}/s" if report.seconds >= 1 else ""
    dropped = report.rejected_fields
    fields = f", {dropped:,} field{'' if dropped == 1 else 's'} dropped" if dropped else ""
    what = "read" if report.full else "read of what changed"
    return (
        f"{report.name}: {report.read:,} {what}, {report.added:,} added, "
        f"{report.changed:,} changed, {report.unchanged:,} unchanged, {report.removed:,} removed, "
        f"{report.rejected:,} rejected{fields} ({report.seconds:.1f} s{rate})"
    )


def _ask_writer(
    config: Config, names: Sequence[str | None], tell: Tell, manner: SyncRequest
) -> list[RunReport]:
    reports: list[RunReport] = []
    own = str(config.path.resolve())
    for name in names:
        request = msgspec.structs.replace(manner, source=name, config=own)
        for reply in ask(config.control_path, request):
            match reply:
                case Progress():
                    tell(reply)
                case Report(run):
                    reports.append(run)
                case Refused(reason):
                    raise NotCarriedOut(reason)
                case _:
                    continue
    return reports


def _write_here(
    config: Config,
    writing: Writing,
    sources: Sequence[SourceSettings],
    tell: Tell,
    *,
    everything: bool,
    manner: SyncRequest,
) -> list[RunReport]:
    prepare(config)
    reports = [
        writing.sync(source, tell, full=manner.full, release=manner.release) for source in sources
    ]
    if everything:
        writing.drop_absent(source.id for source in config.sources)
    return reports


def _dry_run(
    config: Config, sources: Sequence[SourceSettings], view: ProgressView, *, full: bool
) -> int:
    """Read sources and compare them with the store, which nobody writes to."""
    prepare(config)
    with TemporaryDirectory(prefix="rufname-") as folder:
        try:
            store = ContactStore.open(config.store_path, read_only=True)
        except StoreUnavailable:
            if config.store_path.exists():
                raise
            store = ContactStore.open(Path(folder) / "empty.sqlite")
        try:
            reports = [_compare(config, source, store, view, full=full) for source in sources]
        finally:
            store.close()
    code = print_reports(reports, view)
    view.line("dry run: nothing was stored")
    return code


def _compare(
    config: Config, source: SourceSettings, store: ContactStore, view: ProgressView, *, full: bool
) -> RunReport:
    def tell(progress: SyncProgress) -> None:
        read, rejected = progress.counts.read, progress.counts.rejected
        view.tell(Progress(source.name, "read", read, total_of(progress), rejected))

    report = sync_source(source, store, progress=tell, dry_run=True, full=full)
    reason = with_file(report.reason, config.path)
    return msgspec.structs.replace(report, reason=reason)
