"""Sessions: of one user, for a time, under one key, until the password changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import sessions as sessions_module
from relay.accounts import Accounts, User
from relay.errors import NotAuthenticated
from relay.sessions import LIFETIME_S, Sessions

ANNA, BEN = User("anna", "hash a"), User("ben", "hash b")
ACCOUNTS = Accounts((ANNA, BEN))
SESSIONS = Sessions(b"k" * 32)


def test_a_session_is_its_users_until_it_ends() -> None:
    session, ends_at = SESSIONS.open(ANNA, 1000.5)
    assert ends_at == 1000 + LIFETIME_S
    assert SESSIONS.read(session, ACCOUNTS, ends_at - 1) == ANNA
    with pytest.raises(NotAuthenticated, match="ended"):
        SESSIONS.read(session, ACCOUNTS, ends_at)


def test_it_outlives_the_process_that_opened_it_but_not_the_key() -> None:
    session, _ = SESSIONS.open(ANNA, 0)
    assert Sessions(b"k" * 32).read(session, ACCOUNTS, 1) == ANNA
    with pytest.raises(NotAuthenticated):
        Sessions().read(session, ACCOUNTS, 1)


def test_a_new_password_or_a_removed_user_ends_it() -> None:
    session, _ = SESSIONS.open(ANNA, 0)
    for accounts in (Accounts((User("anna", "hash c"),)), Accounts((BEN,)), Accounts()):
        with pytest.raises(NotAuthenticated, match="changed"):
            SESSIONS.read(session, accounts, 1)


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=6))
def test_one_bit_makes_it_worthless(place: int, bit: int) -> None:
    session, _ = SESSIONS.open(ANNA, 0)
    letters = list(session)
    place %= len(letters)
    letters[place] = chr(ord(letters[place]) ^ (1 << bit))
    turned = "".join(letters)
    try:
        assert SESSIONS.read(turned, ACCOUNTS, 1) == ANNA
    except NotAuthenticated:
        return
    assert place == len(letters) - 1  # spare bits of the last letter


@given(text=st.text(max_size=300))
def test_no_text_is_a_session(text: str) -> None:
    for each in (text, "rs1." + text):
        with pytest.raises(NotAuthenticated):
            SESSIONS.read(each, ACCOUNTS, 1)


def test_a_session_that_was_read_before_ends_as_any_other() -> None:
    session, ends_at = SESSIONS.open(ANNA, 0)
    for _ in range(2):
        assert SESSIONS.read(session, ACCOUNTS, 1) == ANNA
    with pytest.raises(NotAuthenticated, match="ended"):
        SESSIONS.read(session, ACCOUNTS, ends_at)
    with pytest.raises(NotAuthenticated, match="changed"):
        SESSIONS.read(session, Accounts((User("anna", "hash c"),)), 1)


def test_what_is_remembered_of_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions_module, "MAX_READ", 3)
    sessions = Sessions(b"k" * 32)
    opened = [sessions.open(ANNA, now)[0] for now in range(10)]
    for each in (*opened, *opened):
        assert sessions.read(each, ACCOUNTS, 11) == ANNA
    assert len(sessions._read) == 3
