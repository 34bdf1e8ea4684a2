"""Frames: what is sent is read again, and nothing else is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.tunnel import frames
from relay.tunnel.frames import (
    Answer,
    Ask,
    BadFrame,
    Cancel,
    Drain,
    Frame,
    Hello,
    Publish,
    Refuse,
    SignIn,
    Welcome,
    decode_from_connector,
    decode_from_relay,
    encode,
    sign_in_octets,
)

TID = "3c1d6f0a-27a5-4c1e-9c0e-1f2d3a4b5c6d"

_ids = st.integers(1, frames.MAX_ID)
_sealed = st.binary(min_size=1, max_size=200)
_guids = st.uuids().map(str)
_names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\Z")
FROM_RELAY = st.one_of(
    st.builds(Hello, st.binary(min_size=32, max_size=32), st.integers(0, 2**40)),
    st.builds(Welcome, st.text(max_size=16), st.binary(max_size=32)),
    st.builds(Ask, _ids, st.integers(1, 60_000), _sealed, st.booleans()),
    st.builds(Cancel, _ids),
    st.just(Drain()),
)
FROM_CONNECTOR = st.one_of(
    st.builds(
        SignIn,
        _guids,
        _names,
        st.binary(min_size=64, max_size=64),
        st.integers(1, 1024),
        st.just("1"),
    ),
    st.builds(Answer, _ids, _sealed),
    st.builds(Refuse, _ids, st.sampled_from(frames.Refusal.__args__)),
    st.builds(Publish, _sealed),
)


@given(FROM_RELAY)
def test_what_a_relay_sends_is_read_again(frame: frames.ToConnector) -> None:
    assert decode_from_relay(encode(frame)) == frame


@given(FROM_CONNECTOR)
def test_what_a_connector_sends_is_read_again(frame: frames.ToRelay) -> None:
    assert decode_from_connector(encode(frame)) == frame


@given(FROM_RELAY)
def test_a_frame_of_the_relay_is_refused_by_the_relay(frame: frames.ToConnector) -> None:
    with pytest.raises(BadFrame):
        decode_from_connector(encode(frame))


@given(FROM_CONNECTOR)
def test_a_frame_of_the_connector_is_refused_by_the_connector(frame: frames.ToRelay) -> None:
    with pytest.raises(BadFrame):
        decode_from_relay(encode(frame))


@given(st.one_of(FROM_RELAY, FROM_CONNECTOR), st.data())
def test_every_truncated_or_longer_frame_is_refused(frame: Frame, data: st.DataObject) -> None:
    octets = encode(frame)
    cut = data.draw(st.integers(0, len(octets) - 1))
    more = data.draw(st.binary(min_size=1, max_size=9))
    for wrong in (octets[:cut], octets + more):
        for decode in (decode_from_relay, decode_from_connector):
            with pytest.raises(BadFrame):
                decode(wrong)


@given(st.binary(max_size=300))
def test_any_octets_are_a_frame_or_refused(octets: bytes) -> None:
    for decode in (decode_from_relay, decode_from_connector):
        try:
            frame = decode(octets)
        except BadFrame:
            continue
        assert decode(encode(frame)) == frame


@pytest.mark.parametrize(
    "values",
    [
        ["ask", 0, 1000, b"x"],
        ["ask", 2**53, 1000, b"x"],
        ["ask", -1, 1000, b"x"],
        ["ask", 1, 0, b"x"],
        ["ask", 1, 60_001, b"x"],
        ["ask", 1, 1000, "text"],
        ["ask", 1, 1000, b"x", False, "more"],
        ["ask", 1, 1000],
        ["ask", 1, 1000, b"x" * (frames.MAX_QUESTION_BYTES + 1)],
        ["ask", "1", 1000, b"x"],
        ["ask", 1.0, 1000, b"x"],
        ["hello", b"x" * 31, 0],
        ["hello", b"x" * 33, 0],
        ["hello", b"x" * 32, -1],
        ["hello", "x" * 32, 0],
        ["welcome", "n" * 65],
        ["cancel", None],
        ["drain", 1],
        ["Drain"],
        ["unknown"],
        [],
        {},
        "drain",
        None,
    ],
)
def test_a_relays_frame_with_a_value_out_of_bounds_is_refused(values: object) -> None:
    with pytest.raises(BadFrame):
        decode_from_relay(msgspec.msgpack.encode(values))


@pytest.mark.parametrize(
    "values",
    [
        ["answer", 1, b""],
        ["answer", 1, b"x" * (frames.MAX_ANSWER_BYTES + 1)],
        ["answer", 0, b"x"],
        ["refuse", 1, "because"],
        ["refuse", 1, None],
        ["publish", b""],
        ["publish", b"x" * (frames.MAX_BUNDLE_BYTES + 1)],
        ["signin", TID.upper(), "a", b"x" * 64, 1, ""],
        ["signin", TID + "\n", "a", b"x" * 64, 1, ""],
        ["signin", "contoso", "a", b"x" * 64, 1, ""],
        ["signin", TID, "", b"x" * 64, 1, ""],
        ["signin", TID, "a/b", b"x" * 64, 1, ""],
        ["signin", TID, "a" * 65, b"x" * 64, 1, ""],
        ["signin", TID, "a", b"x" * 63, 1, ""],
        ["signin", TID, "a", b"x" * 64, 0, ""],
        ["signin", TID, "a", b"x" * 64, 1025, ""],
        ["signin", TID, "a", b"x" * 64, 1, "v" * 65],
    ],
)
def test_a_connectors_frame_with_a_value_out_of_bounds_is_refused(values: object) -> None:
    with pytest.raises(BadFrame):
        decode_from_connector(msgspec.msgpack.encode(values))


def test_what_is_signed_differs_wherever_one_part_differs() -> None:
    one = ("relay.example", TID, "node-1", b"n" * 32)
    others = [
        ("relay.exampl", TID, "enode-1", b"n" * 32),
        ("relay.example", TID.replace("3", "4"), "node-1", b"n" * 32),
        ("relay.example", TID, "node-2", b"n" * 32),
        ("relay.example", TID, "node-1", b"m" * 32),
        ("relay.example", TID + "n", "ode-1", b"n" * 32),
    ]
    signed = {sign_in_octets(*parts) for parts in (one, *others)}
    assert len(signed) == len(others) + 1
