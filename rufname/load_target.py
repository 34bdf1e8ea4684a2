"""Which server a load is put on: its address, and whether that is allowed.

Law: this machine, or a host whose name the administrator has typed a second time. A load is never
put on anything else.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import msgspec

from rufname.config import Config
from rufname.errors import RufnameError

_PORTS = {"ldap": 389, "ldaps": 636, "http": 80, "https": 443}
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on by others, asked here


class BadTarget(RufnameError):
    """The target is none, or nobody has confirmed it; the text says what to do."""


class Target(msgspec.Struct, frozen=True):
    """A server: how it is spoken to, and where.

    Attributes:
        scheme: ldap, ldaps, http or https.
        host: name or address, without brackets.
        port: 1-65535.
    """

    scheme: str
    host: str
    port: int

    @property
    def is_ldap(self) -> bool:
        """Whether it is asked over LDAP, else over HTTP."""
        return self.scheme.startswith("ldap")

    @property
    def tls(self) -> bool:
        """Whether the connection begins with TLS."""
        return self.scheme.endswith("s")

    @property
    def url(self) -> str:
        """The target as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_target(text: str) -> Target:
    """Read `ldap://host[:port]`, `ldaps://`, `http://` or `https://`.

    Raises:
        BadTarget: another scheme, no host, a port that is none.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadTarget(f"{text!r} is no address: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise BadTarget(f"{text!r} is no address; allowed: ldap://HOST:PORT, ldaps, http, https")
    return Target(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port)


def own_target(config: Config, *, http: bool) -> Target:
    """Return where this configuration's server answers.

    Raises:
        BadTarget: it has no such service, or one on a port that is only known while it runs.
    """
    found: Target | None = None
    if http:
        if config.relay is not None:
            found = Target("http", config.relay.host, config.relay.port)
    elif config.ldap is not None and config.ldap.listen:
        plain = min(config.ldap.listen, key=lambda listener: listener.tls)
        found = Target("ldaps" if plain.tls else "ldap", plain.host, plain.port)
    if found is None:
        raise BadTarget(f"{config.path} has no {'[relay]' if http else '[ldap]'}: name a --target")
    if not found.port:
        raise BadTarget(f"{config.path} takes any free port: name the --target that `status` shows")
    return msgspec.structs.replace(found, host=_ANY.get(found.host, found.host))


def is_this_machine(target: Target) -> bool:
    """Tell whether every address of the target's host is a loopback one.

    Raises:
        BadTarget: the host has no address.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BadTarget(f"{target.host}: {error.strerror or error}") from error
    return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in found)
