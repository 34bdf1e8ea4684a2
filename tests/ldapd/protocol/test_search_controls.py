"""Values of search controls: read, written, and refused where they are none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import SEQUENCE, encode_element, encode_integer
from ldapd.protocol.controls import (
    MATCHED_VALUES,
    PAGED_RESULTS,
    SORT_REQUEST,
    VLV_REQUEST,
    PagedResults,
    encode_paged_results,
)
from ldapd.protocol.filter_codec import encode_filter
from ldapd.protocol.filters import Equality, Not, Present
from ldapd.protocol.messages import Control
from ldapd.protocol.search_controls import (
    MAX_VALUE_FILTERS,
    SortKey,
    VlvRequest,
    decode_sort,
    decode_value_filters,
    decode_vlv,
    encode_sort,
    encode_vlv,
    read_search_controls,
    sort_response,
    vlv_response,
)

COUNTS = st.integers(0, 2**31 - 1)
KEYS = st.builds(SortKey, st.text(max_size=9), st.sampled_from(["", "2.5.13.3"]), st.booleans())
VLVS = st.one_of(
    st.builds(VlvRequest, COUNTS, COUNTS, COUNTS, COUNTS),
    st.builds(VlvRequest, COUNTS, COUNTS, value=st.binary(max_size=9)),
)


@given(st.lists(KEYS, min_size=1, max_size=6))
def test_a_sort_survives_the_wire(keys: list[SortKey]) -> None:
    assert decode_sort(encode_sort(keys)) == tuple(keys)


@given(VLVS)
def test_a_virtual_list_view_survives_the_wire(request: VlvRequest) -> None:
    assert decode_vlv(encode_vlv(request)) == request


def test_a_context_of_the_client_is_read_over() -> None:
    counts = encode_integer(0) * 2
    value = encode_element(SEQUENCE, counts + encode_element(0x81, b"m") + b"\x04\x01c")
    assert decode_vlv(value) == VlvRequest(0, 0, value=b"m")


@given(st.binary(max_size=40))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    for decode in (decode_sort, decode_vlv, decode_value_filters):
        for value in (octets, encode_element(SEQUENCE, octets), None):
            with contextlib.suppress(ProtocolError):
                decode(value)


@pytest.mark.parametrize(
    "value",
    [
        encode_sort([]),
        encode_sort([SortKey("cn")]) + b"\x00",
        encode_element(SEQUENCE, encode_element(SEQUENCE, b"\x04\x02cn\x85\x00")),
    ],
)
def test_a_sort_by_no_key_is_refused(value: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_sort(value)


def test_matched_values_are_single_terms() -> None:
    terms = (Equality("mobile", b"1"), Present("cn"))
    value = encode_element(SEQUENCE, b"".join(map(encode_filter, terms)))
    assert decode_value_filters(value) == terms
    for wrong in (
        encode_element(SEQUENCE, b""),
        encode_element(SEQUENCE, encode_filter(Not(terms[0]))),
        encode_element(SEQUENCE, encode_filter(terms[0]) * (MAX_VALUE_FILTERS + 1)),
    ):
        with pytest.raises(ProtocolError):
            decode_value_filters(wrong)


def test_the_controls_of_a_search_are_read_together() -> None:
    page = Control(PAGED_RESULTS, value=encode_paged_results(PagedResults(5, b"c")))
    sort = Control(SORT_REQUEST, critical=True, value=encode_sort([SortKey("sn")]))
    vlv = Control(VLV_REQUEST, value=encode_vlv(VlvRequest(1, 2, 3)))
    term = Present("cn")
    values = Control(MATCHED_VALUES, value=encode_element(SEQUENCE, encode_filter(term)))
    found = read_search_controls((page, sort, vlv, values, Control("1.2.3")))
    assert found.page == PagedResults(5, b"c")
    assert found.sort == (SortKey("sn"),)
    assert found.sort_is_critical
    assert found.vlv == VlvRequest(1, 2, 3)
    assert found.value_filters == (term,)
    with pytest.raises(ProtocolError, match="twice"):
        read_search_controls((page, page))


def test_responses_are_written_as_the_drafts_say() -> None:
    assert sort_response(0).value == b"\x30\x03\x0a\x01\x00"
    assert sort_response(16, "x").value == b"\x30\x06\x0a\x01\x10\x80\x01x"
    assert vlv_response(0, 3, 9).value == b"\x30\x09\x02\x01\x03\x02\x01\x09\x0a\x01\x00"
