"""The server whole: TLS, caps, time limits, reload, drain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event
from uuid import UUID

import msgspec
import pytest
import uvloop

from engine.index import ContactIndex
from ldapd.errors import InvalidDn
from ldapd.protocol.client import Result, encode_bind, encode_search
from ldapd.protocol.filters import Equality, Present
from ldapd.protocol.messages import NOTICE_OF_DISCONNECTION, ResultCode
from ldapd.server import serve_ldap
from ldapd.settings import LdapSettings
from tests.engine.building import Directory, contact
from tests.ldapd.house import BOOK, CLIENTS, PASSWORD, PHONE, SBC
from tests.ldapd.serving import PATIENT, LoopFactory, Serving, Wire

SBC_NAME = "cn=sbc,dc=meta"

either_loop = pytest.mark.parametrize(
    "loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"]
)


def lookup(message_id: int, number: str = "+493023125001") -> bytes:
    return encode_search(
        message_id, "dc=meta", Equality("telephoneNumber", number.encode()), ("cn",)
    )


def settings_of(**limits: int) -> LdapSettings:
    return LdapSettings(listen=(), limits=msgspec.structs.replace(PATIENT, **limits))


def farewell(wire: Wire) -> tuple[int, str]:
    """Return code and words of the notice with which the server closes."""
    notice = wire.next()
    assert isinstance(notice, Result)
    assert (notice.message_id, notice.name) == (0, NOTICE_OF_DISCONNECTION)
    assert wire.next() is None
    return notice.code, notice.message


# --- the index ------------------------------------------------------------------------------------


def test_answers_follow_the_index(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    try:
        index = directory.hold(contact("1", "Vorher", "493023125020"))
        with Serving(index) as serving, serving.bound(SBC_NAME) as wire:
            wire.send(lookup(2, "+493023125020"), lookup(3, "+493023125021"))
            assert [each.values("cn") for each in wire.answer(2)[0]] == [(b"Vorher",)]
            assert wire.answer(3)[0] == []
            serving.call(lambda: directory.hold(contact("1", "Nachher", "493023125021")))
            wire.send(lookup(4, "+493023125020"), lookup(5, "+493023125021"))
            assert wire.answer(4)[0] == []
            assert [each.values("cn") for each in wire.answer(5)[0]] == [(b"Nachher",)]
    finally:
        directory.close()


def test_without_an_index_an_sbc_hears_nobody_and_all_others_that_there_is_none(
    index: ContactIndex, tmp_path: Path
) -> None:
    """What keeps a copy would empty it, and what an SBC takes for a dead server it asks no more."""
    empty = ContactIndex.open(tmp_path / "none", {})
    entry = f"entryUUID={UUID(int=7)},dc=meta"
    with Serving(empty) as serving, serving.bound(SBC_NAME) as sbc:
        sbc.send(lookup(2), lookup(3))
        assert [sbc.answer(each)[0] for each in (2, 3)] == [[], []]
        for client in (PHONE, BOOK):
            with serving.bound(client.bind) as wire:
                anybody = Present("objectClass")
                wire.send(
                    lookup(2),
                    encode_search(3, "dc=meta", anybody),
                    encode_search(4, entry, anybody, scope=0),
                    encode_search(5, "", anybody, scope=0),
                )
                assert [wire.answer(each)[1].code for each in (2, 3, 4)] == 3 * [52]
                assert len(wire.answer(5)[0]) == 1, "the server itself is there"
    empty.close()
    with Serving(index) as serving, serving.bound(PHONE.bind) as wire:
        wire.send(lookup(2), encode_search(3, entry, Present("objectClass"), scope=0))
        assert len(wire.answer(2)[0]) == 1
        assert wire.answer(3)[1].code == ResultCode.NO_SUCH_OBJECT


# --- settings that cannot be served -------------------------------------------------------------


async def test_a_base_that_is_no_dn_is_refused(index: ContactIndex) -> None:
    with pytest.raises(InvalidDn):
        await serve_ldap((), index, LdapSettings(listen=(), base="meta"), CLIENTS)


# --- caps and time limits -----------------------------------------------------------------------


@pytest.fixture
def _swift_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ldapd.server.SWEEP_S", 0.02)


@pytest.mark.usefixtures("_swift_sweeps")
def test_a_connection_that_does_not_bind_in_time_is_ended(index: ContactIndex) -> None:
    with Serving(index, settings_of(bind_time_s=1)) as serving:
        with serving.bound(SBC_NAME) as bound:
            with serving.connect() as unbound:
                unbound.send(encode_search(1, "", Equality("objectClass", b"top"), scope=0))
                assert unbound.answer(1)[1].code == 0
                assert farewell(unbound) == (ResultCode.UNAVAILABLE, "no bind in time")
            bound.send(lookup(2))
            assert len(bound.answer(2)[0]) == 1
            bound.send(encode_bind(3, SBC_NAME, b"wrong"))  # nobody again: the time runs anew
            assert bound.result(3).code == ResultCode.INVALID_CREDENTIALS
            assert farewell(bound)[0] == ResultCode.UNAVAILABLE
        assert serving.metrics()["connections_dropped"] == 2


@pytest.mark.usefixtures("_swift_sweeps")
def test_a_connection_whose_password_is_verified_for_long_is_counted_once(
    index: ContactIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = Event()
    monkeypatch.setattr("ldapd.passwords._verify", lambda _: verified.wait(20))
    with Serving(index, settings_of(bind_time_s=1)) as serving, serving.connect() as wire:
        wire.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
        serving.until(lambda counts: counts["connections_dropped"] >= 1)
        for _ in range(3):
            serving.call(serving.server._sweep)
        verified.set()
        assert wire.result(1).code == 0
        assert farewell(wire) == (ResultCode.UNAVAILABLE, "no bind in time")
        assert serving.metrics()["connections_dropped"] == 1


@pytest.mark.usefixtures("_swift_sweeps")
def test_an_idle_connection_is_ended(index: ContactIndex) -> None:
    with Serving(index, settings_of(idle_time_s=1)) as serving, serving.bound(SBC_NAME) as wire:
        assert farewell(wire) == (ResultCode.UNAVAILABLE, "idle")


# --- reload and drain ---------------------------------------------------------------------------


def test_a_reload_keeps_connections_and_ends_those_of_removed_clients(index: ContactIndex) -> None:
    with Serving(index) as serving:
        staying, leaving = serving.bound("cn=phone,dc=meta"), serving.bound(SBC_NAME)
        with staying, leaving, serving.connect() as unbound:
            fresh = msgspec.structs.replace(PHONE, number_format="national")
            settings = msgspec.structs.replace(serving.settings, aliases=("dc=new",))
            serving.call(lambda: serving.server.replace(settings, (fresh, BOOK)))
            assert farewell(leaving) == (
                ResultCode.UNAVAILABLE,
                "the client is no longer configured",
            )
            wanted = Equality("mobile", b"017139200007")
            staying.send(encode_search(2, "dc=new", wanted, ("mobile",)))
            entries, _ = staying.answer(2)
            assert entries[0].values("mobile") == (b"0171 39200007",)
            unbound.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
            assert unbound.result(1).code == ResultCode.INVALID_CREDENTIALS


def test_a_bad_reload_leaves_the_old_settings_in_force(index: ContactIndex) -> None:
    with Serving(index) as serving, serving.bound(SBC_NAME) as wire:
        bad = msgspec.structs.replace(serving.settings, base="meta")
        with pytest.raises(InvalidDn):
            serving.call(lambda: serving.server.replace(bad, (BOOK,)))
        wire.send(lookup(2))
        assert len(wire.answer(2)[0]) == 1


@either_loop
def test_a_drain_answers_what_was_read_says_goodbye_and_accepts_no_more(
    index: ContactIndex, loop: LoopFactory
) -> None:
    with Serving(index, loop_factory=loop) as serving:
        idle, binding = serving.bound(SBC_NAME), serving.connect()
        with idle, binding:
            binding.send(encode_bind(1, SBC_NAME, b"wrong"), lookup(2))
            serving.until(
                lambda _: (
                    any(each.is_busy for each in serving.server._connections)
                    or serving.server.handler.counters.binds_failed > 0
                )
            )
            serving.wait(serving.server.drain(10))
            assert farewell(idle) == (ResultCode.UNAVAILABLE, "the server is shutting down")
            assert binding.result(1).code == ResultCode.INVALID_CREDENTIALS
            assert binding.answer(2)[1].code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
            assert farewell(binding)[0] == ResultCode.UNAVAILABLE
        with pytest.raises(ConnectionRefusedError):
            serving.connect()
        assert serving.metrics()["connections_open"] == 0


def test_a_drain_cuts_a_peer_that_does_not_read(index: ContactIndex) -> None:
    with Serving(index) as serving, serving.bound("cn=phone,dc=meta") as wire:
        wire.socket.setblocking(False)  # noqa: FBT003 - a socket's own signature
        listing = encode_search(2, "dc=meta", Equality("objectClass", b"top")) * 200
        serving.until(lambda _: _sent_all_it_takes(wire, listing, serving))
        wire.socket.settimeout(20)
        serving.wait(serving.server.drain(0.05))
        serving.until(lambda counts: counts["connections_open"] == 0)


def _sent_all_it_takes(wire: Wire, octets: bytes, serving: Serving) -> bool:
    """Send once more; tell whether the server holds the connection for not being read."""
    try:
        wire.socket.send(octets)
    except BlockingIOError:
        return True
    return any(each.blocked_since_s for each in serving.server._connections)


def test_counts_say_what_happened(index: ContactIndex) -> None:
    with Serving(index, clients=(SBC,)) as serving:
        with serving.bound(SBC_NAME) as wire:
            wire.send(lookup(2), lookup(3, "+493023125555"), lookup(4, "anonymous"))
            for message_id in (2, 3, 4):
                wire.answer(message_id)
            counts = serving.metrics()
            assert (counts["connections_open"], counts["connections_unbound"]) == (1, 0)
        counts = serving.until(lambda counts: counts["connections_open"] == 0)
    assert {name: count for name, count in counts.items() if count} == {
        "binds": 1,
        "connections": 1,
        "entries": 1,
        "lookups": 3,
        "lookups_found": 1,
        "searches": 3,
    }
