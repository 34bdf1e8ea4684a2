from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing

import msgspec
import pytest

from connectors.settings import Schedule
from engine.runs import Run, RunCounts
from rufname.rundir import ServeStatus, WorkerStatus, take_serve_lock, write_status
from rufname.standing import _age, alarm_of
from rufname.writing import Writing
from tests.rufname.place import PEOPLE, Place


def test_before_the_first_sync_everything_is_told_as_absent(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("status") == 0
    said = capfd.readouterr().out
    assert "never" in said
    assert "index: none yet" in said
    assert "serve: not running" in said


def test_after_a_sync_counts_age_and_rejected_records_are_told(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.write_people([*PEOPLE, ("4", "[b]Eva", "", "12", "no address"), ("", "Uwe", "", "", "")])
    assert place.run("sync") == 0
    capfd.readouterr()
    assert place.run("status") == 0
    said = capfd.readouterr().out
    assert "rejected: phonelist: line 5, emails: " in said
    assert "are shown" not in said
    assert place.run("status", "--rejected", "1") == 0
    said = capfd.readouterr().out
    assert said.count("rejected: phonelist: line ") == 1
    assert "rejected: phonelist: 1 of 3 are shown; --rejected N shows more" in said
    assert "index: 4 contacts" in said


def test_json_is_one_object_with_the_whole_state(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synced.run("status", "--json") == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 1
    state = json.loads(lines[0])
    (source,) = state["sources"]
    assert (source["id"], source["contacts"]) == ("phonelist", 3)
    assert source["last_run"]["state"] == "done"
    assert source["last_run"]["counts"]["added"] == 3
    assert (state["index"]["documents"], state["behind"]) == (3, 0)
    assert state["index_age_s"] >= 0
    assert state["serve"] is None


def test_a_failed_run_is_told_with_its_reason(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.people.unlink()
    assert synced.run("sync") == 3
    capfd.readouterr()
    assert synced.run("status") == 0
    said = capfd.readouterr().out
    assert "failed" in said
    assert "people.csv" in said


def test_a_run_that_a_kill_ended_is_not_said_to_be_under_way(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    writing = Writing.open(synced.config)
    writing.store.begin_run("phonelist", "phonelist")
    assert synced.run("status") == 0
    assert " running " in capfd.readouterr().out
    writing.close()  # as after a kill: the run was not finished
    assert synced.run("status") == 0
    said = capfd.readouterr().out
    assert " failed " in said
    assert "phonelist: the process ended during the run" in said
    assert synced.run("status", "--json") == 0
    source = msgspec.json.decode(capfd.readouterr().out)["sources"][0]
    assert source["last_run"]["state"] == "failed"


def test_the_workers_of_a_running_serve_are_told(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    run_dir = synced.config.run_dir
    lock = take_serve_lock(run_dir)
    worker = WorkerStatus("ldapd-0", 4711, "ready", 2, time.time() - 90, {"binds": 7})
    listens = ("ldap://127.0.0.1:1389",)
    write_status(
        run_dir,
        ServeStatus(os.getpid(), "x.toml", 0.0, ready=True, listens=listens, workers=(worker,)),
    )
    assert synced.run("status") == 0
    said = capfd.readouterr().out
    assert "binds=7" in said
    assert "4711" in said
    assert "ldap://127.0.0.1:1389" in said
    lock.release()


def test_what_cannot_be_read_is_a_fault_and_the_rest_is_told(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    store = synced.config.store_path
    with closing(sqlite3.connect(store)) as db:
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'runs'")
        ((size,),) = db.execute("PRAGMA page_size")
    inside = bytearray(store.read_bytes())
    inside[size * (page - 1) : size * page] = b"\xff" * size
    for damaged in (bytes(inside), b"no database at all" * 100):
        store.write_bytes(damaged)
        assert synced.run("status") == 3
        said = capfd.readouterr().out
        assert f"fault: {store}: " in said
        assert "index: 3 contacts" in said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"),
     (7800, "2 h 10 min"), (86_400, "1 d"), (97_200, "1 d 3 h")],
)  # fmt: skip
def test_ages_are_told_in_their_largest_units(seconds: float, text: str) -> None:
    assert _age(seconds) == text


def a_run(number: int, state: str) -> Run:
    return Run(number, "crm", "CRM", state, 0.0, 1.0, RunCounts(), "")  # type: ignore[arg-type]  # a state


HOURLY = Schedule(every_s=3_600)


@pytest.mark.parametrize(
    ("schedule", "states", "age_s", "words"),
    [
        (HOURLY, ["done"], 60.0, ""),
        (HOURLY, [], None, ""),
        (HOURLY, ["refused", "done"], 60.0, "run 2 was held back"),
        (HOURLY, ["running", "refused"], 60.0, "run 1 was held back"),
        (HOURLY, ["failed", "failed", "done"], 60.0, ""),
        (HOURLY, ["failed", "failed", "failed", "done"], 60.0, "the last 3 runs failed"),
        (HOURLY, ["failed", "done"], 5 * 3_600.0, "not read to its end for 5 h"),
        (Schedule(every_s=3_600, window=("08:00", "18:00")), ["done"], 5 * 3_600.0, ""),
        (Schedule(at=("02:00",)), ["done"], 40 * 3_600.0, ""),
        (Schedule(at=("02:00",)), ["done"], 50 * 3_600.0, "not read to its end"),
        (Schedule(), ["done"], 1e9, ""),
    ],
)
def test_an_alarm_says_why_somebody_should_look(
    schedule: Schedule, states: list[str], age_s: float | None, words: str
) -> None:
    runs = [a_run(len(states) - n, state) for n, state in enumerate(states)]
    alarm = alarm_of(schedule, runs, age_s)
    assert words in alarm
    assert bool(alarm) is bool(words)


@pytest.mark.parametrize(
    ("read", "rejected", "alarms"),
    [
        (1_000, 0, False),
        (1_000, 50, False),
        (1_000, 51, True),
        (10, 10, False),
        (0, 30, True),
        (1_000_000, 1_000, False),
        (1_000_000, 1_001, True),
    ],
)
def test_very_many_rejected_records_are_an_alarm(read: int, rejected: int, alarms: bool) -> None:  # noqa: FBT001 - a row
    counts = RunCounts(read=read, rejected=rejected)
    run = msgspec.structs.replace(a_run(1, "done"), counts=counts)
    assert ("records were rejected" in alarm_of(HOURLY, [run], 60.0)) is alarms


def test_the_history_of_a_source_is_shown_on_demand(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_people(PEOPLE[:1])
    synced.run("sync")
    capfd.readouterr()
    assert synced.run("status", "--runs", "5") == 0
    said = capfd.readouterr().out
    assert "runs of phonelist" in said
    assert "alarm: phonelist: run 2 was held back and waits for a release" in said
    assert synced.run("status", "--runs", "5", "--json") == 0
    source = msgspec.json.decode(capfd.readouterr().out)["sources"][0]
    assert [run["counts"]["held_back"] for run in source["runs"]] == [2, 0]
    assert source["age_s"] >= 0


@pytest.mark.parametrize("secret", ['{ credential = "sbc" }', '{ env = "SBC_HASH_OF_THE_UNIT" }'])
def test_a_client_whose_hash_the_service_alone_is_given_keeps_nobody_from_a_terminal(
    synced: Place, secret: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    text = synced.path.read_text(encoding="utf-8")
    synced.path.write_text(text.replace('{ file = "sbc.hash" }', secret), encoding="utf-8")
    for command in (("status",), ("lookup", "030 23125001", "--client", "sbc"), ("sync",)):
        assert synced.run(*command) == 0
    assert capfd.readouterr().err == ""
    assert synced.run("check") == 1
    assert synced.run("serve") == 2
    assert capfd.readouterr().err.count('client[1] "sbc".password: ') == 2
    broken = text.replace('{ file = "sbc.hash" }', '{ file = "nothing.hash" }')
    synced.path.write_text(broken, encoding="utf-8")
    assert synced.run("status") == 2


def test_a_serve_that_cannot_write_what_it_does_is_not_called_absent(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    lock = take_serve_lock(synced.config.run_dir)
    assert synced.run("status") == 0
    assert "serve: runs, but" in capfd.readouterr().out
    lock.release()
    assert synced.run("status") == 0
    assert "serve: not running" in capfd.readouterr().out


def test_a_store_that_is_there_and_cannot_be_opened_is_told(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("status") == 0
    place.config.store_path.mkdir(parents=True)
    assert place.run("status") == 3
    assert f"fault: {place.config.store_path}: " in capfd.readouterr().out
