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
from typing import Literal

import msgspec

RESULTS = Path(__file__).parent / "results"

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
    """

    question: str
    case: str
    value: float
    unit: str
    goal: Goal = ""
    limit: float = 0.0

    @property
    def met(self) -> bool:
        """Whether the goal is reached; True where there is none."""
        if not self.goal:
            return True
        return self.value <= self.limit if self.goal == "at most" else self.value >= self.limit


class Machine(msgspec.Struct, frozen=True):
    """Where a run took place."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    packages: dict[str, str]
    slapd: str
    load_average: float
    measured_at: str


class Report(msgspec.Struct, frozen=True):
    """A whole run."""

    machine: Machine
    contacts: int
    quick: bool
    measures: tuple[Measure, ...]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0–1) of an ascending sequence lies; nearest rank.

    Raises:
        ValueError: nothing was measured.
    """
    if not ordered:
        raise ValueError("no values: nothing was measured")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> Machine:
    """Look at the machine and the versions in use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(memory / 2**30, 1),
        kernel=platform.release(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        packages={name: importlib.metadata.version(name) for name in PACKAGES},
        slapd=_slapd_version(),
        load_average=round(os.getloadavg()[0], 2),
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def write_json(report: Report, folder: Path = RESULTS) -> Path:
    """Write the run to a file named by its time; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = report.machine.measured_at.replace(":", "").replace("-", "")
    path = folder / f"{stamp}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


def markdown(report: Report) -> str:
    """Return the run as Markdown: the machine in words, then one row a figure."""
    facts = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in facts.packages.items())
    hardware = f"{facts.cpu}, {facts.cores} cores, {facts.memory_gib:g} GiB, Linux {facts.kernel}"
    lines = [
        f"{facts.measured_at}: {hardware}, load {facts.load_average:g} at the start.",
        f"{facts.python}, {versions}; {facts.slapd}.",
        f"{report.contacts:,} contacts{', QUICK' if report.quick else ''}.",
        "",
        "| question | case | figure | goal | |",
        "|---|---|---:|---:|---|",
    ]
    for each in report.measures:
        goal = f"{each.goal} {_number(each.limit)}" if each.goal else ""
        verdict = ("reached" if each.met else "**missed**") if each.goal else ""
        figure = f"{_number(each.value)} {each.unit}"
        lines.append(f"| {each.question} | {each.case} | {figure} | {goal} | {verdict} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


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
