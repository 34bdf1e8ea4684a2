"""Both ends of an invitation over the real routes: the right machine joins, others do not."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from relay.errors import RegistrationRefused
from relay.http.registration import InvitationAnswer
from relay.http.server import serve_http
from relay.octets import encode_octets
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import TenantIdentity
from relay.tunnel.registration import Invite, Keep, Remove
from rufname import joining
from rufname.joining import Member, check_node, invite, join
from rufname.registrar import CannotRegister, Registrar, RelayRefuses
from tests.e2e.processes import LOOPBACK
from tests.relay.http.test_registration import Relay, token
from tests.relay.http.users import TENANT
from tests.relay.tunnel.test_registration import House


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "LOOK_S", 0.5)


@pytest.fixture
def relay() -> Relay:
    return Relay(LOOPBACK)


@contextmanager
def served(app: Litestar) -> Iterator[str]:
    """Serve an application on loopback from a thread; yields its address."""
    listener = socket.create_server((LOOPBACK, 0))
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    ready, loops = threading.Event(), []
    end = asyncio.Event()

    async def serve() -> None:
        server = await serve_http([listener], app)
        loops.append(asyncio.get_running_loop())
        ready.set()
        await end.wait()
        await server.drain(1)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield url
    finally:
        loops[0].call_soon_threadsafe(end.set)
        thread.join()


@pytest.fixture
def registrar(relay: Relay) -> Iterator[Registrar]:
    with served(relay.app) as url, httpx.Client(trust_env=False) as web:
        yield Registrar(web, url)


@pytest.fixture
def member(registrar: Registrar, tmp_path: Path) -> Member:
    """A directory that is registered."""
    folder = tmp_path / "first"
    ring = KeyRing.create(folder, TENANT, time.time())
    enrolment = Enrolment(registrar.relay, TENANT, "first", TenantIdentity.generate())
    enrolment.store(folder)
    house = House(time.time() - 1)
    house.identity = ring.identity
    order = house.register(tid=TENANT, relay=LOOPBACK)
    registrar.order(joining.sign(order, ring.identity), token())
    return Member(ring, enrolment, registrar)


def test_a_machine_that_knows_the_code_joins(member: Member, tmp_path: Path) -> None:
    shown: queue.Queue[str] = queue.Queue()
    codes: list[int] = []
    inviting = threading.Thread(target=lambda: codes.append(invite(member, shown.put)))
    inviting.start()
    code = shown.get(timeout=30).split("--join ")[1].strip()
    with httpx.Client(trust_env=False) as web:
        registrar = Registrar(web, member.registrar.relay)
        join(tmp_path / "second", registrar, TENANT, "second", code)
        inviting.join(30)
        second = Member.load(tmp_path / "second", web)
        assert second.order(Keep(*second.head())).nodes == ("first", "second")
    assert codes == [0]
    assert "'second' has joined; machines: first, second" in shown.get(timeout=1)
    assert second.ring.identity.public == member.ring.identity.public
    assert (second.enrolment.connector, second.tid) == ("second", TENANT)


def test_a_machine_of_the_inviting_ones_name_does_not_take_its_place(
    member: Member, tmp_path: Path
) -> None:
    shown: queue.Queue[str] = queue.Queue()
    refused: list[str] = []

    def inviting() -> None:
        with pytest.raises(CannotRegister) as error:
            invite(member, shown.put)
        refused.append(str(error.value))

    thread = threading.Thread(target=inviting)
    thread.start()
    code = shown.get(timeout=30).split("--join ")[1].strip()
    with httpx.Client(trust_env=False) as web:
        registrar = Registrar(web, member.registrar.relay)
        with pytest.raises(CannotRegister, match="did not answer, or refused"):
            join(tmp_path / "second", registrar, TENANT, "first", code)
    thread.join(30)
    [told] = refused
    assert "calls itself 'first' as this one does" in told
    assert KeyRing.load(tmp_path / "second") is None
    standing = member.order(Keep(*member.head()))
    assert standing.nodes == ("first",)


def test_a_relay_that_is_away_for_a_while_ends_no_invitation(
    member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks = member.registrar.look, iter(range(1000))

    def at_first_away(tid: str, invitation: str) -> object:
        if next(looks) < 2:
            raise RelayRefuses("https://relay.example: Connection refused")
        return real(tid, invitation)

    monkeypatch.setattr(member.registrar, "look", at_first_away)
    test_a_machine_that_knows_the_code_joins(member, tmp_path)


def test_an_invitation_that_nobody_takes_ends(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "INVITATION_S", 0)
    shown: list[str] = []
    assert invite(member, shown.append) == 1
    assert shown[-1] == "nobody came"


def test_who_does_not_know_the_code_gets_no_keys(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody at the relay, who sees the id of the invitation, knocks first."""
    real = member.order

    def intruding(order: object) -> object:
        told = real(order)  # type: ignore[arg-type]
        if isinstance(order, Invite):
            said = joining.Said(TENANT, order.invitation, encode_octets(b"x" * 100))
            member.registrar.knock(said)
        return told

    monkeypatch.setattr(member, "order", intruding)
    with pytest.raises(RegistrationRefused, match="does not know the code"):
        invite(member, lambda _words: None)


def test_what_the_relay_spoils_is_refused(
    member: Member, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spoiled = InvitationAnswer("no base64url!", "no base64url!")
    monkeypatch.setattr(member.registrar, "look", lambda _tid, _id: spoiled)
    with pytest.raises(RegistrationRefused, match="cannot be read"):
        invite(member, lambda _words: None)
    monkeypatch.setattr(member.registrar, "knock", lambda _said: None)
    with pytest.raises(RegistrationRefused, match="cannot be read"):
        join(tmp_path / "x", member.registrar, TENANT, "x", "A" * 20)


def test_what_cannot_join_is_told_why(member: Member, tmp_path: Path) -> None:
    registrar = member.registrar
    with pytest.raises(CannotRegister, match="20 letters and digits"):
        join(tmp_path / "x", registrar, TENANT, "x", "short")
    with pytest.raises(CannotRegister, match="--tenant 'x'"):
        join(tmp_path / "x", registrar, "x", "x", "A" * 20)
    with pytest.raises(RelayRefuses, match="no such invitation"):
        join(tmp_path / "x", registrar, TENANT, "x", "A" * 20)
    with pytest.raises(CannotRegister, match="holds keys already"):
        join(tmp_path / "first", registrar, TENANT, "x", "A" * 20)
    with pytest.raises(CannotRegister, match="is not registered"):
        Member.load(tmp_path / "x", registrar._web)
    for name in ("", "a b", "-a", "a" * 65, "ä"):
        with pytest.raises(CannotRegister, match="--node"):
            check_node(name)
    assert check_node("hq-1.example") == "hq-1.example"


def test_a_relay_that_obeys_no_more_says_so(member: Member) -> None:
    registrar = member.registrar
    assert registrar.standing(TENANT) is not None
    member.order(Remove(*member.head()))
    assert registrar.standing(TENANT) is None
    with pytest.raises(RelayRefuses, match="is not registered") as error:
        member.order(Keep(*member.head()))
    assert error.value.code == "not-registered"
