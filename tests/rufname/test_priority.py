from __future__ import annotations

import subprocess
import sys

from rufname.priority import NICENESS, SACRIFICE

CODE = """
import os
from rufname.priority import lower_priority
lower_priority()
lower_priority()
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_BATCH, flush=True)
os.execlp("cat", "cat", "/proc/self/oom_score_adj")  # as whatever it starts
"""


def test_the_process_makes_way_for_those_that_answer() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", CODE], capture_output=True, check=True)
    assert done.stdout == b"%d True\n%d\n" % (NICENESS, SACRIFICE)
