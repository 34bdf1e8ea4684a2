from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import WriterBusy
from rufname import rundir
from rufname.rundir import (
    AlreadyServing,
    Lock,
    ServeStatus,
    WorkerStatus,
    make_private,
    read_status,
    serving_pid,
    take_serve_lock,
    take_writer_lock,
    write_status,
)

STATUS = ServeStatus(
    pid=1,
    config="rufname.toml",
    started_at=0.5,
    ready=True,
    listens=("ldap://127.0.0.1:389",),
    workers=(WorkerStatus("ldapd-0", 2, "ready", 0, 1.0, {"connections": 3}),),
)

HOLD = """
import sys, signal
from pathlib import Path
from rufname.rundir import Lock
lock = Lock.take(Path(sys.argv[1]))
print("held", flush=True)
signal.pause()
"""


def test_only_one_process_serves_and_the_second_is_told_which(tmp_path: Path) -> None:
    lock = take_serve_lock(tmp_path)
    with pytest.raises(AlreadyServing, match=f"process {os.getpid()}\\) works on"):
        take_serve_lock(tmp_path)
    lock.release()
    take_serve_lock(tmp_path).release()


def test_only_one_process_writes_and_the_second_is_told_which(tmp_path: Path) -> None:
    lock = take_writer_lock(tmp_path)
    with pytest.raises(WriterBusy, match=f"process {os.getpid()} is writing"):
        take_writer_lock(tmp_path)
    lock.release()
    take_writer_lock(tmp_path).release()


@pytest.mark.parametrize("take", [take_serve_lock, take_writer_lock])
def test_who_only_looks_whether_a_lock_is_held_is_not_taken_for_its_holder(
    take: Callable[[Path], Lock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("serve.lock", "writer.lock"):
        (tmp_path / name).touch()
    looking = [os.open(tmp_path / name, os.O_RDONLY) for name in ("serve.lock", "writer.lock")]
    for descriptor in looking:
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def pass_time(_seconds: float) -> None:
        while looking:
            os.close(looking.pop())

    monkeypatch.setattr(rundir.time, "sleep", pass_time)
    take(tmp_path).release()


def test_on_a_full_disk_a_lock_is_taken_without_the_name_of_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rundir.os, "write", write)
    lock = take_serve_lock(tmp_path)
    assert serving_pid(tmp_path) == 0
    assert Lock.take(tmp_path / "serve.lock") is None
    lock.release()
    take_writer_lock(tmp_path).release()


def test_a_lock_ends_with_its_process_and_tells_that_it_was_left(tmp_path: Path) -> None:
    path = tmp_path / "serve.lock"
    with subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert Lock.take(path) is None
        assert serving_pid(tmp_path) == holder.pid
        holder.send_signal(signal.SIGKILL)
    assert serving_pid(tmp_path) is None
    lock = take_serve_lock(tmp_path)
    assert lock.stale
    lock.release()
    lock = take_serve_lock(tmp_path)
    assert not lock.stale
    lock.release()


def test_an_inherited_lock_is_held_by_the_child_too(tmp_path: Path) -> None:
    lock = take_writer_lock(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.descriptor,)
    ) as child:
        lock.release()
        with pytest.raises(WriterBusy):
            take_writer_lock(tmp_path)
        child.communicate(b"\n")
    take_writer_lock(tmp_path).release()


def test_the_folder_and_its_files_are_private(tmp_path: Path) -> None:
    run_dir = tmp_path / "data" / "run"
    lock = take_serve_lock(run_dir)
    write_status(run_dir, STATUS)
    assert run_dir.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in run_dir.iterdir()} == {0o600}
    lock.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_that_root_makes_in_another_users_is_that_users(tmp_path: Path) -> None:
    os.chown(tmp_path, 4_711, 4_712)
    made = make_private(tmp_path / "var" / "run")
    for folder in (made, made.parent):
        assert (folder.stat().st_uid, folder.stat().st_gid) == (4_711, 4_712)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_status_is_read_only_while_somebody_serves(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    lock = take_serve_lock(tmp_path)
    assert read_status(tmp_path) is None
    write_status(tmp_path, STATUS)
    assert read_status(tmp_path) == STATUS
    (tmp_path / "status.json").write_text("{", encoding="utf-8")
    assert read_status(tmp_path) is None
    write_status(tmp_path, STATUS)
    lock.release()
    assert read_status(tmp_path) is None
