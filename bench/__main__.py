"""`python -m bench [QUESTION ...]`: answer the questions, print a table, keep the run as JSON.

`python -m bench compare A.json B.json` sets two kept runs side by side.

QUICK=1 shortens; CONTACTS=N changes the size (100,000); FULL=1 adds a million contacts, which takes
as long as it takes. A wrong answer ends a run with an error; a
missed goal is said, but is no error, since machines differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import (
    bench_caller,
    bench_curves,
    bench_envelope,
    bench_http,
    bench_ldap,
    bench_ldap_tls,
    bench_normalise,
    bench_people,
    bench_postgres,
    bench_sample,
    bench_sync,
    bench_tunnel,
    compare,
    prepared,
)
from bench.report import RESULTS, Measure, Report, machine, markdown, write_json
from rufname.costs import Calibration

CONTACTS = 100_000
QUICK_CONTACTS = 10_000
LEAST_CONTACTS = 1_000

Bench = Callable[..., Iterator[Measure]]

CURVES: dict[str, Callable[..., Calibration]] = {
    "curves": bench_curves.take,
    "curves-million": bench_curves.take_million,
}
"""Questions whose figures are kept as a whole, for `rufname capacity --from`."""

QUESTIONS: dict[str, Bench] = {
    "sample": bench_sample.measure,
    "normalise": bench_normalise.measure,
    "caller": bench_caller.measure,
    "people": bench_people.measure,
    "sync": bench_sync.measure,
    "postgres": bench_postgres.measure,
    "ldap": bench_ldap.measure,
    "ldap-tls": bench_ldap_tls.measure,
    "http": bench_http.measure,
    "envelope": bench_envelope.measure,
    "tunnel": bench_tunnel.measure,
    "caller-million": bench_caller.measure_million,
    "people-million": bench_people.measure_million,
    "postgres-million": bench_postgres.measure_million,
}
ONLY_FULL = {"caller-million", "people-million", "postgres-million", "curves-million"}
"""Left out unless FULL=1 asks for them, or they are named."""

PYTEST_FILES = {"normalise": "bench/bench_normalise.py", "caller": "bench/bench_caller.py"}


def answer(names: list[str], count: int, *, quick: bool) -> Report:
    """Answer the named questions one after another, telling progress on standard error."""
    facts = machine()
    measures: list[Measure] = []
    calibration: Calibration | None = None
    took: dict[str, float] = {}
    for name in names:
        started = time.perf_counter()
        print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
        with TemporaryDirectory(prefix=f"{name}-", dir=RESULTS) as folder:
            if name in CURVES:
                calibration = CURVES[name](count, Path(folder), quick=quick)
                measures += bench_curves.measures(calibration)
            else:
                measures += QUESTIONS[name](count, Path(folder), quick=quick)
        took[name] = round(time.perf_counter() - started, 1)
        print(f"{took[name]:.0f} s", file=sys.stderr)
    return Report(facts, count, quick, tuple(measures), calibration, took)


def run_pytest(names: list[str], count: int) -> int:
    """Let pytest-benchmark measure what it can, beside our own percentiles; give its exit code."""
    files = [PYTEST_FILES[name] for name in names if name in PYTEST_FILES]
    if not files:
        return 0
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly",
         "--benchmark-columns=min,median,mean,max,ops", "--benchmark-warmup=on",
         "--benchmark-warmup-iterations=2000",
         f"--benchmark-json={RESULTS / 'pytest-benchmark.json'}", *files],
        env={**os.environ, "BENCH_CONTACTS": str(count)},
        cwd=Path(__file__).parent.parent,
        check=False,
    ).returncode  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run; return the exit code."""
    if arguments[:1] == ["compare"]:
        return compare.main(arguments[1:])
    if {"-h", "--help"} & set(arguments):
        print(f"{__doc__}\nQuestions: {', '.join([*QUESTIONS, *CURVES])}")
        return 0
    quick, full = (os.environ.get(name, "0") not in {"", "0"} for name in ("QUICK", "FULL"))
    wanted = os.environ.get("CONTACTS") or str(QUICK_CONTACTS if quick else CONTACTS)
    if not wanted.isdecimal() or int(wanted) < LEAST_CONTACTS:
        print(f"CONTACTS={wanted}: allowed: a whole number, at least {LEAST_CONTACTS}")
        return 2
    count = int(wanted)
    everything = [*QUESTIONS, *CURVES]
    names = arguments or [name for name in everything if full or name not in ONLY_FULL]
    if unknown := [name for name in names if name not in everything]:
        print(f"no such question: {', '.join(unknown)}; there are {', '.join(everything)}")
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="prepared-", dir=RESULTS) as folder:
        os.environ[prepared.KEPT_IN] = folder
        report = answer(names, count, quick=quick)
        failed = 0
        if not quick:
            started = time.perf_counter()
            failed = run_pytest(names, count)
            report.seconds["pytest-benchmark"] = round(time.perf_counter() - started, 1)
        path = write_json(report)
    print(markdown(report))
    missed = sum(not each.met for each in report.measures)
    print(f"\n{missed or 'no'} goals missed; kept in {os.path.relpath(path)}")
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
