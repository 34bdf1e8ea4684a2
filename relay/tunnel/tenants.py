"""The port: what a relay keeps of a tenant, wherever it keeps it. Public keys, never contact data.

Law: values only. A record is replaced as a whole by one who has seen the last one (`revision`), so
that two nodes never overwrite each other's change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from relay.errors import RelayError


class OutdatedRecord(RelayError):
    """A record was changed meanwhile: read it anew, and decide anew."""


class ConnectorKey(msgspec.Struct, frozen=True):
    """What proves that a connector speaks for a tenant.

    Attributes:
        name: of the directory node, unique within the tenant; 1–64 characters.
        public: an Ed25519 public key, 32 octets.
        added_at: seconds since the epoch.
    """

    name: str
    public: bytes
    added_at: int


class TenantRecord(msgspec.Struct, frozen=True):
    """One registered tenant.

    Attributes:
        tid: Entra's id of the tenant, a GUID in lower case.
        identity: the tenant's identity key: an Ed25519 public key, 32 octets.
        fingerprint: of the identity key, as people compare it.
        connectors: keys of its directory nodes; none: nobody may connect.
        bundle: the signed key bundle as it is published, b"" before the first one.
        registered_at: seconds since the epoch.
        extra: what registration keeps for itself (a waiting re-registration, join codes): an
            encoded value that nobody else reads.
        revision: counts from 1; 0 = never stored. Set by the store, not by its users.
    """

    tid: str
    identity: bytes
    fingerprint: str
    connectors: tuple[ConnectorKey, ...] = ()
    bundle: bytes = b""
    registered_at: int = 0
    extra: bytes = b""
    revision: int = 0

    def connector(self, name: str) -> ConnectorKey | None:
        """Return the key of this connector, None for an unknown one."""
        return next((key for key in self.connectors if key.name == name), None)


Changed = Callable[[str], None]
"""Is told the id of a tenant whose record was stored or deleted, by this node or by another."""


class TenantRecords(Protocol):
    """Keeps records; belongs to one event loop."""

    async def get(self, tid: str) -> TenantRecord | None:
        """Return a tenant's record, None for an unknown one.

        Raises:
            TryLater: the store cannot be asked now.
        """

    async def get_now(self, tid: str) -> TenantRecord | None:
        """Return a record as `get` does, but as it is stored: never one that is remembered."""
        return await self.get(tid)

    async def put(self, record: TenantRecord) -> TenantRecord:
        """Store a record; return it with its new revision.

        Raises:
            OutdatedRecord: the stored one has another revision than `record`.
            TryLater: the store cannot be asked now.
        """

    async def delete(self, tid: str) -> None:
        """Remove a tenant; an unknown one is no error.

        Raises:
            TryLater: the store cannot be asked now.
        """

    def watch(self, changed: Changed) -> None:
        """Call `changed` from now on, soon after each change."""

    async def close(self) -> None:
        """Let go of the store; the last call."""
