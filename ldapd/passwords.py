"""Verifies passwords beside the event loop.

Law: no LDAP and no event loop here. Hashing takes tens of milliseconds of CPU, so that it runs in
two threads of its own behind a bounded queue: a flood of binds delays binds, not calls. The
interpreter lock is released meanwhile.

Source: OWASP's minimum for Argon2id (19 MiB, t=2, p=1).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine.credentials import verify_password
from engine.errors import InvalidCredential
from ldapd.auth import BindCheck

VERIFYING_THREADS = 2
MAX_WAITING = 16
"""Each Argon2id verification takes 19 MiB and 50 ms of a core: two at a time, 16 in the queue."""


class PasswordPool:
    """Verifies passwords in threads of its own; at most `MAX_WAITING` wait.

    Equal attempts at the same time, as a PBX makes that connects anew with all its workers, are
    verified once.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(VERIFYING_THREADS, thread_name_prefix="password")
        self._places = threading.BoundedSemaphore(VERIFYING_THREADS + MAX_WAITING)
        self._lock = threading.Lock()
        self._wanting: dict[bytes, list[Callable[[bool], None]]] = {}

    def submit(self, check: BindCheck, done: Callable[[bool], None]) -> bool:
        """Verify in a thread and call `done(right)` there.

        Returns:
            False if the queue is full: nothing was done, answer `busy`.
        """
        with self._lock:
            wanting = self._wanting.get(check.fingerprint)
            if wanting is not None:
                wanting.append(done)
                return True
            if not self._places.acquire(blocking=False):
                return False
            try:
                self._threads.submit(self._work, check)
            except RuntimeError:  # closed: the server is draining
                self._places.release()
                return False
            self._wanting[check.fingerprint] = [done]
        return True

    def _work(self, check: BindCheck) -> None:
        right = False
        try:
            right = _verify(check)
        finally:
            with self._lock:
                wanting = self._wanting.pop(check.fingerprint)
                self._places.release()
            for done in wanting:
                done(right)

    def close(self) -> None:
        """Drop what waits and end the threads, without waiting for them."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(check: BindCheck) -> bool:
    """Verify; a malformed stored hash lets nobody in (`rufname check` names it)."""
    try:
        right = verify_password(check.stored, check.password)
    except InvalidCredential:
        return False
    return right and check.asker is not None
