"""Who asks for many numbers that nobody has is noticed, and refused nothing."""

from __future__ import annotations

import logging

import pytest

from engine.index import ContactIndex
from engine.query import CallerQuery
from ldapd.watching import DAY_S, Watched
from tests.ldapd.house import MUNICH, PHONE, SBC

NOBODY, ANNA = "+493023125555", "+493023125001"


@pytest.mark.parametrize("beyond", [-1, 0, 1], ids=["below", "at", "beyond"])
def test_the_alarm_is_given_once_at_its_limit(
    index: ContactIndex, caplog: pytest.LogCaptureFixture, beyond: int
) -> None:
    watched = Watched(index, lambda: 0.0, 3)
    for _ in range(3 + beyond):
        assert watched.caller(CallerQuery(NOBODY, MUNICH, SBC.principal())) is None
    for _ in range(10):  # who is found is no miss, and another client counts for itself
        assert watched.caller(CallerQuery(ANNA, MUNICH, SBC.principal())) is not None
    watched.caller(CallerQuery(NOBODY, MUNICH, PHONE.principal()))
    assert len(caplog.records) == (beyond >= 0)
    assert all(each.levelno == logging.WARNING for each in caplog.records)
    assert NOBODY[1:] not in caplog.text


def test_each_day_counts_for_itself(index: ContactIndex, caplog: pytest.LogCaptureFixture) -> None:
    now_s = [0.0]
    watched = Watched(index, lambda: now_s[0], 3)
    for _ in range(4):  # two in each day
        watched.caller(CallerQuery(NOBODY, MUNICH, SBC.principal()))
        now_s[0] += DAY_S * 0.6
    assert caplog.records == []


def test_no_limit_is_no_alarm(index: ContactIndex, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(index, lambda: 0.0, 0)
    for _ in range(5):
        watched.caller(CallerQuery(NOBODY, MUNICH, SBC.principal()))
    assert caplog.records == []


def test_what_else_the_index_can_do_it_does_itself(index: ContactIndex) -> None:
    assert Watched(index, lambda: 0.0, 1).holders == index.holders
