"""One connection over a real socket: order, back-pressure, bad octets, faults inside."""

from __future__ import annotations

import asyncio
import itertools
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import msgspec
import pytest
import uvloop

from engine.contact import Contact, ContactId
from engine.index import ContactIndex
from engine.query import CallerMatch, CallerQuery
from engine.rights import Principal
from engine.selection import Selected, Selection
from ldapd.connection import HIGH_WATER_BYTES, JOIN_BYTES
from ldapd.passwords import MAX_WAITING, VERIFYING_THREADS
from ldapd.protocol.client import (
    Entry,
    Result,
    decode_responses,
    encode_abandon,
    encode_bind,
    encode_search,
    encode_unbind,
)
from ldapd.protocol.filters import Equality, parse_filter
from ldapd.protocol.messages import NOTICE_OF_DISCONNECTION, ResultCode
from ldapd.settings import LdapSettings
from tests.ldapd.house import PASSWORD, VISIBLE
from tests.ldapd.serving import PATIENT, LoopFactory, Serving, Wire

SBC_NAME, PHONE_NAME = "cn=sbc,dc=meta", "cn=phone,dc=meta"


def lookup(message_id: int, number: str = "+493023125001") -> bytes:
    return encode_search(
        message_id, "dc=meta", Equality("telephoneNumber", number.encode()), ("cn",)
    )


def listing(message_id: int) -> bytes:
    return encode_search(message_id, "dc=meta", parse_filter("(objectClass=*)"))


PADDED = parse_filter(f"(|(objectClass=*)(cn={'x' * 4_000}))")


def padded_listing(message_id: int) -> bytes:
    """Return a listing that fills the kernel's buffers soon."""
    return encode_search(message_id, "dc=meta", PADDED)


def assert_notice(wire: Wire, code: ResultCode) -> None:
    """The server says goodbye with this code, then closes."""
    notice = wire.next()
    assert isinstance(notice, Result)
    assert (notice.message_id, notice.name, notice.code) == (0, NOTICE_OF_DISCONNECTION, code)
    assert wire.next() is None


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def either(request: pytest.FixtureRequest, index: ContactIndex) -> Iterator[Serving]:
    """A server on either loop."""
    factory: LoopFactory = request.param
    with Serving(index, loop_factory=factory) as running:
        yield running


def test_pipelined_requests_are_answered_in_order_with_their_ids(either: Serving) -> None:
    with either.bound(SBC_NAME) as wire:
        count = 2_000
        wire.send(*(lookup(number + 2, f"+49302312500{number % 3}") for number in range(count)))
        names = {0: [], 1: ["Anna Müller"], 2: ["Nordlicht AG"]}
        for number in range(count):
            entries, done = wire.answer(number + 2)
            assert done.code == 0
            assert [each.values("cn")[0].decode() for each in entries] == names[number % 3]


def test_requests_that_arrive_octet_by_octet_are_answered(either: Serving) -> None:
    with either.connect() as wire:
        octets = encode_bind(1, SBC_NAME, PASSWORD.encode()) + lookup(2) + lookup(3)
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in octets:
            wire.send(bytes([octet]))
        assert wire.result(1).code == 0
        assert len(wire.answer(2)[0]) == len(wire.answer(3)[0]) == 1


def test_requests_behind_a_bind_wait_for_it(either: Serving) -> None:
    with either.connect() as wire:
        wire.send(
            lookup(1),
            encode_bind(2, SBC_NAME, PASSWORD.encode()),
            *(lookup(number) for number in range(3, 103)),
            encode_bind(103, SBC_NAME, b"wrong"),
            lookup(104),
        )
        assert wire.answer(1)[1].code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS
        assert wire.result(2).code == 0
        for number in range(3, 103):
            entries, done = wire.answer(number)
            assert (len(entries), done.code) == (1, 0)
        assert wire.result(103).code == ResultCode.INVALID_CREDENTIALS
        assert wire.answer(104)[1].code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS


def test_an_unbind_closes_and_what_follows_it_is_not_answered(either: Serving) -> None:
    with either.bound(SBC_NAME) as wire:
        wire.send(lookup(2), encode_abandon(3, 2), encode_unbind(4), lookup(5))
        assert len(wire.answer(2)[0]) == 1
        assert wire.next() is None


def test_a_client_that_closes_its_side_gets_its_answers(either: Serving) -> None:
    with either.bound(SBC_NAME) as wire:
        wire.send(lookup(2))
        wire.socket.shutdown(socket.SHUT_WR)
        assert len(wire.answer(2)[0]) == 1
        assert wire.next() is None


MALFORMED = {
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "TLS": bytes.fromhex("16030100f4010000f00303"),
    "indefinite length": bytes.fromhex("3080020101"),
    "length bomb": bytes.fromhex("3084ffffffff"),
    "message ID 0": bytes.fromhex("300502010042 00".replace(" ", "")),
    "no operation": bytes.fromhex("3003020101"),
    "response as request": bytes.fromhex("300c0201016507 0a010004000400".replace(" ", "")),
    "garbage": bytes.fromhex("3005ffffffffff"),
}


@pytest.mark.parametrize("octets", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_octets_close_their_connection_and_no_other(
    serving: Serving, octets: bytes
) -> None:
    with serving.bound(SBC_NAME) as good, serving.bound(SBC_NAME) as bad:
        before = serving.metrics()
        bad.send(octets)
        assert_notice(bad, ResultCode.PROTOCOL_ERROR)
        good.send(lookup(2))
        assert len(good.answer(2)[0]) == 1
        if octets != MALFORMED["response as request"]:
            assert serving.metrics()["violations"] == before["violations"] + 1


def test_whole_requests_before_malformed_octets_are_answered(serving: Serving) -> None:
    with serving.bound(SBC_NAME) as wire:
        wire.send(lookup(2), lookup(3), b"nonsense")
        assert len(wire.answer(2)[0]) == len(wire.answer(3)[0]) == 1
        assert_notice(wire, ResultCode.PROTOCOL_ERROR)


def test_malformed_octets_behind_a_bind_wait_for_it(serving: Serving) -> None:
    with serving.connect() as wire:
        wire.send(encode_bind(1, SBC_NAME, b"surely wrong"), b"nonsense")
        assert wire.result(1).code == ResultCode.INVALID_CREDENTIALS
        assert_notice(wire, ResultCode.PROTOCOL_ERROR)


def test_only_bound_clients_send_large_messages(serving: Serving) -> None:
    large = encode_search(2, "dc=meta", Equality("cn", b"x" * 20_000))
    huge = encode_search(3, "dc=meta", Equality("cn", b"x" * 70_000))
    with serving.connect() as wire:
        wire.send(large[:100])
        assert_notice(wire, ResultCode.PROTOCOL_ERROR)
    with serving.bound(PHONE_NAME) as wire:
        wire.send(large)
        assert wire.answer(2)[1].code == 0
        wire.send(huge[:100])
        assert_notice(wire, ResultCode.PROTOCOL_ERROR)


# --- back-pressure ------------------------------------------------------------------------------


def fill(wire: Wire, most_bytes: int) -> tuple[int, bytes]:
    """Send listings until the server takes no more; return how many, and the unsent rest."""
    wire.socket.setblocking(False)  # noqa: FBT003 - a socket's own signature
    sent = 0
    try:
        for message_id in itertools.count(2):
            octets = padded_listing(message_id)
            while octets:
                try:
                    done = wire.socket.send(octets)
                except BlockingIOError:
                    if not _becomes_writable(wire.socket):
                        return message_id, octets
                    continue
                sent += done
                octets = octets[done:]
            assert sent < most_bytes, "the server reads without end"
    finally:
        wire.socket.settimeout(20)
    raise AssertionError("not reached")


def _becomes_writable(sock: socket.socket) -> bool:
    return bool(select.select([], [sock], [], 0.3)[1])


def test_a_peer_that_does_not_read_is_not_read_and_then_gets_every_answer(
    index: ContactIndex,
) -> None:
    settings = LdapSettings(listen=(), limits=msgspec.structs.replace(PATIENT, blocked_write_s=60))
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:
        last, rest = fill(wire, most_bytes=40_000_000)
        answer_bytes = 8_192  # more than the whole house
        (connection,) = serving.call(lambda: list(serving.server._connections))
        buffered = serving.call(connection._transport.get_write_buffer_size)
        assert buffered <= HIGH_WATER_BYTES + JOIN_BYTES + answer_bytes
        waiting = serving.call(lambda: len(connection._inbox))
        assert waiting <= 262_144 // len(padded_listing(2)) + 1  # one received chunk
        with serving.bound(SBC_NAME) as other:  # nobody else waits
            other.send(lookup(2))
            assert len(other.answer(2)[0]) == 1
        with ThreadPoolExecutor(1) as sender:
            sent = sender.submit(wire.send, rest)
            for message_id in range(2, last + 1):
                assert len(wire.answer(message_id)[0]) == VISIBLE
            sent.result(20)


def test_a_peer_that_never_reads_is_cut(
    index: ContactIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldapd.server.SWEEP_S", 0.05)
    settings = LdapSettings(listen=(), limits=msgspec.structs.replace(PATIENT, blocked_write_s=1))
    with Serving(index, settings) as serving, serving.bound(PHONE_NAME) as wire:
        fill(wire, most_bytes=40_000_000)
        serving.until(lambda counts: counts["connections_dropped"] == 1)
        serving.until(lambda counts: counts["connections_open"] == 0)


def test_one_busy_connection_lets_others_in_between(serving: Serving) -> None:
    with serving.bound(PHONE_NAME) as busy, serving.bound(SBC_NAME) as other:
        busy.send(*(listing(number + 2) for number in range(4_000)))
        other.send(lookup(2))
        assert len(other.answer(2)[0]) == 1
        assert serving.call(lambda: any(each.is_busy for each in serving.server._connections))


# --- faults -------------------------------------------------------------------------------------


class Panic(BaseException):
    """Stands for tantivy's PanicException, which is no Exception either."""


class Breaking:
    """The house's index, with one number that breaks it."""

    def __init__(self, index: ContactIndex) -> None:
        self._index = index

    def caller(self, query: CallerQuery) -> CallerMatch | None:
        if query.number == "666":
            raise Panic("the caller Geheim at +493023125999")
        return self._index.caller(query)

    def holders(self, query: CallerQuery, limit: int) -> list[Contact]:
        return self._index.holders(query, limit)

    def select(self, selection: Selection, principal: Principal, limit: int) -> Selected:
        return self._index.select(selection, principal, limit)

    def get(self, identity: ContactId, principal: Principal) -> NoReturn:
        raise MemoryError(f"{identity} {principal}")


def test_a_fault_harms_its_request_alone_and_is_logged_without_what_was_asked(
    index: ContactIndex, caplog: pytest.LogCaptureFixture
) -> None:
    with Serving(Breaking(index)) as serving, serving.bound(SBC_NAME) as wire:
        wire.send(lookup(2), lookup(3, "666"), lookup(4), lookup(5, "666"), lookup(6))
        for message_id in range(2, 7):
            entries, done = wire.answer(message_id)
            broken = message_id in (3, 5)
            assert done.code == (ResultCode.OTHER if broken else 0)
            assert len(entries) == (0 if broken else 1)
        assert serving.metrics()["faults"] == 2
    lines = [record.getMessage() for record in caplog.records if record.name == "ldapd.server"]
    assert len(lines) == 1  # the second fault came within a second
    assert lines[0].startswith("a request failed inside: Panic at test_connection.py:")
    assert "Geheim" not in caplog.text
    assert "999" not in caplog.text


# --- binds --------------------------------------------------------------------------------------


def test_more_passwords_than_the_queue_holds_are_busy(index: ContactIndex) -> None:
    limits = msgspec.structs.replace(PATIENT, max_per_address=50)
    with Serving(index, LdapSettings(listen=(), limits=limits)) as serving:
        count = VERIFYING_THREADS + MAX_WAITING + 12
        wires = [serving.connect() for _ in range(count)]
        for wire in wires:
            wire.send(encode_bind(1, SBC_NAME, b"wrong"))
        codes = [wire.result(1).code for wire in wires]
        for wire in wires:
            wire.close()
    assert codes.count(ResultCode.BUSY) >= 1
    assert codes.count(ResultCode.INVALID_CREDENTIALS) >= VERIFYING_THREADS + MAX_WAITING


def test_a_client_that_leaves_during_its_bind_harms_nobody(serving: Serving) -> None:
    before = serving.metrics()["connections_open"]
    for _ in range(3):
        with serving.connect() as wire:
            wire.send(encode_bind(1, PHONE_NAME, b"wrong again"))
    serving.until(lambda counts: counts["connections_open"] == before)
    with serving.bound(SBC_NAME) as wire:
        wire.send(lookup(2))
        assert len(wire.answer(2)[0]) == 1


def test_answers_of_many_entries_come_whole(serving: Serving) -> None:
    with serving.bound(PHONE_NAME) as wire:
        wire.send(listing(2))
        entries, done = wire.answer(2)
        assert (len(entries), done.code) == (VISIBLE, 0)
        assert all(isinstance(each, Entry) for each in entries)
        assert decode_responses(b"") == ([], 0)
