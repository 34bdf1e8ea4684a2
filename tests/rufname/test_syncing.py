from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading

import pytest

from engine.store import ContactStore
from rufname import syncing
from rufname.rundir import take_writer_lock
from tests.rufname.place import PEOPLE, Place

NEW = ("9", "Nina Neu", "", "+49 89 99998 009", "")


def test_a_sync_tells_what_it_did_in_one_line(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("sync") == 0
    said = capfd.readouterr()
    assert said.out.startswith("phonelist: 3 read, 3 added, 0 changed, 0 unchanged, 0 removed")
    assert said.err == ""
    assert place.run("sync", "--source", "phonelist") == 0
    assert "3 unchanged" in capfd.readouterr().out


def test_what_is_synced_is_found_and_what_is_gone_is_not(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_people([*PEOPLE[:2], NEW])
    synced.write_config(more="max_drop = 1")
    assert synced.run("sync") == 0
    assert synced.run("lookup", "+498999998009") == 0
    assert synced.run("search", "zentrale") == 1
    assert "1 removed" in capfd.readouterr().out


def test_a_source_that_fails_is_one_line_with_its_name_and_exit_code_3(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.people.unlink()
    assert synced.run("sync") == 3
    said = capfd.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("source phonelist: ")
    assert said.err.endswith("(3 contacts of it still served)\n")
    assert synced.run("lookup", "+493023125001") == 0


def test_a_source_that_never_was_read_is_not_said_to_be_served(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.people.unlink()
    assert place.run("sync") == 3
    assert capfd.readouterr().err.endswith("(nothing of it is served yet)\n")


def test_a_refused_run_is_exit_code_3(synced: Place, capfd: pytest.CaptureFixture[str]) -> None:
    synced.write_people(PEOPLE[:1])
    assert synced.run("sync") == 3
    assert "max_drop" in capfd.readouterr().err
    assert synced.run("search", "zentrale") == 0


def test_a_dry_run_tells_what_would_change_and_stores_nothing(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_people([*PEOPLE, NEW])
    assert synced.run("sync", "--dry-run") == 0
    said = capfd.readouterr().out
    assert "1 added" in said
    assert "nothing was stored" in said
    assert synced.run("lookup", "+498999998009") == 1
    store = ContactStore.open(synced.config.store_path, read_only=True)
    assert len(store.runs("phonelist", 10)) == 1
    store.close()


def test_a_full_dry_run_reads_what_did_not_change_too(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert synced.run("sync", "--dry-run") == 0
    assert "0 read of what changed" in capfd.readouterr().out
    assert synced.run("sync", "--dry-run", "--full") == 0
    assert "3 read, 0 added" in capfd.readouterr().out


def test_a_dry_run_works_before_the_first_sync_and_makes_no_store(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.run("sync", "--dry-run") == 0
    assert "3 added" in capfd.readouterr().out
    assert not place.config.store_path.exists()


def test_an_unknown_source_is_wrong_use(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert place.run("sync", "--source", "crm") == 2
    assert "there is: phonelist" in capfd.readouterr().err


def test_a_source_that_left_the_configuration_is_dropped_by_a_sync_of_everything(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    text = synced.path.read_text(encoding="utf-8")
    synced.path.write_text(text.replace('"phonelist"', '"other"'), encoding="utf-8")
    assert synced.run("sync", "--source", "other") == 0
    store = ContactStore.open(synced.config.store_path, read_only=True)
    assert store.sources() == {"phonelist": 3, "other": 3}
    assert synced.run("sync") == 0
    assert store.sources() == {"phonelist": 0, "other": 3}
    store.close()
    capfd.readouterr()
    assert synced.run("lookup", "+493023125001", "--json") == 0
    assert '"id":"other:1"' in capfd.readouterr().out


def test_a_second_sync_waits_for_the_first_and_says_so(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    lock = take_writer_lock(place.config.run_dir)
    timer = threading.Timer(0.6, lock.release)
    timer.start()
    assert place.run("sync") == 0
    timer.join()
    said = capfd.readouterr()
    assert said.err.startswith("waiting: process ")
    assert "3 added" in said.out


def test_a_sync_that_waited_too_long_says_who_writes(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "LOCK_PATIENCE_S", 0.0)
    lock = take_writer_lock(place.config.run_dir)
    assert place.run("sync") == 3
    assert "is writing to" in capfd.readouterr().err
    lock.release()


def test_a_configuration_without_sources_has_nothing_to_read(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    place.path.write_text("", encoding="utf-8")
    assert place.run("sync") == 0
    assert "no [[source]]" in capfd.readouterr().err


def test_what_the_last_source_left_is_dropped_but_not_for_an_empty_file(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    text = synced.path.read_text(encoding="utf-8")
    store = ContactStore.open(synced.config.store_path, read_only=True)
    synced.path.write_text("", encoding="utf-8")
    assert synced.run("sync") == 0
    begin, end = text.index("[[source]]"), text.index("[[client]]")
    synced.path.write_text(text[:begin] + text[end:], encoding="utf-8")
    assert synced.run("sync", "--dry-run") == 0
    assert store.sources() == {"phonelist": 3}
    assert synced.run("sync") == 0
    assert store.sources() == {"phonelist": 0}
    store.close()
    assert "no [[source]]" in capfd.readouterr().err
    assert synced.run("lookup", "+493023125001") == 1


@pytest.mark.parametrize("more", [0, 1])
def test_a_store_from_a_backup_is_indexed_anew_whatever_is_read_first(
    synced: Place, more: int
) -> None:
    backup = synced.config.store_path.read_bytes()
    lost = [("7", "Lost in Time", "", "030 23125-007", "")]
    synced.write_people([*PEOPLE, *lost])
    assert synced.run("sync") == 0
    assert synced.run("search", "lost in time") == 0
    synced.config.store_path.write_bytes(backup)
    fresh = [
        (str(key), f"Fresh {key}", "", f"030 23125-0{key}", "") for key in range(20, 21 + more)
    ]
    synced.write_people([*PEOPLE, *fresh])
    assert synced.run("sync") == 0
    assert synced.run("lookup", "+493023125020") == 0
    assert synced.run("search", "lost in time") == 1


def test_an_interrupted_sync_leaves_no_process_and_no_lock(place: Place) -> None:
    code = (
        "import signal, sys, threading, os\n"
        "from rufname.cli import run\n"
        "threading.Timer(1.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "sys.exit(run(['sync', '-c', sys.argv[1]]))\n"
    )
    place.write_people([(str(n), f"Person {n}", "", "", "") for n in range(150_000)])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(place.path)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130
    take_writer_lock(place.config.run_dir).release()


def test_what_a_run_held_back_goes_when_it_is_released(
    synced: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    synced.write_people(PEOPLE[:1])
    assert synced.run("sync") == 3
    said = capfd.readouterr().err
    command = f"rufname sync -c {shlex.quote(str(synced.path))} --source phonelist"
    number = re.search(rf"`{re.escape(command)} --release (\d+)`", said)
    assert number
    assert synced.run("sync", "--source", "phonelist", "--release", "999") == 3
    assert "no refused run has the number 999" in capfd.readouterr().err
    assert synced.run("sync", "--source", "phonelist", "--release", number[1]) == 0
    assert "2 removed" in capfd.readouterr().out
    assert synced.run("sync", "--release", number[1]) == 2


def test_a_new_column_of_a_source_is_said(synced: Place, capfd: pytest.CaptureFixture[str]) -> None:
    synced.people.write_text(synced.people.read_text().replace("mail\n", "mail,cell\n", 1))
    assert synced.run("sync") == 0
    assert "phonelist: new in the source: 'cell'" in capfd.readouterr().err
