from __future__ import annotations

import msgspec
import pytest

from bench import bench_curves
from tests.rufname.costing import CALIBRATION


def test_every_size_is_told_and_every_prediction_is_held_to_its_goal() -> None:
    found = list(bench_curves.measures(CALIBRATION))
    cases = {each.case: each for each in found}
    assert len(cases) == len(found)
    assert cases["48,000: look-up over LDAP, CPU"].value == pytest.approx(95.55, abs=0.01)
    assert cases["4,000: first run"].unit == "s"
    foretold = [each for each in found if "foretold" in each.case]
    assert len(foretold) == 18
    assert all(each.met for each in foretold)


def test_a_contact_is_set_beside_the_published_sizes() -> None:
    cases = {each.case: each.value for each in bench_curves.measures(CALIBRATION)}
    disk = (1 / 3_000 + 1 / 2_000) * 2**20
    assert cases["disk a contact"] == pytest.approx(disk)
    assert cases["disk a contact, C4B's odbc by ours"] == pytest.approx(1e9 / 3e4 / disk)


def test_a_quick_run_foretells_large_sizes_only() -> None:
    assert bench_curves.sizes(10_000, quick=True) == ((2_000, 10_000), ())
    assert bench_curves.sizes(10_000_000, quick=True) == ((2_000_000, 10_000_000), (5_000_000,))
    fit, check = bench_curves.sizes(100_000, quick=False)
    assert (len(fit), len(check), max(fit)) == (3, 3, 100_000)
    whole = msgspec.structs.replace(CALIBRATION, held_out=())
    assert not [each for each in bench_curves.measures(whole) if "foretold" in each.case]
