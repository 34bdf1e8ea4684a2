"""What went wrong in the LDAP daemon, sorted by what the caller must do about it.

Law: no error text quotes a value that a peer sent (names, numbers, passwords); positions and
attribute names only.
"""

from __future__ import annotations


class LdapError(Exception):
    """The root of all errors that the LDAP daemon raises on purpose."""


class ProtocolError(LdapError):
    """Bytes from a peer that are no LDAP: answer as RFC 4511 4.1.1 says, then close.

    Attributes:
        reason: a short sentence; it never quotes what the peer sent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProtocolViolation(ProtocolError):
    """The session is over: send `reply`, then close the connection.

    Attributes:
        reply: the encoded notice of disconnection (RFC 4511 4.4.1).
    """

    def __init__(self, reason: str, reply: bytes) -> None:
        super().__init__(reason)
        self.reply = reply


class LimitExceeded(ProtocolError):
    """A well-formed request beyond what one client may ask: refuse it, keep the connection."""


class InvalidFilter(LdapError):
    """The text is no search filter (RFC 4515): tell its writer.

    Attributes:
        reason: what was expected.
        position: index into the text, from 0, of the first character that does not fit.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at position {position}")
        self.reason = reason
        self.position = position


class InvalidDn(LdapError):
    """The text is no distinguished name (RFC 4514): it names nothing here.

    Attributes:
        reason: what was expected.
        position: index into the text, from 0, of the first character that does not fit.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at position {position}")
        self.reason = reason
        self.position = position
