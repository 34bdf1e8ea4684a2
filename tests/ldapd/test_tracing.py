"""Requests are followed on a running server; the log of searches holds nothing personal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import msgspec
import pytest

from engine.index import ContactIndex
from ldapd.handler import LdapHandler
from ldapd.protocol.client import encode_search
from ldapd.protocol.filters import parse_filter
from ldapd.settings import LdapSettings
from ldapd.traced import Following, Traced, TraceRequest
from ldapd.tracing import MAX_WAITING
from tests.ldapd.house import CLIENTS, PHONE, SBC
from tests.ldapd.serving import PATIENT, Serving, Wire

ANNA, BERND, NOBODY = "+493023125001", "+493023125002", "+493023129999"
SETTINGS = LdapSettings(listen=(), limits=PATIENT)


@pytest.fixture
def server(index: ContactIndex) -> Iterator[Serving]:
    with Serving(index, SETTINGS) as running:
        yield running


def look_up(wire: Wire, number: str) -> int:
    wanted = parse_filter(f"(telephoneNumber={number})")
    wire.send(encode_search(2, "dc=meta", wanted, ("displayName",)))
    return len(wire.answer(2)[0])


class Ears:
    """Somebody who follows a server."""

    def __init__(self, serving: Serving, wish: TraceRequest) -> None:
        self._serving = serving
        self._news = serving.call(lambda: serving.server.trace(wish))
        self.remembered: list[Traced] = []
        while isinstance(told := self.next(), Traced):
            self.remembered.append(told)

    def next(self) -> Traced | Following | None:
        async def step() -> Traced | Following | None:
            return await asyncio.wait_for(anext(self._news, None), 60)

        return self._serving.wait(step())

    def heard(self) -> Traced:
        told = self.next()
        assert isinstance(told, Traced)
        return told

    def close(self) -> None:
        self._serving.wait(self._news.aclose())


def is_observed(serving: Serving) -> bool:
    return not isinstance(serving.call(lambda: serving.server.handler), LdapHandler)


def test_what_comes_is_told_until_nobody_follows(server: Serving) -> None:
    with server.bound(SBC.bind) as wire:
        assert look_up(wire, ANNA) == 1
        assert not is_observed(server)
        ears = Ears(server, TraceRequest())
        assert [(each.operation, each.number, each.name) for each in ears.remembered] == [
            ("look-up", ANNA, "Anna Müller")
        ]
        assert is_observed(server)
        assert look_up(wire, BERND) == 1
        told = ears.heard()
        assert (told.filter, told.name, told.match_class, told.runners_up) == (
            f"(telephoneNumber={BERND})", "Nordlicht AG", 3, 1,
        )  # fmt: skip
        with server.bound(PHONE.bind):
            told = ears.heard()
        assert (told.operation, told.client, told.code) == ("bind", "phone", 0)
        ears.close()
        assert not is_observed(server)
        assert look_up(wire, ANNA) == 1


def test_a_client_and_a_number_are_followed_alone(server: Serving) -> None:
    with server.bound(SBC.bind) as sbc, server.bound(PHONE.bind) as phone:
        by_client = Ears(server, TraceRequest(client="phone"))
        by_number = Ears(server, TraceRequest(number="0049 30 23125-001"))
        for number in (BERND, ANNA, NOBODY):
            look_up(sbc, number)
            look_up(phone, number)
        assert [by_client.heard().number for _ in range(3)] == [BERND, ANNA, NOBODY]
        assert [by_number.heard().client for _ in range(2)] == ["sbc", "phone"]
        later = Ears(server, TraceRequest(client="sbc", number="030/23125001", follow=False))
        assert [(each.client, each.number) for each in later.remembered] == [("sbc", ANNA)]
        assert later.next() is None
        by_client.close()
        assert is_observed(server)
        by_number.close()
        assert not is_observed(server)


def test_nobody_waits_for_a_follower_who_does_not_read(server: Serving) -> None:
    with server.bound(SBC.bind) as wire:
        ears = Ears(server, TraceRequest())
        for _ in range(MAX_WAITING + 5):
            assert look_up(wire, ANNA) == 1
        for _ in range(MAX_WAITING):
            assert ears.heard().missed == 0
        look_up(wire, BERND)
        told = ears.heard()
        assert (told.number, told.missed) == (BERND, 5)
        ears.close()


def test_searches_are_logged_without_anything_personal_if_wanted(
    server: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with server.bound(SBC.bind) as wire:
        look_up(wire, ANNA)
        assert caplog.records == []
        logged = msgspec.structs.replace(SETTINGS, log_searches=True)
        server.call(lambda: server.server.replace(logged, CLIENTS))
        look_up(wire, ANNA)
        look_up(wire, NOBODY)
        server.call(lambda: server.server.replace(SETTINGS, CLIENTS))
        look_up(wire, ANNA)
    lines = [vars(each)["fields"] for each in caplog.records]
    assert [(each["client"], each["filter"], each["class"], each["entries"]) for each in lines] == [
        ("sbc", "(telephoneNumber=?)", 2, 1),
        ("sbc", "(telephoneNumber=?)", 0, 0),
    ]
    assert [each.getMessage() for each in caplog.records] == ["search", "search"]
    assert "2312" not in repr(lines)
    assert "Anna" not in repr(lines)
