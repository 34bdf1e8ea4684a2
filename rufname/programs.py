"""Programs started to be measured: on loopback, pinned to a core, their CPU time and memory read.

Law: what is started here is stopped here, by its own pid. Figures are the kernel's own; what has
ended meanwhile counts nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from rufname.errors import RufnameError

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
SAID_CHARS = 2_000
"""So much of the end of a program's output is told when it failed."""

_PORTS = range(10_000, 20_000)
_given: set[int] = set()


class ProgramFailed(RufnameError):
    """A program that was to be measured ended, or never answered; the text is its own."""


class Memory(msgspec.Struct, frozen=True):
    """Memory of processes in MiB, each shared page counted once among all that share it.

    Attributes:
        own: anonymous pages: what only this program's running makes necessary.
        mapped: pages of files: code, and what was touched of the index.
    """

    own: float
    mapped: float

    @property
    def whole(self) -> float:
        """Both together."""
        return self.own + self.mapped


def cpu_s(pid: int) -> float:
    """Return the CPU time of all threads of a process so far, in seconds.

    The kernel's own count in nanoseconds where it keeps one; else that of `/proc/PID/stat`, in
    steps of 10 ms, which is the same time, rounded.
    """
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        spent_ns = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
    except FileNotFoundError:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return spent_ns / 1e9


def memory(pids: Iterable[int]) -> Memory:
    """Return the memory of processes together (proportional set size)."""
    own = whole = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                name, _, rest = line.partition(":")
                if name == "Pss":
                    whole += int(rest.split()[0])
                elif name == "Pss_Anon":
                    own += int(rest.split()[0])
    return Memory(own / 1024, (whole - own) / 1024)


def memory_peaks_kib(pid: int) -> dict[int, int]:
    """Return the peak resident memory of a process and its children so far, in KiB, by pid."""
    return _status_kib(pid, "VmHWM")


def anonymous_kib(pid: int) -> int:
    """Return the memory of a process and its children without mapped files, in KiB."""
    return sum(_status_kib(pid, "RssAnon").values())


def _status_kib(pid: int, field: str) -> dict[int, int]:
    found = {}
    for each in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith(f"{field}:"):
                    found[each] = int(line.split()[1])
    return found


def family(pid: int) -> list[int]:
    """Return a process and everything below it."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def first_core() -> int:
    """Return the core that servers under test are pinned to."""
    return min(os.sched_getaffinity(0))


def last_core() -> int:
    """Return the core of load tools; where there is one core only, it is the servers' too."""
    return max(os.sched_getaffinity(0))


def pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})


def free_port() -> int:
    """Return a loopback port that is free now, and that this process was not given before.

    From below the range out of which the kernel takes the near ends of outgoing connections: a
    port of that range may be taken again before the program it was meant for listens on it.

    Raises:
        ProgramFailed: none is free.
    """
    for _ in range(len(_PORTS)):
        port = _PORTS[secrets.randbelow(len(_PORTS))]
        if port in _given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
    raise ProgramFailed(f"no loopback port from {_PORTS[0]} to {_PORTS[-1]} is free")


@contextlib.contextmanager
def running(argv: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for a `with` block; its output goes to `log`."""
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - programs that the callers name
            argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until something accepts on the port.

    Raises:
        ProgramFailed: the program ended, or `START_TIMEOUT_S` passed; with the end of its `log`.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failed(process, f"ended with {process.returncode}", log)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise _failed(process, f"does not listen on {port} after {START_TIMEOUT_S:g} s", log)


def _failed(process: subprocess.Popen[bytes], what: str, log: Path) -> ProgramFailed:
    assert isinstance(process.args, list)
    said = log.read_text(encoding="utf-8", errors="replace")[-SAID_CHARS:].strip()
    return ProgramFailed(f"{shlex.join(process.args)} {what}: {said or 'it said nothing'}")
