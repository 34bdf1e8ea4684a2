"""What a company needs, by laws that can be checked with a pencil."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rufname.costmodel import fit_model
from rufname.sizing import Company, busiest_second, need, size
from tests.rufname.costing import CALIBRATION, cost_point

MODEL = fit_model(CALIBRATION)
COMPANY = Company(users=5_000, contacts={"odbc": 300_000}, calls_per_hour=2_000)


def test_the_busiest_second_is_the_quantile_of_random_arrivals() -> None:
    assert busiest_second(0) == 0
    assert busiest_second(0.5) == 4  # P(N <= 3) = 0.9982, P(N <= 4) = 0.9998
    assert busiest_second(100) == pytest.approx(132, abs=1)
    assert busiest_second(1_001) == pytest.approx(1_099, abs=2)
    assert busiest_second(1_000) == pytest.approx(1_099, abs=3)


def test_memory_and_disk_are_the_sum_of_what_is_named() -> None:
    found, cost = need(COMPANY, MODEL, 2), cost_point(300_000)
    assert found.process_mib == pytest.approx(2 * cost.worker_own_mib + cost.rest_own_mib + 20)
    assert found.cache_mib == pytest.approx(cost.index_mib)
    sizing = size(COMPANY, MODEL)
    memory = 512 + 1.5 * (found.process_mib + found.cache_mib + found.sync_peak_mib)
    assert sizing.machine.cores == 2
    assert sizing.machine.memory_gib - 1 < memory / 1024 <= sizing.machine.memory_gib
    disk = 5 + 1.5 * (1.5 * cost.store_mib + 2 * cost.index_mib) / 1024
    assert sizing.machine.disk_gib - 1 < disk <= sizing.machine.disk_gib


def test_the_nearest_limit_is_the_first_bottleneck_and_the_headroom() -> None:
    sizing = size(COMPANY, MODEL)
    growths = [limit.growth for limit in sizing.limits]
    assert growths == sorted(growths)
    assert sizing.headroom == growths[0] >= 1
    searches = next(limit for limit in sizing.limits if "searches" in limit.what)
    for growth, more in ((searches.growth * 0.9, 0), (searches.growth * 1.1, 1)):
        grown = size(COMPANY.grown(growth), MODEL)
        assert grown.machine.carrying == sizing.machine.carrying + more


def test_many_calls_need_cores_and_many_searches_machines() -> None:
    calls = size(msgspec.structs.replace(COMPANY, calls_per_hour=50_000_000), MODEL)
    assert calls.machine.cores > 2
    assert calls.machine.carrying == 1
    searches = size(msgspec.structs.replace(COMPANY, searches_per_day=1_000), MODEL)
    assert searches.machine.carrying > 1


def test_high_availability_is_one_machine_more() -> None:
    plain, doubled = (
        size(msgspec.structs.replace(COMPANY, high_availability=wish), MODEL)
        for wish in (False, True)
    )
    assert (plain.machine.spare, doubled.machine.spare) == (0, 1)
    assert plain.machine.memory_gib == doubled.machine.memory_gib


def test_over_http_look_ups_share_one_process_with_searches() -> None:
    ldap, http = (
        need(msgspec.structs.replace(COMPANY, over_http=way, calls_per_hour=360_000), MODEL, 4)
        for way in (False, True)
    )
    assert http.answer_cores > ldap.answer_cores
    assert http.p99_ms > ldap.p99_ms
    names = [limit.what for limit in size(
        msgspec.structs.replace(COMPANY, over_http=True), MODEL).limits]  # fmt: skip
    assert "the HTTP process" in names
    assert "look-ups over LDAP" not in names


def test_a_directory_costs_more_to_read_than_a_file() -> None:
    file, directory = (
        need(msgspec.structs.replace(COMPANY, contacts={kind: 300_000}), MODEL, 2)  # type: ignore[dict-item]
        for kind in ("csv", "ldap")
    )
    assert directory.run_s > file.run_s
    assert directory.first_sync_s > file.first_sync_s


def test_nobody_asks_a_directory_without_contacts() -> None:
    with pytest.raises(ValueError, match="without contacts"):
        size(msgspec.structs.replace(COMPANY, contacts={}), MODEL)


@given(
    st.integers(1, 200_000),
    st.integers(1, 20_000_000),
    st.floats(0, 500_000),
    st.floats(0, 200),
    st.booleans(),
)
def test_no_company_is_too_small_or_too_large_to_be_sized(
    users: int,
    contacts: int,
    calls: float,
    searches: float,
    over_http: bool,  # noqa: FBT001 - drawn
) -> None:
    company = Company(
        users=users, contacts={"crm": contacts}, calls_per_hour=calls,
        searches_per_day=searches, over_http=over_http,
    )  # fmt: skip
    small, large = size(company, MODEL), size(company.grown(10), MODEL)
    assert small.machine.cores >= 2
    assert small.machine.memory_gib >= 1
    assert large.machine.memory_gib >= small.machine.memory_gib
    assert large.machine.disk_gib >= small.machine.disk_gib
    assert large.machine.carrying >= small.machine.carrying
    assert small.need.p99_ms >= MODEL.unloaded_p99_ms
