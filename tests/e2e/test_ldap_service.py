"""The LDAP service as an administrator runs it: metrics, certificates, sockets of systemd."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest

from ldapd.protocol.client import Result, decode_responses, encode_bind
from ldapd.settings import TlsSettings
from tests.e2e.processes import LOOPBACK, free_port, start_program, wait_until
from tests.e2e.running import (
    SBC,
    Row,
    Rufname,
    csv_source,
    rufname_command,
    running_rufname,
    write_rows,
)
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
                lambda: metrics(port).get("rufname_ldapd_lookups_total") == count,
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


def by_certificate(
    command: str, url: str, own: TlsSettings, authority: Authority, *more: str
) -> str:
    """Run a command of ldap-utils that signs in by SASL EXTERNAL; return what it prints."""
    return subprocess.run(
        [command, "-Q", "-Y", "EXTERNAL", "-H", url, *more],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "LDAPTLS_CACERT": str(authority.ca),
            "LDAPTLS_CERT": str(own.certificate),
            "LDAPTLS_KEY": str(own.key),
        },
    ).stdout


def test_certificates_sign_in_and_a_renewed_one_is_served_after_a_hang_up(
    tmp_path: Path, csv_file: Path
) -> None:
    authority = Authority(tmp_path)
    own, device = authority.sign("server"), authority.sign("CN-of-an-SBC")
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
    bind = f'bind = "{SBC.bind}"'
    assert bind in text
    text = text.replace(bind, f'{bind}\ncertificates = ["CN=CN-of-an-SBC"]')
    server.config.write_text(text, encoding="utf-8")
    server.sync()
    program = server.start()
    try:
        before = own.certificate.read_text(encoding="ascii")
        assert served_certificate(port) == before
        for url, more in (
            (f"ldaps://{LOOPBACK}:{port}", ()),
            (f"ldap://{LOOPBACK}:{server.ldap_port}", ("-ZZ",)),
        ):
            who = by_certificate("ldapwhoami", url, device, authority, *more)
            assert who == f"dn:{SBC.bind}\n"
            search = ("-LLL", "-b", server.base, FILTER, "displayName")
            assert "displayName:: " in by_certificate(
                "ldapsearch", url, device, authority, *more, *search
            )
        with pytest.raises(subprocess.CalledProcessError) as refused:  # nobody's certificate
            by_certificate("ldapwhoami", f"ldaps://{LOOPBACK}:{port}", own, authority)
        assert "Invalid credentials (49)" in refused.value.stderr
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


def test_sockets_of_systemd_are_served_and_calls_before_the_start_wait(
    tmp_path: Path, csv_file: Path
) -> None:
    server = Rufname(tmp_path, sources=[csv_source(csv_file)])
    server.sync()
    with socket.create_server((LOOPBACK, server.ldap_port), backlog=64) as listener:
        early = socket.create_connection((LOOPBACK, server.ldap_port), timeout=60)
        early.sendall(encode_bind(1, SBC.bind, SBC.password.encode()))  # nobody serves yet
        number = listener.fileno()
        script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{number}'
        argv = ["bash", "-c", script, "-", *rufname_command(), "serve", "-c", str(server.config)]
        program = start_program("serve", argv, tmp_path, pass_fds=(number,))
        server.program = program
    try:
        server.wait_ready()
        (result,), _ = decode_responses(early.recv(4096))
        assert isinstance(result, Result)
        assert result.code == 0
        early.close()
        assert server.asker().search(FILTER, "displayName")
        assert "another program listens there" not in server.output()
        server.stop()
    finally:
        if server.program is not None:
            server.program.kill_all()


def test_callers_over_http_are_remembered_and_followed(tmp_path: Path, csv_file: Path) -> None:
    with running_rufname(tmp_path, sources=[csv_source(csv_file)]) as server:
        assert server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME)
        last = server.cli("trace", "--last", "--number", "030 23125 001", "--explain").stdout
        assert "sbc  look-up" in last
        assert f"{NUMBER} → {NAME}  (class 2: exact number)" in last
        assert "dial plan berlin" in last
        assert server.cli("trace", "--last", "--number", "030 23125 002", code=1).stdout == ""
        argv = [*rufname_command(), "trace", "-c", str(server.config), "--client", "sbc"]
        following = start_program("trace", argv, tmp_path)
        try:

            def told() -> bool:
                assert server.get("/v1/caller/+493023125002", SBC) == (404, "")
                return "sbc  HTTP look-up" in following.output()

            wait_until(told, timeout_s=30, what="a look-up to be told", output=following.output)
            following.signal(signal.SIGINT)
            assert following.wait(30) == 0
        finally:
            following.kill_all()
        assert "+493023125002 → nobody" in following.output()
        assert SBC.password not in following.output()


def test_requests_are_followed_live_and_over_a_workers_end(tmp_path: Path, csv_file: Path) -> None:
    with running_rufname(tmp_path, sources=[csv_source(csv_file)], relay=False) as server:
        assert server.cli("trace", "--last", code=1).stdout == ""  # nobody has asked yet
        assert server.asker().search(FILTER, "displayName")
        last = server.cli("trace", "--last", "--number", "030 23125 001", "--explain").stdout
        assert f"{NUMBER} → {NAME}  (class 2: exact number)" in last
        assert "dial plan berlin" in last
        argv = [*rufname_command(), "trace", "-c", str(server.config), "--client", "sbc", "--json"]
        following = start_program("trace", argv, tmp_path)
        try:

            def asked_until_told(texts: int) -> None:
                def told() -> bool:
                    assert server.asker().search(FILTER, "displayName")
                    return following.output().count('"operation":"search"') >= texts

                wait_until(told, timeout_s=30, what="searches to be told", output=following.output)

            asked_until_told(1)
            pids = {name: worker["pid"] for name, worker in server.workers_now().items()}
            for name in ("ldapd-0", "ldapd-1"):
                os.kill(pids[name], signal.SIGKILL)
                server.wait_worker(name, not_pid=pids[name])
            asked_until_told(following.output().count('"operation":"search"') + 1)
            following.signal(signal.SIGINT)
            following.wait(30)
            assert following.exit_code == 0
        finally:
            following.kill_all()
        lines = following.output()
        assert SBC.password not in lines
        search = next(line for line in lines.splitlines() if '"operation":"search"' in line)
        told = json.loads(search[search.index("{") :])
        assert (told["filter"], told["name"], told["code"]) == (FILTER, NAME, 0)
        assert {path.name for path in (server.data / "run").glob("ldapd-*.sock")} == {
            f"ldapd-{server.workers_now()[name]['pid']}.sock" for name in ("ldapd-0", "ldapd-1")
        }
