"""What every process counts, as Prometheus reads it."""

from __future__ import annotations

import re
from collections import Counter

from ldapd.counters import Counters
from rufname.exposition import HELP, add_counts, exposition
from rufname.rundir import WorkerStatus


def worker(name: str, metrics: dict[str, int], restarts: int = 0) -> WorkerStatus:
    return WorkerStatus(name, 1, "ready", restarts, 0.0, metrics)


def values(text: str) -> dict[str, int]:
    """Parse the exposition; every sample must stand behind its TYPE."""
    found: dict[str, int] = {}
    declared = helped = ""
    for line in text.splitlines():
        if words := re.fullmatch(r"# HELP ([a-z_]+) [A-Z][^\\]+\.", line):
            helped = words[1]
        elif kind := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge)", line):
            declared = kind[1]
            assert helped in ("", declared)
            helped = ""
            assert declared.endswith("_total") == (kind[2] == "counter")
        else:
            name, _, value = line.partition(" ")
            assert name == declared
            found[name] = int(value)
    return found


def test_counts_are_summed_over_workers_and_their_restarts() -> None:
    past: Counter[str] = Counter()
    add_counts(past, {"lookups": 5, "connections_open": 3, "loop_lag_ms": 9, "memory_bytes": 1})
    assert past == {"lookups": 5}
    workers = [
        worker("ldapd-0", {"lookups": 2, "connections_open": 4, "loop_lag_ms": 1}, restarts=1),
        worker("ldapd-1", {"lookups": 10, "connections_open": 1, "loop_lag_ms": 7}),
        worker("relay-0", {"lookups": 100}),
    ]
    assert values(exposition(workers, {"ldapd": past})) == {
        "rufname_ldapd_lookups_total": 17,
        "rufname_ldapd_restarts_total": 1,
        "rufname_ldapd_connections_open": 5,
        "rufname_ldapd_loop_lag_ms": 7,
        "rufname_ldapd_workers": 2,
        "rufname_ldapd_workers_ready": 2,
        "rufname_relay_lookups_total": 100,
        "rufname_relay_restarts_total": 0,
        "rufname_relay_workers": 1,
        "rufname_relay_workers_ready": 1,
    }


def test_without_workers_there_is_nothing_to_say() -> None:
    assert exposition([], {}) == ""


def test_whatever_a_worker_that_answers_ldap_counts_is_explained() -> None:
    counted = {"connections_open", "connections_unbound", *Counters().as_dict()}
    assert counted <= HELP.keys()
    text = exposition([worker("ldapd-0", dict.fromkeys(counted, 1))], {})
    assert len(values(text)) == len(counted) + 3
    assert text.count("# HELP ") == text.count("# TYPE ")
