"""Invariant: whatever octets come, a session raises `ProtocolViolation` or returns requests.

Those requests can be worked with: they are printed, encoded again, and read back the same.
"""

from __future__ import annotations

import random
from itertools import pairwise

from ldapd.errors import ProtocolViolation
from ldapd.protocol.ber import frame_span
from ldapd.protocol.client import encode_bind, encode_request, encode_search, encode_unbind
from ldapd.protocol.filters import format_filter, parse_filter
from ldapd.protocol.messages import (
    START_TLS,
    CompareRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    RefusedRequest,
    SearchRequest,
    UnknownRequest,
    WriteRequest,
    encode_message,
)
from ldapd.protocol.requests import DecodeLimits, decode_message
from ldapd.protocol.session import LdapSession

ROUNDS = 20_000

SEEDS = [
    encode_bind(1, "cn=sbc,dc=meta", b"secret"),
    encode_bind(2, "", b"\0a\0b", "PLAIN"),
    encode_unbind(3),
    encode_request(LdapMessage(4, CompareRequest("cn=a", "cn", b"a"))),
    encode_request(LdapMessage(5, ExtendedRequest("1.3.6.1.4.1.1466.20037", b"x"))),
    encode_message(6, b"\x66\x03\x04\x01a"),
    *(
        encode_search(
            7,
            "dc=meta",
            parse_filter(text),
            ("cn", "sn"),
            controls=[Control("1.2", critical=True, value=b"v")],
        )
        for text in (
            "(telephoneNumber=+498999998123)",
            "(|(telephoneNumber=*8123)(mobile=*8123)(cn=a*b*c))",
            "(&(objectClass=*)(!(sn~=Maier))(age>=7)(age<=9)(cn:dn:2.4.6:=x))",
        )
    ),
]
HEADER_OCTETS = [0, 1, 2, 4, 0x0A, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x84, 0x85, 0xA0, 0xA3, 0xFE, 0xFF]


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Return octets with one to four changes: other, flipped, cut, repeated, inserted, joined."""
    octets = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(octets) + 1)
        kind = draw.randrange(7)
        if kind == 0 and at < len(octets):
            octets[at] = draw.choice(HEADER_OCTETS)
        elif kind == 1 and at < len(octets):
            octets[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            del octets[at:]
        elif kind == 3:
            del octets[at : at + draw.randint(1, 8)]
        elif kind == 4:
            octets[at:at] = draw.randbytes(draw.randint(1, 4))
        elif kind == 5:
            octets[at:at] = octets[at : at + draw.randint(1, 30)]
        elif octets:
            octets[1 % len(octets)] = max(0, min(127, len(octets) - 2))  # make the frame fit again
    return bytes(octets)


def check(message: LdapMessage) -> None:
    """Work with a request as the daemon would."""
    is_start_tls = getattr(message.request, "name", "") == START_TLS
    assert (not is_start_tls) <= message.message_id < 2**31
    assert len(message.controls) <= 10
    repr(message)
    if isinstance(message.request, SearchRequest):
        assert format_filter(message.request.filter).isprintable()
    if isinstance(message.request, WriteRequest | UnknownRequest | RefusedRequest):
        return
    [again] = LdapSession().receive(encode_request(message))
    assert again == message


def test_mutated_requests_are_read_or_end_the_session() -> None:
    draw = random.Random(20_240)
    taken = ended = 0
    for _ in range(ROUNDS):
        data = mutate(draw.choice(SEEDS), draw)
        received, violated = feed([data])
        ended += violated
        if received:
            span = frame_span(data, 0, len(data))
            assert span is not None
            assert received[0] == decode_message(data, *span, DecodeLimits())  # no template
        for message in received:
            check(message)
            taken += 1
    assert taken > ROUNDS // 20
    assert ended > ROUNDS // 4


def test_mutated_requests_in_pieces_come_out_as_in_one() -> None:
    draw = random.Random(20_241)
    for _ in range(ROUNDS // 10):
        data = mutate(draw.choice(SEEDS), draw) + mutate(draw.choice(SEEDS), draw)
        whole, whole_ended = feed([data])
        cuts = sorted(draw.randrange(len(data) + 1) for _ in range(3))
        edges = [0, *cuts, len(data)]
        pieces = [data[a:b] for a, b in pairwise(edges)]
        assert feed(pieces) == (whole, whole_ended)


def feed(pieces: list[bytes]) -> tuple[list[LdapMessage], bool]:
    session = LdapSession()
    received: list[LdapMessage] = []
    for piece in pieces:
        try:
            received += session.receive(piece)
        except ProtocolViolation as error:
            return received + list(error.messages), True
    return received, False
