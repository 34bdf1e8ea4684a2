"""How a process that reads sources or builds the index makes way for those that answer calls."""

from __future__ import annotations

import contextlib
import os

NICENESS = 10


def lower_priority() -> None:
    """Let the processes that answer go first; a system that refuses it is no reason to stop."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
