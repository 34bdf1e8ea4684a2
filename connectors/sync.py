"""One run of one source, from opening it to the report.

Law: writes to the store only, and whatever the source does (fail, hang, lie, send nothing), what is
served does not get worse. `connectors.intake` does the work, `connectors.guard` decides on
deletions.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from connectors.errors import ConnectorError, NotReleased
from connectors.intake import Intake, Tally
from connectors.reading import SourceReader
from connectors.registry import completed, open_source
from connectors.report import RunReport
from connectors.settings import SourceSettings
from engine.errors import EngineError
from engine.runs import Run, RunCounts
from engine.source import ContactSource
from engine.store import MAX_BATCH, MAX_RUNS, ContactStore

MAX_REASON_CHARS = 500


class SyncProgress(msgspec.Struct, frozen=True):
    """How far a run is, once a batch.

    `share` is the part of the source that was read (0 to 1) where it can be known, `expected` the
    number of contacts that were served before the run.
    """

    source: str
    name: str
    counts: RunCounts
    share: float | None
    expected: int


def _never() -> bool:
    return False


def sync_source(
    settings: SourceSettings,
    store: ContactStore,
    *,
    progress: Callable[[SyncProgress], None] | None = None,
    cancelled: Callable[[], bool] = _never,
    dry_run: bool = False,
    on_batch: Callable[[int], None] | None = None,
    source: ContactSource | None = None,
    full: bool = False,
    release: int = 0,
) -> RunReport:
    """Read one source once.

    Args:
        settings: the source.
        store: open for writing, for reading in a dry run; used by this thread only.
        progress: called after every batch of at most 2,000 events.
        cancelled: asked some ten times a second; the run ends within two seconds of a True.
        dry_run: store nothing and report what would have happened.
        on_batch: called with the store's last seq after every batch that changed it, so that the
            index can follow while the source is read; its errors end the run.
        source: the opened source, where the caller has it already.
        full: read every record, though the source can be followed by change.
        release: the number of the source's last run, which was refused: this one may remove as
            many contacts as that one would have; 0 = none is released.

    Returns:
        The report; what the source does wrong is in it, never raised.

    Raises:
        EngineError: the store cannot be read or written.
    """
    began = time.monotonic()
    known = store.runs(settings.id, MAX_RUNS) if release else []
    held = next((old for old in known if old.id == release and old.state == "refused"), None)
    # A wrong number is no run: it must not stand in the history where the right one is looked for.
    unfit = _unfit(known, held, release) if release else ""
    last = store.last_run(settings.id)
    run = 0 if dry_run or unfit else store.begin_run(settings.id, settings.name)
    tally = Tally()
    intake: Intake | None = None
    state: Literal["done", "refused", "failed"] = "failed"
    reason = "interrupted"
    try:
        if unfit:
            raise NotReleased(unfit)  # noqa: TRY301 - told as what a source does wrong
        released = held.counts.held_back if held else 0
        whole = settings if source else completed(settings)
        opened = source or open_source(whole)
        intake = Intake(
            whole,
            store,
            tally,
            dry_run=dry_run,
            on_batch=on_batch,
            full=full,
            released=released,
            run=run,
            last=last,
            bookmark_is_state=opened.bookmark_is_state(),
        )
        with SourceReader(opened, intake.since, MAX_BATCH) as reader:
            while batch := reader.next_batch(cancelled):
                intake.take(batch)
                if progress is not None:
                    share = 1.0 if intake.complete else reader.share
                    counts = tally.counts()
                    progress(SyncProgress(settings.id, settings.name, counts, share, intake.served))
        reason = intake.finish(cancelled)
        if not reason and not dry_run:
            intake.notes += filter(None, [opened.stored(tally.rejected)])
        state = "refused" if reason else "done"
        if reason and run:
            named = shlex.quote(settings.name)
            reason += f"; `rufname sync -c FILE --source {named} --release {run}` lets it"
    except ConnectorError as error:
        reason = _one_line(str(error))
    except Exception as error:  # for the history; whoever reads tells the rest
        told = str(error) if isinstance(error, EngineError) else type(error).__name__
        reason = _one_line(f"broken off: {told}")
        raise
    finally:
        if reason:
            reason = f"source {settings.name}: {reason}"
        notes = tuple(intake.notes) if intake else ()
        if run:
            with contextlib.suppress(EngineError):  # where the store fails, that is being raised
                store.finish_run(run, state, tally.counts(), reason or _one_line("; ".join(notes)))
    return RunReport(
        settings.id,
        settings.name,
        state,
        **msgspec.structs.asdict(tally.counts()),
        reason=reason,
        seconds=time.monotonic() - began,
        run=run,
        full=intake.full if intake else True,
        notes=notes,
        served=store.count(settings.id),
    )


def _unfit(known: Sequence[Run], held: Run | None, release: int) -> str:
    """Return why a run cannot be released, "" if it can.

    Args:
        known: the runs of the source, newest first.
        held: the run that is released, None if there is no refused one of this number.
        release: the number that was given.
    """
    if held is None:
        refused = ", ".join(str(run.id) for run in known if run.state == "refused") or "none"
        return f"no refused run has the number {release}; refused: {refused}"
    if any(run.id > held.id and run.state == "done" for run in known):
        return f"run {release} is out of date: a later one was done"
    return ""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON_CHARS else f"{line[: MAX_REASON_CHARS - 1]}…"
