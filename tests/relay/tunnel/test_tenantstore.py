"""Records of tenants: kept, replaced only by one who saw the last, the same in both stores."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import RecordsUnavailable, RecordsUnusable, TryLater
from relay.tunnel import tenantstore
from relay.tunnel.tenants import ConnectorKey, OutdatedRecord, TenantRecord, TenantRecords
from relay.tunnel.tenantstore import NatsRecords, SqliteRecords
from tests.e2e.nats import QUESTIONS, RECORDS, NatsCluster, running_nats
from tests.relay.tunnel.houses import ONE, TWO, House
from tests.relay.tunnel.test_natsbus import until

Store: TypeAlias = TenantRecords


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with running_nats(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("nats", marks=pytest.mark.e2e)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made: SqliteRecords | NatsRecords
    if request.param == "sqlite":
        made = SqliteRecords(tmp_path / "relay" / "tenants.sqlite")
    else:
        made = NatsRecords(request.getfixturevalue("cluster").settings(RECORDS), "node", 1)
        await made.open(20)
        assert made.ready().ready, made.ready().reason
        for tid in (ONE, TWO):
            await made.delete(tid)
    yield made
    await made.close()


async def test_a_record_is_returned_as_it_was_stored(store: Store) -> None:
    assert await store.get(ONE) is None
    record = msgspec.structs.replace(House(ONE, "a", "b").record(), bundle=b"signed", extra=b"\0")
    stored = await store.put(record)
    assert stored.revision > 0
    assert msgspec.structs.replace(stored, revision=0) == record
    assert await store.get(ONE) == stored
    assert await store.get(TWO) is None


async def test_only_who_saw_the_last_record_replaces_it(store: Store) -> None:
    first = await store.put(House(ONE).record())
    second = await store.put(msgspec.structs.replace(first, bundle=b"second"))
    assert second.revision > first.revision
    for outdated in (first, House(ONE).record()):
        with pytest.raises(OutdatedRecord):
            await store.put(outdated)
    assert await store.get(ONE) == second


async def test_a_tenant_that_was_removed_and_came_again_is_another_one(store: Store) -> None:
    before = await store.put(House(ONE).record())
    await store.delete(ONE)
    await store.delete(ONE)
    assert await store.get(ONE) is None
    with pytest.raises(OutdatedRecord):
        await store.put(before)
    again = await store.put(House(ONE).record())
    assert again.revision > before.revision
    with pytest.raises(OutdatedRecord):
        await store.put(before)
    assert await store.get(ONE) == again


async def test_of_writers_at_the_same_time_one_wins(store: Store) -> None:
    record = await store.put(House(ONE).record())
    mine = [msgspec.structs.replace(record, bundle=bytes([each])) for each in range(8)]
    done = await asyncio.gather(*map(store.put, mine), return_exceptions=True)
    won = [each for each in done if isinstance(each, TenantRecord)]
    assert len(won) == 1
    assert all(isinstance(each, OutdatedRecord) for each in done if each not in won)
    assert await store.get(ONE) == won[0]


async def test_whoever_watches_is_told_of_each_change(store: Store) -> None:
    told: list[str] = []
    store.watch(told.append)
    record = await store.put(House(ONE).record())
    await store.put(msgspec.structs.replace(record, bundle=b"new"))
    await store.put(House(TWO).record())
    await store.delete(TWO)
    await until(lambda: told[-4:] == [ONE, ONE, TWO, TWO], "the news")


async def test_what_is_in_the_file_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "tenants.sqlite"
    first = SqliteRecords(path)
    stored = await first.put(House(ONE).record())
    await first.close()
    assert path.stat().st_mode & 0o777 == 0o600
    second = SqliteRecords(path)
    assert await second.get(ONE) == stored
    await second.close()


async def test_what_a_node_needs_to_start_on_a_full_disk_stays_beside_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tenants.sqlite"
    for _ in range(2):
        store = SqliteRecords(path)
        await store.delete(ONE)
        stored = await store.put(House(ONE).record())
        await store.close()
        assert octets_of(f"{path}-wal") == 0  # all that was written stands in the file itself
        assert octets_of(f"{path}-shm") > 0
    alone = shutil.copy(path, tmp_path / "alone.sqlite")
    store = SqliteRecords(alone)
    assert await store.get(ONE) == stored
    await store.close()


def octets_of(path: str) -> int:
    return Path(path).stat().st_size


async def test_what_another_process_changes_in_the_file_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "tenants.sqlite"
    node, other = SqliteRecords(path), SqliteRecords(path)
    await node.put(House(ONE).record())
    await node.put(House(TWO).record())
    told: list[str] = []
    node.watch(told.append)
    node.follow(0.01)
    await other.delete(ONE)
    await until(lambda: told == [ONE], "the removal")
    await other.put(House(ONE).record())
    await until(lambda: told == [ONE, ONE], "the return")
    await node.delete(TWO)
    await node.put(House(TWO).record())
    assert told == [ONE, ONE, TWO, TWO]
    await other.delete(TWO)
    await until(lambda: told == [ONE, ONE, TWO, TWO, TWO], "the removal of what came later")
    await asyncio.gather(node.close(), other.close())


@pytest.mark.parametrize("fault", ["damaged", "later", "folder"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "tenants.sqlite"
    if fault == "damaged":
        path.write_bytes(b"no database at all" * 100)
    elif fault == "folder":
        path.mkdir()
    else:
        with sqlite3.connect(path) as file:
            file.execute("PRAGMA user_version = 99")
        file.close()
    with pytest.raises(RecordsUnusable, match=r"tenants\.sqlite"):
        SqliteRecords(path)


async def test_reads_wait_for_no_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the beginning of a day thousands of tenants have new keys to store, one after another."""
    records = SqliteRecords(tmp_path / "tenants.sqlite")
    stored = await records.put(House(ONE).record())
    go_on, commit = threading.Event(), records._commit

    def slow(change: Callable[[], object]) -> object:
        assert go_on.wait(30)
        return commit(change)

    monkeypatch.setattr(records, "_commit", slow)
    writing = asyncio.create_task(records.put(msgspec.structs.replace(stored, bundle=b"new")))
    await asyncio.sleep(0)
    try:
        assert await asyncio.wait_for(records.get(ONE), 10) == stored
    finally:
        go_on.set()
    assert await writing == await records.get(ONE)
    await records.close()


async def test_a_file_that_cannot_be_read_for_a_while_is_followed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, other = (SqliteRecords(tmp_path / "tenants.sqlite") for _ in range(2))
    told: list[str] = []
    records.watch(told.append)
    version, faults = records._version, iter((False, True, True))

    def at_first_not() -> int:
        if next(faults, False):
            raise sqlite3.OperationalError("disk I/O error")
        return version()

    monkeypatch.setattr(records, "_version", at_first_not)
    records.follow(0.01)
    await other.put(House(ONE).record())
    await until(lambda: told == [ONE], "the change")
    assert next(faults, None) is None
    await records.close()
    await other.close()


async def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "tenants.sqlite"
    store = SqliteRecords(path)
    stored = await store.put(House(ONE).record())
    other = sqlite3.connect(path)
    other.execute("CREATE TRIGGER full BEFORE UPDATE ON counter BEGIN SELECT RAISE(FAIL, 'x'); END")
    with pytest.raises(RecordsUnavailable):
        await store.put(msgspec.structs.replace(stored, bundle=b"new"))
    assert await store.get(ONE) == stored
    other.execute("DROP TRIGGER full")
    other.close()
    assert (await store.put(msgspec.structs.replace(stored, bundle=b"new"))).bundle == b"new"
    await store.close()


@given(st.binary(max_size=200))
def test_a_damaged_record_is_a_fault_and_no_other_record(octets: bytes) -> None:
    try:
        record = tenantstore._record(octets, 1)
    except RecordsUnavailable:
        return
    assert record is None or isinstance(record, TenantRecord)


@given(
    st.builds(
        TenantRecord,
        tid=st.text(max_size=40),
        identity=st.binary(max_size=32),
        fingerprint=st.text(max_size=64),
        connectors=st.lists(
            st.builds(ConnectorKey, st.text(), st.binary(), st.integers(0, 2**40)), max_size=3
        ).map(tuple),
        bundle=st.binary(max_size=100),
        registered_at=st.integers(0, 2**40),
        extra=st.binary(max_size=100),
    )
)
def test_every_record_is_read_as_it_was_written(record: TenantRecord) -> None:
    read = tenantstore._record(tenantstore._encode(record), 7)
    assert read == msgspec.structs.replace(record, revision=7)


@pytest.mark.e2e
async def test_nodes_see_each_others_records_and_hear_of_changes(cluster: NatsCluster) -> None:
    one, two = (NatsRecords(cluster.settings(RECORDS), name, 1) for name in "ab")
    told: list[str] = []
    two.watch(told.append)
    try:
        await one.open(20)
        await two.open(20)
        await one.delete(ONE)
        await until(lambda: told == [ONE], "the removal")
        assert await two.get(ONE) is None
        stored = await one.put(House(ONE).record())
        await until(lambda: told == [ONE, ONE], "the record")
        assert await two.get(ONE) == stored
        newer = await two.put(msgspec.structs.replace(stored, bundle=b"newer"))
        await until(lambda: told == [ONE] * 3, "the newer one")
        assert await one.get(ONE) == newer
    finally:
        await one.close()
        await two.close()


@pytest.mark.e2e
@pytest.mark.long
async def test_without_nats_what_is_known_is_answered_and_changes_are_caught_up(
    tmp_path: Path,
) -> None:
    with running_nats(tmp_path) as cluster:
        node = cluster.nodes[0]
        away, writer = (NatsRecords(cluster.settings(RECORDS), name, 1) for name in "ab")
        told: list[str] = []
        try:
            await away.open(20)
            stored = await away.put(House(ONE).record())
            away.watch(told.append)
            node.kill()
            await until(lambda: not away.ready().ready, "the loss to be seen")
            away._kept[ONE].until = 0.0  # as ten seconds later
            assert await away.get(ONE) == stored
            with pytest.raises(TryLater):
                await away.get(TWO)
            with pytest.raises(TryLater):
                await away.put(House(TWO).record())
            with pytest.raises(TryLater):
                await away.delete(ONE)
            away._link._settings = cluster.settings("nobody")  # it comes back later than others
            cluster.start(node)
            await writer.open(20)
            newer = await writer.put(msgspec.structs.replace(stored, bundle=b"missed"))
            told.clear()
            away._link._settings = cluster.settings(RECORDS)
            await until(lambda: ONE in told, "the change that was missed")
            assert await away.get(ONE) == newer
        finally:
            await away.close()
            await writer.close()


@pytest.mark.e2e
async def test_an_account_without_jetstream_keeps_no_records_and_says_so(
    cluster: NatsCluster,
) -> None:
    store = NatsRecords(cluster.settings(QUESTIONS), "misled", 1)
    try:
        began = time.monotonic()
        await store.open(5)
        assert not store.ready().ready
        with pytest.raises(TryLater, match="records"):
            await store.get(ONE)
        assert time.monotonic() - began < 30
    finally:
        await store.close()


@pytest.mark.e2e
async def test_more_replicas_than_servers_are_refused_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_nats(tmp_path) as cluster:
        store = NatsRecords(cluster.settings(RECORDS), "greedy", 3)
        try:
            await store.open(5)
            assert not store.ready().ready
            assert "replicas > 1 not supported" in caplog.text
        finally:
            await store.close()
