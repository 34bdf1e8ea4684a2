"""TLS as this server does it: contexts made of PEM files, and the handshakes.

Law: no LDAP here. A context is made whole or not at all, and never changed afterwards: whoever
reloads makes another one for the connections to come.

A handshake is waited for in a task of its own. A peer's octets are only ever given to the
connection once it owns the transport they came through; what comes earlier is kept apart, so that
no octet sent in clear can be read as if it had come inside TLS, and no answer leaves in clear.

Sources: RFC 9325 (TLS 1.2 and 1.3 alone), RFC 4511 4.14 (StartTLS), RFC 4513 3.1.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from typing_extensions import override

from ldapd.certificate import PeerCertificate, read_certificate
from ldapd.settings import TlsSettings

MAX_EARLY_BYTES = 1024 * 1024
"""Octets that may arrive between the end of a handshake and the next turn of the loop."""


class UnusableTls(ValueError):
    """Certificate, key or authorities cannot be used; the text names the files and why."""


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context for connections from now on: TLS 1.2 and 1.3, tickets for reconnects.

    With `settings.ca` clients may show a certificate; one that no authority there signed ends the
    handshake. Without it no client is asked for one.

    Raises:
        UnusableTls: the files do not exist, cannot be read, or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    pair = f"{settings.certificate} with {settings.key}"
    try:
        # an encrypted key would ask for its passphrase on the terminal
        context.load_cert_chain(settings.certificate, settings.key, password=lambda: b"")
    except ssl.SSLError as error:
        belonging = "PEM files that belong together, the key without a passphrase"
        raise UnusableTls(f"{pair}: {_reason(error)}; allowed: {belonging}") from None
    except OSError as error:
        raise UnusableTls(f"{pair}: {error.strerror}") from None
    if settings.ca is not None:
        _trust(context, settings)
    return context


def _trust(context: ssl.SSLContext, settings: TlsSettings) -> None:
    """Let clients prove who they are by certificates of the configured authorities.

    No tickets then: a session resumed would keep the rights of a certificate whose authority has
    been taken out meanwhile.
    """
    try:
        context.load_verify_locations(settings.ca)
    except ssl.SSLError as error:
        what = "PEM certificates of authorities"
        raise UnusableTls(f"{settings.ca}: {_reason(error)}; allowed: {what}") from None
    except OSError as error:
        raise UnusableTls(f"{settings.ca}: {error.strerror}") from None
    context.verify_mode = ssl.CERT_OPTIONAL
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "not readable").replace("_", " ").lower()


def certificate_of(transport: asyncio.BaseTransport) -> PeerCertificate | None:
    """Return whom the peer at the other end of a TLS transport proved to be; None: nobody."""
    ssl_object = transport.get_extra_info("ssl_object")
    der = ssl_object.getpeercert(binary_form=True) if ssl_object is not None else None
    return None if der is None else read_certificate(der)


async def accept_tls(
    protocol: asyncio.Protocol, sock: socket.socket, context: ssl.SSLContext, timeout_s: float
) -> None:
    """Shake hands on an accepted socket; then the protocol's `connection_made` is called.

    Raises:
        OSError: no handshake came about (`ssl.SSLError`, `ConnectionError`, or the time is over);
            the socket is closed and the protocol was never called.
    """
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(
        lambda: protocol, sock, ssl=context, ssl_handshake_timeout=timeout_s
    )


class Early(asyncio.Protocol):
    """Keeps what a peer sends inside TLS until its connection owns the new transport.

    The loops hand on decrypted octets as soon as the handshake ends, which is before the coroutine
    that waits for it is resumed.

    Attributes:
        octets: what came.
        lost: whether the connection is gone already.
    """

    def __init__(self) -> None:
        self.octets = b""
        self.lost = False

    @override
    def data_received(self, data: bytes) -> None:
        self.octets += data
        if len(self.octets) > MAX_EARLY_BYTES:
            self.lost = True

    @override
    def eof_received(self) -> bool:
        self.lost = True
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def start_tls(
    transport: asyncio.Transport, context: ssl.SSLContext, timeout_s: float
) -> tuple[asyncio.Transport, Early]:
    """Shake hands on a connection that was in clear so far.

    Args:
        transport: reading from it must be paused already, and stay so.
        context: a server's.
        timeout_s: for the whole handshake.

    Returns:
        The transport inside TLS, whose protocol is the other value: take what it has kept and put
        the connection in its place.

    Raises:
        OSError: as `accept_tls`; the old transport is to be aborted.
    """
    early = Early()
    loop = asyncio.get_running_loop()
    secured = await loop.start_tls(
        transport, early, context, server_side=True, ssl_handshake_timeout=timeout_s
    )
    if secured is None or early.lost:
        raise ConnectionResetError("the peer left after the handshake")
    return secured, early
