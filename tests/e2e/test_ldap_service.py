"""The LDAP service as an administrator runs it: metrics, certificates, sockets of systemd."""

from __future__ import annotations

import os
import signal
import ssl
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.processes import LOOPBACK, free_port, wait_until
from tests.e2e.running import Row, Rufname, csv_source, running_rufname, write_rows
from tests.ldapd.authority import Authority

pytestmark = pytest.mark.e2e

NUMBER, NAME = "+493023125001", "Jürgen Groß"
FILTER = f"(telephoneNumber={NUMBER})"


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "contacts.csv", [Row("1", NAME, phone="030 / 23125-001")])


def metrics(port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    samples = (line.split(" ") for line in lines if not line.startswith("#"))
    return {name: int(value) for name, value in samples}


def test_counts_of_all_workers_outlive_a_worker(tmp_path: Path, csv_file: Path) -> None:
    port = free_port()
    more = f'[metrics]\nlisten = "http://{LOOPBACK}:{port}"\n'
    with running_rufname(tmp_path, sources=[csv_source(csv_file)], more=more) as server:
        for _ in range(20):
            assert server.asker().search(FILTER, "displayName")

        def looked_up(count: int) -> None:
            wait_until(
                lambda: metrics(port)["rufname_ldapd_lookups_total"] == count,
                timeout_s=30,
                what=f"{count} look-ups to be counted",
            )

        looked_up(20)
        found = metrics(port)
        assert found["rufname_ldapd_workers"] == found["rufname_ldapd_workers_ready"] == 2
        assert found["rufname_ldapd_memory_bytes"] > 10_000_000
        assert found["rufname_writer_workers"] == found["rufname_relay_workers"] == 1
        killed = server.workers_now()["ldapd-0"]["pid"]
        os.kill(killed, signal.SIGKILL)
        server.wait_worker("ldapd-0", not_pid=killed)
        looked_up(20)
        assert metrics(port)["rufname_ldapd_restarts_total"] == 1


def served_certificate(port: int) -> str:
    return ssl.get_server_certificate((LOOPBACK, port), timeout=30)


def test_a_renewed_certificate_is_served_after_a_hang_up(tmp_path: Path, csv_file: Path) -> None:
    authority = Authority(tmp_path)
    own = authority.sign("server")
    port = free_port()
    server = Rufname(tmp_path, sources=[csv_source(csv_file)])
    more = (
        f'[ldap.tls]\ncertificate = "{own.certificate}"\nkey = "{own.key}"\nca = "{authority.ca}"\n'
    )
    server.more = more
    server.write_config()
    text = server.config.read_text(encoding="utf-8")
    plain = f'"ldap://{LOOPBACK}:{server.ldap_port}"'
    text = text.replace(plain, f'{plain}, "ldaps://{LOOPBACK}:{port}"')
    server.config.write_text(text, encoding="utf-8")
    server.sync()
    program = server.start()
    try:
        before = own.certificate.read_text(encoding="ascii")
        assert served_certificate(port) == before
        asker = server.asker()
        authority.sign("server")  # in the same files, as a renewal does
        renewed = own.certificate.read_text(encoding="ascii")
        assert renewed != before
        program.signal(signal.SIGHUP)
        wait_until(
            lambda: served_certificate(port) == renewed,
            timeout_s=30,
            what="the new certificate",
            output=server.output,
        )
        assert asker.search(FILTER, "displayName")
        server.stop()
    finally:
        if server.program is not None:
            server.program.kill_all()
