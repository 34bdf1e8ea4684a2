"""A whole installation at a tiny size: the benches that go through the real `rufname`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import bench_ldap, bench_sync
from bench.installation import open_index, serving_ldap
from bench.ldap_load import Load, Question
from bench.questions import work_numbers
from bench.servers import put_load
from rufname.config import load_config
from rufname.load_questions import missing
from rufname.programs import ProgramFailed, first_core
from rufname.sample import contacts
from rufname.trial import Installation, install

COUNT = 300

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = install(tmp_path_factory.mktemp("rufname"), COUNT)
    run = made.sync()
    assert run.seconds > 0
    assert run.peak_mib > 10
    return made


def test_the_configuration_is_one_that_rufname_takes(installation: Installation) -> None:
    config = load_config(installation.config)
    assert [source.name for source in config.sources] == ["phones"]
    assert config.ldap is not None
    assert config.ldap.workers == 1


def test_after_a_sync_everybody_is_found(installation: Installation) -> None:
    index = open_index(installation)
    assert index.status().documents == COUNT
    index.close()
    assert installation.disk_mib("index") > 0
    assert installation.disk_mib("contacts.sqlite") > 0


def test_the_worker_answers_the_load_tool_from_its_own_core(installation: Installation) -> None:
    asked = work_numbers(contacts(COUNT))
    known = [Question(each.number, each.name) for each in asked]
    unknown = [Question(missing(each.number), "") for each in asked]
    with serving_ldap(installation) as server:
        load = Load(
            port=server.port,
            bind=server.bind,
            password=server.password,
            base=server.base,
            attributes=("telephoneNumber",),
            questions=(*known, *unknown),
            connections=4,
        )
        result, _ = put_load(server, load)
        allowed = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    assert result.answered == 2 * len(asked)
    assert f"Cpus_allowed_list:\t{first_core()}\n" in allowed


def test_a_sync_that_fails_is_told(tmp_path: Path) -> None:
    made = install(tmp_path, 5)
    (tmp_path / "phones.csv").unlink()
    with pytest.raises(ProgramFailed, match=r"phones\.csv"):
        made.sync()


def test_the_sync_bench_checks_what_it_measures(tmp_path: Path) -> None:
    cases = {each.case: each for each in bench_sync.measure(COUNT, tmp_path, quick=True)}
    assert {"first run", "second run by first", "index on disk"} <= set(cases)
    assert cases["first run"].value > 0


@pytest.mark.slow
def test_the_ldap_bench_compares_both_servers(tmp_path: Path) -> None:
    measures = list(bench_ldap.measure(COUNT, tmp_path, quick=True))
    rates = [each for each in measures if each.unit == "1/CPU s"]
    ratios = {each.case: each for each in measures if each.unit == "ratio"}
    assert {
        "one attribute, hits, rufname by slapd",
        "one connection, rufname by slapd",
        "one connection, pipeline of 8, rufname by slapd",
        "(|(cn=mei*)(sn=mei*)) and the like, 20 entries, rufname by slapd",
    } <= set(ratios)
    assert {each.case.rpartition(", ")[2] for each in rates} == {"rufname", "slapd"}
    assert all(each.value > 0 for each in rates)
