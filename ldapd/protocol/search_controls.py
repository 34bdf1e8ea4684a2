"""Controls of searches: their values in bytes, and what a search asks for by them.

Law: pure code. A control whose value breaks its ASN.1 refuses the request, not the session.

Sources: RFC 2696 (pages), RFC 2891 (sorting), draft-ietf-ldapext-ldapv3-vlv-09 (virtual list view),
RFC 3876 (matched values).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import (
    ENUMERATED,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    check_rest,
    encode_element,
    encode_integer,
    encode_text,
    read_boolean,
    read_element,
    read_header,
    read_integer,
    read_text,
)
from ldapd.protocol.controls import (
    MATCHED_VALUES,
    PAGED_RESULTS,
    SORT_REQUEST,
    SORT_RESPONSE,
    VLV_REQUEST,
    VLV_RESPONSE,
    PagedResults,
    decode_paged_results,
    encode_paged_results,
)
from ldapd.protocol.filter_codec import decode_filter
from ldapd.protocol.filters import Filter
from ldapd.protocol.messages import MAX_INT, Control

MAX_VALUE_FILTERS = 16
"""Terms of one matched values control."""

SORT_CONTROL_MISSING = 60
OFFSET_RANGE_ERROR = 61
"""Result codes of virtual list view (draft 09, section 2; the RFC editor's registry)."""

_ORDERING_RULE = 0x80
_REVERSE = 0x81
_BY_OFFSET = 0xA0
_BY_VALUE = 0x81
_SORT_ATTRIBUTE = 0x80


class SortKey(msgspec.Struct, frozen=True, gc=False):
    """One key of `SortKeyList` (RFC 2891 1.1).

    SortKeyList ::= SEQUENCE OF SEQUENCE {
         attributeType   AttributeDescription,
         orderingRule    [0] MatchingRuleId OPTIONAL,
         reverseOrder    [1] BOOLEAN DEFAULT FALSE }
    """

    attribute: str
    rule: str = ""
    reverse: bool = False


class VlvRequest(msgspec.Struct, frozen=True, gc=False):
    """The value of a virtual list view request (draft 09, section 3).

        VirtualListViewRequest ::= SEQUENCE {
             beforeCount    INTEGER (0..maxInt),
             afterCount     INTEGER (0..maxInt),
             target       CHOICE {
                  byOffset        [0] SEQUENCE {
                       offset          INTEGER (1 .. maxInt),
                       contentCount    INTEGER (0 .. maxInt) },
                  greaterThanOrEqual [1] AssertionValue },
             contextID     OCTET STRING OPTIONAL }

    Attributes:
        before: entries wanted before the target.
        after: entries wanted behind it.
        offset: the target's place from 1; 0 where `value` names it.
        content_count: how long the client believes the list to be; 0 = it does not know.
        value: the target is the first entry not before this value; None = by offset.
    """

    before: int
    after: int
    offset: int = 0
    content_count: int = 0
    value: bytes | None = None


class SearchControls(msgspec.Struct, frozen=True):
    """What a search asks for beside its request.

    Attributes:
        page: a page of so many entries.
        sort: by these keys, the first counting most; () = not asked.
        sort_is_critical: no answer rather than an unsorted one.
        vlv: a stretch of the sorted list.
        value_filters: only values that fit one of these terms; () = not asked.
    """

    page: PagedResults | None = None
    sort: tuple[SortKey, ...] = ()
    sort_is_critical: bool = False
    vlv: VlvRequest | None = None
    value_filters: tuple[Filter, ...] = ()


def read_search_controls(controls: Sequence[Control]) -> SearchControls:
    """Return what the controls of a search ask for; unknown ones are passed over.

    Raises:
        ProtocolError: a value that is none, or the same control twice.
        RequestRefused: more terms than allowed.
    """
    values: dict[str, Control] = {}
    for control in controls:
        if control.oid in values:
            raise ProtocolError("the same control twice")
        values[control.oid] = control
    page, sort = values.get(PAGED_RESULTS), values.get(SORT_REQUEST)
    vlv, matched = values.get(VLV_REQUEST), values.get(MATCHED_VALUES)
    return SearchControls(
        page=decode_paged_results(page.value) if page else None,
        sort=decode_sort(sort.value) if sort else (),
        sort_is_critical=bool(sort and sort.critical),
        vlv=decode_vlv(vlv.value) if vlv else None,
        value_filters=decode_value_filters(matched.value) if matched else (),
    )


def decode_sort(value: bytes | None) -> tuple[SortKey, ...]:
    """Read the value of a sort request; at least one key.

    Raises:
        ProtocolError: absent, malformed or empty; very many keys are left to whoever sorts.
    """
    data, pos, end = _whole(value, "sort")
    keys: list[SortKey] = []
    while pos < end:
        start, pos = read_element(data, pos, end, SEQUENCE)
        keys.append(_read_sort_key(data, start, pos))
    if not keys:
        raise ProtocolError("a sort by no key")
    return tuple(keys)


def _read_sort_key(data: bytes, start: int, stop: int) -> SortKey:
    item, pos = read_element(data, start, stop, OCTET_STRING)
    attribute = read_text(data, item, pos)
    rule, reverse = "", False
    while pos < stop:
        tag, item, pos = read_header(data, pos, stop)
        if tag == _ORDERING_RULE:
            rule = read_text(data, item, pos)
        elif tag == _REVERSE:
            reverse = read_boolean(data, item, pos)
        else:
            raise ProtocolError("a sort key with an unknown element")
    return SortKey(attribute, rule, reverse)


def encode_sort(keys: Sequence[SortKey]) -> bytes:
    """Return the value of a sort request."""
    parts = []
    for key in keys:
        contents = encode_text(key.attribute)
        if key.rule:
            contents += encode_text(key.rule, _ORDERING_RULE)
        if key.reverse:
            contents += encode_element(_REVERSE, b"\xff")
        parts.append(encode_element(SEQUENCE, contents))
    return encode_element(SEQUENCE, b"".join(parts))


def sort_response(code: int, attribute: str = "") -> Control:
    """Return the sort response control (RFC 2891 1.2).

    Args:
        code: 0, or why there is no order.
        attribute: the key that is at fault; "" = none.
    """
    contents = encode_integer(code, ENUMERATED)
    if attribute:
        contents += encode_text(attribute, _SORT_ATTRIBUTE)
    return Control(SORT_RESPONSE, value=encode_element(SEQUENCE, contents))


def decode_vlv(value: bytes | None) -> VlvRequest:
    """Read the value of a virtual list view request.

    Raises:
        ProtocolError: absent or malformed; an offset of 0 is left to the list.
    """
    data, pos, end = _whole(value, "virtual list view")
    before, pos = _read_count(data, pos, end)
    after, pos = _read_count(data, pos, end)
    tag, start, stop = read_header(data, pos, end)
    if stop < end:
        _, rest = read_element(data, stop, end, OCTET_STRING)  # contextID: the list tells anew
        check_rest(data, rest, end)
    if tag == _BY_VALUE:
        return VlvRequest(before, after, value=data[start:stop])
    if tag != _BY_OFFSET:
        raise ProtocolError("a virtual list view without a target")
    offset, pos = _read_count(data, start, stop)
    count, pos = _read_count(data, pos, stop)
    check_rest(data, pos, stop)
    return VlvRequest(before, after, offset, count)


def encode_vlv(request: VlvRequest) -> bytes:
    """Return the value of a virtual list view request."""
    if request.value is None:
        target = encode_element(
            _BY_OFFSET, encode_integer(request.offset) + encode_integer(request.content_count)
        )
    else:
        target = encode_element(_BY_VALUE, request.value)
    counts = encode_integer(request.before) + encode_integer(request.after)
    return encode_element(SEQUENCE, counts + target)


def vlv_response(code: int, target: int = 0, count: int = 0) -> Control:
    """Return the virtual list view response control (draft 09, section 4).

    Args:
        code: 0, or why there is no list.
        target: the place of the target entry, from 1; one more than `count` = behind all.
        count: how many entries the list has.
    """
    contents = encode_integer(target) + encode_integer(count) + encode_integer(code, ENUMERATED)
    return Control(VLV_RESPONSE, value=encode_element(SEQUENCE, contents))


def page_response(cookie: bytes) -> Control:
    """Return the response control of a page; b"" = it was the last. The total is not estimated."""
    return Control(PAGED_RESULTS, value=encode_paged_results(PagedResults(0, cookie)))


def decode_value_filters(value: bytes | None) -> tuple[Filter, ...]:
    """Read `ValuesReturnFilter ::= SEQUENCE OF SimpleFilterItem` (RFC 3876 2).

    Raises:
        ProtocolError: absent, malformed or empty; an `and`, `or` or `not` is no SimpleFilterItem.
        RequestRefused: more than `MAX_VALUE_FILTERS`.
    """
    data, pos, end = _whole(value, "matched values")
    found: list[Filter] = []
    while pos < end:
        item, pos = decode_filter(data, pos, end, max_depth=0, max_leaves=1)
        found.append(item)
        if len(found) > MAX_VALUE_FILTERS:
            raise ProtocolError(f"more than {MAX_VALUE_FILTERS} terms of matched values")
    if not found:
        raise ProtocolError("matched values without a term")
    return tuple(found)


def _whole(value: bytes | None, name: str) -> tuple[bytes, int, int]:
    """Return a control's value and the span of its one sequence's contents."""
    if value is None:
        raise ProtocolError(f"a {name} control without a value")
    pos, end = read_element(value, 0, len(value), SEQUENCE)
    if end != len(value):
        raise ProtocolError(f"octets behind the value of a {name} control")
    return value, pos, end


def _read_count(data: bytes, pos: int, end: int) -> tuple[int, int]:
    start, stop = read_element(data, pos, end, INTEGER)
    count = read_integer(data, start, stop)
    if not 0 <= count <= MAX_INT:
        raise ProtocolError("a count that is no integer from 0 to 2^31-1")
    return count, stop
