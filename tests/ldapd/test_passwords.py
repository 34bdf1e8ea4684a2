from __future__ import annotations

import threading

import pytest

from ldapd.auth import Asker, BindCheck
from ldapd.passwords import MAX_WAITING, VERIFYING_THREADS, PasswordPool
from tests.ldapd.house import FAR, PASSWORD, PASSWORD_HASH, SBC, UNSET


def check(password: str, *, asker: Asker | None, stored: str = PASSWORD_HASH) -> BindCheck:
    return BindCheck(1, asker, stored, password.encode(), b"")


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

    question = check("x" * 2000, asker=None)  # too long: refused without hashing
    for _ in range(VERIFYING_THREADS):
        assert pool.submit(question, hold)
    running.wait(10)  # both threads are now held in their callbacks, their places free again
    waiting: list[bool] = []
    accepted = sum(
        pool.submit(question, waiting.append) for _ in range(VERIFYING_THREADS + MAX_WAITING + 5)
    )
    assert accepted == VERIFYING_THREADS + MAX_WAITING
    gate.set()
    pool.close()
    assert not pool.submit(question, waiting.append)
