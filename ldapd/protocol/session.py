"""One client's stream of octets, cut into requests.

Law: pure code: no socket, no clock, no log. A header is judged before anything is kept for its
contents; what is kept never exceeds the largest message allowed and one received chunk.

Source: RFC 4511 4.1.1 (messages), 4.4.1 (notice of disconnection), 5.1 (BER).
"""

from __future__ import annotations

from typing import NoReturn

from ldapd.errors import ProtocolError, ProtocolViolation
from ldapd.protocol.ber import frame_span
from ldapd.protocol.messages import (
    LdapMessage,
    ResultCode,
    UnbindRequest,
    notice_of_disconnection,
)
from ldapd.protocol.requests import DecodeLimits, check_unnumbered, read_message_id
from ldapd.protocol.templates import shared_decoder

MAX_MESSAGE_BYTES_UNBOUND = 16 * 1024
"""Largest message before a bind; nobody sends more than a few hundred octets."""

MAX_MESSAGE_BYTES_BOUND = 64 * 1024
"""Largest message after a bind; slapd allows 4 MiB (and 256 KiB before), Samba 256,000 octets."""


class LdapSession:
    """Reads requests from received octets and ends the session at the first that is no LDAP.

    A message that is framed well but whose contents do not decode ends the session as well, with a
    notice of disconnection: RFC 4511 4.1.1 demands this where the message ID, the operation's tag
    or the lengths cannot be read, and for the rest allows an answer of protocolError or the end.
    A peer that breaks the ASN.1 once is not worth the risk of having misread its stream. What is
    well formed but not allowed (a filter too wide, an unknown scope) comes as a `RefusedRequest`.

    Attributes:
        bound: the owner sets it after a successful bind, and clears it after a failed one; it
            chooses between the two sizes of messages.
        buffer: octets that wait for the rest of their message; to be looked at only.
    """

    __slots__ = ("_decode", "_ended", "_max_bound", "_max_unbound", "bound", "buffer")

    def __init__(
        self,
        *,
        max_message_bytes_unbound: int = MAX_MESSAGE_BYTES_UNBOUND,
        max_message_bytes_bound: int = MAX_MESSAGE_BYTES_BOUND,
        limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - a frozen value
    ) -> None:
        self.bound = False
        self._max_unbound = max_message_bytes_unbound
        self._max_bound = max_message_bytes_bound
        self._decode = shared_decoder(limits).decode
        self.buffer = bytearray()
        self._ended = False

    @property
    def buffered_bytes(self) -> int:
        """How many octets wait for the rest of their message (StartTLS must find none)."""
        return len(self.buffer)

    def receive(self, data: bytes) -> list[LdapMessage]:
        """Take received octets and return the requests that are now whole, in order.

        Args:
            data: any number of octets, cut anywhere; b"" is allowed and gives [].

        Returns:
            The requests; [] while a message is incomplete and after an unbind or a violation,
            since nothing that follows those counts.

        Raises:
            ProtocolViolation: no LDAP. Handle its `messages` (whole requests that stood before),
                send its `reply`, and close. It is raised once.
        """
        if self._ended:
            return []
        if not self.buffer:  # the usual case: one chunk, one message, no copy
            messages, used = self._read(data)
            if used < len(data):
                self.buffer += data[used:]
            return messages
        self.buffer += data
        if not self._is_whole():
            return []
        data = bytes(self.buffer)
        self.buffer.clear()
        messages, used = self._read(data)
        if used < len(data):
            self.buffer += data[used:]
        return messages

    def _is_whole(self) -> bool:
        """Tell whether the buffer's first message has arrived whole; judge its header."""
        try:
            span = self._frame(self.buffer, 0)
        except ProtocolError as error:
            self._end(error, [])
        return span is not None

    def _frame(self, data: bytes | bytearray, pos: int) -> tuple[int, int] | None:
        """Return the span of the contents of the message at `pos`, None if it is incomplete."""
        end = len(data)
        span = frame_span(data, pos, end)
        if span is None:
            return None
        most = self._max_bound if self.bound else self._max_unbound
        if span[1] - pos > most:
            raise ProtocolError(f"a message of more than {most} octets")
        return span if span[1] <= end else None

    def _read(self, data: bytes) -> tuple[list[LdapMessage], int]:
        """Return the whole messages in `data` and how many octets they took."""
        messages: list[LdapMessage] = []
        pos = 0
        try:
            while True:
                span = self._frame(data, pos)
                if span is None:
                    return messages, pos
                start, stop = span
                message_id, start = read_message_id(data, start, stop)
                request, controls = self._decode(data, start, stop)
                if not message_id:
                    check_unnumbered(request)
                messages.append(LdapMessage(message_id, request, controls))
                if type(request) is UnbindRequest:
                    self._ended = True
                    return messages, len(data)
                pos = stop
        except ProtocolError as error:
            self._end(error, messages)

    def _end(self, error: ProtocolError, messages: list[LdapMessage]) -> NoReturn:
        """Raise the violation that ends the session."""
        self._ended = True
        self.buffer.clear()
        reply = notice_of_disconnection(ResultCode.PROTOCOL_ERROR, error.reason)
        raise ProtocolViolation(error.reason, reply, messages) from error
