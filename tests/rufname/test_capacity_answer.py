from __future__ import annotations

import msgspec
import pytest

from rufname.capacity_answer import (
    Answer,
    answer,
    growth_words,
    order_words,
    span_words,
    text_lines,
    wait_words,
)
from rufname.sizing import Company
from tests.rufname.costing import CALIBRATION, cost_point

COMPANY = Company(users=5_000, contacts={"odbc": 300_000}, calls_per_hour=2_000)


def _text(company: Company = COMPANY, **changed: object) -> str:
    calibration = msgspec.structs.replace(CALIBRATION, **changed)
    return "\n".join(text_lines(answer(company, calibration)[0]))


def test_the_answer_names_the_order_the_published_size_and_what_it_rests_on() -> None:
    text = _text()
    assert text.startswith("5,000 users; 300,000 contacts (300,000 odbc); 2,000 calls in the busy")
    assert "ORDER            one machine with 2 cores, " in text
    assert "C4B publishes    6 cores, 8.5 GB memory, 18.0 GB disk" in text
    for words in ("99 % of the callers", "first bottleneck", "headroom", " 10 × ", "knee"):
        assert words in text
    assert "a made-up processor, 2 cores, 8.0 GiB, 2026-11-26T12:00:00Z" in text
    assert "checked on 3 sizes that it was not fitted on: 0% off at most, 0 of 18" in text


def test_a_prediction_that_is_far_off_is_named() -> None:
    far = (cost_point(8_000, ldap_cpu_us=300.0),)
    assert "LDAP look-up, CPU at 8,000: predicted 93, measured 300 (-69%)" in _text(held_out=far)
    assert "was not checked on other sizes" in _text(held_out=())


def test_a_busy_machine_is_told() -> None:
    assert "OTHER WORK" in _text(load_by_cores=0.8)
    assert "OTHER WORK" not in _text(load_by_cores=0.1)


def test_one_more_contact_is_set_beside_the_published_size() -> None:
    per = answer(COMPANY, CALIBRATION)[0].per_contact
    mib = 1024 * 1024
    assert per.disk == pytest.approx((1 / 3_000 + 1 / 2_000) * mib)
    assert per.memory == pytest.approx((2 / 100_000 + 1 / 2_000) * mib)
    assert (per.published_memory, per.published_disk) == pytest.approx((25e7 / 3e4, 1e9 / 3e4))


def test_several_machines_are_an_order_too() -> None:
    wish = msgspec.structs.replace(COMPANY, high_availability=True)
    assert "2 machines (any of them may fail), each with" in _text(wish)
    many = msgspec.structs.replace(COMPANY, searches_per_day=1_000)
    sizing = answer(many, CALIBRATION)[0].sizings[0]
    assert sizing.machine.carrying > 1
    assert order_words(sizing).startswith(f"{sizing.machine.carrying} machines, each with")


def test_the_answer_is_one_json_object_that_reads_back() -> None:
    found, _ = answer(COMPANY, CALIBRATION)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Answer) == found


def test_figures_are_in_units_that_people_use() -> None:
    assert [span_words(each) for each in (3.21, 600, 9_000)] == ["3.2 s", "10 min", "2.5 h"]
    assert [growth_words(each) for each in (1.26, 12.6, 1_000)] == [
        "1.3 times", "13 times", "more than 1,000 times",
    ]  # fmt: skip
    assert wait_words(float("inf")) == "without end"
