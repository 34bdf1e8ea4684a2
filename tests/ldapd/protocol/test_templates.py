from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolError
from ldapd.protocol import templates
from ldapd.protocol.ber import frame_span
from ldapd.protocol.client import encode_search
from ldapd.protocol.filters import And, Equality, Filter, Not, Or, Present, Substrings, parse_filter
from ldapd.protocol.messages import Control, Request
from ldapd.protocol.requests import DecodeLimits, decode_operation, read_message_id
from ldapd.protocol.templates import RequestDecoder, shared_decoder
from tests.ldapd.protocol.strategies import filters, full_values

LIMITS = DecodeLimits()
ATTRIBUTES = ("displayName", "cn", "telephoneNumber")

Decoded = tuple[Request, tuple[Control, ...]]


def span(pdu: bytes) -> tuple[int, int]:
    frame = frame_span(pdu, 0, len(pdu))
    assert frame is not None
    return read_message_id(pdu, *frame)[1], frame[1]


def plain(pdu: bytes) -> Decoded:
    return decode_operation(pdu, *span(pdu), LIMITS)


def remembered(decoder: RequestDecoder) -> int:
    assert decoder._count == sum(map(len, decoder._templates.values()))
    return decoder._count


def search(wanted: Filter, message_id: int = 1) -> bytes:
    return encode_search(message_id, "dc=meta", wanted, ATTRIBUTES)


@st.composite
def look_alikes(draw: st.DrawFn) -> list[Filter]:
    """Filters of one shape whose values have the same lengths and may be swapped or empty."""
    names = draw(st.lists(st.sampled_from(["cn", "sn", "mobile"]), min_size=1, max_size=3))
    size = draw(st.integers(0, 4))
    value = st.binary(min_size=size, max_size=size)
    kind = draw(st.sampled_from(["and", "or", "not", "single"]))
    final = draw(st.booleans())

    def term(name: str) -> Filter:
        if name == "sn" and size:
            return Substrings(name, draw(value), (draw(value),), draw(value) if final else None)
        return Equality(name, draw(value)) if name != "mobile" else Present(name)

    found: list[Filter] = []
    for _ in range(3):
        terms = tuple(term(name) for name in names)
        if kind == "and":
            found.append(And(terms))
        elif kind == "or":
            found.append(Or(terms))
        else:
            found.append(Not(terms[0]) if kind == "not" else terms[0])
    return found


@given(st.lists(look_alikes(), max_size=3))
def test_a_remembered_shape_is_read_as_any_other(groups: list[list[Filter]]) -> None:
    decoder = RequestDecoder(LIMITS)
    for group in groups:
        for wanted in (*group, *group):
            pdu = search(wanted)
            assert decoder.decode(pdu, *span(pdu)) == plain(pdu)


@given(st.lists(filters, min_size=1, max_size=4))
def test_every_filter_is_read_alike_the_second_time(wanted: list[Filter]) -> None:
    decoder = RequestDecoder(LIMITS)
    for item in (*wanted, *wanted):
        pdu = search(item)
        assert decoder.decode(pdu, *span(pdu)) == plain(pdu)


@given(filters, st.integers(0, 200), st.integers(0, 255))
def test_octets_changed_after_learning_are_read_as_by_the_slow_path(
    wanted: Filter, where: int, octet: int
) -> None:
    decoder = RequestDecoder(LIMITS)
    pdu = search(wanted)
    decoder.decode(pdu, *span(pdu))
    pos, stop = span(pdu)
    changed = bytearray(pdu)
    changed[pos + where % (stop - pos)] = octet
    expected: Decoded | None
    try:
        expected = decode_operation(bytes(changed), pos, stop, LIMITS)
    except ProtocolError:
        expected = None
    try:
        found = decoder.decode(bytes(changed), pos, stop)
    except ProtocolError:
        assert expected is None
    else:
        assert found == expected


@given(full_values, full_values)
def test_positions_in_the_octets_do_not_matter(first: bytes, second: bytes) -> None:
    decoder = RequestDecoder(LIMITS)
    for value in (first, second):
        pdu = search(Equality("telephoneNumber", value))
        pos, stop = span(pdu)
        moved = b"\x00" * 7 + pdu + b"\x30\x00"
        assert decoder.decode(moved, pos + 7, stop + 7) == plain(pdu)


def test_one_shape_is_learned_once() -> None:
    decoder = RequestDecoder(LIMITS)
    for digits in range(100, 200):
        pdu = search(Equality("telephoneNumber", b"+4989999980%d" % digits), digits)
        decoder.decode(pdu, *span(pdu))
    assert remembered(decoder) == 1


def test_limits_are_part_of_the_shape_and_controls_are_not_remembered() -> None:
    decoder = RequestDecoder(LIMITS)
    wanted = Equality("cn", b"a")
    for size_limit in (0, 1):
        for controls in ((), (Control("1.2"),), (Control("1.2", critical=True),)):
            pdu = encode_search(
                1, "dc=meta", wanted, ATTRIBUTES, size_limit=size_limit, controls=controls
            )
            for _ in range(2):
                assert decoder.decode(pdu, *span(pdu)) == plain(pdu)
    assert remembered(decoder) == 2  # a cookie or a caller in a control is nobody's business


@pytest.mark.parametrize(
    "text",
    [
        "(cn=*)",
        "(age>=7)",
        "(cn:caseExactMatch:=x)",
        "(&(cn=a)(sn~=b))",
        "(&)",
        "(!(!(!(!(!(cn=a))))))",
        "(cn=" + "*".join("12345678901234567") + ")",
        "(cn=" + "x" * 1_100 + ")",
    ],
)
def test_what_is_rare_or_large_is_not_remembered(text: str) -> None:
    decoder = RequestDecoder(LIMITS)
    pdu = search(parse_filter(text))
    assert decoder.decode(pdu, *span(pdu)) == plain(pdu)
    assert remembered(decoder) == 0


def test_memory_is_bounded() -> None:
    decoder = RequestDecoder(LIMITS)
    for name in range(1_000, 1_020):
        pdu = search(Equality(f"a{name}", b"x"))
        decoder.decode(pdu, *span(pdu))
    assert remembered(decoder) == templates.MAX_SAME_LENGTH
    for name in range(200):
        for value in (b"x", b"xy", b"xyz"):
            pdu = search(Or((Equality("a" * (name + 1), value), Equality("b", b"x" * 200))))
            assert decoder.decode(pdu, *span(pdu)) == plain(pdu)
            assert remembered(decoder) <= templates.MAX_TEMPLATES


def test_values_are_not_remembered() -> None:
    decoder = RequestDecoder(LIMITS)
    pdu = search(Or((Equality("cn", b"SECRET"), Substrings("sn", b"SECRET", (), b"SECRET"))))
    decoder.decode(pdu, *span(pdu))
    [[template]] = decoder._templates.values()
    held = repr([template.head, template.rest, template.before, template.attributes])
    closures = [cell.cell_contents for cell in template.build.__closure__ or ()]
    assert "SECRET" not in held
    assert "SECRET" not in repr(closures)


def test_one_process_shares_a_decoder_by_limits() -> None:
    assert shared_decoder(DecodeLimits()) is shared_decoder(DecodeLimits())
    assert shared_decoder(DecodeLimits()) is not shared_decoder(DecodeLimits(max_attributes=3))
