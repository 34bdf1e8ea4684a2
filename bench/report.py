"""What was measured, on which machine: one JSON file a run, and a table to read.

Law: nothing is measured here. A figure never stands without its machine, versions and date.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Literal

import msgspec

from rufname.costs import Calibration
from rufname.machine import cpu_model

RESULTS = Path(__file__).parent / "results"

YARDSTICKS = 5

PACKAGES = ("tantivy", "uvloop", "msgspec", "phonenumberslite", "rufname")

Goal = Literal["at most", "at least", ""]


class Measure(msgspec.Struct, frozen=True):
    """One figure.

    Attributes:
        question: what the bench file asks ("caller lookup").
        case: the case within it ("hit, E.164, p99").
        value: the figure.
        unit: "µs", "1/s", "ratio", "MiB" …
        goal: which side of `limit` is wanted; "" = told only.
        limit: the bound of the goal.
        spread: how far the rounds lay apart, as a share of their median; 0 where there was one.
    """

    question: str
    case: str
    value: float
    unit: str
    goal: Goal = ""
    limit: float = 0.0
    spread: float = 0.0

    @property
    def met(self) -> bool:
        """Whether the goal is reached; True where there is none."""
        if not self.goal:
            return True
        return self.value <= self.limit if self.goal == "at most" else self.value >= self.limit


class Machine(msgspec.Struct, frozen=True):
    """Where a run took place.

    Attributes:
        yardstick_ms: what a fixed piece of Python work took, at best of several times; 0 in runs
            that did not take it.
        governor: how the kernel sets the CPU's clock, "" where it does not tell.
        disk: the file system that the runs' folders are on.
        pinned: which core the servers had, and which the load tool.
    """

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    packages: dict[str, str]
    slapd: str
    load_average: float
    measured_at: str
    yardstick_ms: float = 0.0
    governor: str = ""
    disk: str = ""
    pinned: str = ""


class Report(msgspec.Struct, frozen=True):
    """A whole run; with the cost curves also what `rufname capacity --from` takes.

    Attributes:
        seconds: that each question took, in the order they were asked.
    """

    machine: Machine
    contacts: int
    quick: bool
    measures: tuple[Measure, ...]
    calibration: Calibration | None = None
    seconds: dict[str, float] = {}


def machine() -> Machine:
    """Look at the machine and the versions in use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(memory / 2**30, 1),
        kernel=platform.release(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages={name: importlib.metadata.version(name) for name in PACKAGES},
        slapd=_slapd_version(),
        load_average=round(os.getloadavg()[0], 2),
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        yardstick_ms=round(yardstick_ms(), 2),
        governor=_governor(),
        disk=_file_system(RESULTS.parent),
        pinned=_pinned(),
    )


def yardstick_ms() -> float:
    """Return the CPU time of a fixed piece of work, in milliseconds; the best of `YARDSTICKS`.

    Hashing, dictionaries, sorting, slicing of octets: what the programs here do, without them.
    """
    best = float("inf")
    for _ in range(YARDSTICKS):
        started = time.thread_time()
        names: dict[str, int] = {}
        for number in range(60_000):
            names[f"+49{number * 7919 % 100_003}"] = number
        order = sorted(names, key=names.__getitem__, reverse=True)
        total = sum(len(each.encode()[3:]) for each in order)
        best = min(best, time.thread_time() - started)
        assert total > len(order)
    return best * 1e3


def spread(values: Sequence[float]) -> float:
    """Return how far rounds lie apart: the half of highest by lowest, by the median; 0 for one."""
    return (max(values) - min(values)) / 2 / median(values) if len(values) > 1 else 0.0


def write_json(report: Report, folder: Path = RESULTS) -> Path:
    """Write the run to a file named by its time; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = report.machine.measured_at.replace(":", "").replace("-", "")
    path = folder / f"{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


QUICKLY = ", QUICK: goals are those of a whole run with 100,000, which so short a one may miss"


def markdown(report: Report) -> str:
    """Return the run as Markdown: the machine in words, then one row a figure."""
    facts = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in facts.packages.items())
    hardware = f"{facts.cpu}, {facts.cores} cores, {facts.memory_gib:g} GiB, Linux {facts.kernel}"
    governor = f", governor {facts.governor}" if facts.governor else ""
    lines = [
        f"{facts.measured_at}: {hardware}, load {facts.load_average:g} at the start.",
        f"{facts.python}, {versions}; {facts.slapd}.",
        f"{facts.pinned}; files on {facts.disk}; yardstick {facts.yardstick_ms:g} ms{governor}.",
        f"{report.contacts:,} contacts{QUICKLY if report.quick else ''}.",
        "",
        "| question | case | figure | goal | |",
        "|---|---|---:|---:|---|",
    ]
    for each in report.measures:
        goal = f"{each.goal} {format_number(each.limit)}" if each.goal else ""
        verdict = ("reached" if each.met else "**missed**") if each.goal else ""
        figure = f"{format_number(each.value)} {each.unit}"
        lines.append(f"| {each.question} | {cell(each.case)} | {figure} | {goal} | {verdict} |")
    if report.seconds:
        took = ", ".join(f"{name} {seconds:.0f}" for name, seconds in report.seconds.items())
        lines += ["", f"{sum(report.seconds.values()):.0f} s: {took}."]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Return a text for a cell of a Markdown table, where "|" ends the cell."""
    return text.replace("|", "\\|")


def format_number(value: float) -> str:
    """Return a figure with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _governor() -> str:
    """Return how the kernel sets the clock of core 0, "" where it does not tell (in a guest)."""
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _file_system(path: Path) -> str:
    """Return the type of the file system that holds a path: that of its longest mount point."""
    found = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if path.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _pinned() -> str:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        return f"servers and load tools share core {cores[0]}"
    return f"servers on core {cores[0]}, load tools on core {cores[-1]}"


def _slapd_version() -> str:
    """Return what slapd says of itself, without its build path; "no slapd" where there is none."""
    try:
        said = subprocess.run(
            ["/usr/sbin/slapd", "-VV"], capture_output=True, text=True, check=False, timeout=10
        )
    except OSError:
        return "no slapd"
    for line in said.stderr.splitlines():
        if "slapd" in line:
            return line.replace("@(#)", "").replace("$", "").partition("(")[0].strip()
    return "slapd of unknown version"
