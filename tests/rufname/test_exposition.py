"""What every process counts, as Prometheus reads it."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from ldapd.counters import Counters
from relay.errors import BusUnavailable, DirectoryOffline, DirectoryTooSlow
from relay.tunnel.frames import Refusal
from rufname.exposition import HELP, add_counts, exposition
from rufname.rundir import WorkerStatus


def worker(name: str, metrics: dict[str, int], restarts: int = 0) -> WorkerStatus:
    return WorkerStatus(name, 1, "ready", restarts, 0.0, metrics)


def values(text: str) -> dict[str, int]:
    """Parse the exposition; every sample must stand behind its TYPE."""
    found: dict[str, int] = {}
    declared = helped = ""
    for line in text.splitlines():
        if words := re.fullmatch(r"# HELP ([a-z_0-9]+) [A-Z][^\\]+\.", line):
            helped = words[1]
        elif kind := re.fullmatch(r"# TYPE ([a-z_0-9]+) (counter|gauge)", line):
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


OF_REFUSALS = {f"refused_{reason}" for reason in get_args(Refusal)}
UNANSWERED = {
    f"unanswered_{kind.__name__.lower()}"
    for kind in (BusUnavailable, DirectoryOffline, DirectoryTooSlow)
}


def test_no_name_has_a_sign_that_prometheus_refuses() -> None:
    text = exposition([worker("tunnel-0", dict.fromkeys(OF_REFUSALS, 1))], {})
    assert values(text)["rufname_tunnel_refused_too_late_total"] == 1
    for name in values(text):
        assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name)


@pytest.mark.parametrize(
    ("role", "counted"),
    [
        (
            "node",
            {
                *("tenants", "lines", "questions_in_flight", "connections_open", "requests"),
                *("asked", "answered", "bad_frames", "sign_ins_refused", "lines_opened"),
                *("lines_closed", "bundles_published", "answers_2xx", "answers_5xx"),
                *(OF_REFUSALS | UNANSWERED),
            },
        ),
        (
            "tunnel",
            {
                *("lines_open", "clock_off_s", "challenged", "dialled", "lines_opened"),
                *("lines_failed", "repeated", "answered", *OF_REFUSALS),
            },
        ),
        (
            "relay",
            {"connections_open", "requests", "caller_requests", "people_requests", "answers_4xx"},
        ),
    ],
)
def test_whatever_the_relay_and_the_way_to_it_count_is_explained(
    role: str, counted: set[str]
) -> None:
    text = exposition([worker(f"{role}-0", dict.fromkeys(counted, 1))], {})
    assert len(values(text)) == len(counted) + 3
    assert text.count("# HELP ") == text.count("# TYPE ")
