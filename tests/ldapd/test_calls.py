"""The short way of a call says what the long way says, to any octets."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.index import ContactIndex
from ldapd.auth import Peer
from ldapd.calls import MAX_FRAMES, MAX_OCTETS, MAX_SAME_LENGTH, KnownCalls
from ldapd.handler import LdapHandler
from ldapd.protocol.client import encode_request, encode_search
from ldapd.protocol.filters import And, Equality, Filter, Or, parse_filter
from ldapd.protocol.messages import (
    SCOPE_BASE,
    START_TLS,
    Control,
    ExtendedRequest,
    LdapMessage,
    SearchRequest,
)
from ldapd.protocol.session import LdapSession
from tests.ldapd.asking import handler_of, octets_of, peer_of, the_long_way
from tests.ldapd.house import PHONE, SBC

KNOWN, UNKNOWN = "+493023125001", "+493023125777"
WANTED = ("displayName", "telephoneNumber", "o")
NAMES = (("displayName",), ("cn", "DISPLAYNAME", "unknown"), ("name", "cn", "cn"))
"""Lists of attributes that show the name and nothing else."""

EVERY_CLASS = (
    KNOWN,
    "123",
    "+493023125002",
    "+493023125010",
    "+4930231250107",
    "23125001",
    UNKNOWN,
)
"""Exact, an extension, shared, a company, behind a trunk or not, a local number, nobody."""


def octets(number: str, attributes: tuple[str, ...] = ("telephoneNumber",), message_id: int = 7,
           *controls: Control, wanted_attributes: tuple[str, ...] = WANTED) -> bytes:  # fmt: skip
    terms = tuple(Equality(each, number.encode()) for each in attributes)
    wanted: Filter = terms[0] if len(terms) == 1 else Or(terms)
    return encode_search(message_id, "dc=meta", wanted, wanted_attributes, controls=controls)


@pytest.fixture
def handler(index: ContactIndex) -> LdapHandler:
    return handler_of(index)


def learnt(handler: LdapHandler, *known: bytes) -> Peer:
    peer = peer_of(SBC)
    for data in known:
        assert handler.known_answer(peer, data) is None
        assert the_long_way(handler, peer, data)
    return peer


@pytest.mark.parametrize("attributes", [("telephoneNumber",), ("telephoneNumber", "mobile", "x")])
@pytest.mark.parametrize("asked", [WANTED, *NAMES])
def test_a_search_of_a_known_shape_goes_the_short_way(
    handler: LdapHandler, attributes: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    peer = learnt(handler, octets(UNKNOWN, attributes, wanted_attributes=asked))
    data = octets(KNOWN, attributes, 99, wanted_attributes=asked)
    short = handler.known_answer(peer, data)
    assert short is not None
    assert "Anna Müller".encode() in short
    assert short == the_long_way(handler, peer, data)


@pytest.mark.parametrize("asked", [WANTED, NAMES[0]])
@pytest.mark.parametrize("message_id", [1, 127, 128, 255, 256, 32_767, 32_768, 2**23, 2**31 - 1])
def test_every_message_id_goes_the_short_way(
    handler: LdapHandler, message_id: int, asked: tuple[str, ...]
) -> None:
    first = octets(UNKNOWN, message_id=message_id, wanted_attributes=asked)
    peer = learnt(handler, first)
    data = octets(KNOWN, message_id=message_id, wanted_attributes=asked)
    assert handler.known_answer(peer, data) == the_long_way(handler, peer, data)


@pytest.mark.parametrize("number", EVERY_CLASS)
def test_names_alone_are_those_of_every_class(handler: LdapHandler, number: str) -> None:
    peer = learnt(handler, octets("1" * len(number), wanted_attributes=NAMES[0]))
    data = octets(number, wanted_attributes=NAMES[0])
    short = handler.known_answer(peer, data)
    assert short == the_long_way(handler, peer, data)
    assert short is not None
    assert (b"displayName" in short) == (number != UNKNOWN)


def test_names_of_any_length_fit_and_their_frames_are_bounded(handler: LdapHandler) -> None:
    peer = learnt(handler, octets(UNKNOWN, wanted_attributes=NAMES[0]))
    assert peer.asker is not None
    data = octets(KNOWN, wanted_attributes=NAMES[0])
    found = peer.asker.calls.find(data)
    assert found is not None
    call, identifier, *_ = found
    for length in range(2 * MAX_FRAMES):
        frame = call.answer(identifier, b"0" * 36, b"n" * length)
        assert frame.count(b"n" * length) >= 1
        assert len(call._frames) <= MAX_FRAMES
    assert handler.known_answer(peer, data) == the_long_way(handler, peer, data)


def test_a_long_search_is_as_good(handler: LdapHandler) -> None:
    attributes = ("telephoneNumber", "mobile", "homePhone", "otherTelephone", "ipPhone")
    peer = learnt(handler, octets(UNKNOWN, attributes, 300))
    data = octets(KNOWN, attributes, 400)
    assert len(data) > 0x80
    assert handler.known_answer(peer, data) == the_long_way(handler, peer, data)


def test_the_short_way_counts_what_the_long_way_counts(handler: LdapHandler) -> None:
    peer = learnt(handler, octets(UNKNOWN))
    before = handler.counters.searches, handler.counters.lookups, handler.counters.lookups_found
    handler.known_answer(peer, octets(KNOWN))
    after = handler.counters.searches, handler.counters.lookups, handler.counters.lookups_found
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


@pytest.mark.parametrize(
    "data",
    [
        octets(UNKNOWN) + b"\x30",  # more behind it
        octets(UNKNOWN)[:-1],
        octets("no digit here"),
        octets(UNKNOWN, ("telephoneNumber",), 7, Control("1.2.3", critical=False)),
        encode_search(7, "dc=meta", parse_filter(f"(cn={UNKNOWN})"), WANTED),
        encode_search(7, "dc=meta", parse_filter(f"(telephoneNumber={UNKNOWN}*)"), WANTED),
        encode_search(7, "dc=meta", And((Equality("mobile", b"1"),)), WANTED),
        encode_search(7, "dc=elsewhere", Equality("mobile", UNKNOWN.encode()), WANTED),
        encode_search(7, "dc=meta", Equality("mobile", UNKNOWN.encode()), WANTED, scope=SCOPE_BASE),
        octets(UNKNOWN + "0" * MAX_OCTETS),
    ],
)
def test_what_is_no_plain_call_is_not_learnt(handler: LdapHandler, data: bytes) -> None:
    peer = peer_of(SBC)
    the_long_way(handler, peer, data)
    assert handler.known_answer(peer, data) is None


def test_only_the_profile_of_sbcs_has_calls(handler: LdapHandler) -> None:
    for peer in (peer_of(PHONE), peer_of(None)):
        the_long_way(handler, peer, octets(UNKNOWN))
        assert handler.known_answer(peer, octets(KNOWN)) is None


def test_different_numbers_in_one_or_are_no_call(handler: LdapHandler) -> None:
    peer = learnt(handler, octets(UNKNOWN, ("telephoneNumber", "mobile")))
    one, other = Equality("telephoneNumber", KNOWN.encode()), Equality("mobile", UNKNOWN.encode())
    assert handler.known_answer(peer, encode_search(7, "dc=meta", Or((one, other)), WANTED)) is None


def test_few_shapes_of_one_length_are_kept() -> None:
    calls = KnownCalls()
    for number in range(20):
        data = encode_search(7, f"dc=m{number:02}", Equality("mobile", b"123"), WANTED)
        request = LdapSession().receive(data)[0].request
        assert isinstance(request, SearchRequest)
        calls.learn(data, request, "dc=meta", "mobile")
    assert len(calls._calls[len(data)]) == MAX_SAME_LENGTH


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    attributes=st.lists(
        st.sampled_from(["telephoneNumber", "mobile", "searchNumber", "unknown", "cn"]),
        min_size=1, max_size=4,
    ),
    numbers=st.lists(
        st.one_of(
            st.sampled_from([KNOWN, UNKNOWN, "030 23125-001", "anonymous", ""]),
            st.text("+0123456789 ä", max_size=14),
        ),
        min_size=1, max_size=4,
    ),
    message_id=st.one_of(st.integers(1, 300), st.sampled_from([65_536, 2**31 - 1])),
    mutation=st.one_of(st.none(), st.tuples(st.integers(0, 150), st.integers(0, 255))),
    asked=st.sampled_from([WANTED, *NAMES]),
)  # fmt: skip
def test_any_octets_get_the_answer_of_the_long_way(  # noqa: PLR0917 - drawn by name
    handler: LdapHandler,
    attributes: list[str],
    numbers: list[str],
    message_id: int,
    mutation: tuple[int, int] | None,
    asked: tuple[str, ...],
) -> None:
    peer, fresh = peer_of(SBC), peer_of(SBC)
    for number in (UNKNOWN, *numbers):
        data = octets(number, tuple(attributes), message_id, wanted_attributes=asked)
        the_long_way(handler, peer, data)
        if mutation and mutation[0] < len(data):
            at, value = mutation
            data = data[:at] + bytes([value]) + data[at + 1 :]
        short = handler.known_answer(peer, data)
        assert short is None or short == the_long_way(handler, fresh, data)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(
        st.sampled_from([KNOWN, UNKNOWN, "030 23125-001", "123", "anonymous", ""]), max_size=6
    ),
    known=st.lists(st.sampled_from([KNOWN, "123", "030 23125-001"]), max_size=3),
    most=st.integers(0, 7),
    mutation=st.one_of(st.none(), st.tuples(st.integers(0, 300), st.integers(0, 255))),
    cut=st.integers(0, 60),
)
def test_several_at_once_get_the_answers_of_the_long_way(  # noqa: PLR0917 - drawn by name
    handler: LdapHandler,
    numbers: list[str],
    known: list[str],
    most: int,
    mutation: tuple[int, int] | None,
    cut: int,
) -> None:
    peer, fresh = peer_of(SBC), peer_of(SBC)
    for number in known:
        the_long_way(handler, peer, octets(number))
    data = b"".join(octets(number, message_id=at + 1) for at, number in enumerate(numbers))
    if mutation and mutation[0] < len(data):
        at, value = mutation
        data = data[:at] + bytes([value]) + data[at + 1 :]
    data = data[: len(data) - cut]
    answers, used = handler.known_answers(peer, data, most)
    session = LdapSession()
    session.bound = True
    messages = session.receive(data[:used])
    assert not session.buffered_bytes
    assert len(messages) <= most
    assert answers == b"".join(octets_of(handler.handle(fresh, each)) for each in messages)


def test_all_known_calls_are_answered_up_to_the_limit(handler: LdapHandler) -> None:
    peer = learnt(handler, octets(UNKNOWN))
    each = [octets(KNOWN, message_id=number) for number in range(1, 6)]
    for most in range(7):
        answers, used = handler.known_answers(peer, b"".join(each), most)
        assert used == sum(map(len, each[:most]))
        assert answers.count("Anna Müller".encode()) == min(most, 5)
    assert handler.known_answers(peer_of(PHONE), each[0], 9) == (b"", 0)
    assert handler.known_answers(Peer(None), each[0], 9) == (b"", 0)


def test_where_a_search_ends_is_told_of_an_sbc_whose_search_is_followed(
    handler: LdapHandler,
) -> None:
    search, peer = octets(KNOWN), peer_of(SBC)
    assert handler.search_end(peer, search + b"0") == len(search)
    assert handler.search_end(peer, search) == 0
    assert handler.search_end(peer, search[:-1]) == 0
    assert handler.search_end(peer_of(PHONE), search + b"0") == 0
    start_tls = encode_request(LdapMessage(1, ExtendedRequest(START_TLS, None)))
    assert handler.search_end(peer, start_tls + search) == 0
    for data in (b"", b"0", b"0\x00" + search, b"0\x02\x02\x00" + search, b"1" + search):
        assert handler.search_end(peer, data) == 0
