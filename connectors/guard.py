"""The deletion guard: may a finished run take away what it did not see?

Law: pure; it sees counts only. Upserts are never held back, deletions always are until this module
has agreed.
"""

from __future__ import annotations

from connectors.settings import DropLimit


def refusal(
    limit: DropLimit, *, served: int, accepted: int, dropped: int, full: bool, released: int = 0
) -> str:
    """Return why a complete run may not delete, in one line; "" if it may.

    Args:
        limit: the source's `max_drop`.
        served: contacts of the source that were served before the run.
        accepted: distinct records that the run took from the source.
        dropped: contacts that the run would take away.
        full: the run read the whole source, so that what it did not see is gone.
        released: so many deletions of an earlier run were held back, and an administrator has
            released them.
    """
    if dropped <= released:
        return ""
    if full and served and not accepted:
        return f"the source sent no usable record, but {served:,} contacts of it are served"
    if not limit.allows(dropped, served):
        return (
            f"the run would remove {dropped:,} of {served:,} contacts, more than max_drop = {limit}"
        )
    return ""
