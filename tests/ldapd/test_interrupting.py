"""Requests that stop others."""

from __future__ import annotations

from collections import deque

import pytest

from ldapd.interrupting import EVERYTHING, Stop, remove_waiting, stop_of
from ldapd.protocol.client import Result, decode_responses
from ldapd.protocol.filters import Present
from ldapd.protocol.messages import (
    CANCEL,
    WHO_AM_I,
    AbandonRequest,
    BindRequest,
    ExtendedRequest,
    LdapMessage,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
)

SEARCH = SearchRequest("", 2, 0, 0, 0, types_only=False, filter=Present("cn"), attributes=())


@pytest.mark.parametrize(
    ("request_", "stop"),
    [
        (AbandonRequest(5), Stop(5)),
        (AbandonRequest(0), None),
        (UnbindRequest(), Stop(EVERYTHING)),
        (ExtendedRequest(CANCEL, b"\x30\x03\x02\x01\x05"), Stop(5, 9)),
        (ExtendedRequest(CANCEL, b"\x30\x03\x02\x01\x00"), None),
        (ExtendedRequest(CANCEL, b"\x30\x03\x02\x01\x05\x00"), None),
        (ExtendedRequest(CANCEL, None), None),
        (ExtendedRequest(WHO_AM_I, None), None),
        (SEARCH, None),
    ],
)
def test_abandon_cancel_and_unbind_stop_others(request_: Request, stop: Stop | None) -> None:
    assert stop_of(LdapMessage(9, request_)) == stop


def test_a_cancelled_search_and_its_cancel_are_answered() -> None:
    found, _ = decode_responses(Stop(5, 9).reply())
    assert [(each.message_id, each.code) for each in found if isinstance(each, Result)] == [
        (5, ResultCode.CANCELED),
        (9, ResultCode.SUCCESS),
    ]
    assert Stop(5).reply() == b""


def test_only_searches_are_taken_out_of_the_inbox() -> None:
    inbox = deque([LdapMessage(5, SEARCH), LdapMessage(6, BindRequest(3, "", "", b""))])
    assert not remove_waiting(inbox, 6)
    assert not remove_waiting(inbox, 7)
    assert remove_waiting(inbox, 5)
    assert [each.message_id for each in inbox] == [6]
