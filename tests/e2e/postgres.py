"""A PostgreSQL of our own on loopback: a fresh cluster, a database, a login that may only read.

It runs as the user `postgres` where the tests run as root, since it refuses root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.processes import (
    LOOPBACK,
    SYSTEM_PATH,
    Program,
    bound_to_parent,
    find_program,
    free_port,
    running_program,
)

ADMIN = "tester"
READER, READER_PASSWORD = "crm", "only reading; {braces}"
DATABASE = "crm"
DRIVER = "PostgreSQL Unicode"


class Postgres:
    """A running server.

    Attributes:
        port: its TCP port on loopback.
        connection: an ODBC connection string for the reading login, its password in it.
        program: the running postmaster.
    """

    def __init__(self, port: int, program: Program, folder: Path) -> None:
        self.port = port
        self.program = program
        self._socket_folder = folder
        self.connection = odbc_string(port, READER_PASSWORD)

    def run(self, sql: str, *, data: str = "", timeout_s: float = 60) -> str:
        """Run SQL as the owner and return what it printed, unaligned; `data` feeds a COPY.

        Of several statements each is a transaction of its own, unless there is `data`.
        """
        argv = [_program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        argv += ["-h", str(self._socket_folder), "-p", str(self.port), "-U", ADMIN, "-d", DATABASE]
        argv += ["-c", sql] if data else ["-f", "-"]  # an argument has a largest length
        done = subprocess.run(
            argv,
            input=data or sql,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, f"{sql[:2000]}\n{done.stderr}"
        return done.stdout.strip()


def odbc_string(port: int, password: str) -> str:
    """Return an ODBC connection string for the reading login (braces doubled, as ODBC says)."""
    quoted = password.replace("}", "}}")
    return (
        f"Driver={{{DRIVER}}};Server={LOOPBACK};Port={port};Database={DATABASE};"
        f"Uid={READER};Pwd={{{quoted}}}"
    )


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a fresh PostgreSQL for a `with` block; its folder goes with it."""
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="rufname-postgres-"))
    try:
        if user:
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        as_user = []
        if user:  # then bound anew: another user's process forgets what it was bound to
            as_user = [find_program("setpriv"), f"--reuid={user}", f"--regid={user}"]
            as_user += ["--clear-groups", *bound_to_parent()]
        cluster = folder / "cluster"
        initdb = [*as_user, _program("initdb"), "-D", str(cluster), "-U", ADMIN, "-N", "-E", "UTF8"]
        initdb += ["--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run(initdb, check=True, capture_output=True, timeout=120, cwd=folder)
        port = free_port()
        server = [*as_user, _program("postgres"), "-D", str(cluster), "-p", str(port)]
        for setting in (
            f"listen_addresses={LOOPBACK}",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "shared_buffers=32MB",
        ):
            server += ["-c", setting]
        logs = folder / "logs"
        logs.mkdir()
        with running_program("postgres", server, logs, end=signal.SIGINT) as program:
            program.wait_for(
                lambda: _ready(folder, port), timeout_s=60, what="PostgreSQL to accept connections"
            )
            postgres = Postgres(port, program, folder)
            literal = READER_PASSWORD.replace("'", "''")
            postgres.run(f"CREATE ROLE {READER} LOGIN PASSWORD '{literal}'")
            yield postgres
    finally:
        shutil.rmtree(folder)


def _ready(folder: Path, port: int) -> bool:
    """Tell whether the server answers, and make the database at the first answer."""
    argv = ["-h", str(folder), "-p", str(port), "-U", ADMIN]
    ready = subprocess.run(
        [_program("pg_isready"), "-q", *argv], capture_output=True, timeout=10, check=False
    )
    if ready.returncode != 0:
        return False
    made = subprocess.run(
        [_program("createdb"), *argv, DATABASE], capture_output=True, timeout=30, check=False
    )
    return made.returncode == 0


def _user() -> str:
    """Return the user to run as: "" for oneself."""
    return "postgres" if os.geteuid() == 0 else ""


def _program(name: str) -> str:
    """Return a program of PostgreSQL, which Debian keeps outside the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), SYSTEM_PATH]))
    assert found, f"{name} is not installed: apt-get install postgresql"
    return found
