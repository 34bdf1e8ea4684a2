"""Who is at the other end: bind names, networks, passwords, and peers that guess.

Law: pure code: no LDAP message, no event loop, no thread; time is an argument. What a password is
worth is only found out in `passwords`; here stands who would be bound by it. An unknown name costs
the same time as a wrong password.

Sources: RFC 4513 5.1, 6.3.1; GLAuth's defaults for failed binds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

import msgspec

from engine.client import Client
from engine.credentials import DUMMY_HASH
from engine.phone import DialPlan
from engine.query import CallerQuery
from engine.rights import Principal
from ldapd.calls import KnownCalls
from ldapd.certificate import PeerCertificate
from ldapd.entries import EntryWriter
from ldapd.errors import InvalidDn
from ldapd.protocol.dn import normal_dn

PeerAddress = IPv4Address | IPv6Address | None
"""Where a peer comes from; None = a local socket without an address."""

MAX_REMEMBERED_ADDRESSES = 4_096
"""Addresses whose failures are counted; the longest quiet one is forgotten first."""


class Asker(msgspec.Struct, frozen=True, eq=False):
    """A client as the handler uses it: everything that does not change from question to question.

    Attributes:
        client: the configuration's entry.
        principal: who it is to the rights.
        plan: the client's dial plan.
        entries: writes entries in its formats.
        is_sbc: its profile is `sbc`.
        query: asks for nobody; a look-up of its asker is like it but for the number.
        calls: the searches it sends for each call, learnt as they come.
    """

    client: Client
    principal: Principal
    plan: DialPlan
    entries: EntryWriter
    is_sbc: bool
    query: CallerQuery
    calls: KnownCalls = msgspec.field(default_factory=KnownCalls)

    @classmethod
    def of(cls, client: Client) -> Asker:
        """Return the asker of a client."""
        plan = client.plan
        writer = EntryWriter(plan, client.number_format, client.mail_domain)
        principal, is_sbc = client.principal(), client.profile == "sbc"
        query = CallerQuery("", plan, principal, client.classes)
        return cls(client, principal, plan, writer, is_sbc, query)


class Peer:
    """One connection's state: where it comes from and as whom it is bound.

    Attributes:
        address: None for a local socket.
        tls: TLS is up.
        secure: what is sent can be read by nobody else: TLS, or it never leaves this machine.
        certificate: whom the peer proved to be by a client certificate; None = it showed none.
        asker: who is bound; None = nobody yet.
    """

    __slots__ = ("address", "asker", "certificate", "secure", "tls")

    def __init__(
        self,
        address: PeerAddress,
        *,
        tls: bool = False,
        certificate: PeerCertificate | None = None,
    ) -> None:
        self.address = address
        self.tls = tls
        self.certificate = certificate
        self.secure = tls or address is None or _is_loopback(address)
        self.asker: Asker | None = None

    @property
    def is_at_home(self) -> bool:
        """Whether it is bound, from inside the networks that its client is said to be in."""
        return self.asker is not None and bool(self.asker.client.networks)


class Accounts:
    """The clients that may bind, found by bind name."""

    def __init__(self, clients: Iterable[Client], contexts: Sequence[str] = ()) -> None:
        """Take the clients; a bind DN below one of the naming `contexts` holds below all."""
        self._clients = tuple(clients)
        self._askers: dict[str | tuple[object, ...], Asker] = {}
        self._by_certificate: dict[str, Asker] = {}
        self._by_name: dict[str, Asker] = {}
        for client in self._clients:
            asker = Asker.of(client)
            if client.bind and client.password_hash:
                for name in (client.bind, *client.bind_aliases):
                    for key in _account_keys(name, contexts):
                        self._askers.setdefault(key, asker)
                self._by_name[client.name] = asker
            for certificate in client.certificates:
                self._by_certificate.setdefault(_certificate_key(certificate), asker)
                self._by_name[client.name] = asker

    def find(self, name: str, address: PeerAddress) -> Asker | None:
        """Return who may bind under `name` from `address`.

        Args:
            name: a DN, compared as one; or any other text (`user@domain`), compared without regard
                to case.
            address: where the peer comes from; a client outside its own networks is nobody.
        """
        asker = self._askers.get(_account_key(name))
        if asker is None or not asker.client.admits(address):
            return None
        return asker

    def why_refused(self, name: str, address: PeerAddress) -> str:
        """Say why a bind under `name` with a password failed: the client's own name, never `name`.

        For whoever watches this directory; a peer is told nothing of it.
        """
        asker = self._askers.get(_account_key(name))
        if asker is None:
            return "no client binds by this name"
        client = asker.client
        if not client.admits(address):
            return f"{client.name}, but not from its networks"
        return f"{client.name}, but not its password"

    def is_same(self, name: str, other: str) -> bool:
        """Tell whether two bind names mean one client, or are equal as names."""
        key, other_key = _account_key(name), _account_key(other)
        asker = self._askers.get(key)
        return key == other_key or (asker is not None and asker is self._askers.get(other_key))

    def holder(self, certificate: PeerCertificate, address: PeerAddress) -> Asker | None:
        """Return whose client certificate that is; None for nobody's, or from the wrong network.

        The subject is compared as a DN; the alternative names and the fingerprint as they are.
        """
        names = (
            f"sha256:{certificate.fingerprint}",
            certificate.subject,
            *certificate.alternative_names,
        )
        for name in filter(None, names):
            asker = self._by_certificate.get(_certificate_key(name))
            if asker is not None and asker.client.admits(address):
                return asker
        return None

    def knows(self, address: PeerAddress) -> bool:
        """Tell whether an address is local or in a network that some client is said to be in."""
        return address is None or any(
            client.networks and client.admits(address) for client in self._clients
        )

    def renewed(self, asker: Asker, address: PeerAddress) -> Asker | None:
        """Return the present form of a bound client after a reload, None if it may ask no more.

        A new password does not end a connection, a removed client, another bind name or another
        network does.
        """
        fresh = self._by_name.get(asker.client.name)
        if fresh is None or not fresh.client.admits(address):
            return None
        same_name = _account_key(fresh.client.bind) == _account_key(asker.client.bind)
        return fresh if same_name else None


class FailedBinds:
    """Counts failed binds per address, so that a guesser waits and nobody else does."""

    def __init__(self, most: int = 5, window_s: float = 60.0) -> None:
        """Let an address wait once it has failed `most` times (0 = never) within `window_s`."""
        self._times_s: dict[PeerAddress, deque[float]] = {}
        self.limit(most, window_s)

    def limit(self, most: int, window_s: float) -> None:
        """Take other limits; what has been counted stays."""
        self._most, self._window_s = most, window_s

    def record(self, address: PeerAddress, now_s: float) -> None:
        """Count a failed bind."""
        times_s = self._times_s.pop(address, None)
        if times_s is None:
            times_s = deque()
            if len(self._times_s) >= MAX_REMEMBERED_ADDRESSES:
                del self._times_s[next(iter(self._times_s))]
        times_s.append(now_s)
        while len(times_s) > max(self._most, 1):
            times_s.popleft()
        self._times_s[address] = times_s

    def forget(self, address: PeerAddress) -> None:
        """Forget an address: it has bound with a right password."""
        self._times_s.pop(address, None)

    def must_wait(self, address: PeerAddress, now_s: float) -> bool:
        """Tell whether an address has failed too often within the window."""
        times_s = self._times_s.get(address)
        if times_s is None or not self._most or len(times_s) < self._most:
            return False
        return now_s - times_s[-self._most] < self._window_s


class BindCheck(msgspec.Struct, frozen=True, eq=False):
    """A password to be verified before a bind can be answered.

    Attributes:
        message_id: the bind's.
        asker: whom it would bind; None = nobody, verified all the same.
        stored: the hash to verify against.
        password: as sent.
        fingerprint: of this attempt, for `Verified`.
    """

    message_id: int
    asker: Asker | None
    stored: str
    password: bytes
    fingerprint: bytes


def stored_hash(asker: Asker | None) -> str:
    """Return the hash to verify: for nobody one that costs the same and that nothing fits."""
    return asker.client.password_hash if asker else DUMMY_HASH


def _account_key(name: str) -> str | tuple[object, ...]:
    """Return what equal bind names share: the normal form of a DN, else the text without case."""
    try:
        return normal_dn(name)
    except InvalidDn:
        return name.strip().casefold()


def _account_keys(name: str, contexts: Sequence[str]) -> list[str | tuple[object, ...]]:
    """Return the keys of a bind name: itself, and as it stands below each naming context."""
    own = _account_key(name)
    keys = [own]
    if isinstance(own, tuple):
        endings = [normal_dn(context) for context in contexts]
        for ending in endings:
            if ending and own[-len(ending) :] == ending:
                keys += [own[: -len(ending)] + other for other in endings if other != ending]
    return keys


def _certificate_key(name: str) -> str:
    """Return what equal certificate names share; colons of a fingerprint do not count."""
    text = name.strip()
    kind, _, value = text.partition(":")
    if kind.lower() == "sha256":
        return f"sha256:{value.replace(':', '').lower()}"
    if kind.lower() in ("dns", "email", "uri", "ip"):
        return f"{kind.lower()}:{value.casefold()}"
    return repr(_account_key(text))


def _is_loopback(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
