"""A thousand calls a second for a minute while the whole index is built anew beside them.

Two workers, the writer and the load tool share the machine, unpinned, as at a customer's. The names
that have to come are the generator's own. Counts are the gate; latencies belong to the machine, are
printed, and are held only to a bound that a name on a ringing phone can bear.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rufname.sample import contacts
from rufname.sample_files import PHONE_LIST_MAP, write_phone_list
from rufname.sample_numbers import SAMPLE_PLAN
from tests.e2e.processes import wait_until
from tests.e2e.running import ClientSpec, Rufname, csv_source, running_rufname

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CONTACTS = 200_000
RATE, SECONDS = 1_000, 60
P99_LIMIT_MS = 250
"""Ten times what a quiet machine of two cores needs, and more."""

HOME = {
    "country_code": SAMPLE_PLAN.country_code,
    "area_code": SAMPLE_PLAN.area_code,
    "trunks": [f"+{trunk}" for trunk in SAMPLE_PLAN.trunks],
    "extension_length": list(SAMPLE_PLAN.extension_length),
}
ASKER = ClientSpec(dialplan="home")
LOAD = (
    "load", "--sample", str(CONTACTS), "--rate", str(RATE), "--seconds", str(SECONDS),
    "--connections", "32", "--password-file", "-", "--json",
)  # fmt: skip


def generations(server: Rufname) -> set[str]:
    return {path.name for path in (server.data / "index").iterdir() if path.is_dir()}


def served(server: Rufname) -> str:
    return str((server.data / "index" / "current").readlink())


def rebuild_every_minute(server: Rufname) -> None:
    """Let `serve` build the index anew at each of the next minutes, as soon as one has begun."""
    now = datetime.now()  # noqa: DTZ005 - schedules are in local time
    minutes = [now + timedelta(minutes=minute) for minute in range(1, 6)]
    server.directory |= {"rebuild_at": [f"{each:%H:%M}" for each in minutes], "rebuild_on": []}
    server.write_config()
    server.reload()


def test_no_call_is_refused_or_named_wrongly_while_the_index_is_built_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = contacts(CONTACTS)
    write_phone_list(tmp_path / "phones.csv", made, "utf-8")
    source = csv_source(tmp_path / "phones.csv", key=["Nr"], map=PHONE_LIST_MAP, dialplan="home")
    with (
        running_rufname(
            tmp_path, sources=[source], clients=[ASKER], dialplans={"home": HOME}, relay=False,
            sync_timeout_s=600,
        ) as server,
        ThreadPoolExecutor(1) as tool,
    ):  # fmt: skip
        first = served(server)
        rebuild_every_minute(server)
        wait_until(
            lambda: len(generations(server)) > 1, timeout_s=120, what="a new index to be begun"
        )
        asked = tool.submit(
            server.cli, *LOAD, stdin=f"{ASKER.password}\n", code=None, timeout_s=600
        )
        building = []

        def is_done() -> bool:
            building.append(len(generations(server)) > 1)
            return asked.done()

        wait_until(is_done, timeout_s=600, what="the load to end", output=server.output)
        done = asked.result()
        wait_until(lambda: served(server) != first, timeout_s=600, what="the new index to be used")
        share = sum(building) / len(building)
        (outcome,) = json.loads(done.stdout)["outcomes"]
        latency = outcome["latency"]
        with capsys.disabled():
            sys.stdout.write(
                f"\n{outcome['answered']:,} calls at {RATE:,}/s, an index of {CONTACTS:,} contacts"
                f" being built {share:.0%} of the time: p50 {latency['p50_ms']:.3g} ms,"
                f" p99 {latency['p99_ms']:.3g} ms, p99.9 {latency['p999_ms']:.3g} ms, longest"
                f" {latency['max_ms']:.3g} ms; the tool lagged {outcome['tool_lag_ms']:.3g} ms"
                f" (99 %) and was busy {outcome['tool_cpu_share']:.0%}\n"
            )
        assert done.returncode == 0, done.stdout + done.stderr
        assert outcome["stopped"] == ""
        assert outcome["faults"] == {}
        assert outcome["reconnected"] == 0
        assert outcome["examples"] == []
        assert not any(kind["other"] for kind in outcome["kinds"].values())
        assert outcome["asked"] == outcome["answered"] > RATE * SECONDS * 0.98
        assert share > 0.25, "the index was hardly being built: raise CONTACTS"
        assert latency["p99_ms"] < P99_LIMIT_MS
