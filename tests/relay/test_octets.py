"""Octets as text: each has one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.octets import decode_octets, encode_octets


@given(st.binary(max_size=64))
def test_octets_come_back_from_their_text(octets: bytes) -> None:
    text = encode_octets(octets)
    assert decode_octets(text) == octets
    assert not set(text) & set("+/=\n")


@pytest.mark.parametrize(
    "text", ["a", "QQ==", "QR", "+_8A", "-/8A", "QU I", "QUI\n", "äöüß", "=", "=Q"]
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64url|left over"):
        decode_octets(text)


@given(st.text(alphabet="AQgw-_9=+/ \n", max_size=9))
def test_no_two_texts_are_the_same_octets(text: str) -> None:
    try:
        octets = decode_octets(text)
    except ValueError:
        return
    assert encode_octets(octets) == text
