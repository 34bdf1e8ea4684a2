"""A whole installation for measuring: a CSV of made-up contacts, a configuration, this program.

Law: as a customer has it; nothing of it is reached but through the command line and the sockets.
Everything stands in one folder, on loopback.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.credentials import hash_password
from rufname.programs import (
    POLL_S,
    SAID_CHARS,
    START_TIMEOUT_S,
    ProgramFailed,
    anonymous_kib,
    first_core,
    free_port,
    memory_peaks_kib,
    pin,
    running,
    wait_for_port,
)
from rufname.rundir import read_status
from rufname.sample import contacts
from rufname.sample_files import PHONE_LIST_MAP, write_phone_list
from rufname.sample_numbers import SAMPLE_PLAN

RUFNAME = [sys.executable, "-P", "-m", "rufname"]
SOURCE = "phones"
CLIENT, USER = "sbc", "bench"
BIND, PASSWORD, BASE = "cn=sbc,dc=meta", "bench", "dc=meta"

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
listen = ["ldap://127.0.0.1:{ldap_port}"]
base = "{base}"
workers = 1

[relay]
listen = "http://127.0.0.1:{http_port}"
[relay.limits]
user_rate = 0
tenant_rate = 0
max_in_flight = 64

[[client]]
name = "{client}"
bind = "{bind}"
password = {{ file = "sbc.hash" }}
networks = ["127.0.0.0/8"]
profile = "sbc"
dialplan = "home"

[[user]]
name = "{user}"
password = {{ file = "sbc.hash" }}
"""


Rules = dict[str, str | tuple[str, ...]]
"""A field mapping."""


class Run(msgspec.Struct, frozen=True):
    """One run of `rufname sync`.

    Attributes:
        seconds: that passed.
        cpu_s: CPU time of all its processes.
        peak_mib: resident memory of each at most, mapped files included, added up.
        own_peak_mib: memory of all together at most, mapped files left out.
        own_half_mib: the same of the first half of the time.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    own_peak_mib: float = 0.0
    own_half_mib: float = 0.0


class Serving(msgspec.Struct, frozen=True):
    """A running `rufname serve` and the processes below it."""

    supervisor: int
    ldap_worker: int
    http_worker: int
    writer: int

    @property
    def pids(self) -> tuple[int, ...]:
        """All of them."""
        return (self.supervisor, self.ldap_worker, self.http_worker, self.writer)


class Installation(msgspec.Struct, frozen=True):
    """A folder with `rufname.toml`, and what it names."""

    folder: Path
    ldap_port: int
    http_port: int

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "rufname.toml"

    @property
    def index_dir(self) -> Path:
        """The folder of the index's generations."""
        return self.folder / "var" / "index"

    def write_contacts(self, count: int, seed: int = 1, changed: int = 0) -> None:
        """Write `phones.csv` anew; the first `changed` contacts with another department."""
        made = (
            msgspec.structs.replace(each, department=f"{each.department} neu")
            if place < changed
            else each
            for place, each in enumerate(contacts(count, seed))
        )
        write_phone_list(self.folder / "phones.csv", made, "utf-8")

    def sync(self, *options: str) -> Run:
        """Run `rufname sync`.

        Raises:
            ProgramFailed: it failed; its words.
        """
        argv = [*RUFNAME, "sync", "-c", str(self.config), *options]
        log = self.folder / "sync.log"
        started = time.perf_counter()
        before = os.times()
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - our own program
                argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        peaks: dict[int, int] = {}
        own = [(0.0, 0)]
        while process.poll() is None:
            peaks |= memory_peaks_kib(process.pid)
            own.append((time.perf_counter() - started, anonymous_kib(process.pid)))
            time.sleep(POLL_S)
        seconds = time.perf_counter() - started
        after = os.times()
        if process.returncode:
            said = log.read_text(encoding="utf-8", errors="replace")
            raise ProgramFailed(f"rufname sync ended with {process.returncode}: {said}")
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        peak_kib = max(kib for _, kib in own)
        half_kib = max(kib for at, kib in own if at <= seconds / 2)
        return Run(seconds, cpu, sum(peaks.values()) / 1024, peak_kib / 1024, half_kib / 1024)

    def drop_index(self) -> None:
        """Remove the index, so that the next run builds it anew from the store."""
        shutil.rmtree(self.index_dir)

    def disk_mib(self, part: str) -> float:
        """Return what a part of the data folder takes: "index", "contacts.sqlite"."""
        path = self.folder / "var" / part
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return sum(each.stat().st_blocks * 512 for each in files) / 2**20

    def forget_index(self) -> None:
        """Let the kernel drop from its cache what of the index no process has touched.

        It is full of what was just written, and maps whatever lies there around a page that is
        touched: that would count as memory in use. A file system in memory drops nothing.
        """
        for path in self.index_dir.rglob("*"):
            if path.is_file() and not path.is_symlink():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)  # only what is written through can be dropped
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Serving]:
        """Run `rufname serve` for a `with` block; its workers have the first core.

        Raises:
            ProgramFailed: it ends, or not every worker is ready in time.
        """
        argv = [*RUFNAME, "serve", "-c", str(self.config)]
        log = self.folder / "serve.log"
        with running(argv, log) as process:
            for port in (self.ldap_port, self.http_port):
                wait_for_port(port, process, log)
            serving = self._processes(process)
            for worker in (serving.ldap_worker, serving.http_worker):
                pin(worker, first_core())
            yield serving

    def session(self) -> str:
        """Sign in over HTTP; return the session's token.

        Raises:
            ProgramFailed: the server refused.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        with contextlib.closing(connection):
            body = json.dumps({"name": USER, "password": PASSWORD})
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/sign-in", body, headers)
            answer = connection.getresponse()
            found = answer.read()
        if answer.status != http.client.OK:
            raise ProgramFailed(f"sign-in answered {answer.status}: {found!r}")
        return str(json.loads(found)["session"])

    def _processes(self, process: subprocess.Popen[bytes]) -> Serving:
        """Wait until every worker is ready; return which process does what."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            status = read_status(self.folder / "var" / "run")
            if status is not None and status.pid == process.pid and status.ready:
                pids = {each.name.partition("-")[0]: each.pid for each in status.workers}
                return Serving(process.pid, pids["ldapd"], pids["relay"], pids["writer"])
            time.sleep(POLL_S)
        log = (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")
        raise ProgramFailed(f"rufname serve is not ready: {log[-SAID_CHARS:]}")


def install(folder: Path, count: int, seed: int = 1) -> Installation:
    """Write a CSV of `count` contacts and the configuration to read and serve it."""
    source = 'kind = "csv"\npath = "phones.csv"\nkey = ["Nr"]'
    installation = configure(folder, source, PHONE_LIST_MAP)
    installation.write_contacts(count, seed)
    return installation


def configure(folder: Path, source: str, rules: Rules) -> Installation:
    """Write the configuration of one source, a client and a user.

    Args:
        folder: where it stands; made if absent.
        source: kind, key and options of the source, in TOML.
        rules: its field mapping.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "sbc.hash"
    secret.touch(mode=0o600)
    secret.write_text(hash_password(PASSWORD), encoding="utf-8")
    installation = Installation(folder, free_port(), free_port())
    text = _CONFIG.format(
        area=SAMPLE_PLAN.area_code,
        trunk=SAMPLE_PLAN.trunks[0],
        name=SOURCE,
        source=source,
        rules="\n".join(f"{field} = {_toml(rule)}" for field, rule in rules.items()),
        ldap_port=installation.ldap_port,
        http_port=installation.http_port,
        base=BASE,
        client=CLIENT,
        bind=BIND,
        user=USER,
    )
    installation.config.write_text(text, encoding="utf-8")
    return installation


def _toml(rule: str | tuple[str, ...]) -> str:
    """Write a mapping rule; JSON's strings and lists are TOML's."""
    return json.dumps(list(rule) if isinstance(rule, tuple) else rule, ensure_ascii=False)
