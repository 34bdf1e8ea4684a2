"""Mutated requests against the running daemon: none crashes it, none hangs it, its memory is flat.

    RUFNAME_FUZZ_PDUS=1000000 RUFNAME_FUZZ_SEED=7 make test TESTS=tests/e2e/test_ldap_fuzz.py

Each request goes on a connection of its own, half of them bound, and the sending side is closed
behind it: whatever the octets mean, the server has to end the connection.
"""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import pytest

from ldapd.protocol.client import encode_bind, encode_search
from ldapd.protocol.controls import Control
from ldapd.protocol.filters import parse_filter
from tests.e2e.processes import LOOPBACK, wait_until
from tests.e2e.running import PHONE, SBC, Row, Rufname, csv_source, running_rufname, write_rows
from tests.ldapd.protocol.test_fuzz import SEEDS, mutate

pytestmark = pytest.mark.e2e

COUNT = int(os.environ.get("RUFNAME_FUZZ_PDUS", "20000"))
SEED = int(os.environ.get("RUFNAME_FUZZ_SEED", "1"))
ROUND = 1_000
PATIENCE_S = 30.0
MAX_GROWTH_BYTES = 10 * 1024 * 1024

NUMBER, NAME = "+493023125001", "Jürgen Groß"

CLIENTS = [client._replace(networks=(f"{LOOPBACK}/32",)) for client in (SBC, PHONE)]
"""At home, where mutated passwords make nobody wait."""

MORE = [
    *SEEDS,
    *(
        encode_search(9, "dc=meta", parse_filter(text), ("cn", "*", "+"), size_limit=5)
        for text in (
            "(|(telephoneNumber=*23125001*)(mobile=+493023125001))",
            "(&(sn=g*)(!(cn=a*)))",
            "(objectClass=*)",
            "(|(cn=jürgen)(displayName=*gro*)(o=x))",
        )
    ),
    encode_search(
        10,
        "dc=meta",
        parse_filter("(cn=*)"),
        (),
        controls=[
            Control("1.2.840.113556.1.4.319", critical=True, value=b"0\x05\x02\x01\x05\x04\0")
        ],
    ),
]


def ended(port: int, octets: bytes) -> bool:
    """Send octets, close the sending side; whether the server then ends the connection in time."""
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False
    return True


def reframed(octets: bytes) -> bytes:
    """Return octets with the outer length that fits, so that what is inside gets decoded."""
    body = octets[2:]
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def answers_right(server: Rufname) -> bool:
    return server.display_names(NUMBER) == [NAME]


def test_mutated_requests_do_no_harm(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    rows = [Row("1", NAME, phone="030 / 23125-001"), Row("2", "Ada Muster", phone="030 23125-002")]
    source = csv_source(write_rows(tmp_path / "contacts.csv", rows))
    binds = [encode_bind(1, client.bind, client.password.encode()) for client in CLIENTS] + [
        b"",
        b"",
    ]
    with running_rufname(
        tmp_path, sources=[source], clients=CLIENTS, workers=1, relay=False
    ) as server:
        assert answers_right(server)
        worker = server.workers_now()["ldapd-0"]["pid"]
        first = 0
        for number in range(COUNT):
            octets = mutate(draw.choice(MORE), draw)
            if draw.random() < 0.5:
                octets = reframed(octets)
            assert ended(server.ldap_port, draw.choice(binds) + octets), (
                f"the server hangs on request {number} of seed {SEED}: {octets.hex()}"
            )
            if number % ROUND == 0 or number == COUNT - 1:
                assert answers_right(server)
            if number == COUNT // 4:
                first = resident_bytes(worker)
        wait_until(  # a password that is being verified takes 19 MiB for a moment
            lambda: resident_bytes(worker) - first < MAX_GROWTH_BYTES,
            timeout_s=30,
            what=f"the memory to be what it was, {first} octets",
        )
        assert server.workers_now()["ldapd-0"]["pid"] == worker
        wait_until(
            lambda: server.workers_now()["ldapd-0"]["metrics"]["connections"] >= COUNT,
            timeout_s=30,
            what="all connections to be counted",
        )
        counts = server.workers_now()["ldapd-0"]["metrics"]
        assert counts["faults"] == 0, server.output()
        assert counts["violations"] > COUNT // 20
        assert counts["searches"] > COUNT // 50
