"""Where a source's server is: its name is resolved once, and some addresses are never asked.

Law: the address that was checked is the one that is connected to, so that a name server that
answers differently the second time gains nothing. Cloud machines tell their secrets to whoever
asks a link-local address from inside: no source is there, unless the administrator says so.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

from connectors.errors import SourceFailed

_METADATA = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32",
                     "192.0.0.192/32", "168.63.129.16/32"))
)  # fmt: skip
"""Link-local addresses (RFC 3927, RFC 4291 2.5.6), and where clouds keep theirs beside them."""

_NAT64 = ip_network("64:ff9b::/96")


class Address(msgspec.Struct, frozen=True):
    """One address of a server: family of the socket module, text without a zone, port."""

    family: int
    text: str
    port: int


def resolve(host: str, port: int, *, allow_link_local: bool = False) -> tuple[Address, ...]:
    """Return the addresses of a server, at least one, in the order to try them.

    Raises:
        SourceFailed: the name is not known, or leads to an address that is never asked.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or "no name of a server"
        raise SourceFailed(f"{host}: {words}") from None
    addresses = []
    for family, _, _, _, place in found:
        text = str(place[0])
        refuse_forbidden(host, text, allow_link_local=allow_link_local)
        addresses.append(Address(int(family), text, port))
    return tuple(dict.fromkeys(addresses))


def refuse_forbidden(host: str, text: str, *, allow_link_local: bool) -> None:
    """Refuse an address that is never asked.

    Args:
        host: the name that led to it.
        text: the address.
        allow_link_local: it may be asked all the same.

    Raises:
        SourceFailed: it is one.
        ValueError: it is no address.
    """
    if not allow_link_local and is_forbidden(text):
        raise SourceFailed(
            f"{host}: {text} is a link-local or metadata address, which is not asked;"
            " allow_link_local = true if the source really is there"
        )


def is_forbidden(text: str) -> bool:
    """Tell whether an address is link-local, a cloud's metadata, or no address of one machine."""
    address = _embedded(ip_address(text.partition("%")[0]))
    return (
        any(address in network for network in _METADATA if network.version == address.version)
        or address.is_multicast
        or address.is_unspecified
        or (isinstance(address, IPv4Address) and address.packed[0] in {0, 255})
    )


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an IPv6 one that stands for it (mapped, NAT64)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
    return address
