from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.report import RunReport
from engine.errors import CorruptStore
from engine.index import ContactIndex
from engine.store import ContactStore
from rufname import scribe as module
from rufname.config import load_config
from rufname.control import Progress, Refused, Report, Status, StatusRequest, SyncRequest, ask
from rufname.lifeline import Start, pack
from rufname.rundir import take_writer_lock
from rufname.schedule import FIRST_RETRY_S
from rufname.scribe import Scribe, open_work
from rufname.syncing import NotCarriedOut, read_now
from tests.rufname.place import PEOPLE, Place, eventually

PATIENT_S = 60.0
"""What does not end in time ends its process, which is the tests' own here."""


@pytest.fixture(autouse=True)
def kept_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lower_priority", lambda: None)


@pytest.fixture
async def scribe(place: Place) -> AsyncIterator[Scribe]:
    opened = await open_work(Start(pack(place.config)), [])
    running = asyncio.create_task(opened.run())
    yield opened
    running.cancel()
    await opened.drain(PATIENT_S)


def documents(place: Place) -> int:
    index = ContactIndex.open(place.config.index_dir, {})
    try:
        return index.status().documents
    finally:
        index.close()


async def asked(path: Path, source: str | None = None) -> list[object]:
    """Ask over the control socket as `rufname sync` does, from another thread."""
    request = SyncRequest(source=source)
    return await asyncio.to_thread(lambda: list(ask(path, request)))


def reports(replies: list[object]) -> list[RunReport]:
    return [reply.run for reply in replies if isinstance(reply, Report)]


async def test_a_source_is_read_when_asked_for(place: Place, scribe: Scribe) -> None:
    (report,) = reports(await asked(place.config.control_path))
    assert (report.state, report.added) == ("done", 3)
    assert documents(place) == 3
    assert scribe.metrics()["runs"] == 1


async def test_two_requests_at_once_are_both_answered(place: Place, scribe: Scribe) -> None:
    path = place.config.control_path
    first, second = await asyncio.gather(asked(path), asked(path, "phonelist"))
    assert {report.state for report in reports(first) + reports(second)} == {"done"}
    assert scribe.metrics()["waiting"] == 0


async def test_a_run_that_still_waits_is_shared(place: Place, scribe: Scribe) -> None:
    source = place.config.sources[0]
    told: list[Progress] = []
    runs = [asyncio.create_task(scribe.sync(source, told.append)) for _ in range(5)]
    found = await asyncio.gather(*runs)
    assert len({id(report) for report in found}) == 1
    assert scribe.metrics()["runs"] == 1


async def test_what_the_file_says_now_is_read(place: Place, scribe: Scribe) -> None:
    assert scribe.metrics()["runs"] == 0
    place.people.rename(place.folder / "moved.csv")
    text = place.path.read_text(encoding="utf-8")
    place.path.write_text(text.replace("people.csv", "moved.csv"), encoding="utf-8")
    (report,) = reports(await asked(place.config.control_path))
    assert report.state == "done"


async def test_a_bad_configuration_or_name_is_refused_in_words(
    place: Place, scribe: Scribe
) -> None:
    path = place.config.control_path
    replies = await asked(path, "crm")
    assert isinstance(replies[-1], Refused)
    assert "there is: phonelist" in replies[-1].reason
    place.path.write_text("nonsense", encoding="utf-8")
    replies = await asked(path)
    assert isinstance(replies[-1], Refused)
    assert scribe.metrics()["runs"] == 0


async def test_the_sources_of_another_configuration_are_not_asked_for_in_vain(
    place: Place, scribe: Scribe
) -> None:
    path = place.config.control_path
    other = place.folder / "other.toml"
    other.write_text(place.path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(NotCarriedOut) as refused:
        await asyncio.to_thread(read_of, other)
    assert f"{other}: its data folder" in str(refused.value)
    assert f"`rufname serve` of another configuration, {place.path}" in str(refused.value)
    assert scribe.metrics()["runs"] == 0
    link = place.folder / "link.toml"
    link.symlink_to(place.path)
    assert [report.state for report in await asyncio.to_thread(read_of, link)] == ["done"]
    assert reports(await asked(path))


def read_of(path: Path) -> list[RunReport]:
    config = load_config(path)
    return read_now(config, config.sources, lambda _: None, lambda _: None, everything=True)


async def test_the_status_tells_what_is_due(place: Place, scribe: Scribe) -> None:
    place.write_config(more='every = "1h"')
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 1)  # never read before: due at once
    path = place.config.control_path
    (status, _done) = await asyncio.to_thread(lambda: list(ask(path, StatusRequest())))
    assert isinstance(status, Status)
    assert status.next_reads["phonelist"] > datetime.now(UTC).timestamp() + 3000


async def test_a_source_with_another_dial_plan_is_read_at_once(
    place: Place, scribe: Scribe
) -> None:
    place.write_config(more='every = "1d"')
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 1)
    place.write_config(more='every = "1d"\npriority = 7\nvisible_to = ["people"]')
    await scribe.reload(pack(place.config))  # what is stored of a record stays as it is
    now = datetime.now(UTC)
    start = scribe._due(place.config.sources[0], now)
    assert start is not None
    assert start > now
    text = place.path.read_text(encoding="utf-8")
    place.path.write_text(text.replace('area_code = "30"', 'area_code = "40"'), encoding="utf-8")
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 2)
    start = scribe._due(place.config.sources[0], now)
    assert start is not None
    assert start > now


async def test_a_source_with_another_dial_plan_is_read_at_once_after_a_restart_too(
    place: Place,
) -> None:
    place.write_config(more='every = "1d"')
    due = []
    for area in ("30", "30", "40", "40"):
        text = place.path.read_text(encoding="utf-8").replace('area_code = "30"', 'area_code = "X"')
        place.path.write_text(text.replace('"40"', '"X"').replace('"X"', f'"{area}"'), "utf-8")
        opened = await open_work(Start(pack(place.config)), [])
        await eventually(lambda: opened._began)  # noqa: B023 - it is awaited here
        now = datetime.now(UTC)
        start = opened._due(place.config.sources[0], now)
        due.append(start is not None and start <= now)
        if due[-1]:
            await opened.sync(place.config.sources[0], lambda _: None)
        await opened.drain(PATIENT_S)
    assert due == [True, False, True, False]


async def test_it_counts_how_runs_end_and_whose_last_one_went_wrong(place: Place) -> None:
    source = place.config.sources[0]
    opened = await open_work(Start(pack(place.config)), [])
    await opened.sync(source, lambda _: None)
    assert opened.metrics()["sources_failing"] == 0
    people = place.folder / "people.csv"
    text = people.read_bytes()
    people.unlink()
    await opened.sync(source, lambda _: None)
    assert opened.metrics()["runs_failed"] == 1
    await opened.drain(PATIENT_S)
    opened = await open_work(Start(pack(place.config)), [])
    await eventually(lambda: opened.metrics()["sources_failing"] == 1)
    people.write_bytes(text[: text.index(b"\n") + 1])
    await opened.sync(source, lambda _: None)
    now = opened.metrics()
    assert (now["runs"], now["runs_refused"], now["sources_failing"]) == (1, 1, 0)
    assert now["sources_held_back"] == 1
    people.write_bytes(text)
    await opened.sync(source, lambda _: None)
    assert opened.metrics()["sources_held_back"] == 0
    await opened.drain(PATIENT_S)


async def test_an_index_that_cannot_follow_is_told_until_it_does(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's run is done then: nothing else would tell why nobody is found."""
    source = place.config.sources[0]
    opened = await open_work(Start(pack(place.config)), [])

    def none_left(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr("rufname.indexer.subprocess.Popen", none_left)
        report = await opened.sync(source, lambda _: None)
    reason = "the indexing process cannot be started: Too many open files"
    assert (report.state, report.reason) == ("failed", f"source phonelist: {reason}")
    assert report.read == len(PEOPLE)
    assert opened.metrics()["sources_failing"] == 1
    assert [reply.index_fault for reply in await told(opened)] == [reason]
    await opened.sync(source, lambda _: None)
    assert [reply.index_fault for reply in await told(opened)] == [""]
    assert documents(place) == len(PEOPLE)
    await opened.drain(PATIENT_S)


async def test_a_run_that_breaks_off_counts_as_failed_and_is_tried_again_soon(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_config(more='every = "1d"')
    opened = await open_work(Start(pack(place.config)), [])
    monkeypatch.setattr("rufname.writing.sync_source", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await opened.sync(place.config.sources[0], lambda _: None)
    assert opened.metrics()["sources_failing"] == 1
    (status,) = await told(opened)
    assert status.next_reads["phonelist"] <= time.time() + FIRST_RETRY_S
    await opened.drain(PATIENT_S)


async def told(opened: Scribe) -> list[Status]:
    return [reply async for reply in opened.answer(StatusRequest()) if isinstance(reply, Status)]


async def test_a_source_that_left_and_comes_back_is_read_at_once(
    place: Place, scribe: Scribe
) -> None:
    place.write_config(more='every = "1d"')
    text = place.path.read_text(encoding="utf-8")
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 1)
    place.path.write_text(text.replace('"phonelist"', '"other"'), encoding="utf-8")
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 2)
    await eventually(lambda: documents(place) == 3)
    place.path.write_text(text, encoding="utf-8")
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 3)
    await eventually(lambda: documents(place) == 3)


async def test_after_the_clock_was_set_back_a_source_is_due_when_its_period_is_over(
    place: Place, scribe: Scribe
) -> None:
    place.write_config(more='every = "15m"')
    await scribe.reload(pack(place.config))
    await eventually(lambda: scribe.metrics()["runs"] == 1)
    source = place.config.sources[0]
    long_ago = datetime.now(UTC) - timedelta(days=300)
    for since, due in ((0, False), (14, False), (16, True)):
        now = long_ago + timedelta(minutes=since)
        start = scribe._due(source, now)
        assert start is not None
        assert (start <= now) is due


async def test_a_reload_learns_another_time_zone_of_the_machine(
    place: Place, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        await scribe.reload(pack(place.config))
        assert time.localtime().tm_gmtoff == 9 * 3600
    time.tzset()


async def test_after_the_clock_was_set_back_the_index_is_built_anew_once_when_it_is_time(
    synced: Place,
) -> None:
    opened = await open_work(Start(pack(synced.config)), [])
    index_dir = synced.config.index_dir
    made = (index_dir / "current").readlink()
    long_ago = datetime.now(UTC) - timedelta(days=800)
    for day in (0, 8, 8):
        opened._rebuild_if_due(long_ago + timedelta(days=day))
    await eventually(lambda: (index_dir / "current").readlink() != made)
    await opened.drain(PATIENT_S)
    assert not list(index_dir.glob("*-3"))


async def test_a_source_without_schedule_is_read_only_when_asked_for(
    place: Place, scribe: Scribe
) -> None:
    scribe._begin_due(datetime(2100, 1, 1, tzinfo=UTC))
    assert not any(scribe.metrics().values())
    assert place.config.sources


async def test_the_index_is_built_anew_once_when_its_time_has_come(synced: Place) -> None:
    opened = await open_work(Start(pack(synced.config)), [])
    index_dir = synced.config.index_dir
    made = (index_dir / "current").readlink()
    in_a_week = datetime.now(UTC) + timedelta(days=8)
    opened._rebuild_if_due(datetime.now(UTC))
    opened._rebuild_if_due(in_a_week)
    opened._rebuild_if_due(in_a_week)
    await eventually(lambda: (index_dir / "current").readlink() != made)
    await opened.drain(PATIENT_S)
    assert [path.name for path in index_dir.glob("*-2")] == [
        (index_dir / "current").readlink().name
    ]
    assert not list(index_dir.glob("*-3"))


async def test_an_index_without_a_time_is_never_built_anew(synced: Place) -> None:
    text = synced.path.read_text(encoding="utf-8")
    never = text.replace('region = "DE"', 'region = "DE"\nrebuild_at = []', 1)
    synced.path.write_text(never, encoding="utf-8")
    opened = await open_work(Start(pack(synced.config)), [])
    made = (synced.config.index_dir / "current").readlink()
    opened._rebuild_if_due(datetime.now(UTC) + timedelta(days=800))
    await opened.drain(PATIENT_S)
    assert (synced.config.index_dir / "current").readlink() == made


async def test_a_source_that_left_is_dropped_at_a_reload(place: Place, scribe: Scribe) -> None:
    await asked(place.config.control_path)
    text = place.path.read_text(encoding="utf-8")
    place.path.write_text(text.replace('"phonelist"', '"other"'), encoding="utf-8")
    await scribe.reload(pack(place.config))
    await eventually(lambda: documents(place) == 0)


async def test_a_source_that_left_is_dropped_at_the_start(synced: Place) -> None:
    text = synced.path.read_text(encoding="utf-8")
    synced.path.write_text(text.replace('"phonelist"', '"other"'), encoding="utf-8")
    opened = await open_work(Start(pack(synced.config)), [])
    assert documents(synced) == 0
    await opened.drain(PATIENT_S)


async def test_a_damaged_index_is_whole_before_the_work_is_ready(synced: Place) -> None:
    index_dir = synced.config.index_dir
    generation = (index_dir / "current").resolve()
    for path in generation.glob("*.store"):
        path.write_bytes(path.read_bytes()[:-20])
    opened = await open_work(Start(pack(synced.config), rebuild=True), [])
    assert documents(synced) == 3
    assert (index_dir / "current").resolve() != generation
    await opened.drain(PATIENT_S)


async def test_the_work_waits_for_another_writer_and_can_be_called_off(place: Place) -> None:
    lock = take_writer_lock(place.config.run_dir)
    opening = asyncio.create_task(open_work(Start(pack(place.config)), []))
    done, _ = await asyncio.wait({opening}, timeout=0.5)
    assert not done
    lock.release()
    opened = await asyncio.wait_for(opening, 10)
    await opened.drain(PATIENT_S)

    lock = take_writer_lock(place.config.run_dir)
    opening = asyncio.create_task(open_work(Start(pack(place.config)), []))
    await asyncio.wait({opening}, timeout=0.2)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    lock.release()


async def test_a_damaged_store_ends_the_work_with_its_reason(place: Place) -> None:
    place.config.data_dir.mkdir()
    place.config.store_path.write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptStore):
        await open_work(Start(pack(place.config)), [])


async def test_a_run_under_way_is_cancelled_by_the_drain_and_nothing_is_lost(
    place: Place,
) -> None:
    opened = await open_work(Start(pack(place.config)), [])
    await opened.sync(place.config.sources[0], lambda _progress: None)
    place.write_people([*PEOPLE, *((f"m{n}", f"Person {n}", "", "", "") for n in range(200_000))])
    begun = asyncio.Event()
    run = asyncio.create_task(opened.sync(place.config.sources[0], lambda _progress: begun.set()))
    await asyncio.wait_for(begun.wait(), 20)
    await opened.drain(PATIENT_S)
    await asyncio.wait({run}, timeout=1.0)
    run.cancel()
    store = ContactStore.open(place.config.store_path, read_only=True)
    last = store.last_run("phonelist")
    assert last is not None
    assert last.state == "failed"
    assert store.count() >= 3
    store.close()
    take_writer_lock(place.config.run_dir).release()


SLOW = """
[[source]]
name = "slow"
kind = "odbc"
connection = "Driver={{SQLite3}};Database={path}"
query = \"\"\"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
SELECT count(*) AS id, 'x' AS name FROM c\"\"\"
key = ["id"]
[source.map]
display_name = "name"
"""


async def test_a_source_that_hangs_keeps_no_other_waiting(place: Place) -> None:
    sqlite3.connect(place.folder / "slow.db").close()
    (place.folder / "slow.db").write_bytes(b"")
    place.write_config(end=SLOW.format(path=place.folder / "slow.db"))
    opened = await open_work(Start(pack(place.config)), [])
    fast, slow = place.config.sources
    hanging = [asyncio.create_task(opened.sync(slow, lambda _: None)) for _ in range(2)]
    await eventually(lambda: opened.metrics()["running"] == 1)
    again = asyncio.create_task(opened.sync(slow, lambda _: None))
    for _ in range(2):
        report = await asyncio.wait_for(opened.sync(fast, lambda _: None), 60)
        assert report.state == "done"
    assert documents(place) == 3
    now = {name: value for name, value in opened.metrics().items() if value}
    assert now == {"runs": 2, "running": 1, "waiting": 1}, "one run of a source"
    status = opened._status()
    assert (status.all_reading, status.waiting) == (("slow",), ("slow",))
    await opened.drain(PATIENT_S)
    for task in (*hanging, again):
        task.cancel()


async def test_a_reload_and_a_rebuild_while_a_source_hangs_keep_no_other_waiting(
    synced: Place,
) -> None:
    (synced.folder / "slow.db").write_bytes(b"")
    synced.write_config(end=SLOW.format(path=synced.folder / "slow.db"))
    opened = await open_work(Start(pack(synced.config)), [])
    fast, slow = synced.config.sources
    made = (synced.config.index_dir / "current").readlink()
    hanging = asyncio.create_task(opened.sync(slow, lambda _: None))
    await eventually(lambda: opened.metrics()["running"] == 1)
    await opened.reload(pack(synced.config))
    opened._rebuild_if_due(datetime.now(UTC) + timedelta(days=8))
    report = await asyncio.wait_for(opened.sync(fast, lambda _: None), 60)
    assert report.state == "done"
    await eventually(lambda: (synced.config.index_dir / "current").readlink() != made)
    assert opened.metrics()["running"] == 1
    await opened.drain(PATIENT_S)
    hanging.cancel()


async def test_a_source_that_hangs_and_left_is_read_no_more_and_comes_back(place: Place) -> None:
    (place.folder / "slow.db").write_bytes(b"")
    alone = place.path.read_text(encoding="utf-8")
    place.write_config(end=SLOW.format(path=place.folder / "slow.db"))
    both = place.path.read_text(encoding="utf-8")
    opened = await open_work(Start(pack(place.config)), [])
    fast, slow = place.config.sources
    await opened.sync(fast, lambda _: None)
    hanging = asyncio.create_task(opened.sync(slow, lambda _: None))
    await eventually(lambda: opened.metrics()["running"] == 1)
    place.path.write_text(alone.replace('"phonelist"', '"other"'), encoding="utf-8")
    await opened.reload(pack(place.config))
    assert (await asyncio.wait_for(hanging, 30)).state == "failed"
    await eventually(lambda: documents(place) == 0)
    place.path.write_text(both, encoding="utf-8")
    await opened.reload(pack(place.config))
    assert (await opened.sync(fast, lambda _: None)).added == 3
    await eventually(lambda: documents(place) == 3)
    await opened.drain(PATIENT_S)
