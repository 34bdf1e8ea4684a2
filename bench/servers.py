"""Servers under test: started on loopback, pinned to a core, their CPU time read, stopped.

Law: what is started here is stopped here, by its own pid.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from bench.ldap_load import Load, LoadResult
from rufname.sample_contact import MadeContact
from rufname.sample_files import LDIF_BASE, write_ldif

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
SERVER_CORE = 0
"""The server under test has a core for itself; the load tool takes the last one."""

SLAPD = "/usr/sbin/slapd"
SLAPADD = "/usr/sbin/slapadd"

_SLAPD_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
loglevel 0
threads {threads}
database mdb
maxsize 4294967296
directory {folder}/data
suffix "{base}"
rootdn "{bind}"
rootpw "{password}"
index objectClass eq
index telephoneNumber,mobile eq,sub
"""


class Server(msgspec.Struct, frozen=True):
    """A running LDAP server: which process answers, where, and how to bind."""

    name: str
    pid: int
    port: int
    bind: str
    password: str
    base: str

    def cpu_s(self) -> float:
        """Return the CPU time of all threads of the process so far, in seconds.

        The kernel's own count in nanoseconds where it keeps one; else that of `/proc/PID/stat`, in
        steps of 10 ms, which is the same time, rounded.
        """
        try:
            tasks = list(Path(f"/proc/{self.pid}/task").iterdir())
            spent_ns = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
        except FileNotFoundError:
            text = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
            user, system = text.rpartition(")")[2].split()[11:13]
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return spent_ns / 1e9


def load_core() -> int:
    """Return the core of the load tool: the last one, on one core the same as the server's."""
    return max(os.sched_getaffinity(0))


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def has_slapd() -> bool:
    """Tell whether OpenLDAP's server is installed (Debian package slapd)."""
    return bool(shutil.which(SLAPD) and shutil.which(SLAPADD))


def put_load(server: Server, load: Load) -> tuple[LoadResult, float]:
    """Ask a server from a process on another core; return the figures and the server's CPU seconds.

    Raises:
        RuntimeError: an answer was wrong; the load tool's words.
    """
    argv = [sys.executable, "-m", "bench.ldap_load", str(load_core())]
    before = server.cpu_s()
    done = subprocess.run(argv, input=msgspec.json.encode(load), capture_output=True, check=False)
    spent = server.cpu_s() - before
    if done.returncode:
        raise RuntimeError(f"{server.name}: {done.stderr.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(done.stdout, type=LoadResult), spent


@contextlib.contextmanager
def running_slapd(folder: Path, made: Iterable[MadeContact], threads: int = 16) -> Iterator[Server]:
    """Fill an mdb database offline, as its manual advises, and serve it from `SERVER_CORE`."""
    (folder / "data").mkdir(parents=True)
    bind, password = f"cn=admin,{LDIF_BASE}", "bench"
    config = folder / "slapd.conf"
    config.write_text(
        _SLAPD_CONFIG.format(
            folder=folder, base=LDIF_BASE, bind=bind, password=password, threads=threads
        ),
        encoding="utf-8",
    )
    ldif = folder / "entries.ldif"
    write_ldif(ldif, made)
    subprocess.run(
        [SLAPADD, "-q", "-f", str(config), "-l", str(ldif)], check=True, capture_output=True
    )
    port = free_port()
    argv = [SLAPD, "-d", "0", "-f", str(config), "-h", f"ldap://127.0.0.1:{port}"]
    with running(argv, folder / "slapd.log") as process:
        wait_for_port(port, process)
        pin(process.pid, SERVER_CORE)
        yield Server("slapd", process.pid, port, bind, password, LDIF_BASE)


@contextlib.contextmanager
def running(argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for a `with` block; its output goes to `log`."""
    with log.open("wb") as sink:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something accepts on the port.

    Raises:
        RuntimeError: the program ended, or `START_TIMEOUT_S` passed.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen on {port} after {START_TIMEOUT_S:g} s")


def pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
