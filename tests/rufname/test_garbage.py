"""Circles of garbage: found while nobody asks, and at the latest when there are too many."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterator

import pytest

from rufname.garbage import QuietCollector


class Circle:
    """Refers to itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def python_does_not_collect() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # what other tests left behind
        gc.collect()
    gc.disable()
    yield
    gc.enable()


def a_circle() -> weakref.ref[Circle]:
    return weakref.ref(Circle())


def test_a_quiet_second_with_many_new_objects_frees_circles() -> None:
    collector, circle = QuietCollector(many=500, too_many=10**9), a_circle()
    collector.look({"answered": 1})
    kept = [[number] for number in range(1000)]
    assert collector.look({"answered": 1})
    assert circle() is None
    assert len(kept) == 1000


def test_nothing_is_looked_for_while_somebody_asks_or_little_was_made() -> None:
    collector, circle = QuietCollector(many=500, too_many=10**9), a_circle()
    kept = [[number] for number in range(1000)]
    assert not collector.look({"answered": 1})
    assert not collector.look({"answered": 2})
    assert not QuietCollector(many=10**9).look({})
    assert circle() is not None
    assert len(kept) == 1000


def test_too_many_objects_are_looked_through_whoever_asks() -> None:
    collector, circle = QuietCollector(many=100, too_many=500), a_circle()
    kept = [[number] for number in range(1000)]
    assert collector.look({"answered": 1})
    assert circle() is None
    assert not collector.look({"answered": 2}), "they are counted anew"
    assert len(kept) == 1000


def test_where_python_looks_itself_nothing_is_looked_for() -> None:
    gc.enable()
    collector, kept = QuietCollector(many=0, too_many=0), [[number] for number in range(100)]
    assert not collector.look({})
    gc.disable()
    assert collector.look({})
    assert len(kept) == 100
