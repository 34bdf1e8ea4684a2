from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import credentials
from engine.credentials import DUMMY_HASH, Verified, check_hash, hash_password, verify_password
from engine.errors import InvalidCredential

SALT = base64.b64encode(bytes(range(16))).decode().rstrip("=")
TAG = base64.b64encode(bytes(range(32))).decode().rstrip("=")
CHEAP = f"$argon2id$v=19$m=8,t=1,p=1${SALT}${TAG}"


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password("Straße 7")


def test_a_hash_verifies_its_own_password_and_no_other(stored: str) -> None:
    assert verify_password(stored, "Straße 7".encode())
    assert not verify_password(stored, b"Strasse 7")
    assert not verify_password(stored, "straße 7".encode())


def test_a_hash_is_one_line_of_ascii_with_the_documented_parameters(stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored.isascii()
    assert stored.isprintable()


def test_two_hashes_of_one_password_differ(stored: str) -> None:
    assert hash_password("Straße 7") != stored


def test_composed_and_decomposed_umlauts_are_one_password() -> None:
    stored = hash_password("Mu\u0308ller")
    assert verify_password(stored, "M\u00fcller".encode())
    assert verify_password(stored, "Mu\u0308ller".encode())


def test_octets_that_are_no_utf8_are_just_another_wrong_password(stored: str) -> None:
    assert not verify_password(stored, b"Stra\xdfe 7")


def test_an_empty_or_overlong_password_never_verifies(stored: str) -> None:
    assert not verify_password(stored, b"")
    assert not verify_password(stored, b"x" * (credentials.MAX_PASSWORD_BYTES + 1))


@pytest.mark.parametrize("password", ["", "x" * 1025, "ü" * 513])
def test_an_empty_or_overlong_password_is_not_hashed(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 1024 octets"):
        hash_password(password)


def test_the_longest_password_is_hashed_and_verified() -> None:
    assert verify_password(hash_password("x" * 1024), b"x" * 1024)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "secret",
        "plain:secret",
        "{SSHA}abcdef",
        CHEAP.replace("argon2id", "argon2i"),
        CHEAP.replace("argon2id", "argon2d"),
        CHEAP.replace("v=19", "v=16"),
        CHEAP.replace("v=19$", ""),
        CHEAP.replace("m=8", "m=08"),
        CHEAP.replace("m=8", "m=-8"),
        CHEAP.replace("m=8", "m=\u0668"),
        CHEAP.replace("m=8,t=1", "t=1,m=8"),
        CHEAP.replace("p=1", "p=1,keyid=AAAA"),
        CHEAP.replace("p=1", "p=2"),
        CHEAP.replace("m=8", "m=1"),
        CHEAP.replace(SALT, ""),
        CHEAP.replace(SALT, SALT + "=="),
        CHEAP.replace(TAG, ""),
        CHEAP.replace(TAG, TAG[:5]),
        CHEAP.replace(TAG, TAG + "AA"),
        CHEAP + "\n",
        " " + CHEAP,
        CHEAP + "$",
    ],
)
def test_a_malformed_stored_hash_is_refused_by_name(stored: str) -> None:
    with pytest.raises(InvalidCredential) as caught:
        verify_password(stored, b"secret")
    assert not stored or stored not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "beyond"),
    [
        ("m=8", "m=262145"),
        ("m=8", "m=9999999"),
        ("m=8", "m=4294967295"),
        ("t=1", "t=11"),
        ("t=1", "t=999"),
        ("p=1", "p=9"),
        ("p=1", "p=255"),
    ],
)
def test_a_stored_hash_that_asks_for_too_much_work_is_refused_before_any(
    part: str, beyond: str
) -> None:
    with pytest.raises(InvalidCredential):
        verify_password(CHEAP.replace(part, beyond), b"secret")


def test_the_bounds_themselves_are_allowed() -> None:
    check_hash(CHEAP.replace("m=8,t=1,p=1", "m=262144,t=10,p=8"))


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(stored: str) -> None:
    with pytest.raises(InvalidCredential):
        verify_password(stored, b"secret")


@given(
    st.text(
        alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        min_size=1,
        max_size=100,
    ),
    st.text(
        alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        min_size=1,
        max_size=100,
    ),
)
def test_any_salt_and_tag_are_refused_or_just_do_not_fit(salt: str, tag: str) -> None:
    with contextlib.suppress(InvalidCredential):
        assert not verify_password(f"$argon2id$v=19$m=8,t=1,p=1${salt}${tag}", b"secret")


def test_the_dummy_hash_costs_what_a_real_one_costs_and_verifies_nothing(stored: str) -> None:
    assert DUMMY_HASH.split("$")[:4] == stored.split("$")[:4]
    assert [len(part) for part in DUMMY_HASH.split("$")] == [len(p) for p in stored.split("$")]
    assert not verify_password(DUMMY_HASH, b"secret")


def test_a_success_is_known_until_its_time_is_over() -> None:
    verified = Verified(lifetime_s=600.0)
    mark = verified.fingerprint("sbc", b"secret", CHEAP)
    assert not verified.knows(mark, 0.0)
    verified.remember(mark, 100.0)
    assert verified.knows(mark, 100.0)
    assert verified.knows(mark, 699.9)
    assert not verified.knows(mark, 700.0)
    assert len(verified) == 0


def test_another_account_password_or_hash_is_another_attempt() -> None:
    verified = Verified()
    marks = {
        verified.fingerprint("sbc", b"secret", CHEAP),
        verified.fingerprint("sbd", b"secret", CHEAP),
        verified.fingerprint("sbc", b"secreT", CHEAP),
        verified.fingerprint("sbc", b"secret", CHEAP + "x"),
        verified.fingerprint("sbcs", b"ecret", CHEAP),
    }
    assert len(marks) == 5


def test_two_memories_share_no_fingerprint() -> None:
    assert Verified().fingerprint("a", b"b", "c") != Verified().fingerprint("a", b"b", "c")


def test_the_memory_is_bounded_and_the_oldest_success_makes_room() -> None:
    verified = Verified(capacity=3)
    marks = [verified.fingerprint(f"client {n}", b"secret", CHEAP) for n in range(4)]
    for now_s, mark in enumerate(marks[:3]):
        verified.remember(mark, float(now_s))
    verified.remember(marks[0], 3.0)
    verified.remember(marks[3], 4.0)
    assert len(verified) == 3
    assert [verified.knows(mark, 5.0) for mark in marks] == [True, False, True, True]
