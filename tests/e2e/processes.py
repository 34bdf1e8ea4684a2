"""Real programs for end-to-end tests: started in own sessions, stopped whole, output kept.

Law: every wait is bounded and names what it waited for; nothing outlives its `with` block. A
program that is not installed fails the test and names the Debian package that brings it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")

LOOPBACK = "127.0.0.1"
POLL_S = 0.02
MARKER = "RUFNAME_E2E_RUN"
"""Environment variable that marks a program and everything it starts, sessions apart included."""

PACKAGES = {
    "kamailio": "kamailio",
    "mariadb": "mariadb-client",
    "mariadb-install-db": "mariadb-server",
    "mariadbd": "mariadb-server",
    "sipp": "sip-tester",
    "slapd": "slapd",
    "tinyproxy": "tinyproxy-bin",
    "setpriv": "util-linux",
    "slapadd": "slapd",
    "ldapsearch": "ldap-utils",
    "/usr/lib/x86_64-linux-gnu/kamailio/modules/ldap.so": "kamailio-ldap-modules",
}
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name: str) -> str:
    """Return the path of a program; fail and name its Debian package if it is not installed."""
    path = shutil.which(name, path=SYSTEM_PATH)
    assert path, f"{name} is not installed: apt-get install {PACKAGES.get(name, name)}"
    return path


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that is free now, and that this process has not given out before.

    From below the range out of which the kernel takes the near ends of outgoing connections: a
    port of that range may be taken again before the program it was meant for listens on it.
    """
    for port in itertools.islice(_PORTS, 3_000):
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise AssertionError("no free loopback port")


def _ports() -> Iterator[int]:
    """Go round the ports of this process; those of pytest's parallel workers are apart."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    ports = list(range(20_000 + 3_000 * worker, 23_000 + 3_000 * worker))
    start = os.getpid() % len(ports)
    return itertools.cycle(ports[start:] + ports[:start])


_PORTS = _ports()


def wait_until(
    condition: Callable[[], _T],
    *,
    timeout_s: float,
    what: str,
    output: Callable[[], str] = str,
) -> _T:
    """Poll `condition` until it is truthy and return its value.

    Raises:
        AssertionError: it is still falsy after `timeout_s`; the message names `what` and ends with
            the tail of `output()`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, (
            f"not within {timeout_s:g} s: {what}\n{output()[-4000:]}"
        )
        time.sleep(
            POLL_S
        )  # the only wait of the end-to-end tests: between two looks, never instead


class Program:
    """A running program, the leader of its own session; its output goes to `log`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, mark: str) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._mark = mark

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[int]:
        """Return the pids of all living processes that descend from this program, itself too."""
        return _family(self._mark, self.pid)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its children; SIGSTOP has taken effect."""
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            self.wait_for(lambda: _is_stopped(self.pid), timeout_s=20, what="all of it to stop")

    def wait(self, timeout_s: float) -> int:
        """Return the exit code; fails if the program runs on."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} still runs after {timeout_s:g} s\n{self.output()[-4000:]}"
            ) from None

    def wait_for(self, condition: Callable[[], _T], *, timeout_s: float, what: str) -> _T:
        """`wait_until`, but fails at once if the program has ended."""

        def looked() -> _T:
            code = self.exit_code
            assert code is None, f"{self.name} ended with {code} before {what}\n{self.output()}"
            return condition()

        return wait_until(looked, timeout_s=timeout_s, what=what, output=self.output)

    def kill_all(self) -> list[int]:
        """Kill what is left of the program and its children; return the pids that were left."""
        left = self.family()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(10)
        wait_until(lambda: not self.family(), timeout_s=10, what=f"{self.name} to die of SIGKILL")
        return left

    def stop(self, timeout_s: float = 15, children_s: float = 5) -> int:
        """End it by SIGTERM and return its exit code; fails if it or a child of it stays behind."""
        try:
            self.signal(signal.SIGTERM)
            code = self.wait(timeout_s)
            wait_until(
                lambda: not self.family(),
                timeout_s=children_s,
                what=f"the children of {self.name} to end after it: {self.family()}",
                output=self.output,
            )
        finally:
            self.kill_all()
        return code


def start_program(
    name: str,
    argv: Sequence[str],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
) -> Program:
    """Start `argv` in a session of its own, with its output in `folder/name-N.log`.

    It is ended (SIGTERM) as well if the thread that starts it goes: a test run that is killed
    leaves nothing behind.
    """
    mark = uuid.uuid4().hex
    taken = len(list(folder.glob(f"{name}-*.log")))
    log = folder / f"{name}-{taken}.log"
    full = {**os.environ, "NO_COLOR": "1", **(environment or {}), MARKER: mark}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*bound_to_parent(), *argv],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=full,
            cwd=cwd,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    return Program(name, process, log, mark)


def bound_to_parent() -> list[str]:
    """Return the command before a command that ends it with its parent (PR_SET_PDEATHSIG)."""
    return [find_program("setpriv"), "--pdeathsig", "TERM"]


@contextlib.contextmanager
def running_program(
    name: str,
    argv: Sequence[str],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    end: signal.Signals = signal.SIGTERM,
) -> Iterator[Program]:
    """Run a foreign program for a `with` block; ended by `end`, else killed."""
    program = start_program(name, argv, folder, environment=environment)
    try:
        yield program
    finally:
        program.signal(end)
        with contextlib.suppress(AssertionError):
            program.wait(5)
        program.kill_all()


def command_line(pid: int) -> str:
    """Return the command line of a process, "" if it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def parent_of(pid: int) -> int:
    """Return the parent's pid, 0 if the process is gone."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _is_stopped(pid: int) -> bool:
    """Tell whether every thread of a process has stopped: one after the other does."""
    threads = [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
    return all(_stat(pid, f"task/{thread}/")[:1] == ["T"] for thread in threads)


def _stat(pid: int, thread: str = "") -> list[str]:
    """Return `/proc/PID/stat` from the state on (state, parent, group, session …), [] if gone."""
    try:
        text = Path(f"/proc/{pid}/{thread}stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _family(mark: str, session: int) -> list[int]:
    """Return the living processes of a session, with a mark in their environment, or below those.

    Read from /proc. Several signs, since a process may leave its session, its title may overwrite
    its environment, and its parent may be gone.
    """
    wanted = f"{MARKER}={mark}".encode()
    parents: dict[int, int] = {}
    found = set()
    for folder in Path("/proc").iterdir():
        fields = _stat(int(folder.name)) if folder.name.isdigit() else []
        if not fields or fields[0] in "ZX":
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        if int(fields[3]) == session or wanted in _environment(folder).split(b"\0"):
            found.add(pid)
    below = {pid for pid, parent in parents.items() if parent in found}
    while not below <= found:
        found |= below
        below = {pid for pid, parent in parents.items() if parent in found}
    return sorted(found)


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:
        return b""
