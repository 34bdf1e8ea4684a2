"""What machine this is: processor, cores, memory, free disk.

Law: reads what the kernel tells; names nothing that identifies the machine.
"""

from __future__ import annotations

import os
import platform


def this_machine() -> str:
    """Return processor, cores and memory in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cpu_model()}, {cores} core{'' if cores == 1 else 's'}, {memory:.1f} GiB"


def cpu_model() -> str:
    """Return the processor's name, the machine's architecture where the kernel tells none."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - a file of the kernel
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
