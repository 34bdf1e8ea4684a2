from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.errors import SourceFailed
from connectors.sync import RunReport, SyncProgress, sync_source
from engine.errors import StoreUnavailable
from engine.phone import DialPlan
from engine.store import MAX_BATCH, ContactStore
from tests.connectors.making import (
    ANY_DROP,
    Hang,
    ScriptedSource,
    csv_settings,
    people,
    person,
    settings,
    stored,
    whole,
)
from tests.connectors.worlds import (
    CASES,
    COUNT,
    ROWS,
    CsvWorld,
    PostgresWorld,
    SqliteWorld,
    World,
    break_it,
)
from tests.e2e.postgres import Postgres


def run(store: ContactStore, source: ScriptedSource, **rest: object) -> RunReport:
    return sync_source(settings(), store, source=source, **rest)  # type: ignore[arg-type]  # keywords of sync_source


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    name = request.param
    if name == "csv":
        return CsvWorld(tmp_path)
    if name == "sqlite":
        return SqliteWorld(tmp_path)
    return PostgresWorld(request.getfixturevalue("postgres"), tmp_path / "dsn")


@pytest.mark.parametrize(("world", "fault"), CASES, indirect=["world"])
def test_whatever_goes_wrong_in_a_source_what_is_served_does_not_get_worse(
    store: ContactStore, world: World, fault: str
) -> None:
    world.fill(ROWS)
    report = sync_source(world.settings, store)
    assert (report.state, report.added, report.reason) == ("done", COUNT, "")
    served, seq = stored(store), store.last_seq()
    assert len(served) == COUNT

    break_it(world, fault)
    asked = time.monotonic()
    cancelled: Callable[[], bool] = lambda: fault == "hang" and time.monotonic() > asked + 0.5  # noqa: E731 - names its type
    report = sync_source(world.settings, store, cancelled=cancelled)
    assert report.state == ("done" if fault == "duplicates" else report.state)
    if fault not in {"duplicates", "bad encoding", "bad lines"}:
        assert report.state in {"refused", "failed"}
    assert report.seconds < 0.5 + 2
    assert report.removed == 0
    assert stored(store) == served
    assert store.last_seq() == seq
    last = store.last_run("crm")
    assert last is not None
    assert (last.state, last.reason) == (report.state, report.reason)
    if report.state != "done":
        assert report.reason.startswith("source CRM: ")
        assert "\n" not in report.reason
        assert "braces" not in report.reason  # the password

    world.fill(ROWS)
    report = sync_source(world.settings, store)
    assert (report.state, report.unchanged, report.changed) == ("done", COUNT, 0)


@pytest.mark.parametrize("world", ["csv", "sqlite", "postgres"], indirect=True)
def test_every_kind_adds_changes_and_removes(store: ContactStore, world: World) -> None:
    world.fill(ROWS)
    sync_source(world.settings, store)
    world.fill([("0", "Łukasz 付", "+49 89 99998 000"), *ROWS[1:-2], ("new", "Neu", "")])
    report = sync_source(world.settings, store)
    assert report.state == "done"
    assert (report.added, report.changed, report.removed) == (1, 1, 2)
    assert report.unchanged == report.read - 2 == COUNT - 3
    found = stored(store)
    assert found["0"].display_name == "Łukasz 付"
    assert found["1"].phones[0].number.digits == "498999998001"
    assert found.keys() == {*map(str, range(COUNT - 2)), "new"}


def test_a_backend_killed_while_it_is_read_loses_nothing(
    store: ContactStore, postgres: Postgres, tmp_path: Path
) -> None:
    world = PostgresWorld(postgres, tmp_path / "dsn")
    many = (
        "SELECT n::text AS id, 'Name ' || n AS name, '' AS phone FROM generate_series(1, 20000) n"
    )
    world.view(many)
    assert sync_source(world.settings, store).added == 20_000
    world.view(many.replace("'Name '", "'Other '"))

    def kill(_: SyncProgress) -> None:
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crm'")

    report = sync_source(world.settings, store, progress=kill)
    assert report.state == "failed"
    assert report.reason.startswith("source CRM: PostgreSQL: after ")
    assert 0 < report.changed < 20_000
    assert report.removed == 0
    assert store.count("crm") == 20_000
    report = sync_source(world.settings, store)
    assert (report.state, report.removed) == ("done", 0)
    assert store.count("crm") == 20_000


def test_a_source_that_fails_keeps_what_it_sent_and_all_it_had(store: ContactStore) -> None:
    run(store, whole(people(5)))
    report = run(store, ScriptedSource([person("new"), SourceFailed("server\ngone")]))
    assert (report.state, report.added, report.reason) == ("failed", 1, "source CRM: server gone")
    assert len(stored(store)) == 6


def test_a_source_that_just_stops_is_not_complete(store: ContactStore) -> None:
    run(store, whole(people(5)))
    report = run(store, ScriptedSource(people(4)))
    assert (report.state, report.removed) == ("failed", 0)
    assert "before it was complete" in report.reason
    assert len(stored(store)) == 5


@pytest.mark.parametrize("heeds", [True, False])
def test_a_cancelled_run_ends_within_two_seconds_and_removes_nothing(
    store: ContactStore, *, heeds: bool
) -> None:
    run(store, whole(people(5)))
    source = ScriptedSource([*people(MAX_BATCH, start=5), Hang(heeds_cancel=heeds)])
    flag = threading.Event()
    asked: list[float] = []

    def cancel_now(_: SyncProgress) -> None:
        flag.set()
        asked.append(time.monotonic())

    report = run(store, source, cancelled=flag.is_set, progress=cancel_now)
    assert time.monotonic() - asked[0] < 2
    assert (report.state, report.removed) == ("failed", 0)
    assert "cancelled" in report.reason
    assert store.count() == MAX_BATCH + 5
    source.released.set()


def test_a_refused_run_says_how_many_it_would_have_removed(store: ContactStore) -> None:
    run(store, whole(people(10)))
    report = run(store, whole(people(7)))
    assert (report.state, report.removed, report.unchanged) == ("refused", 0, 7)
    assert "would remove 3 of 10 contacts" in report.reason
    assert sync_source(settings(max_drop=ANY_DROP), store, source=whole(people(7))).removed == 3


def test_the_run_stands_in_the_history_with_its_counts(store: ContactStore) -> None:
    report = run(store, whole(people(3), person("bad", phone="110")))
    last = store.last_run("crm")
    assert last is not None
    assert (last.state, last.name, last.counts.added) == ("done", "CRM", 4)
    assert (report.rejected_fields, last.counts.rejected_fields) == (1, 1)
    assert store.rejected("crm")[0].field == "phones.work"


def test_a_dry_run_leaves_no_trace(store: ContactStore, tmp_path: Path) -> None:
    run(store, whole(people(5)))
    before = store.last_run("crm")
    reader = ContactStore.open(tmp_path / "var" / "contacts.sqlite", read_only=True)
    report = run(reader, whole(people(4), person("new")), dry_run=True)
    assert (report.state, report.added, report.unchanged, report.removed) == ("done", 1, 4, 1)
    reader.close()
    assert store.last_run("crm") == before
    assert len(stored(store)) == 5


def test_progress_is_told_once_a_batch(store: ContactStore) -> None:
    told: list[SyncProgress] = []
    run(store, whole(people(10)))
    run(store, whole(people(MAX_BATCH + 10)), progress=told.append)
    assert [step.counts.read for step in told] == [MAX_BATCH, MAX_BATCH + 10]
    assert [step.share for step in told] == [0.5, 1.0]
    assert {step.expected for step in told} == {10}


def test_the_index_follows_while_the_source_is_read(store: ContactStore) -> None:
    seqs: list[int] = []
    run(store, whole(people(MAX_BATCH * 2 + 1)), on_batch=seqs.append)
    assert seqs == [MAX_BATCH, MAX_BATCH * 2, MAX_BATCH * 2 + 1]


def test_an_error_of_the_caller_ends_the_run_and_is_raised(store: ContactStore) -> None:
    def fail(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(store, whole(people(3)), on_batch=fail)
    last = store.last_run("crm")
    assert last is not None
    assert (last.state, last.reason) == ("failed", "source CRM: interrupted")


def test_a_store_that_cannot_be_written_is_the_callers_matter(
    store: ContactStore, tmp_path: Path
) -> None:
    run(store, whole(people(3)))
    reader = ContactStore.open(tmp_path / "var" / "contacts.sqlite", read_only=True)
    with pytest.raises(StoreUnavailable):
        run(reader, whole(people(4)))
    reader.close()


def test_wrong_rules_and_unknown_kinds_fail_the_run_by_name(store: ContactStore) -> None:
    wrong = settings(map={"nick": "name"})
    assert "'nick'" in sync_source(wrong, store, source=whole()).reason
    assert "no kind" in sync_source(settings(kind="xls"), store).reason


def test_a_secret_that_cannot_be_read_fails_the_run(
    store: ContactStore, postgres: Postgres, tmp_path: Path
) -> None:
    world = PostgresWorld(postgres, tmp_path / "none")
    reason = sync_source(world.settings, store).reason
    assert reason == f"source CRM: {tmp_path / 'none'}: No such file or directory"


def test_a_second_run_over_an_unchanged_file_writes_no_row(
    store: ContactStore, tmp_path: Path
) -> None:
    path = tmp_path / "phones.csv"
    lines = [
        "id;name;phone",
        *(f"{n};Jürgen Groß {n};089 99998-{n % 1000:03}" for n in range(9_000)),
    ]
    path.write_text("\n".join(lines))
    first = sync_source(csv_settings(path), store)
    assert (first.added, first.rejected) == (9_000, 0)
    seq = store.last_seq()
    second = sync_source(csv_settings(path), store)
    assert (second.unchanged, second.added, second.changed) == (9_000, 0, 0)
    assert store.last_seq() == seq
    third = sync_source(csv_settings(path, plan=DialPlan(area_code="30")), store)
    assert (third.unchanged, third.changed) == (9_000, 0)
