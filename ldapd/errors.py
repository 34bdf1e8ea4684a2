"""What went wrong in the LDAP daemon, sorted by what the caller must do about it.

Law: no error text quotes a value that a peer sent (names, numbers, passwords); positions and
attribute names only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
        messages: the `LdapMessage`s that came whole before the bad one in the same octets: handle
            them first. (Typed loosely: errors stand below messages.)
    """

    def __init__(self, reason: str, reply: bytes, messages: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.reply = reply
        self.messages = messages


class RequestRefused(ProtocolError):
    """A well-formed request that is not done: answer it with `code`, keep the connection.

    Attributes:
        code: the LDAP result code (RFC 4511 4.1.9), mostly adminLimitExceeded.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


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
