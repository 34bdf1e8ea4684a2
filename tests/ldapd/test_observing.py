"""An observed handler answers as the one behind it, and tells of everything it answered."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client import Client
from engine.credentials import verify_password
from engine.index import ContactIndex
from ldapd.auth import BindCheck, Peer
from ldapd.handler import LdapHandler
from ldapd.observing import MAX_BINDS, ObservedHandler
from ldapd.own_entries import WHO_AM_I
from ldapd.protocol.client import decode_responses
from ldapd.protocol.filters import parse_filter
from ldapd.protocol.messages import (
    BindRequest,
    CompareRequest,
    ExtendedRequest,
    LdapMessage,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    WriteRequest,
)
from ldapd.search import Directory, LongAnswer
from ldapd.traced import Traced
from ldapd.watching import Lookup, Watched
from tests.ldapd.asking import ask, handler_of, octets_of, peer_of
from tests.ldapd.house import PASSWORD, PHONE, SBC, VISIBLE


def search(wanted: str, *attributes: str) -> SearchRequest:
    return SearchRequest("dc=meta", 2, 0, 0, 0, False, parse_filter(wanted), attributes)  # noqa: FBT003


class Told:
    """An observed handler and what it told."""

    def __init__(self, index: ContactIndex, clock: Callable[[], float] = lambda: 0.0) -> None:
        watched = Watched(index, clock, 0)
        self.plain = handler_of(cast("Directory", watched), clock=clock)
        self.told: list[Traced] = []
        self.lookups: list[Sequence[Lookup]] = []
        self.failures: list[BaseException] = []
        observed = ObservedHandler(self.plain, watched, self.take, self.failures.append)
        self.handler = cast("LdapHandler", observed)

    def take(self, traced: Traced, _message: LdapMessage, lookups: Sequence[Lookup]) -> None:
        self.told.append(traced)
        self.lookups.append(lookups)


@pytest.fixture
def told(index: ContactIndex) -> Told:
    return Told(index)


def test_a_look_up_is_told_with_its_answer(told: Told) -> None:
    wanted = "(|(telephoneNumber=030 23125001)(mobile=030 23125001))"
    ask(told.handler, peer_of(SBC), search(wanted, "displayName"))
    (traced,) = told.told
    assert (traced.operation, traced.client, traced.address) == ("search", "sbc", "127.0.0.1")
    assert (traced.filter, traced.attributes) == (wanted, ("displayName",))
    assert (traced.code, traced.entries, traced.shown) == (0, 1, {"displayName": ("Anna Müller",)})
    assert (traced.number, traced.name, traced.match_class) == ("030 23125001", "Anna Müller", 2)
    assert traced.duration_us > 0
    assert traced.at > 1_700_000_000


def test_only_look_ups_of_the_request_itself_are_its_own(told: Told) -> None:
    ask(told.handler, peer_of(SBC), search("(telephoneNumber=+493023125001)"))
    ask(told.handler, peer_of(PHONE), search("(cn=anna*)"))
    ask(told.handler, peer_of(SBC), search("(|(mobile=+4930231259)(mobile=+493023125002))"))
    ask(told.handler, peer_of(None), search("(cn=x)"))
    assert [len(each) for each in told.lookups] == [1, 0, 2, 0]
    assert [each.number for each in told.told] == ["+493023125001", "", "+493023125002", ""]
    assert told.told[1].entries == 1
    assert told.told[3].code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS


def test_a_call_takes_the_long_way_while_it_is_watched(told: Told) -> None:
    assert told.handler.known_answer(peer_of(SBC), b"anything") is None


def bind(told: Told, peer: Peer, name: str, password: str) -> None:
    check = ask(told.handler, peer, BindRequest(3, name, "", password.encode()))
    if isinstance(check, BindCheck):
        right = verify_password(check.stored, check.password)
        told.handler.finish_bind(peer, check, right=right)


def test_binds_are_told_with_who_is_bound_and_never_a_password_or_a_wrong_name(told: Told) -> None:
    peer = peer_of(None)
    for name, password in (
        ("cn=sbc,dc=meta", PASSWORD),
        ("cn=sbc,dc=meta", PASSWORD),  # remembered
        ("cn=sbc,dc=meta", "battery"),
        ("my password here", "battery"),
        ("cn=sbc,dc=meta", ""),
    ):
        bind(told, peer, name, password)
    assert [(each.client, each.code) for each in told.told] == [
        ("sbc", 0), ("sbc", 0), ("", 49), ("", 49), ("", 53),
    ]  # fmt: skip
    assert "my password" not in repr(told.told)
    assert "battery" not in repr(told.told)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("CN=sbc, dc=meta", "sbc, but not its password"),
        ("cn=far,dc=meta", "far, but not from its networks"),
        ("cn=unset,dc=meta", "no client binds by this name"),
        ("secret typed here", "no client binds by this name"),
    ],
)
def test_whoever_watches_is_told_why_a_bind_failed_and_the_peer_is_not(
    told: Told, name: str, why: str
) -> None:
    bind(told, peer_of(None), name, "battery")
    (traced,) = told.told
    assert (traced.client, traced.code, traced.message) == ("", 49, "")
    assert traced.detail == f"simple: {why}"


def test_a_bind_that_finds_no_place_is_told(told: Told) -> None:
    check = ask(told.handler, peer_of(None), BindRequest(3, "cn=sbc,dc=meta", "", b"x"))
    assert isinstance(check, BindCheck)
    told.handler.busy(check)
    assert [each.code for each in told.told] == [ResultCode.BUSY]


def test_binds_that_are_never_finished_are_forgotten(told: Told) -> None:
    for _ in range(3 * MAX_BINDS):
        ask(told.handler, peer_of(None), BindRequest(3, "cn=sbc,dc=meta", "", b"x"))
    observed = cast("ObservedHandler", told.handler)
    assert len(observed._binds) <= MAX_BINDS


@pytest.mark.parametrize(
    ("request_", "operation", "code"),
    [
        (CompareRequest("cn=x", "cn", b"x"), "compare", ResultCode.INSUFFICIENT_ACCESS_RIGHTS),
        (ExtendedRequest(WHO_AM_I, None), "extended", ResultCode.SUCCESS),
        (WriteRequest(0x66), "write", ResultCode.UNWILLING_TO_PERFORM),
        (UnbindRequest(), "unbind", None),
    ],
)
def test_every_operation_is_told(
    told: Told, request_: Request, operation: str, code: ResultCode | None
) -> None:
    ask(told.handler, peer_of(SBC), request_)
    assert [(each.operation, each.code) for each in told.told] == [(operation, code)]


def test_what_failed_inside_or_came_too_late_is_told(told: Told) -> None:
    message = LdapMessage(7, search("(cn=x)"))
    told.handler.failed(peer_of(SBC), message)
    told.handler.too_late(peer_of(SBC), message)
    assert [each.code for each in told.told] == [ResultCode.OTHER, ResultCode.BUSY]


@pytest.mark.parametrize("slices", [0, 1, 1_000])
def test_a_long_list_is_told_once_when_it_ends_or_is_given_up(
    index: ContactIndex, slices: int
) -> None:
    ticks = itertools.count(0, 0.003)
    told = Told(index, lambda: next(ticks))
    answer = ask(told.handler, peer_of(PHONE), search("(objectClass=*)", "cn"))
    assert isinstance(answer, LongAnswer)
    assert told.told == []
    sent = [answer.first, *itertools.islice(answer.rest, slices)]
    answer.rest.close()
    (traced,) = told.told
    if slices < 1_000:
        assert traced.entries == sum(len(decode_responses(each)[0]) for each in sent)
        assert traced.code is None
    else:
        assert (traced.entries, traced.code) == (VISIBLE, 0)


def test_telling_that_fails_changes_no_answer(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no ears")

    monkeypatch.setattr(told.handler, "_tell", fail)
    request = search("(telephoneNumber=+493023125001)")
    answer = ask(told.handler, peer_of(SBC), request)
    assert answer == ask(told.plain, peer_of(SBC), request)
    assert [str(each) for each in told.failures] == ["no ears"]


QUESTIONS = st.sampled_from(
    [
        search("(telephoneNumber=+493023125001)"),
        search("(telephoneNumber=*23125002)", "*", "+"),
        search("(mobile=anonymous)"),
        search("(cn=*)", "cn"),
        search("(!(sn=m*))", "1.1"),
        search("(anr=anna)"),
        CompareRequest("dc=meta", "dc", b"meta"),
        ExtendedRequest(WHO_AM_I, None),
        WriteRequest(0x66),
    ]
)


@given(question=QUESTIONS, client=st.sampled_from([SBC, PHONE, None]))
def test_answers_are_the_same_octets(
    index: ContactIndex, question: Request, client: Client | None
) -> None:
    told = Told(index)
    peer = peer_of(client)
    answer = octets_of(ask(told.handler, peer, question))
    assert answer == octets_of(ask(told.plain, peer, question))
    assert told.failures == []
