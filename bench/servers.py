"""LDAP servers under test: how they are reached, what they cost, and slapd beside ours."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from bench.ldap_load import Load, LoadResult
from rufname.programs import cpu_s, first_core, free_port, last_core, pin, running, wait_for_port
from rufname.sample_contact import MadeContact
from rufname.sample_files import LDIF_BASE, write_ldif

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
index cn,sn eq,sub
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
        """Return the CPU time of all threads of the process so far, in seconds."""
        return cpu_s(self.pid)


def has_slapd() -> bool:
    """Tell whether OpenLDAP's server is installed (Debian package slapd)."""
    return bool(shutil.which(SLAPD) and shutil.which(SLAPADD))


def put_load(server: Server, load: Load) -> tuple[LoadResult, float]:
    """Ask a server from a process on another core; return the figures and the server's CPU seconds.

    Raises:
        RuntimeError: an answer was wrong; the load tool's words.
    """
    argv = [sys.executable, "-m", "bench.ldap_load", str(last_core())]
    before = server.cpu_s()
    done = subprocess.run(argv, input=msgspec.json.encode(load), capture_output=True, check=False)
    spent = server.cpu_s() - before
    if done.returncode:
        raise RuntimeError(f"{server.name}: {done.stderr.decode(errors='replace')[-2000:]}")
    return msgspec.json.decode(done.stdout, type=LoadResult), spent


@contextlib.contextmanager
def running_slapd(folder: Path, made: Iterable[MadeContact], threads: int = 16) -> Iterator[Server]:
    """Fill an mdb database offline, as its manual advises, and serve it from the first core."""
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
        wait_for_port(port, process, folder / "slapd.log")
        pin(process.pid, first_core())
        yield Server("slapd", process.pid, port, bind, password, LDIF_BASE)
