"""A node that serves TLS itself: who trusts its authority is served, everybody else is told why."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
from cryptography import x509

from ldapd.settings import TlsSettings
from tests.e2e.processes import wait_until
from tests.e2e.running import Row
from tests.e2e.tab.issuer import running_issuer
from tests.e2e.tunnelled import WAIT_S, House, Relay, running_relay
from tests.ldapd.authority import Authority

pytestmark = pytest.mark.e2e


def put_up(relay: Relay, made: TlsSettings) -> None:
    """Let a running node take another certificate, as a renewal does."""
    assert relay.program is not None
    assert relay.tls is not None
    shutil.copy(made.certificate, relay.tls.certificate)
    shutil.copy(made.key, relay.tls.key)
    said = "certificate and key read anew"
    before = relay.logs().count(said)
    relay.program.signal(signal.SIGHUP)
    wait_until(
        lambda: relay.logs().count(said) > before, timeout_s=WAIT_S, what=said, output=relay.logs
    )


def test_the_certificate_is_checked_and_another_one_is_taken_without_a_restart(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    right = authority.sign("right")
    foreign = Authority(tmp_path, "foreign").sign("from-elsewhere")
    misnamed = authority.sign("misnamed", x509.DNSName("other.example"))
    served = authority.sign("served")
    with (
        running_issuer() as issuer,
        running_relay(tmp_path / "relay", issuer, tls=served, ca=authority.ca) as relay,
    ):
        tunnel = {"ca": str(authority.ca)}
        house = House(
            tmp_path / "house",
            relay,
            [Row("1", "Erika Beispiel", "+49 30 23125001")],
            tunnel=tunnel,
        )
        house.server.sync()
        put_up(relay, foreign)
        house.server.start()
        try:
            refused = f"the certificate of 127.0.0.1:{relay.port} is refused: "
            unknown = f"{refused}unable to get local issuer certificate; if a proxy looks into TLS"
            mismatch = f"{refused}IP address mismatch, certificate is not valid for '127.0.0.1'"
            for words, made in ((unknown, misnamed), (mismatch, right)):
                wait_until(
                    lambda words=words: words in house.server.output(),  # type: ignore[misc]  # bound now
                    timeout_s=WAIT_S,
                    what=words,
                    output=house.server.output,
                )
                assert house.lines() == 0
                asked = house.server.cli("register", code=3)
                assert words in asked.stderr
                put_up(relay, made)
            house.wait_lines()
            assert house.search("erika") == ["Erika Beispiel"]
            assert relay.url in house.server.cli("register").stdout
            # files that do not belong together change nothing
            assert relay.tls is not None
            assert relay.program is not None
            shutil.copy(foreign.key, relay.tls.key)
            relay.program.signal(signal.SIGHUP)
            wait_until(
                lambda: "do not belong together" in relay.logs(),
                timeout_s=WAIT_S,
                what="the words about the files",
                output=relay.logs,
            )
            assert house.search("erika") == ["Erika Beispiel"]
            levels = [json.loads(line)["level"] for line in relay.logs().splitlines()]
            assert levels.count("error") == 1
        finally:
            house.http.close()
            house.server.stop()
