"""What a run did, as it is told to people and over control sockets.

Law: a value alone, which a process can know that reads no source.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class RunReport(msgspec.Struct, frozen=True):
    """What a run did; `reason` is one line that names the source, "" for a run that is done.

    "refused": the source was read to its end, but nothing was removed. "failed": the read did not
    come to its end (cancelled runs too); what was read is stored, nothing was removed. The numbers
    are those of `engine.store.RunCounts`. `run` is its number in the history, 0 for a dry run;
    `full`: every record was read, not only what changed; `notes`: what else should be known;
    `served`: contacts of the source that are served now, whatever came of the run.
    """

    source: str
    name: str
    state: Literal["done", "refused", "failed"]
    read: int
    added: int
    changed: int
    unchanged: int
    removed: int
    rejected: int
    rejected_fields: int
    reason: str
    seconds: float
    held_back: int = 0
    run: int = 0
    full: bool = True
    notes: tuple[str, ...] = ()
    served: int = 0
