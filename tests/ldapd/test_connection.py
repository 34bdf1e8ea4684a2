"""One connection over a real socket: order, back-pressure, bad octets, faults inside."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import msgspec
import pytest
import uvloop

from engine.client import Client
from engine.contact import Contact, ContactId
from engine.index import ContactIndex
from engine.query import CallerMatch, CallerQuery
from engine.rights import Principal
from engine.selecting import Candidates
from engine.selection import Selected, Selection
from ldapd.connection import HIGH_WATER_BYTES, JOIN_BYTES
from ldapd.passwords import MAX_WAITING, VERIFYING_THREADS
from ldapd.protocol.client import (
    Entry,
    Result,
    decode_responses,
    encode_abandon,
    encode_bind,
    encode_request,
    encode_search,
    encode_unbind,
)
from ldapd.protocol.filters import Equality, parse_filter
from ldapd.protocol.messages import (
    CANCEL,
    NOTICE_OF_DISCONNECTION,
    WHO_AM_I,
    CompareRequest,
    ExtendedRequest,
    LdapMessage,
    ResultCode,
)
from ldapd.settings import LdapSettings
from tests.engine.building import Directory, contact
from tests.ldapd.house import CLIENTS, PASSWORD, PASSWORD_HASH, VISIBLE
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
    return bool(select.select([], [sock], [], 3)[1])


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
        with contextlib.suppress(ConnectionError):  # it may be cut while it still sends
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
        self.candidates = index.candidates
        self.plain_caller = index.plain_caller

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
        for number, wire in enumerate(wires):
            wire.send(encode_bind(1, SBC_NAME, b"wrong %d" % number))  # equal ones would be shared
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


# --- long lists ---------------------------------------------------------------------------------

BULK = Client("bulk", "cn=bulk,dc=meta", PASSWORD_HASH, profile="bulk")
CROWD = 3_000


def extended(message_id: int, name: str, value: bytes | None = None) -> bytes:
    return encode_request(LdapMessage(message_id, ExtendedRequest(name, value)))


def compare(message_id: int) -> bytes:
    return encode_request(LdapMessage(message_id, CompareRequest("dc=x", "cn", b"x")))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with a list that takes many slices."""
    directory = Directory(tmp_path_factory.mktemp("crowd"))
    held = directory.hold(*(contact(str(n), f"Meier {n}", f"4930{n:06}") for n in range(CROWD)))
    with Serving(held, clients=(BULK, *CLIENTS)) as serving:
        yield serving
    directory.close()


def test_a_call_does_not_wait_behind_a_long_list(crowded: Serving) -> None:
    with crowded.bound(BULK.bind) as reader, crowded.bound(SBC_NAME) as caller:
        reader.send(listing(2))
        caller.send(lookup(2, "+4930000007"))
        entries, done = caller.answer(2)
        assert (len(entries), done.code) == (1, 0)
        whole, done = reader.answer(2)
        assert (len(whole), done.code) == (CROWD, 0)


def test_requests_behind_a_long_list_are_answered_in_their_order(crowded: Serving) -> None:
    with crowded.bound(BULK.bind) as wire:
        wire.send(listing(2), compare(3), listing(4))
        for message_id in (2, 4):
            whole, done = wire.answer(message_id)
            assert (len(whole), done.code) == (CROWD, 0)
            if message_id == 2:
                assert wire.result(3).code == ResultCode.NO_SUCH_OBJECT


@pytest.mark.parametrize("target", [2, 3])
def test_an_abandoned_list_ends_without_a_word(crowded: Serving, target: int) -> None:
    with crowded.bound(BULK.bind) as wire:
        wire.send(listing(2))
        first = wire.next()
        assert isinstance(first, Entry)
        wire.send(listing(3), encode_abandon(4, target), extended(5, WHO_AM_I))
        counts = {2: 1, 3: 0}
        ends = []
        while True:
            response = wire.next()
            assert response is not None
            if isinstance(response, Entry):
                counts[response.message_id] += 1
            else:
                ends.append(response.message_id)
                if response.message_id == 5:
                    break
        assert ends in ([5 - target, 5], [2, 3, 5])  # the last: it was sent before it was abandoned
        if len(ends) == 2:
            assert counts[5 - target] == CROWD
            assert counts[target] < CROWD


def test_a_cancelled_list_ends_and_says_so(crowded: Serving) -> None:
    with crowded.bound(BULK.bind) as wire:
        wire.send(listing(2), extended(3, CANCEL, b"\x30\x03\x02\x01\x02"))
        responses = []
        while len(responses) < 2:
            response = wire.next()
            assert response is not None
            if not isinstance(response, Entry):
                responses.append((response.message_id, response.code))
        over = [(2, 0), (3, ResultCode.NO_SUCH_OPERATION)]
        assert responses in ([(2, ResultCode.CANCELED), (3, 0)], over)


def test_a_cancel_of_what_is_over_or_never_was_is_told_so(crowded: Serving) -> None:
    with crowded.bound(BULK.bind) as wire:
        for value, code in (
            (b"\x30\x03\x02\x01\x01", ResultCode.NO_SUCH_OPERATION),
            (b"\x30\x03\x02\x01\x63", ResultCode.NO_SUCH_OPERATION),
            (b"\x30\x00", ResultCode.PROTOCOL_ERROR),
            (None, ResultCode.PROTOCOL_ERROR),
        ):
            wire.send(extended(7, CANCEL, value))
            assert wire.result(7).code == code


def test_an_unbind_ends_a_long_list(crowded: Serving) -> None:
    with crowded.bound(BULK.bind) as wire:
        wire.send(listing(2))
        assert isinstance(wire.next(), Entry)
        wire.send(encode_unbind(3))
        while wire.next() is not None:
            pass
    crowded.until(lambda counts: counts["connections_open"] == 0)


def test_a_list_that_breaks_off_ends_with_an_error(
    crowded: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = itertools.count()
    read = Candidates.read

    def broken(self: Candidates, at: int) -> Contact:
        if next(reads) > CROWD // 2:
            raise OSError("a page of the index cannot be read")
        return read(self, at)

    with crowded.bound(BULK.bind) as wire:
        monkeypatch.setattr(Candidates, "read", broken)
        wire.send(listing(2))
        entries, done = wire.answer(2)
        assert 0 < len(entries) < CROWD
        assert done.code == ResultCode.OTHER
        monkeypatch.undo()
        wire.send(listing(3))
        assert len(wire.answer(3)[0]) == CROWD
