"""A PostgreSQL of its own for a bench: made, started, thrown away.

Law: nothing of it outlives its `with` block; it is set up for speed, not for safety (no fsync).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyodbc  # type: ignore[import-not-found]  # it brings no types

from rufname.programs import START_TIMEOUT_S, free_port, running, wait_for_port

PROGRAMS = Path("/usr/lib/postgresql")


class Postgres(msgspec.Struct, frozen=True):
    """A running server: its ODBC connection string, and its port on loopback."""

    dsn: str
    port: int


def has_postgres() -> bool:
    """Tell whether PostgreSQL's server is installed (Debian package postgresql)."""
    return bool(list(PROGRAMS.glob("*/bin/postgres")))


def connect(dsn: str) -> pyodbc.Connection:
    """Return a connection as soon as the server has started up."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return pyodbc.connect(dsn)
        except pyodbc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a fresh PostgreSQL for a `with` block."""
    programs = max(PROGRAMS.glob("*/bin/postgres")).parent
    folder = Path(tempfile.mkdtemp(prefix="rufname-bench-postgres-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # which PostgreSQL refuses
        entry = pwd.getpwnam("postgres")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    try:
        cluster = folder / "cluster"
        subprocess.run(
            [*as_user, str(programs / "initdb"), "-D", str(cluster), "-U", "bench", "-N",
             "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        port = free_port()
        argv = [*as_user, str(programs / "postgres"), "-D", str(cluster), "-p", str(port)]
        for setting in (
            "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off",
            "shared_buffers=1GB", "work_mem=64MB", "jit=off",
        ):  # fmt: skip
            argv += ["-c", setting]
        with running(argv, folder / "log") as process:
            wait_for_port(port, process, folder / "log")
            yield Postgres(
                f"Driver={{PostgreSQL Unicode}};Server=127.0.0.1;Port={port};Database=postgres;"
                "Uid=bench",
                port,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
