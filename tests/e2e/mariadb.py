"""A MariaDB of our own on loopback: a fresh data folder, a database, a login that may only read.

It runs as the user `mysql` where the tests run as root, since it refuses root.
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
    Program,
    bound_to_parent,
    find_program,
    free_port,
    running_program,
)

READER, READER_PASSWORD = "crm", "only reading; {braces}"
DATABASE = "crm"
DRIVER = "MariaDB Unicode"


class MariaDb:
    """A running server.

    Attributes:
        port: its TCP port on loopback.
        connection: an ODBC connection string for the reading login, its password in it.
        program: the running mariadbd.
    """

    def __init__(self, port: int, program: Program, folder: Path) -> None:
        self.port = port
        self.program = program
        self._folder = folder
        self.connection = odbc_string(port, READER_PASSWORD)

    def run(self, sql: str, database: str = DATABASE) -> str:
        """Run SQL as the owner and return what it printed, tabs between columns."""
        argv = [find_program("mariadb"), "--no-defaults", "--batch", "--skip-column-names"]
        argv += ["--default-character-set=utf8mb4", f"--socket={self._folder / 'socket'}"]
        argv += ["--user=root", "--abort-source-on-error", *([database] if database else [])]
        done = subprocess.run(
            argv, input=sql, capture_output=True, text=True, timeout=60, check=False
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
def running_mariadb() -> Iterator[MariaDb]:
    """Run a fresh MariaDB for a `with` block; its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="rufname-mariadb-"))
    try:
        as_user: list[str] = []
        user = "mysql" if os.geteuid() == 0 else ""
        if user:
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            as_user = [find_program("setpriv"), f"--reuid={user}", f"--regid={user}"]
            as_user += ["--clear-groups", *bound_to_parent()]
        data = folder / "data"
        install = [*as_user, find_program("mariadb-install-db"), "--no-defaults"]
        install += [
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, check=True, capture_output=True, timeout=120, cwd=folder)
        port = free_port()
        server = [*as_user, find_program("mariadbd"), "--no-defaults", f"--datadir={data}"]
        server += [f"--port={port}", f"--bind-address={LOOPBACK}"]
        server += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        server += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
        server += ["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"]
        logs = folder / "logs"
        logs.mkdir()
        with running_program("mariadb", server, logs, end=signal.SIGTERM) as program:
            mariadb = MariaDb(port, program, folder)
            program.wait_for(
                lambda: _ready(mariadb), timeout_s=60, what="MariaDB to accept connections"
            )
            literal = READER_PASSWORD.replace("'", "''")
            mariadb.run(
                f"CREATE DATABASE {DATABASE}; CREATE USER '{READER}'@'%' IDENTIFIED BY '{literal}'",
                database="",
            )
            yield mariadb
    finally:
        shutil.rmtree(folder)


def _ready(mariadb: MariaDb) -> bool:
    try:
        return mariadb.run("SELECT 1", database="") == "1"
    except AssertionError:
        return False
