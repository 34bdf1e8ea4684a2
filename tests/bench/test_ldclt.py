"""ldclt against the real service: what it counts is what the workers count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from bench.ldclt import Drawn, ask, has_ldclt
from bench.servers import Server
from tests.e2e.processes import wait_until
from tests.e2e.running import SBC, Row, Rufname, csv_source, running_rufname, write_rows

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.skipif(not has_ldclt(), reason="no ldclt (Debian package 389-ds-base)"),
]

KNOWN = range(200, 300)
HITS = Drawn("(telephoneNumber=+493023125XXX)", KNOWN.start, KNOWN.stop - 1)


@pytest.fixture(scope="module")
def rufname(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    with running_in(tmp_path_factory.mktemp("ldclt")) as running:
        yield running


@contextmanager
def running_in(folder: Path) -> Iterator[Rufname]:
    rows = [Row(str(each), f"Person {each}", phone=f"030 23125-{each:03d}") for each in KNOWN]
    source = csv_source(write_rows(folder / "contacts.csv", rows))
    with running_rufname(folder, sources=[source], relay=False) as running:
        yield running


def server_of(rufname: Rufname) -> Server:
    pid = rufname.wait_worker("ldapd-0")
    return Server("rufname", pid, rufname.ldap_port, SBC.bind, SBC.password, rufname.base)


def counted(rufname: Rufname) -> Counter[str]:
    """Return what the LDAP workers have counted together, as of their last heartbeats."""
    total: Counter[str] = Counter()
    for name, worker in rufname.workers_now().items():
        if name.startswith("ldapd"):
            total.update(worker["metrics"])
    return total


@pytest.mark.parametrize(
    "drawn",
    [
        pytest.param(msgspec.structs.replace(HITS, threads=32, each=500), id="32 connections"),
        pytest.param(msgspec.structs.replace(HITS, threads=1, each=4_000), id="one connection"),
        pytest.param(msgspec.structs.replace(HITS, threads=2, pending=8), id="eight pending"),
        pytest.param(msgspec.structs.replace(HITS, each=250, anew=True), id="bound anew"),
    ],
)
def test_ldclt_gets_an_answer_to_every_question_and_every_caller_is_found(
    rufname: Rufname, drawn: Drawn
) -> None:
    before = counted(rufname)
    answered, _ = ask(server_of(rufname), drawn)

    def told() -> Counter[str]:
        return counted(rufname) - before

    wait_until(lambda: told()["lookups"] >= answered, timeout_s=30, what="the counts of all")
    assert answered == drawn.threads * drawn.each
    assert (told()["lookups"], told()["lookups_found"]) == (answered, answered)
    assert not told()["answered_busy"]


def test_numbers_of_nobody_are_no_errors_and_not_found(rufname: Rufname) -> None:
    before = counted(rufname)
    answered, _ = ask(server_of(rufname), msgspec.structs.replace(HITS, low=300, high=399))
    wait_until(
        lambda: counted(rufname)["lookups"] - before["lookups"] >= answered,
        timeout_s=30,
        what="the counts of all",
    )
    assert counted(rufname)["lookups_found"] == before["lookups_found"]


def test_what_ldclt_counts_as_an_error_is_told(tmp_path: Path) -> None:
    with running_in(tmp_path) as own:  # whose address has to wait afterwards
        wrong = msgspec.structs.replace(server_of(own), password="wrong")
        with pytest.raises(
            RuntimeError, match=r"0 of 8000 answered; .*Invalid credentials.* 8 times"
        ):
            ask(wrong, HITS)
