from __future__ import annotations

import shlex
import threading
import time
from pathlib import Path

import msgspec
import pytest

from connectors.errors import SourceFailed
from connectors.report import RunReport
from connectors.sync import SyncProgress, sync_source
from engine.contact import encode_contact
from engine.errors import StoreUnavailable
from engine.phone import DialPlan
from engine.source import Columns
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
from tests.connectors.worlds import PostgresWorld
from tests.e2e.postgres import Postgres


def run(store: ContactStore, source: ScriptedSource, **rest: object) -> RunReport:
    return sync_source(settings(), store, source=source, **rest)  # type: ignore[arg-type]  # keywords of sync_source


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
    report = run(store, whole(people(6)))
    assert (report.state, report.removed, report.unchanged) == ("refused", 0, 6)
    assert "would remove 4 of 10 contacts" in report.reason
    assert sync_source(settings(max_drop=ANY_DROP), store, source=whole(people(6))).removed == 4


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
    assert (last.state, last.reason) == ("failed", "source CRM: broken off: ZeroDivisionError")


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


def follow(store: ContactStore, path: Path) -> RunReport:
    """One run over a file, after which the index has followed: the bookmark counts."""
    report = sync_source(csv_settings(path, max_drop=ANY_DROP), store)
    store.settle(store.last_seq())
    return report


ROWS = "id;name;phone\n1;Anna;089 99998100\n2;;\n3;Cy;nobody\n"


def test_a_file_as_it_was_is_not_read_and_what_was_rejected_is_told_again(
    store: ContactStore, tmp_path: Path
) -> None:
    path = tmp_path / "phones.csv"
    path.write_text(ROWS)
    first = follow(store, path)
    assert (first.read, first.added, first.rejected, first.rejected_fields) == (3, 2, 1, 1)
    faults = store.rejected("crm")
    assert len(faults) == 2
    for _ in range(3):
        again = follow(store, path)
        assert (again.state, again.read, again.full, again.unchanged) == ("done", 0, False, 2)
        assert (again.rejected, again.rejected_fields) == (1, 1)
        assert store.rejected("crm") == faults
    path.write_text(ROWS.replace("nobody", "089 99998300"))
    mended = follow(store, path)
    assert (mended.read, mended.changed, mended.rejected, mended.rejected_fields) == (3, 1, 1, 0)


@pytest.mark.parametrize("between", ["cut off", "a bad line", "killed", "refused"])
def test_a_file_that_is_as_it_was_once_is_read_again_if_another_run_came_between(
    store: ContactStore, tmp_path: Path, between: str
) -> None:
    path = tmp_path / "phones.csv"
    path.write_text(ROWS)
    follow(store, path)
    other = ROWS.replace("Anna", "Berta")
    path.write_text(other + ('4;"Dora' if between == "cut off" else ""))
    if between == "a bad line":
        path.write_text(other + "4\n")
    if between == "refused":
        path.write_text("id;name;phone\n1;Berta;\n")
        assert sync_source(csv_settings(path), store).state == "refused"
    elif between == "killed":
        run = store.begin_run("crm", "CRM")
        assert run
        (row,) = store.states("crm", ["1"]).values()
        body = encode_contact(msgspec.structs.replace(stored(store)["1"], display_name="Berta"))
        assert row[2] != body
        store.apply("crm", [("1", b"", body)])
    else:
        follow(store, path)
    store.settle(store.last_seq())
    assert stored(store)["1"].display_name == "Berta"
    path.write_text(ROWS)
    assert follow(store, path).read == 3
    assert stored(store)["1"].display_name == "Anna"


def test_only_the_run_that_was_held_back_can_be_released(store: ContactStore) -> None:
    run(store, whole(people(10)))
    held = run(store, whole(people(2)))
    assert held.reason.endswith(f"`rufname sync -c FILE --source CRM --release {held.run}` lets it")
    wrong = run(store, whole(people(2)), release=held.run + 5)
    assert wrong.state == "failed"
    assert f"refused: {held.run}" in wrong.reason
    more = run(store, whole(people(1)), release=held.run)
    assert (more.state, more.held_back) == ("refused", 9)
    assert run(store, whole(people(2)), release=held.run).removed == 8
    done = store.last_run("crm")
    assert "out of date" in run(store, whole(people(2)), release=more.run).reason
    assert store.last_run("crm") == done  # a mistake at the keyboard is no failed run


def test_the_command_that_releases_a_run_can_be_pasted_into_a_shell(store: ContactStore) -> None:
    own = settings(name="Kunden & Co")
    sync_source(own, store, source=whole(people(10)))
    held = sync_source(own, store, source=whole(people(2)))
    command = held.reason.partition("`")[2].partition("`")[0]
    assert shlex.split(command) == [
        *("rufname", "sync", "-c", "FILE", "--source", "Kunden & Co", "--release", str(held.run))
    ]
    assert "'Kunden & Co'" in command


def test_what_should_be_known_of_a_run_that_is_done_stands_in_the_history(
    store: ContactStore,
) -> None:
    run(store, whole(Columns(("id",)), people(2)))
    store.settle(store.last_seq())
    report = run(store, whole(Columns(("id", "cell")), people(2)))
    assert (report.state, report.reason, report.notes) == (
        "done",
        "",
        ("new in the source: 'cell'",),
    )
    last = store.last_run("crm")
    assert last is not None
    assert last.reason == "new in the source: 'cell'"
