"""The folder `run/` of a data folder: who serves, who writes, and how the serving goes.

Law: a lock is an flock on an open file, so that it ends with its process however that ends; what
stands in the file is only for people. Nothing here survives a restart in a way that hinders one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from itertools import chain
from pathlib import Path

import msgspec

from engine.errors import WriterBusy
from rufname.errors import RufnameError

_LEAST_PATIENCE_S = 0.15
_RETRY_S = 0.05
"""`_is_held` takes a shared lock for an instant: one failure to lock is no proof of a holder."""


class AlreadyServing(RufnameError):
    """Another `rufname serve` works on this data folder: end it, or leave it alone."""


class WorkerStatus(msgspec.Struct, frozen=True):
    """One worker process as the supervisor sees it.

    `state` is starting, ready or waiting (for its next start); `restarts` counts since the start of
    the supervisor; `metrics` are those of its last heartbeat.
    """

    name: str
    pid: int
    state: str
    restarts: int
    started_at: float
    metrics: dict[str, int] = {}


class ServeStatus(msgspec.Struct, frozen=True):
    """What a running `serve` says of itself; times are seconds since 1970.

    Attributes:
        configured_at: when the configuration that is in force was read.
        refused: the faults of the last SIGHUP, if it changed nothing for them; () if it did.
        restart_for: settings that were changed by SIGHUP and wait for a restart.
    """

    pid: int
    config: str
    started_at: float
    ready: bool
    listens: tuple[str, ...]
    workers: tuple[WorkerStatus, ...]
    configured_at: float = 0.0
    refused: tuple[str, ...] = ()
    restart_for: tuple[str, ...] = ()


def make_private(folder: Path) -> Path:
    """Make a folder that only its owner may enter (0700), and its parents; return it.

    What root makes within another user's folder becomes that user's: `check` as root must not bar
    the service from its own data folder.
    """
    path = folder.absolute()
    missing = [each for each in (path, *path.parents) if not each.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if missing and os.geteuid() == 0:
        owner = missing[-1].parent.stat()
        for made in missing:
            os.chown(made, owner.st_uid, owner.st_gid)
    return folder


def make_private_file(path: Path) -> Path:
    """Make an empty file that only its owner may read, unless it is there; return its path.

    As a folder of `make_private`, one that root makes is its folder's owner's.
    """
    if not path.exists():
        path.touch(mode=0o600)
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
    return path


class Lock:
    """An exclusive lock on a file, held until `release` or the end of the process."""

    def __init__(self, descriptor: int, *, stale: bool) -> None:
        self._descriptor = descriptor
        self.stale = stale
        """Whether the last holder ended without releasing it."""

    @property
    def descriptor(self) -> int:
        """The open file: a child that inherits it holds the lock as well."""
        return self._descriptor

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Return the lock; None: somebody else holds it."""
        make_private(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        stale = os.fstat(descriptor).st_size > 0
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # a full disk: what stands in it is for people
            os.write(descriptor, b"%d\n" % os.getpid())
        return cls(descriptor, stale=stale)

    def release(self) -> None:
        """Give the lock up, cleanly."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def take_serve_lock(run_dir: Path) -> Lock:
    """Return the lock of the one supervisor of a data folder.

    Raises:
        AlreadyServing: another one runs; the text names its process.
    """
    path = run_dir / "serve.lock"
    if lock := _take(path):
        return lock
    raise AlreadyServing(
        f"another `rufname serve` (process {_holder(path)}) works on {run_dir.parent}"
    )


def take_writer_lock(run_dir: Path, patience_s: float = 0.0) -> Lock:
    """Return the lock of the one writing process, waiting for it at most `patience_s`.

    Raises:
        WriterBusy: another process holds it; the text names it.
    """
    path = run_dir / "writer.lock"
    if lock := _take(path, patience_s):
        return lock
    raise WriterBusy(f"process {_holder(path)} is writing to {run_dir.parent}")


def serving_pid(run_dir: Path) -> int | None:
    """Return the process of the `serve` that works on this data folder; None: there is none."""
    path = run_dir / "serve.lock"
    return _holder(path) if _is_held(path) else None


def is_written(run_dir: Path) -> bool:
    """Tell whether a process writes to this data folder, of `serve` or a `rufname sync`."""
    return _is_held(run_dir / "writer.lock")


def worker_socket(run_dir: Path, role: str, pid: int) -> Path:
    """Return where a worker that answers can be asked; `role`: ldapd or relay."""
    return run_dir / f"{role}-{pid}.sock"


def remove_dead_sockets(run_dir: Path) -> None:
    """Remove the sockets that killed workers left."""
    for path in chain(run_dir.glob("ldapd-*.sock"), run_dir.glob("relay-*.sock")):
        if not Path(f"/proc/{path.stem.rpartition('-')[2]}").exists():
            path.unlink(missing_ok=True)


def write_status(run_dir: Path, status: ServeStatus) -> None:
    """Replace `status.json` in one step."""
    fresh = run_dir / "status.json.new"
    fresh.touch(mode=0o600)
    fresh.write_bytes(msgspec.json.encode(status))
    fresh.replace(run_dir / "status.json")


def read_status(run_dir: Path) -> ServeStatus | None:
    """Return what the running `serve` last said; None: none runs, or it has said nothing yet."""
    if serving_pid(run_dir) is None:
        return None
    try:
        return msgspec.json.decode((run_dir / "status.json").read_bytes(), type=ServeStatus)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _take(path: Path, patience_s: float = 0.0) -> Lock | None:
    """Return the lock as soon as it is free; None: somebody holds it, not for an instant only."""
    deadline = time.monotonic() + max(patience_s, _LEAST_PATIENCE_S)
    while not (lock := Lock.take(path)):
        if time.monotonic() >= deadline:
            return None
        time.sleep(_RETRY_S)
    return lock


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holder(path: Path) -> int:
    """Return the process that a lock file names, 0 where it names none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
