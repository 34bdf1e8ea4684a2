from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ldapvalues import AD_MAP, LDAP_MAP, generalized_time, texts_of
from connectors.rules import rule_faults
from connectors.texts import utc_time


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("cn", "Øystein 付".encode(), "Øystein 付"),
        ("jpegphoto", b"\xff\xd8", "ffd8"),
        ("objectguid", bytes(range(16)), "03020100-0504-0706-0809-0a0b0c0d0e0f"),
        ("objectguid", b"short", b"short".hex()),
        ("modifytimestamp", b"20261126142000Z", "2026-11-26T14:20:00Z"),
        ("whenchanged", b"20261126142000.0Z", "2026-11-26T14:20:00Z"),
        ("whenchanged", b"2026112614+0130", "2026-11-26T14:00:00+01:30"),
        ("whenchanged", b"yesterday", "yesterday"),
        ("facsimiletelephonenumber", b"+49 89 3$twoDimensional", "+49 89 3"),
        ("postaladdress", "Haus 1$\\241 Platz$ $München".encode(), "Haus 1, $1 Platz, München"),
        ("labeleduri", b"https://firm.example/a Her page", "https://firm.example/a"),
    ],
)
def test_values_become_the_texts_that_they_stand_for(name: str, value: bytes, text: str) -> None:
    assert texts_of(name, [value]) == [text]


def test_the_usual_mappings_are_mappings() -> None:
    assert rule_faults(LDAP_MAP) == ()
    assert rule_faults(AD_MAP) == ()


@given(st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat() + "Z"))
def test_times_come_back_as_they_were(text: str) -> None:
    written = generalized_time(text)
    assert texts_of("modifytimestamp", [written.encode()]) == [text]
    assert utc_time(text).endswith("Z")
