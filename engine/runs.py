"""A run of one source, as the store keeps it: when it was, how it ended, what it did.

Law: values only.
"""

from __future__ import annotations

from typing import Literal

import msgspec

RunState = Literal["running", "done", "refused", "failed"]


class RunCounts(msgspec.Struct, frozen=True):
    """What a run did, in records.

    `rejected_fields` counts fields dropped from kept contacts, `held_back` the contacts that a
    refused run would have removed.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: int = 0
    rejected_fields: int = 0
    held_back: int = 0


class Run(msgspec.Struct, frozen=True):
    """One run of one source; times are epoch seconds, `ended_at` None while it is running.

    `reason` says why it is not done; of a run that is done, what should be known of it.
    """

    id: int
    source: str
    name: str
    state: RunState
    began_at: float
    ended_at: float | None
    counts: RunCounts
    reason: str
