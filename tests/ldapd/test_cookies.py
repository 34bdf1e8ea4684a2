"""Cookies are signed: for one client, one search, one set of passwords."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ldapd.cookies import MAX_COOKIE_OCTETS, Bookmark, CookieSeal

SEAL = CookieSeal(["hash of anna", "hash of bernd"])
MARK = Bookmark(2**64 - 1, 2**60 - 1, 17, ("müller", "\U0010ffff"))


def test_a_cookie_gives_its_bookmark_back_on_every_worker() -> None:
    cookie = SEAL.seal(MARK, b"asked")
    assert CookieSeal(["hash of bernd", "hash of anna"]).open(cookie, b"asked") == MARK


def test_a_cookie_serves_no_other_search_and_no_other_key() -> None:
    cookie = SEAL.seal(MARK, b"asked")
    assert SEAL.open(cookie, b"asked otherwise") is None
    assert CookieSeal(["hash of anna"]).open(cookie, b"asked") is None
    assert SEAL.open(cookie + b"\0" * MAX_COOKIE_OCTETS, b"asked") is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_cookie_with_one_octet_changed_is_none(at: int, change: int) -> None:
    cookie = bytearray(SEAL.seal(MARK, b"asked"))
    cookie[at % len(cookie)] ^= change
    assert SEAL.open(bytes(cookie), b"asked") is None


@given(st.binary(max_size=60))
def test_octets_that_somebody_made_up_are_none(octets: bytes) -> None:
    assert SEAL.open(octets, b"asked") is None
