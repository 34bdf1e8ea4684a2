from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolViolation
from ldapd.protocol.ber import encode_element, encode_text
from ldapd.protocol.client import (
    Result,
    decode_response,
    encode_bind,
    encode_request,
    encode_search,
    encode_unbind,
)
from ldapd.protocol.filters import Equality, Present
from ldapd.protocol.messages import (
    EXTENDED_RESPONSE,
    NOTICE_OF_DISCONNECTION,
    BindRequest,
    Control,
    LdapMessage,
    RefusedRequest,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    encode_message,
)
from ldapd.protocol.requests import DecodeLimits
from ldapd.protocol.session import LdapSession
from tests.ldapd.protocol.strategies import messages

BIND = encode_bind(1, "cn=sbc,dc=meta", b"secret")
SEARCH = encode_search(2, "dc=meta", Equality("telephoneNumber", b"+498999998123"), ("cn",))

streams = st.lists(
    messages.filter(lambda message: not isinstance(message.request, UnbindRequest)), max_size=4
)


def violation(data: bytes, session: LdapSession | None = None) -> ProtocolViolation:
    """Return the violation that `data` raises, its reply checked."""
    with pytest.raises(ProtocolViolation) as caught:
        (session or LdapSession()).receive(data)
    reply = decode_response(caught.value.reply)
    assert reply == Result(
        0,
        EXTENDED_RESPONSE,
        ResultCode.PROTOCOL_ERROR,
        "",
        caught.value.reason,
        NOTICE_OF_DISCONNECTION,
    )
    return caught.value


@given(streams)
def test_a_stream_in_one_piece_gives_its_requests(sent: list[LdapMessage]) -> None:
    session = LdapSession()
    assert session.receive(b"".join(map(encode_request, sent))) == sent
    assert session.buffered_bytes == 0


@given(streams)
def test_a_stream_octet_by_octet_gives_the_same_requests(sent: list[LdapMessage]) -> None:
    session = LdapSession()
    received = []
    for octet in b"".join(map(encode_request, sent)):
        received += session.receive(bytes((octet,)))
    assert received == sent
    assert session.buffered_bytes == 0


@given(streams, st.lists(st.integers(0, 400), max_size=6))
def test_a_stream_cut_anywhere_gives_the_same_requests(
    sent: list[LdapMessage], cuts: list[int]
) -> None:
    session = LdapSession()
    data = b"".join(map(encode_request, sent))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    received = []
    for start, stop in pairwise(edges):
        received += session.receive(data[start:stop])
    assert received == sent


def test_each_truncation_waits_for_the_rest() -> None:
    for cut in range(len(SEARCH)):
        session = LdapSession()
        assert session.receive(SEARCH[:cut]) == []
        assert session.buffered_bytes == cut
        [message] = session.receive(SEARCH[cut:])
        assert message.message_id == 2
        assert session.buffered_bytes == 0


def test_pipelined_requests_and_a_part_are_taken_apart() -> None:
    session = LdapSession()
    assert [m.message_id for m in session.receive(BIND + SEARCH + SEARCH[:9])] == [1, 2]
    assert session.buffered_bytes == 9
    assert [m.message_id for m in session.receive(SEARCH[9:] + BIND + b"\x30")] == [2, 1]
    assert session.buffered_bytes == 1


def test_nothing_received_gives_nothing() -> None:
    session = LdapSession()
    assert session.receive(b"") == []
    session.receive(SEARCH[:5])
    assert session.receive(b"") == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x02\x01\x01\x42\x00\x00\x00",  # indefinite
        b"\x30\x85\x00\x00\x00\x00\x05\x02\x01\x01\x42\x00",  # five length octets
        b"\x30\xff",
        b"\x30\x00",  # empty
        b"\x30\x02\x02\x00",
        b"\x30\x03\x02\x01\x01",  # no operation
        b"GET / HTTP/1.1\r\nHost: directory.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS hello
        b"\x00",
        b"\x31\x05\x02\x01\x01\x42\x00",
        b"\x30\x05\x02\x01\x00\x42\x00",  # message ID 0
        b"\x30\x05\x02\x01\xff\x42\x00",  # -1
        b"\x30\x09\x02\x05\x00\x80\x00\x00\x00\x42\x00",  # 2^31
        b"\x30\x05\x04\x01\x01\x42\x00",  # no integer
        b"\x30\x05\x02\x01\x01\x42\x01",  # longer than its message
        b"\x30\x06\x02\x01\x01\x42\x00\x00",  # an octet left over
        b"\x30\x05\x02\x01\x01\x7f\x00",  # a tag of several octets
        b"\x30\x07\x02\x01\x01\x63\x02\x04\x00",  # half a search
    ],
)
def test_what_is_no_ldap_ends_the_session(data: bytes) -> None:
    assert violation(data).messages == []


def test_the_first_wrong_octet_ends_the_session() -> None:
    assert "first octet" in violation(b"G").reason


def test_a_length_bomb_is_refused_by_its_header() -> None:
    session = LdapSession()
    assert "octets" in violation(b"\x30\x84\xff\xff\xff\xff", session).reason
    assert session.buffered_bytes == 0


@pytest.mark.parametrize("split", [1, 2, 3])
def test_a_length_bomb_in_pieces_is_refused_as_soon_as_it_shows(split: int) -> None:
    session = LdapSession()
    bomb = b"\x30\x83\x10\x00\x00"
    assert session.receive(bomb[:split]) == []
    violation(bomb[split:], session)
    assert session.buffered_bytes == 0


@pytest.mark.parametrize("bound", [False, True])
def test_the_largest_message_depends_on_the_bind(bound: bool) -> None:  # noqa: FBT001 - a table
    most = 1_000 if bound else 500

    def sized(size: int) -> bytes:
        bare = encode_bind(1, "", b"")
        for pad in range(size):
            data = encode_bind(1, "", b"x" * (size - len(bare) - pad))
            if len(data) <= size:
                assert len(data) == size
                return data
        raise AssertionError(size)

    def session() -> LdapSession:
        made = LdapSession(max_message_bytes_unbound=500, max_message_bytes_bound=1_000)
        made.bound = bound
        return made

    assert len(session().receive(sized(most))) == 1
    violation(sized(most + 1), session())
    half = session()
    assert half.receive(sized(most)[:7]) == []
    assert len(half.receive(sized(most)[7:])) == 1


def test_requests_before_a_violation_are_handed_over() -> None:
    error = violation(BIND + SEARCH + b"GET /")
    assert [message.message_id for message in error.messages] == [1, 2]
    assert isinstance(error.messages[0].request, BindRequest)
    session = LdapSession()
    session.receive(BIND[:5])
    error = violation(BIND[5:] + SEARCH + b"\x30\x80", session)
    assert [message.message_id for message in error.messages] == [1, 2]


def test_nothing_counts_after_a_violation() -> None:
    session = LdapSession()
    violation(b"\x30\x80", session)
    assert session.receive(BIND) == []
    assert session.buffered_bytes == 0


def test_nothing_counts_after_an_unbind() -> None:
    session = LdapSession()
    received = session.receive(SEARCH + encode_unbind(3) + SEARCH + b"GET /")
    assert [message.message_id for message in received] == [2, 3]
    assert session.buffered_bytes == 0
    assert session.receive(SEARCH) == []


def test_eleven_controls_end_the_session() -> None:
    ten = encode_search(1, "", Present("cn"), controls=[Control("1.2.3")] * 10)
    eleven = encode_search(1, "", Present("cn"), controls=[Control("1.2.3")] * 11)
    assert len(LdapSession().receive(ten)[0].controls) == 10
    assert "controls" in violation(eleven).reason


def nested(depth: int) -> bytes:
    wanted = b"\x87\x02cn"
    for _ in range(depth):
        wanted = encode_element(0xA2, wanted)
    return _search(wanted)


def _search(wanted: bytes) -> bytes:
    fields = b"\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    return encode_message(
        4, encode_element(0x63, encode_text("dc=meta") + fields + wanted + b"\x30\x00")
    )


@pytest.mark.parametrize(
    ("fits", "exceeds"),
    [
        (nested(16), nested(17)),
        (nested(16), nested(2_000)),
        (
            _search(encode_element(0xA1, b"\x87\x02cn" * 64)),
            _search(encode_element(0xA1, b"\x87\x02cn" * 65)),
        ),
    ],
)
def test_a_filter_too_deep_or_wide_is_refused_and_the_session_goes_on(
    fits: bytes, exceeds: bytes
) -> None:
    session = LdapSession()
    [taken, refused, after] = session.receive(fits + exceeds + SEARCH)
    assert isinstance(taken.request, SearchRequest)
    assert isinstance(refused.request, RefusedRequest)
    assert refused.request.code is ResultCode.ADMIN_LIMIT_EXCEEDED
    assert isinstance(after.request, SearchRequest)


def test_limits_come_from_the_owner() -> None:
    session = LdapSession(limits=DecodeLimits(max_filter_leaves=1, max_attributes=0))
    [message] = session.receive(SEARCH)
    assert isinstance(message.request, RefusedRequest)


def test_equal_requests_come_out_alike_again_and_again() -> None:
    session = LdapSession()
    seen = set()
    for number in range(50):
        value = b"+4989999981%02d" % number
        pdu = encode_search(number + 120, "dc=meta", Equality("telephoneNumber", value), ("cn",))
        [message] = session.receive(pdu)
        assert encode_request(message) == pdu
        seen.add(message)
    assert len(seen) == 50


def test_a_reason_never_quotes_what_was_sent() -> None:
    for secret in (b"SECRET", b"\x30\x0bSECRETSECRE"):
        assert "SECRET" not in violation(secret).reason


def test_a_large_message_in_single_octets_takes_linear_work() -> None:
    session = LdapSession()
    session.bound = True
    big = encode_bind(1, "", random.Random(7).randbytes(60_000))
    received = []
    for octet in big:
        received += session.receive(bytes((octet,)))
    assert len(received) == 1
