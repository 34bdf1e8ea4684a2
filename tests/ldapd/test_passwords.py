"""Passwords are verified beside the loop, equal ones once."""

from __future__ import annotations

import itertools
import threading

import pytest

from ldapd import passwords
from ldapd.auth import Asker, BindCheck
from ldapd.passwords import MAX_WAITING, VERIFYING_THREADS, PasswordPool
from tests.ldapd.house import FAR, PASSWORD, PASSWORD_HASH, SBC, UNSET

FINGERPRINTS = itertools.count()


def check(password: str, *, asker: Asker | None, stored: str = PASSWORD_HASH) -> BindCheck:
    fingerprint = b"%d" % next(FINGERPRINTS)
    return BindCheck(1, asker, stored, password.encode(), fingerprint)


TOO_LONG = "x" * 2000
"""Refused without hashing."""


@pytest.mark.parametrize(
    ("question", "right"),
    [
        (check(PASSWORD, asker=Asker.of(SBC)), True),
        (check("wrong", asker=Asker.of(SBC)), False),
        (check(PASSWORD, asker=None), False),
        (check(PASSWORD, asker=Asker.of(FAR), stored="no hash"), False),
        (check(PASSWORD, asker=Asker.of(UNSET), stored=""), False),
    ],
    ids=["right", "wrong", "nobody", "malformed hash", "no hash"],
)
def test_passwords_are_verified_in_the_pool(question: BindCheck, *, right: bool) -> None:
    pool = PasswordPool()
    outcome: list[bool] = []
    finished = threading.Event()

    def done(result: bool) -> None:  # noqa: FBT001 - the pool's signature
        outcome.append(result)
        finished.set()

    assert pool.submit(question, done)
    assert finished.wait(10)
    pool.close()
    assert outcome == [right]


def test_a_full_queue_refuses_and_a_closed_pool_too() -> None:
    pool = PasswordPool()
    gate = threading.Event()
    running = threading.Barrier(VERIFYING_THREADS + 1)

    def hold(_right: bool) -> None:  # noqa: FBT001 - the pool's signature
        running.wait(10)
        gate.wait(10)

    for _ in range(VERIFYING_THREADS):
        assert pool.submit(check(TOO_LONG, asker=None), hold)
    running.wait(10)  # both threads are now held in their callbacks, their places free again
    waiting: list[bool] = []
    accepted = sum(
        pool.submit(check(TOO_LONG, asker=None), waiting.append)
        for _ in range(VERIFYING_THREADS + MAX_WAITING + 5)
    )
    assert accepted == VERIFYING_THREADS + MAX_WAITING
    gate.set()
    pool.close()
    assert not pool.submit(check(TOO_LONG, asker=None), waiting.append)


def test_equal_attempts_at_the_same_time_are_verified_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, verified = threading.Event(), list[bytes]()

    def slow(question: BindCheck) -> bool:
        verified.append(question.fingerprint)
        gate.wait(10)
        return question.password == PASSWORD.encode()

    monkeypatch.setattr(passwords, "_verify", slow)
    pool = PasswordPool()
    outcomes: dict[str, list[bool]] = {"right": [], "wrong": []}
    finished = threading.Semaphore(0)

    def submit(kind: str, question: BindCheck) -> bool:
        def done(right: bool) -> None:  # noqa: FBT001 - the pool's signature
            outcomes[kind].append(right)
            finished.release()

        return pool.submit(question, done)

    right, wrong = check(PASSWORD, asker=Asker.of(SBC)), check("wrong", asker=Asker.of(SBC))
    for _ in range(5 * MAX_WAITING):
        assert submit("right", right)
        assert submit("wrong", wrong)
    gate.set()
    for _ in range(10 * MAX_WAITING):
        assert finished.acquire(timeout=10)
    assert outcomes == {"right": [True] * 5 * MAX_WAITING, "wrong": [False] * 5 * MAX_WAITING}
    assert sorted(verified) == sorted([right.fingerprint, wrong.fingerprint])
    assert submit("right", right)  # anew, now that nobody waits
    assert finished.acquire(timeout=10)
    assert len(verified) == 3
    pool.close()
