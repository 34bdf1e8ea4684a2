"""Who asks the app: a session, a token of Entra, a name with password, or the user of this machine.

Law: nothing that the page says of its user is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address

from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from relay.accounts import Accounts, Asker, User
from relay.errors import NotAuthenticated
from relay.http.authentication import Authenticator, read_basic
from relay.keycache import KeyCache, fetch_from
from relay.limits import Rate
from relay.memberships import Memberships
from relay.sessions import PREFIX, Sessions
from relay.settings import RelaySettings
from relay.verifying import TokenVerifier

FAILURES = 5
FAILURE_PAUSE_S = 12.0
"""Wrong passwords for one name from one address: five at once, then one in twelve seconds."""

_FORWARDED = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"}
)
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class SignIn:
    """Knows who sends a request to the app. Belongs to one event loop."""

    def __init__(
        self,
        accounts: Callable[[], Accounts],
        settings: RelaySettings,
        sessions: Sessions | None = None,
        keys: KeyCache | None = None,
        now: Callable[[], float] = time.time,
        *,
        memberships: Memberships | None = None,
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            accounts: returns the users and groups as configured now.
            settings: which ways to sign in there are.
            sessions: makes and reads sessions; None: under a key of this object.
            keys: of Entra's tokens; None: those at the address that the settings give.
            now: seconds since the epoch.
            memberships: knows groups that a token does not tell; None: nobody does.
        """
        self._memberships = memberships or Memberships()
        self._accounts = accounts
        self._settings = settings
        self._sessions = sessions or Sessions()
        rules = settings.token_rules()
        cache = keys or KeyCache(fetch_from(settings.keys_url))
        self._tokens = TokenVerifier(lambda _tenant: rules, cache, now)
        self._now = now
        self._passwords: Authenticator[User] = Authenticator(lambda: accounts().users)
        self._failures = Rate(1 / FAILURE_PAUSE_S, burst_s=FAILURES * FAILURE_PAUSE_S)

    async def who(self, scope: Scope) -> Asker:
        """Return who sends a request.

        Raises:
            NotAuthenticated: nobody that is known.
            TryLater: it cannot be said now.
        """
        authorization = ""
        for field, value in scope["headers"]:
            if field == b"authorization":
                authorization = value.decode("latin-1")
        scheme, _, credentials = authorization.partition(" ")
        match scheme.lower():
            case "bearer":
                return await self._bearer(credentials.strip(" "))
            case "basic":
                user = await self._user(*read_basic(authorization), peer_of(scope))
                return self._accounts().local_asker(user)
            case "":
                return self._of_this_machine(scope)
            case _:
                raise NotAuthenticated("credentials of an unknown scheme")

    async def open_session(self, name: str, password: str, peer: str) -> tuple[Asker, str, int]:
        """Return who signs in with a password, the session, and when it ends.

        Raises:
            NotAuthenticated: no such user, or another password.
            TooOften: too many wrong passwords for this name from there.
            Overloaded: too many passwords wait to be verified.
        """
        user = await self._user(name, password.encode(), peer)
        session, ends_at = self._sessions.open(user, self._now())
        return self._accounts().local_asker(user), session, ends_at

    async def close(self) -> None:
        """Stop threads and fetches."""
        self._passwords.close()
        await self._tokens.close()
        await self._memberships.close()

    async def _user(self, name: str, password: bytes, peer: str) -> User:
        """Return the user of a name and a password."""
        attempt, now_s = f"{peer} {name}", time.monotonic()
        if not self._passwords.remembers(name, password):  # others may guess behind one proxy
            self._failures.require(attempt, now_s)
        try:
            return await self._passwords.verify(name, password, peer)
        except NotAuthenticated:
            self._failures.take(attempt, now_s)
            raise

    async def _bearer(self, token: str) -> Asker:
        if token.startswith(PREFIX):
            accounts = self._accounts()
            return accounts.local_asker(self._sessions.read(token, accounts, self._now()))
        if not self._settings.tenant:
            raise NotAuthenticated("no sign-in with Entra here")
        identity = await self._tokens.identity(token)
        return await self._memberships.asker(identity, self._accounts())

    def _of_this_machine(self, scope: Scope) -> Asker:
        """Return the user of this machine, where there is one and the request comes from here.

        A proxy on this machine forwards strangers, and a browser may be led here under another
        host name (DNS rebinding): both show in the header.
        """
        user = self._settings.dev_user and self._accounts().local(self._settings.dev_user)
        if not user or not _is_from_here(scope):
            raise NotAuthenticated("no credentials")
        return self._accounts().local_asker(user)


def asks(sign_in: SignIn) -> Middleware:
    """Return middleware that puts the `Asker` under "user" into the scope."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def ask_who(scope: Scope, receive: Receive, send: Send) -> None:
            scope["user"] = await sign_in.who(scope)
            await app(scope, receive, send)

        return ask_who

    return wrap


def peer_of(scope: Scope) -> str:
    """Return the address the connection comes from; "" for a local socket."""
    peer = scope["client"]
    return peer[0] if peer else ""


def _is_from_here(scope: Scope) -> bool:
    peer = peer_of(scope)
    if not peer or not ip_address(peer).is_loopback:
        return False
    host = ""
    for field, value in scope["headers"]:
        if field in _FORWARDED:
            return False
        if field == b"host":
            host = value.decode("latin-1").lower()
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host) in _LOCAL_NAMES
