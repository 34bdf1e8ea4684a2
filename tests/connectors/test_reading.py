from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from typing_extensions import override

from connectors import reading
from connectors.errors import Cancelled, DriverMissing, SourceFailed
from connectors.reading import SourceReader
from engine.source import Bookmark, Complete, Event
from tests.connectors.making import Hang, ScriptedSource, people, whole


def never() -> bool:
    return False


def drain(reader: SourceReader) -> list[Event]:
    events: list[Event] = []
    while batch := reader.next_batch(never):
        events += batch
    return events


def test_every_event_arrives_in_order_in_batches() -> None:
    with SourceReader(whole(people(25)), b"", 10) as reader:
        sizes = []
        events: list[Event] = []
        while batch := reader.next_batch(never):
            sizes.append(len(batch))
            events += batch
        assert sizes == [10, 10, 6]
        assert events == [*people(25), Complete(full=True)]
        assert reader.next_batch(never) == []


def test_the_bookmark_reaches_the_source() -> None:
    source = whole()
    with SourceReader(source, b"mark", 10) as reader:
        drain(reader)
    assert source.bookmarks == [b"mark"]


def test_the_share_is_that_of_the_batch_however_far_ahead_the_source_is() -> None:
    class Counting(ScriptedSource):
        passed = 0

        @override
        def read(self, bookmark: Bookmark) -> Iterator[Event]:
            for event in super().read(bookmark):
                self.passed += 1
                yield event

        @override
        def share_read(self) -> float:
            return self.passed / 31

    with SourceReader(Counting([*people(30), Complete(full=True)]), b"", 10) as reader:
        assert reader.share is None
        shares: list[float | None] = []
        while reader.next_batch(never):
            shares.append(reader.share)
            while reader._thread.is_alive() and not reader._batches.full():  # it reads ahead
                time.sleep(0.001)
        assert shares == [10 / 31, 20 / 31, 30 / 31, 1.0]


def test_what_the_source_raises_is_raised_behind_what_it_sent_before() -> None:
    with SourceReader(ScriptedSource([*people(14), SourceFailed("gone")]), b"", 10) as reader:
        assert len(reader.next_batch(never)) == 10
        assert len(reader.next_batch(never)) == 4
        with pytest.raises(SourceFailed, match=r"^gone$"):
            reader.next_batch(never)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (DriverMissing("install it"), DriverMissing, "install it"),
        (ZeroDivisionError("in a driver"), SourceFailed, "ZeroDivisionError: in a driver"),
        (MemoryError(), SourceFailed, "MemoryError"),
    ],
)
def test_any_error_of_a_driver_fails_the_run_only(
    error: Exception, kind: type[Exception], words: str
) -> None:
    with SourceReader(ScriptedSource([error]), b"", 10) as reader:
        with pytest.raises(kind, match=words):
            reader.next_batch(never)
        assert reader.next_batch(never) == []


def test_a_source_that_hangs_is_cancelled() -> None:
    source = ScriptedSource([Hang()])
    with SourceReader(source, b"", 10) as reader, pytest.raises(Cancelled):
        reader.next_batch(lambda: True)
    assert source.cancelled.is_set()
    assert "source" not in {thread.name for thread in threading.enumerate()}


def test_a_source_that_heeds_no_cancel_is_left_behind() -> None:
    source = ScriptedSource([Hang(heeds_cancel=False)])
    began = time.monotonic()
    with SourceReader(source, b"", 10) as reader, pytest.raises(Cancelled):
        reader.next_batch(lambda: True)
    assert time.monotonic() - began < 2
    source.released.set()


def test_a_source_whose_reader_leaves_is_closed_and_read_no_further() -> None:
    sent: list[int] = []

    def note() -> None:
        sent.append(len(sent))

    script = [step for event in people(1_000) for step in (event, note)]
    with SourceReader(ScriptedSource(script), b"", 10) as reader:
        reader.next_batch(never)
    assert len(sent) < 100


def test_a_source_that_is_read_to_its_end_is_not_cancelled() -> None:
    source = whole(people(3))
    with SourceReader(source, b"", 10) as reader:
        drain(reader)
    assert not source.cancelled.is_set()


def test_a_source_that_sends_nothing_for_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "STALL_S", 0.3)
    source = ScriptedSource([Hang()])
    with (
        pytest.raises(SourceFailed, match="sent nothing for"),
        SourceReader(source, b"", 10) as reader,
    ):
        reader.next_batch(lambda: False)
    assert source.cancelled.is_set()
