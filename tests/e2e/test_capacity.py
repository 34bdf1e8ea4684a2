"""What contacts and calls cost, measured on the real program at tiny sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rufname import calibrating
from rufname.calibrating import calibrate
from rufname.capacity_answer import answer
from rufname.costmodel import FORMS
from rufname.sizing import Company

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_every_cost_is_measured_on_the_real_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "CURVE_RATES", (200.0,))
    for name, value in (("CURVE_S", 1.0), ("SLICES", 2), ("IDLE_S", 0.2)):
        monkeypatch.setattr(calibrating, name, value)
    found = calibrate(tmp_path, lambda _words: None, (400,), (), quick=True)
    point, curve = found.points[0], found.curve
    assert [each.contacts for each in found.points] == [400]
    for name in FORMS:
        assert getattr(point, name) > 0, name
    assert point.changed_cpu_s > 0
    assert 20 < point.memory_mib < 1_000
    assert 0.1 < point.disk_mib < 20
    assert point.caller_cpu_us < point.ldap_cpu_us < point.http_cpu_us < point.search_cpu_us
    assert [each.per_s > 20 for each in curve] == [True]


@pytest.mark.long
def test_memory_and_disk_are_foretold_within_a_quarter_at_sizes_the_model_has_not_seen(
    tmp_path: Path,
) -> None:
    """CPU times move with what else the machine does; they are held to a factor of two."""
    said: list[str] = []
    found = calibrate(tmp_path, said.append)
    assert len(said) == len(calibrating.FIT) + len(calibrating.CHECK) + 1
    assert list(tmp_path.iterdir()) == []
    company = Company(users=5_000, contacts={"odbc": 300_000}, calls_per_hour=2_000)
    deviations = answer(company, found)[0].deviations
    assert {each.contacts for each in deviations} == set(calibrating.CHECK)
    for each in deviations:
        exact = "memory" in each.what or "disk" in each.what
        off = (
            abs(each.share)
            if exact
            else max(each.predicted, each.measured) / min(each.predicted, each.measured) - 1
        )
        assert off <= (0.25 if exact else 1.0), each
