"""A whole installation for the benches: a CSV, a configuration, and the real `rufname` program.

Law: as a customer has it; nothing of it is reached but through the command line and the sockets.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.servers import (
    SERVER_CORE,
    START_TIMEOUT_S,
    Server,
    free_port,
    pin,
    running,
    wait_for_port,
)
from engine.index import ContactIndex
from engine.rights import SourcePolicy
from rufname.sample import contacts
from rufname.sample_files import PHONE_LIST_MAP, write_phone_list
from rufname.sample_numbers import SAMPLE_PLAN

RUFNAME = [sys.executable, "-m", "rufname"]
SOURCE = "phones"
BIND, PASSWORD, BASE = "cn=sbc,dc=meta", "bench", "dc=meta"
POLL_S = 0.02

_CONFIG = """\
[directory]
data_dir = "var"
region = "DE"

[dialplan.home]
country_code = "49"
area_code = "{area}"
trunks = ["+{trunk}"]
extension_length = [3, 3]

[[source]]
name = "{name}"
{source}
dialplan = "home"
[source.map]
{rules}

[ldap]
listen = ["ldap://127.0.0.1:{port}"]
base = "{base}"
workers = 1

[[client]]
name = "sbc"
bind = "{bind}"
password = {{ file = "sbc.hash" }}
networks = ["127.0.0.0/8"]
profile = "sbc"
dialplan = "home"
"""


class Run(msgspec.Struct, frozen=True):
    """One run of `rufname sync`: wall time, CPU time of all its processes, their memory at most."""

    seconds: float
    cpu_s: float
    peak_mib: float


class Installation(msgspec.Struct, frozen=True):
    """A folder with `rufname.toml`, and what it names."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "rufname.toml"

    def sync(self, *options: str) -> Run:
        """Run `rufname sync`.

        Raises:
            RuntimeError: it failed; its words.
        """
        argv = [*RUFNAME, "sync", "-c", str(self.config), *options]
        log = self.folder / "sync.log"
        started = time.perf_counter()
        before = os.times()
        with log.open("wb") as sink:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            peaks |= _memory_peaks(process.pid)
            time.sleep(POLL_S)
        seconds = time.perf_counter() - started
        after = os.times()
        if process.returncode:
            raise RuntimeError(f"rufname sync ended with {process.returncode}: {log.read_text()}")
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        return Run(seconds, cpu, sum(peaks.values()) / 1024)

    def status(self) -> dict[str, object]:
        """Return the first object of `rufname status --json`."""
        argv = [*RUFNAME, "status", "-c", str(self.config), "--json"]
        done = subprocess.run(argv, capture_output=True, check=True)
        status: dict[str, object] = json.loads(done.stdout.splitlines()[0])
        return status

    def open_index(self) -> ContactIndex:
        """Open the index as a worker does."""
        return ContactIndex.open(self.folder / "var" / "index", {SOURCE: SourcePolicy(SOURCE)})

    def disk_mib(self, part: str) -> float:
        """Return what a part of the data folder takes: "index", "contacts.sqlite"."""
        path = self.folder / "var" / part
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return sum(each.stat().st_blocks * 512 for each in files) / 2**20

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        """Run `rufname serve` for a `with` block; its one LDAP worker has `SERVER_CORE`."""
        argv = [*RUFNAME, "serve", "-c", str(self.config)]
        with running(argv, self.folder / "serve.log") as process:
            wait_for_port(self.port, process)
            worker = worker_of(process.pid, "ldapd")
            pin(worker, SERVER_CORE)
            yield Server("rufname", worker, self.port, BIND, PASSWORD, BASE)


Rules = dict[str, str | tuple[str, ...]]


def install(folder: Path, count: int, seed: int = 1) -> Installation:
    """Write a CSV of `count` contacts and the configuration to read and serve it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_phone_list(folder / "phones.csv", contacts(count, seed), "utf-8")
    return configure(folder, 'kind = "csv"\npath = "phones.csv"\nkey = ["Nr"]', PHONE_LIST_MAP)


def configure(folder: Path, source: str, rules: Rules) -> Installation:
    """Write the configuration of one source and a client.

    Args:
        folder: where it stands; made if absent.
        source: kind, key and options of the source, in TOML.
        rules: its field mapping.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    hashed = subprocess.run(
        [*RUFNAME, "password", "--stdin"], input=PASSWORD.encode(), capture_output=True, check=True
    )
    secret = folder / "sbc.hash"
    secret.write_bytes(hashed.stdout)
    secret.chmod(0o600)
    text = _CONFIG.format(
        area=SAMPLE_PLAN.area_code,
        trunk=SAMPLE_PLAN.trunks[0],
        name=SOURCE,
        source=source,
        rules="\n".join(f"{field} = {_toml(rule)}" for field, rule in rules.items()),
        port=port,
        base=BASE,
        bind=BIND,
    )
    installation = Installation(folder, port)
    installation.config.write_text(text, encoding="utf-8")
    return installation


def _toml(rule: str | tuple[str, ...]) -> str:
    """Write a mapping rule; JSON's strings and lists are TOML's."""
    return json.dumps(list(rule) if isinstance(rule, tuple) else rule, ensure_ascii=False)


def worker_of(supervisor: int, role: str) -> int:
    """Return the pid of the worker of a role below a supervisor.

    Raises:
        RuntimeError: there is none after `START_TIMEOUT_S`.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        for pid in _family(supervisor):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if role.encode() in words:
                    return pid
        time.sleep(POLL_S)
    raise RuntimeError(f"rufname serve has no worker {role}")


def _family(pid: int) -> list[int]:
    """Return a process and everything below it."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _memory_peaks(pid: int) -> dict[int, int]:
    """Return the peak resident memory of a process and its children so far, in KiB."""
    peaks = {}
    for each in _family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks[each] = int(line.split()[1])
    return peaks
