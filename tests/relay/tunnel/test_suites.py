"""The two suites: keys derived, written, read; what is sealed opens with its key and info only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.tunnel.suites import (
    PUBLIC_BYTES,
    TAG_BYTES,
    Suite,
    derive,
    generate,
    public_octets,
    read_public,
    seal,
    unseal,
)

SUITES = st.sampled_from(list(Suite))
KEYS = {suite: generate(suite) for suite in Suite}


@given(SUITES, st.binary(max_size=600), st.binary(max_size=80))
def test_what_is_sealed_opens(suite: Suite, plaintext: bytes, info: bytes) -> None:
    public = public_octets(KEYS[suite])
    sealed = seal(suite, plaintext, read_public(suite, public), info)
    assert len(sealed) == PUBLIC_BYTES[suite] + len(plaintext) + TAG_BYTES
    assert unseal(suite, sealed, KEYS[suite], info) == plaintext
    assert unseal(suite, sealed, KEYS[suite], info + b"x") is None
    assert unseal(suite, sealed, generate(suite), info) is None


@given(SUITES, st.binary(max_size=200))
def test_octets_that_were_never_sealed_do_not_open(suite: Suite, octets: bytes) -> None:
    assert unseal(suite, octets, KEYS[suite], b"") is None


@given(SUITES, st.binary(min_size=32, max_size=32), st.binary(max_size=9))
def test_a_derived_key_is_always_the_same(suite: Suite, secret: bytes, label: bytes) -> None:
    public = public_octets(derive(suite, secret, label))
    assert public_octets(derive(suite, secret, label)) == public
    assert public_octets(derive(suite, secret, label + b"x")) != public
    assert len(public) == PUBLIC_BYTES[suite]


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize("octets", [b"", b"x" * 31, b"\4" * 65, b"\2" + b"x" * 32, b"x" * 66])
def test_octets_that_are_no_public_key_are_refused(suite: Suite, octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_public(suite, octets)


def test_nothing_is_sealed_to_a_point_of_small_order() -> None:
    with pytest.raises(ValueError, match=r"."):
        seal(Suite.X25519, b"", read_public(Suite.X25519, bytes(32)), b"")
