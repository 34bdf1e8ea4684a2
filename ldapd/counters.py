"""What happened, in numbers: no names, no telephone numbers, nothing of a single question."""

from __future__ import annotations


class Counters:
    """Counts since the process began; one thread writes.

    Attributes:
        answered_busy: requests that had waited too long.
        connections: accepted in all.
        connections_refused: over a cap.
        connections_dropped: closed by us for time, unread answers or bad octets.
        binds: with the right password.
        binds_failed: with a wrong name or password, or from the wrong network.
        binds_delayed: refused because the address must wait or the queue was full.
        searches: all of them.
        lookups: questions for a number.
        lookups_found: of them, answered with an entry.
        searches_refused: outside the client's profile, answered empty.
        searches_limited: cut by a size, time or examination limit.
        entries: sent.
        handshakes_failed: connections that never got through TLS.
        violations: octets that are no LDAP.
        faults: requests that failed inside; a defect here or a damaged index.
    """

    __slots__ = (
        "answered_busy",
        "binds",
        "binds_delayed",
        "binds_failed",
        "connections",
        "connections_dropped",
        "connections_refused",
        "entries",
        "faults",
        "handshakes_failed",
        "lookups",
        "lookups_found",
        "searches",
        "searches_limited",
        "searches_refused",
        "violations",
    )

    def __init__(self) -> None:
        self.answered_busy = 0
        self.binds = 0
        self.binds_delayed = 0
        self.binds_failed = 0
        self.connections = 0
        self.connections_dropped = 0
        self.connections_refused = 0
        self.entries = 0
        self.faults = 0
        self.handshakes_failed = 0
        self.lookups = 0
        self.lookups_found = 0
        self.searches = 0
        self.searches_limited = 0
        self.searches_refused = 0
        self.violations = 0

    def as_dict(self) -> dict[str, int]:
        """Return every count under its name."""
        return {name: getattr(self, name) for name in self.__slots__}
