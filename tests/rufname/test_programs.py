from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rufname.programs import (
    ProgramFailed,
    anonymous_kib,
    cpu_s,
    family,
    first_core,
    free_port,
    last_core,
    memory,
    memory_peaks_kib,
    pin,
    running,
    wait_for_port,
)
from tests.e2e.processes import wait_until

SLEEP = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]


def test_a_program_runs_for_its_block_and_is_read_meanwhile(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(SLEEP, log) as process:
        wait_until(lambda: "awake" in log.read_text(), timeout_s=60, what="first words")
        assert family(os.getpid()).count(process.pid) == 1
        pin(process.pid, last_core())
        assert os.sched_getaffinity(process.pid) == {last_core()}
        assert first_core() <= last_core()
        assert cpu_s(process.pid) >= 0
        assert memory_peaks_kib(process.pid)[process.pid] > anonymous_kib(process.pid) > 0
    assert process.returncode is not None


def test_memory_and_cpu_time_of_this_process_grow_with_what_it_does() -> None:
    own = os.getpid()
    before, spent = memory([own]), cpu_s(own)
    held = bytearray(os.urandom(1)) * (64 * 1024 * 1024)
    after = memory([own])
    assert after.own - before.own > 50
    assert after.whole >= after.own > 0
    assert sum(held[::4096]) >= 0
    assert cpu_s(own) > spent


def test_a_program_that_is_gone_takes_nothing() -> None:
    assert memory([2**22 + 1]).whole == 0


def test_a_program_that_ends_instead_of_listening_is_told_with_its_own_words(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-c", "import sys; sys.exit('port 1389 is in use')"]
    with (
        running(words, tmp_path / "log") as process,
        pytest.raises(ProgramFailed, match="ended with 1: port 1389 is in use"),
    ):
        wait_for_port(1, process, tmp_path / "log")


def test_a_program_that_says_nothing_is_told_so(tmp_path: Path) -> None:
    with (
        running([sys.executable, "-c", ""], tmp_path / "log") as process,
        pytest.raises(ProgramFailed, match="ended with 0: it said nothing"),
    ):
        wait_for_port(1, process, tmp_path / "log")


def test_free_ports_are_each_given_once_and_never_taken_for_outgoing_connections() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(ports) < lowest
