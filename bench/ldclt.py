"""ldclt, the load tool of 389 Directory Server: a second judge, which nobody here wrote.

It asks for numbers of one pattern, drawn at random from a range, on one connection a thread. It
counts results that are no success, and does not look at what is found. It looks every ten seconds
whether its threads have ended, and then once more, so that a run takes twenty.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import msgspec

from bench.servers import Server
from rufname.programs import last_core

LDCLT = "ldclt"
"""Debian package 389-ds-base."""

TIMEOUT_S = 300

_TOTAL = re.compile(r"Global average rate: .* total: +(\d+)$", re.MULTILINE)
_CLEAN = "Global no error occurs during this session."
_ERROR = re.compile(r"Global error.*|.*Exit status .*")


class Drawn(msgspec.Struct, frozen=True):
    """What ldclt asks.

    Attributes:
        pattern: a filter; X stands for each digit of a number of the range.
        low, high: the range, both inclusive.
        threads: connections.
        each: questions on each connection.
        pending: more than 1: questions open at once on each connection.
        anew: each question on a connection of its own, with a bind.
    """

    pattern: str
    low: int
    high: int
    threads: int = 8
    each: int = 1_000
    pending: int = 1
    anew: bool = False


def has_ldclt() -> bool:
    """Tell whether ldclt is installed."""
    return shutil.which(LDCLT) is not None


def ask(server: Server, drawn: Drawn) -> tuple[int, float]:
    """Ask from the last core; return how many questions were answered, and the server's CPU time.

    Raises:
        RuntimeError: ldclt counted an error, or fewer answers than questions; its words.
    """
    modes = ["esearch", "random", "attrlist=displayName", *(["bindeach"] if drawn.anew else [])]
    argv = ["taskset", "-c", str(last_core()), LDCLT, "-h", "127.0.0.1", "-p", str(server.port)]
    argv += ["-D", server.bind, "-w", server.password, "-b", server.base, "-f", drawn.pattern]
    argv += ["-r", str(drawn.low), "-R", str(drawn.high), "-e", ",".join(modes)]
    argv += ["-n", str(drawn.threads), "-T", str(drawn.each), "-N", "6"]
    if drawn.pending > 1:
        argv += ["-a", str(drawn.pending)]
    before = server.cpu_s()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    spent_s = server.cpu_s() - before
    total = _TOTAL.search(done.stdout)
    wanted = drawn.threads * drawn.each
    if done.returncode or _CLEAN not in done.stdout or not total or int(total[1]) != wanted:
        said = _ERROR.findall(done.stdout) or [done.stdout[-500:], done.stderr[-500:]]
        counted = total[1] if total else "none"
        raise RuntimeError(f"{server.name}: {counted} of {wanted} answered; {'; '.join(said)}")
    return int(total[1]), spent_s
