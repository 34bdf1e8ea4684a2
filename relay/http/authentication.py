"""Who asks over HTTP: a name and a password (RFC 7617) against the configured clients or users.

Law: the loop never hashes. A password is verified in a worker thread, remembered for ten minutes
where it was right and for a few seconds where it was wrong; equal questions wait for one
verification, and the queue is bounded. An unknown name, a name from a foreign network and a wrong
password take the same time and get the same answer. No password, and no name that is not a
configured client's, is ever logged.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Generic, Protocol, TypeVar

from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from engine.client import Client
from engine.credentials import DUMMY_HASH, Verified, verify_password
from engine.errors import InvalidCredential
from relay.errors import NotAuthenticated, Overloaded

THREADS = 2
"""Verifications at a time: each takes a core for some 40 ms and 19 MiB."""

MAX_PENDING = 16
"""Verifications that may run or wait, about a third of a second of work."""

MAX_PENDING_PER_PEER = 4
"""So that one peer that guesses passwords does not fill the queue for the others."""

REFUSED_FOR_S = 5.0
"""How long a wrong password is remembered: a misconfigured SBC repeats it with every call."""

MAX_HEADER_CHARS = 4096
"""A name and the longest password (1,024 octets) in base64 stay below half of it."""

_log = logging.getLogger(__name__)


class Account(Protocol):
    """Who may sign in with a password: a client or a user."""

    @property
    def name(self) -> str:
        """The name, unique."""

    @property
    def password_hash(self) -> str:
        """Made by `rufname password`; "" refuses every password."""

    def admits(self, address: IPv4Address | IPv6Address | None, /) -> bool:
        """Tell whether it may come from an address; None: a local socket."""


Known = TypeVar("Known", bound=Account)


class Authenticator(Generic[Known]):
    """Knows which account sends a request. Belongs to one event loop."""

    def __init__(
        self,
        accounts: Callable[[], tuple[Known, ...]],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `accounts` at every request, so that a reload holds for the next one."""
        self._accounts = accounts
        self._now_s = now_s
        self._indexed: tuple[Known, ...] = ()
        self._by_name: dict[str, Known] = {}
        self._accepted = Verified()
        self._refused = Verified(capacity=1024, lifetime_s=REFUSED_FOR_S)
        self._pending: dict[bytes, asyncio.Future[bool]] = {}
        self._pending_by_peer: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")

    async def authenticate(self, authorization: str, peer: str) -> Known:
        """Return the account of a Basic header field; waits only for an unremembered password.

        Args:
            authorization: the header field's value, "" if there is none.
            peer: the address the connection comes from; "" for a local socket.

        Raises:
            NotAuthenticated: no credentials, or not those of an account that may come from there.
            Overloaded: too many passwords wait to be verified.
        """
        return await self.verify(*read_basic(authorization), peer)

    async def verify(self, name: str, password: bytes, peer: str) -> Known:
        """Return the account of a name and a password; as `authenticate`."""
        account = self._find(name)
        admitted = account is not None and account.admits(_address(peer))
        stored = account.password_hash if account is not None and admitted else ""
        stored = stored or DUMMY_HASH
        mark = self._accepted.fingerprint(name, password, stored)
        now_s = self._now_s()
        if self._refused.knows(mark, now_s):  # said and logged a moment ago
            raise NotAuthenticated("refused a moment ago")
        right = self._accepted.knows(mark, now_s)
        if not right:
            right = await self._verify(mark, stored, password, peer)
        if account is None:
            raise NotAuthenticated("no such account")
        if not admitted or not right:
            reason = "wrong password" if admitted else "not from its networks"
            kind = type(account).__name__.lower()
            _log.warning("%s %r refused: %s", kind, account.name, reason)
            raise NotAuthenticated(reason)
        return account

    def remembers(self, name: str, password: bytes) -> bool:
        """Tell whether this password was right for this name a while ago; costs no work."""
        return self._is_remembered(self._find(name), password)

    def known(self, authorization: str, peer: str) -> Known | None:
        """Return the account of a Basic header field whose password was right a while ago.

        None: there is none that is remembered and may come from there; `authenticate` says more.
        """
        try:
            name, password = read_basic(authorization)
        except NotAuthenticated:
            return None
        account = self._find(name)
        if account is None or not account.admits(_address(peer)):
            return None
        return account if self._is_remembered(account, password) else None

    def _is_remembered(self, account: Known | None, password: bytes) -> bool:
        if account is None or not account.password_hash:
            return False
        mark = self._accepted.fingerprint(account.name, password, account.password_hash)
        return self._accepted.knows(mark, self._now_s())

    def close(self) -> None:
        """Stop the threads once they are idle; what still waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _find(self, name: str) -> Known | None:
        accounts = self._accounts()
        if accounts is not self._indexed:
            self._indexed = accounts
            self._by_name = {account.name: account for account in accounts}
        return self._by_name.get(name)

    async def _verify(self, mark: bytes, stored: str, password: bytes, peer: str) -> bool:
        """Verify in a thread; join a verification of the same credentials that runs already."""
        pending = self._pending.get(mark)
        if pending is None:
            if len(self._pending) >= MAX_PENDING:
                raise Overloaded("too many passwords wait to be verified")
            if self._pending_by_peer[peer] >= MAX_PENDING_PER_PEER:
                raise Overloaded("too many passwords of this peer wait to be verified")
            pending = asyncio.get_running_loop().run_in_executor(
                self._threads, _is_right, stored, password
            )
            self._pending[mark] = pending
            self._pending_by_peer[peer] += 1
            pending.add_done_callback(lambda done: self._settle(mark, peer, done))
        return await asyncio.shield(pending)

    def _settle(self, mark: bytes, peer: str, done: asyncio.Future[bool]) -> None:
        del self._pending[mark]
        self._pending_by_peer[peer] -= 1
        if not self._pending_by_peer[peer]:
            del self._pending_by_peer[peer]
        if done.cancelled() or done.exception() is not None:
            return  # whoever waits for it raises it
        verdict = self._accepted if done.result() else self._refused
        verdict.remember(mark, self._now_s())


def basic_authentication(authenticator: Authenticator[Client]) -> Middleware:
    """Return middleware that puts the `Client` that asks under "user" into the scope.

    A function, not an object: the framework copies routers deeply, and the memory of successes is
    to stay one.
    """

    def wrap(app: ASGIApp) -> ASGIApp:
        async def ask_who(scope: Scope, receive: Receive, send: Send) -> None:
            authorization = ""
            for field, value in scope["headers"]:
                if field == b"authorization":
                    authorization = value.decode("latin-1")
            peer = scope["client"]
            scope["user"] = await authenticator.authenticate(authorization, peer[0] if peer else "")
            await app(scope, receive, send)

        return ask_who

    return wrap


def read_basic(authorization: str) -> tuple[str, bytes]:
    """Return name and password of a Basic header field.

    Octets that are no UTF-8 are read as Latin-1, which older clients send.

    Raises:
        NotAuthenticated: the field is empty, of another scheme, or cut.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > MAX_HEADER_CHARS:
        raise NotAuthenticated("no Basic credentials")
    try:
        octets = base64.b64decode(encoded.strip(" "), validate=True)
    except (binascii.Error, ValueError):
        raise NotAuthenticated("no Basic credentials") from None
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    name, colon, password = text.partition(":")
    if not colon:
        raise NotAuthenticated("no Basic credentials")
    return name, password.encode()


def _is_right(stored: str, password: bytes) -> bool:
    try:
        return verify_password(stored, password)
    except InvalidCredential as error:
        _log.error("a stored password hash is unusable: %s", error)
        return False


@lru_cache(maxsize=1024)
def _address(peer: str) -> IPv4Address | IPv6Address | None:
    """Return the peer's address; None for a local socket, which every client may use."""
    return ip_address(peer) if peer else None
