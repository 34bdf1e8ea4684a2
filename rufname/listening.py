"""Listening sockets: made once by the supervisor, inherited by every worker.

Law: one socket an address, shared by all workers, so that a frozen worker strands no connection
and a restart refuses none (connections wait in the queue of the socket).
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import MutableMapping

from rufname.errors import RufnameError

BACKLOG = 1024
"""Connections that wait while no worker accepts; the kernel clamps it to net.core.somaxconn."""

RETRY_S = 0.1


class CannotListen(RufnameError):
    """An address cannot be listened on: free it or configure another; the text says which."""


def listen_on(host: str, port: int, url: str, patience_s: float = 0.0) -> socket.socket:
    """Return a listening, non-blocking TCP socket.

    Args:
        host: a name or address; "" or "*" = every address of the machine.
        port: 0 takes a free one.
        url: how the configuration writes it, for the error.
        patience_s: how long to wait while another process still holds the address.

    Raises:
        CannotListen: it is in use, not of this machine, or not allowed.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise CannotListen(f"cannot listen on {url}: {_reason(error)}") from None
        time.sleep(RETRY_S)


class Inherited:
    """Listening sockets that systemd made (sd_listen_fds(3)): `LISTEN_FDS` of them from 3 on."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take them over; the variables are removed, so that no child takes them for its own."""
        meant = environment.pop("LISTEN_PID", "") == str(os.getpid())
        count = environment.pop("LISTEN_FDS", "")
        environment.pop("LISTEN_FDNAMES", None)
        self._sockets = []
        for descriptor in range(3, 3 + int(count if meant and count.isdigit() else 0)):
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - os's own signature
            self._sockets.append(adopt(descriptor))

    def take(self, host: str, port: int) -> socket.socket | None:
        """Return the socket that listens on a port, on this host's address or on all; None: none.

        Names are looked up; the caller owns the socket from now on.
        """
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)
        except socket.gaierror:  # told by who then tries to listen there
            return None
        addresses = {info[4][0] for info in found}
        for each in self._sockets:
            if each.family not in (socket.AF_INET, socket.AF_INET6):
                continue
            bound, own = each.getsockname()[:2]
            if own == port and (bound in addresses or host in ("", "*") or bound == host):
                self._sockets.remove(each)
                return each
        return None

    def close_rest(self) -> tuple[str, ...]:
        """Close what nothing in the configuration listens on; return their addresses."""
        rest = tuple(str(each.getsockname()) for each in self._sockets)
        for each in self._sockets:
            each.close()
        self._sockets.clear()
        return rest


def adopt(descriptor: int) -> socket.socket:
    """Return the listening socket that the supervisor passed on as a descriptor."""
    listener = socket.socket(fileno=descriptor)
    listener.settimeout(0.0)
    return listener


def bound_port(listener: socket.socket) -> int:
    """Return the port a listening socket got."""
    return int(listener.getsockname()[1])


def _bind(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        None if host in ("", "*") else host,
        port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            both = host in ("", "*")  # "::" itself means IPv6 alone
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.settimeout(0.0)
    except BaseException:
        listener.close()
        raise
    return listener


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    match error.errno:
        case errno.EADDRINUSE:
            return "another program listens there"
        case errno.EACCES:
            return "not allowed (ports below 1024 need CAP_NET_BIND_SERVICE)"
        case errno.EADDRNOTAVAIL:
            return "no address of this machine"
        case code:
            return os.strerror(code) if code else str(error)
