"""Faults on the tunnel's way: each ends in the documented error in time, and heals by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.faultproxy import fault_proxy
from tests.e2e.processes import wait_until
from tests.e2e.running import Row
from tests.e2e.tab.issuer import Issuer, running_issuer
from tests.e2e.tunnelled import WAIT_S, House, Relay, running_house, running_relay

ROWS = [Row("1", "Erika Beispiel", "+49 30 23125001"), Row("2", "Otto Normal", "+49 30 23125002")]
DEADLINE_S = 5.0
"""`limits.deadline_s` of the relay."""

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as made:
        yield made


@pytest.fixture
def relay(tmp_path: Path, issuer: Issuer) -> Iterator[Relay]:
    with running_relay(tmp_path / "relay", issuer) as made:
        yield made


def told(house: House) -> tuple[int, str, float]:
    """Ask once; return status, the problem's word and how long it took."""
    sealed = house.seal("me", {})
    began = time.monotonic()
    answer = house.post(sealed.octets)
    took_s = time.monotonic() - began
    kind = answer.json()["type"] if answer.status_code >= 400 else ""
    return answer.status_code, kind.rpartition(":")[2], took_s


def test_a_connector_that_is_killed_is_replaced(tmp_path: Path, relay: Relay) -> None:
    with running_house(tmp_path / "house", relay, ROWS) as house:
        house.wait_found("erika", "the first keys to be published")
        for _ in range(3):
            killed = house.server.kill_worker("tunnel-0")
            status, word, took_s = told(house)
            assert (status, word) in ((503, "directory-offline"), (200, ""))
            assert took_s < DEADLINE_S + 1
            house.server.wait_worker("tunnel-0", not_pid=killed)
            house.wait_found("erika", "the directory to answer again")


def test_a_connector_that_hangs_is_too_slow_and_then_replaced(tmp_path: Path, relay: Relay) -> None:
    with running_house(tmp_path / "house", relay, ROWS) as house:
        house.bundle()
        pid = house.server.wait_worker("tunnel-0")
        os.kill(pid, signal.SIGSTOP)
        status, word, took_s = told(house)
        assert (status, word) in ((504, "directory-too-slow"), (503, "directory-offline"))
        assert took_s < DEADLINE_S + 1
        house.wait_found("erika", "the directory to answer again")
        assert house.server.wait_worker("tunnel-0") != pid


def test_a_relay_that_is_drained_and_started_anew_is_dialled_again(
    tmp_path: Path, relay: Relay
) -> None:
    with running_house(tmp_path / "house", relay, ROWS) as house:
        for end in ("drained", "killed"):
            house.wait_found("erika", "the directory to answer")
            assert relay.program is not None
            if end == "drained":
                relay.stop()
            else:
                relay.program.signal(signal.SIGKILL)
                relay.program.wait(10)
            with pytest.raises(httpx.HTTPError):
                house.post(house.seal("me", {}).octets)
            wait_until(lambda: house.lines() == 0, timeout_s=WAIT_S, what="the lines to end")
            relay.start()
            house.wait_found("erika", f"the directory behind a relay that was {end}")
            house.wait_lines()
    said = house.server.output()
    assert "cannot be reached: Connection refused" in said


def test_a_slow_and_a_cut_way_bring_right_answers_or_the_documented_error(
    tmp_path: Path, relay: Relay
) -> None:
    with fault_proxy(relay.port) as proxy:
        nodes = {"nodes": [f"http://127.0.0.1:{proxy.port}"]}
        with running_house(tmp_path / "house", relay, ROWS, tunnel=nodes) as house:
            proxy.one_octet = True
            assert house.search("erika") == ["Erika Beispiel"]
            proxy.one_octet, proxy.delay_s = False, 0.15
            assert house.search("otto") == ["Otto Normal"]
            proxy.delay_s = DEADLINE_S + 2
            status, word, took_s = told(house)
            assert (status, word) == (504, "directory-too-slow")
            assert DEADLINE_S - 0.5 < took_s < DEADLINE_S + 1
            proxy.delay_s = 0.0
            house.wait_found("erika", "the answer without a delay")
            proxy.refuse = True
            proxy.cut()
            wait_until(
                lambda: told(house)[1] == "directory-offline", timeout_s=WAIT_S, what="offline"
            )
            assert told(house)[2] < DEADLINE_S / 2  # at once, and not at the deadline
            proxy.refuse = False
            house.wait_found("erika", "the line over the way that is whole again")
            before = proxy.connections
            for _ in range(5):
                proxy.cut()
                house.wait_found("otto", "the line after a cut")
            assert proxy.connections > before


def test_a_proxy_that_demands_a_sign_in_is_told_until_it_lets_through(
    tmp_path: Path, relay: Relay
) -> None:
    with fault_proxy(relay.port) as proxy:
        proxy.connect, proxy.demand = True, "NTLM"
        tunnel = {"proxy": f"http://127.0.0.1:{proxy.port}"}
        house = House(tmp_path / "house", relay, ROWS, tunnel=tunnel)
        house.server.sync()
        house.server.start()
        try:
            for demand, words in (
                ("NTLM", "a sign-in that is not supported, such as NTLM or Kerberos (407)"),
                ("Basic", "a name and a password (407): tunnel.proxy_login"),
            ):
                proxy.demand = demand
                wait_until(
                    lambda words=words: words in house.server.output(),  # type: ignore[misc]  # bound now
                    timeout_s=WAIT_S,
                    what=words,
                    output=house.server.output,
                )
            proxy.demand = ""
            house.wait_lines()
            assert house.search("erika") == ["Erika Beispiel"]
        finally:
            house.server.stop()


FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def test_a_clock_that_is_30_days_off_is_told_and_healed_by_setting_it(
    tmp_path: Path, relay: Relay
) -> None:
    assert FAKETIME.exists(), "libfaketime is not installed: apt-get install faketime"
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    environment = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    house = House(tmp_path / "house", relay, ROWS)
    house.server.sync()
    house.server._environment.update(environment)  # not for `sync`: it breaks time.sleep
    house.start()
    try:
        said = lambda words: house.server.output().count(words)  # noqa: E731 - one expression
        assert house.search("erika") == ["Erika Beispiel"]
        for count, off in enumerate(("-30d", "+30d"), 1):
            clock.write_text(f"{off}\n")
            began = time.monotonic()
            if off == "-30d":
                answer = house.ask("people.search", {"text": "erika"})
                assert answer.status == 425  # sealed: the page learns the directory's time
            else:  # the keys of today are a month behind it
                assert told(house)[:2] == (409, "unknown-key")
            assert time.monotonic() - began < DEADLINE_S
            wait_until(
                lambda count=count: said("this machine's clock differs") == count,  # type: ignore[misc]  # bound now
                timeout_s=WAIT_S,
                what="the words about the clock",
                output=house.server.output,
            )
            clock.write_text("+0\n")
            wait_until(
                lambda count=count: said("the clock agrees with the relay's again") == count,  # type: ignore[misc]  # bound now
                timeout_s=WAIT_S,
                what="the clock to agree",
                output=house.server.output,
            )
            house.bundle(fresh=True)
            house.wait_found("erika", f"the answer after the clock was {off} off")
    finally:
        assert house.server.program is not None
        house.server.program.kill_all()
        house.server.program = None
