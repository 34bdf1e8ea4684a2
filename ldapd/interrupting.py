"""Requests that stop other requests of their connection while those are outstanding.

Law: pure code. Abandon and cancel reach a search that waits or whose entries are being sent; unbind
ends all of them. What has been answered is no longer here: `handler` says so.

Sources: RFC 4511 4.11 (abandon), 4.3 (unbind); RFC 3909 (cancel).
"""

from __future__ import annotations

from collections import deque

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.messages import (
    CANCEL,
    SEARCH_DONE,
    AbandonRequest,
    ExtendedRequest,
    LdapMessage,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    encode_extended,
    encode_result,
)
from ldapd.protocol.requests import decode_cancel

EVERYTHING = 0
"""No message ID of a request: an unbind stops all."""


class Stop(msgspec.Struct, frozen=True):
    """What is to be stopped.

    Attributes:
        message_id: the request's; `EVERYTHING` = all of the connection.
        cancel_id: message ID of the cancel that is to be answered; 0 for an abandon.
    """

    message_id: int
    cancel_id: int = 0

    def reply(self) -> bytes:
        """Return the answers when a search has been stopped: none to an abandon."""
        if not self.cancel_id:
            return b""
        stopped = encode_result(self.message_id, SEARCH_DONE, ResultCode.CANCELED)
        return stopped + encode_extended(self.cancel_id, ResultCode.SUCCESS)


def stop_of(message: LdapMessage) -> Stop | None:
    """Return what a request stops; None if it is no such request, or names none that can be."""
    request = message.request
    match request:
        case AbandonRequest(message_id) if message_id:
            return Stop(message_id)
        case UnbindRequest():
            return Stop(EVERYTHING)
        case ExtendedRequest(name, value) if name == CANCEL:
            try:
                return Stop(decode_cancel(value), message.message_id)
            except ProtocolError:
                return None
        case _:
            return None


def remove_waiting(inbox: deque[LdapMessage], message_id: int) -> bool:
    """Take a waiting search out of the inbox; tell whether it was there.

    Other operations are not stopped: a bind must not be (RFC 4511 4.11), the rest is short.
    """
    for message in inbox:
        if message.message_id == message_id and isinstance(message.request, SearchRequest):
            inbox.remove(message)
            return True
    return False
