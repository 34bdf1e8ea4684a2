"""What of a thousand sealed searches the relay and NATS hold, in memory, files, logs: nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.nats import running_nats
from tests.e2e.processes import LOOPBACK, Program
from tests.e2e.running import Row
from tests.e2e.tab.issuer import TENANT, Issuer, running_issuer
from tests.e2e.tunnelled import House, Relay, running_house, running_relay

CANARY = "Kanarienvogel-Qzxwvy"
SEARCHES = 1000
CHUNK, OVERLAP = 16 * 2**20, 4096
MAX_MAPPING = 4 * 2**30
"""Larger ones are addresses that are set aside, not memory."""
ROWS = [Row("1", CANARY, "+49 30 23125001"), Row("2", "Otto Normal", "+49 30 23125002")]
OTHER = "abcdefab-1234-4234-8234-abcdefabcdef"

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as made:
        yield made


def forms(text: str) -> dict[str, bytes]:
    """Return how a text may stand in memory or in a file."""
    octets = text.encode()
    found = {
        "UTF-8": octets,
        "lower case": octets.lower(),
        "UTF-16": text.encode("utf-16-le"),
        "hexadecimal": octets.hex().encode(),
    }
    for shift in range(3):  # as it stands within a longer text in base64
        whole = base64.b64encode(b"x" * shift + octets)
        found[f"base64 {shift}"] = whole[4 if shift else 0 : -4]
    return found


def memory_of(pid: int) -> Iterator[bytes]:
    """Return what a core dump holds: every mapping of a process that can be read."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if found is None or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            begin, end = int(found[1], 16), int(found[2], 16)
            for start in range(begin, min(end, begin + MAX_MAPPING), CHUNK):
                try:
                    memory.seek(start)
                    yield memory.read(min(CHUNK + OVERLAP, end - start))
                except (OSError, ValueError, OverflowError):
                    continue


def places(pid: int, text: str) -> set[str]:
    """Return the forms in which a text stands in a process's memory."""
    wanted = forms(text)
    return {name for part in memory_of(pid) for name, octets in wanted.items() if octets in part}


def search_a_thousand_times(house: House, relay: Relay) -> str:
    """Search for the canary at a node, and find it each time; return the token."""
    token = house.token()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    with httpx.Client(base_url=relay.url, headers=headers, timeout=20) as http:
        for number in range(SEARCHES):
            sealed = house.seal("people.search", {"text": CANARY}, token=token)
            answer = http.post("/v1/rpc", content=sealed.octets)
            assert answer.status_code == 200, answer.text
            assert CANARY.encode() in sealed.open_answer(answer.content).answer.body, number
    assert relay.metrics()["answered_total"] == SEARCHES
    return token


def check_nowhere(programs: list[Program], folders: list[Path], token: str) -> None:
    """Look for the canary in memory and files, and that the search finds what is there."""
    for program in programs:
        assert "UTF-8" in places(program.pid, TENANT)  # whose questions they were, is known
        assert places(program.pid, CANARY) == set()
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files = {path: path.read_bytes() for path in paths}
    assert any(TENANT.encode() in octets for octets in files.values())
    for path, octets in files.items():
        for name, form in forms(CANARY).items():
            assert form not in octets, (path, name)
        assert token.encode() not in octets, path


def test_a_name_that_is_searched_a_thousand_times_is_nowhere_at_the_relay(
    tmp_path: Path, issuer: Issuer
) -> None:
    with (
        running_relay(tmp_path / "relay", issuer) as relay,
        running_house(tmp_path / "house", relay, ROWS) as house,
    ):
        token = search_a_thousand_times(house, relay)
        assert relay.program is not None
        assert "UTF-8" in places(house.server.wait_worker("tunnel-0"), CANARY)
        check_nowhere([relay.program], [relay.folder], token)
        counts = httpx.get(f"http://{LOOPBACK}:{relay.metrics_port}/metrics", timeout=5).content
        for name, octets in forms(CANARY).items():
            assert octets not in counts, name


def test_a_name_that_is_searched_a_thousand_times_is_nowhere_at_nats(
    tmp_path: Path, issuer: Issuer
) -> None:
    with (
        running_nats(tmp_path / "nats", nodes=3, traced=True) as nats,
        running_relay(tmp_path / "near", issuer, nats=nats, node="near") as near,
        running_relay(tmp_path / "far", issuer, nats=nats, node="far") as far,
        running_house(tmp_path / "house", near, ROWS, tunnel={"nodes": [near.url]}) as house,
    ):
        assert (near.metrics()["lines"], far.metrics()["lines"]) == (2, 0)
        token = search_a_thousand_times(house, far)  # each goes through NATS, and its answer
        servers = [node.program for node in nats.nodes if node.program is not None]
        assert len(servers) == 3
        # the trace has every question, so that what is not in it was not in any message
        asked = sum(node.output().count(f"PUB rufname.ask.{TENANT}") for node in nats.nodes)
        assert asked >= SEARCHES
        stored = [path for node in nats.nodes for path in node.store.rglob("*.blk")]
        assert stored, "JetStream keeps the tenants' records"
        folders = [node.folder for node in nats.nodes]
        relays = [relay.program for relay in (near, far) if relay.program is not None]
        check_nowhere([*servers, *relays], [*folders, near.folder, far.folder], token)
        for node in nats.nodes:
            for page in ("varz", "connz?subs=1", "jsz?streams=1", "routez?subs=1"):
                assert CANARY not in str(node.watch(page))


def test_a_tenants_questions_reach_no_other_directory(tmp_path: Path, issuer: Issuer) -> None:
    mine = [Row("1", "Erika Beispiel", "+49 30 23125001")]
    theirs = [Row("1", "Otto Fremd", "+49 30 23125001")]
    with (
        running_relay(tmp_path / "relay", issuer) as relay,
        running_house(tmp_path / "one", relay, mine) as one,
    ):
        relay.stop()  # its records are written from outside
        with_other = tmp_path / "two"
        two = House(with_other, relay, theirs, tid=OTHER)
        relay.start()
        two.server.sync()
        two.start()
        try:
            one.wait_found("erika", "the first directory")
            two.wait_found("otto", "the second one")
            assert one.search("otto") == []
            assert two.search("erika") == []
            # sealed for the other one: the relay hands it to one's own directory, which cannot open
            foreign = two.seal("people.search", {"text": "otto"}, token=one.token())
            assert (
                one.post(foreign.octets).json()["type"].endswith((":unknown-key", ":cannot-open"))
            )
            # with a foreign token inside: opened, and refused
            inside = one.seal("people.search", {"text": "erika"}, token=two.token())
            answer = inside.open_answer(one.post(inside.octets).content).answer
            assert answer.status == 401
        finally:
            two.http.close()
            two.server.stop()
