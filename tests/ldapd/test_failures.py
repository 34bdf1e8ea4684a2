from __future__ import annotations

import logging
import ssl
from ipaddress import ip_address

import pytest

from ldapd.failures import AGAIN_S, LEAST_S, MAX_REMEMBERED, HandshakeLog, reason_of

PHONE, OTHER = ip_address("10.0.0.7"), ip_address("2001:db8::7")


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def refused(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "text")
    error.reason = reason
    return error


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "ldapd.failures")
    return caplog


def fields(told: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    every = [record.__dict__["fields"] for record in told.records]
    return [(each["peer"], each["reason"], each["untold"]) for each in every]


def test_a_reason_is_that_of_the_library() -> None:
    assert reason_of(refused("TLSV1_ALERT_UNKNOWN_CA")) == "tlsv1 alert unknown ca"
    assert reason_of(ConnectionAbortedError("SSL handshake is taking longer")) == "it took too long"
    assert "closed" in reason_of(ConnectionResetError())
    assert "closed" in reason_of(OSError())


def test_an_address_and_reason_are_told_once_in_an_hour_and_what_was_not_is_counted(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    log = HandshakeLog(clock)
    for _ in range(10):
        log.note(PHONE, refused("UNSUPPORTED_PROTOCOL"))
        clock.now_s += 60.0
    log.note(OTHER, refused("UNSUPPORTED_PROTOCOL"))
    clock.now_s = AGAIN_S
    log.note(PHONE, refused("UNSUPPORTED_PROTOCOL"))
    assert fields(told) == [
        ("10.0.0.7", "unsupported protocol", 0),
        ("2001:db8::7", "unsupported protocol", 9),
        ("10.0.0.7", "unsupported protocol", 0),
    ]


def test_a_flood_from_many_addresses_is_a_line_a_second(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    log = HandshakeLog(clock)
    for number in range(10 * MAX_REMEMBERED):
        log.note(ip_address(number), refused("HTTP_REQUEST"))
        clock.now_s += LEAST_S / 100
    assert len(told.records) == 10 * MAX_REMEMBERED // 100


def test_a_look_whether_the_port_is_open_is_no_warning(
    clock: Clock, told: pytest.LogCaptureFixture
) -> None:
    log = HandshakeLog(clock)
    log.note(None, ConnectionResetError())
    clock.now_s += LEAST_S
    log.note(None, refused("HTTP_REQUEST"))
    assert [record.levelno for record in told.records] == [logging.INFO, logging.WARNING]
