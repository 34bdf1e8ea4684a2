"""What a worker frees goes back to the machine, where it is much at once.

To verify a password takes 19 MiB for a moment (`engine.credentials`). glibc maps so large a piece
by itself and unmaps it when it is freed, but learns from the first that pieces up to that size are
common, and keeps them from then on: a worker held 19 MiB more after its second password.

Law: glibc; elsewhere nothing happens. Called once, before a worker does anything.

Source: mallopt(3), M_MMAP_THRESHOLD and M_TRIM_THRESHOLD.
"""

from __future__ import annotations

import ctypes

LARGE_BYTES = 4 << 20
"""Pieces from this size on are mapped one by one; a page of hits, or a list, takes far less."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def give_large_pieces_back() -> bool:
    """Fix from which size on what is freed goes back; False where that cannot be told."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(which, LARGE_BYTES) for which in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD))
