"""The port between the sources and the store: what a connector says, one event at a time.

Law: `Complete` is earned (last page, result code 0, end of cursor). A stream that ends without it
deletes nothing. Blocking code; a run owns its thread.

How a source is followed by change. `read(b"")` sends every record and ends with
`Complete(full=True, bookmark)`; the bookmark is taken from the source before its first record. The
next `read(bookmark)` sends what changed since, a record twice rather than never, and ends in one of
two ways:

- the source tells of deletions: a `Delete` for each, `Complete(full=False, bookmark)`;
- it does not: a key sweep, the keys of all records there are as `Present`, then
  `Complete(full=True, bookmark)`. What was neither sent nor named is gone.

A bookmark that the source no longer honours (410, `valid-sync-token`, another server) is no error:
read everything instead, as for b"". A source that cannot follow ignores bookmarks and sends b"".
A source may do with less: its bookmark stands for all that it holds, as a digest of a file does
(`bookmark_is_state`). If it still holds just that, `Complete(full=False, bookmark)` with the very
same bookmark is all that it sends, and what was rejected then is rejected still. Such a bookmark
counts only where the run before kept it: after any other run the store may hold something else.

From time to time the sync asks for a full read by itself, and always after a change of the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

Bookmark = bytes
"""Where an incremental read goes on: opaque to all but the connector that made it; b"" = none."""

Record = dict[str, str]
"""One raw record: column or attribute name → text ("" for NULL). Several values: "\\n" between."""


class Upsert(msgspec.Struct, frozen=True):
    """The source holds this record now (new, changed or unchanged).

    `key` is the source's own key, composite keys joined by the connector; `locator` says where the
    record stands for a human ("line 12", "row 7"), "" where the key says enough.
    """

    key: str
    record: Record
    locator: str = ""


class Delete(msgspec.Struct, frozen=True):
    """The source says that the record of this key is gone."""

    key: str


class RejectedRecord(msgspec.Struct, frozen=True):
    """A record, or one field of it, that could not be taken.

    `locator` is the key or line; `field` is "" when the whole record was refused, else the mapped
    field that was dropped while the contact stays. `reason` never quotes personal data. `key` is
    the record's key where it could be read: of a whole record that a source refuses, the contact
    stored under it stays as it is.
    """

    locator: str
    reason: str
    field: str = ""
    key: str = ""


def known_by(record: RejectedRecord) -> str:
    """Return what a rejected record is known by: its key, else its locator; "" for neither."""
    return record.key or record.locator


class Present(msgspec.Struct, frozen=True):
    """These records are still there, unchanged since the bookmark: a page of a key sweep.

    At most 2,000 keys, each as `Upsert` would write it.
    """

    keys: tuple[str, ...]


class Columns(msgspec.Struct, frozen=True):
    """What the columns are called, once before the first record; a new one becomes a note."""

    names: tuple[str, ...]


class Checkpoint(msgspec.Struct, frozen=True):
    """All before this event may be kept under `bookmark` once it is indexed."""

    bookmark: Bookmark


class Complete(msgspec.Struct, frozen=True):
    """The read came to its earned end. `full`: every record of the source was sent."""

    full: bool
    bookmark: Bookmark = b""


Event = Upsert | Delete | RejectedRecord | Present | Columns | Checkpoint | Complete


class SourceField(msgspec.Struct, frozen=True):
    """One column or attribute that a source offers.

    Attributes:
        name: as key and map name it.
        type: what the source calls its type; "" where all are texts.
        key: it may identify a record.
        changed: it may say when a record was changed last.
    """

    name: str
    type: str = ""
    key: bool = False
    changed: bool = False


class CheckReport(msgspec.Struct, frozen=True):
    """The result of a connection test: faults stop a sync, warnings do not. Empty = all is well."""

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    estimated_rows: int | None = None


class ContactSource(Protocol):
    """One configured source. Every method may block; none keeps a connection open after it ends."""

    def check(self) -> CheckReport:
        """Try connection, rights and query; never raises for what the source does wrong."""

    def discover(self) -> tuple[SourceField, ...]:
        """Return the columns or attributes that the source offers, in its order."""

    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first `rows` (1–1,000) raw records; nothing is stored."""

    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream the source: all of it for b"", else what changed since `bookmark`.

        Raises:
            connectors.errors.ConnectorError: it cannot be read to its end.
        """

    def bookmark_is_state(self) -> bool:
        """Tell whether a bookmark stands for all that the source holds, not for a time in it."""
        return False

    def stored(self, rejected: int) -> str:  # noqa: ARG002 - only some kinds tidy up
        """Hear that all which the last `read` sent is stored, and what is gone removed.

        Nothing to do but for a source that tidies up behind itself. Raises as `read`.

        Args:
            rejected: so many of its records are not stored, since something is wrong with them.

        Returns:
            What an administrator should know, in one line; "" for nothing.
        """
        return ""

    def cancel(self) -> None:
        """Make a `read` that blocks in another thread end soon where it can; never waits."""

    def share_read(self) -> float | None:
        """Return how much of the source `read` has passed, 0 to 1; None where it cannot know."""
