"""What any number of contacts costs, from the few sizes that were measured.

Law: pure; costs in, costs out. Two forms only, so that few points do: what is kept or read grows
with every contact (`a + b·n`), a question with the depth of an index (`a + b·log2 n`). Fitted by
least squares of the relative error, so that small sizes count as much as large ones; a cost never
falls with the number of contacts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from rufname.costs import Calibration, CostPoint, LoadPoint

Form = Literal["line", "log"]

FORMS: dict[str, Form] = {
    "sync_cpu_s": "line",
    "sync_s": "line",
    "sync_peak_mib": "line",
    "reread_cpu_s": "line",
    "changed_cpu_s": "line",
    "rebuild_cpu_s": "line",
    "store_mib": "line",
    "index_mib": "line",
    "worker_own_mib": "line",
    "rest_own_mib": "line",
    "mapped_mib": "line",
    "caller_cpu_us": "log",
    "people_cpu_us": "log",
    "ldap_cpu_us": "log",
    "http_cpu_us": "log",
    "search_cpu_us": "log",
}
"""How each cost grows. A search is no line though few letters have hits in proportion to the
contacts: the first of many are found by terms of their own (2.0 ms at 5,000 as at a million)."""

MOST_READING_MIB = 1_024.0
"""What a reading takes at most, since batches and the index writer's buffer are bounded: a million
contacts took 824 to 902, a hundred thousand, which do not fill that buffer, 320 to 364."""

CHECKED: dict[str, Callable[[CostPoint], float]] = {
    "LDAP look-up, CPU": lambda point: point.ldap_cpu_us,
    "HTTP look-up, CPU": lambda point: point.http_cpu_us,
    "people search over HTTP, CPU": lambda point: point.search_cpu_us,
    "first reading, CPU": lambda point: point.sync_cpu_s,
    "memory of all processes": lambda point: point.memory_mib,
    "store and index on disk": lambda point: point.disk_mib,
}
"""What the model is held to."""

TINY = 1e-9
"""What costs less costs nothing: no unit here is that small."""

P99 = 0.01
MAX_LOAD = 0.7
"""Share of a process's time from which waiting grows faster than the load: the knee."""


class Fit(msgspec.Struct, frozen=True):
    """One cost: `a + b·n` or `a + b·log2 n`; `a` and `b` are not negative."""

    form: Form
    a: float
    b: float

    def at(self, contacts: int) -> float:
        """Return the cost of a number of contacts (at least 1)."""
        return self.a + self.b * _abscissa(self.form, contacts)


class Model(msgspec.Struct, frozen=True):
    """All costs, and the latency of a look-up when nobody else asks."""

    fits: dict[str, Fit]
    idle_cpu_share: float
    unloaded_p99_ms: float

    def at(self, contacts: int) -> CostPoint:
        """Return what a number of contacts is expected to cost."""
        found = {name: fit.at(contacts) for name, fit in self.fits.items()}
        found["sync_peak_mib"] = min(found["sync_peak_mib"], MOST_READING_MIB)
        return CostPoint(contacts=contacts, idle_cpu_share=self.idle_cpu_share, **found)


class Deviation(msgspec.Struct, frozen=True):
    """One prediction beside what was measured."""

    contacts: int
    what: str
    predicted: float
    measured: float

    @property
    def share(self) -> float:
        """How far the prediction is off: 0.1 = 10 % too much."""
        return self.predicted / self.measured - 1 if self.measured else 0.0


def fit_model(calibration: Calibration) -> Model:
    """Return the model of a machine.

    Raises:
        ValueError: fewer than two sizes were measured.
    """
    points = calibration.points
    if len({point.contacts for point in points}) < 2:  # noqa: PLR2004 - for a line
        raise ValueError("a model needs at least two sizes")
    fits = {}
    for name, form in FORMS.items():
        fits[name] = _fit(form, [(point.contacts, getattr(point, name)) for point in points])
    calm = calibration.curve[0] if calibration.curve else LoadPoint(0, 0, 0, 0)
    idle = sum(point.idle_cpu_share for point in points) / len(points)
    return Model(fits, idle, calm.p99_ms)


def check_model(model: Model, held_out: Sequence[CostPoint]) -> list[Deviation]:
    """Set the model's predictions beside measured sizes that it has not seen."""
    return [
        Deviation(point.contacts, what, pick(model.at(point.contacts)), pick(point))
        for point in held_out
        for what, pick in CHECKED.items()
    ]


def waiting_p99_ms(per_s: float, cpu_us: float, workers: int) -> float:
    """Return how long 99 % of the questions wait at most for others, in ms.

    Arrivals at random over equal workers, each a queue of its own with service times that vary
    (M/M/1: of a load L and a service time S, the share L·exp(-(1-L)·t/S) waits longer than t).
    Infinite from the point on where questions come faster than they are answered.
    """
    service_s = cpu_us / 1e6
    load = per_s * service_s / workers
    if load >= 1:
        return math.inf
    if load <= P99:
        return 0.0
    return service_s / (1 - load) * math.log(load / P99) * 1e3


def most_per_s(cpu_us: float, workers: int, load: float = MAX_LOAD) -> float:
    """Return the questions a second that fill a share `load` of the workers' time."""
    return load * workers * 1e6 / cpu_us


def _fit(form: Form, points: Sequence[tuple[int, float]]) -> Fit:
    """Return the line of least squares of the relative error; level where it would fall."""
    kept = [(_abscissa(form, contacts), value) for contacts, value in points if value > TINY]
    if not kept:
        return Fit(form, 0.0, 0.0)
    weights = [1 / value**2 for _, value in kept]
    sw = sum(weights)
    sx = sum(w * x for w, (x, _) in zip(weights, kept, strict=True))
    sy = sum(w * y for w, (_, y) in zip(weights, kept, strict=True))
    sxx = sum(w * x * x for w, (x, _) in zip(weights, kept, strict=True))
    sxy = sum(w * x * y for w, (x, y) in zip(weights, kept, strict=True))
    spread = sw * sxx - sx * sx
    b = (sw * sxy - sx * sy) / spread if spread > 0 else 0.0
    a = (sy - b * sx) / sw
    if b < 0:
        return Fit(form, sy / sw, 0.0)
    if a < 0:
        return Fit(form, 0.0, sxy / sxx)
    return Fit(form, a, b)


def _abscissa(form: Form, contacts: int) -> float:
    return math.log2(max(contacts, 1)) if form == "log" else float(contacts)
