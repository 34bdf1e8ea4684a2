"""Look-ups are remembered for a while; who asks for many numbers that nobody has is noticed."""

from __future__ import annotations

import logging

import pytest

from engine.index import ContactIndex
from engine.query import CallerQuery
from ldapd.watching import DAY_S, MAX_REMEMBERED, Watched, told
from tests.ldapd.house import MUNICH, PHONE, SBC

NOBODY, ANNA = "+49302312{}", "+493023125001"


def ask(watched: Watched, number: str, client: str = "sbc") -> bool:
    asker = SBC if client == "sbc" else PHONE
    return watched.caller(CallerQuery(number, MUNICH, asker.principal())) is not None


@pytest.mark.parametrize("beyond", [-1, 0, 1], ids=["below", "at", "beyond"])
def test_the_alarm_is_given_once_at_its_limit(
    index: ContactIndex, caplog: pytest.LogCaptureFixture, beyond: int
) -> None:
    watched = Watched(index, lambda: 0.0, 3)
    for number in range(3 + beyond):
        assert not ask(watched, NOBODY.format(6000 + number))
    for _ in range(10):  # who is found is no miss, and another client counts for itself
        assert ask(watched, ANNA)
    ask(watched, NOBODY.format(6900), "phone")
    assert len(caplog.records) == (beyond >= 0)
    assert all(each.levelno == logging.WARNING for each in caplog.records)
    assert "302312" not in caplog.text


def test_one_number_asked_again_and_again_is_one(
    index: ContactIndex, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(index, lambda: 0.0, 3)
    for number in (6001, 6002) * 50:
        ask(watched, NOBODY.format(number))
    assert caplog.records == []


def test_each_day_counts_for_itself(index: ContactIndex, caplog: pytest.LogCaptureFixture) -> None:
    now_s = [0.0]
    watched = Watched(index, lambda: now_s[0], 3)
    for number in range(4):  # two in each day
        ask(watched, NOBODY.format(6000 + number))
        now_s[0] += DAY_S * 0.6
    assert caplog.records == []
    for number in range(3):
        ask(watched, NOBODY.format(6000 + number))
    assert len(caplog.records) == 1
    now_s[0] += DAY_S
    for number in range(3):
        ask(watched, NOBODY.format(6000 + number))
    assert len(caplog.records) == 2  # a new day, a new warning


def test_no_limit_is_no_alarm(index: ContactIndex, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(index, lambda: 0.0, 0)
    for number in range(5):
        ask(watched, NOBODY.format(6000 + number))
    assert caplog.records == []


def test_the_last_look_ups_of_each_client_are_remembered(index: ContactIndex) -> None:
    now_s = [0.0]
    watched = Watched(index, lambda: now_s[0], 0)
    ask(watched, ANNA, "phone")
    for number in range(MAX_REMEMBERED + 5):
        now_s[0] = float(number)
        ask(watched, NOBODY.format(6000 + number))
    ask(watched, "+493023125002")
    assert list(watched.recent["phone"]) == [(0.0, ANNA, MUNICH, "Anna Müller", 2, 0)]
    recent = watched.recent["sbc"]
    assert len(recent) == MAX_REMEMBERED
    assert recent[0] == (6.0, NOBODY.format(6006), MUNICH, "", 0, 0)
    assert recent[-1] == (104.0, "+493023125002", MUNICH, "Nordlicht AG", 3, 1)


def test_the_short_way_is_watched_as_the_long_way_is(
    index: ContactIndex, caplog: pytest.LogCaptureFixture
) -> None:
    short, long = (Watched(index, lambda: 0.0, 3) for _ in range(2))
    find = short.plain_caller(CallerQuery("", MUNICH, SBC.principal()))
    for number in (ANNA, *(f"+494012345{each}" for each in range(600, 604))):
        assert find(number[1:].encode()) is not None
        ask(long, number)
    assert find(b"493023125002") is None  # shared: it has asked nobody
    assert [told(each) for each in short.recent["sbc"]] == list(long.recent["sbc"])
    for number in ("+494012345604", ANNA):
        assert find(number[1:].encode()) is not None
        ask(long, number)
    assert [told(each) for each in short.recent["sbc"]] == list(long.recent["sbc"])
    assert len(caplog.records) == 2


def test_what_else_the_index_can_do_it_does_itself(index: ContactIndex) -> None:
    assert Watched(index, lambda: 0.0, 1).holders == index.holders
