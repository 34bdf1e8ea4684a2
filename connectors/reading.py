"""A source read in a thread of its own, handed over in batches: the caller can always walk away.

Law: memory holds three batches at most. The thread that reads is never waited for longer than
`LEAVE_S`: a driver that hangs beyond any cancel is left behind, and its thread is a daemon.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from itertools import islice
from types import TracebackType
from typing import Self

from connectors.errors import Cancelled, ConnectorError, SourceFailed
from engine.source import Bookmark, ContactSource, Event

WAITING_BATCHES = 1
"""Read ahead by one: more would only fight the caller for the interpreter lock."""

POLL_S = 0.1
STALL_S = 1_800.0
"""A source that sends nothing for so long hangs, whatever its driver's own timeouts say."""

LEAVE_S = 1.0
AGAIN_S = 0.2
"""So long after a cancel, a thread that still reads is told again."""

_End = BaseException | None
"""How the source ended: by itself, or by an error."""

_Read = tuple[list[Event], float | None]
"""A batch, and how much of the source had passed once it was read."""


class SourceReader:
    """Reads a source in the background for a `with` block.

    Attributes:
        share: how much of the source had passed when the batch that came last was read, as
            `ContactSource.share_read`: the source itself is one or two batches ahead.
    """

    def __init__(self, source: ContactSource, bookmark: Bookmark, batch_events: int) -> None:
        self._source = source
        self._bookmark = bookmark
        self._batch_events = batch_events
        self._batches: queue.Queue[_Read | _End] = queue.Queue(WAITING_BATCHES)
        self.share: float | None = None
        self._stop = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if not self._ended:
            self._source.cancel()
            self._thread.join(AGAIN_S)
            if self._thread.is_alive():  # it was between two steps, with nothing yet to be broken
                self._source.cancel()
        self._thread.join(LEAVE_S)

    def next_batch(self, cancelled: Callable[[], bool]) -> list[Event]:
        """Return the next events, [] when the source has ended by itself.

        Raises:
            Cancelled: `cancelled` said so.
            ConnectorError: as the source raised it; anything else it raised becomes SourceFailed.
            SourceFailed: it sent nothing for `STALL_S`.
        """
        asked = time.monotonic()
        while not self._ended:
            if cancelled():
                raise Cancelled("cancelled; what was read is kept, nothing was removed")
            try:
                item = self._batches.get(timeout=POLL_S)
            except queue.Empty:
                if time.monotonic() - asked >= STALL_S:
                    raise SourceFailed(f"it sent nothing for {STALL_S / 60:.0f} min") from None
                continue
            if isinstance(item, tuple):
                batch, self.share = item
                return batch
            self._ended = True
            if isinstance(item, ConnectorError):
                raise item
            if item is not None:
                raise SourceFailed(f"{type(item).__name__}: {item}") from item
        return []

    def _run(self) -> None:
        end: _End = None
        batch: list[Event] = []
        try:
            events = self._source.read(self._bookmark)
            while True:
                batch = []
                batch.extend(islice(events, self._batch_events))  # keeps what came before an error
                if not batch or not self._hand_over((batch, self._source.share_read())):
                    break
            del events  # an open cursor or file is closed here, by the thread that opened it
        except Exception as error:  # noqa: BLE001 - whatever a driver raises fails its run only
            end = error
            if batch:
                self._hand_over((batch, None))
        self._hand_over(end)

    def _hand_over(self, item: _Read | _End) -> bool:
        while not self._stop.is_set():
            try:
                self._batches.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False
