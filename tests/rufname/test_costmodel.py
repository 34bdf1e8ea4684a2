"""The model finds the laws that figures follow, at sizes it has not seen, also through noise."""

from __future__ import annotations

import math
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rufname.costmodel import (
    CHECKED,
    FORMS,
    Fit,
    check_model,
    fit_model,
    most_per_s,
    waiting_p99_ms,
)
from rufname.costs import CostPoint
from tests.rufname.costing import CALIBRATION, cost_point


def test_figures_that_follow_the_law_are_foretold_at_any_size() -> None:
    model = fit_model(CALIBRATION)
    for contacts in (1_000, 300_000, 10_000_000):
        foretold, true = model.at(contacts), cost_point(contacts)
        for name in FORMS:
            assert getattr(foretold, name) == pytest.approx(getattr(true, name)), name
    assert model.unloaded_p99_ms == 1.5


def test_the_check_sets_every_prediction_beside_its_measure() -> None:
    deviations = check_model(fit_model(CALIBRATION), CALIBRATION.held_out)
    assert len(deviations) == 3 * len(CHECKED)
    assert max(abs(each.share) for each in deviations) < 1e-6
    dearer = [cost_point(8_000, ldap_cpu_us=2 * cost_point(8_000).ldap_cpu_us)]
    shares = {each.what: each.share for each in check_model(fit_model(CALIBRATION), dearer)}
    assert shares["LDAP look-up, CPU"] == pytest.approx(-0.5)


def test_noise_of_ten_percent_moves_the_prediction_by_little_more() -> None:
    draw = Random(3)

    def noisy(point: CostPoint) -> CostPoint:
        return msgspec.structs.replace(
            point, **{name: getattr(point, name) * draw.uniform(0.9, 1.1) for name in FORMS}
        )

    points = tuple(map(noisy, CALIBRATION.points))
    model = fit_model(msgspec.structs.replace(CALIBRATION, points=points))
    assert all(abs(each.share) < 0.2 for each in check_model(model, CALIBRATION.held_out))


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), st.integers(1, 10**8))
def test_no_cost_falls_with_the_contacts_or_is_negative(
    figures: list[float], contacts: int
) -> None:
    points = tuple(
        cost_point(count, ldap_cpu_us=value, store_mib=value)
        for count, value in zip((4_000, 16_000, 48_000), figures, strict=True)
    )
    model = fit_model(msgspec.structs.replace(CALIBRATION, points=points))
    for name in ("ldap_cpu_us", "store_mib"):
        here, there = (getattr(model.at(count), name) for count in (contacts, contacts * 2))
        assert 0 <= here <= there * (1 + 1e-9)


def test_one_size_is_no_model() -> None:
    one = msgspec.structs.replace(CALIBRATION, points=CALIBRATION.points[:1])
    with pytest.raises(ValueError, match="at least two sizes"):
        fit_model(one)


def test_a_line_and_a_logarithm() -> None:
    assert Fit("line", 1, 2).at(10) == 21
    assert Fit("log", 1, 2).at(1024) == 21


def test_waiting_rises_from_nothing_without_end() -> None:
    assert waiting_p99_ms(10, 100, 1) == 0
    halves = waiting_p99_ms(5_000, 100, 1)
    assert halves == pytest.approx(0.1 / 0.5 * math.log(50), rel=1e-9)
    assert waiting_p99_ms(5_000, 100, 2) < halves < waiting_p99_ms(9_000, 100, 1)
    assert waiting_p99_ms(10_000, 100, 1) == math.inf


def test_the_knee_is_where_a_worker_is_busy_most_of_the_time() -> None:
    assert most_per_s(100, 1) == pytest.approx(7_000)
    assert most_per_s(100, 4, 1.0) == pytest.approx(40_000)
