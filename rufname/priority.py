"""How a process that reads sources or builds the index makes way for those that answer calls.

What it starts (the indexing process, drivers, taps) does the same.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

NICENESS = 10

SACRIFICE = 500
"""Where memory is short the kernel ends the process with the highest score, in thousandths of the
machine's memory (proc_pid_oom_score_adj(5)). It counts the pages of the index that a process maps,
which are no loss, so that of its own accord it would end those that answer."""


def lower_priority() -> None:
    """Let the processes that answer go first; a system that refuses it is no reason to stop."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    score = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):
        if int(score.read_text(encoding="ascii")) < SACRIFICE:
            score.write_text(f"{SACRIFICE}\n", encoding="ascii")
