"""Cookies are signed: for one client, one search, one set of passwords."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ldapd.cookies import MAX_COOKIE_OCTETS, Bookmark, CookieSeal

SECRETS = {"anna": "hash of anna", "bernd": "hash of bernd", "card": ""}
SEAL = CookieSeal(SECRETS)
MARK = Bookmark(2**64 - 1, 2**60 - 1, 17, ("müller", "\U0010ffff"))


def test_a_cookie_gives_its_bookmark_back_on_every_worker() -> None:
    elsewhere = CookieSeal(dict(reversed(SECRETS.items())))
    for name in SECRETS:
        assert elsewhere.open(SEAL.seal(MARK, name, b"asked"), name, b"asked") == MARK


def test_a_cookie_serves_no_other_search_and_no_other_key() -> None:
    cookie = SEAL.seal(MARK, "anna", b"asked")
    assert SEAL.open(cookie, "anna", b"asked otherwise") is None
    assert SEAL.open(cookie, "bernd", b"asked") is None
    assert SEAL.open(cookie, "card", b"asked") is None
    assert CookieSeal(SECRETS | {"anna": "hash of another"}).open(cookie, "anna", b"asked") is None
    assert SEAL.open(cookie + b"\0" * MAX_COOKIE_OCTETS, "anna", b"asked") is None


def test_a_cookie_outlives_the_coming_and_going_of_other_clients() -> None:
    cookie = SEAL.seal(MARK, "anna", b"asked")
    for others in ({}, {"bernd": "hash of another", "carla": "hash of carla"}):
        changed = CookieSeal({"anna": SECRETS["anna"], **others})
        assert changed.open(cookie, "anna", b"asked") == MARK


def test_whoever_has_no_password_has_a_key_that_nobody_can_tell() -> None:
    cookie = SEAL.seal(MARK, "card", b"asked")
    assert CookieSeal({"card": ""}).open(cookie, "card", b"asked") is None


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_cookie_with_one_octet_changed_is_none(at: int, change: int) -> None:
    cookie = bytearray(SEAL.seal(MARK, "anna", b"asked"))
    cookie[at % len(cookie)] ^= change
    assert SEAL.open(bytes(cookie), "anna", b"asked") is None


@given(st.binary(max_size=60))
def test_octets_that_somebody_made_up_are_none(octets: bytes) -> None:
    assert SEAL.open(octets, "anna", b"asked") is None
