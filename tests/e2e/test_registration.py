"""`rufname register` with real programs: a relay, an OpenID provider, directories that join.

The person at the browser fills in the provider's own forms (`tests.e2e.tab.person`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import SignedBundle, fingerprint, grouped
from tests.e2e.notation import table
from tests.e2e.processes import Program, free_port, start_program
from tests.e2e.running import Rufname, csv_source, rufname_command, write_rows
from tests.e2e.tab.issuer import CLIENT_ID, TENANT, Issuer
from tests.e2e.tab.person import sign_in
from tests.e2e.tunnelled import Relay, running_relay
from tests.ldapd.authority import Authority
from tests.relay.web.node import install_packages, needs_node

pytestmark = [pytest.mark.e2e, needs_node]

WAIT_S = 60.0


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    install_packages()
    port = free_port()
    script = Path(__file__).with_name("tab") / "provider.mjs"
    folder = tmp_path_factory.mktemp("provider")
    program = start_program("provider", ["node", str(script), str(port)], folder)
    try:
        program.wait_for(lambda: "ready" in program.output(), timeout_s=30, what="the provider")
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill_all()


@pytest.fixture
def relay(tmp_path: Path, provider: str) -> Iterator[Relay]:
    with running_relay(tmp_path / "relay", Issuer(provider)) as running:
        yield running


class Machine:
    """A directory of its own that has a configuration and nothing else."""

    def __init__(self, folder: Path, provider: str) -> None:
        folder.mkdir()
        tunnel = {"client_id": CLIENT_ID, "authority": provider}
        self.provider = provider
        self.server = Rufname(
            folder,
            sources=[csv_source(write_rows(folder / "rows.csv", []))],
            ldap=False,
            relay=False,
            more="\n".join(["", *table("tunnel", tunnel)]),
        )
        self.keys = self.server.data / "keys"

    def begin(self, *arguments: str) -> Program:
        """Start `rufname register` with arguments."""
        argv = [*rufname_command(), "register", "-c", str(self.server.config), *arguments]
        return start_program("register", argv, self.server.folder, cwd=self.server.folder)

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Run it to its end; return what it printed."""
        program = self.begin(*arguments)
        code = program.wait(WAIT_S)
        assert code == expected, program.output()
        return program.output()

    def register(self, relay: Relay, who: str, *more: str, expected: int = 0) -> str:
        """Register as this person, who types the code that is shown."""
        program = self.begin("--relay", relay.url, "--authority", self.provider, *more)
        address, code = program.wait_for(
            lambda: re.findall(
                r"open (\S+) in a browser and enter the code (\S+)", program.output()
            ),
            timeout_s=WAIT_S,
            what="the code",
        )[0]
        assert "Success" in sign_in(address, who, user_code=code)
        assert program.wait(WAIT_S) == expected, program.output() + relay.logs()
        return program.output()

    @property
    def fingerprint(self) -> str:
        ring = KeyRing.load(self.keys)
        assert ring is not None
        return grouped(fingerprint(ring.identity.public))


@pytest.fixture
def machine(tmp_path: Path, provider: str) -> Machine:
    return Machine(tmp_path / "first", provider)


def test_an_administrator_registers_and_the_directory_connects(
    machine: Machine, relay: Relay, tmp_path: Path
) -> None:
    ca = Authority(tmp_path).ca
    said = machine.register(relay, "admin", "--node", "hq-1", "--ca", str(ca))
    assert f"registered at {relay.url}" in said
    assert machine.fingerprint in said
    assert f'[tunnel]\nclient_id = "{CLIENT_ID}"\nca = "{ca}"\n' in said
    assert {path.stat().st_mode & 0o777 for path in machine.keys.iterdir()} == {0o600}
    bundle = httpx.get(f"{relay.url}/v1/keys/{TENANT}").content
    ring = KeyRing.load(machine.keys)
    assert ring is not None
    SignedBundle.decode(bundle).verify(TENANT, ring.identity.public)
    machine.server.sync()
    machine.server.start()
    try:
        machine.server.program.wait_for(  # type: ignore[union-attr]
            lambda: relay.metrics().get("lines") == 2, timeout_s=WAIT_S, what="the lines"
        )
        # removed: the lines end, and nobody may connect again
        assert "no longer registered" in machine.run("--remove")
        machine.server.program.wait_for(  # type: ignore[union-attr]
            lambda: relay.metrics().get("lines") == 0, timeout_s=WAIT_S, what="the lines to end"
        )
    finally:
        machine.server.stop()
    assert f"tenant {TENANT} is not registered" in machine.run(expected=1)


@pytest.mark.long
def test_who_is_no_administrator_registers_nothing(machine: Machine, relay: Relay) -> None:
    said = machine.register(relay, "clerk", expected=3)
    assert "no Global Administrator or Teams Administrator" in said
    assert httpx.get(f"{relay.url}/v1/registration/{TENANT}").status_code == 404
    assert Enrolment.load(machine.keys) is None


@pytest.mark.long
def test_the_browser_of_this_machine_signs_in_as_well(machine: Machine, relay: Relay) -> None:
    machine.server.environment = {"BROWSER": "false"}
    program = machine.begin(
        "--relay", relay.url, "--authority", machine.provider, "--sign-in", "browser"
    )
    address = program.wait_for(
        lambda: re.findall(r"open (http\S+)", program.output()),
        timeout_s=WAIT_S,
        what="the address",
    )[0]
    assert "You may close this page" in sign_in(address, "admin")
    assert program.wait(WAIT_S) == 0, program.output()
    assert f"registered at {relay.url}" in program.output()


@pytest.mark.long
def test_a_second_machine_joins_by_the_code(machine: Machine, relay: Relay, tmp_path: Path) -> None:
    machine.register(relay, "admin", "--node", "hq-1")
    inviting = machine.begin("--invite")
    tenant, code = inviting.wait_for(
        lambda: re.findall(r"--tenant (\S+) --join (\S+)", inviting.output()),
        timeout_s=WAIT_S,
        what="the code",
    )[0]
    second = Machine(tmp_path / "second", machine.provider)
    joined = second.run("--relay", relay.url, "--tenant", tenant, "--join", code, "--node", "hq-2")
    assert inviting.wait(WAIT_S) == 0, inviting.output()
    assert "'hq-2' has joined; machines: hq-1, hq-2" in inviting.output()
    assert machine.fingerprint in joined
    assert second.fingerprint == machine.fingerprint
    assert {path.stat().st_mode & 0o777 for path in second.keys.iterdir()} == {0o600}
    # the code is used up
    third = Machine(tmp_path / "third", machine.provider)
    said = third.run("--relay", relay.url, "--tenant", tenant, "--join", code, expected=3)
    assert "no such invitation" in said
    assert KeyRing.load(third.keys) is None
    # either of them may dismiss the other
    assert "machines" not in second.run("--dismiss", "hq-1")
    assert "no node of this name" in machine.run("--dismiss", "hq-1", expected=3)


@pytest.mark.long
def test_other_keys_wait_three_days_or_are_signed_by_the_old_ones(
    machine: Machine, relay: Relay, tmp_path: Path
) -> None:
    machine.register(relay, "admin", "--node", "hq-1")
    first = machine.fingerprint
    stranger = Machine(tmp_path / "stranger", machine.provider)
    said = stranger.register(relay, "admin", expected=1)
    assert "not registered yet" in said
    assert first in said
    assert stranger.fingerprint in said
    assert Enrolment.load(stranger.keys) is None
    machine.server.sync()
    machine.server.start()
    try:
        machine.server.program.wait_for(  # type: ignore[union-attr]
            lambda: "wants this directory's place" in machine.server.output(),
            timeout_s=WAIT_S,
            what="the warning",
        )
        assert stranger.fingerprint in machine.server.output()
    finally:
        machine.server.stop()
    told = machine.run()
    assert "WARNING: another identity wants to replace it" in told
    assert re.search(r"if that is not yours: rufname register -c /\S+ --keep", told)
    assert stranger.fingerprint in told
    assert "WARNING" not in machine.run("--keep")
    # the directory itself may change its keys at once, and knows the next ones before
    prepared = machine.run("--prepare-identity")
    assert machine.run("--prepare-identity") == prepared
    assert machine.fingerprint == first
    [following] = re.findall(r"next fingerprint +(\S.*\S)", prepared)
    assert f'--fingerprint "{first}" --fingerprint "{following}"' in prepared
    assert re.search(rf"  rufname register -c /\S+ --relay {relay.url} --replace-", prepared)
    machine.register(relay, "admin", "--node", "hq-1", "--replace-identity")
    assert machine.fingerprint == following != first
    assert machine.fingerprint in machine.run()
    assert not (machine.keys / "tunnel-fresh").exists()


@pytest.mark.long
def test_a_tenant_that_lost_its_keys_is_forgotten_by_the_operator(
    machine: Machine, relay: Relay, tmp_path: Path
) -> None:
    def forget(expected: int) -> str:
        argv = [*rufname_command(), "relay", "-c", "relay.toml", "--forget", TENANT.upper()]
        program = start_program("forget", argv, relay.folder, cwd=relay.folder)
        assert program.wait(WAIT_S) == expected, program.output()
        return program.output()

    assert f"no tenant {TENANT} is registered at {relay.url}" in forget(expected=1)
    machine.register(relay, "admin", "--node", "hq-1")
    machine.server.sync()
    machine.server.start()
    try:
        machine.server.program.wait_for(  # type: ignore[union-attr]
            lambda: relay.metrics().get("lines") == 2, timeout_s=WAIT_S, what="the lines"
        )
        assert machine.fingerprint in forget(expected=0)
        machine.server.program.wait_for(  # type: ignore[union-attr]
            lambda: relay.metrics().get("lines") == 0, timeout_s=WAIT_S, what="the lines to end"
        )
    finally:
        machine.server.stop()
    successor = Machine(tmp_path / "successor", machine.provider)
    said = successor.register(relay, "admin")  # at once
    assert f"registered at {relay.url}" in said
    assert successor.fingerprint in said


@pytest.mark.long
def test_what_cannot_be_is_said(machine: Machine, relay: Relay) -> None:
    assert "not registered" in machine.run("--invite", expected=3)
    said = machine.run(expected=1)
    assert re.search(r"not registered: rufname register -c /\S+ --relay URL", said)
    said = machine.run("--relay", relay.url, expected=3)
    assert f"say --authority {machine.provider}" in said
    nowhere = f"http://127.0.0.1:{free_port()}"
    assert nowhere in machine.run("--relay", nowhere, expected=3)
    assert "is this the address of a relay?" in machine.run("--relay", machine.provider, expected=3)
    assert "exclude each other" in machine.run("--relay", relay.url, "--invite", expected=2)
    assert "to join takes" in machine.run("--join", "x", expected=2)
    assert "20 letters and digits" in machine.run(
        "--relay", relay.url, "--tenant", TENANT, "--join", "x", expected=3
    )
    assert "'a b'" in machine.run("--relay", relay.url, "--node", "a b", expected=3)
    assert "--relay" in machine.run("--relay", "x", expected=2)
    assert not machine.keys.exists() or KeyRing.load(machine.keys) is None
