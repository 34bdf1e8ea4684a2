"""The port: what the HTTP side asks of a directory, wherever that directory is.

Law: values only. `relay.local` answers from the index on this machine.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from engine.client import Client
from engine.query import CallerMatch


class Readiness(msgspec.Struct, frozen=True):
    """Whether a directory can answer now; `reason` says why not, "" if it can. No personal data."""

    ready: bool
    reason: str = ""


class Directory(Protocol):
    """Answers questions about contacts for a client that was authenticated before."""

    def caller(self, number: str, client: Client) -> CallerMatch | None:
        """Return who calls, read under the client's dial plan and rights; None if nobody fits.

        Args:
            number: any text of a bounded length; what is no number finds nobody.
            client: who asks.

        Raises:
            DirectoryUnavailable: there is no answer now, not even "nobody".
        """

    def ready(self) -> Readiness:
        """Tell whether questions can be answered now; cheap, never raises."""
