"""One run of one source, from opening it to the report.

Law: writes to the store only, and whatever the source does (fail, hang, lie, send nothing), what is
served does not get worse. `connectors.intake` does the work, `connectors.guard` decides on
deletions.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from connectors.errors import ConnectorError
from connectors.intake import Intake, Tally
from connectors.reading import SourceReader
from connectors.registry import open_source
from connectors.settings import SourceSettings
from engine.errors import EngineError
from engine.source import ContactSource
from engine.store import MAX_BATCH, ContactStore, RunCounts

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


class RunReport(msgspec.Struct, frozen=True):
    """What a run did; `reason` is one line that names the source, "" for a run that is done.

    "refused": the source was read to its end, but nothing was removed. "failed": the read did not
    come to its end (cancelled runs too); what was read is stored, nothing was removed. The numbers
    are those of `engine.store.RunCounts`.
    """

    source: str
    name: str
    state: Literal["done", "refused", "failed"]
    read: int
    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: int
    rejected_fields: int
    reason: str
    seconds: float


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

    Returns:
        The report; what the source does wrong is in it, never raised.

    Raises:
        EngineError: the store cannot be read or written.
    """
    began = time.monotonic()
    run = None if dry_run else store.begin_run(settings.id, settings.name)
    tally = Tally()
    state: Literal["done", "refused", "failed"] = "failed"
    reason = "interrupted"
    try:
        intake = Intake(settings, store, tally, dry_run=dry_run, on_batch=on_batch)
        opened = source or open_source(settings)
        with SourceReader(opened, intake.since, MAX_BATCH) as reader:
            while batch := reader.next_batch(cancelled):
                intake.take(batch)
                if progress is not None:
                    share = 1.0 if intake.complete else opened.share_read()
                    counts = tally.counts()
                    progress(SyncProgress(settings.id, settings.name, counts, share, intake.served))
        reason = intake.finish(cancelled)
        state = "refused" if reason else "done"
    except ConnectorError as error:
        reason = _one_line(str(error))
    finally:
        if reason:
            reason = f"source {settings.name}: {reason}"
        if run is not None:
            with contextlib.suppress(EngineError):  # where the store fails, that is being raised
                store.finish_run(run, state, tally.counts(), reason)
    return RunReport(
        settings.id,
        settings.name,
        state,
        **msgspec.structs.asdict(tally.counts()),
        reason=reason,
        seconds=time.monotonic() - began,
    )


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON_CHARS else f"{line[: MAX_REASON_CHARS - 1]}…"
