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
    "lines", "lines_open", "tenants", "questions_in_flight", "sources_failing", "sources_held_back",
})  # fmt: skip
WORST_GAUGES = frozenset({"loop_lag_ms", "clock_off_s", "challenged"})
"""Gauges; whatever else a worker reports is a count since its start."""

HELP = {
    "workers": "Processes that there should be.",
    "workers_ready": "Of them, those that do their work.",
    "restarts": "Processes that were started anew.",
    "memory_bytes": "Resident memory, with what processes share.",
    "cpu_ms": "CPU time in milliseconds.",
    "loop_lag_ms": "How late the event loop ran, in milliseconds: the worst process.",
    "connections": "Connections that were accepted.",
    "connections_open": "Connections that are open.",
    "connections_unbound": "Of the open ones, those without a bind.",
    "connections_refused": "Connections over a cap.",
    "connections_dropped": "Connections closed for time, unread answers or bad octets.",
    "binds": "Binds with the right password.",
    "binds_failed": "Binds with a wrong name or password, or from the wrong network.",
    "binds_delayed": "Binds refused since the address must wait or the queue was full.",
    "searches": "LDAP searches.",
    "searches_refused": "Searches outside of the client's profile, answered empty.",
    "searches_limited": "Searches cut by a limit of size, time or contacts examined.",
    "lookups": "Questions for a number.",
    "lookups_found": "Questions for a number that were answered with an entry.",
    "entries": "Entries that were sent.",
    "answered_busy": "Requests that had waited too long.",
    "handshakes_failed": "Connections that never got through TLS.",
    "violations": "Connections that sent no LDAP.",
    "faults": "Requests that failed inside.",
    "requests": "HTTP requests that were answered.",
    "caller_requests": "Requests for a caller's name.",
    "people_requests": "Requests of people search.",
    "runs": "Runs of sources that ended.",
    "runs_failed": "Runs that failed.",
    "runs_refused": "Runs that were held back since they would drop too much.",
    "running": "Runs under way.",
    "waiting": "Runs that wait for their turn.",
    "sources_failing": "Sources whose last run failed.",
    "sources_held_back": "Sources whose last run waits for a release.",
    "lines": "Lines of directories that are open here.",
    "lines_open": "Lines to the relay that are open.",
    "lines_opened": "Lines that were opened, after a sign-in.",
    "lines_closed": "Lines that ended.",
    "lines_failed": "Times that there was no line, or that one ended with a fault.",
    "dialled": "Tries to connect to the relay.",
    "clock_off_s": "How far this clock and the relay's are apart, in seconds.",
    "challenged": "Whether another directory wants this one's place: 1 while it waits.",
    "tenants": "Tenants that have a line open here.",
    "questions_in_flight": "Questions that wait for a directory's answer.",
    "asked": "Questions that users asked their directories.",
    "answered": "Questions that a directory answered.",
    "repeated": "Questions that came again since a line was lost, answered as before.",
    "bad_frames": "Lines that were closed since a frame was not as agreed.",
    "sign_ins_refused": "Directories refused: not registered, or under another key.",
    "bundles_published": "Sets of public keys that tenants published.",
    **{f"answers_{n}xx": f"HTTP answers with a status from {n}00 to {n}99." for n in range(1, 6)},
    "refused_unknown_key": "Questions refused by a directory: sealed to a key that has ended.",
    "refused_cannot_open": "Questions refused by a directory: damaged, or for another tenant.",
    "refused_replayed": "Questions refused by a directory: the same octets came before.",
    "refused_clock": "Questions refused by a directory: their time is off.",
    "refused_too_large": "Questions refused by a directory: the answer is too large.",
    "refused_busy": "Questions refused by a directory: too many at once.",
    "refused_too_late": "Questions refused by a directory: not answered in time.",
    "refused_offline": "Questions refused: the line was lost.",
    "refused_fault": "Questions refused by a directory: something failed in it.",
    "unanswered_directoryoffline": "Questions without an answer: the directory has no line.",
    "unanswered_directorytooslow": "Questions without an answer in time.",
    "unanswered_busunavailable": "Questions without an answer: NATS or another node is away.",
}
"""What the names mean, all that our own code counts."""


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
    lines = []
    for own in sorted(values):
        name = own.replace("-", "_")  # a reason such as `too-late`: no name of Prometheus has "-"
        full = f"rufname_{role}_{name}{suffix}"
        if name in HELP:
            lines.append(f"# HELP {full} {HELP[name]}")
        lines += [f"# TYPE {full} {kind}", f"{full} {values[own]}"]
    return lines
