"""Controls: how they are read, which ones are known, and what their values hold.

Law: pure code. A control that this daemon does not apply is never ignored if it is critical.

Sources: RFC 4511 4.1.11; the RFC of each control.
"""

from __future__ import annotations

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.ber import (
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    check_rest,
    encode_element,
    encode_integer,
    read_boolean,
    read_element,
    read_header,
    read_integer,
    read_text,
)
from ldapd.protocol.messages import MAX_INT, Control, LdapMessage, UnbindRequest

MAX_CONTROLS = 10
"""Controls on one request, as 389-ds since CVE-2026-9064."""

PAGED_RESULTS = "1.2.840.113556.1.4.319"
MANAGE_DSA_IT = "2.16.840.1.113730.3.4.2"
SORT_REQUEST = "1.2.840.113556.1.4.473"
SORT_RESPONSE = "1.2.840.113556.1.4.474"
VLV_REQUEST = "2.16.840.1.113730.3.4.9"
VLV_RESPONSE = "2.16.840.1.113730.3.4.10"
MATCHED_VALUES = "1.2.826.0.1.3344810.2.3"

KNOWN_CONTROLS = {
    PAGED_RESULTS: "paged results (RFC 2696)",
    MANAGE_DSA_IT: "ManageDsaIT (RFC 3296)",
    SORT_REQUEST: "server side sorting (RFC 2891)",
    SORT_RESPONSE: "server side sorting, response (RFC 2891)",
    VLV_REQUEST: "virtual list view (draft-ietf-ldapext-ldapv3-vlv-09)",
    VLV_RESPONSE: "virtual list view, response (draft-ietf-ldapext-ldapv3-vlv-09)",
    MATCHED_VALUES: "matched values (RFC 3876)",
    "1.3.6.1.1.12": "assertion (RFC 4528)",
    "1.3.6.1.1.13.1": "pre-read (RFC 4527)",
    "1.3.6.1.1.13.2": "post-read (RFC 4527)",
    "1.3.6.1.4.1.4203.1.10.1": "subentries (RFC 3672)",
    "1.3.6.1.4.1.4203.1.9.1.1": "content synchronisation (RFC 4533)",
    "2.16.840.1.113730.3.4.18": "proxied authorisation (RFC 4370)",
    "2.16.840.1.113730.3.4.3": "persistent search (draft-ietf-ldapext-psearch-03)",
}
"""Controls that clients are known to send, by OID, for logs and traces; knowing is not applying."""

APPLIED_CONTROLS = frozenset({MANAGE_DSA_IT})
"""Controls that every operation applies. ManageDsaIT asks for referral entries as plain entries
(RFC 3296 3): there are none, hence nothing is left to do."""

SEARCH_CONTROLS = APPLIED_CONTROLS | {PAGED_RESULTS, SORT_REQUEST, VLV_REQUEST, MATCHED_VALUES}
"""Controls that a search applies: the root DSE's supportedControl."""


def decode_controls(
    data: bytes, pos: int, end: int, *, max_controls: int = MAX_CONTROLS
) -> tuple[Control, ...]:
    """Read the contents of `controls [0] SEQUENCE OF control Control`.

    Args:
        data: the message.
        pos: where the contents begin.
        end: where they end.
        max_controls: most controls.

    Returns:
        The controls in order; () for an empty list.

    Raises:
        ProtocolError: malformed, or more than `max_controls`.
    """
    controls: list[Control] = []
    while pos < end:
        if len(controls) >= max_controls:
            raise ProtocolError(f"more than {max_controls} controls")
        start, pos = read_element(data, pos, end, SEQUENCE)
        controls.append(_read_control(data, start, pos))
    return tuple(controls)


def _read_control(data: bytes, start: int, stop: int) -> Control:
    oid_start, pos = read_element(data, start, stop, OCTET_STRING)
    oid = read_text(data, oid_start, pos)
    critical = False
    value: bytes | None = None
    if pos < stop:
        tag, item, item_stop = read_header(data, pos, stop)
        if tag == BOOLEAN:
            critical = read_boolean(data, item, item_stop)
            pos = item_stop
    if pos < stop:
        tag, item, item_stop = read_header(data, pos, stop)
        if tag == OCTET_STRING:
            value = data[item:item_stop]
            pos = item_stop
    check_rest(data, pos, stop)
    return Control(oid, critical, value)


def unavailable_control(
    message: LdapMessage, applied: frozenset[str] = APPLIED_CONTROLS
) -> Control | None:
    """Return the control for which the request must not be done, None if it may be.

    RFC 4511 4.1.11: an unrecognised control that is critical makes the answer
    unavailableCriticalExtension (12); one that is not critical is ignored. Criticality means
    nothing on an UnbindRequest; an AbandonRequest so marked is not done and not answered.

    Args:
        message: a request with its controls.
        applied: OIDs of the controls that are applied to this request.
    """
    if not message.controls or isinstance(message.request, UnbindRequest):
        return None
    for control in message.controls:
        if control.critical and control.oid not in applied:
            return control
    return None


class PagedResults(msgspec.Struct, frozen=True, gc=False):
    """The value of the paged results control (RFC 2696 2), in requests and responses.

        realSearchControlValue ::= SEQUENCE {
             size            INTEGER (0..maxInt),
             cookie          OCTET STRING }

    Attributes:
        size: asked: entries a page; answered: an estimate of all entries, 0 = unknown.
        cookie: b"" asks for the first page, and answers that no page follows.
    """

    size: int
    cookie: bytes


def decode_paged_results(value: bytes | None) -> PagedResults:
    """Read the value of a paged results control.

    Raises:
        ProtocolError: absent or malformed.
    """
    if value is None:
        raise ProtocolError("a paged results control without a value")
    pos, end = read_element(value, 0, len(value), SEQUENCE)
    if end != len(value):
        raise ProtocolError("octets behind the value of a paged results control")
    tag, start, stop = read_header(value, pos, end)
    size = read_integer(value, start, stop)
    if tag != INTEGER or not 0 <= size <= MAX_INT:
        raise ProtocolError("a page size that is no integer from 0 to 2^31-1")
    start, stop = read_element(value, stop, end, OCTET_STRING)
    check_rest(value, stop, end)
    return PagedResults(size, value[start:stop])


def encode_paged_results(page: PagedResults) -> bytes:
    """Return the value of a paged results control."""
    contents = encode_integer(page.size) + encode_element(OCTET_STRING, page.cookie)
    return encode_element(SEQUENCE, contents)
