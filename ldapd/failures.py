"""Handshakes that failed, in the log: who came, and why nothing came of it.

Law: a peer can say little by failing, and nothing often: one line for an address and a reason in
an hour, one line a second in all. What stands in it is the address and words of the TLS library;
no octet of the peer's.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable

from ldapd.auth import PeerAddress

AGAIN_S = 3_600.0
"""Least time between two lines on one address and reason: a phone tries again every minute."""

LEAST_S = 1.0
"""Least time between any two lines."""

MAX_REMEMBERED = 1_000
"""Addresses and reasons; beyond it all are forgotten, and told again."""

_log = logging.getLogger(__name__)


class HandshakeLog:
    """Tells of handshakes that failed, of one process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Tell nothing yet; `clock` gives monotonic seconds."""
        self._clock = clock
        self._told: dict[tuple[PeerAddress, str], float] = {}
        self._last_s = -LEAST_S
        self._untold = 0

    def note(self, address: PeerAddress, error: OSError) -> None:
        """Log a handshake that failed, unless that was said lately.

        Args:
            address: of the peer; None on a local socket.
            error: as `ldapd.tls` raises it. What TLS itself refused is a warning, a peer that only
                left (a balancer that looks whether the port is open) is not.
        """
        reason, now_s = reason_of(error), self._clock()
        key = (address, reason)
        lately = now_s - self._told.get(key, -AGAIN_S) < AGAIN_S
        if lately or now_s - self._last_s < LEAST_S:
            self._untold += 1
            return
        if len(self._told) >= MAX_REMEMBERED:
            self._told.clear()
        self._told[key] = self._last_s = now_s
        level = logging.WARNING if isinstance(error, ssl.SSLError) else logging.INFO
        fields = {"peer": str(address or "local"), "reason": reason, "untold": self._untold}
        self._untold = 0
        _log.log(level, "a TLS handshake failed", extra={"fields": fields})


def reason_of(error: OSError) -> str:
    """Return why a handshake failed, as the TLS library puts it: "tlsv1 alert unknown ca"."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"the peer's certificate: {error.verify_message}"
        case ssl.SSLError(reason=str(reason)):
            return reason.replace("_", " ").lower()
        case ConnectionAbortedError():  # so both loops say that the time is over
            return "it took too long"
        case _:
            return "the connection was closed before its end"
