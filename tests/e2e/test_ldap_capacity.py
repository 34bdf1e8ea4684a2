"""Ten thousand idle connections: what they cost over all workers."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from ldapd.protocol.client import Result, decode_responses, encode_bind
from rufname.workers import allow_many_descriptors
from tests.e2e.processes import LOOPBACK
from tests.e2e.running import SBC, Row, csv_source, running_rufname, write_rows

pytestmark = [pytest.mark.e2e, pytest.mark.long]

COUNT = 10_000
LIMITS = """
[ldap.limits]
max_connections = 10000
max_per_client = 10000
idle_time_s = 0
"""


def private_bytes(pids: list[int]) -> int:
    """Return the memory of processes, each shared page counted once (proportional set size)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def test_ten_thousand_idle_connections_take_less_than_200_mib(tmp_path: Path) -> None:
    allow_many_descriptors()
    rows = [Row("1", "Ada Muster", phone="030 23125-001")]
    source = csv_source(write_rows(tmp_path / "contacts.csv", rows))
    with (
        running_rufname(tmp_path, sources=[source], relay=False, more=LIMITS) as server,
        ExitStack() as stack,
    ):
        workers = [
            worker["pid"]
            for name, worker in server.workers_now().items()
            if name.startswith("ldapd")
        ]
        before = private_bytes(workers)
        bind = encode_bind(1, SBC.bind, SBC.password.encode())
        for number in range(COUNT):
            source_address = (f"127.0.{number // 250}.{number % 250 + 1}", 0)
            line = stack.enter_context(
                socket.create_connection((LOOPBACK, server.ldap_port), 60, source_address)
            )
            line.sendall(bind)
            (result,), _ = decode_responses(line.recv(4096))
            assert isinstance(result, Result)
            assert result.code == 0
        assert server.display_names("+493023125001") == ["Ada Muster"]
        after = private_bytes(workers)
        print(f"{COUNT} idle connections: {before >> 20} -> {after >> 20} MiB")  # noqa: T201
        assert after < 200 * 1024 * 1024
