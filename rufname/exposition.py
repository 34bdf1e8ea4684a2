"""What every process counts, as the text that Prometheus reads.

Law: values in, text out. Names and labels come from our own code alone (roles, counters): no
client, no name, no number ever becomes a label.

    rufname_ldapd_lookups_total 4711            a count, over all workers and their restarts
    rufname_ldapd_connections_open 32           a gauge, the sum over the workers that live
    rufname_ldapd_loop_lag_ms 3                 a gauge, the worst worker

Source: the text exposition format of Prometheus, version 0.0.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rufname.rundir import WorkerStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SUMMED_GAUGES = frozenset({
    "connections_open", "connections_unbound", "memory_bytes", "running", "waiting",
    "lines", "lines_open", "tenants", "questions_in_flight",
})  # fmt: skip
WORST_GAUGES = frozenset({"loop_lag_ms", "clock_off_s", "challenged"})
"""Gauges; whatever else a worker reports is a count since its start."""


def exposition(workers: Iterable[WorkerStatus], past: Mapping[str, Mapping[str, int]]) -> str:
    """Return all metrics.

    Args:
        workers: as they are now.
        past: role → what its processes that ended had counted (`add_counts`).
    """
    counts: dict[str, Counter[str]] = {role: Counter(ended) for role, ended in past.items()}
    gauges: dict[str, dict[str, int]] = {}
    for worker in workers:
        role = worker.name.rpartition("-")[0]
        count = counts.setdefault(role, Counter())
        count["restarts"] += worker.restarts
        gauge = gauges.setdefault(role, {"workers": 0, "workers_ready": 0})
        gauge["workers"] += 1
        gauge["workers_ready"] += worker.state == "ready"
        for name, value in worker.metrics.items():
            if name in WORST_GAUGES:
                gauge[name] = max(gauge.get(name, 0), value)
            elif name in SUMMED_GAUGES:
                gauge[name] = gauge.get(name, 0) + value
            else:
                count[name] += value
    lines: list[str] = []
    for role in sorted(gauges):
        lines += _family(role, counts[role], "counter", "_total")
        lines += _family(role, gauges[role], "gauge", "")
    return "\n".join((*lines, ""))


def add_counts(past: Counter[str], metrics: Mapping[str, int]) -> None:
    """Keep what a process that ended had counted, so that no count ever falls."""
    past.update({
        name: value
        for name, value in metrics.items()
        if name not in SUMMED_GAUGES and name not in WORST_GAUGES
    })  # fmt: skip


def _family(role: str, values: Mapping[str, int], kind: str, suffix: str) -> list[str]:
    return [
        line
        for name in sorted(values)
        for line in (
            f"# TYPE rufname_{role}_{name}{suffix} {kind}",
            f"rufname_{role}_{name}{suffix} {values[name]}",
        )
    ]
