"""A made-up machine's figures for tests: costs that follow known laws exactly."""

from __future__ import annotations

import math

from rufname.costmodel import MOST_READING_MIB
from rufname.costs import Calibration, CostPoint, LoadPoint


def cost_point(contacts: int, **changed: float) -> CostPoint:
    """Return costs that grow as the model says, with known numbers."""
    figures: dict[str, float] = {
        "sync_s": 1 + contacts / 8_000,
        "sync_cpu_s": 1 + contacts / 5_000,
        "sync_peak_mib": min(100 + contacts / 100, MOST_READING_MIB),
        "reread_cpu_s": 1 + contacts / 40_000,
        "changed_cpu_s": 1 + contacts / 40_000 + contacts / 10 / 4_000,
        "rebuild_cpu_s": 1 + contacts / 10_000,
        "store_mib": 0.1 + contacts / 3_000,
        "index_mib": 0.2 + contacts / 2_000,
        "worker_own_mib": 30 + contacts / 100_000,
        "rest_own_mib": 120 + contacts / 100_000,
        "mapped_mib": 20 + contacts / 4_000,
        "idle_cpu_share": 0.01,
        "caller_cpu_us": 10 + math.log2(contacts),
        "people_cpu_us": 100 + math.log2(contacts),
        "ldap_cpu_us": 80 + math.log2(contacts),
        "http_cpu_us": 300 + math.log2(contacts),
        "search_cpu_us": 1_000 + math.log2(contacts),
        **changed,
    }
    return CostPoint(contacts=contacts, **figures)


CALIBRATION = Calibration(
    machine="a made-up processor, 2 cores, 8.0 GiB",
    measured_at="2026-11-26T12:00:00Z",
    points=tuple(map(cost_point, (4_000, 16_000, 48_000))),
    held_out=tuple(map(cost_point, (8_000, 32_000, 72_000))),
    curve=(LoadPoint(100, 0.5, 1.5, 100), LoadPoint(1_000, 0.4, 2.5, 90)),
)
