"""Invariant: whatever octets come, decoding raises `ProtocolViolation` or returns requests.

    pip install atheris
    python tests/ldapd/fuzz/octets_to_requests.py -runs=10000000 [CORPUS]

Decoder and filters are instrumented: atheris looks for octets that reach new lines. Searches
that come out can be printed, and are encoded and read back the same.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ldapd.protocol", "ldapd.errors"]):
    from ldapd.errors import ProtocolViolation
    from ldapd.protocol.client import encode_request
    from ldapd.protocol.filters import format_filter
    from ldapd.protocol.messages import SearchRequest
    from ldapd.protocol.session import LdapSession


def read(octets: bytes) -> None:
    """Feed octets to a session, whole and cut in two, and check what comes out."""
    whole, cut = LdapSession(), LdapSession()
    middle = len(octets) // 2
    assert _requests(whole, octets) == _requests(cut, octets[:middle], octets[middle:])


def _requests(session: LdapSession, *chunks: bytes) -> list[object]:
    found: list[object] = []
    for chunk in chunks:
        try:
            messages = session.receive(chunk)
        except ProtocolViolation as violation:
            messages = violation.messages
        for message in messages:
            found.append(message)
            if isinstance(message.request, SearchRequest):
                assert format_filter(message.request.filter).isprintable()
                again = LdapSession().receive(encode_request(message))
                assert again == [message]
    return found


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
