"""What a relay holds of a thousand sealed searches, in memory, on disk, in logs: nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.processes import LOOPBACK
from tests.e2e.running import Row
from tests.e2e.tab.issuer import TENANT, Issuer, running_issuer
from tests.e2e.tunnelled import House, running_house, running_relay

CANARY = "Kanarienvogel-Qzxwvy"
SEARCHES = 1000
CHUNK, OVERLAP = 16 * 2**20, 4096
MAX_MAPPING = 4 * 2**30
"""Larger ones are addresses that are set aside, not memory."""
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


def test_a_name_that_is_searched_a_thousand_times_is_nowhere_at_the_relay(
    tmp_path: Path, issuer: Issuer
) -> None:
    rows = [Row("1", CANARY, "+49 30 23125001"), Row("2", "Otto Normal", "+49 30 23125002")]
    with (
        running_relay(tmp_path / "relay", issuer) as relay,
        running_house(tmp_path / "house", relay, rows) as house,
    ):
        token = house.token()
        for number in range(SEARCHES):
            sealed = house.seal("people.search", {"text": CANARY}, token=token)
            answer = house.post(sealed.octets, token)
            assert answer.status_code == 200
            assert CANARY.encode() in sealed.open_answer(answer.content).answer.body, number
        assert relay.program is not None
        assert relay.metrics()["answered_total"] == SEARCHES
        # the search finds what is there: the relay's memory holds the tenant, the directory's
        # holds the name
        assert "UTF-8" in places(relay.program.pid, TENANT)
        assert "UTF-8" in places(house.server.wait_worker("tunnel-0"), CANARY)
        assert places(relay.program.pid, CANARY) == set()
        counts = httpx.get(f"http://{LOOPBACK}:{relay.metrics_port}/metrics", timeout=5).content
        files = {path: path.read_bytes() for path in relay.folder.rglob("*") if path.is_file()}
        assert any(TENANT.encode() in octets for octets in files.values())
        for name, octets in forms(CANARY).items():
            assert octets not in counts, name
            assert [path for path, content in files.items() if octets in content] == [], name
        for path, content in files.items():
            assert token.encode() not in content, path


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
