"""What the configuration says of the LDAP daemon: `[ldap]`, checked and resolved."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typing_extensions import override

from engine.client import Profile

DEFAULT_BASE = "dc=meta"


class Listener(msgspec.Struct, frozen=True):
    """One address to listen on: `ldap://host:port` or, with `tls`, `ldaps://host:port`."""

    host: str
    port: int
    tls: bool = False

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ldaps' if self.tls else 'ldap'}://{host}:{self.port}"


class TlsSettings(msgspec.Struct, frozen=True):
    """PEM files.

    Attributes:
        certificate: the server's, and those that signed it.
        key: the private key, without a passphrase.
        ca: authorities whose certificates clients may show (SASL EXTERNAL); None = nobody is
            asked for one.
    """

    certificate: Path
    key: Path
    ca: Path | None = None


class LdapLimits(msgspec.Struct, frozen=True):
    """What one client may ask for. Sources of the defaults: the limits of slapd, 389-ds and others.

    Attributes:
        max_message_bytes_unbound: largest PDU before a bind.
        max_message_bytes_bound: largest PDU after a bind.
        max_filter_depth: nesting of and/or/not.
        max_filter_leaves: single terms in one filter.
        max_controls: controls on one request.
        max_attributes: attributes one search may name.
        max_pending: requests waiting on one connection before reading pauses.
        max_wait_ms: longest a request may wait before it is begun; what waited longer is answered
            `busy`.
        bind_time_s: how long a connection may stay unbound; also the longest TLS handshake.
        idle_time_s: idle time after which a bound connection is closed; 0 = never. Whoever is
            bound from inside its client's `networks` is never closed for it.
        blocked_write_s: how long a peer may refuse to read its answers.
        max_connections: connections of one worker. When all are taken and one comes from a
            client's `networks`, the newest unbound one from elsewhere goes.
        max_unbound: of them, unbound ones from outside every client's `networks`.
        max_per_address: of these, from one address.
        max_per_client: connections of one worker that are bound as one client. One more takes the
            place of the one that was silent longest, if for a minute at least; else it has to go.
        bind_failures: failed binds from one address, within `bind_failure_time_s`, after which it
            has to wait; addresses in a client's `networks` never wait. 0 = nobody does.
        bind_failure_time_s: see there.
        alarm_misses_per_day: different numbers of nobody that one client asks for, in a day and on
            one worker, at which a warning is logged: somebody may be trying numbers out. 0 = never.
    """

    max_message_bytes_unbound: int = 16 * 1024
    max_message_bytes_bound: int = 64 * 1024
    max_filter_depth: int = 16
    max_filter_leaves: int = 64
    max_controls: int = 10
    max_attributes: int = 100
    max_pending: int = 32
    max_wait_ms: int = 200
    bind_time_s: int = 10
    idle_time_s: int = 1_800
    blocked_write_s: int = 5
    max_connections: int = 4_096
    max_unbound: int = 50
    max_per_address: int = 20
    max_per_client: int = 1_024
    bind_failures: int = 5
    bind_failure_time_s: int = 60
    alarm_misses_per_day: int = 20_000


class ProfileLimits(msgspec.Struct, frozen=True):
    """What one search of a client of one profile may bring and cost; an SBC gets one entry.

    Attributes:
        max_entries: entries of one search, all its pages together; 0 = no limit.
        max_examined: contacts that are read to see whether they fit, for one answer or one page;
            those that the index knows to fit do not count.
        search_time_ms: longest one answer or one page may take.
    """

    max_entries: int = 200
    max_examined: int = 5_000
    search_time_ms: int = 2_000


class Profiles(msgspec.Struct, frozen=True):
    """The limits of each profile but `sbc`."""

    phone: ProfileLimits = ProfileLimits()
    addressbook: ProfileLimits = ProfileLimits()
    bulk: ProfileLimits = ProfileLimits(max_entries=0, max_examined=20_000, search_time_ms=10_000)

    def of(self, profile: Profile) -> ProfileLimits:
        """Return the limits of a profile; an SBC's are never asked for."""
        match profile:
            case "bulk":
                return self.bulk
            case "addressbook":
                return self.addressbook
            case "phone" | "sbc":
                return self.phone


class LdapSettings(msgspec.Struct, frozen=True):
    """`[ldap]`.

    Attributes:
        listen: addresses; each is one socket made by the supervisor and shared by all workers.
        base: the naming context that answers carry when the client asked with an empty base.
        aliases: further bases that mean the same.
        workers: processes; 0 = one per core.
        allow_plain: serve passwords without TLS beyond loopback.
        tls: needed for `ldaps://`; with it `ldap://` offers StartTLS.
        limits: see `LdapLimits`.
        profiles: see `ProfileLimits`.
        ldap_v2: accept binds of protocol version 2 (RFC 1777), as very old phones send.
        log_searches: log a line for each search, without names and numbers.
    """

    listen: tuple[Listener, ...]
    base: str = DEFAULT_BASE
    aliases: tuple[str, ...] = ()
    workers: int = 0
    allow_plain: bool = False
    tls: TlsSettings | None = None
    limits: LdapLimits = LdapLimits()
    profiles: Profiles = Profiles()
    ldap_v2: bool = False
    log_searches: bool = False
