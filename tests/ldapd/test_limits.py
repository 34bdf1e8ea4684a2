"""Every limit of the configuration, met from both sides: one below, at it, one beyond."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import ip_network

import msgspec
import pytest

from engine.index import ContactIndex
from ldapd.asked import Turn
from ldapd.protocol.client import (
    Result,
    encode_bind,
    encode_request,
    encode_search,
)
from ldapd.protocol.filters import And, Equality, Not, Or, Present, Substrings
from ldapd.protocol.messages import (
    NOTICE_OF_DISCONNECTION,
    SCOPE_BASE,
    Control,
    LdapMessage,
    ResultCode,
    SearchRequest,
)
from ldapd.search import LongAnswer
from ldapd.server import SPARE_S
from ldapd.settings import LdapLimits, LdapSettings, ProfileLimits, Profiles
from tests.ldapd.house import CLIENTS, PASSWORD, PHONE, SBC, VISIBLE
from tests.ldapd.serving import PATIENT, Serving, Wire

SBC_NAME, PHONE_NAME = "cn=sbc,dc=meta", "cn=phone,dc=meta"

AT_HOME = tuple(
    msgspec.structs.replace(each, networks=(ip_network("127.0.0.0/8"),)) for each in CLIENTS
)
"""Clients that are said to be on this machine."""

MET = {
    "max_message_bytes_unbound": "test_octets_before_a_bind",
    "max_message_bytes_bound": "test_octets_after_a_bind",
    "max_filter_depth": "test_filter_depth",
    "max_filter_leaves": "test_filter_leaves",
    "max_controls": "test_controls",
    "max_attributes": "test_attributes",
    "max_pending": "test_requests_behind_a_list_that_takes_long",
    "max_wait_ms": "test_waiting",
    "bind_time_s": "test_times",
    "idle_time_s": "test_times",
    "blocked_write_s": "test_times",
    "max_connections": "test_connections_in_all",
    "max_unbound": "test_strangers_who_do_not_bind",
    "max_per_address": "test_strangers_who_do_not_bind",
    "max_per_client": "test_connections_of_one_client",
    "bind_failures": "test_failed_binds",
    "bind_failure_time_s": "test_waiting_after_failed_binds",
    "alarm_misses_per_day": "test_numbers_of_nobody",
    "max_entries": "test_entries",
    "max_examined": "test_examined_contacts",
    "search_time_ms": "test_time_of_a_search",
}
"""Each limit, and the test that meets it from both sides."""

EDGE = pytest.mark.parametrize("beyond", [-1, 0, 1], ids=["below", "at", "beyond"])


def settings_of(**limits: int) -> LdapSettings:
    return LdapSettings(listen=(), limits=msgspec.structs.replace(PATIENT, **limits))


def lookup(message_id: int, value: bytes = b"+493023125001") -> bytes:
    return encode_search(message_id, "dc=meta", Equality("telephoneNumber", value), ("cn",))


def farewell(wire: Wire) -> int:
    """Return the code of the notice with which the server closes."""
    notice = wire.next()
    assert isinstance(notice, Result)
    assert (notice.message_id, notice.name) == (0, NOTICE_OF_DISCONNECTION)
    assert wire.next() is None
    return notice.code


def test_every_limit_is_met_here() -> None:
    assert {*MET} == {*LdapLimits.__struct_fields__, *ProfileLimits.__struct_fields__}
    assert all(name in globals() for name in MET.values())


# --- one request --------------------------------------------------------------------------------


@EDGE
def test_octets_before_a_bind(index: ContactIndex, beyond: int) -> None:
    with (
        Serving(index, settings_of(max_message_bytes_unbound=2_000)) as serving,
        serving.connect() as wire,
    ):
        empty = len(encode_bind(1, "x" * 1_000, b"y" * 500))
        request = encode_bind(1, "x" * 1_000, b"y" * (500 + 2_000 - empty + beyond))
        assert len(request) == 2_000 + beyond
        wire.send(request)
        if beyond > 0:
            assert farewell(wire) == ResultCode.PROTOCOL_ERROR
        else:
            assert wire.result(1).code == ResultCode.INVALID_CREDENTIALS


@EDGE
def test_octets_after_a_bind(index: ContactIndex, beyond: int) -> None:
    settings = settings_of(max_message_bytes_unbound=2_000, max_message_bytes_bound=5_000)
    with Serving(index, settings) as serving, serving.bound(SBC_NAME) as wire:
        empty = len(lookup(2, b"1" * 4_000))
        request = lookup(2, b"1" * (4_000 + 5_000 - empty + beyond))
        assert len(request) == 5_000 + beyond
        wire.send(request)
        if beyond > 0:
            assert farewell(wire) == ResultCode.PROTOCOL_ERROR
        else:
            assert wire.answer(2)[1].code == 0


@EDGE
def test_filter_depth(index: ContactIndex, beyond: int) -> None:
    nested: And | Not | Equality = Equality("cn", b"x")
    for _ in range(8 + beyond):
        nested = Not(nested)
    _refused_only_beyond(index, settings_of(max_filter_depth=8), nested, (), beyond)


@EDGE
def test_filter_leaves(index: ContactIndex, beyond: int) -> None:
    wide = Or(tuple(Equality("cn", f"x{number}".encode()) for number in range(12 + beyond)))
    _refused_only_beyond(index, settings_of(max_filter_leaves=12), wide, (), beyond)


@EDGE
def test_attributes(index: ContactIndex, beyond: int) -> None:
    names = tuple(f"a{number}" for number in range(6 + beyond))
    sought = Equality("cn", b"anna")
    _refused_only_beyond(index, settings_of(max_attributes=6), sought, names, beyond)


def test_address_books_name_more_attributes_than_there_are_here(index: ContactIndex) -> None:
    named = ("cn", *(f"x-attribute-{number}" for number in range(59)))
    with Serving(index, settings_of()) as serving, serving.bound(PHONE_NAME) as wire:
        wire.send(encode_search(2, "dc=meta", Equality("telephoneNumber", b"+493023125001"), named))
        entries, done = wire.answer(2)
        assert (len(entries), done.code) == (1, 0)


def _refused_only_beyond(
    index: ContactIndex,
    settings: LdapSettings,
    sought: And | Or | Not | Equality,
    names: tuple[str, ...],
    beyond: int,
) -> None:
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:
        wire.send(encode_search(2, "dc=meta", sought, names))
        code = wire.answer(2)[1].code
        if beyond > 0:
            assert code in (ResultCode.ADMIN_LIMIT_EXCEEDED, ResultCode.UNWILLING_TO_PERFORM)
        else:
            assert code == 0
        wire.send(lookup(3))  # only that request was refused
        assert len(wire.answer(3)[0]) == 1


@EDGE
@pytest.mark.parametrize("limit", [0, 3])
def test_controls(index: ContactIndex, beyond: int, limit: int) -> None:
    count = limit + beyond
    if count < 0:
        return
    controls = tuple(Control(f"1.2.3.{number}") for number in range(count))
    request = SearchRequest(
        "", SCOPE_BASE, 0, 0, 0, types_only=False, filter=Present("objectClass"), attributes=()
    )
    with Serving(index, settings_of(max_controls=limit)) as serving, serving.connect() as wire:
        wire.send(encode_request(LdapMessage(1, request, controls)))
        if beyond > 0:
            assert farewell(wire) == ResultCode.PROTOCOL_ERROR
        else:
            assert wire.answer(1)[1].code == 0


@EDGE
def test_entries(index: ContactIndex, beyond: int) -> None:
    most = Profiles(phone=ProfileLimits(max_entries=VISIBLE - beyond))
    settings = msgspec.structs.replace(settings_of(), profiles=most)
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:
        wire.send(encode_search(2, "dc=meta", Present("objectClass"), ("cn",)))
        entries, done = wire.answer(2)
        assert len(entries) == VISIBLE - max(beyond, 0)
        assert done.code == (ResultCode.SIZE_LIMIT_EXCEEDED if beyond > 0 else 0)


@EDGE
def test_examined_contacts(index: ContactIndex, beyond: int) -> None:
    most = Profiles(phone=ProfileLimits(max_examined=VISIBLE - beyond))
    settings = msgspec.structs.replace(settings_of(), profiles=most)
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:
        wire.send(encode_search(2, "dc=meta", Substrings("cn", None, (b"qx",), None), ("cn",)))
        entries, done = wire.answer(2)
        assert entries == []
        assert done.code == (ResultCode.ADMIN_LIMIT_EXCEEDED if beyond > 0 else 0)


@EDGE
def test_time_of_a_search(beyond: int) -> None:
    now_s = [100.0]
    turn = Turn(lambda: now_s[0], 2.0)
    now_s[0] += 2.0 + beyond / 1_024  # which adds up exactly
    assert turn.is_over()
    assert turn.is_late() == (beyond > 0)


@EDGE
def test_numbers_of_nobody(
    index: ContactIndex, caplog: pytest.LogCaptureFixture, beyond: int
) -> None:
    with Serving(index, settings_of(alarm_misses_per_day=4)) as serving:
        with serving.bound(SBC_NAME) as wire:
            for number in range(4 + beyond):
                wire.send(lookup(number + 2, b"+4930999%05d" % number))
                assert wire.answer(number + 2)[0] == []
        alarms = [each for each in caplog.records if each.name == "ldapd.watching"]
        assert len(alarms) == (beyond >= 0)


# --- waiting ------------------------------------------------------------------------------------


@EDGE
def test_requests_of_one_turn_are_all_answered_in_order(index: ContactIndex, beyond: int) -> None:
    with Serving(index, settings_of(max_pending=8)) as serving, serving.bound(SBC_NAME) as wire:
        wire.send(*(lookup(number) for number in range(2, 10 + beyond)))
        for number in range(2, 10 + beyond):
            assert len(wire.answer(number)[0]) == 1


def test_what_waited_too_long_is_answered_busy_and_binds_are_done(index: ContactIndex) -> None:
    with Serving(index, settings_of()) as serving, serving.bound(PHONE_NAME) as wire:
        wire.send(lookup(2), lookup(3))
        assert wire.answer(2)[1].code == wire.answer(3)[1].code == 0
        serving.call(lambda: setattr(serving.server, "max_wait_s", -1.0))
        bind = encode_bind(6, SBC_NAME, PASSWORD.encode())
        wire.send(lookup(4) + lookup(5) + bind)
        assert wire.answer(4)[1].code == wire.answer(5)[1].code == ResultCode.BUSY
        assert wire.result(6).code == 0
        assert serving.metrics()["answered_busy"] == 2


@EDGE
def test_requests_behind_a_list_that_takes_long(index: ContactIndex, beyond: int) -> None:
    """So many are taken in; then nothing is read until the list is sent."""
    with Serving(index, settings_of(max_pending=4)) as serving, serving.bound(SBC_NAME) as wire:
        (connection,) = serving.server._connections
        rest = (b"" for _ in ())
        serving.call(lambda: setattr(connection, "_long", LongAnswer(99, b"", rest)))
        count = 4 + beyond
        wire.send(*(lookup(number) for number in range(2, 2 + count)))
        serving.until(lambda _: len(connection._inbox) == count)
        assert connection._reading == (beyond < 0)

        def end() -> None:
            connection._end_long()
            connection._work()

        serving.call(end)
        for number in range(2, 2 + count):
            assert len(wire.answer(number)[0]) == 1
        assert connection._reading


@EDGE
def test_waiting(index: ContactIndex, beyond: int) -> None:
    settings = settings_of(max_wait_ms=100_000)
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:

        def put_in() -> None:
            (connection,) = serving.server._connections
            connection._inbox.extend(connection._session.receive(lookup(2)))
            connection.heard_s = serving.loop.time() - 99.5 - beyond
            connection._work()

        serving.call(put_in)
        assert wire.answer(2)[1].code == (ResultCode.BUSY if beyond > 0 else 0)


@EDGE
@pytest.mark.parametrize("limit", ["bind_time_s", "idle_time_s", "blocked_write_s"])
def test_times(index: ContactIndex, limit: str, beyond: int) -> None:
    """A connection that has been so for the time is kept, a second longer and it is ended."""
    with (
        Serving(index, settings_of(**{limit: 100})) as serving,
        serving.connect() if limit == "bind_time_s" else serving.bound(SBC_NAME) as wire,
    ):
        serving.until(lambda counts: counts["connections_open"] == 1)

        def age() -> bool:
            (connection,) = serving.server._connections
            since_s = serving.loop.time() - 99.5 - beyond
            if limit == "bind_time_s":
                connection.unbound_since_s = since_s
            elif limit == "idle_time_s":
                connection.heard_s = since_s
            else:
                connection.blocked_since_s = since_s
            serving.server._sweep()
            connection.blocked_since_s = None
            return connection.closing_since_s is None

        kept = serving.call(age)
        if limit == "blocked_write_s" and beyond > 0:
            assert wire.next() is None
        elif beyond > 0:
            assert not kept
            assert farewell(wire) == ResultCode.UNAVAILABLE
        else:
            assert kept


def test_no_idle_limit_for_who_is_in_its_networks(index: ContactIndex) -> None:
    with (
        Serving(index, settings_of(idle_time_s=1), AT_HOME) as serving,
        serving.bound(SBC_NAME) as wire,
    ):

        def age() -> None:
            (connection,) = serving.server._connections
            connection.heard_s -= 1_000_000
            serving.server._sweep()

        serving.call(age)
        wire.send(lookup(2))
        assert len(wire.answer(2)[0]) == 1


# --- connections --------------------------------------------------------------------------------


def opened(serving: Serving, stack: ExitStack, count: int) -> list[Wire]:
    """Open connections that do not bind; return them once the server knows of all."""
    wires = [stack.enter_context(serving.connect()) for _ in range(count)]
    serving.until(lambda counts: counts["connections"] >= count)
    return wires


@EDGE
def test_connections_in_all(index: ContactIndex, beyond: int) -> None:
    with Serving(index, settings_of(max_connections=3)) as serving, ExitStack() as stack:
        for _ in range(2 + beyond):
            stack.enter_context(serving.bound(SBC_NAME))
        with serving.connect() as last:
            if beyond > 0:
                assert farewell(last) == ResultCode.BUSY
            else:
                last.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
                assert last.result(1).code == 0
        assert serving.metrics()["connections_refused"] == max(beyond, 0)


@EDGE
@pytest.mark.parametrize("limit", ["max_unbound", "max_per_address"])
def test_strangers_who_do_not_bind(index: ContactIndex, limit: str, beyond: int) -> None:
    with Serving(index, settings_of(**{limit: 4})) as serving, ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(serving.bound(SBC_NAME))  # bound ones do not count
        strangers = opened(serving, stack, 3 + beyond)
        serving.until(lambda counts: counts["connections_unbound"] == 3 + beyond)
        with serving.connect() as last:
            if beyond > 0:
                assert farewell(last) == ResultCode.BUSY
                strangers.pop().close()
                serving.until(lambda counts: counts["connections_unbound"] == 3)
                serving.bound(SBC_NAME).close()  # the place is free again
            else:
                last.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
                assert last.result(1).code == 0
        stack.close()
        counts = serving.until(lambda counts: counts["connections_open"] == 0)
        assert counts["connections_unbound"] == 0


def test_no_such_limit_inside_the_networks_of_a_client(index: ContactIndex) -> None:
    settings = settings_of(max_unbound=1, max_per_address=1, bind_failures=1)
    with Serving(index, settings, AT_HOME) as serving, ExitStack() as stack:
        for wire in opened(serving, stack, 10):
            wire.send(encode_bind(1, SBC_NAME, b"wrong"))
            assert wire.result(1).code == ResultCode.INVALID_CREDENTIALS
        serving.bound(SBC_NAME).close()


def test_the_newest_stranger_gives_up_its_place_for_who_is_known(index: ContactIndex) -> None:
    clients = (msgspec.structs.replace(SBC, networks=(ip_network("127.0.0.1/32"),)), PHONE)
    with Serving(index, settings_of(max_connections=3), clients) as serving, ExitStack() as stack:
        stack.enter_context(serving.bound(SBC_NAME))
        older = stack.enter_context(serving.connect_from("127.0.0.2"))
        serving.until(lambda counts: counts["connections_open"] == 2)
        newer = stack.enter_context(serving.connect_from("127.0.0.2"))
        serving.until(lambda counts: counts["connections_open"] == 3)
        with serving.connect_from("127.0.0.3") as stranger:
            assert farewell(stranger) == ResultCode.BUSY
        stack.enter_context(serving.bound(SBC_NAME))
        assert newer.next() is None
        stack.enter_context(serving.bound(SBC_NAME))
        assert older.next() is None
        with serving.connect() as last:  # all are bound: nobody has to go
            assert farewell(last) == ResultCode.BUSY


@EDGE
def test_connections_of_one_client(index: ContactIndex, beyond: int) -> None:
    settings = settings_of(max_per_client=3)
    with Serving(index, settings, AT_HOME) as serving, ExitStack() as stack:
        for _ in range(2 + beyond):
            stack.enter_context(serving.bound(SBC_NAME))
        stack.enter_context(serving.bound(PHONE_NAME))  # another client
        with serving.connect() as last:
            last.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
            assert last.result(1).code == 0
            if beyond > 0:
                assert farewell(last) == ResultCode.BUSY
            else:
                last.send(lookup(2))
                assert len(last.answer(2)[0]) == 1


def test_a_new_connection_takes_the_place_of_one_that_has_long_been_silent(
    index: ContactIndex,
) -> None:
    with Serving(index, settings_of(max_per_client=3), AT_HOME) as serving, ExitStack() as stack:
        wires = [stack.enter_context(serving.bound(SBC_NAME)) for _ in range(2)]

        def age() -> None:
            for connection in serving.server._connections:
                connection.heard_s -= SPARE_S

        serving.call(age)
        wires.append(stack.enter_context(serving.bound(SBC_NAME)))
        phone = stack.enter_context(serving.bound(PHONE_NAME))  # another client
        wires[0].send(lookup(2))
        assert len(wires[0].answer(2)[0]) == 1
        new = stack.enter_context(serving.bound(SBC_NAME))
        assert farewell(wires[1]) == ResultCode.UNAVAILABLE
        for wire in (wires[0], wires[2], new, phone):
            wire.send(lookup(3))
            assert len(wire.answer(3)[0]) == 1
        counts = serving.metrics()
        assert (counts["connections_dropped"], counts["connections_refused"]) == (1, 0)
        with serving.connect() as last:  # all have asked within the minute
            last.send(encode_bind(1, SBC_NAME, PASSWORD.encode()))
            assert last.result(1).code == 0
            assert farewell(last) == ResultCode.BUSY


@EDGE
def test_failed_binds(index: ContactIndex, beyond: int) -> None:
    with Serving(index, settings_of(bind_failures=3)) as serving, serving.connect() as wire:
        for _ in range(3 + beyond):
            wire.send(encode_bind(1, SBC_NAME, b"wrong"))
            code = wire.result(1).code
        assert code == (ResultCode.BUSY if beyond > 0 else ResultCode.INVALID_CREDENTIALS)


@EDGE
def test_waiting_after_failed_binds(index: ContactIndex, beyond: int) -> None:
    settings = settings_of(bind_failures=1, bind_failure_time_s=100)
    with Serving(index, settings) as serving, serving.connect() as wire:
        wire.send(encode_bind(1, SBC_NAME, b"wrong"))
        assert wire.result(1).code == ResultCode.INVALID_CREDENTIALS

        def age() -> None:
            (times_s,) = serving.server.handler._failures._times_s.values()
            times_s[-1] -= 99.5 + beyond

        serving.call(age)
        wire.send(encode_bind(2, SBC_NAME, PASSWORD.encode()))
        assert wire.result(2).code == (0 if beyond > 0 else ResultCode.BUSY)
