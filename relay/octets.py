"""Octets as text: base64url without padding, as tokens, sessions and the tunnel write them.

Law: pure; what is read has one spelling.

Sources: RFC 4648 section 5, RFC 7515 section 2.
"""

from __future__ import annotations

import base64
import binascii


def encode_octets(octets: bytes) -> str:
    """Return base64url without padding; "" for no octets."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode_octets(text: str) -> bytes:
    """Decode base64url without padding; strict, so that each value has one spelling.

    Raises:
        ValueError: it is not, or bits are left over.
    """
    try:
        octets = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("no base64url") from error
    if encode_octets(octets) != text:
        raise ValueError("bits are left over")
    return octets
