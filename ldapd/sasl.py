"""What stands in SASL credentials: the mechanisms PLAIN and EXTERNAL.

Law: pure code; whether a password fits is found out elsewhere.

Sources: RFC 4616 (PLAIN), RFC 4422 appendix A (EXTERNAL), RFC 4513 5.2.1.8 (authorization
identities).
"""

from __future__ import annotations

import msgspec

from ldapd.errors import ProtocolError

PLAIN = "PLAIN"
EXTERNAL = "EXTERNAL"


class PlainCredentials(msgspec.Struct, frozen=True):
    """`message = [authzid] UTF8NUL authcid UTF8NUL passwd` (RFC 4616 2).

    Attributes:
        acts_as: the authorization identity without its "dn:" or "u:"; "" = the name's own.
        name: who signs in.
        password: never printed.
    """

    acts_as: str
    name: str
    password: bytes


def read_plain(credentials: bytes) -> PlainCredentials:
    """Read the credentials of PLAIN.

    Raises:
        ProtocolError: not three parts, no name, or a name that is no UTF-8.
    """
    parts = credentials.split(b"\0")
    if len(parts) != 3 or not parts[1]:  # noqa: PLR2004 - the three of the grammar
        raise ProtocolError("credentials of PLAIN that are not three parts")
    try:
        return PlainCredentials(authorization_name(parts[0]), parts[1].decode(), parts[2])
    except UnicodeDecodeError:
        raise ProtocolError("a name that is no UTF-8") from None


def authorization_name(octets: bytes) -> str:
    """Return the name in an authzId, "" for none.

    Raises:
        UnicodeDecodeError: no UTF-8.
    """
    return octets.decode().removeprefix("dn:").removeprefix("u:")
